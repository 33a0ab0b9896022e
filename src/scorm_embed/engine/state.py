"""The engine's state of one session: everything about it that is neither a column nor run-time data.

Owns the values that are saved as versioned JSON with the session. Only what differs from the initial state is
written, so that a large course which was opened once costs bytes. Reads no clock and does no IO.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from scorm_embed.core.sequencing.activity_tree import ActivityTree
from scorm_embed.core.sequencing.snapshot import state_from_data, state_to_data
from scorm_embed.core.sequencing.tracking import TrackingState

SNAPSHOT_VERSION = 1


class Phase(Enum):
    """Where a session stands between launches."""

    FRESH = "fresh"
    """Nothing was ever delivered in this attempt."""
    ACTIVE = "active"
    """A sequencing session is going on."""
    SUSPENDED = "suspended"
    ENDED = "ended"


@dataclass(slots=True)
class Launch:
    """The launch that owns the session."""

    id: str
    mode: str = "normal"
    learner_name: str | None = None
    return_url: str | None = None
    ttl_seconds: int = 14400
    ends_at: datetime | None = None
    """When it ends however often it is renewed."""
    run: int = 0
    """How many times its page has started; the newest run is the owner."""
    applied: int = 0
    """Numbers of this run that are applied, without a gap from 1."""
    held: list[int] = field(default_factory=list)
    """Numbers of this run that are kept and wait for an earlier one."""
    previous: str | None = None
    """The run that owned the session before: what its journal still holds is applied, not just kept."""
    leftover: bool = False
    """Whether the log holds data of that run that came too late, or too early, to be applied."""
    recovering: bool = False
    """Whether the newest run has not started yet: its page still hands over what the one before left."""
    page: str | None = None
    """What the page of the newest run calls itself."""

    @property
    def key(self) -> str:
        """What commits of the newest run name."""
        return f"{self.id}.{self.run}"


@dataclass(slots=True)
class Communication:
    """The communication session of the activity now delivered, from delivery to Terminate."""

    activity_id: str
    since: datetime
    """When it was delivered, or initialised again."""
    seen: datetime
    """When its player was last heard of."""
    initialized: bool = False
    terminated: bool = False
    set_by_content: list[str] = field(default_factory=list)
    """Elements of status that the SCO itself has set, the newest last: they beat what the LMS seeded."""
    reported_seconds: float | None = None
    """The session time that the content has reported so far."""
    said: dict[str, str] = field(default_factory=dict)
    """In browse and review mode, where no data are kept: the exit and the navigation request."""


@dataclass(slots=True)
class ActivityRecord:
    """What is kept about an activity beside its tracking and its run-time data."""

    attempt: int = 0
    """The learner attempt that its newest run-time data belong to, from 1."""
    completion: str = "not attempted"
    success: str = "unknown"
    score: dict[str, float] = field(default_factory=dict)
    progress: float | None = None
    seconds: float = 0.0
    """Closed communication sessions, as the content reported them, or by the server's clock where it did not."""
    clock_seconds: float = 0.0
    """The same by the server's clock."""
    prepared: bool = False
    """Whether its run-time data were made by the host before it was ever delivered."""
    unopened: bool = False
    """Whether it was delivered and its content has never begun: to the content, the next delivery is the first."""
    said_status: str | None = None
    """SCORM 1.2: the status as the content has left it, where the LMS has made another of it."""
    suspended: bool = False
    """Whether its last communication session ended with everything kept for a resume."""


@dataclass(slots=True)
class AttemptSummary:
    """What one attempt on the course came to."""

    number: int
    completion_status: str = "unknown"
    success_status: str = "unknown"
    score: dict[str, float] = field(default_factory=dict)
    progress_measure: float | None = None
    seconds: float = 0.0
    started_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(slots=True)
