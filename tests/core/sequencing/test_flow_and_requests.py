"""Flow [SB.2.1 to SB.2.3] and the requests that use it: Start, Resume All, Continue, Previous, Retry, Exit, Jump."""

from __future__ import annotations

from typing import Any

import pytest

from scorm_embed.core.sequencing.activity_tree import NO_ACTIVITY
from scorm_embed.core.sequencing.definition import LimitConditions
from scorm_embed.core.sequencing.flow import BACKWARD, FORWARD, flow_subprocess, flow_tree_traversal_subprocess
from scorm_embed.core.sequencing.sequencing_request import sequencing_request_process
from scorm_embed.core.sequencing.transfer import activity_status
from scorm_embed.core.sequencing.vocabulary import SequencingRequest


def walk(course: Any, request: str = "continue", times: int = 20) -> list[str]:
    found = []
    for _ in range(times):
        outcome = course.go(request)
        if outcome.delivered is None:
            break
        found.append(outcome.delivered)
    return found


def test_continue_walks_all_leaves_and_then_ends_the_session(activity: Any, begin: Any) -> None:
    course = begin(activity("root", activity("one", activity("a"), activity("b")), activity("c")))
    assert course.go("start").delivered == "a"
    assert walk(course, times=2) == ["b", "c"]
    outcome = course.go("continue")
    assert (outcome.ended, outcome.valid, outcome.ended_activities) == (True, True, ("c", "root"))
    assert course.current is None
    assert not course.state.active


def test_previous_walks_back_and_stops_at_the_first(activity: Any, begin: Any) -> None:
    course = begin(activity("root", activity("one", activity("a"), activity("b")), activity("c")))
    course.start_at("c")
    assert walk(course, "previous", 2) == ["b", "a"]
    outcome = course.go("previous")
    assert (outcome.valid, outcome.exception.value) == (False, "SB.2.1-3")


def test_start_delivers_a_course_that_is_one_leaf(activity: Any, begin: Any) -> None:
    assert begin(activity("root")).go("start").delivered == "root"


def test_start_does_not_enter_a_cluster_without_flow(activity: Any, begin: Any) -> None:
    outcome = begin(activity("root", activity("a"), activity("b"), flow=False)).go("start")
    assert (outcome.delivered, outcome.ended, outcome.exception.value) == (None, False, "SB.2.2-1")


def test_a_single_leaf_below_a_root_with_default_controls_is_delivered(activity: Any, begin: Any) -> None:
    course = begin(activity("root", activity("a"), flow=False))
    assert course.go("start").delivered == "a"
    assert not any(entry.choosable for entry in course.valid().choice.values())


def test_flow_passes_over_skipped_activities_and_clusters(activity: Any, begin: Any, rule: Any) -> None:
    skip = (rule("skip", "always"),)
    one = activity("one", activity("b"), rules=skip)
    course = begin(activity("root", activity("a", rules=skip), one, activity("c"), activity("d")))
    assert course.go("start").delivered == "c"


def test_flow_stops_before_a_disabled_activity(activity: Any, begin: Any, rule: Any) -> None:
    course = begin(activity("root", activity("a"), activity("b", rules=(rule("disabled", "always"),)), activity("c")))
    course.go("start")
    outcome = course.go("continue")
    assert (outcome.exception.value, outcome.obstacle, outcome.terminated) == ("SB.2.2-2", "b", True)
    assert outcome.delivered is None


def test_flow_stops_before_an_activity_whose_attempts_are_used_up(activity: Any, begin: Any) -> None:
    course = begin(activity("root", activity("a"), activity("b", limits=LimitConditions(attempt_limit=1))))
    course.start_at("b", "a")
    assert course.go("continue").exception.value == "SB.2.2-2"


