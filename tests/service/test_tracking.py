"""What a learner does comes back: statuses, scores, time, places, in both standards."""

from __future__ import annotations

import pytest

from scorm_embed.core.standard import Standard
from scorm_embed.service.model import Mode, SessionUpdate
from scorm_embed.testing.package_builder import Item

S12, S2004 = Standard.SCORM_12, Standard.SCORM_2004_4TH
TWO = (Item("one"), Item("two"))

pytestmark = pytest.mark.anyio


async def test_a_session_that_was_launched_but_never_opened_is_not_attempted(desk) -> None:
    await desk.launch(await desk.course())
    shown = await desk.shown()
    assert (shown["state"], shown["completion_status"], shown["success_status"]) == (
        "not_attempted",
        "not attempted",
        "unknown",
    )
    assert (shown["attempts"], shown["version"], shown["score"], shown["cmi_data"]) == (0, 1, None, {})


@pytest.mark.parametrize("standard", [S12, S2004])
async def test_launching_again_before_anybody_has_opened_a_course_leaves_it_not_attempted(desk, standard) -> None:
    package = await desk.course(standard, *TWO)
    await desk.launch(package)
    await desk.launch(package)
    shown = await desk.shown()
    assert (shown["state"], shown["completion_status"], shown["progress_measure"]) == (
        "not_attempted",
        "not attempted",
        None,
    )


async def test_a_12_course_that_was_opened_and_says_nothing_is_incomplete(desk) -> None:
    await desk.play(await desk.course())
    shown = await desk.shown()
    assert (shown["completion_status"], shown["state"], shown["attempts"]) == ("incomplete", "incomplete", 1)
    assert shown["cmi_data"]["cmi.core.entry"] == "ab-initio"
    assert shown["cmi_data"]["cmi.core.student_id"] == "u1"


async def test_a_12_course_reports_status_score_and_time(desk) -> None:
    player = await desk.play(await desk.course(S12))
    player.sco.initialize()
    player.sco.set("cmi.core.lesson_status", "passed")
    player.sco.set("cmi.core.score.raw", "85")
    player.sco.set("cmi.core.score.max", "100")
    player.sco.set("cmi.core.session_time", "00:15:30")
    player.sco.terminate()
    await player.sync()
    shown = await desk.shown()
    assert (shown["completion_status"], shown["success_status"], shown["state"]) == ("completed", "passed", "passed")
    assert shown["score"] == {"scaled": 0.85, "raw": 85, "max": 100, "min": 0}
    assert shown["time_spent_seconds"] == 930
    assert shown["cmi_data"]["cmi.core.total_time"] == "0000:15:30.00"
    assert shown["activities"][0]["score"]["raw"] == 85


async def test_a_2004_course_reports_status_score_progress_and_time(desk) -> None:
    player = await desk.play(await desk.course(S2004))
    player.sco.initialize()
    player.sco.set("cmi.completion_status", "completed")
    player.sco.set("cmi.success_status", "failed")
    player.sco.set("cmi.score.scaled", "0.4")
    player.sco.set("cmi.progress_measure", "0.9")
    player.sco.set("cmi.session_time", "PT1M")
    player.sco.terminate()
    await player.sync()
    shown = await desk.shown()
    assert (shown["completion_status"], shown["success_status"], shown["state"]) == ("completed", "failed", "failed")
    assert shown["score"] == {"scaled": 0.4, "raw": None, "max": None, "min": None}
    assert (shown["progress_measure"], shown["time_spent_seconds"]) == (0.9, 60)
    assert shown["cmi_data"]["cmi.total_time"] == "PT1M"


