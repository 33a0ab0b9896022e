"""What will hurt while a course runs: the wrong API, and sequencing in which a learner is stuck.

Owns the codes, ranks and sentences; what is true is found in ``core``.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

from scorm_embed.content.media_types import is_stored
from scorm_embed.core.datamodel.api_calls import ApiTraces, api_traces
from scorm_embed.core.manifest import Course, Severity
from scorm_embed.core.sequencing.activity_tree import ActivityTree
from scorm_embed.core.sequencing.traps import Exploration, TrapKind, find_traps

SCANNED_FILE_BYTES_MAX = 32 * 1024**2
"""A larger file is not read; what the course calls is then not certain, and nothing is said."""
SCANNED_BYTES_MAX = 512 * 1024**2
TRAPS_SHOWN_MAX = 10
"""Findings of one kind."""
_UNREADABLE = (".swf", ".wasm", ".jar", ".class", ".zip", ".dcr", ".unity3d", ".xap", ".gz", ".br")
"""Files that may call an API in a way that their bytes do not show."""

Finding = tuple[str, Severity, str, str | None]
"""Code, rank, sentence, and the file or activity that it is about."""

RUN_TIME_FINDINGS = {
    "API_OF_OTHER_STANDARD": (
        Severity.HURTS,
        "The course calls the API of {other} ('{name}') and nowhere that of {own}, which its manifest declares: it "
        "will find no API, and nothing will be tracked.",
    ),
    "NOTHING_OPENS": (Severity.BLOCKS, "At the start nothing is opened and nothing can be chosen."),
    "START_OPENS_NOTHING": (
        Severity.UNTIDY,
        "At the start nothing is opened: learners see the menu and have to choose. With flow the first activity would "
        "open by itself.",
    ),
    "DEAD_END": (
        Severity.HURTS,
        "When '{activity}' has ended as {reported}, nothing can be opened any more although something is left to do.",
    ),
    "ENDLESS_ACTIVITY": (
        Severity.HURTS,
        "'{activity}' can be opened for ever: whatever it reports and wherever the learner goes, it is opened again.",
    ),
    "UNENDING_FLOW": (
        Severity.HURTS,
        "Rules around '{activity}' contradict each other: looking for the next activity goes round in a circle.",
    ),
    "ACTIVITY_UNREACHABLE": (Severity.HURTS, "Learners never get to '{activity}': every way was tried."),
}
"""Every finding of this module by its code: rank and sentence."""

_CODES = {
    TrapKind.NOTHING_OPENS: "NOTHING_OPENS",
    TrapKind.START_OPENS_NOTHING: "START_OPENS_NOTHING",
    TrapKind.DEAD_END: "DEAD_END",
    TrapKind.ENDLESS: "ENDLESS_ACTIVITY",
    TrapKind.UNENDING_FLOW: "UNENDING_FLOW",
    TrapKind.UNREACHABLE: "ACTIVITY_UNREACHABLE",
}


def _finding(code: str, place: str | None, **facts: str) -> Finding:
    severity, sentence = RUN_TIME_FINDINGS[code]
    return code, severity, sentence.format(**facts), place


def api_findings(blob: Path, course: Course) -> Iterator[Finding]:
    """Say when a course speaks to the other standard only; nothing where that is not certain."""
    if not any(item.sco for item in course.launchables.values()):
        return
    own, other = ApiTraces.SCORM_12, ApiTraces.SCORM_2004
    names = ("SCORM 1.2", "SCORM 2004")
    if course.standard.is_2004:
        own, other, names = other, own, names[::-1]
    where: str | None = None
    left = SCANNED_BYTES_MAX
    with zipfile.ZipFile(blob) as archive:
        for entry in archive.infolist():
            if entry.filename.lower().endswith(_UNREADABLE):
                return
            if is_stored(entry.filename) or entry.filename == "imsmanifest.xml":
                continue
            left -= entry.file_size
            if entry.file_size > SCANNED_FILE_BYTES_MAX or left < 0:
                return
            traces = api_traces(archive.read(entry))
            if traces & (own | ApiTraces.ELSEWHERE):
                return
            if traces & other:
                where = where or entry.filename
    if where is not None:
        yield _finding("API_OF_OTHER_STANDARD", where, own=names[0], other=names[1], name=where)


def sequencing_findings(course: Course) -> Iterator[Finding]:
    """Say where sequencing leaves a learner stuck."""
    found: Exploration = find_traps(ActivityTree(course.tree))
    shown: dict[TrapKind, int] = {}
    for trap in found.traps:
        shown[trap.kind] = shown.get(trap.kind, 0) + 1
        if shown[trap.kind] <= TRAPS_SHOWN_MAX:
            yield _finding(
                _CODES[trap.kind],
                trap.activity,
                activity=trap.activity or course.root.identifier,
                reported=trap.reported or "it is",
            )
