"""Properties of sequencing over random trees and random requests."""

from __future__ import annotations

import json
import random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scorm_embed.core.sequencing.activity_tree import NO_ACTIVITY, ActivityTree
from scorm_embed.core.sequencing.definition import (
    ActivityDefinition,
    ChildSet,
    Combination,
    CompletionThreshold,
    Condition,
    ConstrainedChoice,
    ControlMode,
    DeliveryControls,
    LimitConditions,
    MapItem,
    Objective,
    ObjectiveMap,
    RandomizationControls,
    RequiredFor,
    Rollup,
    RollupAction,
    RollupCondition,
    RollupConsiderations,
    RollupRule,
    RuleAction,
    RuleCondition,
    SequencingDefinition,
    SequencingRule,
    Timing,
    TreeDefinition,
)
from scorm_embed.core.sequencing.lookahead import valid_requests
from scorm_embed.core.sequencing.overall import Outcome, overall_sequencing
from scorm_embed.core.sequencing.snapshot import state_from_data, state_to_data
from scorm_embed.core.sequencing.termination import termination_request_process
from scorm_embed.core.sequencing.tracking import TrackingState
from scorm_embed.core.sequencing.transfer import (
    mark_suspended,
    record_completion,
    record_measure,
    record_satisfied,
    rollup,
)
from scorm_embed.core.sequencing.vocabulary import NavigationRequest, SequencingExceptionCode, TerminationRequest

_GLOBALS = ("G1", "G2", "G3")
_booleans = st.booleans()
_seldom = st.sampled_from((False, False, False, True))


def _control_modes() -> st.SearchStrategy[ControlMode]:
    mostly = st.sampled_from((True, True, True, False))
    return st.builds(
        ControlMode,
        choice=mostly,
        choice_exit=mostly,
        flow=mostly,
        forward_only=_seldom,
        use_current_attempt_objective_info=mostly,
        use_current_attempt_progress_info=mostly,
    )


def _rules() -> st.SearchStrategy[tuple[SequencingRule, ...]]:
    conditions = st.builds(
        RuleCondition,
        condition=st.sampled_from(list(Condition)),
        negated=_booleans,
        referenced_objective=st.sampled_from((None, None, "local", "missing")),
        measure_threshold=st.sampled_from((0.0, 0.5)),
    )
    rule = st.builds(
        SequencingRule,
        action=st.sampled_from(list(RuleAction)),
        conditions=st.lists(conditions, min_size=1, max_size=2).map(tuple),
        combination=st.sampled_from(list(Combination)),
    )
    return st.one_of(st.just(()), st.lists(rule, max_size=2).map(tuple))


def _rollups() -> st.SearchStrategy[Rollup]:
    rule = st.builds(
        RollupRule,
        action=st.sampled_from(list(RollupAction)),
        conditions=st.lists(
            st.builds(RollupCondition, st.sampled_from(list(Condition)), _booleans), min_size=1, max_size=2
        ).map(tuple),
        combination=st.sampled_from(list(Combination)),
        child_set=st.sampled_from(list(ChildSet)),
        minimum_count=st.integers(0, 3),
        minimum_percent=st.sampled_from((0.0, 0.5, 1.0)),
    )
    return st.builds(
        Rollup,
        rules=st.one_of(st.just(()), st.lists(rule, max_size=2).map(tuple)),
        objective_satisfied=_booleans,
        progress_completion=_booleans,
        objective_measure_weight=st.sampled_from((0.0, 0.5, 1.0)),
    )


def _objectives(maps: bool) -> st.SearchStrategy[Objective]:
    items = st.frozensets(st.sampled_from(list(MapItem)))
    one_map = st.builds(ObjectiveMap, target=st.sampled_from(_GLOBALS), reads=items, writes=items)
    return st.builds(
        Objective,
        identifier=st.just("primary"),
        satisfied_by_measure=_seldom,
        min_normalized_measure=st.sampled_from((0.5, 1.0)),
        maps=st.lists(one_map, max_size=1).map(tuple) if maps else st.just(()),
    )


