"""Once-only application, order, superseded launches, recovery: nothing is lost and nothing counts twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scorm_embed.core.datamodel import Strictness
from scorm_embed.core.standard import Standard
from scorm_embed.errors import AccessError, LaunchSupersededError
from scorm_embed.service import Mode, ServiceOptions
from scorm_embed.testing.package_builder import Item
from scorm_embed.testing.player import FakePlayer

S2004 = Standard.SCORM_2004_4TH

pytestmark = pytest.mark.anyio


async def test_a_commit_that_is_sent_three_times_is_applied_once(desk) -> None:
    player = await desk.play(await desk.course())
    first = desk.commit(1, ("cmi.comments", "one,"), initialized=True)
    for _ in range(3):
        assert (await desk.send(player, first))["acknowledged"] == 1
    assert (await desk.shown())["cmi_data"]["cmi.comments"] == "one,"


async def test_commits_that_arrive_out_of_order_are_applied_in_order(desk) -> None:
    player = await desk.play(await desk.course(S2004))
    assert (await desk.send(player, desk.commit(3, ("cmi.location", "c"))))["acknowledged"] == 0
    assert (await desk.send(player, desk.commit(2, ("cmi.location", "b"))))["acknowledged"] == 0
    assert (await desk.send(player, desk.commit(3, ("cmi.location", "c"))))["acknowledged"] == 0
    assert "cmi.location" not in (await desk.shown())["cmi_data"]
    assert (await desk.send(player, desk.commit(1, ("cmi.location", "a"))))["acknowledged"] == 3
    assert (await desk.shown())["cmi_data"]["cmi.location"] == "c"
    log = (await desk.service.commits("acme", "s1"))["commits"]
    assert [(row["number"], row["status"]) for row in log if row["kind"] == "commit"] == [
        (3, "applied"),
        (2, "applied"),
        (1, "applied"),
    ]


async def test_what_the_server_refuses_is_reported_and_the_rest_is_kept(desk) -> None:
    player = await desk.play(await desk.course(S2004))
    answer = await desk.send(player, desk.commit(1, ("cmi.location", "a"), ("cmi.nonsense", "1")))
    assert [(r["number"], r["element"], r["code"]) for r in answer["refused"]] == [(1, "cmi.nonsense", "401")]
    assert (await desk.shown())["cmi_data"]["cmi.location"] == "a"


async def test_a_number_that_nobody_can_store_does_not_keep_the_rest_from_being_saved(desk) -> None:
    player = await desk.play(await desk.course(S2004))
    answer = await desk.send(player, desk.commit(1, ("cmi.score.raw", "9" * 400), ("cmi.location", "a")))
    assert answer["acknowledged"] == 1
    assert [(r["element"], r["code"]) for r in answer["refused"]] == [("cmi.score.raw", "406")]
    assert (await desk.shown())["cmi_data"]["cmi.location"] == "a"


async def test_an_older_window_is_told_so_and_its_data_are_kept_in_the_log(desk) -> None:
    package = await desk.course(S2004)
    older = await desk.play(package)
    await desk.send(older, desk.commit(1, ("cmi.location", "old"), initialized=True))
    newer = await desk.play(package)
    await desk.send(newer, desk.commit(1, ("cmi.location", "new"), initialized=True))
    for _ in range(2):
        with pytest.raises(LaunchSupersededError) as caught:
            await desk.send(older, desk.commit(2, ("cmi.location", "late")))
        assert caught.value.code == "LAUNCH_SUPERSEDED"
    assert (await desk.shown())["cmi_data"]["cmi.location"] == "new"
    log = (await desk.service.commits("acme", "s1"))["commits"]
    assert [(row["elements"], row["status"]) for row in log if row["status"] == "late"] == [
        ([["cmi.location", "late"]], "late")
    ]


async def test_a_second_window_of_the_same_launch_supersedes_the_first(desk) -> None:
    first = await desk.play(await desk.course(S2004))
    second = await FakePlayer(desk.service, first.launched).open()
    with pytest.raises(LaunchSupersededError):
        await desk.send(first, desk.commit(1, ("cmi.location", "late")))
    assert (await desk.send(second, desk.commit(1, ("cmi.location", "mine"))))["acknowledged"] == 1


async def test_a_journal_that_was_never_sent_is_applied_before_the_course_starts_again(desk) -> None:
    package = await desk.course(S2004)
    player = await desk.play(package)
    await desk.send(player, desk.commit(1, ("cmi.location", "p1"), initialized=True))
    desk.clock.move(60)
    launched = await desk.launch(package)
    recover = [
        {
            "launch": player.view["launch"],
            "commits": [desk.commit(1, ("cmi.location", "p1")), desk.commit(2, ("cmi.location", "p2"))],
        }
    ]
    answer = await desk.service.start("acme", "s1", launched.launch_id, {"recover": recover}, desk.url)
    assert answer["recovered"] == [{"launch": player.view["launch"], "acknowledged": 2}]
    assert answer["view"]["activity"]["data"]["cmi.location"] == "p2"
    assert answer["view"]["activity"]["data"]["cmi.entry"] == "resume"


async def test_data_of_an_expired_launch_are_applied_but_do_not_renew_it(desk) -> None:
    player = await desk.play(await desk.course(S2004), ttl_seconds=100)
    desk.clock.move(60)
    await desk.send(player, desk.commit(1, ("cmi.location", "a")))
    desk.clock.move(99)
    await desk.send(player, desk.commit(2, ("cmi.location", "b")))
    desk.clock.move(100)
    for _ in range(2):
        with pytest.raises(AccessError) as caught:
            await desk.send(player, desk.commit(3, ("cmi.location", "c")))
        assert caught.value.code == "EXPIRED_TOKEN"
    assert (await desk.shown())["cmi_data"]["cmi.location"] == "c"


async def test_a_launch_ends_at_its_last_moment_however_often_it_is_renewed(desk) -> None:
    player = await desk.play(await desk.course(S2004), ttl_seconds=86400)
    for _ in range(3):
        desk.clock.move(30000 - 1200)
        answer = desk.send(player)
        if desk.clock.now.timestamp() - player.launched.expires_at.timestamp() >= 0:
            with pytest.raises(AccessError):
                await answer
        else:
            await answer


async def test_a_navigation_that_is_sent_twice_happens_once(desk) -> None:
    items = [Item(name) for name in ("item_1", "item_2", "item_3")]
    player = await desk.play(await desk.course(Standard.SCORM_12, *items))
    click = {"navigate": {"request": "continue", "target": None}}
    assert (await desk.send(player, **click))["view"]["activity"]["id"] == "item_2"
    again = await desk.send(player, **click)
    assert again["view"]["activity"]["id"] == "item_2"


async def test_what_a_reloaded_page_sent_after_the_new_launch_was_made_is_applied_when_it_starts(desk) -> None:
    package = await desk.course(S2004)
    player = await desk.play(package)
    await desk.send(player, desk.commit(1, ("cmi.location", "p1"), initialized=True))
    launched = await desk.launch(package)
    with pytest.raises(LaunchSupersededError):
        await desk.send(player, desk.commit(2, ("cmi.location", "p2")), leave=True)
    recover = [{"launch": player.view["launch"], "commits": [desk.commit(2, ("cmi.location", "p2"))]}]
    answer = await desk.service.start("acme", "s1", launched.launch_id, {"recover": recover}, desk.url)
    assert answer["view"]["activity"]["data"]["cmi.location"] == "p2"
    log = (await desk.service.commits("acme", "s1"))["commits"]
    assert [(row["number"], row["status"]) for row in log if row["kind"] == "commit"] == [
        (1, "applied"),
        (2, "applied"),
    ]


async def test_content_that_began_again_after_it_asked_to_go_on_is_heard_first(desk) -> None:
    """Without a network nothing follows from Terminate, and the learner goes on in the same content."""
    player = await desk.play(await desk.course(S2004, Item("item_1"), Item("item_2")))
    await player.click("choice", "item_1")
    asked = desk.commit(1, ("adl.nav.request", "{target=item_2}choice"), initialized=True, terminated=True)
    answer = await desk.send(player, asked, desk.commit(2, ("cmi.location", "p2"), initialized=True))
    assert (answer["acknowledged"], answer["refused"], answer["view"]) == (2, [], None)
    assert (await desk.shown())["cmi_data"]["cmi.location"] == "p2"
    again = desk.commit(3, ("adl.nav.request", "{target=item_2}choice"), terminated=True)
    assert (await desk.send(player, again))["view"]["activity"]["id"] == "item_2"


async def test_what_comes_from_content_that_was_left_is_refused_and_not_lost_in_silence(desk) -> None:
    player = await desk.play(await desk.course(S2004, Item("item_1"), Item("item_2")))
    await player.click("choice", "item_1")
    await player.click("choice", "item_2")
    answer = await desk.send(player, desk.commit(1, ("cmi.location", "p2"), initialized=True))
    refused = {"number": 1, "element": "cmi.location", "code": "351", "reason": "The activity item_1 was left already."}
    assert (answer["acknowledged"], answer["refused"]) == (1, [refused])
    assert (await desk.service.commits("acme", "s1"))["commits"][-1]["refused"] == [
        ["cmi.location", "351", "The activity item_1 was left already."]
    ]


async def test_calls_that_only_the_browser_tolerated_are_noted_in_the_log(desk) -> None:
    player = await desk.play(await desk.course(S2004))
    sent = [["Initialize", "initialize-again"], ["Commit", "argument"], ["Commit", "argument"]]
    sent += [["cmi.location", "argument"], ["Initialize", "nonsense"], ["Initialize"]]
    await desk.send(player, desk.commit(1, tolerated=sent))
    [row] = [row for row in (await desk.service.commits("acme", "s1"))["commits"] if row["kind"] == "commit"]
    assert row["tolerated"] == [
        ["Initialize", "initialize-again", "A new communication session was opened after the first had ended."],
        ["Commit", "argument", "A missing argument was read as an empty string."],
    ]


@pytest.mark.parametrize(("leave", "strict"), [(False, False), (True, False), (False, True)])
async def test_exit_all_beside_an_exit_of_suspend_keeps_the_place_in_a_course_of_one_activity(
    desk, leave: bool, strict: bool
) -> None:
    if strict:
        desk = replace(desk, options=ServiceOptions(strictness=Strictness.CONFORMANT))
    package = await desk.course(S2004)
    player = await desk.play(package)
    said = [("cmi.location", "p3"), ("cmi.exit", "suspend"), ("adl.nav.request", "exitAll")]
    await desk.send(player, desk.commit(1, *said, initialized=True, terminated=True), leave=leave)
    data = (await desk.play(package)).view["activity"]["data"]
    expected = ("ab-initio", None) if strict else ("resume", "p3")
    assert (data["cmi.entry"], data.get("cmi.location")) == expected


@pytest.mark.parametrize("mode", [Mode.REVIEW, Mode.BROWSE])
async def test_a_navigation_in_a_look_that_is_sent_twice_shows_the_same_data_again(desk, mode) -> None:
    package = await desk.course(S2004, Item("item_1"), Item("item_2"))
    player = await desk.play(package)
    for number, name in enumerate(("item_1", "item_2"), start=1):
        await player.click("choice", name)
        await desk.send(player, desk.commit(number, ("cmi.location", name), initialized=True) | {"activity": name})
    looking = await desk.play(package, mode=mode)
    click = {"navigate": {"request": "choice", "target": "item_1"}}
    first = (await desk.send(looking, **click))["view"]["activity"]
    assert (first["data"]["cmi.location"], first["data"]["cmi.mode"]) == ("item_1", mode.value)
    assert (await desk.send(looking, **click))["view"]["activity"] == first
