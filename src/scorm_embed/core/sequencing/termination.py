"""Ending what is under way: exit action rules [TB.2.1], post condition rules [TB.2.2], termination [TB.2.3]."""

from __future__ import annotations

from typing import NamedTuple

from scorm_embed.core.sequencing.activity_tree import NO_ACTIVITY, ActivityTree
from scorm_embed.core.sequencing.definition import RuleAction
from scorm_embed.core.sequencing.ending import end_attempt_process, terminate_descendent_attempts_process
from scorm_embed.core.sequencing.rollup import overall_rollup_process
from scorm_embed.core.sequencing.rules import sequencing_rules_check_process
from scorm_embed.core.sequencing.tracking import TrackingState
from scorm_embed.core.sequencing.vocabulary import SequencingExceptionCode as Code
from scorm_embed.core.sequencing.vocabulary import SequencingRequest, TerminationRequest


class Termination(NamedTuple):
    """Outcome of TB.2.3; a sequencing request, where there is one, replaces the one that was pending."""

    sequencing: SequencingRequest | None = None
    exception: Code | None = None


class PostConditions(NamedTuple):
    """Outcome of TB.2.2."""

    termination: TerminationRequest | None = None
    sequencing: SequencingRequest | None = None


_POST_OUTCOMES = {
    RuleAction.RETRY: PostConditions(None, SequencingRequest.RETRY),
    RuleAction.CONTINUE: PostConditions(None, SequencingRequest.CONTINUE),
    RuleAction.PREVIOUS: PostConditions(None, SequencingRequest.PREVIOUS),
    RuleAction.EXIT_PARENT: PostConditions(TerminationRequest.EXIT_PARENT, None),
    RuleAction.EXIT_ALL: PostConditions(TerminationRequest.EXIT_ALL, None),
    RuleAction.RETRY_ALL: PostConditions(TerminationRequest.EXIT_ALL, SequencingRequest.RETRY),
}
_NO_POST_CONDITION = PostConditions()


def sequencing_exit_action_rules_subprocess(tree: ActivityTree, state: TrackingState) -> None:
    """Sequencing Exit Action Rules Subprocess [TB.2.1]: the first ancestor from the root whose exit rule applies ends
    and becomes the Current Activity."""
    if not tree.exit_rules:
        return
    for activity in reversed(tree.path_to_root(tree.parent[state.current])):
        if sequencing_rules_check_process(tree, state, activity, tree.exit_rules) is not None:
            terminate_descendent_attempts_process(tree, state, activity)
            end_attempt_process(tree, state, activity)
            state.set_current(activity)
            return


def sequencing_post_condition_rules_subprocess(tree: ActivityTree, state: TrackingState) -> PostConditions:
    """Sequencing Post Condition Rules Subprocess [TB.2.2]: what the ended activity's rules ask for."""
    if state.current in state.suspended:
        return _NO_POST_CONDITION
    rule = sequencing_rules_check_process(tree, state, state.current, tree.post_rules)
    return _NO_POST_CONDITION if rule is None else _POST_OUTCOMES[rule.action]


def termination_request_process(tree: ActivityTree, state: TrackingState, request: TerminationRequest) -> Termination:
    """Termination Request Process [TB.2.3]."""
    current = state.current
    if current == NO_ACTIVITY:
        return Termination(exception=Code.TB_2_3_1)
    match request:
        case TerminationRequest.EXIT:
            return _exit(tree, state)
        case TerminationRequest.EXIT_ALL:
            return _exit_all(tree, state, None)
        case TerminationRequest.SUSPEND_ALL:
            return _suspend_all(tree, state)
        case TerminationRequest.ABANDON:
            return _abandon(tree, state)
        case TerminationRequest.ABANDON_ALL:
            _forget_abandoned(tree, state)
            for member in tree.path_to_root(current):
                state.set_active(member, False)
            state.set_current(0)
            return Termination(SequencingRequest.EXIT)
        case TerminationRequest.EXIT_PARENT:
            return Termination(exception=Code.TB_2_3_7)  # only ever asked for within case "exit"


def _exit(tree: ActivityTree, state: TrackingState) -> Termination:
    """TB.2.3, case exit: end the Current Activity, then follow its rules upward."""
    if state.current not in state.active:
        return Termination(exception=Code.TB_2_3_2)
    end_attempt_process(tree, state, state.current)
    sequencing_exit_action_rules_subprocess(tree, state)
    while True:
        post = sequencing_post_condition_rules_subprocess(tree, state)
        if post.termination is TerminationRequest.EXIT_ALL:
            return _exit_all(tree, state, post.sequencing)
        if post.termination is not TerminationRequest.EXIT_PARENT:
            break
        if not state.current:
            return Termination(exception=Code.TB_2_3_4)
        state.set_current(tree.parent[state.current])
        end_attempt_process(tree, state, state.current)
    if not state.current and post.sequencing is not SequencingRequest.RETRY:
        return Termination(SequencingRequest.EXIT)
    return Termination(post.sequencing)


def _exit_all(tree: ActivityTree, state: TrackingState, pending: SequencingRequest | None) -> Termination:
    """TB.2.3, case exitAll; ``pending`` is the retry of a retryAll rule."""
    if state.current in state.active:
        end_attempt_process(tree, state, state.current)
    if state.current:
        terminate_descendent_attempts_process(tree, state, 0)
        end_attempt_process(tree, state, 0)
    state.set_current(0)
    return Termination(pending or SequencingRequest.EXIT)


def _suspend_all(tree: ActivityTree, state: TrackingState) -> Termination:
    """TB.2.3, case suspendAll."""
    suspended = suspension_target(tree, state)
    if suspended == NO_ACTIVITY:
        return Termination(exception=Code.TB_2_3_3)
    if suspended == state.current:
        overall_rollup_process(tree, state, suspended)
    state.set_suspended_activity(suspended)
    for member in tree.path_to_root(suspended):
        state.set_active(member, False)
        state.set_suspended(member, True)
    state.set_current(0)
    return Termination(SequencingRequest.EXIT)


def suspension_target(tree: ActivityTree, state: TrackingState) -> int:
    """Which activity suspendAll would suspend: the current one, or its parent when that has ended; none is TB.2.3-3."""
    current = state.current
    if current in state.active or current in state.suspended:
        return current
    return tree.parent[current] if current != NO_ACTIVITY else NO_ACTIVITY


def _abandon(tree: ActivityTree, state: TrackingState) -> Termination:
    """TB.2.3, case abandon."""
    current = state.current
    if current not in state.active:
        return Termination(exception=Code.TB_2_3_2)
    _forget_abandoned(tree, state)
    state.set_active(current, False)
    return Termination()


def _forget_abandoned(tree: ActivityTree, state: TrackingState) -> None:
    """Nothing that an abandoned attempt reported is kept; the content may have committed some of it before."""
    if state.current in state.active and tree.is_leaf[state.current]:
        state.forget_attempt(state.current)