@pytest.mark.parametrize(
    ("raw", "mastery", "status", "completion", "success"),
    [
        ("79", "80", "failed", "completed", "failed"),
        ("80", "80", "passed", "completed", "passed"),
        (None, "80", "completed", "completed", "unknown"),
        ("10", None, "completed", "completed", "unknown"),
    ],
)
async def test_a_12_sco_that_sets_no_status_is_judged_at_finish(
    desk, raw: str | None, mastery: str | None, status: str, completion: str, success: str
) -> None:
    player = await desk.play(await desk.course(S12, Item("item_1", mastery_score=mastery)))
    player.sco.initialize()
    if raw is not None:
        player.sco.set("cmi.core.score.raw", raw)
    player.sco.terminate()
    await player.sync()
    shown = await desk.shown()
    assert shown["cmi_data"]["cmi.core.lesson_status"] == status
    assert (shown["completion_status"], shown["success_status"]) == (completion, success)


async def test_a_12_course_comes_back_to_its_place_after_the_page_was_closed(desk) -> None:
    package = await desk.course(S12)
    player = await desk.play(package)
    player.sco.initialize()
    player.sco.set("cmi.core.lesson_location", "page-7")
    player.sco.set("cmi.suspend_data", "state=1")
    player.sco.set("cmi.core.lesson_status", "incomplete")
    await player.close()
    again = await desk.play(package)
    again.sco.initialize()
    assert again.sco.get("cmi.core.lesson_location") == "page-7"
    assert again.sco.get("cmi.suspend_data") == "state=1"
    assert again.sco.get("cmi.core.entry") == "resume"
    assert (await desk.shown())["attempts"] == 2


async def test_a_2004_course_comes_back_to_its_place_after_the_page_was_closed(desk) -> None:
    package = await desk.course(S2004)
    player = await desk.play(package)
    player.sco.initialize()
    player.sco.set("cmi.location", "page-7")
    player.sco.set("cmi.suspend_data", "ä" * 64000)
    await player.close()
    again = await desk.play(package)
    again.sco.initialize()
    assert again.sco.get("cmi.location") == "page-7"
    assert again.sco.get("cmi.suspend_data") == "ä" * 64000
    assert again.sco.get("cmi.entry") == "resume"
    assert (await desk.shown())["attempt_number"] == 1


async def test_a_page_that_died_without_a_word_resumes_and_counts_its_time_until_it_was_last_heard_of(desk) -> None:
    package = await desk.course(S2004)
    player = await desk.play(package)
    player.sco.initialize()
    player.sco.set("cmi.location", "page-2")
    desk.clock.move(90)
    await player.sync()
    desk.clock.move(7 * 86400)
    again = await desk.play(package)
    again.sco.initialize()
    assert again.sco.get("cmi.entry") == "resume"
    assert again.sco.get("cmi.location") == "page-2"
    assert (await desk.shown())["time_spent_seconds"] == 90


async def test_a_2004_course_that_ended_starts_a_new_attempt_and_loses_nothing(desk) -> None:
    package = await desk.course(S2004)
    player = await desk.play(package)
    player.sco.initialize()
    player.sco.set("cmi.completion_status", "completed")
    player.sco.set("cmi.success_status", "passed")
    player.sco.set("cmi.score.scaled", "0.9")
    player.sco.set("cmi.session_time", "PT10S")
    player.sco.set("cmi.exit", "normal")
    player.sco.terminate()
    await player.sync()
    await player.close()
    assert player.state == "ended"
    again = await desk.play(package)
    again.sco.initialize()
    assert again.sco.get("cmi.entry") == "ab-initio"
    assert again.sco.get("cmi.completion_status") == "unknown"
    again.sco.set("cmi.score.scaled", "0.2")
    again.sco.set("cmi.session_time", "PT5S")
    await again.close()
    shown = await desk.shown()
    assert (shown["attempt_number"], shown["attempts"], shown["time_spent_seconds"]) == (2, 2, 15)
    assert (shown["completion_status"], shown["success_status"], shown["score"]["scaled"]) == (
        "completed",
        "passed",
        0.9,
    )
    attempts = (await desk.service.attempts("acme", "s1"))["attempts"]
    assert [a["score"]["scaled"] for a in attempts] == [0.9, 0.2]
    earlier = await desk.service.activity("acme", "s1", "item_1", attempt=1)
    assert earlier["cmi_data"]["cmi.score.scaled"] == "0.9"


