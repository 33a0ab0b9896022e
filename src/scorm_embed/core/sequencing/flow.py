"""Walking the tree: Flow Tree Traversal [SB.2.1], Flow Activity Traversal [SB.2.2], Flow [SB.2.3].

Owns the flow subprocesses. They ask and change nothing: where the book has SB.2.1 end the attempts under way when the
walk leaves the tree, the step says so in its result (``left_tree``), and the overall process does it. Nothing happens
between the two in the book, and so the walk can be asked for what *would* be delivered.
"""

from __future__ import annotations

from typing import NamedTuple

from scorm_embed.core.sequencing.activity_tree import NO_ACTIVITY, ActivityTree
from scorm_embed.core.sequencing.rules import check_activity_process, skipped
from scorm_embed.core.sequencing.tracking import TrackingState
from scorm_embed.core.sequencing.vocabulary import SequencingExceptionCode as Code

NOWHERE, FORWARD, BACKWARD = 0, 1, -1
"""Directions of traversal; NOWHERE is the book's "n/a"."""


class Step(NamedTuple):
    """One step of SB.2.1: the activity reached (or none), the direction it was reached in, and why it ended."""

    activity: int
    direction: int
    left_tree: bool = False
    exception: Code | None = None


class FlowResult(NamedTuple):
    """Outcome of SB.2.2 and SB.2.3: the leaf to deliver, or none with the place and the reason."""

    delivery: int
    left_tree: bool
    exception: Code | None
    stopped_at: int


def flow_subprocess(
    tree: ActivityTree, state: TrackingState, activity: int, direction: int, consider_children: bool
) -> FlowResult:
    """Flow Subprocess [SB.2.3]: the first deliverable leaf in a direction from an activity."""
    step = flow_tree_traversal_subprocess(tree, state, activity, direction, consider_children, NOWHERE)
    if step.activity == NO_ACTIVITY:
        return FlowResult(NO_ACTIVITY, step.left_tree, step.exception, activity)
    return flow_activity_traversal_subprocess(tree, state, step.activity, direction, NOWHERE)


def flow_tree_traversal_subprocess(
    tree: ActivityTree,
    state: TrackingState,
    activity: int,
    direction: int,
    consider_children: bool,
    previous_direction: int,
) -> Step:
    """Flow Tree Traversal Subprocess [SB.2.1]: the next activity one step away."""
    reversed_direction = False
    if previous_direction == BACKWARD and activity and _is_last(tree, state, activity):
        # A forward-only cluster that was entered from behind and walked through in vain: go on before its first.
        direction = BACKWARD
        activity = state.available_children(tree.parent[activity])[0]
        reversed_direction = True
    if direction == FORWARD:
        return _step_forward(tree, state, activity, consider_children)
    return _step_backward(tree, state, activity, consider_children, reversed_direction)


def _step_forward(tree: ActivityTree, state: TrackingState, activity: int, consider_children: bool) -> Step:
    """SB.2.1, step 3."""
    if consider_children and not tree.is_leaf[activity]:
        children = state.available_children(activity)
        if children:
            return Step(children[0], FORWARD)
        return Step(NO_ACTIVITY, NOWHERE, False, Code.SB_2_1_2)
    while activity:
        siblings = state.available_children(tree.parent[activity])
        position = _position(tree, state, activity)
        if position + 1 < len(siblings):
            return Step(siblings[position + 1], FORWARD)
        activity = tree.parent[activity]
    return Step(NO_ACTIVITY, NOWHERE, True, Code.SB_2_1_1)


def _step_backward(
    tree: ActivityTree, state: TrackingState, activity: int, consider_children: bool, reversed_direction: bool
) -> Step:
    """SB.2.1, step 4."""
    if activity and consider_children and not tree.is_leaf[activity]:
        children = state.available_children(activity)
        if not children:
            return Step(NO_ACTIVITY, NOWHERE, False, Code.SB_2_1_2)
        if tree.forward_only[activity]:
            return Step(children[0], FORWARD)
        return Step(children[-1], BACKWARD)
    while activity:
        parent = tree.parent[activity]
        if not reversed_direction and tree.forward_only[parent]:
            return Step(NO_ACTIVITY, NOWHERE, False, Code.SB_2_1_4)
        position = _position(tree, state, activity)
        if position > 0:
            return Step(state.available_children(parent)[position - 1], BACKWARD)
        activity, reversed_direction = parent, False
    return Step(NO_ACTIVITY, NOWHERE, False, Code.SB_2_1_3)


def _is_last(tree: ActivityTree, state: TrackingState, activity: int) -> bool:
    siblings = state.available_children(tree.parent[activity])
    return bool(siblings) and siblings[-1] == activity


def _position(tree: ActivityTree, state: TrackingState, activity: int) -> int:
    """Where the activity is among its available siblings; one that is not available counts as before the first.

    The author's order decides which available siblings come after it, so that a learner who stands on an activity
    that has since been deselected walks on from there.
    """
    position = state.position(activity)
    if position >= 0:
        return position
    return sum(1 for sibling in state.available_children(tree.parent[activity]) if sibling < activity) - 1


def flow_activity_traversal_subprocess(
    tree: ActivityTree, state: TrackingState, activity: int, direction: int, previous_direction: int
) -> FlowResult:
    """Flow Activity Traversal Subprocess [SB.2.2]: whether an activity can be delivered, else where the walk leads.

    The book's recursion is in last position, so this is a loop; all its stations lead to the same result, which is
    remembered for each of them. Rules that contradict each other could lead in a circle: that stops with a code.
    """
    memo = state.memo.flow
    stations: list[tuple[int, int, int]] = []
    visited: set[tuple[int, int, int]] = set()
    result: FlowResult | None = None
    while result is None:
        station = (activity, direction, previous_direction)
        if station in memo:
            result = memo[station]
            break
        if station in visited:
            result = FlowResult(NO_ACTIVITY, False, Code.UNENDING_FLOW, activity)
            break
        stations.append(station)
        visited.add(station)
        if not tree.flow[tree.parent[activity]]:
            result = FlowResult(NO_ACTIVITY, False, Code.SB_2_2_1, activity)
        elif skipped(tree, state, activity) is not None:
            step = flow_tree_traversal_subprocess(tree, state, activity, direction, False, previous_direction)
            if step.activity == NO_ACTIVITY:
                result = FlowResult(NO_ACTIVITY, step.left_tree, step.exception, activity)
            else:
                if previous_direction == BACKWARD and step.direction == BACKWARD:
                    direction, previous_direction = BACKWARD, NOWHERE
                activity = step.activity
        elif check_activity_process(tree, state, activity):
            result = FlowResult(NO_ACTIVITY, False, Code.SB_2_2_2, activity)
        elif tree.is_leaf[activity]:
            result = FlowResult(activity, False, None, activity)
        else:
            step = flow_tree_traversal_subprocess(tree, state, activity, direction, True, NOWHERE)
            if step.activity == NO_ACTIVITY:
                result = FlowResult(NO_ACTIVITY, step.left_tree, step.exception, activity)
            elif direction == BACKWARD and step.direction == FORWARD:
                activity, direction, previous_direction = step.activity, FORWARD, BACKWARD
            else:
                activity, previous_direction = step.activity, NOWHERE
    for station in stations:
        memo[station] = result
    return result
