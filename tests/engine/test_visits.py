"""What a visit of a SCO leaves for the next one: entry, exit, and whose word ends it."""

from __future__ import annotations

import pytest

from scorm_embed.core.sequencing.vocabulary import NavigationRequest
from scorm_embed.core.standard import Standard
from scorm_embed.engine.events import Left, Requested, Started, Written
from scorm_embed.engine.outcome import shown
from scorm_embed.engine.state import Phase

S12, S2004 = Standard.SCORM_12, Standard.SCORM_2004_4TH
both = pytest.mark.parametrize("standard", [S12, S2004])
NAMES = {S12: ("cmi.core.exit", "cmi.core.entry"), S2004: ("cmi.exit", "cmi.entry")}


@both
def test_a_second_communication_session_in_one_launch_knows_nothing_of_the_exit_of_the_first(table, standard) -> None:
    exit_, entry = NAMES[standard]
    desk = table(standard)
    desk.send(Started())
    desk.commit((exit_, "suspend"), terminated=True)
    desk.commit(terminated=True)
    desk.send(Left())
    assert exit_ not in desk.stored["one", 1]
    assert desk.state.reason == "completed"
    desk.send(Started())
    assert desk.stored["one", desk.state.activities["one"].attempt][entry] == ("" if standard is S12 else "ab-initio")


def test_a_second_session_that_came_late_knows_nothing_of_the_exit_of_the_first(table) -> None:
    desk = table(S2004)
    desk.send(Started())
    desk.commit(("cmi.exit", "suspend"), terminated=True)
    desk.send(Left())
    desk.commit(terminated=True)
    assert desk.state.phase is Phase.ENDED


def test_a_second_session_without_a_word_on_time_is_counted_by_the_clock_and_adds_nothing_to_the_total(table) -> None:
    desk = table(S12)
    desk.send(Started())
    desk.commit(("cmi.core.session_time", "00:00:10"), terminated=True)
    desk.commit()
    desk.wait(7)
    desk.commit(terminated=True, initialized=False)
    assert (desk.state.seconds, desk.stored["one", 1]["cmi.core.total_time"]) == (17.0, "0000:00:10.00")


@both
def test_a_sco_that_never_began_is_entered_for_the_first_time_the_next_time(table, standard) -> None:
    desk = table(standard, "one", "two")
    desk.send(Started())
    desk.send(Left())
    desk.reload()
    desk.send(Started())
    assert desk.stored["one", 1][NAMES[standard][1]] == "ab-initio"
    desk.commit()
    desk.send(Left())
    desk.send(Started())
    assert desk.stored["one", 1][NAMES[standard][1]] == "resume"


@both
def test_a_sco_whose_beginning_came_late_is_resumed(table, standard) -> None:
    desk = table(standard, "one", "two")
    desk.send(Started())
    desk.send(Left())
    desk.commit()
    desk.send(Started())
    assert desk.stored["one", 1][NAMES[standard][1]] == "resume"


def test_a_12_lesson_that_has_finished_is_not_resumed_because_the_course_was_left_after_it(table) -> None:
    desk = table(S12, "one", "two")
    desk.send(Started())
    desk.commit(("cmi.core.lesson_status", "completed"), ("cmi.core.exit", ""), terminated=True)
    desk.send(Requested(NavigationRequest.SUSPEND_ALL))
    desk.send(Started())
    assert desk.stored["one", 1]["cmi.core.entry"] == ""


def test_a_12_lesson_that_forgets_its_status_and_its_exit_comes_back_to_its_place(table) -> None:
    desk = table(S12)
    desk.send(Started())
    desk.commit(("cmi.core.lesson_location", "p3"), terminated=True)
    desk.send(Left())
    desk.send(Started())
    kept = desk.stored["one", 1]
    assert (kept["cmi.core.entry"], kept["cmi.core.lesson_status"]) == ("resume", "completed")


def test_an_exit_of_logout_leaves_a_12_course_open_where_tools_are_taken_as_they_are(table) -> None:
    desk = table(S12, "one", "two")
    desk.send(Started())
    desk.commit(("cmi.core.lesson_status", "completed"), ("cmi.core.exit", "logout"), terminated=True)
    assert desk.state.phase is Phase.ACTIVE
    desk.send(Requested(NavigationRequest.CONTINUE))
    assert desk.state.current == "two"


@pytest.mark.parametrize("names", [("one",), ("one", "two")])
def test_an_exit_of_logout_takes_the_learner_out_of_a_12_course_taken_by_the_letter(table, names) -> None:
    desk = table(S12, *names)
    desk.tolerant = False
    desk.send(Started())
    desk.commit(("cmi.core.lesson_status", "completed"), ("cmi.core.exit", "logout"), terminated=True)
    assert desk.state.phase is Phase.SUSPENDED
    assert desk.state.reason == ("completed" if len(names) == 1 else "exited")
    desk.send(Started())
    kept = desk.stored["one", 1]
    assert (kept["cmi.core.entry"], kept["cmi.core.lesson_status"]) == ("", "completed")


