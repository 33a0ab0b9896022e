"""Exit action rules [TB.2.1], post condition rules [TB.2.2], termination [TB.2.3], ending attempts [UP.3, UP.4]."""

from __future__ import annotations

from typing import Any

import pytest

from scorm_embed.core.sequencing.definition import CompletionThreshold, DeliveryControls, Objective
from scorm_embed.core.sequencing.termination import termination_request_process
from scorm_embed.core.sequencing.transfer import activity_status, mark_suspended, record_completion, record_satisfied
from scorm_embed.core.sequencing.vocabulary import TerminationRequest


def nested(activity: Any, rules_of_one: tuple[Any, ...] = (), rules_of_a: tuple[Any, ...] = ()) -> Any:
    one = activity("one", activity("a", rules=rules_of_a), activity("b"), rules=rules_of_one)
    return activity("root", one, activity("two", activity("c")))


@pytest.mark.parametrize("request_name", list(TerminationRequest))
def test_nothing_can_be_ended_before_the_session_begins(
    activity: Any, begin: Any, request_name: TerminationRequest
) -> None:
    course = begin(nested(activity))
    assert termination_request_process(course.tree, course.state, request_name).exception.value == "TB.2.3-1"


@pytest.mark.parametrize("request_name", [TerminationRequest.EXIT, TerminationRequest.ABANDON])
def test_an_inactive_activity_cannot_be_ended(activity: Any, begin: Any, request_name: TerminationRequest) -> None:
    course = begin(nested(activity))
    course.go("start")
    course.go("exit")
    assert termination_request_process(course.tree, course.state, request_name).exception.value == "TB.2.3-2"


def test_exit_parent_is_no_request_of_its_own(activity: Any, begin: Any) -> None:
    course = begin(nested(activity))
    course.go("start")
    answer = termination_request_process(course.tree, course.state, TerminationRequest.EXIT_PARENT)
    assert answer.exception.value == "TB.2.3-7"


def test_exit_ends_the_activity_and_waits(activity: Any, begin: Any) -> None:
    course = begin(nested(activity))
    course.go("start")
    outcome = course.go("exit")
    assert (outcome.valid, outcome.terminated, outcome.ended, outcome.delivered) == (True, True, False, None)
    assert outcome.ended_activities == ("a",)
    assert course.current == "a"


def test_exit_all_ends_every_attempt_from_below(activity: Any, begin: Any) -> None:
    course = begin(nested(activity))
    course.go("start")
    outcome = course.go("exitAll")
    assert (outcome.ended, outcome.ended_activities) == (True, ("a", "one", "root"))
    assert not course.state.active
    assert course.current is None


def test_the_topmost_exit_rule_that_applies_wins(activity: Any, begin: Any, rule: Any) -> None:
    deep = activity("deep", activity("a"), activity("b"), rules=(rule("exit", "always"),))
    one = activity("one", deep, activity("c"), rules=(rule("exit", "attempted"),))
    course = begin(activity("root", one, activity("d")))
    course.go("start")
    outcome = course.go("continue")
    assert outcome.ended_activities == ("a", "deep", "one")
    assert outcome.delivered == "d"


def test_exit_rules_of_the_activity_itself_are_not_asked(activity: Any, begin: Any, rule: Any) -> None:
    course = begin(nested(activity, rules_of_a=(rule("exit", "always"),)))
    course.go("start")
    assert course.go("continue").delivered == "b"


def test_exit_parent_rule_ends_the_cluster_and_asks_its_rules(activity: Any, begin: Any, rule: Any) -> None:
    course = begin(nested(activity, (rule("continue", "always"),), (rule("exitParent", "always"),)))
    course.go("start")
    outcome = course.go("exit")
    assert outcome.ended_activities == ("a", "one")
    assert outcome.delivered == "c"


def test_exit_parent_at_the_root_is_an_error(activity: Any, begin: Any, rule: Any) -> None:
    root = activity("root", activity("a", rules=(rule("exitParent", "always"),)), rules=(rule("exitParent", "always"),))
    course = begin(root)
    course.go("start")
    outcome = course.go("exit")
    assert (outcome.valid, outcome.exception.value) == (False, "TB.2.3-4")


def test_exit_all_rule_ends_the_session_whatever_was_asked(activity: Any, begin: Any, rule: Any) -> None:
    course = begin(nested(activity, rules_of_a=(rule("exitAll", "satisfied"),)))
    course.go("start")
    course.say(satisfied=True)
    outcome = course.go("continue")
    assert (outcome.ended, outcome.delivered) == (True, None)


def test_retry_all_rule_begins_a_new_attempt_on_the_course(activity: Any, begin: Any, rule: Any) -> None:
    root = activity("root", activity("a"), activity("b", rules=(rule("retryAll", "not satisfied"),)))
    course = begin(root)
    course.start_at("a", "b")
    course.say(satisfied=False)
    outcome = course.go("continue")
    assert (outcome.delivered, outcome.ended) == ("a", False)
    assert activity_status(course.state, "root").attempts == 2


def test_retry_rule_delivers_the_same_activity_anew(activity: Any, begin: Any, rule: Any) -> None:
    course = begin(nested(activity, rules_of_a=(rule("retry", "not satisfied"),)))
    course.go("start")
    course.say(satisfied=False)
    outcome = course.go("continue")
    assert (outcome.delivered, outcome.resumed) == ("a", False)
    assert activity_status(course.state, "a").attempts == 2
    assert activity_status(course.state, "a").satisfied is None


