"""Conditions and rule checks [UP.1, UP.2, UP.5], delivery [DB.1.1, DB.2, DB.2.1]."""

from __future__ import annotations

from typing import Any

import pytest

from scorm_embed.core.sequencing.definition import (
    Combination,
    Condition,
    DeliveryControls,
    LimitConditions,
    Objective,
    RuleAction,
    RuleCondition,
    SequencingDefinition,
    SequencingRule,
)
from scorm_embed.core.sequencing.delivery import content_delivery_environment_process
from scorm_embed.core.sequencing.rules import (
    check_activity_process,
    condition_value,
    limit_conditions_check_process,
    sequencing_rules_check_process,
)
from scorm_embed.core.sequencing.transfer import (
    activity_status,
    mark_suspended,
    record_completion,
    record_measure,
    record_satisfied,
)
from scorm_embed.core.sequencing.vocabulary import SequencingExceptionCode


@pytest.fixture
def course(activity: Any, begin: Any) -> Any:
    leaf = activity("a", objectives=(Objective("o"),), limits=LimitConditions(attempt_limit=1))
    return begin(activity("root", leaf, activity("b")))


def value(course: Any, condition: Condition, threshold: float = 0.0, objective: str | None = None) -> bool | None:
    slot = course.tree.slot(1, objective)
    return condition_value(course.tree, course.state, 1, condition, -1 if slot is None else slot, threshold)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Condition.ALWAYS, True),
        (Condition.SATISFIED, None),
        (Condition.OBJECTIVE_STATUS_KNOWN, False),
        (Condition.OBJECTIVE_MEASURE_KNOWN, False),
        (Condition.OBJECTIVE_MEASURE_GREATER_THAN, None),
        (Condition.OBJECTIVE_MEASURE_LESS_THAN, None),
        (Condition.COMPLETED, None),
        (Condition.ACTIVITY_PROGRESS_KNOWN, False),
        (Condition.ATTEMPTED, False),
        (Condition.ATTEMPT_LIMIT_EXCEEDED, False),
        (Condition.TIME_LIMIT_EXCEEDED, None),
        (Condition.OUTSIDE_AVAILABLE_TIME_RANGE, None),
    ],
)
def test_conditions_of_an_activity_that_was_never_opened(course: Any, condition: Condition, expected: Any) -> None:
    assert value(course, condition) is expected


def test_conditions_follow_what_is_recorded(course: Any) -> None:
    course.start_at("a")
    record_satisfied(course.state, "a", False)
    record_completion(course.state, "a", True)
    record_measure(course.state, "a", 0.5)
    assert value(course, Condition.SATISFIED) is False
    assert value(course, Condition.OBJECTIVE_STATUS_KNOWN) is True
    assert value(course, Condition.COMPLETED) is True
    assert value(course, Condition.ACTIVITY_PROGRESS_KNOWN) is True
    assert value(course, Condition.OBJECTIVE_MEASURE_KNOWN) is True
    assert value(course, Condition.ATTEMPTED) is True
    assert value(course, Condition.ATTEMPT_LIMIT_EXCEEDED) is True
    assert value(course, Condition.OBJECTIVE_MEASURE_GREATER_THAN, 0.5) is False
    assert value(course, Condition.OBJECTIVE_MEASURE_GREATER_THAN, 0.4) is True
    assert value(course, Condition.OBJECTIVE_MEASURE_LESS_THAN, 0.5) is False
    assert value(course, Condition.OBJECTIVE_MEASURE_LESS_THAN, 0.6) is True


def test_a_condition_asks_the_objective_it_names(course: Any) -> None:
    record_satisfied(course.state, "a", True, "o")
    assert value(course, Condition.SATISFIED, objective="o") is True
    assert value(course, Condition.SATISFIED) is None
    assert value(course, Condition.OBJECTIVE_STATUS_KNOWN, objective="missing") is None


T, F, U = Condition.ALWAYS, Condition.ATTEMPTED, Condition.SATISFIED


@pytest.mark.parametrize(
    ("combination", "conditions", "applies"),
    [
        (Combination.ALL, [(T, False), (T, False)], True),
        (Combination.ALL, [(T, False), (F, False)], False),
        (Combination.ALL, [(T, False), (U, False)], False),
        (Combination.ALL, [(F, True)], True),
        (Combination.ALL, [(U, True)], False),
        (Combination.ALL, [], False),
        (Combination.ANY, [(F, False), (T, False)], True),
        (Combination.ANY, [(U, False), (T, False)], True),
        (Combination.ANY, [(U, False), (F, False)], False),
        (Combination.ANY, [(U, True), (F, True)], True),
        (Combination.ANY, [], False),
    ],
)
def test_conditions_combine_with_three_values(
    activity: Any, begin: Any, combination: Combination, conditions: list[tuple[Condition, bool]], applies: bool
) -> None:
    rule = SequencingRule(
        RuleAction.DISABLED, tuple(RuleCondition(c, negated) for c, negated in conditions), combination
    )
    course = begin(activity("root", activity("a", rules=(rule,))))
    found = sequencing_rules_check_process(course.tree, course.state, 1, course.tree.disabled_rules)
    assert (found is not None) is applies
    assert check_activity_process(course.tree, course.state, 1) is applies