def _definitions(maps: bool, chance: bool) -> st.SearchStrategy[SequencingDefinition]:
    timing = st.sampled_from(list(Timing))
    considerations = st.builds(
        RollupConsiderations,
        required_for_satisfied=st.sampled_from(list(RequiredFor)),
        required_for_completed=st.sampled_from(list(RequiredFor)),
        measure_satisfaction_if_active=_booleans,
    )
    return st.builds(
        SequencingDefinition,
        control_mode=_control_modes(),
        constrained_choice=st.builds(ConstrainedChoice, _seldom, _seldom),
        rules=_rules(),
        limits=st.builds(LimitConditions, attempt_limit=st.sampled_from((None, None, None, 0, 1, 2))),
        rollup=_rollups(),
        considerations=considerations,
        primary_objective=_objectives(maps),
        objectives=_objectives(maps).map(
            lambda o: (Objective("local", o.satisfied_by_measure, o.min_normalized_measure, o.maps),)
        ),
        randomization=st.builds(RandomizationControls, timing, st.sampled_from((None, 1, 2)), timing, _booleans)
        if chance
        else st.just(RandomizationControls()),
        delivery=st.builds(DeliveryControls, st.sampled_from((True, True, False)), _booleans, _booleans),
        completion_threshold=st.builds(CompletionThreshold, _seldom, st.sampled_from((0.5, 1.0))),
    )


@st.composite
def trees(draw: st.DrawFn, maps: bool = True, chance: bool = False) -> ActivityTree:
    """A tree of up to some fifteen activities, at most three deep."""
    definitions = _definitions(maps, chance)
    numbers = iter(range(1000))

    def activity(depth: int) -> ActivityDefinition:
        name = f"a{next(numbers)}"
        count = draw(st.integers(1 if depth == 0 else 0, 3)) if depth < 3 else 0
        children = tuple(activity(depth + 1) for _ in range(count))
        return ActivityDefinition(
            name, name, draw(definitions), children, deliverable=not children and draw(st.integers(0, 9)) > 0
        )

    return ActivityTree(
        TreeDefinition(
            activity(0), objectives_global_to_system=draw(_booleans), edition=draw(st.sampled_from((4, 4, 3)))
        )
    )


Step = tuple[NavigationRequest, int, tuple[int, int, int, int]]
steps = st.lists(
    st.tuples(
        st.sampled_from([*NavigationRequest, *[NavigationRequest.CONTINUE] * 6, *[NavigationRequest.CHOICE] * 6]),
        st.integers(0, 50),
        st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3), st.integers(0, 5)),
    ),
    min_size=1,
    max_size=12,
)
_relaxed = settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))


def report(tree: ActivityTree, state: TrackingState, said: tuple[int, int, int, int]) -> None:
    """Let the content of the active activity report something."""
    if state.current == NO_ACTIVITY or state.current not in state.active:
        return
    activity = tree.identifiers[state.current]
    completion, success, measure, leaving = said
    if completion:
        record_completion(state, activity, (None, True, False)[completion - 1])
    if success:
        record_satisfied(state, activity, (None, True, False)[success - 1], (None, "local")[leaving % 2])
    if measure:
        record_measure(state, activity, (0.2, 0.6, 1.0)[measure - 1])
    if leaving == 5:
        mark_suspended(state, activity)
    rollup(tree, state, activity)


def walk(tree: ActivityTree, state: TrackingState, script: list[Step], seed: int = 1) -> list[Outcome]:
    """Carry out a script; a session that is over is begun again first."""
    draw = random.Random(seed)
    outcomes = [overall_sequencing(tree, state, NavigationRequest.START, draw=draw)]
    for request, target, said in script:
        report(tree, state, said)
        name = tree.identifiers[target % len(tree)]
        outcomes.append(overall_sequencing(tree, state, request, name, draw=draw))
    return outcomes


def facts(state: TrackingState) -> Any:
    """Everything the state holds, comparable."""
    return json.loads(json.dumps([state_to_data(state), state.globals_known()], sort_keys=True))


@_relaxed
@given(trees(chance=True), steps)
def test_any_request_at_any_time_gives_an_outcome(tree: ActivityTree, script: list[Step]) -> None:
    state = TrackingState(tree)
    for outcome in walk(tree, state, script):
        assert outcome.valid == (outcome.exception is None)
        assert not (outcome.delivered and outcome.ended)
        assert outcome.delivered is None or tree[outcome.delivered].is_leaf
    for activity in state.active:  # an active activity's ancestors are active
        assert not activity or tree.parent[activity] in state.active


