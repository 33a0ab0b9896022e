"""Navigation Request Process [NB.2.1]: whether a request makes sense now, and what it asks of the other processes."""

from __future__ import annotations

from typing import NamedTuple

from scorm_embed.core.sequencing.activity_tree import NO_ACTIVITY, ActivityTree
from scorm_embed.core.sequencing.obstacle import Obstacle
from scorm_embed.core.sequencing.tracking import TrackingState
from scorm_embed.core.sequencing.vocabulary import (
    NavigationRequest,
    SequencingRequest,
    TerminationRequest,
)
from scorm_embed.core.sequencing.vocabulary import SequencingExceptionCode as Code

_JUMP_EDITION_MIN = 4


class Navigation(NamedTuple):
    """Outcome of NB.2.1; with an obstacle the request is not valid and the rest is empty."""

    termination: TerminationRequest | None = None
    sequencing: SequencingRequest | None = None
    target: int = NO_ACTIVITY
    obstacle: Obstacle | None = None


def _invalid(exception: Code, activity: int = NO_ACTIVITY) -> Navigation:
    return Navigation(obstacle=Obstacle(exception, activity))


_BEGUN = _invalid(Code.NB_2_1_1)
_NOT_BEGUN = _invalid(Code.NB_2_1_2)
_LEAVING = {
    NavigationRequest.EXIT_ALL: TerminationRequest.EXIT_ALL,
    NavigationRequest.ABANDON_ALL: TerminationRequest.ABANDON_ALL,
    NavigationRequest.SUSPEND_ALL: TerminationRequest.SUSPEND_ALL,
}
_LEAVING_ACTIVITY = {
    NavigationRequest.EXIT: TerminationRequest.EXIT,
    NavigationRequest.ABANDON: TerminationRequest.ABANDON,
}


def navigation_request_process(
    tree: ActivityTree, state: TrackingState, request: NavigationRequest, target: int = NO_ACTIVITY
) -> Navigation:
    """Navigation Request Process [NB.2.1]."""
    match request:
        case NavigationRequest.CHOICE:
            return _choice(tree, state, target)
        case NavigationRequest.JUMP:
            return _jump(tree, state, target)
        case NavigationRequest.START:
            return _BEGUN if state.current != NO_ACTIVITY else Navigation(sequencing=SequencingRequest.START)
        case NavigationRequest.RESUME_ALL:
            if state.current != NO_ACTIVITY:
                return _BEGUN
            if state.suspended_activity == NO_ACTIVITY:
                return _invalid(Code.NB_2_1_3)
            return Navigation(sequencing=SequencingRequest.RESUME_ALL)
        case NavigationRequest.CONTINUE:
            return _continue(tree, state)
        case NavigationRequest.PREVIOUS:
            return _previous(tree, state)
        case NavigationRequest.FORWARD | NavigationRequest.BACKWARD:
            return _invalid(Code.NB_2_1_7)
    if state.current == NO_ACTIVITY:
        return _NOT_BEGUN
    if request in _LEAVING:
        return Navigation(_LEAVING[request], SequencingRequest.EXIT)
    if state.current not in state.active:
        return _invalid(Code.NB_2_1_12, state.current)
    return Navigation(_LEAVING_ACTIVITY[request], SequencingRequest.EXIT)


def _exit_if_active(state: TrackingState) -> TerminationRequest | None:
    return TerminationRequest.EXIT if state.current in state.active else None


def _continue(tree: ActivityTree, state: TrackingState) -> Navigation:
    current = state.current
    if current == NO_ACTIVITY:
        return _NOT_BEGUN
    if not current or not tree.flow[tree.parent[current]]:
        return _invalid(Code.NB_2_1_4, tree.parent[current])
    return Navigation(_exit_if_active(state), SequencingRequest.CONTINUE)


def _previous(tree: ActivityTree, state: TrackingState) -> Navigation:
    current = state.current
    if current == NO_ACTIVITY:
        return _NOT_BEGUN
    if not current:
        return _invalid(Code.NB_2_1_6, 0)
    parent = tree.parent[current]
    if not tree.flow[parent] or tree.forward_only[parent]:
        return _invalid(Code.NB_2_1_5, parent)
    return Navigation(_exit_if_active(state), SequencingRequest.PREVIOUS)


def _choice(tree: ActivityTree, state: TrackingState, target: int) -> Navigation:
    if target == NO_ACTIVITY:
        return _invalid(Code.NB_2_1_11)
    if target and not tree.choice[tree.parent[target]]:
        return _invalid(Code.NB_2_1_10, tree.parent[target])
    current = state.current
    if current == NO_ACTIVITY:
        return Navigation(sequencing=SequencingRequest.CHOICE, target=target)
    common = tree.common_ancestor(current, target)
    if current and target and tree.parent[current] == tree.parent[target]:
        common = tree.parent[current]  # siblings, and the activity itself: only the Current Activity is left
    memo = state.memo.left
    if common not in memo:
        memo[common] = _left_obstacle(tree, state, common)
    obstacle: Obstacle | None = memo[common]
    if obstacle is not None:
        return Navigation(obstacle=obstacle)
    return Navigation(_exit_if_active(state), SequencingRequest.CHOICE, target)


def _left_obstacle(tree: ActivityTree, state: TrackingState, common: int) -> Obstacle | None:
    """NB.2.1, choice: an active activity that may not be left by choice, from the current one up to below the common
    ancestor; the Current Activity itself counts even when it is the common ancestor."""
    member = state.current
    while True:
        if member in state.active and not tree.choice_exit[member]:
            return Obstacle(Code.NB_2_1_8, member)
        if member == common:
            return None
        member = tree.parent[member]
        if member == common:
            return None


def _jump(tree: ActivityTree, state: TrackingState, target: int) -> Navigation:
    if tree.edition < _JUMP_EDITION_MIN:
        return _invalid(Code.NB_2_1_13)
    if target == NO_ACTIVITY or (target and state.position(target) < 0):
        return _invalid(Code.NB_2_1_11, target)
    return Navigation(_exit_if_active(state), SequencingRequest.JUMP, target)
