"""Finding out who is asking, once, around every route.

Owns the proofs: API keys, the host's login, launch tokens and signed paths. What a caller may do with one package or
session is decided in ``permissions``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from starlette.requests import HTTPConnection, Request

from scorm_embed.errors import AccessError, ConfigurationError, ForbiddenError
from scorm_embed.web.call import Proof
from scorm_embed.web.calling import RunHost, answer_of_host, run_host
from scorm_embed.web.identity import ApiKey, Caller, Learner, hash_key
from scorm_embed.web.options import Options
from scorm_embed.web.origins import origin_of_scope, parse_origin, same_host
from scorm_embed.web.responses import CrossSiteError
from scorm_embed.web.routing import Access, Match, Route
from scorm_embed.web.tokens import Tokens

RUN_HOST = "scorm_embed.run_host"
"""Key of the scope under which a host integration says how to call the host's functions (``RunHost``)."""

_READING = frozenset({"GET", "HEAD"})
_DOCUMENTS = frozenset({"document", "iframe", "frame", "embed", "object"})


class Authenticator:
    """Checks the proof that a route asks for."""

    def __init__(self, options: Options, tokens: Tokens, clock: Callable[[], float] = time.time) -> None:
        self._options = options
        self._tokens = tokens
        self._clock = clock
        self._keys = {} if callable(options.api_keys) else {key.key_hash: key for key in options.api_keys}

    async def prove(self, request: Request, match: Match) -> Proof:
        """Give what the request proves; ``AccessError`` or ``ForbiddenError`` when that is not enough."""
        session_id = match.values.get("session_id", "")
        match match.route.access:
            case Access.PUBLIC:
                return Proof()
            case Access.CALLER:
                return Proof(caller=await self._caller(request, match.route))
            case Access.PLAYER_PAGE:
                return await self._player_page(request, session_id)
            case Access.RUN:
                return Proof(launch=self._tokens.read_run_segment(match.values["signed"], session_id))
            case Access.CONTENT:
                digest, left = self._tokens.read_content_segment(match.values["signed"], session_id)
                return Proof(digest=digest, seconds_left=left)

    async def _caller(self, request: Request, route: Route) -> Caller:
        presented, is_bearer = presented_key(request)
        if presented is not None:
            key = await self._find_key(presented, request)
            if key is not None:
                return self._caller_of_key(key, route)
            # A bearer token may belong to the host's own login.
            if not is_bearer or self._options.learner is None:
                raise AccessError("The API key is not known.", code="INVALID_API_KEY")
        learner = await self.learner(request)
        if learner is None:
            if presented is not None:
                raise AccessError("The API key is not known.", code="INVALID_API_KEY")
            raise AccessError("Sign in, or send an API key.")
        if request.method not in _READING:
            self._check_same_origin(request)
        return Caller(learner.tenant_id, learner, HTTPConnection(request.scope), run_host_of(request))

    def _caller_of_key(self, key: ApiKey, route: Route) -> Caller:
        if key.expired(self._clock()):
            raise AccessError("The API key has expired.", code="EXPIRED_API_KEY")
        if not key.allows(route.scope):
            raise ForbiddenError(
                f"This needs an API key with the scope {route.scope.value!r}.",
                {"required_scope": route.scope.value},
                code="INSUFFICIENT_SCOPES",
            )
        return Caller(key.tenant_id, key_hash=key.key_hash)

    async def _find_key(self, presented: bytes, request: Request) -> ApiKey | None:
        key_hash = hash_key(presented)
        if callable(self._options.api_keys):
            key = await run_host_of(request)(partial(self._options.api_keys, key_hash))
            if key is not None and not isinstance(key, ApiKey):
                raise ConfigurationError("The api_keys callable must give an ApiKey or None.")
        else:
            key = self._keys.get(key_hash)
        # Found by a hash of what was sent: the time that takes tells nothing about any key.
        return key if key is not None and key.matches(key_hash) else None

    async def learner(self, connection: HTTPConnection) -> Learner | None:
        """Ask the host who is signed in."""
        if self._options.learner is None:
            return None
        call = partial(self._options.learner, HTTPConnection(connection.scope))
        learner = await answer_of_host(run_host_of(connection), call)
        if learner is not None and not isinstance(learner, Learner):
            raise ConfigurationError("The learner callable must give a Learner or None.")
        return learner

    async def _player_page(self, request: Request, session_id: str) -> Proof:
        token = request.query_params.get("token")
        if token is not None:
            return Proof(launch=self._tokens.read_launch_token(token, session_id))
        self._check_is_opened(request)
        learner = await self.learner(request)
        if learner is None:
            raise AccessError("Sign in to open this course, or use the link that was made for you.")
        return Proof(caller=Caller(learner.tenant_id, learner, HTTPConnection(request.scope), run_host_of(request)))

    def _check_is_opened(self, request: Request) -> None:
        """Refuse what is no opening of the page by its learner.

        Opening the player takes the session over from any other window, so that a picture's address on another site,
        a frame that the browser would not show, or a prefetch must not do it.
        """
        headers = request.headers
        destination = headers.get("sec-fetch-dest")
        if destination is not None and destination not in _DOCUMENTS:
            raise CrossSiteError
        if "prefetch" in headers.get("sec-purpose", "") or headers.get("purpose") == "prefetch":
            raise ForbiddenError("The player cannot be fetched ahead of time.")
        framed = destination is not None and destination != "document"
        nobody_else = set(self._options.frame_ancestors) <= {"'self'", "'none'"}
        if framed and nobody_else and headers.get("sec-fetch-site") == "cross-site":
            raise CrossSiteError

    def _check_same_origin(self, request: Request) -> None:
        """Let nothing be changed by a page of another origin: the browser sends the host's cookies for it as well."""
        site = request.headers.get("sec-fetch-site")
        if site is not None:
            if site not in {"same-origin", "none"}:
                raise CrossSiteError
            return
        origin = request.headers.get("origin")
        if origin is None:
            # No browser: every browser names the origin of what changes something.
            return
        sender = parse_origin(origin)
        own = [origin_of_scope(request.scope)]
        if self._options.base_url is not None:
            own.append(parse_origin(self._options.base_url))
        if not any(same_host(sender, host) for host in own):
            raise CrossSiteError


def run_host_of(request: HTTPConnection) -> RunHost:
    """Give the way in which functions of this request's host are called."""
    found: RunHost = request.scope.get(RUN_HOST, run_host)
    return found


def presented_key(request: Request) -> tuple[bytes | None, bool]:
    """Give the key that a request presents, and whether it came as a bearer token."""
    key = request.headers.get("x-api-key")
    if key is not None:
        return key.encode("latin-1"), False
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and value.strip():
        return value.strip().encode("latin-1"), True
    return None, False
