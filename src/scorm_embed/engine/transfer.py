"""Run-time data to the tracking model and back (SN 4th Edition 4.2.1, RTE 4.2; SCORM 1.2 lesson_status).

Owns which run-time element feeds which tracking value. Nothing is decided about navigation here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scorm_embed.core.datamodel import CmiState, effective_status
from scorm_embed.core.sequencing.activity_tree import Activity, ActivityTree
from scorm_embed.core.sequencing.tracking import TrackingState
from scorm_embed.core.sequencing.transfer import (
    record_completion,
    record_measure,
    record_objective_completion,
    record_objective_progress,
    record_progress_measure,
    record_satisfied,
    record_scores,
    rollup,
)
from scorm_embed.core.values import parse_real
from scorm_embed.engine.state import ActivityRecord, SessionState

_COMPLETION = {"completed": True, "incomplete": False, "not attempted": False}
_SUCCESS = {"passed": True, "failed": False}


def number(text: str | None) -> float | None:
    """A run-time number, or None where there is none, or one that is too large to reckon with."""
    return parse_real(text) if text else None


def transfer(
    state: SessionState, tree: ActivityTree, activity: Activity, cmi: CmiState, content: Sequence[str]
) -> None:
    """Take what the content reported into tracking and into the activity's record, then roll up (RB.1.5).

    Args:
        content: elements of status that the content itself has set, the newest last.
    """
    record = state.record(activity.identifier)
    describe(record, cmi)
    if record.success != "unknown" or record.score:
        state.success_reported = True
    if cmi.model.standard.is_2004:
        _transfer_2004(state.tracking, activity, cmi, content)
    else:
        _transfer_12(state.tracking, activity.identifier, record, cmi)
    rollup(tree, state.tracking, activity.identifier)


def describe(record: ActivityRecord, cmi: CmiState) -> None:
    """Write into an activity's record what its run-time data say."""
    status = effective_status(cmi.values)
    group = "cmi.score" if cmi.model.standard.is_2004 else "cmi.core.score"
    record.completion = "completed" if status.completion == "completed" else "incomplete"
    record.success = status.success
    record.progress = number(cmi.values.get("cmi.progress_measure"))
    record.score = {
        leaf: value
        for leaf in ("scaled", "raw", "min", "max")
        if (value := number(cmi.values.get(f"{group}.{leaf}"))) is not None
    }
    if not cmi.model.standard.is_2004 and "raw" in record.score:
        record.score["scaled"] = scaled_score(record.score)
        if record.score.get("max", 0.0) > 0.0:
            # The bounds that "scaled" was made with: content that names one of them often leaves out a minimum of 0.
            record.score.setdefault("min", 0.0)


def scaled_score(score: Mapping[str, float]) -> float:
    """SCORM 1.2 scores are normalised to 0..100; min and max are honoured where they span something."""
    low, high = score.get("min", 0.0), score.get("max", 100.0)
    if high <= low:
        low, high = 0.0, 100.0
    return max(-1.0, min(1.0, (score["raw"] - low) / (high - low)))


def _transfer_12(tracking: TrackingState, activity: str, record: ActivityRecord, cmi: CmiState) -> None:
    if cmi.values.get("cmi.core.lesson_status", "not attempted") != "not attempted":
        record_completion(tracking, activity, record.completion == "completed")
    if record.success != "unknown":
        record_satisfied(tracking, activity, record.success == "passed")
    if "scaled" in record.score:
        record_measure(tracking, activity, record.score["scaled"])


def _transfer_2004(tracking: TrackingState, activity: Activity, cmi: CmiState, content: Sequence[str]) -> None:
    """The primary objective may be reported as ``cmi.*`` and as a record with its identifier: what the content set
    beats what was seeded, and of two that it set the later success and otherwise ``cmi.*``."""
    sequencing = activity.definition.sequencing
    rows = _objective_rows(cmi)
    primary = rows.get(sequencing.primary_objective.identifier or "")
    values = {leaf: _spoken(cmi, f"cmi.{leaf}", content) for leaf in _LEAVES}
    if primary is not None:
        for leaf in _LEAVES:
            own = _spoken(cmi, f"{primary}.{leaf}", content)
            later = (
                leaf == "success_status" and own is not None and _is_later(f"{primary}.{leaf}", f"cmi.{leaf}", content)
            )
            if values[leaf] is None or later:
                values[leaf] = own
    _record(tracking, activity.identifier, None, values)
    for objective in sequencing.objectives:
        row = rows.get(objective.identifier or "")
        if row is not None:
            spoken = {leaf: _spoken(cmi, f"{row}.{leaf}", content) for leaf in _LEAVES}
            _record(tracking, activity.identifier, objective.identifier, spoken)


_LEAVES = (
    "completion_status",
    "progress_measure",
    "success_status",
    "score.scaled",
    "score.raw",
    "score.min",
    "score.max",
)


def _spoken(cmi: CmiState, element: str, content: Sequence[str]) -> str | None:
    """What the content said about an element, as it reads now; None when it said nothing.

    A status that is computed from a measure counts as said when the measure was.
    """
    row = cmi.model.elements.get(element)
    computed_from = row.override.measure if row is not None and row.override is not None else element
    if element not in content and computed_from not in content:
        return None
    answer = cmi.get(element)
    if element not in content and answer.value == "unknown":
        return None
    return answer.value if answer.code == 0 else None


def _is_later(row: str, leaf: str, content: Sequence[str]) -> bool:
    """Whether the content spoke of the record's element after it spoke of the same element of ``cmi``."""
    own, whole = f"{row}.{leaf}", f"cmi.{leaf}"
    return whole not in content or (own in content and content.index(own) > content.index(whole))


def _record(tracking: TrackingState, activity: str, objective: str | None, values: Mapping[str, str | None]) -> None:
    """Record what was said about one objective (None: the primary one, ``cmi.*``), and nothing else."""
    raw, low, high = (number(values[f"score.{leaf}"]) for leaf in ("raw", "min", "max"))
    record_scores(tracking, activity, raw, low, high, objective)
    if (progress := number(values["progress_measure"])) is not None:
        if objective is None:
            record_progress_measure(tracking, activity, progress)
        else:
            record_objective_progress(tracking, activity, objective, progress)
    if (completion := values["completion_status"]) is not None:
        if objective is None:
            record_completion(tracking, activity, _COMPLETION.get(completion))
        else:
            record_objective_completion(tracking, activity, objective, _COMPLETION.get(completion))
    if (success := values["success_status"]) is not None:
        record_satisfied(tracking, activity, _SUCCESS.get(success), objective)
    if (measure := number(values["score.scaled"])) is not None:
        record_measure(tracking, activity, measure, objective)


def _objective_rows(cmi: CmiState) -> dict[str, str]:
    """Identifier to the name of its record, such as ``cmi.objectives.2``."""
    names = (f"cmi.objectives.{index}" for index in range(cmi.counts.get("cmi.objectives", 0)))
    return {cmi.values[f"{name}.id"]: name for name in names if f"{name}.id" in cmi.values}


def text(value: float) -> str:
    """A number as the data model writes it: no exponent, no trailing zeros."""
    return f"{value:.7f}".rstrip("0").rstrip(".") if value % 1 else str(int(value))
