"""What the HTTP API does, as methods for the host's own code: the same rules, the same errors, the same answers.

Answers are the API's JSON documents, times as text included, so that a view can pass them on. The host's code is
trusted with everything of the tenant that it names.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from scorm_embed.service.model import Document
from scorm_embed.web.call import Parts
from scorm_embed.web.fields import Fields
from scorm_embed.web.identity import Caller, Learner
from scorm_embed.web.operations import missing_file
from scorm_embed.web.responses import format_time, plain

DEFAULT_TENANT = "default"


class Methods:
    """The methods of ``ScormEmbed``; ``ScormEmbed.sync`` has the same ones for code without an event loop."""

    def _parts(self) -> Parts:
        raise NotImplementedError

    # -- packages

    async def import_package(
        self,
        path: str | Path | bytes,
        *,
        package_id: str | None = None,
        tenant_id: str = DEFAULT_TENANT,
        progress: Callable[[int, int], object] | None = None,
    ) -> Document:
        """Import the zip at ``path``, as a new version of ``package_id`` where that is given.

        Args:
            path: of the zip, or the zip itself as bytes, for small ones.
            package_id: the package that gets a new version.
            tenant_id: whose package it is.
            progress: is told, in a worker thread, how many of how many unpacked bytes are done.

        Returns:
            the package; ``warnings`` lists everything that was tolerated or repaired, ``changes`` how the tree of
            activities differs from that of the version before.

        Raises:
            PackageError: the file is no usable package; nothing was stored.
            NotFoundError: PACKAGE_NOT_FOUND.
            RequestError: MISSING_FILE, there is no such file.
        """
        async with _file_at(path) as source:
            return _shown(
                await self._parts().operations.import_package(Caller(tenant_id), source, package_id, progress)
            )

    async def package(self, package_id: str, *, tenant_id: str = DEFAULT_TENANT) -> Document:
        """Give a package, with ``versions``; ``NotFoundError`` with PACKAGE_NOT_FOUND."""
        return _shown(await self._parts().operations.package(Caller(tenant_id), package_id))

    async def packages(
        self, *, limit: int | None = None, cursor: str | None = None, tenant_id: str = DEFAULT_TENANT
    ) -> Document:
        """List packages, newest first: ``{"packages": […], "next_cursor"}``."""
        query = Fields({"limit": limit, "cursor": cursor})
        return _shown(await self._parts().operations.packages(Caller(tenant_id), query))

    async def delete_package(self, package_id: str, *, force: bool = False, tenant_id: str = DEFAULT_TENANT) -> None:
        """Remove a package; ``PackageInUseError`` while sessions exist, unless they are to go too (``force``)."""
        parts = self._parts()
        for digest in await parts.operations.delete_package(Caller(tenant_id), package_id, Fields({"force": force})):
            parts.blobs.discard(digest)

    # -- launching

    async def launch(
        self,
        package_id: str,
        user_id: str | Learner,
        *,
        session_id: str | None = None,
        learner_name: str | None = None,
        mode: str | None = None,
        return_url: str | None = None,
        launch_token_ttl_seconds: int | None = None,
        tenant_id: str = DEFAULT_TENANT,
        base_url: str | None = None,
        request: Any = None,
    ) -> Document:
        """Make a launch, and the session if there is none.

        Args:
            user_id: the learner; a ``Learner`` brings name and tenant along.
            base_url: the URL of the mount; not needed with the option of that name.
            request: the host's request (Starlette, FastAPI, Flask, Django), to find the URL of the mount from.

        Returns:
            ``player_url``, ``session_id``, ``package_id``, ``user_id``, ``expires_at``, ``launch_url``,
            ``launch_token``, ``expires_in_seconds``.

        Raises:
            NotFoundError: PACKAGE_NOT_FOUND.
            DuplicateEntryError: the session exists for another user or package.
            RequestError: an argument is wrong; ``details["fields"]`` says which.
            ConfigurationError: nothing tells where the mount is.
        """
        if isinstance(user_id, Learner):
            learner_name = user_id.name if learner_name is None else learner_name
            tenant_id, user_id = user_id.tenant_id, user_id.id
        body = {
            "user_id": user_id,
            "session_id": session_id,
            "learner_name": learner_name,
            "mode": mode,
            "return_url": return_url,
            "launch_token_ttl_seconds": launch_token_ttl_seconds,
        }
        parts = self._parts()
        base = parts.urls.base_for(base_url, request)
        return _shown(await parts.operations.launch(Caller(tenant_id), package_id, body, base))

    async def launch_external(
        self,
        token: str,
        package_id: str,
        *,
        return_url: str | None = None,
        launch_token_ttl_seconds: int | None = None,
        tenant_id: str = DEFAULT_TENANT,
        base_url: str | None = None,
        request: Any = None,
    ) -> Document:
        """Make a launch for the learner whom another system's JWT names; ``AccessError`` for a bad token."""
        body = {
            "token": token,
            "package_id": package_id,
            "return_url": return_url,
            "launch_token_ttl_seconds": launch_token_ttl_seconds,
        }
        parts = self._parts()
        base = parts.urls.base_for(base_url, request)
        return _shown(await parts.operations.launch_external(Caller(tenant_id), body, base))

    # -- sessions

    async def session(self, session_id: str, *, tenant_id: str = DEFAULT_TENANT) -> Document:
        """Give a session; ``NotFoundError`` with SESSION_NOT_FOUND."""
        return _shown(await self._parts().operations.session(Caller(tenant_id), session_id))

    async def sessions(
        self,
        *,
        package_id: str | None = None,
        package_version: int | None = None,
        user_id: str | None = None,
        completion_status: str | None = None,
        success_status: str | None = None,
        updated_since: datetime | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        tenant_id: str = DEFAULT_TENANT,
    ) -> Document:
        """List sessions, newest first: ``{"sessions": […], "next_cursor"}``; at most 200 at once."""
        query = {
            "package_id": package_id,
            "package_version": package_version,
            "user_id": user_id,
            "completion_status": completion_status,
            "success_status": success_status,
            "updated_since": format_time(updated_since) if isinstance(updated_since, datetime) else updated_since,
            "limit": limit,
            "cursor": cursor,
        }
        return _shown(await self._parts().operations.sessions(Caller(tenant_id), Fields(query)))

    async def update_session(
        self,
        session_id: str,
        *,
        version: int,
        cmi_data: Mapping[str, str | None] | None = None,
        completion_status: str | None = None,
        success_status: str | None = None,
        score: Mapping[str, float | None] | None = None,
        session_time: str | None = None,
        progress_measure: float | None = None,
        tenant_id: str = DEFAULT_TENANT,
    ) -> Document:
        """Change a session in one transaction.

        Raises:
            VersionConflictError: ``version`` is not what is stored; ``details["current_version"]``.
            CmiDataError: the data model refuses an element; nothing was changed.
        """
        body = {
            "version": version,
            "cmi_data": cmi_data,
            "completion_status": completion_status,
            "success_status": success_status,
            "score": score,
            "session_time": session_time,
            "progress_measure": progress_measure,
        }
        return _shown(await self._parts().operations.update_session(Caller(tenant_id), session_id, body))

    async def delete_session(self, session_id: str, *, tenant_id: str = DEFAULT_TENANT) -> None:
        """Remove a session with everything that belongs to it."""
        await self._parts().operations.delete_session(Caller(tenant_id), session_id)

    async def new_attempt(self, session_id: str, *, tenant_id: str = DEFAULT_TENANT) -> Document:
        """Start a new attempt; the old one stays readable."""
        return _shown(await self._parts().operations.new_attempt(Caller(tenant_id), session_id))

    async def attempts(self, session_id: str, *, tenant_id: str = DEFAULT_TENANT) -> Document:
        """List attempts, oldest first: ``{"attempts": […]}``."""
        return _shown(await self._parts().operations.attempts(Caller(tenant_id), session_id))

    async def activities(
        self, session_id: str, *, attempt: int | None = None, tenant_id: str = DEFAULT_TENANT
    ) -> Document:
        """List activities with status, score and time: ``{"activities": […]}``."""
        query = Fields({"attempt": attempt})
        return _shown(await self._parts().operations.activities(Caller(tenant_id), session_id, query))

    async def activity(
        self, session_id: str, activity_id: str, *, attempt: int | None = None, tenant_id: str = DEFAULT_TENANT
    ) -> Document:
        """Give one activity with its ``cmi_data``; ``NotFoundError`` with ACTIVITY_NOT_FOUND."""
        query = Fields({"attempt": attempt})
        return _shown(await self._parts().operations.activity(Caller(tenant_id), session_id, activity_id, query))

    async def interactions(
        self, session_id: str, *, attempt: int | None = None, tenant_id: str = DEFAULT_TENANT
    ) -> Document:
        """List interactions of all activities: ``{"interactions": […]}``."""
        query = Fields({"attempt": attempt})
        return _shown(await self._parts().operations.interactions(Caller(tenant_id), session_id, query))

    async def commits(
        self,
        session_id: str,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        tenant_id: str = DEFAULT_TENANT,
    ) -> Document:
        """List the log of what the course sent, oldest first: ``{"commits": […], "next_cursor"}``."""
        query = Fields({"limit": limit, "cursor": cursor})
        return _shown(await self._parts().operations.commits(Caller(tenant_id), session_id, query))

    # -- what happens without a request

    async def deliver_events(self) -> Document:
        """Tell hooks and webhooks everything that is due: ``{"delivered", "failed", "dead"}``, in events.

        Also waits for what this process is telling at the moment. Not needed where the app serves requests.
        """
        return await self._parts().service.deliver_events()

    async def maintain(self) -> Document:
        """Do what must happen without a request, for a periodic job where ``maintenance_seconds`` is 0.

        Ends sessions whose launch has expired, delivers events that are due, forgets old rows of the log.

        Returns:
            ``{"ended", "delivered", "failed", "dead", "pruned"}``: sessions, events and rows.
        """
        return await self._parts().service.maintain()

    # -- events that wait, and those that were given up

    async def events(
        self,
        *,
        state: str = "dead",
        limit: int | None = None,
        cursor: str | None = None,
        tenant_id: str = DEFAULT_TENANT,
    ) -> Document:
        """List events of the outbox, newest first: ``{"events": […], "next_cursor"}``.

        Args:
            state: ``dead``, given up after the last try, or ``waiting``.
        """
        query = Fields({"state": state, "limit": limit, "cursor": cursor})
        return _shown(await self._parts().operations.events(Caller(tenant_id), query))

    async def event(self, event_id: str, *, tenant_id: str = DEFAULT_TENANT) -> Document:
        """Give an event with the session as it was then; ``NotFoundError`` with EVENT_NOT_FOUND."""
        return _shown(await self._parts().operations.event(Caller(tenant_id), event_id))

    async def retry_event(self, event_id: str, *, tenant_id: str = DEFAULT_TENANT) -> Document:
        """Let a dead event be told again, to those who have not had it, from the first try on; gives it."""
        return _shown(await self._parts().operations.retry_event(Caller(tenant_id), event_id))

    async def delete_event(self, event_id: str, *, tenant_id: str = DEFAULT_TENANT) -> None:
        """Forget an event that was not told to everybody."""
        await self._parts().operations.delete_event(Caller(tenant_id), event_id)

    async def test_webhook(self, url: str, *, tenant_id: str = DEFAULT_TENANT) -> Document:
        """Send a signed ``ping`` to one of the webhooks: ``{"url", "delivered", "status", "seconds", "error"}``."""
        return _shown(await self._parts().operations.test_webhook(Caller(tenant_id), {"url": url}))

    async def aclose(self) -> None:
        """Release what was opened; what is used again opens again."""
        raise NotImplementedError


@asynccontextmanager
async def _file_at(path: str | Path | bytes) -> AsyncIterator[Path]:
    """Give a package's file; one of our own for as long as it is needed, where the package itself is given."""
    if not isinstance(path, bytes):
        source = Path(path)
        if not await asyncio.to_thread(source.is_file):
            raise missing_file()
        yield source
        return
    with tempfile.TemporaryDirectory(prefix="scorm-import-") as folder:
        source = Path(folder) / "package.zip"
        await asyncio.to_thread(source.write_bytes, path)
        yield source


def _shown(document: Document) -> Document:
    shown: Document = plain(document)
    return shown
