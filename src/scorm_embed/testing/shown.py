"""What the player shows: the session's figures, and the course menu as the learner sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scorm_embed.storage.base import Score

_COMPLETE_FIRST = ("finish_first", "prerequisites", "stopped", "disabled", "nothing_to_deliver")


@dataclass(frozen=True, slots=True)
class SessionShown:
    """The session as the server last told it to the player."""

    state: str
    completion_status: str
    success_status: str
    score: Score | None
    progress_measure: float | None
    version: int


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """One entry of the course menu, as the learner sees it."""

    id: str
    title: str
    level: int
    """1 for the course itself."""
    status: str
    """``not attempted``, ``incomplete``, ``completed``, ``passed`` or ``failed``."""
    choosable: bool
    current: bool
    first: tuple[str, ...] = ()
    """The activities to complete before the entry opens, where the course says so."""


def menu_entries(node: Mapping[str, Any], navigation: Mapping[str, Any], level: int) -> Iterator[MenuEntry]:
    """Give the entries of the menu below a node of the tree, in the order of the course."""
    shown = node["visible"] and node["id"] not in navigation["absent"]
    if shown:
        reason = navigation["closed"].get(node["id"])
        helps = reason is not None and reason["code"] in _COMPLETE_FIRST
        yield MenuEntry(
            id=node["id"],
            title=node["title"],
            level=level,
            status=navigation["status"].get(node["id"], "not attempted"),
            choosable=reason is None,
            current=navigation["current"] == node["id"],
            first=tuple(reason["activities"]) if helps else (),
        )
    for child in node["children"]:
        # What is not shown does not hide its children: they move up.
        yield from menu_entries(child, navigation, level + 1 if shown else level)


def identifiers_of(tree: Mapping[str, Any]) -> set[str]:
    """Give the identifiers of all activities."""
    found = {tree["id"]}
    for child in tree["children"]:
        found |= identifiers_of(child)
    return found
