"""Whole courses in one line, for the tests of a host; ``build_package`` has everything else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from scorm_embed.core.sequencing.definition import ControlMode, SequencingDefinition
from scorm_embed.core.standard import Standard
from scorm_embed.testing.package_builder import Item, build_package

_EDITIONS = {2: Standard.SCORM_2004_2ND, 3: Standard.SCORM_2004_3RD, 4: Standard.SCORM_2004_4TH}


def course_12(
    *activities: str | Item,
    title: str = "Course",
    mastery_score: float | None = None,
    files: Mapping[str, bytes | str] | None = None,
) -> bytes:
    """Give a SCORM 1.2 course as the bytes of its zip.

    Args:
        activities: identifiers, or items with more to say; one activity called ``item_1`` when there is none.
        mastery_score: of every activity that says none itself, 0 to 100.
        files: more files.
    """
    items = [
        replace(item, mastery_score=mastery_score) if item.mastery_score is None else item
        for item in _items(activities)
    ]
    return build_package(Standard.SCORM_12, items, title=title, files=files)


def course_2004(
    *activities: str | Item,
    title: str = "Course",
    edition: int = 4,
    flow: bool = True,
    choice: bool = True,
    sequencing: SequencingDefinition | str | None = None,
    files: Mapping[str, bytes | str] | None = None,
) -> bytes:
    """Give a SCORM 2004 course as the bytes of its zip.

    Args:
        activities: identifiers, or items with more to say; one activity called ``item_1`` when there is none.
        edition: 2, 3 or 4.
        flow: Continue and Previous lead along the course.
        choice: the learner may choose from the menu.
        sequencing: of the course itself, in place of ``flow`` and ``choice``: a definition, or markup.
        files: more files.
    """
    if edition not in _EDITIONS:
        raise ValueError("edition must be 2, 3 or 4.")
    own = sequencing or SequencingDefinition(control_mode=ControlMode(choice=choice, flow=flow))
    return build_package(_EDITIONS[edition], _items(activities), title=title, sequencing={None: own}, files=files)


def _items(activities: tuple[str | Item, ...]) -> list[Item]:
    return [Item(entry) if isinstance(entry, str) else entry for entry in activities or ("item_1",)]
