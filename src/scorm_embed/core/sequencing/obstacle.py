"""What stands between a learner and an activity, and looking for it along a path."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from scorm_embed.core.sequencing.activity_tree import ActivityTree
from scorm_embed.core.sequencing.vocabulary import SequencingExceptionCode


class Obstacle(NamedTuple):
    """Why something cannot be done: the exception, and the activity that it is about (NO_ACTIVITY for none)."""

    exception: SequencingExceptionCode
    activity: int


def first_on_path(
    tree: ActivityTree,
    known: dict[int, Obstacle | None],
    start: int,
    end: int,
    check: Callable[[int], Obstacle | None],
) -> Obstacle | None:
    """The first obstacle on the path from ``start`` down to ``end``, both included.

    Args:
        known: what earlier calls found, per end of a path from the same start; it grows.
        check: finds the obstacle that one activity of the path is by itself.
    """
    parent = tree.parent
    path = []
    member = end
    while member not in known:
        path.append(member)
        if member == start:
            found = None
            break
        member = parent[member]
    else:
        found = known[member]
    for member in reversed(path):
        if found is None:
            found = check(member)
        known[member] = found
    return found
