"""Rollup [RB.1.1 to RB.1.5]."""

from __future__ import annotations

from typing import Any

import pytest

from scorm_embed.core.sequencing.definition import (
    ChildSet,
    CompletionThreshold,
    Condition,
    DeliveryControls,
    LimitConditions,
    MapItem,
    Objective,
    ObjectiveMap,
    RequiredFor,
    Rollup,
    RollupAction,
    RollupCondition,
    RollupConsiderations,
    RollupRule,
)
from scorm_embed.core.sequencing.transfer import (
    activity_status,
    mark_suspended,
    record_completion,
    record_measure,
    record_progress_measure,
    record_satisfied,
    rollup,
)

UNTRACKED = DeliveryControls(tracked=False)


def status(course: Any, name: str = "root") -> tuple[bool | None, bool | None]:
    found = activity_status(course.state, name)
    return found.completed, found.satisfied


def set_children(course: Any, *values: tuple[bool | None, bool | None]) -> None:
    """Give leaves a, b, c… a completion and a satisfaction, and roll up once."""
    for name, (completed, satisfied) in zip("abcdef", values, strict=False):
        if completed is not None:
            record_completion(course.state, name, completed)
        if satisfied is not None:
            record_satisfied(course.state, name, satisfied)
        course.state.attempts[course.tree.by_id[name]] = 1
    rollup(course.tree, course.state, "a")


@pytest.fixture
def three(activity: Any, begin: Any) -> Any:
    return lambda **options: begin(activity("root", activity("a"), activity("b"), activity("c"), **options))


def one_rule(
    action: str, condition: str, child_set: str = "all", count: int = 0, percent: float = 0.0, negated: bool = False
) -> Rollup:
    condition_of = RollupCondition(Condition(condition), negated)
    return Rollup((RollupRule(RollupAction(action), (condition_of,), child_set=ChildSet(child_set),
                              minimum_count=count, minimum_percent=percent),))  # fmt: skip


@pytest.mark.parametrize(
    ("children", "expected"),
    [
        (((True, True), (True, True), (True, True)), (True, True)),
        (((True, True), (False, False), (True, True)), (False, False)),
        (((True, True), (None, None), (True, True)), (None, None)),
        (((False, None), (False, None), (False, True)), (False, None)),
    ],
)
def test_without_rules_a_cluster_is_what_all_its_children_are(three: Any, children: Any, expected: Any) -> None:
    course = three()
    set_children(course, *children)
    assert status(course) == expected


def test_a_status_that_no_rule_changes_stays(three: Any) -> None:
    course = three()
    set_children(course, (True, True), (True, True), (True, True))
    record_satisfied(course.state, "b", None)
    rollup(course.tree, course.state, "b")
    assert status(course) == (True, True)


@pytest.mark.parametrize(
    ("child_set", "count", "percent", "satisfied", "applies"),
    [
        ("all", 0, 0.0, (True, True, True), True),
        ("all", 0, 0.0, (True, True, None), False),
        ("any", 0, 0.0, (False, None, True), True),
        ("any", 0, 0.0, (False, None, None), False),
        ("none", 0, 0.0, (False, False, False), True),
        ("none", 0, 0.0, (False, None, False), False),
        ("none", 0, 0.0, (False, True, False), False),
        ("atLeastCount", 2, 0.0, (True, True, False), True),
        ("atLeastCount", 2, 0.0, (True, None, False), False),
        ("atLeastPercent", 0, 0.5, (True, True, None), True),
        ("atLeastPercent", 0, 0.7, (True, True, False), False),
    ],
)
def test_a_child_set_decides_how_many_children_must_agree(
    three: Any, child_set: str, count: int, percent: float, satisfied: tuple[bool | None, ...], applies: bool
) -> None:
    course = three(rollup=one_rule("completed", "satisfied", child_set, count, percent))
    set_children(course, *((None, value) for value in satisfied))
    assert status(course)[0] is (True if applies else None)


def test_satisfied_wins_over_not_satisfied_and_completed_over_incomplete(three: Any) -> None:
    always = (RollupCondition(Condition.ATTEMPTED),)
    rules = Rollup(tuple(RollupRule(action, always) for action in RollupAction))
    course = three(rollup=rules)
    set_children(course, (None, None), (None, None), (None, None))
    assert status(course) == (True, True)


