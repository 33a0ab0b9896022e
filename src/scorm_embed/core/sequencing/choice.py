"""Choosing an activity: Choice Activity Traversal [SB.2.4], Choice [SB.2.9] with its two subprocesses.

Owns the choice processes. Like the flow subprocesses they ask and change nothing. Whole menus are asked for at once,
so every check along a path is remembered for the part of the path that targets share; what is remembered holds for
one state and one Current Activity, and is thrown away with the next write.
"""

from __future__ import annotations

from typing import NamedTuple

from scorm_embed.core.sequencing.activity_tree import NO_ACTIVITY, ActivityTree
from scorm_embed.core.sequencing.flow import BACKWARD, FORWARD, flow_subprocess
from scorm_embed.core.sequencing.obstacle import Obstacle, first_on_path
from scorm_embed.core.sequencing.rules import hidden, stops_forward
from scorm_embed.core.sequencing.tracking import TrackingState
from scorm_embed.core.sequencing.vocabulary import SequencingExceptionCode as Code


class ChoiceResult(NamedTuple):
    """Outcome of SB.2.9: the leaf to deliver, or what stands in the way.

    ``stranded`` is the common ancestor of SB.2.9, step 7, where the target was reached but nothing flowed out of it:
    the overall process then ends the attempts up to it and makes the target the Current Activity.
    """

    delivery: int
    obstacle: Obstacle | None = None
    stranded: int = NO_ACTIVITY
    left_tree: bool = False


def choice_sequencing_request_process(tree: ActivityTree, state: TrackingState, target: int) -> ChoiceResult:
    """Choice Sequencing Request Process [SB.2.9]."""
    if target == NO_ACTIVITY:
        return ChoiceResult(NO_ACTIVITY, Obstacle(Code.SB_2_9_1, target))
    obstacle = closed_on_path(tree, state, target)
    if obstacle is None and target and not tree.choice[tree.parent[target]]:
        obstacle = Obstacle(Code.SB_2_9_4, tree.parent[target])
    common = 0 if state.current == NO_ACTIVITY else tree.common_ancestor(state.current, target)
    if obstacle is None:
        obstacle = _obstacle_between(tree, state, target, common)
    if obstacle is not None:
        return ChoiceResult(NO_ACTIVITY, obstacle)
    if tree.is_leaf[target]:
        return ChoiceResult(target)
    flow = flow_subprocess(tree, state, target, FORWARD, True)
    if flow.delivery == NO_ACTIVITY:
        return ChoiceResult(NO_ACTIVITY, Obstacle(Code.SB_2_9_9, flow.stopped_at), common, flow.left_tree)
    return ChoiceResult(flow.delivery)


def closed_on_path(tree: ActivityTree, state: TrackingState, target: int) -> Obstacle | None:
    """SB.2.9, step 3: whether the target or an ancestor is not available, or hidden from choice."""
    if not tree.hidden_rules and not state.available:
        return None
    return first_on_path(tree, state.memo.closed, 0, target, lambda member: _closed(tree, state, member))


def _closed(tree: ActivityTree, state: TrackingState, activity: int) -> Obstacle | None:
    if activity and state.position(activity) < 0:
        return Obstacle(Code.SB_2_9_2, activity)
    if hidden(tree, state, activity) is not None:
        return Obstacle(Code.SB_2_9_3, activity)
    return None


def _obstacle_between(tree: ActivityTree, state: TrackingState, target: int, common: int) -> Obstacle | None:
    """SB.2.9, steps 7 to 12: which of the five cases it is, and what lies on the way."""
    current = state.current
    if current == target:
        return None  # case 1
    if current != NO_ACTIVITY and current and target and tree.parent[current] == tree.parent[target]:
        return _sibling_obstacle(tree, state, target)  # case 2
    if current in (NO_ACTIVITY, common):  # case 3
        # The root of a course that has not begun: the letter calls the empty path an error (SB.2.9-5), but the suite's
        # table of contents offers the root whenever something flows out of it.
        return forward_obstacle(tree, state, common, tree.parent[target]) if target != common else None
    if target == common:
        return _choice_exit_obstacle(tree, state, common)  # case 4
    return (
        _choice_exit_obstacle(tree, state, common)
        or _constraint_obstacle(tree, state, target, common)
        or _descent_obstacle(tree, state, target, common)
    )  # case 5


def _sibling_obstacle(tree: ActivityTree, state: TrackingState, target: int) -> Obstacle | None:
    """Case 2: the siblings from the Current Activity to the target (without it) must let the learner pass.

    The first sibling that does not is the same for all targets in one direction, so it is looked for once.
    """
    current = state.current
    here, there = state.position(current), state.position(target)
    direction = FORWARD if there > here else BACKWARD
    memo = state.memo.siblings
    if direction not in memo:
        memo[direction] = _first_obstacle_among_siblings(tree, state, here, direction)
    position, obstacle = memo[direction]
    found: Obstacle | None = obstacle if position * direction < there * direction else None
    return found


