"""One session as a state machine: what follows from each event."""

from __future__ import annotations

import pytest

from scorm_embed.core.sequencing.vocabulary import NavigationRequest
from scorm_embed.core.standard import Standard
from scorm_embed.engine.effects import Happening
from scorm_embed.engine.events import AttemptRequested, Committed, Left, Requested, Started, Written
from scorm_embed.engine.state import Phase, to_snapshot

S12, S2004 = Standard.SCORM_12, Standard.SCORM_2004_4TH
both = pytest.mark.parametrize("standard", [S12, S2004])


@both
def test_starting_delivers_the_first_activity_afresh(table, standard: Standard) -> None:
    desk = table(standard, "one", "two")
    effects = desk.send(Started())
    assert (effects.delivery.activity_id, effects.delivery.activity_attempt, effects.delivery.fresh) == ("one", 1, True)
    assert effects.happenings == [Happening.LAUNCHED, Happening.PROGRESS]
    assert (desk.state.phase, desk.state.view, desk.state.opened) == (Phase.ACTIVE, 1, 1)


def test_a_snapshot_of_a_session_never_opened_is_a_few_bytes(table) -> None:
    desk = table(S2004, *(f"item-{n}" for n in range(1000)))
    assert len(str(to_snapshot(desk.state))) < 150
    desk.send(Started())
    desk.commit(("cmi.location", "p1"))
    assert len(str(to_snapshot(desk.state))) < 800


@both
def test_the_state_behaves_the_same_after_it_was_stored_and_read(table, standard: Standard) -> None:
    names = ("one", "two", "three")
    plain, stored = table(standard, *names), table(standard, *names)
    exit_element = "cmi.exit" if standard.is_2004 else "cmi.core.exit"
    events = [
        lambda d: d.send(Started()),
        lambda d: d.commit((exit_element, "suspend")),
        lambda d: d.send(Requested(NavigationRequest.CONTINUE)),
        lambda d: d.commit(terminated=True),
        lambda d: d.send(Requested(NavigationRequest.CHOICE, "one")),
        lambda d: d.send(Left()),
        lambda d: d.send(Started()),
        lambda d: d.send(Requested(NavigationRequest.EXIT_ALL)),
        lambda d: d.send(Started()),
    ]
    for event in events:
        event(plain)
        stored.reload()
        event(stored)
        assert to_snapshot(plain.state) == to_snapshot(stored.state)
    assert plain.stored == stored.stored


def test_time_is_what_the_content_reported_and_the_servers_clock_where_it_did_not(table) -> None:
    desk = table(S2004, "one", "two")
    desk.send(Started())
    desk.wait(40)
    desk.commit(("cmi.session_time", "PT25S"), terminated=True)
    assert (desk.state.seconds, desk.state.activities["one"].clock_seconds) == (25.0, 40.0)
    assert desk.stored["one", 1]["cmi.total_time"] == "PT25S"
    desk.send(Requested(NavigationRequest.CONTINUE))
    desk.wait(10)
    desk.commit(terminated=True)
    assert desk.state.seconds == 35.0


def test_terminating_twice_counts_time_once(table) -> None:
    desk = table(S2004, "one", "two")
    desk.send(Started())
    desk.commit(("cmi.session_time", "PT25S"), terminated=True)
    desk.commit(terminated=True, initialized=False)
    desk.send(Requested(NavigationRequest.CONTINUE))
    assert desk.state.seconds == 25.0


def test_initialising_again_within_one_launch_is_a_communication_session_of_its_own(table) -> None:
    desk = table(S12, "one")
    desk.send(Started())
    desk.commit(("cmi.core.session_time", "00:00:10"), terminated=True)
    desk.commit(("cmi.core.session_time", "00:00:05"), terminated=True)
    assert desk.state.seconds == 15.0
    assert desk.stored["one", 1]["cmi.core.total_time"] == "0000:00:15.00"


TIMES = {S12: ("cmi.core.session_time", "00:00:30", "00:00:50"), S2004: ("cmi.session_time", "PT30S", "PT50S")}


def left_after(table, standard: Standard, seconds: float, *elements: tuple[str, str]):
    """Play for a while, and be left without a word of the content's."""
    desk = table(standard, "one", "two")
    desk.send(Started())
    desk.wait(seconds)
    if elements:
        desk.commit(*elements)
    desk.send(Left(noticed=False))
    desk.reload()
    return desk