def test_one_rule_of_a_pair_replaces_the_default_of_both(three: Any) -> None:
    course = three(rollup=one_rule("notSatisfied", "completed", "any", negated=True))
    set_children(course, (True, True), (True, True), (True, True))
    assert status(course) == (True, None)


def test_children_that_are_not_tracked_do_not_count(activity: Any, begin: Any) -> None:
    course = begin(activity("root", activity("a"), activity("b", delivery=UNTRACKED)))
    set_children(course, (True, True))
    assert status(course) == (True, True)


def test_children_may_keep_out_of_rollup(activity: Any, begin: Any) -> None:
    quiet = activity("b", rollup=Rollup(objective_satisfied=False))
    silent = activity("c", rollup=Rollup(progress_completion=False))
    course = begin(activity("root", activity("a"), quiet, silent))
    set_children(course, (True, True), (True, False), (False, True))
    assert status(course) == (True, True)


@pytest.mark.parametrize(("child_set", "applies"), [("all", True), ("none", True), ("any", False),
                                                    ("atLeastCount", False), ("atLeastPercent", False)])  # fmt: skip
def test_where_no_child_counts_all_and_none_hold(activity: Any, begin: Any, child_set: str, applies: bool) -> None:
    course = begin(
        activity(
            "root",
            activity("one", activity("a", delivery=UNTRACKED), rollup=one_rule("completed", "satisfied", child_set)),
        )
    )
    rollup(course.tree, course.state, "a")
    assert status(course, "one")[0] is (True if applies else None)


@pytest.mark.parametrize(
    ("required", "prepare", "counts"),
    [
        (RequiredFor.IF_ATTEMPTED, "nothing", False),
        (RequiredFor.IF_ATTEMPTED, "attempt", True),
        (RequiredFor.IF_NOT_SUSPENDED, "nothing", False),
        (RequiredFor.IF_NOT_SUSPENDED, "attempt", True),
        (RequiredFor.IF_NOT_SUSPENDED, "suspend", False),
        (RequiredFor.IF_NOT_SKIPPED, "attempt", True),
        (RequiredFor.IF_NOT_SKIPPED, "skip", False),
        (RequiredFor.ALWAYS, "nothing", True),
    ],
)
def test_a_child_may_be_required_under_a_condition_only(
    activity: Any, begin: Any, rule: Any, required: RequiredFor, prepare: str, counts: bool
) -> None:
    skip = (rule("skip", "always"),) if prepare == "skip" else ()
    child = activity("b", rules=skip, considerations=RollupConsiderations(required_for_completed=required))
    course = begin(activity("root", activity("a"), child))
    if prepare in ("attempt", "suspend"):
        course.state.attempts[course.tree.by_id["b"]] = 1
    if prepare == "suspend":
        mark_suspended(course.state, "b")
    record_completion(course.state, "a", True)
    rollup(course.tree, course.state, "a")
    assert status(course)[0] is (None if counts else True)


def test_measures_are_weighted_and_unknown_ones_count_as_zero(activity: Any, begin: Any) -> None:
    heavy = activity("a", rollup=Rollup(objective_measure_weight=1.0))
    light = activity("b", rollup=Rollup(objective_measure_weight=0.5))
    unknown = activity("c", rollup=Rollup(objective_measure_weight=0.5))
    course = begin(activity("root", heavy, light, unknown))
    record_measure(course.state, "a", 0.8)
    record_measure(course.state, "b", -0.4)
    rollup(course.tree, course.state, "a")
    assert activity_status(course.state, "root").measure == pytest.approx((0.8 - 0.2) / 2)


def test_without_any_known_measure_or_weight_the_measure_is_unknown(activity: Any, begin: Any) -> None:
    course = begin(activity("root", activity("a", rollup=Rollup(objective_measure_weight=0.0)), activity("b")))
    rollup(course.tree, course.state, "a")
    assert activity_status(course.state, "root").measure is None
    weightless = Rollup(objective_measure_weight=0.0)
    course = begin(activity("root", activity("a", rollup=weightless), activity("b", rollup=weightless)))
    record_measure(course.state, "a", 0.5)
    rollup(course.tree, course.state, "a")
    assert activity_status(course.state, "root").measure is None