def _first_obstacle_among_siblings(
    tree: ActivityTree, state: TrackingState, here: int, direction: int
) -> tuple[int, Obstacle | None]:
    siblings = state.available_children(tree.parent[state.current])
    end = len(siblings) if direction == FORWARD else -1
    if direction == FORWARD and not tree.stop_rules:
        return end, None
    for position in range(max(here, 0), end, direction):
        exception = choice_activity_traversal_subprocess(tree, state, siblings[position], direction)
        if exception is not None:
            return position, Obstacle(exception, siblings[position])
    return end, None


def choice_activity_traversal_subprocess(
    tree: ActivityTree, state: TrackingState, activity: int, direction: int
) -> Code | None:
    """Choice Activity Traversal Subprocess [SB.2.4]: the exception that keeps a choice from passing the activity."""
    if direction == FORWARD:
        return Code.SB_2_4_1 if stops_forward(tree, state, activity) is not None else None
    if not activity:
        return Code.SB_2_4_3
    return Code.SB_2_4_2 if tree.forward_only[tree.parent[activity]] else None


def forward_obstacle(tree: ActivityTree, state: TrackingState, common: int, end: int) -> Obstacle | None:
    """Cases 3 and 5, forward: from the common ancestor down to the target's parent, rules that stop forward traversal
    and clusters that may only be entered by themselves."""
    if not tree.stop_rules and not tree.prevent_activation:
        return None

    def check(activity: int) -> Obstacle | None:
        exception = choice_activity_traversal_subprocess(tree, state, activity, FORWARD)
        if exception is not None:
            return Obstacle(exception, activity)
        return _prevention(tree, state, activity, common)

    return first_on_path(tree, state.memo.forward, common, end, check)


def _prevention(tree: ActivityTree, state: TrackingState, activity: int, common: int) -> Obstacle | None:
    if activity != common and activity in tree.prevent_activation and activity not in state.active:
        return Obstacle(Code.SB_2_9_6, activity)
    return None


def _choice_exit_obstacle(tree: ActivityTree, state: TrackingState, common: int) -> Obstacle | None:
    """Cases 4 and 5: an activity from the current one up to below the common ancestor that choice must not leave."""
    memo = state.memo.choice_exit
    if common not in memo:
        memo[common] = None
        member = state.current
        while member != common:
            if not tree.choice_exit[member]:
                memo[common] = Obstacle(Code.SB_2_9_7, member)
                break
            member = tree.parent[member]
    found: Obstacle | None = memo[common]
    return found


def _constraint_obstacle(tree: ActivityTree, state: TrackingState, target: int, common: int) -> Obstacle | None:
    """Case 5: the closest constrainChoice activity lets only its neighbour's subtree be chosen, or itself."""
    if not tree.constrain_choice:
        return None
    memo = state.memo.constraint
    if common not in memo:
        member = state.current
        while member != common and member not in tree.constrain_choice:
            member = tree.parent[member]
        memo[common] = NO_ACTIVITY if member == common else member
    constraint = memo[common]
    if constraint == NO_ACTIVITY:
        return None
    direction = FORWARD if target > constraint else BACKWARD
    reach = state.memo.reach
    if (constraint, direction) not in reach:
        reach[constraint, direction] = choice_flow_subprocess(tree, state, constraint, direction)
    consider = reach[constraint, direction]
    if target == constraint or consider <= target <= tree.last[consider]:
        return None
    return Obstacle(Code.SB_2_9_8, constraint)


def _descent_obstacle(tree: ActivityTree, state: TrackingState, target: int, common: int) -> Obstacle | None:
    """Case 5: the way down to the target, forward past every rule, backward past preventActivation only.

    The letter has the backward path include the target, so that a cluster that prevents activation could be chosen
    from before it but not from behind. Choosing such a cluster itself is what it is there for, from either side.
    """
    if target > state.current:
        return forward_obstacle(tree, state, common, tree.parent[target])
    if not tree.prevent_activation:
        return None
    return first_on_path(
        tree, state.memo.prevented, common, tree.parent[target], lambda member: _prevention(tree, state, member, common)
    )


def choice_flow_subprocess(tree: ActivityTree, state: TrackingState, constraint: int, direction: int) -> int:
    """Choice Flow Subprocess [SB.2.9.1]: the neighbour of a constraining activity, or itself where it has none."""
    found = choice_flow_tree_traversal_subprocess(tree, state, constraint, direction)
    return constraint if found == NO_ACTIVITY else found


def choice_flow_tree_traversal_subprocess(
    tree: ActivityTree, state: TrackingState, activity: int, direction: int
) -> int:
    """Choice Flow Tree Traversal Subprocess [SB.2.9.2]: one step over the tree, whatever rules and controls say."""
    while activity:
        siblings = state.available_children(tree.parent[activity])
        position = state.position(activity) + direction
        if 0 <= position < len(siblings):
            return siblings[position]
        activity = tree.parent[activity]
    return NO_ACTIVITY
