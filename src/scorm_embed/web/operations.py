"""Everything that can be done, for whoever asks: the one place where requests and the host's own calls meet.

Reads the fields, asks ``permissions``, calls the service, adds URLs. Answers are the HTTP API's documents, with times
as aware datetimes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from scorm_embed.errors import ForbiddenError, LaunchSupersededError, NotFoundError, RequestError
from scorm_embed.service.events import EVENT_STATES
from scorm_embed.service.launches import expired
from scorm_embed.service.model import Document, Launched, Mode, PlayerPage, SessionUpdate
from scorm_embed.service.service import Service
from scorm_embed.service.sessions import COMPLETION_STATUSES, SESSIONS_PAGE_MAX, SUCCESS_STATUSES
from scorm_embed.storage.base import DEAD
from scorm_embed.web.external import ExternalTokens
from scorm_embed.web.fields import INTEGER_MAX, Fields, is_clean
from scorm_embed.web.identifiers import IDENTIFIER_CHARS_MAX, problem_of_identifier
from scorm_embed.web.identity import Action, Caller
from scorm_embed.web.options import Options
from scorm_embed.web.permissions import Permissions, require_back_end
from scorm_embed.web.tokens import LaunchClaim, Tokens
from scorm_embed.web.urls import Urls
from scorm_embed.web.webhooks import Webhooks

LIMIT_DEFAULT = 50
SCORE_PARTS = ("scaled", "raw", "min", "max")
EXTERNAL_TOKEN_CHARS_MAX = 16_000


class Operations:
    """The operations of one ``ScormEmbed``."""

    def __init__(
        self,
        service: Service,
        options: Options,
        tokens: Tokens,
        urls: Urls,
        external: ExternalTokens,
        webhooks: Webhooks,
    ) -> None:
        self._service = service
        self._options = options
        self._tokens = tokens
        self._urls = urls
        self._external = external
        self._webhooks = webhooks
        self._permissions = Permissions(options.authorize)

    # -- packages

    async def import_package(
        self,
        caller: Caller,
        source: Path,
        package_id: str | None = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> Document:
        """Import a zip as a new package, or as a new version of ``package_id``."""
        package = None if package_id is None else await self._package(caller, package_id)
        await self._permissions.on_package(caller, Action.IMPORT, package)
        return await self._service.import_package(caller.tenant_id, source, package_id=package_id, progress=progress)

    async def may_import(self, caller: Caller) -> None:
        """Refuse before an upload is read what would be refused after it."""
        if caller.learner is not None and self._options.authorize is None:
            raise ForbiddenError("You may not import packages.")

    async def package(self, caller: Caller, package_id: str) -> Document:
        """Give a package."""
        package = await self._package(caller, package_id)
        if not await self._permissions.allows_package(caller, Action.READ, package):
            raise _no_package()
        if caller.learner is not None:
            return package  # how many others learn is not a learner's business
        return {**package, "versions": await self._service.package_versions(caller.tenant_id, package_id)}

    async def packages(self, caller: Caller, query: Fields) -> Document:
        """List packages; a signed-in user sees those that ``authorize`` lets them read."""
        limit, cursor = _paging(query)
        query.check()
        page = await self._service.packages(caller.tenant_id, limit=limit, cursor=cursor)
        if caller.learner is None:
            return page
        allowed = self._permissions.allows_package
        return {**page, "packages": [p for p in page["packages"] if await allowed(caller, Action.READ, p)]}

    async def delete_package(self, caller: Caller, package_id: str, query: Fields) -> Sequence[str]:
        """Remove a package; with ``force`` its sessions too. Gives the blobs that went."""
        force = query.flag("force")
        query.check()
        package = await self._package(caller, package_id)
        await self._permissions.on_package(caller, Action.DELETE, package)
        return await self._service.delete_package(caller.tenant_id, package_id, force=force)

    async def _package(self, caller: Caller, package_id: str) -> Document:
        if problem_of_identifier(package_id):
            raise _no_package()
        return await self._service.package(caller.tenant_id, package_id)

    # -- launching

    async def launch(self, caller: Caller, package_id: str, body: Mapping[str, Any], base: str) -> Document:
        """Make a launch and give its URLs; a signed-in user launches for themselves only."""
        fields = Fields(body)
        user_id = fields.identifier("user_id", required=caller.learner is None)
        session_id = fields.identifier("session_id")
        learner_name = fields.text("learner_name", chars_max=IDENTIFIER_CHARS_MAX)
        mode = fields.choice("mode", [mode.value for mode in Mode]) or Mode.NORMAL.value
        return_url = fields.web_address("return_url")
        ttl_seconds = _ttl(fields)
        fields.check()
        if problem_of_identifier(package_id):
            raise _no_package()
        if caller.learner is not None:
            await self._may_launch(caller, package_id, user_id, session_id)
            user_id, learner_name = caller.learner.id, caller.learner.name or None
        assert user_id is not None
        launched = await self._service.launch(
            caller.tenant_id,
            package_id,
            user_id,
            session_id=session_id,
            learner_name=learner_name,
            mode=Mode(mode),
            return_url=return_url,
            ttl_seconds=ttl_seconds,
        )
        return self._launch_document(launched, base, has_login=self._options.learner is not None)

    async def _may_launch(self, caller: Caller, package_id: str, user_id: str | None, session_id: str | None) -> None:
        """Let a signed-in user open their own session again; a new one needs the host's yes."""
        assert caller.learner is not None
        if user_id not in {None, caller.learner.id}:
            raise ForbiddenError("You may launch courses for yourself only.")
        if session_id is not None:
            try:
                session = await self._service.session(caller.tenant_id, session_id)
            except NotFoundError:
                session = None
            if session and session["user_id"] == caller.learner.id and session["package_id"] == package_id:
                return
        package = await self._package(caller, package_id)
        await self._permissions.on_package(caller, Action.LAUNCH, package)

    async def launch_external(self, caller: Caller, body: Mapping[str, Any], base: str) -> Document:
        """Make a launch for the learner whom another system's token names.

        Where the token names no session, the learner's newest one with the package is opened again, so that they find
        their place.
        """
        require_back_end(caller)
        fields = Fields(body)
        token = fields.text("token", required=True, chars_max=EXTERNAL_TOKEN_CHARS_MAX)
        package_id = fields.identifier("package_id", required=True)
        return_url = fields.web_address("return_url")
        ttl_seconds = _ttl(fields)
        fields.check()
        assert token is not None
        assert package_id is not None
        learner = await self._external.read(token, caller.tenant_id)
        session_id = learner.session_id or await self._newest_session(caller, package_id, learner.user_id)
        launched = await self._service.launch(
            caller.tenant_id,
            package_id,
            learner.user_id,
            session_id=session_id,
            learner_name=learner.name,
            return_url=return_url,
            ttl_seconds=ttl_seconds,
        )
        return self._launch_document(launched, base, has_login=False)

    async def _newest_session(self, caller: Caller, package_id: str, user_id: str) -> str | None:
        filters = {"package_id": package_id, "user_id": user_id, "limit": 1}
        found = (await self._service.sessions(caller.tenant_id, filters))["sessions"]
        return str(found[0]["id"]) if found else None

    def _launch_document(self, launched: Launched, base: str, *, has_login: bool) -> Document:
        """Show a launch. The clean URL opens only where the host's login reaches the player's origin."""
        token = self._tokens.launch_token(
            LaunchClaim(
                launched.tenant_id, launched.session_id, launched.launch_id, int(launched.expires_at.timestamp())
            )
        )
        launch_url = self._urls.player_url(base, launched.session_id, token)
        is_clean_enough = has_login and self._options.player_base_url is None
        return {
            "player_url": self._urls.player_url(base, launched.session_id) if is_clean_enough else launch_url,
            "session_id": launched.session_id,
            "package_id": launched.package_id,
            "user_id": launched.user_id,
            "expires_at": launched.expires_at,
            "launch_url": launch_url,
            "launch_token": token,
            "expires_in_seconds": launched.expires_in_seconds,
        }

    # -- sessions

    async def session(self, caller: Caller, session_id: str) -> Document:
        """Give a session."""
        return await self._session(caller, session_id, Action.READ)

    async def sessions(self, caller: Caller, query: Fields) -> Document:
        """List sessions; a signed-in user sees their own."""
        limit, cursor = _paging(query)
        filters = {
            "package_id": query.identifier("package_id"),
            "package_version": query.integer("package_version", least=1),
            "user_id": query.identifier("user_id"),
            "completion_status": query.choice("completion_status", COMPLETION_STATUSES),
            "success_status": query.choice("success_status", SUCCESS_STATUSES),
            "updated_since": query.moment("updated_since"),
            "limit": limit,
            "cursor": cursor,
        }
        query.check()
        if caller.learner is not None:
            if filters["user_id"] not in {None, caller.learner.id}:
                raise ForbiddenError("You may list your own sessions only.")
            filters["user_id"] = caller.learner.id
        return await self._service.sessions(caller.tenant_id, filters)

    async def update_session(self, caller: Caller, session_id: str, body: Mapping[str, Any]) -> Document:
        """Apply a PUT."""
        update = _session_update(Fields(body))
        await self._session(caller, session_id, Action.UPDATE)
        return await self._service.update_session(caller.tenant_id, session_id, update)

    async def delete_session(self, caller: Caller, session_id: str) -> None:
        """Remove a session."""
        await self._session(caller, session_id, Action.DELETE)
        await self._service.delete_session(caller.tenant_id, session_id)

    async def new_attempt(self, caller: Caller, session_id: str) -> Document:
        """Start a new attempt."""
        await self._session(caller, session_id, Action.UPDATE)
        return await self._service.new_attempt(caller.tenant_id, session_id)

    async def attempts(self, caller: Caller, session_id: str) -> Document:
        """List attempts."""
        await self._session(caller, session_id, Action.READ)
        return await self._service.attempts(caller.tenant_id, session_id)

    async def activities(self, caller: Caller, session_id: str, query: Fields) -> Document:
        """List the activities of an attempt."""
        attempt = _attempt(query)
        await self._session(caller, session_id, Action.READ)
        return await self._service.activities(caller.tenant_id, session_id, attempt=attempt)

    async def activity(self, caller: Caller, session_id: str, activity_id: str, query: Fields) -> Document:
        """Give one activity of an attempt."""
        attempt = _attempt(query)
        await self._session(caller, session_id, Action.READ)
        # Identifiers in manifests may be any text, but what no database keeps is in none.
        if not is_clean(activity_id):
            raise NotFoundError("There is no such activity.", code="ACTIVITY_NOT_FOUND")
        return await self._service.activity(caller.tenant_id, session_id, activity_id, attempt=attempt)

    async def interactions(self, caller: Caller, session_id: str, query: Fields) -> Document:
        """List the interactions of an attempt."""
        attempt = _attempt(query)
        await self._session(caller, session_id, Action.READ)
        return await self._service.interactions(caller.tenant_id, session_id, attempt=attempt)

    async def commits(self, caller: Caller, session_id: str, query: Fields) -> Document:
        """List what the course sent."""
        limit, cursor = _paging(query)
        query.check()
        await self._session(caller, session_id, Action.READ)
        return await self._service.commits(caller.tenant_id, session_id, limit=limit, cursor=cursor)

    async def _session(self, caller: Caller, session_id: str, action: Action) -> Document:
        if problem_of_identifier(session_id):
            raise NotFoundError("There is no such session.", code="SESSION_NOT_FOUND")
        session = await self._service.session(caller.tenant_id, session_id)
        await self._permissions.on_session(caller, action, session)
        return session

    # -- events that wait, and those that were given up

    async def events(self, caller: Caller, query: Fields) -> Document:
        """List events of the outbox in one state."""
        require_back_end(caller)
        limit, cursor = _paging(query)
        state = query.choice("state", EVENT_STATES) or DEAD
        query.check()
        return await self._service.events(caller.tenant_id, state, limit=limit, cursor=cursor)

    async def event(self, caller: Caller, event_id: str) -> Document:
        """Give an event."""
        require_back_end(caller)
        return await self._service.event(caller.tenant_id, event_id)

    async def retry_event(self, caller: Caller, event_id: str) -> Document:
        """Let a dead event be told again."""
        require_back_end(caller)
        return await self._service.retry_event(caller.tenant_id, event_id)

    async def delete_event(self, caller: Caller, event_id: str) -> None:
        """Forget an event."""
        require_back_end(caller)
        await self._service.delete_event(caller.tenant_id, event_id)

    async def test_webhook(self, caller: Caller, body: Mapping[str, Any]) -> Document:
        """Send a ``ping`` to one of the webhooks that are configured."""
        require_back_end(caller)
        fields = Fields(body)
        url = fields.text("url", required=True)
        fields.check()
        webhook = self._webhooks.find(url or "", caller.tenant_id)
        if webhook is None:
            raise NotFoundError("There is no such webhook.", {"url": url}, code="WEBHOOK_NOT_FOUND")
        return await self._webhooks.test(webhook, caller.tenant_id, self._service.new_id("evt_"))

    # -- the player

    async def open_player(self, caller: Caller | None, launch: LaunchClaim | None, session_id: str) -> PlayerPage:
        """Give the page of a launch, or make a launch for the signed-in user's own session."""
        if launch is None:
            assert caller is not None
            assert caller.learner is not None
            await self._own_session(caller, session_id)
            launched = await self._service.launch_session(
                caller.tenant_id, session_id, caller.learner.id, learner_name=caller.learner.name or None
            )
            launch = LaunchClaim(launched.tenant_id, launched.session_id, launched.launch_id, 0)
        try:
            return await self._service.player_page(launch.tenant_id, launch.session_id, launch.launch_id)
        except (LaunchSupersededError, NotFoundError):
            # Of a token whose own time is over only that is said; it opens what its commits have kept alive.
            if launch.is_over:
                raise expired() from None
            raise

    async def _own_session(self, caller: Caller, session_id: str) -> None:
        session = await self._session(Caller(caller.tenant_id), session_id, Action.READ)
        if caller.learner is None or session["user_id"] != caller.learner.id:
            raise NotFoundError("There is no such session.", code="SESSION_NOT_FOUND")