async def test_a_12_course_that_ended_keeps_its_data_in_the_same_attempt(desk) -> None:
    package = await desk.course(S12)
    player = await desk.play(package)
    player.sco.initialize()
    player.sco.set("cmi.core.lesson_status", "passed")
    player.sco.set("cmi.suspend_data", "seen")
    player.sco.terminate()
    await player.sync()
    await player.close()
    again = await desk.play(package)
    again.sco.initialize()
    assert again.sco.get("cmi.core.lesson_status") == "passed"
    assert again.sco.get("cmi.suspend_data") == "seen"
    assert again.sco.get("cmi.core.entry") == ""
    assert (await desk.shown())["attempt_number"] == 1


async def test_a_course_of_several_scos_is_completed_when_all_of_them_are(desk) -> None:
    player = await desk.play(await desk.course(S12, *TWO))
    assert player.activity_id == "one"
    for control in ("continue", None):
        player.sco.initialize()
        player.sco.set("cmi.core.lesson_status", "completed")
        player.sco.terminate()
        await player.sync()
        if control:
            assert (await desk.shown())["completion_status"] == "incomplete"
            assert (await desk.shown())["progress_measure"] == 0.5
            await player.click(control)
            assert player.activity_id == "two"
    shown = await desk.shown()
    assert (shown["completion_status"], shown["success_status"]) == ("completed", "unknown")
    assert [a["completion_status"] for a in shown["activities"]] == ["completed", "completed"]


async def test_suspending_a_course_of_several_scos_resumes_at_the_one_that_was_open(desk) -> None:
    package = await desk.course(S12, *TWO)
    player = await desk.play(package)
    await player.click("choice", "two")
    player.sco.initialize()
    player.sco.set("cmi.core.lesson_location", "deep")
    await player.click("suspend-all")
    assert (player.state, player.view["reason"]) == ("ended", "suspended")
    again = await desk.play(package)
    assert again.activity_id == "two"
    again.sco.initialize()
    assert again.sco.get("cmi.core.lesson_location") == "deep"


@pytest.mark.parametrize("standard", [S12, S2004])
@pytest.mark.parametrize("mode", ["browse", "review"])
async def test_nothing_counts_in_browse_and_review_mode(desk, standard: Standard, mode: str) -> None:
    package = await desk.course(standard)
    player = await desk.play(package, mode=Mode(mode))
    names = (
        ("cmi.mode", "cmi.credit", "cmi.completion_status")
        if standard.is_2004
        else (
            "cmi.core.lesson_mode",
            "cmi.core.credit",
            "cmi.core.lesson_status",
        )
    )
    player.sco.initialize()
    assert player.sco.get(names[0]) == mode
    assert player.sco.get(names[1]) == "no-credit"
    player.sco.set(names[2], "completed")
    desk.clock.move(60)
    player.sco.terminate()
    await player.sync()
    await player.close()
    shown = await desk.shown()
    assert (shown["completion_status"], shown["time_spent_seconds"], shown["cmi_data"]) == ("not attempted", 0, {})


async def test_interactions_are_read_in_order_with_their_leaves(desk) -> None:
    player = await desk.play(await desk.course(S2004))
    player.sco.initialize()
    for n in range(3):
        player.sco.set(f"cmi.interactions.{n}.id", f"q{n}")
        player.sco.set(f"cmi.interactions.{n}.type", "choice")
        player.sco.set(f"cmi.interactions.{n}.correct_responses.0.pattern", "a")
        player.sco.set(f"cmi.interactions.{n}.learner_response", "b")
        await player.sync()
    player.sco.set("cmi.interactions.1.result", "incorrect")
    await player.sync()
    assert player.refused == []
    found = (await desk.service.interactions("acme", "s1"))["interactions"]
    assert [entry["id"] for entry in found] == ["q0", "q1", "q2"]
    assert found[1]["result"] == "incorrect"
    assert found[1]["correct_responses"] == ["a"]
    assert found[1]["activity_id"] == "item_1"


