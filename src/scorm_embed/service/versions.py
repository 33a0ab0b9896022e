"""What a new version of a package changes in the activity tree: for the author at import, before learners meet it.

Works on the trees as packages show them, so that no old manifest is read again. Activities are the same where their
identifiers are.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from scorm_embed.service.model import Document

CHANGES_MAX = 500
"""Changes that are listed one by one; the rest is counted."""


class ChangeKind(Enum):
    """What became of an activity."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    """It has another parent, or another place among the activities that stayed beside it."""
    RENAMED = "renamed"
    MORE = "more"
    """Stands for ``count`` changes that are not listed."""


@dataclass(frozen=True, slots=True)
class _Place:
    title: str
    parent: str | None
    children: tuple[str, ...]


def structural_changes(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> list[Document]:
    """Compare two activity trees.

    Args:
        before, after: trees of ``{"id", "title", "children"}`` as ``PackageRecord.activities`` keeps them.

    Returns:
        ``{"change", "activity_id", "title"}`` each; ``was`` is the old title of a renamed activity, ``parent_id`` the
        parent of one that was added or moved (None: the top). Removed ones first, then in the order of the new tree.
    """
    old, new = _places(before), _places(after)
    changes = [_change(ChangeKind.REMOVED, identifier, old[identifier]) for identifier in old if identifier not in new]
    strayed = _strayed(old, new)
    for identifier, place in new.items():
        if identifier is None:
            continue
        known = old.get(identifier)
        if known is None:
            changes.append(_change(ChangeKind.ADDED, identifier, place, parent_id=place.parent))
            continue
        if identifier in strayed:
            changes.append(_change(ChangeKind.MOVED, identifier, place, parent_id=place.parent))
        if known.title != place.title:
            changes.append(_change(ChangeKind.RENAMED, identifier, place, was=known.title))
    if len(changes) > CHANGES_MAX:
        changes[CHANGES_MAX:] = [{"change": ChangeKind.MORE.value, "count": len(changes) - CHANGES_MAX}]
    return changes


def _change(kind: ChangeKind, identifier: str | None, place: _Place, **facts: str | None) -> Document:
    return {"change": kind.value, "activity_id": identifier, "title": place.title, **facts}


def _places(tree: Sequence[Mapping[str, Any]]) -> dict[str | None, _Place]:
    """Every activity in the order of the tree; the course itself is None."""
    places: dict[str | None, _Place] = {None: _Place("", None, _ids(tree))}
    waiting: list[tuple[Mapping[str, Any], str | None]] = [(entry, None) for entry in reversed(tree)]
    while waiting:
        entry, parent = waiting.pop()
        children = entry.get("children") or ()
        places[entry["id"]] = _Place(entry["title"], parent, _ids(children))
        waiting.extend((child, entry["id"]) for child in reversed(children))
    return places


def _ids(entries: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(entry["id"] for entry in entries)


def _strayed(old: Mapping[str | None, _Place], new: Mapping[str | None, _Place]) -> set[str]:
    """Activities that have another parent, and of those that stayed the fewest whose moving explains the new order."""
    strayed = {
        identifier
        for identifier, place in new.items()
        if identifier is not None and identifier in old and old[identifier].parent != place.parent
    }
    for parent, place in new.items():
        if parent in old:
            position = {identifier: at for at, identifier in enumerate(old[parent].children)}
            stayed = [identifier for identifier in place.children if identifier in position]
            in_order = set(_longest_rise([position[identifier] for identifier in stayed]))
            strayed.update(identifier for identifier in stayed if position[identifier] not in in_order)
    return strayed


def _longest_rise(numbers: Sequence[int]) -> Iterator[int]:
    """The longest increasing subsequence, from its end."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for at, number in enumerate(numbers):
        length = bisect_left(tails, number)
        tails[length : length + 1] = [number]
        ends[length : length + 1] = [at]
        before.append(ends[length - 1] if length else -1)
    at = ends[-1] if ends else -1
    while at >= 0:
        yield numbers[at]
        at = before[at]