def _paging(query: Fields) -> tuple[int, str | None]:
    limit = query.integer("limit", least=1)
    return min(limit or LIMIT_DEFAULT, SESSIONS_PAGE_MAX), query.text("cursor")


def _attempt(query: Fields) -> int | None:
    attempt = query.integer("attempt", least=1, most=2**31 - 1)
    query.check()
    return attempt


def _ttl(fields: Fields) -> int | None:
    """Read the TTL; the service brings it into the configured range."""
    return fields.integer("launch_token_ttl_seconds", least=-(2**53))


def _session_update(fields: Fields) -> SessionUpdate:
    """Read a PUT; which words and ranges the values may have is checked by the service.

    A version that never was is no mistake of form but an outdated one: a conflict, which clients know how to mend.
    """
    score = fields.group("score")
    update = SessionUpdate(
        version=fields.integer("version", required=True, least=-INTEGER_MAX) or 0,
        cmi_data=fields.elements("cmi_data"),
        completion_status=fields.text("completion_status"),
        success_status=fields.text("success_status"),
        score=None if score is None else {name: score.number(name) for name in SCORE_PARTS},
        session_time=fields.text("session_time", chars_max=IDENTIFIER_CHARS_MAX),
        progress_measure=fields.number("progress_measure"),
    )
    fields.check()
    return update


def _no_package() -> NotFoundError:
    return NotFoundError("There is no such package.", code="PACKAGE_NOT_FOUND")


def missing_file() -> RequestError:
    """Say that an import came without a package."""
    return RequestError("Send the package as the form field 'file', or as the body.", code="MISSING_FILE")
