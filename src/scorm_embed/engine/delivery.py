"""The run-time data that an activity starts with: what the LMS, the manifest and the tracking model know.

Owns which element gets its first value from where (RTE 4.2 and SCORM 1.2 RTE 3.4.4, "LMS behaviour"), for a new
learner attempt on an activity and for one that goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scorm_embed.core.datamodel import CmiState, DataModel
from scorm_embed.core.manifest.model import Course, Launchable
from scorm_embed.core.sequencing.activity_tree import ActivityTree
from scorm_embed.core.sequencing.definition import MapItem
from scorm_embed.core.sequencing.transfer import read_objective
from scorm_embed.core.values import format_iso_duration, format_timespan, parse_duration
from scorm_embed.engine.state import SessionState
from scorm_embed.engine.transfer import text


@dataclass(frozen=True, slots=True)
class Learner:
    """Who is learning, as content is told."""

    id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Opening:
    """What makes the first run-time values of one delivery."""

    course: Course
    tree: ActivityTree
    model: DataModel
    state: SessionState
    learner: Learner
    stores: Mapping[str, str]
    """The learner's shared data by identifier."""


def open_activity(opening: Opening, activity_id: str, stored: Mapping[str, str] | None) -> dict[str, str]:
    """Make the run-time data of a delivery.

    Args:
        activity_id: a launchable activity.
        stored: what the attempt that goes on has left; None for a new attempt.
    """
    launchable = opening.course.launchables[activity_id]
    if opening.course.standard.is_2004:
        return _open_2004(opening, launchable, stored)
    return _open_12(opening, launchable, stored)


def _mode(state: SessionState) -> str:
    return state.launch.mode if state.launch else "normal"


def _entry(opening: Opening, activity_id: str, fresh: bool) -> str:
    record = opening.state.record(activity_id)
    if _mode(opening.state) == "review":
        return ""
    if fresh or record.unopened:
        return "ab-initio"
    if record.suspended or opening.course.standard.is_2004:
        return "resume"
    return ""


def _kept(opening: Opening, stored: Mapping[str, str] | None) -> dict[str, str]:
    """What a resumed attempt keeps: all but what belongs to one communication session."""
    cmi = CmiState(opening.model, stored or {})
    cmi.restart()
    return cmi.values


def _open_12(opening: Opening, item: Launchable, stored: Mapping[str, str] | None) -> dict[str, str]:
    mode = _mode(opening.state)
    values = _kept(opening, stored)
    values |= {
        "cmi.core.student_id": opening.learner.id,
        "cmi.core.student_name": opening.learner.name,
        "cmi.core.credit": "credit" if mode == "normal" else "no-credit",
        "cmi.core.lesson_mode": mode,
        "cmi.core.entry": _entry(opening, item.identifier, stored is None),
    }
    values.setdefault("cmi.core.total_time", format_timespan(0))
    if item.launch_data is not None:
        values["cmi.launch_data"] = item.launch_data
    if item.mastery_score is not None:
        values["cmi.student_data.mastery_score"] = item.mastery_score
    if item.max_time_allowed is not None:
        values["cmi.student_data.max_time_allowed"] = item.max_time_allowed
    if item.time_limit_action is not None:
        values["cmi.student_data.time_limit_action"] = item.time_limit_action
    return values


def _open_2004(opening: Opening, item: Launchable, stored: Mapping[str, str] | None) -> dict[str, str]:
    mode = _mode(opening.state)
    values = _kept(opening, stored)
    values |= {
        "cmi.learner_id": opening.learner.id,
        "cmi.learner_name": opening.learner.name,
        "cmi.credit": "credit" if mode == "normal" else "no-credit",
        "cmi.mode": mode,
        "cmi.entry": _entry(opening, item.identifier, stored is None),
    }
    values.setdefault("cmi.total_time", format_iso_duration(0))
    for name, value in (
        ("cmi.launch_data", item.launch_data),
        ("cmi.max_time_allowed", item.max_time_allowed),
        ("cmi.time_limit_action", item.time_limit_action),
        ("cmi.completion_threshold", item.completion_threshold),
        ("cmi.scaled_passing_score", item.scaled_passing_score),
    ):
        if value is not None:
            values[name] = value
    _seed_objectives(opening, item, values, stored is None)
    for index, bucket in enumerate(item.shared_data):
        values[f"adl.data.{index}.id"] = bucket.target
        values.pop(f"adl.data.{index}.store", None)
        if (content := opening.stores.get(bucket.target)) is not None:
            values[f"adl.data.{index}.store"] = content
        if not bucket.read:
            values[f"adl.data.{index}._read"] = "false"
        if not bucket.write:
            values[f"adl.data.{index}._write"] = "false"
    return values


def _seed_objectives(opening: Opening, item: Launchable, values: dict[str, str], fresh: bool) -> None:
    """The manifest's objectives come first, with what tracking knows of them; in a resumed attempt only what other
    activities wrote into mapped global objectives meanwhile replaces what the SCO has left (suite: SX-11a)."""
    rows = {value: name[:-3] for name, value in values.items() if _is_objective_id(name)}
    count = len(rows)
    for identifier in item.objective_ids:
        row = rows.get(identifier)
        if row is None:
            row = f"cmi.objectives.{count}"
            values[f"{row}.id"] = identifier
            count += 1
        seed = read_objective(opening.state.tracking, item.identifier, identifier)
        if seed is None:
            continue
        for source, leaf, value in (
            (MapItem.SATISFIED_STATUS, "success_status", _word(seed.satisfied, "passed", "failed")),
            (MapItem.COMPLETION_STATUS, "completion_status", _word(seed.completion, "completed", "incomplete")),
            (MapItem.NORMALIZED_MEASURE, "score.scaled", _text(seed.measure)),
            (MapItem.RAW_SCORE, "score.raw", _text(seed.raw)),
            (MapItem.MIN_SCORE, "score.min", _text(seed.minimum)),
            (MapItem.MAX_SCORE, "score.max", _text(seed.maximum)),
            (MapItem.PROGRESS_MEASURE, "progress_measure", _text(seed.progress)),
        ):
            known = f"cmi.objectives.n.{leaf}" in opening.model.elements
            if value is not None and known and (fresh or source in seed.mapped):
                values[f"{row}.{leaf}"] = value


def _word(flag: bool | None, yes: str, no: str) -> str | None:
    return None if flag is None else yes if flag else no


def _text(value: float | None) -> str | None:
    return None if value is None else text(value)


def _is_objective_id(name: str) -> bool:
    return name.startswith("cmi.objectives.") and name.endswith(".id") and name.count(".") == 3


def add_time(standard_2004: bool, total: str | None, seconds: float) -> str:
    """Add to a total time, in the form of its standard; what cannot be read counts as zero."""
    hundredths = (parse_duration(total or "") or 0) + round(seconds * 100)
    return format_iso_duration(hundredths) if standard_2004 else format_timespan(hundredths)
