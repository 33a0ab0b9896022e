"""What can happen to a session: the events that the host reports to the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scorm_embed.core.sequencing.vocabulary import NavigationRequest


@dataclass(frozen=True, slots=True)
class Started:
    """The player's page has loaded: the course starts, resumes, or begins a new attempt."""


@dataclass(frozen=True, slots=True)
class Committed:
    """The content of a view reported changed elements, and perhaps that it initialised or terminated."""

    number: int
    activity_id: str | None
    elements: Sequence[tuple[str, str | None]] = ()
    """In the order in which they were first set; ``cmi.comments`` (SCORM 1.2) only what was appended."""
    initialized: bool = False
    terminated: bool = False
    act: bool = True
    """Whether the content's navigation request may be acted on: not when the learner's own event follows, nor when the
    content has begun again meanwhile."""
    recovered: bool = False
    """Whether the data come from the journal of an earlier run: they say nothing about when the learner was there."""


@dataclass(frozen=True, slots=True)
class Requested:
    """The learner asked for something in the player's own controls."""

    request: NavigationRequest
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """The learner is gone without a navigation event: page closed, launch expired or superseded."""

    noticed: bool = True
    """Whether this is heard when it happens; else the learner was last seen when the player was last heard of."""


@dataclass(frozen=True, slots=True)
class Written:
    """The host changed the session through the HTTP API."""

    elements: Mapping[str, str | None] = field(default_factory=dict)
    stated: Mapping[str, object] = field(default_factory=dict)
    """completion_status, success_status, score, progress_measure as given outright."""
    session_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class AttemptRequested:
    """The host asked for a new attempt on the course."""


Event = Started | Committed | Requested | Left | Written | AttemptRequested
