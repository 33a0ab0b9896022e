"""What happens without a request: launches that nobody ended, old rows of the log, and the timer of a worker."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from scorm_embed.core.standard import Standard
from scorm_embed.errors import AccessError, StorageUnavailableError
from scorm_embed.service import HookEvent, Mode, ServiceOptions
from scorm_embed.testing.player import FakePlayer

S2004 = Standard.SCORM_2004_4TH
TTL = 14_400

pytestmark = pytest.mark.anyio


def listen(desk: Any) -> list[str]:
    told: list[str] = []

    async def note(event: HookEvent) -> None:
        told.append(event.type)

    for name in ("launched", "ended"):
        desk.service.hooks.add(name, note, transaction=True)
    return told


async def play(desk: Any, standard: Standard = S2004, **elements: str) -> FakePlayer:
    """Play for 100 seconds, set elements, and vanish."""
    player = await desk.play(await desk.course(standard))
    assert player.sco is not None
    desk.clock.move(100)
    player.sco.initialize()
    for name, value in elements.items():
        player.sco.set(name.replace("__", "."), value)
    await player.sync()
    return player


async def test_a_launch_that_expires_counts_its_time_and_suspends(desk: Any) -> None:
    told = listen(desk)
    await play(desk, cmi__location="p3")
    desk.clock.move(TTL - 1)
    assert await desk.service.maintain() == {"ended": 0, "delivered": 0, "failed": 0, "dead": 0, "pruned": 0}
    assert (await desk.shown())["time_spent_seconds"] == 0
    desk.clock.move(1)
    assert (await desk.service.maintain())["ended"] == 1
    assert (await desk.service.maintain())["ended"] == 0
    assert (await desk.shown())["time_spent_seconds"] == 100
    assert told == ["launched", "ended"]
    again = await FakePlayer(desk.service, await desk.launch((await desk.shown())["package_id"])).open()
    assert again.sco is not None
    again.sco.initialize()
    assert (again.sco.get("cmi.entry"), again.sco.get("cmi.location")) == ("resume", "p3")
    assert told == ["launched", "ended", "launched"]


async def test_a_visit_to_silent_content_lasts_until_the_player_was_last_heard_of(desk: Any) -> None:
    player = await desk.play(await desk.course(S2004))
    desk.clock.move(TTL / 2)
    await player.sync()
    desk.clock.move(TTL)
    assert (await desk.service.maintain())["ended"] == 1
    assert (await desk.shown())["time_spent_seconds"] == TTL / 2


async def test_without_maintenance_the_next_launch_ends_it(desk: Any) -> None:
    told = listen(desk)
    await play(desk)
    desk.clock.move(TTL)
    await desk.launch((await desk.shown())["package_id"])
    assert ((await desk.shown())["time_spent_seconds"], told) == (100, ["launched", "ended"])


async def test_a_launch_that_is_superseded_while_it_lives_ends_when_the_new_one_starts(desk: Any) -> None:
    told = listen(desk)
    await play(desk)
    launched = await desk.launch((await desk.shown())["package_id"])
    assert told == ["launched"]
    await FakePlayer(desk.service, launched).open()
    assert told == ["launched", "ended", "launched"]


async def test_a_launch_that_nobody_opened_has_nothing_to_end(desk: Any) -> None:
    await desk.launch(await desk.course())
    desk.clock.move(TTL)
    assert (await desk.service.maintain())["ended"] == 0
    assert (await desk.shown())["version"] == 1


async def test_a_single_activity_that_terminated_without_suspend_ends_its_attempt_when_the_launch_expires(
    desk: Any,
) -> None:
    player = await play(desk, cmi__exit="normal")
    player.sco.terminate()
    await player.sync()
    desk.clock.move(TTL)
    assert (await desk.service.maintain())["ended"] == 1
    attempts = (await desk.service.attempts("acme", "s1"))["attempts"]
    assert [attempt["ended_at"] for attempt in attempts] == [desk.clock.now]


async def test_time_that_arrives_after_the_end_replaces_what_was_counted(desk: Any) -> None:
    for standard, name, value in (
        (S2004, "cmi.session_time", "PT10M"),
        (Standard.SCORM_12, "cmi.core.session_time", "00:10:00"),
    ):
        desk.__post_init__()
        player = await play(desk, standard)
        desk.clock.move(TTL)
        await desk.service.maintain()
        assert (await desk.shown())["time_spent_seconds"] == 100
        body = {
            "launch": player.view["launch"],
            "view": 1,
            "commits": [{"number": 2, "activity": "item_1", "view": 1, "elements": [[name, value]]}],
        }
        for _ in range(2):
            with pytest.raises(AccessError):
                await desk.service.commit("acme", "s1", player.launched.launch_id, body, str)
        shown = await desk.shown()
        assert shown["time_spent_seconds"] == 600
        assert [activity["time_spent_seconds"] for activity in shown["activities"]] == [600]
        total = shown["cmi_data"].get("cmi.total_time") or shown["cmi_data"]["cmi.core.total_time"]
        assert total in ("PT10M", "0000:10:00", "0000:10:00.00", "00:10:00")


async def test_a_journal_that_comes_back_after_the_end_says_how_long_the_visit_was(desk: Any) -> None:
    player = await play(desk, cmi__session_time="PT1M")
    desk.clock.move(TTL)
    await desk.service.maintain()
    assert (await desk.shown())["time_spent_seconds"] == 60
    launched = await desk.launch((await desk.shown())["package_id"])
    elements = [["cmi.session_time", "PT30M"], ["cmi.location", "p9"]]
    commit = {"number": 99, "activity": "item_1", "view": 1, "elements": elements}
    recover = [{"launch": player.view["launch"], "commits": [commit]}]
    await desk.service.start("acme", "s1", launched.launch_id, {"recover": recover}, lambda digest, path: path)
    shown = await desk.shown()
    assert (shown["time_spent_seconds"], shown["cmi_data"]["cmi.location"]) == (1800, "p9")
    assert shown["cmi_data"]["cmi.total_time"] == "PT30M"


async def test_a_launch_in_review_mode_does_not_keep_the_real_visit_open(desk: Any) -> None:
    told = listen(desk)
    await play(desk)
    await desk.play((await desk.shown())["package_id"], mode=Mode.REVIEW)
    desk.clock.move(TTL)
    assert (await desk.service.maintain())["ended"] == 1
    assert (told[-1], (await desk.shown())["time_spent_seconds"]) == ("ended", 100)


async def test_a_session_that_cannot_be_ended_does_not_hide_the_others(desk: Any, caplog: Any) -> None:
    package = await desk.course()
    for number in range(103):
        await desk.play(package, f"s{number}", f"u{number}")
    desk.clock.move(TTL)

    async def refuse(event: HookEvent) -> None:
        if event.session_id != "s102":
            raise LookupError("the grade book is full")

    desk.service.hooks.add("ended", refuse, transaction=True)
    with caplog.at_level(logging.CRITICAL):
        assert (await desk.service.maintain())["ended"] == 1


async def test_the_log_is_kept_for_as_long_as_was_asked_and_the_newest_opening_for_ever(desk: Any) -> None:
    desk.options = ServiceOptions(log_retention_days=30)
    desk.__post_init__()
    package = await desk.course(S2004)
    for day in range(3):
        player = await desk.play(package)
        player.sco.initialize()
        player.sco.set("cmi.location", f"day {day}")
        await player.sync()
        await player.close()
        desk.clock.move(86_400)

    async def kept() -> list[tuple[str, int]]:
        rows = (await desk.service.commits("acme", "s1"))["commits"]
        return [(row["kind"], row["number"]) for row in rows]

    whole = await kept()
    each = len(whole) // 3
    assert whole == [("launch", 0), *(("commit", number) for number in range(1, each))] * 3
    desk.clock.move(86_400 * 27)
    assert ((await desk.service.maintain())["pruned"], await kept()) == (0, whole)
    desk.clock.move(1)
    assert ((await desk.service.maintain())["pruned"], await kept()) == (each, whole[each:])
    desk.clock.move(86_400 * 1000)
    assert ((await desk.service.maintain())["pruned"], await kept()) == (each, whole[2 * each :])
    body = {"launch": player.view["launch"], "view": 1}
    again = {"number": 1, "activity": "item_1", "view": 1, "elements": [["cmi.location", "sent again"]]}
    with pytest.raises(AccessError):
        await desk.service.commit("acme", "s1", player.launched.launch_id, {**body, "commits": [again]}, str)
    assert (await desk.shown())["cmi_data"]["cmi.location"] == "day 2"


async def test_without_a_retention_nothing_is_looked_for(desk: Any, monkeypatch: Any) -> None:
    async def refuse(*arguments: Any, **options: Any) -> None:
        raise AssertionError("the log was asked")

    monkeypatch.setattr(desk.storage, "prune_commits", refuse)
    assert (await desk.service.maintain())["pruned"] == 0


async def until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0)


async def test_a_worker_does_it_by_itself_from_its_first_request_on(desk: Any) -> None:
    desk.options = ServiceOptions(maintenance_seconds=0.001)
    desk.__post_init__()
    told = listen(desk)
    await play(desk)
    desk.clock.move(TTL)
    before = asyncio.all_tasks()
    desk.service.upkeep.start()
    assert asyncio.all_tasks() == before
    await until(lambda: "ended" in told)
    await desk.service.aclose()
    timer = desk.service.upkeep._timer
    assert timer is None
    desk.service.upkeep.start()
    assert desk.service.upkeep._timer is not None
    await desk.service.aclose()


async def test_an_event_that_failed_is_told_again_when_it_is_due_without_waiting_for_the_next_round(desk: Any) -> None:
    desk.options = ServiceOptions(maintenance_seconds=3600, outbox=replace(ServiceOptions().outbox, retry_seconds=(0,)))
    desk.__post_init__()
    calls: list[int] = []

    async def fail_once(event: HookEvent) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise ConnectionError

    desk.service.hooks.add("launched", fail_once)
    desk.service.upkeep.start()
    await play(desk)
    await until(lambda: len(calls) == 2)
    await desk.service.aclose()


async def test_trouble_does_not_end_it(desk: Any, monkeypatch: Any, caplog: Any) -> None:
    desk.options = ServiceOptions(maintenance_seconds=0.001)
    desk.__post_init__()
    errors = [StorageUnavailableError("no route"), LookupError("a defect")]
    calls: list[int] = []

    async def trouble(*arguments: Any) -> list[Any]:
        calls.append(1)
        if errors:
            raise errors.pop(0)
        return []

    monkeypatch.setattr(desk.storage, "list_expired", trouble)
    desk.service.upkeep.start()
    await until(lambda: len(calls) > 3)
    await desk.service.aclose()
    assert [record.levelname for record in caplog.records if record.name == "scorm_embed.maintenance"] == [
        "WARNING",
        "ERROR",
    ]


def test_a_loop_ends_with_nothing_left_behind(desk: Any, recwarn: Any) -> None:
    desk.options = ServiceOptions(maintenance_seconds=3600)
    desk.__post_init__()

    async def main() -> None:
        desk.service.upkeep.start()

    asyncio.run(main())
    asyncio.run(main())  # another loop, as in another test
    assert desk.service.upkeep._timer is not None
    loop = asyncio.new_event_loop()
    loop.run_until_complete(main())
    loop.close()
    assert not list(recwarn)


def test_with_zero_a_worker_does_nothing_by_itself(desk: Any) -> None:
    desk.options = ServiceOptions(maintenance_seconds=0)
    desk.__post_init__()

    async def main() -> None:
        desk.service.upkeep.start()

    asyncio.run(main())
    assert desk.service.upkeep._timer is None


def test_the_lease_is_longer_than_handlers_may_take() -> None:
    options = ServiceOptions().outbox
    assert timedelta(seconds=options.lease_seconds) > timedelta(seconds=options.timeout_seconds)