async def test_a_type_changed_and_changed_back_within_one_commit_leaves_no_old_answer_behind(desk) -> None:
    player = await desk.play(await desk.course(S2004))
    player.sco.initialize()
    first = "cmi.interactions.0."
    player.sco.set(f"{first}id", "q0")
    player.sco.set(f"{first}type", "choice")
    player.sco.set(f"{first}correct_responses.0.pattern", "a")
    player.sco.set(f"{first}correct_responses.1.pattern", "b")
    player.sco.set(f"{first}learner_response", "a")
    await player.sync()
    player.sco.set(f"{first}type", "likert")
    player.sco.set(f"{first}type", "choice")
    player.sco.set(f"{first}correct_responses.0.pattern", "c")
    await player.sync()
    assert player.refused == []
    found = (await desk.service.interactions("acme", "s1"))["interactions"][0]
    assert (found["type"], found["correct_responses"]) == ("choice", ["c"])
    assert "learner_response" not in found


async def test_a_course_of_several_scos_that_only_the_host_has_written_to_is_incomplete(desk) -> None:
    from scorm_embed.service import SessionUpdate

    await desk.launch(await desk.course(S12, *TWO))
    update = SessionUpdate(1, {"cmi.core.lesson_status": "incomplete"})
    shown = await desk.service.update_session("acme", "s1", update)
    assert shown["completion_status"] == "incomplete"
    assert shown["cmi_data"]["cmi.core.lesson_status"] == "incomplete"


async def test_objectives_and_comments_are_read_as_lists_with_their_activity(desk) -> None:
    player = await desk.play(await desk.course(S2004))
    player.sco.initialize()
    player.sco.set("cmi.objectives.0.id", "aim")
    player.sco.set("cmi.objectives.0.score.scaled", "0.5")
    player.sco.set("cmi.comments_from_learner.0.comment", "Why?")
    await player.sync()
    shown = await desk.service.activity("acme", "s1", "item_1")
    assert shown["objectives"] == [{"index": 0, "id": "aim", "score.scaled": "0.5"}]
    assert shown["comments_from_learner"] == [{"index": 0, "comment": "Why?"}]
    assert shown["comments_from_lms"] == []


async def test_what_was_tolerated_is_recorded_with_the_commit(desk) -> None:
    player = await desk.play(await desk.course(S12))
    player.sco.initialize()
    player.sco.set("cmi.core.session_time", "PT1M")
    await player.sync()
    log = (await desk.service.commits("acme", "s1"))["commits"]
    assert [entry[0] for entry in log[-1]["tolerated"]] == ["cmi.core.session_time"]


@pytest.mark.parametrize(
    ("statuses", "success"),
    [
        (["completed", "passed"], "passed"),
        (["completed", "failed"], "failed"),
        (["passed", "failed"], "failed"),
        (["passed", "passed"], "passed"),
        (["completed", "completed"], "unknown"),
        (["passed", "incomplete"], "unknown"),
    ],
)
async def test_a_12_course_of_several_scos_is_judged_by_those_that_spoke_of_success_once_it_is_completed(
    desk, statuses: list[str], success: str
) -> None:
    player = await desk.play(await desk.course(S12, Item("item_1"), Item("item_2")))
    for number, status in enumerate(statuses):
        if number:
            await player.click("continue")
        player.sco.initialize()
        player.sco.set("cmi.core.lesson_status", status)
        player.sco.terminate()
        await player.sync()
    assert (await desk.shown())["success_status"] == success


async def test_a_new_attempt_while_the_course_is_open_leaves_the_last_words_with_the_old_one(desk) -> None:
    player = await desk.play(await desk.course(S2004))
    player.sco.initialize()
    player.sco.set("cmi.session_time", "PT30S")
    await player.sync()
    await desk.service.new_attempt("acme", "s1")
    earlier = await desk.service.activity("acme", "s1", "item_1", attempt=1)
    assert earlier["cmi_data"]["cmi.total_time"] == "PT30S"
    assert (await desk.service.activity("acme", "s1", "item_1", attempt=2))["cmi_data"] == {}