@both
def test_time_that_content_reports_after_it_was_left_replaces_what_was_counted(table, standard: Standard) -> None:
    element, half, more = TIMES[standard]
    desk = left_after(table, standard, 20, ("cmi.suspend_data" if standard is S12 else "cmi.location", "p1"))
    assert desk.state.seconds == 20.0
    desk.commit((element, half), initialized=False)
    desk.reload()
    desk.commit((element, more), initialized=False)
    record = desk.state.activities["one"]
    assert (desk.state.seconds, desk.state.attempt.seconds, record.seconds) == (50.0, 50.0, 50.0)
    total = desk.stored["one", 1]["cmi.core.total_time" if standard is S12 else "cmi.total_time"]
    assert total == ("0000:00:50.00" if standard is S12 else "PT50S")
    desk.send(Started())
    desk.wait(5)
    desk.commit(terminated=True)
    assert desk.state.seconds == 55.0


@both
def test_a_visit_of_which_nothing_had_arrived_counts_in_full(table, standard: Standard) -> None:
    element, half, _ = TIMES[standard]
    desk = left_after(table, standard, 20)
    assert desk.state.seconds == 0.0
    desk.commit((element, half), terminated=True)
    assert desk.state.seconds == 30.0


@both
def test_a_second_initialize_after_it_was_left_is_a_visit_of_its_own(table, standard: Standard) -> None:
    element, half, more = TIMES[standard]
    desk = left_after(table, standard, 20, (element, half))
    desk.commit((element, more), terminated=True)
    desk.commit((element, half), terminated=True)
    assert desk.state.seconds == 110.0


def test_what_content_itself_has_ended_is_not_corrected(table) -> None:
    desk = table(S2004, "one", "two")
    desk.send(Started())
    desk.commit(("cmi.session_time", "PT30S"), terminated=True)
    desk.send(Left())
    desk.commit(("cmi.session_time", "PT50S"), initialized=False)
    assert desk.state.seconds == 30.0


def test_time_of_an_earlier_visit_does_not_change_a_later_one(table) -> None:
    desk = left_after(table, S2004, 20, ("cmi.session_time", "PT30S"))
    desk.send(Started())
    desk.wait(10)
    desk.commit(("cmi.location", "p2"))
    desk.send(Requested(NavigationRequest.CONTINUE))
    desk.send(Committed(9, "one", (("cmi.session_time", "PT50S"),)))
    assert desk.state.seconds == 40.0


@pytest.mark.parametrize(
    ("exit_value", "phase", "reason"),
    [("normal", Phase.ENDED, "completed"), ("", Phase.ENDED, "completed"), ("suspend", Phase.SUSPENDED, "suspended")],
)
def test_leaving_a_single_activity_that_has_terminated_ends_the_course_unless_it_suspends(
    table, exit_value: str, phase: Phase, reason: str
) -> None:
    desk = table(S2004)
    desk.send(Started())
    desk.commit(("cmi.completion_status", "completed"), ("cmi.exit", exit_value), terminated=True)
    desk.send(Left())
    assert (desk.state.phase, desk.state.reason) == (phase, reason)


def test_leaving_a_course_of_several_activities_suspends_it_whatever_the_content_said(table) -> None:
    desk = table(S2004, "one", "two")
    desk.send(Started())
    desk.commit(("cmi.location", "p3"), ("cmi.exit", "normal"), terminated=True)
    desk.send(Left())
    assert (desk.state.phase, desk.state.reason) == (Phase.SUSPENDED, "suspended")
    effects = desk.send(Started())
    assert (effects.delivery.activity_id, effects.delivery.fresh) == ("one", False)
    assert desk.stored["one", 1]["cmi.location"] == "p3"
    assert desk.stored["one", 1]["cmi.entry"] == "resume"


@pytest.mark.parametrize("value", ["time-out", "logout"])
def test_an_exit_of_time_out_or_logout_beats_the_contents_own_request(table, value: str) -> None:
    desk = table(S2004, "one", "two")
    desk.send(Started())
    desk.commit(("adl.nav.request", "continue"), ("cmi.exit", value), terminated=True)
    assert desk.state.phase is Phase.ENDED


def test_the_contents_request_is_acted_on_at_terminate_and_not_before(table) -> None:
    desk = table(S2004, "one", "two")
    desk.send(Started())
    assert desk.commit(("adl.nav.request", "{target=two}choice")).delivery is None
    assert desk.commit(terminated=True, initialized=False).delivery.activity_id == "two"
    assert "adl.nav.request" not in desk.stored["two", 1]