def test_flow_enters_a_cluster_without_available_children_in_vain(activity: Any, begin: Any) -> None:
    course = begin(activity("root", activity("a"), activity("one", activity("b")), activity("c")))
    course.go("start")
    course.state.available[course.tree.by_id["one"]] = ()
    outcome = course.go("continue")
    assert (outcome.exception.value, outcome.obstacle) == ("SB.2.1-2", "one")


def test_forward_only_forbids_to_walk_back_out_of_the_cluster(activity: Any, begin: Any) -> None:
    course = begin(activity("root", activity("a"), activity("one", activity("b"), activity("c"), forward_only=True)))
    course.start_at("c")
    assert course.go("previous").exception.value == "NB.2.1-5"


def test_a_forward_only_cluster_below_the_way_stops_the_walk_back(activity: Any, begin: Any) -> None:
    inner = activity("inner", activity("b"))
    course = begin(activity("root", activity("one", activity("a"), inner, forward_only=True)))
    course.start_at("b")
    assert course.go("previous").exception.value == "SB.2.1-4"


def test_a_forward_only_cluster_is_entered_from_behind_at_its_first_child(activity: Any, begin: Any) -> None:
    one = activity("one", activity("a"), activity("b"), forward_only=True)
    course = begin(activity("root", one, activity("c")))
    course.start_at("c")
    assert course.go("previous").delivered == "a"


def test_a_forward_only_cluster_that_is_all_skipped_is_walked_past(activity: Any, begin: Any, rule: Any) -> None:
    skip = (rule("skip", "always"),)
    one = activity("one", activity("b", rules=skip), activity("c", rules=skip), forward_only=True)
    course = begin(activity("root", activity("a"), one, activity("d")))
    course.start_at("d")
    assert course.go("previous").delivered == "a"


def test_traversal_goes_one_step_whatever_the_rules_say(activity: Any, begin: Any, rule: Any) -> None:
    one = activity("one", activity("a", rules=(rule("skip", "always"),)), flow=False)
    course = begin(activity("root", one, activity("b")))
    step = flow_tree_traversal_subprocess(course.tree, course.state, 0, FORWARD, True, 0)
    assert (step.activity, step.direction) == (course.tree.by_id["one"], FORWARD)
    step = flow_tree_traversal_subprocess(course.tree, course.state, course.tree.by_id["b"], BACKWARD, False, 0)
    assert (step.activity, step.direction) == (course.tree.by_id["one"], BACKWARD)


def test_the_book_s_flow_process_can_be_asked_without_effect(activity: Any, begin: Any) -> None:
    course = begin(activity("root", activity("a"), activity("b")))
    course.start_at("b")
    flow = flow_subprocess(course.tree, course.state, course.tree.by_id["b"], FORWARD, False)
    assert (flow.delivery, flow.left_tree, flow.exception.value) == (NO_ACTIVITY, True, "SB.2.1-1")
    assert course.names(course.state.active) == ["root", "b"]


@pytest.mark.parametrize(
    ("request_name", "code"),
    [
        (SequencingRequest.CONTINUE, "SB.2.7-1"),
        (SequencingRequest.PREVIOUS, "SB.2.8-1"),
        (SequencingRequest.RETRY, "SB.2.10-1"),
        (SequencingRequest.EXIT, "SB.2.11-1"),
        (SequencingRequest.JUMP, "SB.2.13-1"),
        (SequencingRequest.RESUME_ALL, "SB.2.6-2"),
        (SequencingRequest.CHOICE, "SB.2.9-1"),
    ],
)
def test_requests_need_a_session_that_has_begun(
    activity: Any, begin: Any, request_name: SequencingRequest, code: str
) -> None:
    course = begin(activity("root", activity("a"), activity("b")))
    decision = sequencing_request_process(course.tree, course.state, request_name, NO_ACTIVITY)
    assert decision.obstacle is not None
    assert decision.obstacle.exception.value == code