@pytest.mark.parametrize("standard", [S12, S2004])
@pytest.mark.parametrize("mode", [Mode.BROWSE, Mode.REVIEW])
async def test_what_the_host_writes_counts_while_the_course_is_browsed_or_reviewed(desk, standard, mode) -> None:
    location = "cmi.core.lesson_location" if standard is S12 else "cmi.location"
    player = await desk.play(await desk.course(standard), mode=mode)
    update = SessionUpdate((await desk.shown())["version"], {location: "p7"}, "completed", "passed", {"scaled": 1.0})
    answer = await desk.service.update_session(desk.tenant, "s1", update)
    assert (answer["completion_status"], answer["success_status"]) == ("completed", "passed")
    assert answer["score"] == {"scaled": 1, "raw": None, "max": None, "min": None}
    assert answer["cmi_data"][location] == "p7"
    player.sco.initialize()
    player.sco.set("cmi.core.lesson_status" if standard is S12 else "cmi.success_status", "failed")
    player.sco.terminate()
    await player.sync()
    shown = await desk.shown()
    assert (shown["success_status"], shown["cmi_data"][location]) == ("passed", "p7")


async def test_what_the_host_stated_is_not_lost_with_a_new_attempt(desk) -> None:
    await desk.launch(await desk.course(S2004))
    update = SessionUpdate(1, {}, "completed", "passed", {"scaled": 0.9, "raw": 9.0}, "PT20M", 1.0)
    await desk.service.update_session(desk.tenant, "s1", update)
    answer = await desk.service.new_attempt(desk.tenant, "s1")
    assert (answer["state"], answer["attempt_number"], answer["progress_measure"]) == ("passed", 2, 1)
    assert answer["score"] == {"scaled": 0.9, "raw": 9, "max": None, "min": None}
    first, second = (await desk.service.attempts(desk.tenant, "s1"))["attempts"]
    assert (first["state"], first["score"]["scaled"], first["time_spent_seconds"]) == ("passed", 0.9, 1200)
    assert (second["state"], second["score"], second["time_spent_seconds"]) == ("not_attempted", None, 0)


async def test_the_current_attempt_shows_what_the_host_stated(desk) -> None:
    await desk.launch(await desk.course(S2004))
    update = SessionUpdate(1, {}, "completed", "passed", {"scaled": 0.9}, "PT20M")
    await desk.service.update_session(desk.tenant, "s1", update)
    (only,) = (await desk.service.attempts(desk.tenant, "s1"))["attempts"]
    assert (only["state"], only["score"]["scaled"], only["time_spent_seconds"]) == ("passed", 0.9, 1200)


async def test_times_that_the_host_reports_add_up_over_attempts(desk) -> None:
    await desk.launch(await desk.course(S12))
    await desk.service.update_session(desk.tenant, "s1", SessionUpdate(1, session_time="PT20M"))
    await desk.service.new_attempt(desk.tenant, "s1")
    answer = await desk.service.update_session(desk.tenant, "s1", SessionUpdate(3, session_time="PT10M"))
    assert answer["time_spent_seconds"] == 1800


async def test_a_12_course_that_the_host_has_passed_stays_passed_when_it_opens_as_incomplete(desk) -> None:
    package = await desk.course(S12)
    player = await desk.play(package)
    await player.close()
    update = SessionUpdate((await desk.shown())["version"], {}, "completed", "passed", {"scaled": 0.8})
    await desk.service.update_session(desk.tenant, "s1", update)
    player = await desk.play(package)
    player.sco.initialize()
    player.sco.set("cmi.core.lesson_status", "incomplete")
    player.sco.commit()
    await player.sync()
    shown = await desk.shown()
    assert (shown["completion_status"], shown["success_status"], shown["score"]["scaled"]) == (
        "completed",
        "passed",
        0.8,
    )


