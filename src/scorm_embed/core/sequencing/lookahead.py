"""What the learner may do next: the overall process [OP.1] run tentatively for every request.

Owns no rule. A request is tried with the very processes that would carry it out, and their effects are undone. The
part that all requests share, ending the current activity [TB.2.3], is run once; what follows from it asks and changes
nothing, so that a menu of thousands of entries is answered over one state that stands still.

Three decisions are taken here. Continue is open whenever NB.2.1 lets it pass, as the suite's answers have it (CM-07d);
what it would meet further on is told beside. When a post condition rule replaces the request, whatever it is, by
another one, an entry of the menu stays as open as it would be without the rule, because the status the rule asks for
is often only set while the content is still running. And when nothing but the root could be chosen, there is no menu
at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scorm_embed.core.sequencing.activity_tree import NO_ACTIVITY, ActivityTree
from scorm_embed.core.sequencing.choice import choice_sequencing_request_process, closed_on_path
from scorm_embed.core.sequencing.delivery import delivery_request_process
from scorm_embed.core.sequencing.navigation import navigation_request_process
from scorm_embed.core.sequencing.obstacle import Obstacle
from scorm_embed.core.sequencing.overall import forget_ended_session
from scorm_embed.core.sequencing.reasons import NO_MENU, ClosedReason, closed_reason
from scorm_embed.core.sequencing.sequencing_request import sequencing_request_process
from scorm_embed.core.sequencing.termination import suspension_target, termination_request_process
from scorm_embed.core.sequencing.tracking import TrackingState
from scorm_embed.core.sequencing.vocabulary import NavigationRequest, SequencingRequest, TerminationRequest
from scorm_embed.core.sequencing.vocabulary import SequencingExceptionCode as Code


@dataclass(frozen=True, slots=True)
class ChoiceEntry:
    """One activity as an entry of the menu."""

    choosable: bool
    visible: bool
    """False for what a rule hides, what chance left out and what the author made invisible. An activity that only the
    author made invisible may still be chosen by the content."""
    reason: ClosedReason | None = None
    """Why it cannot be chosen."""


@dataclass(frozen=True, slots=True)
class ValidRequests:
    """Which navigation requests would be carried out now."""

    start: bool
    resume_all: bool
    continue_: bool
    previous: bool
    exit: bool
    exit_all: bool
    suspend_all: bool
    abandon: bool
    abandon_all: bool
    choice: Mapping[str, ChoiceEntry]
    """Every activity of the tree in preorder."""
    jump: frozenset[str]
    """Activities a jump would deliver."""
    continue_reason: ClosedReason | None = None
    """Why Continue is closed; with ``continue_``, why it would end the activity and then deliver nothing."""
    previous_reason: ClosedReason | None = None


_OPEN = ChoiceEntry(True, True)
_OPEN_UNSEEN = ChoiceEntry(True, False)


def valid_requests(tree: ActivityTree, state: TrackingState) -> ValidRequests:
    """Which requests are valid in a state; the state is the same afterwards.

    Call it after what the content reported has been transferred and rolled up.
    """
    mark = state.begin()
    try:
        forget_ended_session(tree, state)
        return _look_ahead(tree, state)
    finally:
        state.rollback(mark)


def _look_ahead(tree: ActivityTree, state: TrackingState) -> ValidRequests:
    begun = state.current != NO_ACTIVITY
    active = begun and state.current in state.active
    everything = range(len(tree))
    continuing = navigation_request_process(tree, state, NavigationRequest.CONTINUE).obstacle
    going_back = navigation_request_process(tree, state, NavigationRequest.PREVIOUS).obstacle
    choice = NavigationRequest.CHOICE
    choosing = [navigation_request_process(tree, state, choice, target).obstacle for target in everything]
    suspendable = suspension_target(tree, state) != NO_ACTIVITY
    replaced: SequencingRequest | None = None
    blocked: Obstacle | None = None
    if active:
        termination = termination_request_process(tree, state, TerminationRequest.EXIT)
        replaced = termination.sequencing
        if termination.exception is not None:
            blocked = Obstacle(termination.exception, state.current)
    replaced_works = replaced is not None and _obstacle_to(tree, state, replaced) is None
    continue_met = continuing
    if continuing is None and not replaced_works:
        continue_met = blocked or _obstacle_to(tree, state, SequencingRequest.CONTINUE)
    going_back = going_back or blocked or _obstacle_to(tree, state, SequencingRequest.PREVIOUS)
    entries = _menu(tree, state, choosing, blocked)
    return ValidRequests(
        start=not begun and _obstacle_to(tree, state, SequencingRequest.START) is None,
        resume_all=not begun and state.suspended_activity != NO_ACTIVITY,
        continue_=continuing is None,
        previous=going_back is None,
        exit=active,
        exit_all=begun,
        suspend_all=suspendable,
        abandon=active,
        abandon_all=begun,
        choice=entries,
        jump=_jump_targets(tree, state) if begun and blocked is None else frozenset(),
        continue_reason=None if continue_met is None else closed_reason(tree, state, continue_met),
        previous_reason=None if going_back is None else closed_reason(tree, state, going_back),
    )


def _obstacle_to(tree: ActivityTree, state: TrackingState, request: SequencingRequest) -> Obstacle | None:
    """What keeps a request without a target from delivering something or ending the session."""
    mark = state.begin() if request is SequencingRequest.RETRY else None
    decision = sequencing_request_process(tree, state, request, NO_ACTIVITY)
    obstacle = decision.obstacle
    if obstacle is None and decision.delivery != NO_ACTIVITY:
        obstacle = delivery_request_process(tree, state, decision.delivery)
    elif obstacle is None and not decision.ends_session and request is not SequencingRequest.EXIT:
        obstacle = Obstacle(Code.DB_1_1_2, NO_ACTIVITY)
    if mark is not None:
        state.rollback(mark)
    return obstacle


def _menu(
    tree: ActivityTree, state: TrackingState, choosing: list[Obstacle | None], blocked: Obstacle | None
) -> dict[str, ChoiceEntry]:
    """Every activity as an entry; ``choosing`` is what NB.2.1 said to each."""
    entries: dict[str, ChoiceEntry] = {}
    reasons: dict[Obstacle, ClosedReason] = {}
    may_hide = bool(tree.hidden_rules or state.available)
    for target, identifier in enumerate(tree.identifiers):
        obstacle = choosing[target] or blocked
        if obstacle is None:
            result = choice_sequencing_request_process(tree, state, target)
            obstacle = result.obstacle
            if obstacle is None:
                obstacle = delivery_request_process(tree, state, result.delivery)
        visible = target not in tree.invisible and not (may_hide and closed_on_path(tree, state, target) is not None)
        if obstacle is None:
            entries[identifier] = _OPEN if visible else _OPEN_UNSEEN
            continue
        reason = reasons.get(obstacle)
        if reason is None:
            reason = reasons[obstacle] = closed_reason(tree, state, obstacle)
        entries[identifier] = ChoiceEntry(False, visible, reason)
    _close_lonely_root(tree, entries)
    return entries


def _close_lonely_root(tree: ActivityTree, entries: dict[str, ChoiceEntry]) -> None:
    root = tree.identifiers[0]
    if entries[root].choosable and not any(
        entry.choosable for identifier, entry in entries.items() if identifier != root
    ):
        entries[root] = ChoiceEntry(False, entries[root].visible, NO_MENU)


def _jump_targets(tree: ActivityTree, state: TrackingState) -> frozenset[str]:
    return frozenset(
        tree.identifiers[target]
        for target in range(len(tree))
        if tree.is_leaf[target]
        and navigation_request_process(tree, state, NavigationRequest.JUMP, target).obstacle is None
        and delivery_request_process(tree, state, target) is None
    )
