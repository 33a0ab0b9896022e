"""The storage protocol: records, and what a storage promises about them.

A storage keeps packages, sessions and what learners did. It knows nothing of SCORM's rules: it stores what the
service hands it and gives it back. The promises that every implementation must keep, and that the published suite
in ``scorm_embed.testing`` checks:

* **Atomic.** Each method that changes something applies all of it or nothing, and returns after it is durable.
* **Optimistic.** ``save_session`` compares the stored version with ``expected_version``, and the stored
  ``created_at`` with the record's (a session deleted and made again is another one), inside the same transaction as
  the write; of two writers that read the same version exactly one wins, the other gets ``VersionConflictError``.
* **Once.** A commit row is unique by session, launch and number; ``save_session`` with one that exists raises
  ``DuplicateEntryError`` and changes nothing.
* **Read your writes.** A read that starts after a write has returned sees it, from any process.
* **Order.** Lists are newest first by ``(created_at, id)`` unless stated otherwise, and paging by cursor neither
  repeats nor skips a record that existed when the first page was read.
* **Tenants.** A record is only found under its own tenant.
* **Whole.** A session is only ever stored beside its package version: a new one whose version is not there, or is
  being deleted, raises ``NotFoundError`` (PACKAGE_NOT_FOUND), and a package is not deleted past one being stored.
* **Failure.** What cannot be reached raises ``StorageUnavailableError``. Nothing was changed then, unless the
  connection broke while the transaction was being committed, when nobody can know: the same call made again either
  applies the change or raises ``VersionConflictError`` or ``DuplicateEntryError``, and never applies it twice.
* **Text.** Every text comes back as it went in: case, accents, trailing spaces, emoji, control characters, halves of
  surrogate pairs. Identifiers are compared by code point; one that cannot be kept exactly (over 255 characters, 600
  for an activity, 128 for a tenant, or with U+0000 or half of a surrogate pair in it) raises ``RequestError`` when it
  is written and finds nothing when it is looked for. The order of elements in a map of run-time data is not kept.
* **Values.** Times come back to the microsecond, numbers to the last bit, JSON equal (tuples as lists).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from scorm_embed.core.standard import Standard

T = TypeVar("T")
Json = Any
"""What ``json`` can write: the storage keeps it and gives back an equal value."""


@dataclass(frozen=True, slots=True)
class PackageRecord:
    """One immutable version of a package. Times are aware, in UTC."""

    tenant_id: str
    id: str
    version: int
    """1 for the first import, then one more for each new version of the same id."""
    title: str
    standard: Standard
    digest: str
    """SHA-256 of the blob in the content store, lower-case hex."""
    manifest: bytes
    """imsmanifest.xml as it came."""
    facts: Mapping[str, Json]
    """What import found out: what reading the manifest again needs (organization, launch files), and how the version
    differs from the one before."""
    activities: Json
    """The activity tree as the API shows it."""
    warnings: Json
    size_bytes: int
    file_count: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PackageVersion:
    """One version of a package, and how many sessions stay on it."""

    version: int
    created_at: datetime
    sessions: int


@dataclass(frozen=True, slots=True)
class Score:
    """A session's score; what is not known is None."""

    scaled: float | None = None
    raw: float | None = None
    min: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """One learner on one package. Times are aware, in UTC."""

    tenant_id: str
    id: str
    user_id: str
    package_id: str
    package_version: int
    version: int
    """Grows by one with every change; the first saved record has 1."""
    completion_status: str
    success_status: str
    state: str
    score: Score
    progress_measure: float | None
    time_spent_seconds: float
    attempts: int
    """How many times the learner has opened the course."""
    attempt_number: int
    """The learner attempt now current, from 1."""
    activity_id: str | None
    """The activity last delivered: the one whose run-time data ``cmi_data`` shows."""
    activity_attempt: int
    """Which learner attempt on that activity its run-time data belong to, from 1."""
    snapshot: Json
    """The engine's versioned state: tracking, launch, earlier attempts."""
    created_at: datetime
    updated_at: datetime
    launched_at: datetime | None = None
    completed_at: datetime | None = None
    expires_at: datetime | None = None
    """When the current launch ends unless it is renewed; None when there is none."""
    is_playing: bool = False
    """Whether the learner is in the course: somebody must end that when ``expires_at`` has passed."""


@dataclass(frozen=True, slots=True)
class RuntimeKey:
    """Whose run-time data: a learner attempt on one activity, within one attempt of a session."""

    attempt_number: int
    activity_id: str
    activity_attempt: int