def test_progress_measures_are_rolled_up_by_their_own_weight(activity: Any, begin: Any) -> None:
    first = activity("a", completion_threshold=CompletionThreshold(progress_weight=1.0))
    second = activity("b", completion_threshold=CompletionThreshold(progress_weight=0.25))
    course = begin(
        activity("root", first, second, completion_threshold=CompletionThreshold(True, min_progress_measure=0.6))
    )
    record_progress_measure(course.state, "a", 0.75)
    rollup(course.tree, course.state, "a")
    assert activity_status(course.state, "root").progress == pytest.approx(0.6)
    assert status(course)[0] is True
    record_progress_measure(course.state, "a", 0.7)
    rollup(course.tree, course.state, "a")
    assert status(course)[0] is False


@pytest.mark.parametrize(("measure", "expected"), [(0.6, True), (0.59, False), (None, None)])
def test_satisfied_by_measure_follows_the_rolled_up_measure(
    three: Any, measure: float | None, expected: bool | None
) -> None:
    course = three(primary_objective=Objective(satisfied_by_measure=True, min_normalized_measure=0.2))
    record_measure(course.state, "a", measure)
    rollup(course.tree, course.state, "a")
    assert status(course)[1] is expected


def test_a_measure_may_have_to_wait_until_the_attempt_has_ended(activity: Any, begin: Any) -> None:
    patient = activity(
        "a",
        primary_objective=Objective(satisfied_by_measure=True, min_normalized_measure=0.5),
        considerations=RollupConsiderations(measure_satisfaction_if_active=False),
    )
    course = begin(activity("root", patient, activity("b")))
    course.go("start")
    course.say(measure=0.9)
    assert status(course, "a")[1] is None
    course.go("exit")
    assert status(course, "a")[1] is True


def test_rollup_conditions_know_attempts_and_limits(three: Any) -> None:
    course = three(rollup=one_rule("completed", "attempted", "any"))
    set_children(course, (None, None))
    assert status(course)[0] is True


def test_the_attempt_limit_of_a_child_may_be_asked_for(activity: Any, begin: Any) -> None:
    course = begin(
        activity(
            "root",
            activity("a", limits=LimitConditions(attempt_limit=1)),
            activity("b"),
            rollup=one_rule("notSatisfied", "attemptLimitExceeded", "any"),
        )
    )
    course.start_at("a")
    course.go("exit")
    assert status(course)[1] is False


def test_rollup_reaches_activities_that_read_what_was_written(activity: Any, begin: Any) -> None:
    writes = Objective("own", maps=(ObjectiveMap("G", writes=frozenset({MapItem.SATISFIED_STATUS})),))
    reads = Objective("own", maps=(ObjectiveMap("G", reads=frozenset({MapItem.SATISFIED_STATUS})),))
    one = activity("one", activity("a", primary_objective=writes))
    two = activity("two", activity("b", primary_objective=reads))
    course = begin(activity("root", one, two))
    record_satisfied(course.state, "a", True)
    rollup(course.tree, course.state, "a")
    assert status(course, "two")[1] is True
    assert status(course)[1] is True


def test_a_cluster_s_own_write_map_carries_on(activity: Any, begin: Any) -> None:
    def mapped(name: str, reads: str | None, writes: str | None, *children: Any) -> Any:
        status_of = frozenset({MapItem.SATISFIED_STATUS})
        maps = ((ObjectiveMap(reads, reads=status_of),) if reads else ()) + (
            (ObjectiveMap(writes, writes=status_of),) if writes else ()
        )
        return activity(name, *children, primary_objective=Objective("own", maps=maps))

    one = mapped("one", None, "G1", activity("a"))
    two = mapped("two", None, "G2", mapped("b", "G1", None))
    three = mapped("three", None, None, mapped("c", "G2", None))
    course = begin(activity("root", one, two, three))
    record_satisfied(course.state, "a", False)
    rollup(course.tree, course.state, "a")
    assert [status(course, name)[1] for name in ("one", "two", "three", "root")] == [False] * 4
    assert course.state.changed_globals == {"G1": {"SatisfiedStatus": False}, "G2": {"SatisfiedStatus": False}}
