"""Run-time data into the tracking model and back (SN 4th Edition, 4.2.1): what the engine calls for one activity.

Owns the meaning of a reported value. The engine calls the ``record_`` functions for what the content set, before it
asks for anything else of sequencing; ``rollup`` afterwards where the attempt goes on. Nothing is recorded for
activities that are not tracked, nor for objectives the manifest does not define.
"""

from __future__ import annotations

from dataclasses import dataclass

from scorm_embed.core.sequencing.activity_tree import (
    COMPLETION,
    ITEMS,
    MAXIMUM,
    MEASURE,
    MINIMUM,
    PROGRESS,
    RAW,
    SATISFIED,
    ActivityTree,
)
from scorm_embed.core.sequencing.definition import MapItem
from scorm_embed.core.sequencing.rollup import overall_rollup_process
from scorm_embed.core.sequencing.tracking import UNSET_COMPLETION, UNSET_SATISFIED, TrackingState


def record_completion(state: TrackingState, activity: str, completed: bool | None) -> None:
    """Record cmi.completion_status: completed True, incomplete and not attempted False, unknown None.

    None keeps the attempt from being completed for the content when it ends (UP.4).
    """
    index = state.tree.by_id[activity]
    state.note_unset(index, UNSET_COMPLETION, completed is None)
    state.write_through(index, COMPLETION, completed)


def record_progress_measure(state: TrackingState, activity: str, measure: float | None) -> None:
    """Record cmi.progress_measure, 0 to 1."""
    state.write_through(state.tree.by_id[activity], PROGRESS, measure)


def record_satisfied(state: TrackingState, activity: str, satisfied: bool | None, objective: str | None = None) -> None:
    """Record cmi.success_status, or that of an objective: passed True, failed False, unknown None.

    An objective that is satisfied by measure takes its status from the measure alone. For the primary objective None
    keeps the attempt from being satisfied for the content when it ends (UP.4).
    """
    slot = _slot(state, activity, objective)
    if slot is None:
        return
    if slot == state.tree.by_id[activity]:
        state.note_unset(slot, UNSET_SATISFIED, satisfied is None)
    if slot not in state.tree.satisfied_by_measure:
        state.write_through(slot, SATISFIED, satisfied)


def record_measure(state: TrackingState, activity: str, measure: float | None, objective: str | None = None) -> None:
    """Record cmi.score.scaled, or that of an objective, -1 to 1; None makes it unknown."""
    slot = _slot(state, activity, objective)
    if slot is None:
        return
    state.write_through(slot, MEASURE, measure)
    if slot in state.tree.satisfied_by_measure:
        state.write_through(slot, SATISFIED, state.satisfied_by_own_measure(slot))


def record_scores(
    state: TrackingState,
    activity: str,
    raw: float | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    objective: str | None = None,
) -> None:
    """Record cmi.score.raw, min and max, or those of an objective; None leaves what was recorded before."""
    slot = _slot(state, activity, objective)
    if slot is None:
        return
    for item, value in ((RAW, raw), (MINIMUM, minimum), (MAXIMUM, maximum)):
        if value is not None:
            state.write_through(slot, item, value)


def record_objective_completion(state: TrackingState, activity: str, objective: str, completed: bool | None) -> None:
    """Record cmi.objectives.n.completion_status; that of the primary objective is the activity's own."""
    slot = _slot(state, activity, objective)
    if slot is not None:
        state.write_through(slot, COMPLETION, completed)


def record_objective_progress(state: TrackingState, activity: str, objective: str, measure: float | None) -> None:
    """Record cmi.objectives.n.progress_measure; that of the primary objective is the activity's own."""
    slot = _slot(state, activity, objective)
    if slot is not None:
        state.write_through(slot, PROGRESS, measure)


def mark_suspended(state: TrackingState, activity: str) -> None:
    """Record that the content left with cmi.exit = suspend: its attempt goes on the next time it is delivered."""
    state.set_suspended(state.tree.by_id[activity], True)


def rollup(tree: ActivityTree, state: TrackingState, activity: str) -> None:
    """Roll up after a transfer in the middle of an attempt (RB.1.5)."""
    overall_rollup_process(tree, state, tree.by_id[activity])


@dataclass(frozen=True, slots=True)
class ObjectiveReading:
    """What is known about an objective as the content may read it; None is unknown."""

    satisfied: bool | None
    measure: float | None
    raw: float | None
    minimum: float | None
    maximum: float | None
    completion: bool | None
    progress: float | None
    mapped: frozenset[MapItem]
    """The items whose value comes from a global objective; when an attempt is resumed these replace what was saved."""


def read_objective(state: TrackingState, activity: str, objective: str | None = None) -> ObjectiveReading | None:
    """What a communication session starts with for an objective (None: the primary); None for an unknown identifier."""
    slot = _slot(state, activity, objective)
    if slot is None:
        return None
    mapped = frozenset(
        name
        for item, name in enumerate(ITEMS)
        if slot in state.tree.reads[item] and state.tree.reads[item][slot] in state.shared.by_item[item]
    )
    if slot in state.tree.satisfied_by_measure:
        if MapItem.NORMALIZED_MEASURE in mapped:
            mapped |= {MapItem.SATISFIED_STATUS}
        else:
            mapped -= {MapItem.SATISFIED_STATUS}
    return ObjectiveReading(
        satisfied=state.satisfied(slot),
        measure=state.value(slot, MEASURE),
        raw=state.value(slot, RAW),
        minimum=state.value(slot, MINIMUM),
        maximum=state.value(slot, MAXIMUM),
        completion=state.completed(slot),
        progress=state.value(slot, PROGRESS),
        mapped=mapped,
    )


@dataclass(frozen=True, slots=True)
class ActivityStatus:
    """How an activity stands with the learner, for menus and reports; None is unknown."""

    attempts: int
    active: bool
    suspended: bool
    completed: bool | None
    satisfied: bool | None
    measure: float | None
    progress: float | None


def activity_status(state: TrackingState, activity: str) -> ActivityStatus:
    """How an activity stands: a cluster's values are rolled up from its children."""
    index = state.tree.by_id[activity]
    return ActivityStatus(
        attempts=state.attempts.get(index, 0),
        active=index in state.active,
        suspended=index in state.suspended,
        completed=state.completed(index),
        satisfied=state.satisfied(index),
        measure=state.value(index, MEASURE),
        progress=state.value(index, PROGRESS),
    )


def _slot(state: TrackingState, activity: str, objective: str | None) -> int | None:
    return state.tree.slot(state.tree.by_id[activity], objective)
