"""The sequencing requests: Start to Jump [SB.2.5 to SB.2.13] and their dispatcher [SB.2.12].

Owns the decision what to deliver. Choice has its own file. The processes change nothing but for Retry, which has to
see the activity as a new attempt will find it; what the book lets them change on failure is in ``Decision`` and is
done by the overall process.
"""

from __future__ import annotations

from typing import NamedTuple

from scorm_embed.core.sequencing.activity_tree import NO_ACTIVITY, ActivityTree
from scorm_embed.core.sequencing.choice import choice_sequencing_request_process
from scorm_embed.core.sequencing.delivery import make_room_for_new_attempt
from scorm_embed.core.sequencing.flow import BACKWARD, FORWARD, flow_subprocess
from scorm_embed.core.sequencing.obstacle import Obstacle
from scorm_embed.core.sequencing.tracking import TrackingState
from scorm_embed.core.sequencing.vocabulary import SequencingExceptionCode as Code
from scorm_embed.core.sequencing.vocabulary import SequencingRequest


class Decision(NamedTuple):
    """Outcome of a sequencing request: a leaf to deliver, the session's end, an obstacle, or none of these."""

    delivery: int = NO_ACTIVITY
    ends_session: bool = False
    obstacle: Obstacle | None = None
    left_tree: bool = False
    """SB.2.1, step 3: the walk left the tree, so the attempts below the root end."""
    stranded: int = NO_ACTIVITY
    """SB.2.9, step 7: see ``ChoiceResult``."""


def sequencing_request_process(
    tree: ActivityTree, state: TrackingState, request: SequencingRequest, target: int
) -> Decision:
    """Sequencing Request Process [SB.2.12]: run the process that the request names."""
    match request:
        case SequencingRequest.START:
            return start_sequencing_request_process(tree, state)
        case SequencingRequest.RESUME_ALL:
            return resume_all_sequencing_request_process(tree, state)
        case SequencingRequest.CONTINUE:
            return continue_sequencing_request_process(tree, state)
        case SequencingRequest.PREVIOUS:
            return previous_sequencing_request_process(tree, state)
        case SequencingRequest.CHOICE:
            result = choice_sequencing_request_process(tree, state, target)
            return Decision(result.delivery, False, result.obstacle, result.left_tree, result.stranded)
        case SequencingRequest.JUMP:
            return jump_sequencing_request_process(tree, state, target)
        case SequencingRequest.RETRY:
            return retry_sequencing_request_process(tree, state)
        case SequencingRequest.EXIT:
            return exit_sequencing_request_process(tree, state)


def _refused(exception: Code, activity: int = NO_ACTIVITY) -> Decision:
    return Decision(obstacle=Obstacle(exception, activity))


def _flow(tree: ActivityTree, state: TrackingState, activity: int, direction: int, consider_children: bool) -> Decision:
    """SB.2.3 as Start, Continue and Previous use it: walking off the end is no error but the session's end."""
    flow = flow_subprocess(tree, state, activity, direction, consider_children)
    if flow.delivery != NO_ACTIVITY:
        return Decision(flow.delivery)
    if flow.left_tree:
        return Decision(ends_session=True, left_tree=True)
    assert flow.exception is not None
    return _refused(flow.exception, flow.stopped_at)


def start_sequencing_request_process(tree: ActivityTree, state: TrackingState) -> Decision:
    """Start Sequencing Request Process [SB.2.5]."""
    if state.current != NO_ACTIVITY:
        return _refused(Code.SB_2_5_1)
    if tree.is_leaf[0]:
        return Decision(0)
    return _flow(tree, state, 0, FORWARD, True)


def resume_all_sequencing_request_process(tree: ActivityTree, state: TrackingState) -> Decision:
    """Resume All Sequencing Request Process [SB.2.6]."""
    if state.current != NO_ACTIVITY:
        return _refused(Code.SB_2_6_1)
    if state.suspended_activity == NO_ACTIVITY:
        return _refused(Code.SB_2_6_2)
    return Decision(state.suspended_activity)


def continue_sequencing_request_process(tree: ActivityTree, state: TrackingState) -> Decision:
    """Continue Sequencing Request Process [SB.2.7]."""
    current = state.current
    if current == NO_ACTIVITY:
        return _refused(Code.SB_2_7_1)
    if current and not tree.flow[tree.parent[current]]:
        return _refused(Code.SB_2_7_2, tree.parent[current])
    return _flow(tree, state, current, FORWARD, False)


def previous_sequencing_request_process(tree: ActivityTree, state: TrackingState) -> Decision:
    """Previous Sequencing Request Process [SB.2.8]."""
    current = state.current
    if current == NO_ACTIVITY:
        return _refused(Code.SB_2_8_1)
    if current and not tree.flow[tree.parent[current]]:
        return _refused(Code.SB_2_8_2, tree.parent[current])
    flow = flow_subprocess(tree, state, current, BACKWARD, False)
    if flow.delivery != NO_ACTIVITY:
        return Decision(flow.delivery)
    assert flow.exception is not None
    return Decision(obstacle=Obstacle(flow.exception, flow.stopped_at), left_tree=flow.left_tree)


def retry_sequencing_request_process(tree: ActivityTree, state: TrackingState) -> Decision:
    """Retry Sequencing Request Process [SB.2.10].

    The children of a cluster are seen as the new attempt will find them, otherwise those that are skipped once they
    are satisfied would make it impossible to do the cluster again.
    """
    current = state.current
    if current == NO_ACTIVITY:
        return _refused(Code.SB_2_10_1)
    if current in state.active or current in state.suspended:
        return _refused(Code.SB_2_10_2, current)
    if tree.is_leaf[current]:
        return Decision(current)
    mark = state.begin()
    make_room_for_new_attempt(tree, state, current)
    flow = flow_subprocess(tree, state, current, FORWARD, True)
    if flow.delivery != NO_ACTIVITY:
        state.keep(mark)
        return Decision(flow.delivery)
    state.rollback(mark)
    return Decision(obstacle=Obstacle(Code.SB_2_10_3, flow.stopped_at), left_tree=flow.left_tree)


def exit_sequencing_request_process(tree: ActivityTree, state: TrackingState) -> Decision:
    """Exit Sequencing Request Process [SB.2.11]."""
    current = state.current
    if current == NO_ACTIVITY:
        return _refused(Code.SB_2_11_1)
    if current in state.active:
        return _refused(Code.SB_2_11_2, current)
    return Decision(ends_session=current == 0)


def jump_sequencing_request_process(tree: ActivityTree, state: TrackingState, target: int) -> Decision:
    """Jump Sequencing Request Process [SB.2.13].

    The pseudo code prints step 1 with the wrong sense; the prose has it: a jump needs a session that has begun.
    """
    if state.current == NO_ACTIVITY:
        return _refused(Code.SB_2_13_1)
    return Decision(target)