@_relaxed
@given(trees(chance=True), steps)
def test_looking_ahead_changes_nothing(tree: ActivityTree, script: list[Step]) -> None:
    state = TrackingState(tree)
    walk(tree, state, script)
    before = facts(state), dict(state.changed), dict(state.touched), list(state.ended)
    first = valid_requests(tree, state)
    assert (facts(state), dict(state.changed), dict(state.touched), list(state.ended)) == before
    assert valid_requests(tree, state) == first


@_relaxed
@given(trees(), steps)
def test_looking_ahead_agrees_with_what_the_request_then_does(tree: ActivityTree, script: list[Step]) -> None:
    state = TrackingState(tree)
    walk(tree, state, script)
    valid = valid_requests(tree, state)
    trial = state_from_data(tree, state_to_data(state))
    replaced = False
    if trial.current != NO_ACTIVITY and trial.current in trial.active:
        trial.load_globals(state.globals_known())
        ended = termination_request_process(tree, trial, TerminationRequest.EXIT)
        replaced = ended.sequencing is not None or ended.exception is not None
    draw = random.Random(3)

    def works(request: NavigationRequest, target: str | None = None) -> bool:
        mark = state.begin()
        outcome = overall_sequencing(tree, state, request, target, draw=draw)
        state.rollback(mark)
        return outcome.valid and (
            outcome.ended
            or outcome.delivered is not None
            or request is NavigationRequest.EXIT
            or request is NavigationRequest.ABANDON
        )

    assert works(NavigationRequest.START) == valid.start
    assert works(NavigationRequest.EXIT_ALL) == valid.exit_all
    assert works(NavigationRequest.ABANDON_ALL) == valid.abandon_all
    assert works(NavigationRequest.SUSPEND_ALL) == valid.suspend_all
    if replaced:
        return  # every request then does the same, whatever the menu offers
    assert works(NavigationRequest.EXIT) == valid.exit
    assert works(NavigationRequest.ABANDON) == valid.abandon
    assert works(NavigationRequest.CONTINUE) == (valid.continue_ and valid.continue_reason is None)
    assert works(NavigationRequest.PREVIOUS) == valid.previous
    lonely = not any(entry.choosable for entry in valid.choice.values())
    for name, entry in valid.choice.items():
        if not (lonely and name == tree.identifiers[0]):
            assert works(NavigationRequest.CHOICE, name) == entry.choosable, (name, entry)
        assert works(NavigationRequest.JUMP, name) == (name in valid.jump)


@_relaxed
@given(trees(chance=True), steps, steps)
def test_a_saved_and_reloaded_state_behaves_the_same(tree: ActivityTree, script: list[Step], rest: list[Step]) -> None:
    state = TrackingState(tree)
    walk(tree, state, script)
    again = state_from_data(tree, json.loads(json.dumps(state_to_data(state))))
    again.load_globals(state.globals_known())
    assert facts(again) == facts(state)
    assert walk(tree, again, rest, 7) == walk(tree, state, rest, 7)
    assert facts(again) == facts(state)


@_relaxed
@given(trees(maps=False), steps)
def test_rolling_up_twice_is_rolling_up_once(tree: ActivityTree, script: list[Step]) -> None:
    state = TrackingState(tree)
    walk(tree, state, script)
    for name in tree.identifiers:
        rollup(tree, state, name)
        before = facts(state)
        rollup(tree, state, name)
        assert facts(state) == before


@_relaxed
@given(trees(), steps)
def test_traversal_never_runs_in_a_circle(tree: ActivityTree, script: list[Step]) -> None:
    state = TrackingState(tree)
    codes = [outcome.exception for outcome in walk(tree, state, script)]
    assert SequencingExceptionCode.UNENDING_FLOW not in codes


@_relaxed
@given(trees(), steps)
def test_a_walk_back_to_the_beginning_leaves_nothing_behind(tree: ActivityTree, script: list[Step]) -> None:
    state = TrackingState(tree)
    empty = facts(state)
    mark = state.begin()
    walk(tree, state, script)
    state.rollback(mark)
    assert facts(state) == empty
    assert not state.ended
    assert not state.changed
