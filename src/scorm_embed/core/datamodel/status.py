"""Statuses that follow from other elements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scorm_embed.core.datamodel.element import Element
from scorm_embed.core.datamodel.scorm2004 import ROWS
from scorm_embed.core.values import parse_real


@dataclass(frozen=True, slots=True)
class Status:
    """What the data of one SCO say about completion and success, in the words of SCORM 2004."""

    completion: str
    """``completed``, ``incomplete``, ``not attempted`` or ``unknown``."""
    success: str
    """``passed``, ``failed`` or ``unknown``."""


def overridden(element: Element, values: Mapping[str, str]) -> str | None:
    """The computed status of an element whose threshold has a value, else None (RTE tables 4.2.4.1a, 4.2.22.1a)."""
    override = element.override
    if override is None:
        return None
    threshold = parse_real(values.get(override.threshold, ""))
    if threshold is None:
        return None
    measure = parse_real(values.get(override.measure, ""))
    if measure is None:
        return element.default
    return override.reached if measure >= threshold else override.missed


_ELEMENTS = {row.name: row for row in ROWS if isinstance(row, Element) and row.override}
_LESSON = {
    "passed": Status("completed", "passed"),
    "failed": Status("completed", "failed"),
    "completed": Status("completed", "unknown"),
    "browsed": Status("completed", "unknown"),
    "incomplete": Status("incomplete", "unknown"),
    "not attempted": Status("not attempted", "unknown"),
}


def effective_status(values: Mapping[str, str]) -> Status:
    """Completion and success as GetValue would answer them now, for the flat map of either standard.

    SCORM 1.2 has one status for both: passed and failed are completed too, browsed counts as completed.
    """
    lesson = values.get("cmi.core.lesson_status")
    if lesson is not None:
        return _LESSON.get(lesson, Status("unknown", "unknown"))
    completion, success = (
        overridden(_ELEMENTS[name], values) or values.get(name) or "unknown"
        for name in ("cmi.completion_status", "cmi.success_status")
    )
    return Status(completion, success)