class SessionState:
    """One session as the engine sees it; changed in place while an event is handled."""

    tracking: TrackingState
    phase: Phase = Phase.FRESH
    attempt: AttemptSummary = field(default_factory=lambda: AttemptSummary(1))
    """The attempt now current."""
    earlier: list[AttemptSummary] = field(default_factory=list)
    """Attempts before it, oldest first."""
    opened: int = 0
    """How many times the learner has opened the course."""
    view: int = 0
    """Number of the newest view of the owning run."""
    current: str | None = None
    """The activity last delivered, whether or not it is still open."""
    reason: str | None = None
    """Why the course ended last: suspended, exited, completed, abandoned."""
    launch: Launch | None = None
    open: Communication | None = None
    activities: dict[str, ActivityRecord] = field(default_factory=dict)
    seconds: float = 0.0
    """Closed communication sessions of all attempts."""
    pending_seconds: float = 0.0
    """A session time that was reported and not yet closed."""
    stated: dict[str, Any] = field(default_factory=dict)
    """What a PUT gave outright: it wins over what is derived, until the content says something newer."""
    success_reported: bool = False
    """Whether any content of this attempt has spoken about success or a measure."""
    stores: dict[str, str] = field(default_factory=dict)
    """Shared data stores of a course that keeps them to itself."""
    earned: dict[str, Any] | None = None
    """The best that earlier launches of a SCORM 1.2 course showed, whose data stay in one attempt."""
    closed: dict[str, Any] | None = None
    """The time of the last communication session that we closed, not its content (``seconds``, ``total`` before it,
    and whether it was ``initialized``): what the content still had to say about its time replaces it."""
    scratch: dict[str, Any] | None = None
    """The snapshot that a launch in browse or review mode plays on, where nothing counts."""
    completed_at: datetime | None = None

    @property
    def current_key(self) -> tuple[str, int] | None:
        """The activity last delivered and the learner attempt on it."""
        return None if self.current is None else (self.current, self.record(self.current).attempt)

    @property
    def unclosed_seconds(self) -> float:
        """What was reported of communication sessions that nobody has closed yet."""
        reported = self.open.reported_seconds if self.open is not None else None
        return self.pending_seconds + (reported or 0.0)

    def record(self, activity_id: str) -> ActivityRecord:
        """The activity's record, made when there is none."""
        return self.activities.setdefault(activity_id, ActivityRecord())


def to_snapshot(state: SessionState) -> dict[str, Any]:
    """Write the state as versioned JSON; what is as it was at the beginning is left out."""
    data: dict[str, Any] = {"v": SNAPSHOT_VERSION, "phase": state.phase.value, "attempt": _summary(state.attempt)}
    data["tracking"] = state_to_data(state.tracking)
    if state.earlier:
        data["earlier"] = [_summary(entry) for entry in state.earlier]
    if state.launch:
        data["launch"] = _sparse(state.launch, Launch(state.launch.id))
    if state.open:
        initial = Communication(state.open.activity_id, _NEVER, _NEVER)
        data["open"] = {"activity_id": state.open.activity_id} | _sparse(state.open, initial)
    if state.activities:
        untouched = ActivityRecord()
        data["activities"] = {key: _sparse(record, untouched) for key, record in state.activities.items()}
    for name in _PLAIN:
        if (value := getattr(state, name)) not in _EMPTY:
            data[name] = value
    if state.completed_at:
        data["completed_at"] = _moment(state.completed_at)
    return data


def new_snapshot(launch: Launch) -> dict[str, Any]:
    """The snapshot of a session that was launched and never opened."""
    return {
        "v": SNAPSHOT_VERSION,
        "phase": Phase.FRESH.value,
        "attempt": {"number": 1},
        "launch": _sparse(launch, Launch(launch.id)),
    }


def from_snapshot(tree: ActivityTree, data: Mapping[str, Any]) -> SessionState:
    """Read a snapshot, also one that an older version wrote; what this version does not know is ignored."""
    state = SessionState(state_from_data(tree, data.get("tracking") or {}))
    state.phase = Phase(data.get("phase", "fresh"))
    state.attempt = _read(AttemptSummary, data.get("attempt") or {"number": 1})
    state.earlier = [_read(AttemptSummary, entry) for entry in data.get("earlier", ())]
    if launch := data.get("launch"):
        state.launch = _read(Launch, launch)
    if communication := data.get("open"):
        state.open = _read(Communication, communication)
    state.activities = {key: _read(ActivityRecord, entry) for key, entry in data.get("activities", {}).items()}
    for name in _PLAIN:
        if name in data:
            setattr(state, name, data[name])
    if completed_at := data.get("completed_at"):
        state.completed_at = datetime.fromisoformat(completed_at)
    return state


_PLAIN = (
    "opened",
    "view",
    "current",
    "reason",
    "seconds",
    "pending_seconds",
    "stated",
    "success_reported",
    "stores",
    "earned",
    "closed",
    "scratch",
)
_NEVER = datetime.min.replace(tzinfo=UTC)
_EMPTY: tuple[Any, ...] = (None, 0, 0.0, False, {}, [])
_MOMENTS = frozenset({"since", "seen", "ends_at", "started_at", "ended_at"})


def _summary(entry: AttemptSummary) -> dict[str, Any]:
    return {"number": entry.number} | _sparse(entry, AttemptSummary(entry.number))


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat()


def _sparse(value: Any, initial: Any) -> dict[str, Any]:
    """The fields that differ from ``initial``, times as texts; an identifier is always written."""
    data: dict[str, Any] = {}
    for name in type(value).__slots__:
        content = getattr(value, name)
        if name != "id" and content == getattr(initial, name):
            continue
        data[name] = _moment(content) if isinstance(content, datetime) else content
    return data


def _read(kind: Any, data: Mapping[str, Any]) -> Any:
    known = kind.__slots__
    return kind(
        **{
            name: datetime.fromisoformat(content) if name in _MOMENTS and content is not None else content
            for name, content in data.items()
            if name in known
        }
    )
