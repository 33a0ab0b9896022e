"""What may be requested now, and why the rest is closed."""

from __future__ import annotations

from typing import Any

import pytest

from scorm_embed.core.sequencing.definition import (
    Condition,
    LimitConditions,
    MapItem,
    Objective,
    ObjectiveMap,
    RandomizationControls,
    Timing,
)
from scorm_embed.core.sequencing.reasons import ReasonKind, Requirement
from scorm_embed.core.sequencing.scorm12 import scorm12_defaults
from scorm_embed.core.sequencing.transfer import record_completion, rollup

STATUS = frozenset({MapItem.SATISFIED_STATUS, MapItem.NORMALIZED_MEASURE, MapItem.COMPLETION_STATUS})


def flags(course: Any) -> set[str]:
    valid = course.valid()
    names = (
        "start",
        "resume_all",
        "continue_",
        "previous",
        "exit",
        "exit_all",
        "suspend_all",
        "abandon",
        "abandon_all",
    )
    return {name for name in names if getattr(valid, name)}


def reason(course: Any, name: str) -> Any:
    found = course.valid().choice[name].reason
    assert found is not None
    return found


def test_requests_follow_the_session(activity: Any, begin: Any) -> None:
    leaving = {"exit_all", "suspend_all", "abandon_all"}
    course = begin(activity("root", activity("a"), activity("b"), activity("c")))
    assert flags(course) == {"start"}
    course.go("start")
    assert flags(course) == {"continue_", "exit", "abandon"} | leaving
    course.go("continue")
    assert flags(course) == {"continue_", "previous", "exit", "abandon"} | leaving
    course.go("exit")
    assert flags(course) == {"continue_", "previous"} | leaving
    course.go("suspendAll")
    assert flags(course) == {"start", "resume_all"}
    course.go("start")
    course.go("exitAll")
    assert flags(course) == {"start"}


def test_continue_is_open_on_the_last_activity(activity: Any, begin: Any) -> None:
    course = begin(activity("root", activity("a"), activity("b")))
    course.start_at("b")
    assert course.valid().continue_
    assert course.valid().continue_reason is None


def test_continue_stays_open_and_tells_what_it_would_meet(activity: Any, begin: Any, rule: Any) -> None:
    course = begin(activity("root", activity("a"), activity("b", rules=(rule("disabled", "always"),))))
    course.go("start")
    valid = course.valid()
    assert valid.continue_
    assert (valid.continue_reason.kind, valid.continue_reason.activity) == (ReasonKind.DISABLED, "b")


def test_the_end_of_the_current_activity_is_reckoned_with(activity: Any, begin: Any, rule: Any) -> None:
    writes = Objective("o", maps=(ObjectiveMap("G", writes=STATUS),))
    reads = Objective("o", maps=(ObjectiveMap("G", reads=STATUS),))
    closed = activity("b", primary_objective=reads, rules=(rule("disabled", "not objectiveStatusKnown"),))
    course = begin(activity("root", activity("a", primary_objective=writes), closed))
    assert not course.valid().choice["b"].choosable
    course.go("start")
    assert course.valid().choice["b"].choosable  # leaving the first satisfies it
    course.say(satisfied=False)
    assert course.valid().choice["b"].choosable


def test_a_rule_that_will_replace_the_request_closes_nothing(activity: Any, begin: Any, rule: Any) -> None:
    retry = activity("a", rules=(rule("retry", "not satisfied"),))
    course = begin(activity("root", retry, activity("b"), activity("c", rules=(rule("disabled", "always"),))))
    course.go("start")
    course.say(satisfied=False)
    valid = course.valid()
    assert valid.continue_
    assert valid.continue_reason is None
    assert [name for name, entry in valid.choice.items() if not entry.choosable] == ["c"]


def test_a_termination_that_fails_closes_what_goes_through_it(activity: Any, begin: Any, rule: Any) -> None:
    up = (rule("exitParent", "always"),)
    course = begin(activity("root", activity("a", rules=up), activity("b"), rules=up))
    course.go("start")
    valid = course.valid()
    assert not any(entry.choosable for entry in valid.choice.values())
    assert valid.choice["b"].reason.exception.value == "TB.2.3-4"
    assert not valid.previous
    assert valid.continue_reason.exception.value == "TB.2.3-4"
    assert valid.exit_all


def test_there_is_no_menu_where_only_the_root_could_be_chosen(activity: Any, begin: Any) -> None:
    course = begin(activity("root", activity("a"), activity("b"), choice=False))
    course.go("start")
    assert reason(course, "root").kind is ReasonKind.NO_MENU