def test_an_attempt_limit_bars_new_attempts_only(course: Any) -> None:
    assert not limit_conditions_check_process(course.tree, course.state, 1)
    course.start_at("a")
    assert not limit_conditions_check_process(course.tree, course.state, 1)
    mark_suspended(course.state, "a")
    course.start_at("b")
    assert not limit_conditions_check_process(course.tree, course.state, 1)
    course.start_at("a", "b")
    assert limit_conditions_check_process(course.tree, course.state, 1)
    assert course.go("choice", "a").exception.value == "DB.1.1-3"


def test_an_attempt_limit_of_zero_closes_an_activity_for_good(activity: Any, begin: Any) -> None:
    course = begin(activity("root", activity("a", limits=LimitConditions(attempt_limit=0)), activity("b")))
    assert course.go("start").exception.value == "SB.2.2-2"


def test_an_untracked_activity_has_no_limit_and_no_attempts(activity: Any, begin: Any) -> None:
    leaf = activity("a", limits=LimitConditions(attempt_limit=1), delivery=DeliveryControls(tracked=False))
    course = begin(activity("root", leaf, activity("b")))
    course.start_at("a", "b", "a")
    assert activity_status(course.state, "a").attempts == 0
    assert activity_status(course.state, "root").attempts == 1


def test_a_disabled_root_closes_everything(activity: Any, begin: Any, rule: Any) -> None:
    course = begin(activity("root", activity("a"), activity("b"), rules=(rule("disabled", "always"),)))
    outcome = course.go("start")
    assert (outcome.exception.value, outcome.obstacle) == ("DB.1.1-3", "root")


def test_nothing_is_delivered_while_an_activity_is_active(course: Any) -> None:
    course.start_at("a")
    answer = content_delivery_environment_process(course.tree, course.state, 2)
    assert answer is SequencingExceptionCode.DB_2_1


def test_delivery_begins_attempts_on_the_way_only_where_none_is_going_on(activity: Any, begin: Any) -> None:
    course = begin(activity("root", activity("one", activity("a"), activity("b")), activity("two", activity("c"))))
    course.start_at("a", "b", "c", "a")
    attempts = {name: activity_status(course.state, name).attempts for name in course.tree.identifiers}
    assert attempts == {"root": 1, "one": 2, "a": 2, "b": 1, "two": 1, "c": 1}
    assert course.names(course.state.active) == ["root", "one", "a"]


def test_a_new_attempt_on_a_cluster_forgets_what_its_children_had(activity: Any, begin: Any) -> None:
    course = begin(activity("root", activity("one", activity("a"), activity("b")), activity("c")))
    course.start_at("a", "b", "c", "a")
    assert activity_status(course.state, "b").completed is None
    assert activity_status(course.state, "b").attempts == 1


@pytest.mark.parametrize(
    ("control", "expected"),
    [
        ("use_current_attempt_objective_info", (None, True)),
        ("use_current_attempt_progress_info", (True, None)),
    ],
)
def test_a_cluster_may_keep_what_its_children_had(
    activity: Any, begin: Any, control: str, expected: tuple[bool | None, bool | None]
) -> None:
    one = activity("one", activity("a"), activity("b"), **{control: False})
    course = begin(activity("root", one, activity("c")))
    course.start_at("a", "b", "c", "a")
    status = activity_status(course.state, "b")
    assert (status.completed, status.satisfied) == expected


def test_delivering_another_activity_gives_up_the_suspended_one(activity: Any, begin: Any) -> None:
    course = begin(activity("root", activity("one", activity("a"), activity("b")), activity("c")))
    course.start_at("a")
    course.go("suspendAll")
    outcome = course.go("choice", "c")
    assert (outcome.delivered, outcome.resumed) == ("c", False)
    assert not course.state.suspended
    assert activity_status(course.state, "root").attempts == 1  # the attempt on the course goes on
    assert course.go("choice", "a").resumed is False


def test_other_suspended_activities_keep_their_cluster_suspended(activity: Any, begin: Any) -> None:
    course = begin(activity("root", activity("one", activity("a"), activity("b")), activity("c")))
    course.start_at("a")
    mark_suspended(course.state, "a")
    course.start_at("b")
    course.go("suspendAll")
    course.start_at("c")
    assert course.names(course.state.suspended) == ["one", "a"]


def test_definitions_default_to_the_book() -> None:
    definition = SequencingDefinition()
    assert (definition.control_mode.choice, definition.control_mode.flow) == (True, False)
    assert definition.delivery.tracked is True