@both
@pytest.mark.parametrize("request_name", ["exit", "abandon"])
def test_a_course_whose_only_activity_has_ended_is_over_and_can_be_opened_again(table, standard, request_name) -> None:
    desk = table(standard)
    desk.send(Started())
    desk.commit(("cmi.location" if standard.is_2004 else "cmi.core.lesson_location", "p1"))
    desk.send(Requested(NavigationRequest(request_name)))
    assert desk.state.phase is (Phase.ENDED if standard.is_2004 else Phase.SUSPENDED)
    assert desk.state.open is None
    desk.send(Left())
    assert desk.send(Started()).delivery.activity_id == "one"


@both
def test_a_course_left_while_nothing_was_delivered_starts_again(table, standard) -> None:
    desk = table(standard, "one", "two")
    desk.send(Started())
    desk.commit()
    desk.send(Requested(NavigationRequest.EXIT))
    assert (desk.state.phase, desk.state.open) == (Phase.ACTIVE, None)
    desk.send(Left())
    effects = desk.send(Started())
    assert (effects.delivery.activity_id, effects.problem, desk.state.attempt.number) == ("one", None, 1)


@pytest.mark.parametrize("names", [("one",), ("one", "two")])
@pytest.mark.parametrize("request_", [NavigationRequest.ABANDON, NavigationRequest.ABANDON_ALL])
def test_what_an_abandoned_attempt_reported_is_not_shown(table, names, request_) -> None:
    desk = table(S2004, *names)
    desk.send(Started())
    desk.commit(("cmi.completion_status", "completed"), ("cmi.success_status", "passed"), ("cmi.score.raw", "9"))
    desk.send(Requested(request_))
    now = shown(desk.course, desk.tree, desk.state, best=True)
    assert (now.state, now.score) == ("incomplete", {})
    record = desk.state.activities["one"]
    assert (record.completion, record.success, record.score) == ("incomplete", "unknown", {})


@pytest.mark.parametrize("first", [(), (("cmi.core.lesson_status", "completed"),)])
def test_a_12_lesson_that_says_nothing_on_its_status_is_judged_by_its_score_at_each_visit(table, first) -> None:
    status, raw = "cmi.core.lesson_status", "cmi.core.score.raw"
    desk = table(S12, "one", "two")
    seen = []
    visits = [((raw, "20"), *first), ((raw, "80"),), (), ((raw, "30"),), ((status, "incomplete"),), ((raw, "90"),)]
    for said in visits:
        desk.send(Started())
        desk.stored["one", 1]["cmi.student_data.mastery_score"] = "50"
        desk.commit(*said, terminated=True)
        desk.send(Left())
        desk.reload()
        seen.append(desk.stored["one", 1][status])
    assert seen == ["failed", "passed", "passed", "failed", "incomplete", "incomplete"]


def test_a_status_that_the_host_wrote_is_not_judged_again(table) -> None:
    desk = table(S12, "one", "two")
    for said in ((("cmi.core.score.raw", "20"),), ()):
        desk.send(Started())
        desk.stored["one", 1]["cmi.student_data.mastery_score"] = "50"
        desk.commit(*said, terminated=True)
        desk.send(Left())
        desk.send(Written({"cmi.core.lesson_status": "passed"}))
    assert desk.stored["one", 1]["cmi.core.lesson_status"] == "passed"
    desk.send(Started())
    desk.stored["one", 1]["cmi.student_data.mastery_score"] = "50"
    desk.commit(terminated=True)
    assert desk.stored["one", 1]["cmi.core.lesson_status"] == "passed"


@pytest.mark.parametrize("said", [("cmi.location", "p2"), ("cmi.completion_status", "incomplete")])
@pytest.mark.parametrize("by_host", [False, True])
def test_only_a_word_on_completion_takes_back_what_the_end_of_the_attempt_concluded(table, said, by_host) -> None:
    desk = table(S2004)
    desk.send(Started())
    desk.commit(("cmi.location", "p1"), terminated=True)
    desk.send(Left())
    if by_host:
        desk.send(Written(dict([said])))
    else:
        desk.commit(said)
    status = shown(desk.course, desk.tree, desk.state, best=True).completion_status
    assert status == ("completed" if said[0] == "cmi.location" else "incomplete")


@pytest.mark.parametrize("again", ["within one launch", "in the next"])
def test_a_12_lesson_that_only_names_another_score_is_judged_by_it_whenever_it_begins_again(table, again: str) -> None:
    desk = table(S12)
    desk.send(Started())
    desk.stored["one", 1]["cmi.student_data.mastery_score"] = "80"
    desk.commit(("cmi.core.lesson_status", "completed"), ("cmi.core.score.raw", "40"), terminated=True)
    assert desk.stored["one", 1]["cmi.core.lesson_status"] == "failed"
    if again == "in the next":
        desk.send(Left())
        desk.send(Started())
        desk.stored["one", 1]["cmi.student_data.mastery_score"] = "80"
    desk.reload()
    desk.commit(("cmi.core.score.raw", "90"), terminated=True)
    assert desk.stored["one", 1]["cmi.core.lesson_status"] == "passed"
