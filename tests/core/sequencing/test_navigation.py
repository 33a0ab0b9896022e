"""Navigation Request Process [NB.2.1]."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def course(activity: Any, begin: Any) -> Any:
    return begin(activity("root", activity("one", activity("a"), activity("b")), activity("two", activity("c"))))


@pytest.mark.parametrize(
    ("request_name", "code"),
    [
        ("continue", "NB.2.1-2"),
        ("previous", "NB.2.1-2"),
        ("exit", "NB.2.1-2"),
        ("exitAll", "NB.2.1-2"),
        ("abandon", "NB.2.1-2"),
        ("abandonAll", "NB.2.1-2"),
        ("suspendAll", "NB.2.1-2"),
        ("resumeAll", "NB.2.1-3"),
        ("forward", "NB.2.1-7"),
        ("backward", "NB.2.1-7"),
    ],
)
def test_before_the_session_begins_most_requests_are_not_valid(course: Any, request_name: str, code: str) -> None:
    outcome = course.go(request_name)
    assert (outcome.valid, outcome.exception.value, outcome.delivered) == (False, code, None)


@pytest.mark.parametrize("request_name", ["start", "resumeAll"])
def test_a_session_that_has_begun_cannot_begin_again(course: Any, request_name: str) -> None:
    course.go("start")
    assert course.go(request_name).exception.value == "NB.2.1-1"
    assert course.current == "a"


@pytest.mark.parametrize("request_name", ["exit", "abandon"])
def test_an_activity_that_has_ended_cannot_be_left_again(course: Any, request_name: str) -> None:
    course.go("start")
    course.go("exit")
    assert course.go(request_name).exception.value == "NB.2.1-12"


def test_continue_and_previous_need_flow(activity: Any, begin: Any) -> None:
    course = begin(activity("root", activity("a"), activity("b"), flow=False))
    course.start_at("a")
    assert course.go("continue").exception.value == "NB.2.1-4"
    assert course.go("previous").exception.value == "NB.2.1-5"
    assert course.current == "a"


def test_previous_is_not_valid_where_the_cluster_runs_forward_only(activity: Any, begin: Any) -> None:
    course = begin(activity("root", activity("a"), activity("b"), forward_only=True))
    course.start_at("b")
    outcome = course.go("previous")
    assert (outcome.exception.value, outcome.obstacle) == ("NB.2.1-5", "root")


def test_nothing_lies_before_or_after_the_root(activity: Any, begin: Any) -> None:
    course = begin(activity("root"))
    course.go("start")
    assert course.go("previous").exception.value == "NB.2.1-6"
    assert course.go("continue").exception.value == "NB.2.1-4"


@pytest.mark.parametrize("request_name", ["choice", "jump"])
@pytest.mark.parametrize("target", ["nowhere", None])
def test_a_target_must_exist(course: Any, request_name: str, target: str | None) -> None:
    course.go("start")
    assert course.go(request_name, target).exception.value == "NB.2.1-11"


def test_choice_needs_a_parent_that_allows_it(activity: Any, begin: Any) -> None:
    course = begin(activity("root", activity("a"), activity("b"), choice=False))
    course.go("start")
    outcome = course.go("choice", "b")
    assert (outcome.exception.value, outcome.obstacle) == ("NB.2.1-10", "root")


@pytest.mark.parametrize("target", ["b", "c", "two", "root", "a"])
def test_choice_must_not_leave_an_active_activity_that_forbids_it(activity: Any, begin: Any, target: str) -> None:
    leaf = activity("a", choice_exit=False)
    course = begin(activity("root", activity("one", leaf, activity("b")), activity("two", activity("c"))))
    course.go("start")
    outcome = course.go("choice", target)
    assert (outcome.exception.value, outcome.obstacle) == ("NB.2.1-8", "a")


def test_an_active_cluster_that_forbids_choice_exit_keeps_the_learner_inside(activity: Any, begin: Any) -> None:
    one = activity("one", activity("a"), activity("b"), choice_exit=False)
    course = begin(activity("root", one, activity("two", activity("c"))))
    course.go("start")
    assert course.go("choice", "c").exception.value == "NB.2.1-8"
    assert course.go("choice", "b").delivered == "b"


def test_the_common_ancestor_may_forbid_choice_exit(activity: Any, begin: Any) -> None:
    course = begin(activity("root", activity("a"), activity("b"), choice_exit=False))
    course.go("start")
    assert course.go("choice", "b").delivered == "b"


def test_jump_belongs_to_the_4th_edition(activity: Any, begin: Any) -> None:
    course = begin(activity("root", activity("a"), activity("b")), edition=3)
    course.go("start")
    assert course.go("jump", "b").exception.value == "NB.2.1-13"
    assert course.valid().jump == frozenset()


def test_a_request_that_is_not_valid_changes_nothing(course: Any) -> None:
    course.go("start")
    outcome = course.go("choice", "nowhere")
    assert not outcome.terminated
    assert outcome.ended_activities == ()
    assert course.current == "a"
    assert course.names(course.state.active) == ["root", "one", "a"]
