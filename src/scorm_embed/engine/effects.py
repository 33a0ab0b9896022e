"""What the host must do after an event: store, deliver, tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from scorm_embed.engine.state import ActivityRecord


class Happening(Enum):
    """What hooks can hear of."""

    LAUNCHED = "launched"
    PROGRESS = "progress"
    COMPLETED = "completed"
    PASSED = "passed"
    FAILED = "failed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Delivery:
    """An activity to deliver: its run-time data are made by ``delivery.open_activity`` from what is stored."""

    activity_id: str
    activity_attempt: int
    fresh: bool
    """Nothing is stored for this attempt: do not look."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An element that the data model refused, with the SCORM error code and a sentence."""

    number: int
    element: str
    code: int
    reason: str


@dataclass(slots=True)
class Effects:
    """Everything an event led to, beside the changed state itself."""

    before: tuple[str, int] | None = None
    """The activity, and the learner attempt on it, whose run-time data ``runtime`` changes."""
    delivery: Delivery | None = None
    view_changed: bool = False
    tracking_changed: bool = False
    """Whether what the learner may do next can be different now."""
    problem: tuple[str, str] | None = None
    """Why a request led nowhere: exception code and sentence."""
    refused: list[Refusal] = field(default_factory=list)
    tolerated: list[tuple[str, str, str]] = field(default_factory=list)
    """Element, rule and sentence of what tolerance let through."""
    runtime: dict[str, str | None] = field(default_factory=dict)
    """Changed elements of the activity that was open when the event came."""
    stores: dict[str, str] = field(default_factory=dict)
    """Shared data stores that changed, by identifier."""
    put_away: dict[str, ActivityRecord] = field(default_factory=dict)
    """What each activity came to in the attempt that was current when the event came, where the next has begun."""
    happenings: list[Happening] = field(default_factory=list)
    clock_seconds: float | None = None
    """How long a communication session that was closed took by the server's clock."""