def test_a_request_that_leads_nowhere_shows_the_same_activity_again_with_its_data(table) -> None:
    desk = table(S2004, "one", "two")
    desk.send(Started())
    desk.commit(("cmi.location", "p1"))
    effects = desk.send(Requested(NavigationRequest.PREVIOUS))
    assert effects.problem is not None
    assert desk.state.phase is Phase.ACTIVE


def test_a_new_attempt_keeps_the_old_one_and_starts_from_nothing(table) -> None:
    desk = table(S2004, "one", "two")
    desk.send(Started())
    desk.commit(("cmi.completion_status", "completed"), ("cmi.score.scaled", "0.5"))
    desk.send(AttemptRequested())
    assert (desk.state.phase, desk.state.attempt.number, len(desk.state.earlier)) == (Phase.FRESH, 2, 1)
    effects = desk.send(Started())
    assert (effects.delivery.activity_id, effects.delivery.fresh) == ("one", True)
    assert desk.state.activities["one"].completion == "not attempted"


def test_what_the_host_states_holds_until_the_content_says_something_newer(table) -> None:
    from scorm_embed.engine.outcome import shown

    desk = table(S2004)
    desk.send(Started())
    desk.send(Written(stated={"completion_status": "completed", "score": {"scaled": 0.7}}))
    seen = shown(desk.course, desk.tree, desk.state, best=True)
    assert (seen.completion_status, seen.score) == ("completed", {"scaled": 0.7})
    desk.commit(("cmi.location", "p2"))
    assert shown(desk.course, desk.tree, desk.state, best=True).completion_status == "completed"
    desk.commit(("cmi.completion_status", "incomplete"))
    seen = shown(desk.course, desk.tree, desk.state, best=True)
    assert (seen.completion_status, seen.score) == ("incomplete", {"scaled": 0.7})


def test_content_that_writes_incomplete_whenever_it_opens_takes_nothing_away_in_scorm_12(table) -> None:
    from scorm_embed.engine.outcome import shown

    desk = table(S12)
    desk.send(Started())
    desk.commit(("cmi.core.lesson_status", "passed"), ("cmi.core.score.raw", "90"), terminated=True)
    desk.send(Left())
    desk.reload()
    desk.send(Started())
    desk.commit(("cmi.core.lesson_status", "incomplete"), ("cmi.core.score.raw", "10"))
    best = shown(desk.course, desk.tree, desk.state, best=True)
    assert (best.completion_status, best.success_status, best.score["raw"]) == ("completed", "passed", 90.0)
    latest = shown(desk.course, desk.tree, desk.state, best=False)
    assert (latest.completion_status, latest.success_status, latest.score["raw"]) == ("incomplete", "unknown", 10.0)


def test_completing_and_passing_are_told_once(table) -> None:
    desk = table(S2004)
    desk.send(Started())
    first = desk.commit(("cmi.completion_status", "completed"), ("cmi.success_status", "passed"))
    assert first.happenings == [Happening.PROGRESS, Happening.COMPLETED, Happening.PASSED]
    assert desk.commit(("cmi.completion_status", "completed")).happenings == []
    assert desk.commit(("cmi.success_status", "failed")).happenings == [Happening.PROGRESS, Happening.FAILED]


def test_a_new_attempt_also_begins_where_only_the_host_has_written(table) -> None:
    desk = table(S12)
    record = desk.state.record("one")
    record.attempt, record.prepared = 1, True
    desk.state.current = "one"
    desk.stored["one", 1] = {}
    desk.send(Written(elements={"cmi.core.lesson_status": "completed"}))
    desk.send(AttemptRequested())
    assert (desk.state.attempt.number, desk.state.earlier[0].completion_status) == (2, "completed")


def test_answers_that_changed_places_within_one_commit_are_kept(table) -> None:
    desk = table(S2004)
    desk.send(Started())
    one = "cmi.interactions.0."
    patterns = [f"{one}correct_responses.{at}.pattern" for at in (0, 1)]
    desk.commit((f"{one}id", "q"), (f"{one}type", "choice"), (patterns[0], "a"), (patterns[1], "b"))
    effects = desk.commit((patterns[0], "b"), (patterns[1], "a"))
    assert effects.refused == []
    stored = desk.stored[desk.state.current_key]
    assert [stored[name] for name in patterns] == ["b", "a"]