FLOW = '<imsss:sequencing><imsss:controlMode choice="true" flow="true"/></imsss:sequencing>'


async def _statuses(desk) -> list[str]:
    return [entry["completion_status"] for entry in (await desk.shown())["activities"]]


@pytest.mark.parametrize("standard", [S12, S2004])
async def test_an_asset_is_completed_when_the_learner_moves_on(desk, standard) -> None:
    items = (Item("one", sco=False), Item("two", sco=False))
    player = await desk.play(await desk.course(standard, *items, sequencing={None: FLOW}))
    await player.click("continue")
    assert await _statuses(desk) == ["completed", "not attempted"]
    await player.click("exit-all")
    assert await _statuses(desk) == ["completed", "completed"]
    shown = await desk.shown()
    assert (shown["completion_status"], shown["success_status"], shown["state"]) == (
        "completed",
        "unknown",
        "completed",
    )


async def test_an_asset_that_content_has_to_complete_is_not_completed_by_looking_at_it(desk) -> None:
    content = '<imsss:sequencing><imsss:deliveryControls completionSetByContent="true"/></imsss:sequencing>'
    items = (Item("one", sco=False, sequencing=content), Item("two"))
    player = await desk.play(await desk.course(S2004, *items, sequencing={None: FLOW}))
    await player.click("continue")
    assert await _statuses(desk) == ["incomplete", "not attempted"]


@pytest.mark.parametrize(("standard", "attempts"), [(S12, 1), (S2004, 2)])
async def test_a_course_of_one_asset_is_completed_when_the_page_is_closed(desk, standard, attempts) -> None:
    package = await desk.course(standard, Item("one", sco=False))
    player = await desk.play(package)
    await player.close()
    shown = await desk.shown()
    assert (player.state, player.view["reason"], shown["completion_status"]) == ("ended", "completed", "completed")
    await desk.play(package)
    shown = await desk.shown()
    assert (shown["completion_status"], shown["attempt_number"]) == ("completed", attempts)


async def test_an_asset_among_others_is_suspended_when_the_page_is_closed(desk) -> None:
    items = (Item("one", sco=False), Item("two", sco=False))
    package = await desk.course(S2004, *items, sequencing={None: FLOW})
    player = await desk.play(package)
    await player.click("continue")
    await player.close()
    assert player.view["reason"] == "suspended"
    assert (await desk.play(package)).activity_id == "two"


@pytest.mark.parametrize("standard", [S12, S2004])
async def test_a_sco_that_never_began_is_not_completed_by_moving_on(desk, standard) -> None:
    player = await desk.play(await desk.course(standard, *TWO, sequencing={None: FLOW}))
    await player.click("continue")
    assert await _statuses(desk) == ["incomplete", "not attempted"]


async def test_a_sco_that_never_began_does_not_satisfy_a_prerequisite(desk) -> None:
    player = await desk.play(await desk.course(S12, Item("one"), Item("two", prerequisites="one")))
    await player.click("choice", "two")
    assert (player.state, await _statuses(desk)) == ("choosing", ["incomplete", "not attempted"])


@pytest.mark.parametrize("standard", [S12, S2004])
async def test_an_activity_of_an_earlier_attempt_keeps_its_time(desk, standard) -> None:
    player = await desk.play(await desk.course(standard))
    player.sco.initialize()
    player.sco.set(
        "cmi.core.session_time" if standard is S12 else "cmi.session_time", "00:01:30" if standard is S12 else "PT90S"
    )
    player.sco.terminate()
    await player.sync()
    await desk.service.new_attempt(desk.tenant, "s1")
    (earlier,) = (await desk.service.activities(desk.tenant, "s1", attempt=1))["activities"]
    one = await desk.service.activity(desk.tenant, "s1", "item_1", attempt=1)
    (current,) = (await desk.service.activities(desk.tenant, "s1"))["activities"]
    assert [entry["time_spent_seconds"] for entry in (earlier, one, current)] == [90, 90, 0]
