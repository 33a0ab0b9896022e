"""What the checks of a storage share: records to save, and comparisons that say which promise was broken.

Every check works in tenants of its own, so that checks may run one after the other, or at once, on one database.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from scorm_embed.core.standard import Standard
from scorm_embed.errors import DuplicateEntryError, RequestError
from scorm_embed.storage.base import (
    CommitRecord,
    EventRecord,
    PackageRecord,
    RuntimeChange,
    RuntimeKey,
    RuntimeRecord,
    Score,
    SessionChange,
    SessionRecord,
    Storage,
)

T = TypeVar("T")
Check = Callable[["Scene"], Awaitable[None]]

START = datetime(2025, 1, 15, 10, 0, 0, 123456, tzinfo=UTC)
ACTIVITY = "item_1"
KEY = RuntimeKey(1, ACTIVITY, 1)


class BrokenPromise(AssertionError):  # noqa: N818 - says what it is: a failed check, not an error of the suite
    """A storage did not keep a promise of ``scorm_embed.storage.base``."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A storage under check, and a tenant that nobody else uses."""

    storage: Storage
    tenant: str = field(default_factory=lambda: f"tenant-{uuid.uuid4().hex}")

    def other(self) -> Scene:
        """Give the same storage with another tenant."""
        return Scene(self.storage)

    def session(self, session_id: str = "session-1", version: int = 1, **changes: Any) -> SessionRecord:
        """Give a session record."""
        record = SessionRecord(
            tenant_id=self.tenant,
            id=session_id,
            user_id="user-1",
            package_id="pkg_1",
            package_version=1,
            version=version,
            completion_status="incomplete",
            success_status="unknown",
            state="incomplete",
            score=Score(),
            progress_measure=None,
            time_spent_seconds=0.0,
            attempts=1,
            attempt_number=1,
            activity_id=ACTIVITY,
            activity_attempt=1,
            snapshot={"format": 1},
            created_at=START,
            updated_at=START,
        )
        return replace(record, **changes)

    def package(self, package_id: str = "pkg_1", version: int = 1, **changes: Any) -> PackageRecord:
        """Give a package record; its digest is its own unless one is given."""
        record = PackageRecord(
            tenant_id=self.tenant,
            id=package_id,
            version=version,
            title=f"Course {package_id}",
            standard=Standard.SCORM_2004_4TH,
            digest=self.digest(f"{package_id!r} {version}"),
            manifest=b"<manifest/>",
            facts={"folder": ""},
            activities=[{"id": ACTIVITY, "children": []}],
            warnings=[],
            size_bytes=1000,
            file_count=3,
            created_at=START,
        )
        return replace(record, **changes)

    def event(self, event_id: str, **changes: Any) -> EventRecord:
        """Give an event; identifiers of events are unique among all tenants."""
        record = EventRecord(
            id=f"{self.tenant}:{event_id}",
            tenant_id=self.tenant,
            type="completed",
            session_id="session-1",
            created_at=START,
            data={"score": 0.5},
            due_at=START,
            pending=("hook",),
        )
        return replace(record, **changes)

    def digest(self, text: str) -> str:
        """Give 64 hexadecimal digits that no other scene gives."""
        return uuid.uuid5(uuid.NAMESPACE_OID, f"{self.tenant} {text}").hex * 2

    async def create(self, session_id: str = "session-1", **values: str) -> SessionRecord:
        """Save a new session with these elements (``__`` stands for a dot) and give its record."""
        record = self.session(session_id)
        elements = {name.replace("__", "."): value for name, value in values.items()}
        await self.save(SessionChange(record, None, [RuntimeChange(KEY, elements)] if elements else []))
        return record

    async def save(self, change: SessionChange, **options: Any) -> None:
        """Save a change in the scene's tenant; the package of a new session is added where it is not there yet."""
        if change.expected_version is None:
            record = change.record
            with contextlib.suppress(DuplicateEntryError, RequestError):
                await self.storage.add_package(self.package(record.package_id, record.package_version))
        await self.storage.save_session(self.tenant, change, **options)

    async def load(self, session_id: str = "session-1", **options: Any) -> tuple[SessionRecord, RuntimeRecord | None]:
        """Load a session that must exist."""
        found = await self.storage.load_session(self.tenant, session_id, **options)
        if found is None:
            raise BrokenPromise(f"{session_id} was saved and is not found")
        return found

    async def values(self, session_id: str = "session-1", **options: Any) -> dict[str, str]:
        """Load the elements of a session's current activity."""
        _, runtime = await self.load(session_id, **options)
        return {} if runtime is None else dict(runtime.values)


def following(record: SessionRecord, **changes: Any) -> SessionRecord:
    """Give the next version of a record."""
    moment = record.updated_at + timedelta(seconds=1)
    return replace(record, version=record.version + 1, **{"updated_at": moment, **changes})


def change_of(
    record: SessionRecord, values: Mapping[str, str | None] | None = None, *, key: RuntimeKey = KEY, **parts: Any
) -> SessionChange:
    """Give a change to the next version of a record that sets or removes elements."""
    runtime = [] if values is None else [RuntimeChange(key, values)]
    return SessionChange(following(record), record.version, **{"runtime": runtime, **parts})


def commit(number: int, launch: str = "launch-1", **changes: Any) -> CommitRecord:
    """Give a row of the log."""
    record = CommitRecord(
        launch=launch,
        number=number,
        received_at=START + timedelta(milliseconds=number),
        sent_at=None,
        activity_id=ACTIVITY,
        attempt_number=1,
        activity_attempt=1,
        kind="commit",
        status="applied",
        elements=[["cmi.location", f"page-{number}"]],
        refused=[],
        tolerated=[],
        details=None,
    )
    return replace(record, **changes)


def expect(actual: object, expected: object, promise: str) -> None:
    """Compare what a storage gave with what it promised."""
    if actual != expected:
        raise BrokenPromise(f"{promise}: expected {_short(expected)}, got {_short(actual)}")


async def expect_error(kind: type[T], call: Awaitable[object], promise: str) -> T:
    """Wait for a call that must raise; gives the error."""
    try:
        result = await call
    except Exception as error:
        if isinstance(error, kind):
            return error
        raise BrokenPromise(f"{promise}: expected {kind.__name__}, got {error!r}") from error
    raise BrokenPromise(f"{promise}: expected {kind.__name__}, got {_short(result)}")


async def outcomes(calls: Sequence[Awaitable[object]]) -> list[object]:
    """Make calls at once; gives for each its result or its exception."""
    return list(await asyncio.gather(*calls, return_exceptions=True))


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 600 else f"{text[:300]}…{text[-300:]}"