@dataclass(frozen=True, slots=True)
class RuntimeRecord:
    """Run-time data of one activity as a flat map, element to value.

    ``counts`` tells how many records each collection has when ``values`` holds only some of them
    (``cmi.interactions``: 500, ``cmi.interactions.3.objectives``: 2): one more than the highest index. A collection
    without records is absent; nested collections are counted in the records that were loaded. Empty when ``values``
    is whole.
    """

    key: RuntimeKey
    values: Mapping[str, str]
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RuntimeChange:
    """Elements to set (a text) or to remove (None) in one activity's run-time data.

    A change without elements makes the record of the activity where there is none.
    """

    key: RuntimeKey
    values: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class LearnerData:
    """What a learner carries from package to package: global objectives and shared data stores.

    Keys are ``(scope, identifier)``; the scope is "" for what is global to the system, else a package id.
    """

    objectives: Mapping[tuple[str, str], Json] = field(default_factory=dict)
    stores: Mapping[tuple[str, str], str | None] = field(default_factory=dict)
    """In a change, None removes, a store or an objective."""


BY_API = "api"
"""What stands for the launch in rows of the log that no player sent."""
OPENING = "launch"
"""The kind of a row of the log that says that the player was opened: what came before it is over."""
LOOK = "look"
"""The same in browse or review mode: what came before is not over, because a browser may still hold data of it."""


@dataclass(frozen=True, slots=True)
class CommitRecord:
    """One appended row of a session's log: what a player or a client sent and what became of it."""

    launch: str
    """The launch that sent it; ``BY_API`` for changes through the HTTP API."""
    number: int
    """Numbered within its launch, from 1."""
    received_at: datetime
    sent_at: datetime | None
    """The browser's clock, for what it is worth."""
    activity_id: str | None
    attempt_number: int
    activity_attempt: int
    kind: str
    """``commit``, ``navigation``, ``end``, ``launch``, ``look``, ``put``."""
    status: str
    """``applied``, ``held`` (an earlier number is missing) or ``late`` (its launch was superseded)."""
    elements: Json
    """``[[element, value], …]`` as sent, in order."""
    refused: Json = ()
    tolerated: Json = ()
    details: Json = None


WAITING = "waiting"
DEAD = "dead"


@dataclass(frozen=True, slots=True)
class EventRecord:
    """Something that happened, for hooks and webhooks outside the transaction (the outbox)."""

    id: str
    tenant_id: str
    type: str
    session_id: str
    created_at: datetime
    data: Json
    due_at: datetime
    """From when on anybody may take it: after a lease, or a pause before the next try."""
    pending: tuple[str, ...] = ()
    """The handlers that have not had it yet."""
    attempts: int = 0
    """How often it was taken; also tells whether somebody took it since it was read."""
    state: str = WAITING
    """``waiting``, or ``dead``: given up, kept to be read."""
    last_error: str | None = None


@dataclass(frozen=True, slots=True)
class SessionChange:
    """Everything that one event changes about one session, applied together or not at all."""

    record: SessionRecord
    """The new record; its version is ``expected_version + 1``."""
    expected_version: int | None
    """None for a session that must not exist yet."""
    runtime: Sequence[RuntimeChange] = ()
    learner: LearnerData | None = None
    commits: Sequence[CommitRecord] = ()
    """Rows to append."""
    settled: Sequence[tuple[str, int]] = ()
    """``(launch, number)`` of rows kept as ``held`` or ``late`` that this change applies; they become ``applied``."""
    events: Sequence[EventRecord] = ()


@dataclass(frozen=True, slots=True)
class SessionQuery:
    """Filters of a list of sessions; None does not filter."""

    tenant_id: str
    package_id: str | None = None
    package_version: int | None = None
    user_id: str | None = None
    completion_status: str | None = None
    success_status: str | None = None
    updated_since: datetime | None = None
    limit: int = 50
    cursor: str | None = None
    """What an earlier page gave as ``next_cursor``; a wrong one raises ``RequestError``."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list."""

    items: Sequence[T]
    next_cursor: str | None = None


Inside = Callable[[Any], Awaitable[None]]
"""Runs inside the transaction with the storage's connection, after the writes and before the commit."""