@pytest.mark.parametrize(("action", "delivered"), [("continue", "c"), ("previous", "a")])
def test_continue_and_previous_rules_replace_the_request(
    activity: Any, begin: Any, rule: Any, action: str, delivered: str
) -> None:
    middle = activity("b", rules=(rule(action, "always"),))
    course = begin(activity("root", activity("a"), middle, activity("c")))
    course.start_at("b")
    assert course.go("choice", "b").delivered == delivered


def test_the_first_post_condition_rule_that_applies_wins(activity: Any, begin: Any, rule: Any) -> None:
    rules = (rule("retry", "not satisfied"), rule("exitAll", "completed"), rule("previous", "always"))
    course = begin(activity("root", activity("a"), activity("b", rules=rules)))
    course.start_at("b")
    assert course.go("continue").ended


def test_a_suspended_activity_has_no_post_conditions(activity: Any, begin: Any, rule: Any) -> None:
    course = begin(nested(activity, rules_of_a=(rule("exitAll", "always"),)))
    course.go("start")
    mark_suspended(course.state, "a")
    outcome = course.go("continue")
    assert (outcome.delivered, outcome.ended_activities) == ("b", ())


def test_the_end_of_the_roots_attempt_ends_the_session(activity: Any, begin: Any) -> None:
    course = begin(activity("root"))
    course.go("start")
    assert course.go("exit").ended


def test_suspend_all_keeps_the_attempts_and_resume_all_goes_on_with_them(activity: Any, begin: Any) -> None:
    course = begin(nested(activity))
    course.start_at("b")
    outcome = course.go("suspendAll")
    assert (outcome.ended, outcome.ended_activities) == (True, ())
    assert course.names(course.state.suspended) == ["root", "one", "b"]
    resumed = course.go("resumeAll")
    assert (resumed.delivered, resumed.resumed) == ("b", True)
    assert not course.state.suspended
    assert [activity_status(course.state, name).attempts for name in ("root", "one", "b")] == [1, 1, 1]


def test_suspend_all_after_the_activity_has_ended_suspends_its_parent(activity: Any, begin: Any) -> None:
    course = begin(nested(activity))
    course.go("start")
    course.go("exit")
    assert course.go("suspendAll").ended
    assert course.names(course.state.suspended) == ["root", "one"]
    outcome = course.go("resumeAll")
    assert (outcome.exception.value, outcome.obstacle) == ("DB.1.1-1", "one")


def test_an_inactive_root_cannot_be_suspended(activity: Any, begin: Any) -> None:
    course = begin(nested(activity))
    course.go("start")
    course.go("exit")
    course.state.set_current(0)
    course.state.set_active(0, False)
    assert course.go("suspendAll").exception.value == "TB.2.3-3"


def test_abandon_leaves_without_ending_and_forgets_what_was_reported(activity: Any, begin: Any) -> None:
    course = begin(nested(activity))
    course.go("start")
    course.say(satisfied=True, completed=True)
    outcome = course.go("abandon")
    assert (outcome.valid, outcome.ended, outcome.ended_activities) == (True, False, ())
    assert (activity_status(course.state, "a").satisfied, activity_status(course.state, "a").completed) == (None, None)
    assert course.names(course.state.active) == ["root", "one"]


def test_abandon_all_ends_the_session_without_ending_attempts(activity: Any, begin: Any) -> None:
    course = begin(nested(activity))
    course.go("start")
    outcome = course.go("abandonAll")
    assert (outcome.ended, outcome.ended_activities) == (True, ())
    assert not course.state.active


def test_a_leaf_that_reported_nothing_counts_as_completed_and_satisfied(activity: Any, begin: Any) -> None:
    course = begin(nested(activity))
    course.go("start")
    course.go("exit")
    status = activity_status(course.state, "a")
    assert (status.completed, status.satisfied) == (True, True)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"delivery": DeliveryControls(completion_set_by_content=True)}, (None, True)),
        ({"delivery": DeliveryControls(objective_set_by_content=True)}, (True, None)),
        ({"delivery": DeliveryControls(tracked=False)}, (None, None)),
        ({"primary_objective": Objective(satisfied_by_measure=True)}, (True, None)),
        ({"completion_threshold": CompletionThreshold(completed_by_measure=True)}, (None, True)),
    ],
)
def test_statuses_that_content_or_a_measure_must_set_stay_unknown(
    activity: Any, begin: Any, options: dict[str, Any], expected: tuple[bool | None, bool | None]
) -> None:
    course = begin(activity("root", activity("a", **options), activity("b")))
    course.start_at("a")
    course.go("exit")
    status = activity_status(course.state, "a")
    assert (status.completed, status.satisfied) == expected


def test_a_status_that_content_set_to_unknown_stays_unknown(activity: Any, begin: Any) -> None:
    course = begin(nested(activity))
    course.go("start")
    record_completion(course.state, "a", None)
    record_satisfied(course.state, "a", None)
    course.go("exit")
    status = activity_status(course.state, "a")
    assert (status.completed, status.satisfied) == (None, None)


def test_a_cluster_is_suspended_when_it_ends_with_a_suspended_child(activity: Any, begin: Any) -> None:
    course = begin(nested(activity))
    course.go("start")
    mark_suspended(course.state, "a")
    course.go("choice", "c")
    assert course.names(course.state.suspended) == ["one", "a"]
    outcome = course.go("choice", "a")
    assert (outcome.delivered, outcome.resumed) == ("a", True)
    assert activity_status(course.state, "one").attempts == 1
