"""Overall Sequencing Process [OP.1]: from a navigation request to the activity that is delivered.

Owns the order of the processes and what is done when a sequencing session begins and ends. This is the way in for the
engine: it transfers what the content reported into the state first, then calls ``overall_sequencing``.
"""

from __future__ import annotations

from dataclasses import dataclass

from scorm_embed.core.sequencing.activity_tree import NO_ACTIVITY, ActivityTree
from scorm_embed.core.sequencing.delivery import (
    content_delivery_environment_process,
    delivery_request_process,
    make_room_for_new_attempt,
)
from scorm_embed.core.sequencing.ending import end_attempt_process, terminate_descendent_attempts_process
from scorm_embed.core.sequencing.navigation import navigation_request_process
from scorm_embed.core.sequencing.obstacle import Obstacle
from scorm_embed.core.sequencing.selection import arrange_due_clusters, arrange_new_clusters
from scorm_embed.core.sequencing.sequencing_request import Decision, sequencing_request_process
from scorm_embed.core.sequencing.termination import termination_request_process
from scorm_embed.core.sequencing.tracking import TrackingState
from scorm_embed.core.sequencing.vocabulary import Draw, NavigationRequest, SequencingExceptionCode


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a navigation request led to."""

    delivered: str | None = None
    """The activity to launch now; None leaves the learner without content."""
    resumed: bool = False
    """Whether the delivered activity's suspended attempt goes on; otherwise a new one has begun."""
    ended: bool = False
    """Whether the sequencing session is over."""
    exception: SequencingExceptionCode | None = None
    obstacle: str | None = None
    """The activity that the exception is about, where there is one."""
    valid: bool = True
    """Whether the request, or the one that a rule put in its place, was carried out."""
    terminated: bool = False
    """Whether the content that was delivered before is to be taken away, whatever else happened."""
    ended_activities: tuple[str, ...] = ()
    """Activities whose attempt has ended, in that order; suspended ones are not among them."""


def overall_sequencing(
    tree: ActivityTree,
    state: TrackingState,
    request: NavigationRequest,
    target: str | None = None,
    *,
    draw: Draw,
) -> Outcome:
    """Overall Sequencing Process [OP.1], one turn of its loop.

    Args:
        tree: the course.
        state: the learner's state; it is changed.
        request: what the learner or the content asks for.
        target: the activity's identifier, for choice and jump.
        draw: the source of chance for selection and randomization.
    """
    state.ended.clear()
    prepare_session(tree, state, draw)
    was_active = state.current != NO_ACTIVITY and state.current in state.active
    delivered, resumed, ended, obstacle = _run(
        tree, state, request, tree.by_id.get(target, NO_ACTIVITY) if target is not None else NO_ACTIVITY, draw
    )
    about = NO_ACTIVITY if obstacle is None else obstacle.activity
    return Outcome(
        delivered=None if delivered == NO_ACTIVITY else tree.identifiers[delivered],
        resumed=resumed,
        ended=ended,
        exception=None if obstacle is None else obstacle.exception,
        obstacle=None if about == NO_ACTIVITY else tree.identifiers[about],
        valid=obstacle is None,
        terminated=was_active and (state.current not in state.active or delivered != NO_ACTIVITY),
        ended_activities=tuple(tree.identifiers[activity] for activity in state.ended),
    )


def _run(
    tree: ActivityTree, state: TrackingState, request: NavigationRequest, target: int, draw: Draw
) -> tuple[int, bool, bool, Obstacle | None]:
    """The steps of OP.1: the activity delivered, whether it resumes, whether the session ended, the obstacle."""
    navigation = navigation_request_process(tree, state, request, target)
    if navigation.obstacle is not None:
        return NO_ACTIVITY, False, False, navigation.obstacle
    sequencing = navigation.sequencing
    if navigation.termination is not None:
        termination = termination_request_process(tree, state, navigation.termination)
        if termination.exception is not None:
            return NO_ACTIVITY, False, False, Obstacle(termination.exception, state.current)
        sequencing = termination.sequencing or sequencing
    if sequencing is None:
        return NO_ACTIVITY, False, False, None
    arrange_due_clusters(tree, state, draw)
    decision = sequencing_request_process(tree, state, sequencing, navigation.target)
    apply_consequences(tree, state, decision, navigation.target)
    if decision.ends_session:
        end_session(state)
        return NO_ACTIVITY, False, True, None
    if decision.obstacle is not None or decision.delivery == NO_ACTIVITY:
        return NO_ACTIVITY, False, False, decision.obstacle
    obstacle = delivery_request_process(tree, state, decision.delivery)
    if obstacle is not None:
        return NO_ACTIVITY, False, False, obstacle
    resumed = content_delivery_environment_process(tree, state, decision.delivery)
    if isinstance(resumed, SequencingExceptionCode):
        return NO_ACTIVITY, False, False, Obstacle(resumed, state.current)
    return decision.delivery, resumed, False, None


def apply_consequences(tree: ActivityTree, state: TrackingState, decision: Decision, target: int) -> None:
    """What SB.2.1 and SB.2.9 change when they fail.

    Walking off the tree ends the attempts below the root (SB.2.1). Where that ends the session the root's attempt ends
    as well: the book forgets it, and the next session would find a root that is still active.
    """
    if decision.left_tree and state.current != NO_ACTIVITY:
        terminate_descendent_attempts_process(tree, state, 0)
        if decision.ends_session and 0 in state.active:
            end_attempt_process(tree, state, 0)
    if decision.stranded != NO_ACTIVITY:
        if state.current != NO_ACTIVITY:
            terminate_descendent_attempts_process(tree, state, decision.stranded)
            end_attempt_process(tree, state, decision.stranded)
        state.set_current(target)


def end_session(state: TrackingState) -> None:
    """The sequencing session is over: there is no Current Activity, and the next session is prepared anew."""
    state.set_current(NO_ACTIVITY)
    state.set_prepared(False)


def prepare_session(tree: ActivityTree, state: TrackingState, draw: Draw) -> None:
    """Make a state ready for a sequencing session, once per session.

    Children are selected and put in order. When the root's attempt has ended, the session begins a new one, and what
    the last one left is forgotten now rather than at delivery: rules that open, close or skip activities decide
    already which activity the new attempt begins with. Until then the ended attempt can be read.
    """
    if state.prepared:
        return
    forget_ended_session(tree, state)
    if state.current == NO_ACTIVITY:
        arrange_new_clusters(tree, state, draw)
        arrange_due_clusters(tree, state, draw)
    state.set_prepared(True)


def forget_ended_session(tree: ActivityTree, state: TrackingState) -> None:
    """The part of ``prepare_session`` that needs no chance; without effect where the session has been prepared."""
    if state.prepared or state.current != NO_ACTIVITY:
        return
    if 0 not in state.suspended and 0 in state.attempts:
        make_room_for_new_attempt(tree, state, 0)
