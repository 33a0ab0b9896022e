"""What an earlier run left behind, in the browser's journal or in the log, arrives before the course starts again."""

from __future__ import annotations

from typing import Any

import pytest

from scorm_embed.core.standard import Standard
from scorm_embed.errors import LaunchSupersededError
from scorm_embed.service import Launched, Mode, ServiceOptions
from scorm_embed.testing.player import FakePlayer

S2004 = Standard.SCORM_2004_4TH

pytestmark = pytest.mark.anyio


async def _start(desk: Any, launched: Launched, run: str, *commits: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = {"recover": [{"launch": run, "commits": list(commits)}] if commits else [], **more}
    answer: dict[str, Any] = await desk.service.start("acme", launched.session_id, launched.launch_id, body, desk.url)
    return answer


async def _log(desk: Any) -> list[tuple[str, int, str]]:
    found = (await desk.service.commits("acme", "s1"))["commits"]
    return [(row["launch"], row["number"], row["status"]) for row in found if row["kind"] == "commit"]


async def test_a_journal_that_comes_in_parts_is_applied_whole_before_the_course_starts(desk) -> None:
    package = await desk.course(S2004)
    player = await desk.play(package)
    run = player.view["launch"]
    launched = await desk.launch(package)
    for number in (1, 2):
        part = await _start(desk, launched, run, desk.place(number), more=True)
        assert part == {"recovered": [{"launch": run, "acknowledged": number}], "tree": None, "view": None}
    answer = await _start(desk, launched, run, desk.place(3))
    assert answer["view"]["activity"]["data"]["cmi.location"] == "p3"
    assert answer["view"]["launch"] == f"{launched.launch_id}.1"
    assert await _log(desk) == [(run, 1, "applied"), (run, 2, "applied"), (run, 3, "applied")]
    assert (await desk.shown())["attempts"] == 2


async def test_a_page_that_hands_its_journal_over_in_parts_owns_the_session_from_the_first_on(desk) -> None:
    older = await desk.play(await desk.course(S2004))
    run = older.view["launch"]
    await _start(desk, older.launched, run, desk.place(1), more=True)
    with pytest.raises(LaunchSupersededError):
        await desk.send(older, desk.place(1), desk.place(2), desk.place(3))
    answer = await _start(desk, older.launched, run, desk.place(2))
    assert answer["view"]["activity"]["data"]["cmi.location"] == "p3"
    assert await _log(desk) == [(run, 1, "applied"), (run, 2, "applied"), (run, 3, "applied")]


async def test_parts_of_a_journal_whose_page_went_away_are_followed_by_the_rest_at_the_next_launch(desk) -> None:
    package = await desk.course(S2004)
    run = (await desk.play(package)).view["launch"]
    await _start(desk, await desk.launch(package), run, desk.place(1), more=True)
    answer = await _start(desk, await desk.launch(package), run, desk.place(2))
    assert answer["view"]["activity"]["data"]["cmi.location"] == "p2"
    assert await _log(desk) == [(run, 1, "applied"), (run, 2, "applied")]


async def test_last_words_that_came_after_the_new_launch_was_made_count_without_a_journal_too(desk) -> None:
    """A browser that reloads asks for the new page before the old one says goodbye, and may have no storage."""
    package = await desk.course(S2004)
    player = await desk.play(package)
    await desk.send(player, desk.place(1))
    launched = await desk.launch(package)
    with pytest.raises(LaunchSupersededError):
        await desk.send(player, desk.place(2), leave=True)
    answer = await _start(desk, launched, "")
    assert answer["recovered"] == []
    assert answer["view"]["activity"]["data"]["cmi.location"] == "p2"
    assert await _log(desk) == [(player.view["launch"], 1, "applied"), (player.view["launch"], 2, "applied")]


@pytest.mark.parametrize("mode", [Mode.REVIEW, Mode.BROWSE])
async def test_a_journal_of_a_visit_that_counts_counts_also_when_the_next_launch_does_not(desk, mode) -> None:
    package = await desk.course(S2004)
    player = await desk.play(package)
    await desk.send(player, desk.place(1))
    launched = await desk.launch(package, mode=mode)
    score = desk.commit(2, ("cmi.location", "p2"), ("cmi.completion_status", "completed"), ("cmi.score.scaled", "0.5"))
    await _start(desk, launched, player.view["launch"], score)
    shown = await desk.shown()
    assert shown["cmi_data"]["cmi.location"] == "p2"
    assert (shown["completion_status"], shown["score"]["scaled"]) == ("completed", 0.5)


@pytest.mark.parametrize("mode", [Mode.REVIEW, Mode.BROWSE])
async def test_a_journal_of_a_visit_that_does_not_count_is_kept_in_the_log_only(desk, mode) -> None:
    package = await desk.course(S2004)
    counted = await desk.play(package)
    await desk.send(counted, desk.place(1))
    looking = await desk.play(package, mode=mode)
    run = looking.view["launch"]
    launched = await desk.launch(package)
    answer = await _start(desk, launched, run, desk.commit(1, ("cmi.completion_status", "completed"), initialized=True))
    assert answer["recovered"] == [{"launch": run, "acknowledged": 1}]
    assert (await desk.shown())["completion_status"] == "incomplete"
    assert (await _log(desk))[-1] == (run, 1, "late")


async def test_a_look_in_another_browser_does_not_make_the_journal_of_the_last_visit_late(desk) -> None:
    package = await desk.course(S2004)
    run = (await desk.play(package)).view["launch"]
    await desk.play(package, mode=Mode.REVIEW)
    answer = await _start(desk, await desk.launch(package), run, desk.place(1))
    assert answer["view"]["activity"]["data"]["cmi.location"] == "p1"


async def test_a_look_does_not_let_the_log_forget_what_the_last_visit_has_said(desk) -> None:
    desk.options = ServiceOptions(log_retention_days=1)
    desk.__post_init__()
    package = await desk.course()
    player = await desk.play(package)
    said = desk.commit(1, ("cmi.comments", "once"), initialized=True)
    await desk.send(player, said)
    await desk.play(package, mode=Mode.REVIEW)
    desk.clock.move(2 * 86400)
    assert (await desk.service.maintain())["pruned"] == 0
    await _start(desk, await desk.launch(package), player.view["launch"], said)
    assert (await desk.shown())["cmi_data"]["cmi.comments"] == "once"


async def test_a_page_that_asked_twice_is_not_superseded_by_itself(desk) -> None:
    """A server that was slow still answers what the page has given up waiting for, perhaps last."""
    package = await desk.course(S2004)
    run = (await desk.play(package)).view["launch"]
    launched = await desk.launch(package)
    first = await _start(desk, launched, run, desk.place(1), page="one")
    again = await _start(desk, launched, run, desk.place(1), page="one")
    assert again["recovered"] == first["recovered"]
    assert (again["view"]["launch"], again["view"]["number"]) == (first["view"]["launch"], first["view"]["number"])
    assert again["view"]["activity"] == first["view"]["activity"]
    assert first["view"]["activity"]["data"]["cmi.location"] == "p1"
    body = {"launch": first["view"]["launch"], "view": first["view"]["number"], "commits": [desk.place(1)]}
    where = ("acme", "s1", launched.launch_id)
    assert (await desk.service.commit(*where, body, desk.url))["acknowledged"] == 1
    await _start(desk, launched, run, desk.place(1), page="one")
    body["commits"] = [desk.place(2)]
    assert (await desk.service.commit(*where, body, desk.url))["acknowledged"] == 2
    assert (await _start(desk, launched, "", page="two"))["view"]["launch"] != first["view"]["launch"]
    with pytest.raises(LaunchSupersededError):
        await desk.service.commit(*where, body, desk.url)


@pytest.mark.parametrize("parts", [1, 2])
async def test_last_words_that_are_in_the_log_and_in_the_journal_count_once(desk, parts) -> None:
    package = await desk.course()
    player = await desk.play(package)
    run = player.view["launch"]
    said = [desk.commit(number, ("cmi.comments", f"{number},"), initialized=number == 1) for number in (1, 2, 3)]
    await desk.send(player, said[0])
    launched = await desk.launch(package)
    with pytest.raises(LaunchSupersededError):
        await desk.send(player, said[1], leave=True)
    if parts == 2:
        await _start(desk, launched, run, *said[:2], more=True)
    await _start(desk, launched, run, *said)
    assert (await desk.shown())["cmi_data"]["cmi.comments"] == "1,2,3,"
    assert await _log(desk) == [(run, 1, "applied"), (run, 2, "applied"), (run, 3, "applied")]


async def test_last_words_of_an_attempt_that_the_host_ended_do_not_count_in_the_next(desk) -> None:
    package = await desk.course(S2004)
    run = (await desk.play(package)).view["launch"]
    launched = await desk.launch(package)
    await desk.service.new_attempt("acme", "s1")
    await _start(desk, launched, run, desk.commit(1, ("cmi.completion_status", "completed"), initialized=True))
    attempts = (await desk.service.attempts("acme", "s1"))["attempts"]
    assert [entry["completion_status"] for entry in attempts] == ["incomplete", "incomplete"]
    assert await _log(desk) == [(run, 1, "late")]


async def _hold_back(desk: Any, *numbers: int) -> tuple[str, FakePlayer]:
    """A run whose first message never arrived, though the one after it did."""
    package = await desk.course(S2004)
    player = await desk.play(package)
    await desk.send(player, *map(desk.place, numbers))
    return package, player


async def test_what_was_held_waits_for_the_part_of_the_journal_that_comes_before_it(desk) -> None:
    package, player = await _hold_back(desk, 4, 5)
    run = player.view["launch"]
    launched = await desk.launch(package)
    await _start(desk, launched, run, desk.place(1), desk.place(2), more=True)
    answer = await _start(desk, launched, run, desk.place(3))
    assert answer["view"]["activity"]["data"]["cmi.location"] == "p5"
    assert {status for _, _, status in await _log(desk)} == {"applied"}


@pytest.mark.parametrize("is_same_launch", [False, True])
async def test_what_was_held_is_applied_where_only_the_journal_of_others_comes_in_parts(desk, is_same_launch) -> None:
    package, player = await _hold_back(desk, 2)
    launched = player.launched if is_same_launch else await desk.launch(package)
    await _start(desk, launched, "Lother.1", desk.place(1), more=True)
    answer = await _start(desk, launched, "Lother.1", desk.place(2))
    assert answer["view"]["activity"]["data"]["cmi.location"] == "p2"


async def test_a_page_that_is_answered_twice_leaves_what_its_run_holds_to_the_run(desk) -> None:
    launched = await desk.launch(await desk.course(S2004))
    view = (await _start(desk, launched, "", page="one"))["view"]

    async def send(*numbers: int) -> int:
        body = {"launch": view["launch"], "view": 1, "commits": [desk.place(number) for number in numbers]}
        answer = await desk.service.commit("acme", "s1", launched.launch_id, body, desk.url)
        return int(answer["acknowledged"])

    assert await send(1, 3) == 1
    await _start(desk, launched, "", page="one")
    assert await send(2) == 3
    assert (await desk.shown())["cmi_data"]["cmi.location"] == "p3"


@pytest.mark.parametrize("mode", [Mode.REVIEW, Mode.BROWSE])
async def test_a_page_that_only_looks_and_asked_twice_is_not_superseded_by_itself(desk, mode) -> None:
    package = await desk.course(S2004)
    await desk.send(await desk.play(package), desk.place(1))
    launched = await desk.launch(package, mode=mode)
    first = await _start(desk, launched, "", page="one")
    again = await _start(desk, launched, "", page="one")
    assert (again["view"]["launch"], again["view"]["number"]) == (first["view"]["launch"], first["view"]["number"])
    assert again["view"]["activity"] == first["view"]["activity"]
    assert first["view"]["activity"]["data"]["cmi.location"] == "p1"


async def test_a_page_that_asks_again_after_the_host_began_an_attempt_starts_it(desk) -> None:
    launched = await desk.launch(await desk.course(S2004))
    await _start(desk, launched, "", page="one")
    await desk.service.new_attempt("acme", "s1")
    answer = await _start(desk, launched, "", page="one")
    assert (answer["view"]["state"], (await desk.shown())["attempts"]) == ("running", 2)