class Storage(Protocol):
    """Where records live. All methods may raise ``StorageUnavailableError``."""

    async def add_package(self, record: PackageRecord) -> None:
        """Store a new package version; ``DuplicateEntryError`` when that id and version exist."""

    async def load_package(self, tenant_id: str, package_id: str, version: int | None = None) -> PackageRecord | None:
        """Give one version, or the newest."""

    async def list_packages(self, tenant_id: str, limit: int = 50, cursor: str | None = None) -> Page[PackageRecord]:
        """List the newest version of each package, newest first."""

    async def list_versions(self, tenant_id: str, package_id: str) -> Sequence[PackageVersion]:
        """List all versions of a package, newest first, with the number of their sessions; empty when there is none."""

    async def delete_package(self, tenant_id: str, package_id: str, *, with_sessions: bool = False) -> Sequence[str]:
        """Remove all versions; ``PackageInUseError`` while sessions exist, unless they go too.

        What learners carry within the scope of the package goes with it.

        Returns:
            the digests of these versions, each once; ``unused_digests`` tells which nobody else uses.
        """

    async def unused_digests(self, digests: Collection[str]) -> Sequence[str]:
        """Give those of these digests that no package of any tenant uses, in order."""

    async def load_session(
        self, tenant_id: str, session_id: str, *, rows: Collection[tuple[str, int]] | None = None
    ) -> tuple[SessionRecord, RuntimeRecord | None] | None:
        """Give a session with the run-time data of its current activity (``activity_id``), in one read.

        Args:
            rows: which records of the collections to load, as ``("cmi.interactions", 3)``; None loads all. Records of
                ``cmi.objectives`` always come whole: tracking needs them.
        """

    async def save_session(self, tenant_id: str, change: SessionChange, *, inside: Inside | None = None) -> None:
        """Apply a change, all of it or nothing.

        Args:
            inside: runs in the transaction with the storage's connection, after the writes and before the commit. What
                it raises rolls everything back and arrives as it was raised. It may run again after a rollback, when
                the database broke the transaction off for the sake of another.

        Raises:
            VersionConflictError: a lost race; ``details["current_version"]`` is None when the session is gone.
            DuplicateEntryError: a session, commit or event exists; ``details["of"]`` says which (``"session"``,
                ``"commit"``, ``"event"``).
            NotFoundError: PACKAGE_NOT_FOUND: the package version of a new session does not exist.
            RequestError: an identifier cannot be kept exactly, or a number is infinite.
        """

    async def list_sessions(self, query: SessionQuery) -> Page[tuple[SessionRecord, RuntimeRecord | None]]:
        """List sessions, newest first, with the run-time data of their current activity (all rows)."""

    async def delete_session(self, tenant_id: str, session_id: str) -> bool:
        """Remove a session and everything that belongs to it; False when there is none.

        Events that were not yet delivered stay, and so does what the learner carries.
        """

    async def load_runtime(
        self,
        tenant_id: str,
        session_id: str,
        *,
        attempt_number: int | None = None,
        activity_id: str | None = None,
        activity_attempt: int | None = None,
    ) -> Sequence[RuntimeRecord]:
        """Give run-time data of a session, whole; None does not filter.

        Ordered by ``attempt_number``, ``activity_attempt``, ``activity_id``.
        """

    async def load_learner(self, tenant_id: str, user_id: str, scopes: Collection[str]) -> LearnerData:
        """Give a learner's global objectives and shared data stores of these scopes."""

    async def list_commits(
        self, tenant_id: str, session_id: str, limit: int = 50, cursor: str | None = None
    ) -> Page[CommitRecord]:
        """List a session's log, oldest first, in the order in which rows were appended."""

    async def find_commits(self, tenant_id: str, session_id: str, launch: str) -> Sequence[CommitRecord]:
        """Give the rows of one launch, by number."""

    async def prune_commits(
        self, received_before: datetime, *, limit: int = 1000, cursor: str | None = None
    ) -> tuple[int, str | None]:
        """Forget rows of all logs received before this time, looking at ``limit`` of them, oldest first.

        A row stays until its session's log has a later row of kind ``launch``: a browser may still hold data of the
        launch that it belongs to, and the log is how what was applied is known.

        Returns:
            how many rows are gone, and the cursor with which to go on; None at the end.
        """

    async def list_expired(self, now: datetime, limit: int = 100) -> Sequence[tuple[str, str]]:
        """Give tenant and id of sessions with ``is_playing`` whose ``expires_at`` has come, in any order."""

    async def take_events(self, limit: int, now: datetime, lease_seconds: float) -> Sequence[EventRecord]:
        """Take waiting events that are due, those that are due longest first, at most ``limit``.

        Each is given to one taker: its ``due_at`` becomes ``now + lease_seconds`` and its ``attempts`` grows by one in
        the same transaction, and it is given as it is then.
        """

    async def keep_event(self, event: EventRecord, *, attempts: int) -> bool:
        """Write ``due_at``, ``pending``, ``attempts``, ``state`` and ``last_error`` of an event that is kept.

        Args:
            attempts: what is stored; nothing is written when it is another, for somebody else took the event, or when
                the event is gone. The answer is False then.
        """

    async def settle_events(self, ids: Collection[str]) -> None:
        """Forget events that were delivered."""

    async def load_event(self, tenant_id: str, event_id: str) -> EventRecord | None:
        """Give one event that is not settled."""

    async def list_events(
        self, tenant_id: str, state: str, limit: int = 50, cursor: str | None = None
    ) -> Page[EventRecord]:
        """List a tenant's events in one state, newest first."""

    async def aclose(self) -> None:
        """Release what was opened; opening is lazy, and a closed storage opens again when it is used."""