def test_a_course_that_has_not_begun_can_be_entered_through_its_menu(activity: Any, begin: Any) -> None:
    course = begin(activity("root", activity("one", activity("a")), activity("b"), flow=False))
    assert not course.valid().start
    assert [name for name, entry in course.valid().choice.items() if entry.choosable] == ["one", "a", "b"]


def test_a_rule_on_another_module_says_what_to_do_first(activity: Any, begin: Any, rule: Any) -> None:
    first = activity("first", activity("a"), primary_objective=Objective("o", maps=(ObjectiveMap("G", writes=STATUS),)))
    before = Objective("before", maps=(ObjectiveMap("G", reads=STATUS),))
    rules = (
        rule("disabled", "not objectiveStatusKnown", objective="before"),
        rule("disabled", "not satisfied", objective="before"),
    )
    second = activity("second", activity("b"), objectives=(before,), rules=rules)
    course = begin(activity("root", first, second, activity("c")))
    course.start_at("c")
    found = reason(course, "b")
    assert (found.kind, found.activity, found.exception.value) == (ReasonKind.DISABLED, "second", "DB.1.1-3")
    assert found.requirements == (Requirement(("first",), Condition.ATTEMPTED),)
    course.start_at("a")
    course.say(satisfied=False)
    assert reason(course, "second").requirements == (Requirement(("first",), Condition.SATISFIED),)


@pytest.mark.parametrize(
    ("condition", "wanted", "threshold"),
    [
        ("objectiveMeasureLessThan", Condition.OBJECTIVE_MEASURE_GREATER_THAN, 0.8),
        ("not objectiveMeasureGreaterThan", Condition.OBJECTIVE_MEASURE_GREATER_THAN, 0.8),
    ],
)
def test_a_rule_on_a_measure_says_how_high_it_must_be(
    activity: Any, begin: Any, rule: Any, condition: str, wanted: Condition, threshold: float
) -> None:
    before = Objective("before", maps=(ObjectiveMap("G", reads=STATUS),))
    gate = rule("stopForwardTraversal", condition, objective="before", threshold=0.8)
    test = activity("test", primary_objective=Objective("o", maps=(ObjectiveMap("G", writes=STATUS),)))
    course = begin(activity("root", test, activity("gate", objectives=(before,), rules=(gate,)), activity("c")))
    course.start_at("test")
    course.say(measure=0.5)
    found = reason(course, "c")
    assert (found.kind, found.activity) == (ReasonKind.STOPPED, "gate")
    assert found.requirements == (Requirement(("test",), wanted, threshold),)


def test_rules_that_no_deed_can_lift_require_nothing(activity: Any, begin: Any, rule: Any) -> None:
    course = begin(activity("root", activity("a"), activity("b", rules=(rule("disabled", "always"),))))
    course.start_at("a")
    assert reason(course, "b").requirements == ()


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"limits": LimitConditions(attempt_limit=0)}, ReasonKind.ATTEMPTS_USED_UP),
        ({"deliverable": False}, ReasonKind.NOTHING_TO_DELIVER),
    ],
)
def test_other_reasons_have_kinds_of_their_own(
    activity: Any, begin: Any, options: dict[str, Any], kind: ReasonKind
) -> None:
    course = begin(activity("root", activity("a"), activity("b", **options), activity("c")))
    course.start_at("a")
    assert reason(course, "b").kind is kind


def test_looking_ahead_draws_no_lots(activity: Any, begin: Any) -> None:
    controls = RandomizationControls(randomization_timing=Timing.ON_EACH_NEW_ATTEMPT, reorder_children=True)
    course = begin(activity("root", activity("one", activity("a"), activity("b"), randomization=controls)))
    course.go("start")
    course.draw = None
    assert course.valid().exit


def test_scorm_12_prerequisites_close_entries_until_they_are_met(activity: Any, begin: Any) -> None:
    by_content = scorm12_defaults().delivery
    items = (("a", None), ("b", "a&c"), ("c", None))
    course = begin(
        activity("root", *(activity(name, prerequisites=script, delivery=by_content) for name, script in items)),
        free_choice=True,
        edition=0,
    )
    course.go("start")
    found = reason(course, "b")
    assert (found.kind, found.activity) == (ReasonKind.PREREQUISITES, "b")
    assert found.requirements == (Requirement(("c",), Condition.COMPLETED),)
    assert course.go("continue").delivered == "c"
    record_completion(course.state, "c", False)
    rollup(course.tree, course.state, "c")
    assert not course.valid().choice["b"].choosable
    record_completion(course.state, "c", True)
    rollup(course.tree, course.state, "c")
    assert course.valid().choice["b"].choosable
    assert course.go("previous").delivered == "b"