@pytest.mark.parametrize(
    ("request_name", "code"),
    [
        (SequencingRequest.START, "SB.2.5-1"),
        (SequencingRequest.RESUME_ALL, "SB.2.6-1"),
        (SequencingRequest.RETRY, "SB.2.10-2"),
        (SequencingRequest.EXIT, "SB.2.11-2"),
        (SequencingRequest.CONTINUE, "SB.2.7-2"),
        (SequencingRequest.PREVIOUS, "SB.2.8-2"),
    ],
)
def test_requests_that_do_not_fit_an_active_activity_without_flow(
    activity: Any, begin: Any, request_name: SequencingRequest, code: str
) -> None:
    course = begin(activity("root", activity("a"), activity("b"), flow=False))
    course.start_at("a")
    decision = sequencing_request_process(course.tree, course.state, request_name, NO_ACTIVITY)
    assert decision.obstacle is not None
    assert decision.obstacle.exception.value == code


def test_retry_of_a_cluster_sees_its_children_as_not_yet_attempted(activity: Any, begin: Any, rule: Any) -> None:
    skip = (rule("skip", "satisfied"),)
    one = activity("one", activity("a", rules=skip), activity("b", rules=skip), rules=(rule("retry", "not satisfied"),))
    last = activity("b", rules=(rule("exitParent", "always"), *skip))
    one = activity("one", activity("a", rules=skip), last, rules=(rule("retry", "satisfied"),))
    course = begin(activity("root", one, activity("c")))
    course.go("start")
    course.go("continue")
    outcome = course.go("continue")
    assert outcome.delivered == "a"
    assert activity_status(course.state, "one").attempts == 2
    assert activity_status(course.state, "b").satisfied is None


def test_retry_of_a_cluster_keeps_what_the_author_wants_kept(activity: Any, begin: Any, rule: Any) -> None:
    skip = (rule("skip", "satisfied"),)
    last = activity("b", rules=(rule("exitParent", "always"),))
    one = activity(
        "one",
        activity("a", rules=skip),
        last,
        rules=(rule("retry", "satisfied"),),
        use_current_attempt_objective_info=False,
    )
    course = begin(activity("root", one, activity("c")))
    course.go("start")
    course.go("continue")
    assert course.go("continue").delivered == "b"


def test_retry_that_delivers_nothing_is_an_error_and_changes_nothing(activity: Any, begin: Any, rule: Any) -> None:
    limited = activity("a", limits=LimitConditions(attempt_limit=1), rules=(rule("exitParent", "always"),))
    course = begin(activity("root", activity("one", limited, rules=(rule("retry", "always"),)), activity("b")))
    course.go("start")
    outcome = course.go("exit")
    assert (outcome.exception.value, outcome.obstacle) == ("SB.2.10-3", "a")
    assert activity_status(course.state, "a").satisfied is True


def test_jump_passes_over_choice_controls_and_hiding_rules(activity: Any, begin: Any, rule: Any) -> None:
    hidden = (rule("hiddenFromChoice", "always"), rule("skip", "always"))
    course = begin(activity("root", activity("a"), activity("b", rules=hidden), choice=False))
    course.go("start")
    assert course.go("jump", "b").delivered == "b"


def test_jump_to_a_cluster_or_a_disabled_activity_delivers_nothing(activity: Any, begin: Any, rule: Any) -> None:
    one = activity("one", activity("b"))
    course = begin(activity("root", activity("a"), one, activity("c", rules=(rule("disabled", "always"),))))
    course.go("start")
    assert course.valid().jump == {"a", "b"}
    assert course.go("jump", "c").exception.value == "DB.1.1-3"
    assert course.go("jump", "one").exception.value == "DB.1.1-1"


def test_a_leaf_without_a_resource_is_walked_past_and_never_delivered(activity: Any, begin: Any) -> None:
    course = begin(activity("root", activity("heading", deliverable=False), activity("a"), activity("b")))
    assert course.go("start").delivered == "a"
    assert course.go("choice", "heading").exception.value == "DB.1.1-1"
