"""``ScormEmbed``: the one object that a host mounts.

Owns putting the parts together, and the way of every request: route, proof, handler, answer. It never touches its
host, opens nothing before it is used, and works under any path, several times in one app.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from scorm_embed.content import ArchiveLimits, BlobCache
from scorm_embed.content.base import ContentStore
from scorm_embed.core.datamodel import DataLimits, Strictness
from scorm_embed.core.manifest import ManifestLimits
from scorm_embed.errors import ScormEmbedError, StorageUnavailableError
from scorm_embed.service.base import Clock, utc_now
from scorm_embed.service.hooks import Hook, Hooks, Within
from scorm_embed.service.model import Outcome
from scorm_embed.service.outbox import RETRY_SECONDS, TIMEOUT_SECONDS
from scorm_embed.service.service import Service
from scorm_embed.service.wire import MessageLimits
from scorm_embed.storage.base import Storage
from scorm_embed.web.auth import Authenticator
from scorm_embed.web.call import Call, Parts
from scorm_embed.web.external import ExternalIssuer, ExternalTokens
from scorm_embed.web.identity import ApiKey, Learner
from scorm_embed.web.methods import Methods
from scorm_embed.web.opening import open_service
from scorm_embed.web.operations import Operations
from scorm_embed.web.options import (
    ARCHIVE_LIMITS,
    DATA_LIMITS,
    MANIFEST_LIMITS,
    MESSAGE_LIMITS,
    Authorize,
    FindApiKey,
    FindLearner,
    Options,
    Secret,
)
from scorm_embed.web.pages import Pages
from scorm_embed.web.rate_limiter import RateLimiter
from scorm_embed.web.rate_limits import RateLimits
from scorm_embed.web.responses import InternalError, error_response
from scorm_embed.web.routes.table import ROUTES
from scorm_embed.web.routing import Access, Match, Router, split_path
from scorm_embed.web.static_files import static_files
from scorm_embed.web.sync import SyncMethods
from scorm_embed.web.tokens import Tokens
from scorm_embed.web.urls import Urls
from scorm_embed.web.webhooks import Webhook, Webhooks

logger = logging.getLogger("scorm_embed")

HookT = TypeVar("HookT", bound=Hook)


class ScormEmbed(Methods):
    """Plays SCORM courses inside the host's application: an ASGI app to mount, and methods to call.

    All options are keyword-only; docs/mounting.md explains each. ``ConfigurationError`` for a wrong one.
    """

    def __init__(
        self,
        *,
        secret_key: Secret | Sequence[Secret],
        storage: Storage | None = None,
        content: ContentStore | None = None,
        learner: FindLearner | None = None,
        authorize: Authorize | None = None,
        api_keys: Sequence[ApiKey] | FindApiKey = (),
        external_issuers: Sequence[ExternalIssuer] = (),
        base_url: str | None = None,
        player_base_url: str | None = None,
        launch_ttl_seconds: int = 14_400,
        launch_ttl_seconds_min: int = 0,
        launch_ttl_seconds_max: int = 0,
        launch_max_seconds: int = 0,
        outcome: Outcome | str = Outcome.BEST,
        strictness: Strictness | str = Strictness.TOLERANT,
        frame_ancestors: Sequence[str] = ("'self'",),
        message_origins: Sequence[str] = (),
        theme: Mapping[str, str | Sequence[str]] | None = None,
        upload_bytes_max: int = 2 * 1024**3,
        request_bytes_max: int = 8 * 1024**2,
        archive_limits: ArchiveLimits = ARCHIVE_LIMITS,
        manifest_limits: ManifestLimits = MANIFEST_LIMITS,
        data_limits: DataLimits = DATA_LIMITS,
        message_limits: MessageLimits = MESSAGE_LIMITS,
        rate_limits: RateLimits | None = None,
        event_retry_seconds: Sequence[float] = RETRY_SECONDS,
        event_timeout_seconds: float = TIMEOUT_SECONDS,
        webhooks: Sequence[Webhook] = (),
        log_retention_days: int | None = None,
        maintenance_seconds: float = 60,
    ) -> None:
        self._options = Options(
            secret_key=secret_key,
            storage=storage,
            content=content,
            learner=learner,
            authorize=authorize,
            api_keys=api_keys,
            external_issuers=external_issuers,
            base_url=base_url,
            player_base_url=player_base_url,
            launch_ttl_seconds=launch_ttl_seconds,
            launch_ttl_seconds_min=launch_ttl_seconds_min,
            launch_ttl_seconds_max=launch_ttl_seconds_max,
            launch_max_seconds=launch_max_seconds,
            outcome=outcome,
            strictness=strictness,
            frame_ancestors=frame_ancestors,
            message_origins=message_origins,
            theme=theme,
            upload_bytes_max=upload_bytes_max,
            request_bytes_max=request_bytes_max,
            archive_limits=archive_limits,
            manifest_limits=manifest_limits,
            data_limits=data_limits,
            message_limits=message_limits,
            rate_limits=rate_limits,
            event_retry_seconds=event_retry_seconds,
            event_timeout_seconds=event_timeout_seconds,
            webhooks=webhooks,
            log_retention_days=log_retention_days,
            maintenance_seconds=maintenance_seconds,
        )
        self._put_together()

    def _put_together(self) -> None:
        """Make what needs nothing but the options; nothing is opened."""
        self._clock: Clock = utc_now
        self._hooks = Hooks()
        self._webhooks = Webhooks(self._options.webhooks, self._now)
        for handler in self._webhooks.handlers:
            self._hooks.add_handler(handler)
        self._urls = Urls(self._options, self)
        self._tokens = Tokens(self._options.secrets, self._options.launch_max_seconds, self._seconds)
        self._external = ExternalTokens(self._options.external_issuers)
        self._authenticator = Authenticator(self._options, self._tokens, self._seconds)
        limits = self._options.rate_limits
        self._limiter = RateLimiter(limits, self._authenticator.prove) if limits else None
        self._router = Router(ROUTES)
        self._opened: Parts | None = None
        self._loop: tuple[int, asyncio.AbstractEventLoop] | None = None

    def __repr__(self) -> str:
        return f"ScormEmbed({self._options!r})"

    # -- for the host's code; the other methods are in ``Methods``

    @property
    def sync(self) -> SyncMethods:
        """The same methods for code without an event loop."""
        return SyncMethods(self, self._serving_loop)

    def on(self, event: str, *, transaction: bool = False) -> Callable[[HookT], HookT]:
        """Register a function for what happens to sessions, as a decorator.

        Args:
            event: ``launched``, ``progress``, ``completed``, ``passed``, ``failed`` or ``ended``.
            transaction: run inside the database transaction of the change, with its connection; an exception undoes
                both. Otherwise the function runs after the commit, at least once, also when a server dies in between:
                on the event loop when it is async, else in a thread. Where it raises, it is tried again.
        """

        def register(hook: HookT) -> HookT:
            self._hooks.add(event, hook, transaction=transaction)
            return hook

        return register

    @property
    def find_learner(self) -> FindLearner | None:
        """The option ``learner``."""
        return self._options.learner

    async def learner_of(self, connection: HTTPConnection) -> Learner | None:
        """Give the signed-in user of one of the host's own requests, as the ``learner`` callable finds them."""
        return await self._authenticator.learner(connection)

    def use_clock(self, clock: Clock) -> None:
        """Read the time from ``clock`` from now on, for tests."""
        self._clock = clock

    @contextmanager
    def replacing(
        self, *, clock: Clock | None = None, storage: Storage | None = None, content: ContentStore | None = None
    ) -> Iterator[None]:
        """Read the time from another clock, or keep everything in other stores, within a block: for tests."""
        before = self._clock, self._options, self._opened
        self._clock = clock or self._clock
        if storage is not None or content is not None:
            options = self._options
            self._options = replace(options, storage=storage or options.storage, content=content or options.content)
            self._opened = None
        try:
            yield
        finally:
            self._clock, self._options, self._opened = before

    def client_url(self, *, base_url: str | None = None, request: Any = None) -> str:
        """Give the URL of ``client.js``, the script for pages that embed the player; it changes with the script.

        Args:
            base_url: the URL of the mount; not needed with the option of that name.
            request: the host's request, to find the URL of the mount from.

        Raises:
            ConfigurationError: nothing tells where the mount is.
        """
        return self._urls.client_url(self._urls.base_for(base_url, request), static_files().build)

    def answers_at(self, path: str | Callable[[], str]) -> None:
        """Note where an integration of ours lets this app answer, so that launches find their URL."""
        self._urls.mount_path = path

    def run_hooks_within(self, context: Within) -> None:
        """Let functions that are not async and run after the commit run within what ``context()`` makes.

        Such as Flask's ``app.app_context``; the integrations say it for their frameworks.
        """
        self._hooks.within = context

    # -- the parts

    def _parts(self) -> Parts:
        if self._opened is None:
            service = self._open_service()
            static = static_files()
            self._opened = Parts(
                options=self._options,
                tokens=self._tokens,
                urls=self._urls,
                service=service,
                operations=Operations(service, self._options, self._tokens, self._urls, self._external, self._webhooks),
                blobs=BlobCache(service.content),
                pages=Pages(static, self._options),
                static=static,
            )
        return self._opened

    def _open_service(self) -> Service:
        return open_service(self._options, self._hooks, self._now)

    def _now(self) -> datetime:
        return self._clock()

    def _seconds(self) -> float:
        return self._clock().timestamp()

    def _serving_loop(self) -> asyncio.AbstractEventLoop | None:
        """Give the loop on which this process serves the app, while it runs."""
        if self._loop is None or self._loop[0] != os.getpid():
            return None
        loop = self._loop[1]
        return loop if loop.is_running() else None

    # -- ASGI

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Websockets are refused; a lifespan, which only an app at the root gets, is answered."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})
            return
        self._loop = (os.getpid(), asyncio.get_running_loop())
        request = Request(scope, receive)
        response = await self._respond(request)
        if self._opened is not None:
            self._opened.service.upkeep.start()
        if request.method == "HEAD" and isinstance(response, Response):
            response.body = b""
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response | ASGIApp:
        match: Match | None = None
        try:
            match = self._router.find(
                request.method, split_path(request.scope), lambda side: self._urls.serves(side, request.scope)
            )
            proof = await (self._limiter or self._authenticator).prove(request, match)
            return await match.route.handler(Call(request, match.values, proof, self._parts()))
        except ClientDisconnect:
            return Response(status_code=400)
        except ScormEmbedError as error:
            if error.status >= 500 and not isinstance(error, StorageUnavailableError):
                return self._fail(request, match)
            return self._refuse(request, match, error)
        except Exception:
            return self._fail(request, match)

    def _fail(self, request: Request, match: Match | None) -> Response:
        # The route's pattern, not the path: the path may hold a credential.
        logger.exception("%s %s failed.", request.method, match.route.path if match else "unknown path")
        return self._refuse(request, match, InternalError())

    def _refuse(self, request: Request, match: Match | None, error: ScormEmbedError) -> Response:
        access = match.route.access if match else None
        wants_page = access is Access.CONTENT and "text/html" in request.headers.get("accept", "")
        if access is Access.PLAYER_PAGE or wants_page:
            pages = Pages(static_files(), self._options)
            return pages.error(error, self._urls.player_path(request.scope), pages.language_of(request))
        return error_response(error)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.aclose()
        await send({"type": "lifespan.shutdown.complete"})

    async def aclose(self) -> None:
        """Release what was opened; what is used again opens again."""
        if self._opened is not None:
            await self._opened.service.aclose()
            await self._webhooks.aclose()
        if self._limiter is not None:
            await self._limiter.aclose()
