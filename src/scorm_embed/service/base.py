"""What all parts of the service share: where things are kept, what time it is, and which options apply.

The only module that reads the clock and draws random numbers.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from scorm_embed.content.base import ContentStore
from scorm_embed.content.limits import ArchiveLimits
from scorm_embed.core.datamodel import DataLimits, Strictness
from scorm_embed.core.manifest import ManifestLimits
from scorm_embed.core.sequencing.vocabulary import Draw
from scorm_embed.errors import NotFoundError
from scorm_embed.service.courses import Courses, OpenCourse
from scorm_embed.service.hooks import Hooks
from scorm_embed.service.model import Outcome
from scorm_embed.service.outbox import Outbox, OutboxOptions
from scorm_embed.service.recent import RecentSessions
from scorm_embed.service.wire import MessageLimits
from scorm_embed.storage.base import PackageRecord, Storage
from scorm_embed.storage.gate import Gate


class Clock(Protocol):
    """Where the time comes from: aware, UTC."""

    def __call__(self) -> datetime:
        """Give the time now."""
        ...


def utc_now() -> datetime:
    """The server's clock."""
    return datetime.now(UTC)  # noqa: TID251 - the one place that reads the clock


class SystemDraw:
    """Chance from the operating system."""

    def randrange(self, stop: int, /) -> int:
        """A whole number from 0 up to and without ``stop``."""
        return secrets.randbelow(stop)


def new_id(prefix: str = "") -> str:
    """An identifier that cannot be guessed."""
    return prefix + secrets.token_hex(12)


@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """What a host may choose about the rules of sessions; the web floor checks them."""

    strictness: Strictness = Strictness.TOLERANT
    outcome: Outcome = Outcome.BEST
    launch_ttl_seconds: int = 14400
    launch_ttl_seconds_min: int = 60
    launch_ttl_seconds_max: int = 86400
    launch_max_seconds: int = 86400
    """How long a launch can be kept alive by renewing it."""
    archive_limits: ArchiveLimits = field(default_factory=ArchiveLimits)
    manifest_limits: ManifestLimits = field(default_factory=ManifestLimits)
    data_limits: DataLimits = field(default_factory=DataLimits)
    message_limits: MessageLimits = field(default_factory=MessageLimits)
    outbox: OutboxOptions = field(default_factory=OutboxOptions)
    log_retention_days: int | None = None
    """How long rows of the log are kept; None: for ever."""
    maintenance_seconds: float = 60
    """How often a worker looks for what must happen without a request; 0: never."""


class Desk:
    """The shared ground of the service's parts."""

    def __init__(
        self,
        storage: Storage,
        content: ContentStore,
        options: ServiceOptions | None = None,
        *,
        clock: Clock = utc_now,
        draw: Draw | None = None,
        hooks: Hooks | None = None,
        new_id: Callable[[str], str] = new_id,
    ) -> None:
        self.storage = storage
        self.content = content
        self.options = options or ServiceOptions()
        self.clock = clock
        self.draw = draw or SystemDraw()
        self.hooks = hooks or Hooks()
        self.outbox = Outbox(storage, self.hooks, clock, self.draw, self.options.outbox)
        self.new_id = new_id
        self.courses = Courses()
        self.recent = RecentSessions()
        self.blob_gate = Gate()
        """Between a blob and the record that names it nothing else is imported or deleted."""

    async def package_record(self, tenant_id: str, package_id: str, version: int | None = None) -> PackageRecord:
        """Load a package version; ``NotFoundError`` with PACKAGE_NOT_FOUND."""
        known = self.courses.record(tenant_id, package_id, version) if version is not None else None
        if known is not None:
            return known
        record = await self.storage.load_package(tenant_id, package_id, version)
        if record is None:
            raise NotFoundError("There is no such package.", {"package_id": package_id}, code="PACKAGE_NOT_FOUND")
        self.courses.remember(record)
        return record

    async def course(self, tenant_id: str, package_id: str, version: int) -> OpenCourse:
        """Give the course of a package version, read and laid out."""
        return self.courses.open(await self.package_record(tenant_id, package_id, version))
