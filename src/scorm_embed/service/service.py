"""The service: everything the HTTP API does, as methods, with the same rules and errors.

The only meeting place of clock, randomness, storage, content and engine. Knows nothing of HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scorm_embed.service.model import ContentUrl, Document, Launched, Mode, PlayerPage, SessionUpdate


class Service:
    """All that can be done with packages, sessions and the player, for one storage and one content store."""

    # -- packages

    async def import_package(self, tenant_id: str, source: Path, *, package_id: str | None = None) -> Document:
        """Import the zip at ``source``; gives a package with ``warnings``."""
        raise NotImplementedError

    async def package(self, tenant_id: str, package_id: str) -> Document:
        """Give a package; ``NotFoundError`` with PACKAGE_NOT_FOUND."""
        raise NotImplementedError

    async def packages(self, tenant_id: str, *, limit: int = 50, cursor: str | None = None) -> Document:
        """List packages, newest first: ``{"packages": […], "next_cursor"}``."""
        raise NotImplementedError

    async def delete_package(self, tenant_id: str, package_id: str, *, force: bool = False) -> None:
        """Remove a package; ``PackageInUseError`` while sessions exist, unless forced."""
        raise NotImplementedError

    # -- launching

    async def launch(
        self,
        tenant_id: str,
        package_id: str,
        user_id: str,
        *,
        session_id: str | None = None,
        learner_name: str | None = None,
        mode: Mode = Mode.NORMAL,
        return_url: str | None = None,
        ttl_seconds: int | None = None,
    ) -> Launched:
        """Make a launch, and the session if there is none; the TTL is clamped to the configured range."""
        raise NotImplementedError

    async def launch_session(
        self, tenant_id: str, session_id: str, user_id: str, *, learner_name: str | None = None
    ) -> Launched:
        """Make a launch for the learner's own session, as the signed-in user opens its clean player URL."""
        raise NotImplementedError

    # -- sessions

    async def session(self, tenant_id: str, session_id: str) -> Document:
        """Give a session; ``NotFoundError`` with SESSION_NOT_FOUND."""
        raise NotImplementedError

    async def sessions(self, tenant_id: str, filters: Mapping[str, Any]) -> Document:
        """List sessions: ``{"sessions": […], "next_cursor"}``. Filters: the fields of ``SessionQuery``."""
        raise NotImplementedError

    async def update_session(self, tenant_id: str, session_id: str, update: SessionUpdate) -> Document:
        """Apply a PUT in one transaction; ``VersionConflictError``, ``CmiDataError``."""
        raise NotImplementedError

    async def delete_session(self, tenant_id: str, session_id: str) -> None:
        """Remove a session with everything that belongs to it."""
        raise NotImplementedError

    async def new_attempt(self, tenant_id: str, session_id: str) -> Document:
        """Start a new attempt; the old one stays readable. Gives the session."""
        raise NotImplementedError

    async def attempts(self, tenant_id: str, session_id: str) -> Document:
        """List attempts, oldest first: ``{"attempts": […]}``."""
        raise NotImplementedError

    async def activities(self, tenant_id: str, session_id: str, *, attempt: int | None = None) -> Document:
        """List activities with status, score and time: ``{"activities": […]}``."""
        raise NotImplementedError

    async def activity(
        self, tenant_id: str, session_id: str, activity_id: str, *, attempt: int | None = None
    ) -> Document:
        """Give one activity with its ``cmi_data``; ``NotFoundError`` with ACTIVITY_NOT_FOUND."""
        raise NotImplementedError

    async def interactions(self, tenant_id: str, session_id: str, *, attempt: int | None = None) -> Document:
        """List interactions of all activities: ``{"interactions": […]}``."""
        raise NotImplementedError

    async def commits(self, tenant_id: str, session_id: str, *, limit: int = 50, cursor: str | None = None) -> Document:
        """List the log of what the course sent, oldest first: ``{"commits": […], "next_cursor"}``."""
        raise NotImplementedError

    # -- the player

    async def player_page(self, tenant_id: str, session_id: str, launch_id: str) -> PlayerPage:
        """Give what the page needs; ``LaunchSupersededError``, ``AccessError`` with EXPIRED_TOKEN, ``NotFoundError``."""
        raise NotImplementedError

    async def start(
        self, tenant_id: str, session_id: str, launch_id: str, body: Mapping[str, Any], content_url: ContentUrl
    ) -> Document:
        """Answer the player's ``start`` (docs/architecture.md)."""
        raise NotImplementedError

    async def commit(
        self, tenant_id: str, session_id: str, launch_id: str, body: Mapping[str, Any], content_url: ContentUrl
    ) -> Document:
        """Answer the player's ``commit`` (docs/architecture.md)."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """Release what was opened."""
        raise NotImplementedError
