"""Checks: the outbox of events, the log's old rows, and launches that nobody ended."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from scorm_embed.errors import DuplicateEntryError
from scorm_embed.storage.base import DEAD, OPENING, WAITING, EventRecord, SessionChange
from scorm_embed.testing.storage_checks.scene import (
    START,
    Scene,
    change_of,
    commit,
    expect,
    expect_error,
    following,
)

LONG_AGO = START - timedelta(days=7300)
"""Older than what other checks leave behind, so that what is from then comes first."""


async def old_rows_of_the_log_can_be_forgotten(scene: Scene) -> None:
    """The oldest first, a piece at a time, and never a row of the launch that is the newest; the session stays."""
    record = await scene.create(n="1")
    past = LONG_AGO
    rows = [
        commit(0, kind=OPENING, received_at=past),
        *(commit(number, received_at=past + timedelta(seconds=number)) for number in (1, 2, 3)),
        commit(0, launch="launch-2", kind=OPENING, received_at=past + timedelta(seconds=4)),
        commit(4, status="late", received_at=past + timedelta(seconds=4)),
        commit(1, launch="launch-2", received_at=past + timedelta(seconds=5)),
    ]
    for row in rows:
        await scene.save(change_of(record, None, commits=[row]))
        record = following(record)
    other = await scene.create("never-opened")
    await scene.save(change_of(other, None, commits=[commit(1, received_at=past)]))
    before = past + timedelta(seconds=3)
    expect((await scene.storage.prune_commits(before, limit=2))[1] is None, False, "a piece at a time")
    await _prune(scene, before)
    log = await scene.storage.list_commits(scene.tenant, record.id)
    expect([(row.launch, row.number) for row in log.items][:2], [("launch-1", 3), ("launch-2", 0)], "the oldest went")
    await _prune(scene, past + timedelta(days=1))
    log = await scene.storage.list_commits(scene.tenant, record.id)
    kept = [(row.launch, row.number) for row in log.items]
    expect(kept, [("launch-2", 0), ("launch-1", 4), ("launch-2", 1)], "what came since the newest opening")
    log = await scene.storage.list_commits(scene.tenant, other.id)
    expect([row.number for row in log.items], [1], "where nothing was opened, everything stays")
    expect(await scene.values(), {"n": "1"}, "the session stays")
    expect((await scene.load())[0].version, record.version, "as it was")


async def launches_that_nobody_ended_are_found(scene: Scene) -> None:
    """From the moment at which they end, among all tenants, while the session says that somebody plays."""
    moment = LONG_AGO
    records = {
        name: scene.session(name, is_playing=name != "left", expires_at=expires_at)
        for name, expires_at in (
            ("over", moment),
            ("left", moment - timedelta(days=1)),
            ("going on", moment + timedelta(microseconds=1)),
            ("endless", None),
        )
    }
    for record in records.values():
        await scene.save(SessionChange(record, None))
        expect((await scene.load(record.id))[0], record, "whether somebody plays comes back")

    async def expired(now: datetime) -> list[str]:
        return [session for tenant, session in await scene.storage.list_expired(now, 1000) if tenant == scene.tenant]

    expect(await expired(moment - timedelta(microseconds=1)), [], "none before its time")
    expect(await expired(moment), ["over"], "those that are over")
    expect(len(await scene.storage.list_expired(moment, 1)), 1, "at most as many as asked for")
    renewed = following(records["over"], expires_at=moment + timedelta(hours=2))
    await scene.save(SessionChange(renewed, 1))
    expect(await expired(moment + timedelta(hours=1)), ["going on"], "not one that was renewed")
    await scene.save(SessionChange(following(renewed, is_playing=False), 2))
    await scene.save(SessionChange(following(records["going on"], is_playing=False), 1))
    expect(await expired(START + timedelta(days=99)), [], "not what was left")
    await scene.save(SessionChange(following(records["endless"], is_playing=False), 1))


async def events_are_leased_and_settled(scene: Scene) -> None:
    """Those due longest first, to one taker at a time, again after the lease, no more when settled."""
    storage = scene.storage
    now = LONG_AGO + timedelta(hours=1)
    events = await _events(scene, 4)
    taken = [*await storage.take_events(2, now, 30.0), *await storage.take_events(1, now, 60.0)]
    expected = [
        replace(event, due_at=now + timedelta(seconds=seconds), attempts=1)
        for event, seconds in zip(events, (30, 30, 60), strict=False)
    ]
    expect(taken, expected, "due longest first, each to one taker")
    await storage.settle_events([events[0].id, "unknown", "nul \x00"])
    later = now + timedelta(seconds=30)
    expect([event.id for event in await storage.take_events(1, later, 30.0)], [events[3].id], "the one never taken")
    again = await storage.take_events(1, later, 30.0)
    expect([(event.id, event.attempts) for event in again], [(events[1].id, 2)], "again when the lease has ended")
    expect(await _mine(scene, later), [], "those under a lease are passed by")
    await storage.settle_events([event.id for event in events])
    expect(await _mine(scene, later + timedelta(days=1)), [], "settled events do not come again")
    expect(await storage.load_event(scene.tenant, events[1].id), None, "nor are they found")
    await storage.settle_events([])


async def what_delivery_learned_about_an_event_is_kept(scene: Scene) -> None:
    """Who has had it, what went wrong, when it is due: unless somebody else took it meanwhile."""
    storage = scene.storage
    now = LONG_AGO + timedelta(hours=1)
    await _events(scene, 1)
    (event,) = await storage.take_events(1, now, 30.0)
    due = now + timedelta(seconds=5)
    failed = replace(event, due_at=due, pending=("b \x00", "c"), last_error="b: \x00 \ud83c 🎓")
    expect(await storage.keep_event(failed, attempts=1), True, "kept")
    expect(await storage.load_event(scene.tenant, event.id), failed, "as it was given")
    expect(await storage.load_event(scene.other().tenant, event.id), None, "under its own tenant only")
    expect(await _mine(scene, now + timedelta(seconds=4)), [], "not taken before it is due")
    (again,) = await _mine(scene, due)
    expect(again, replace(failed, due_at=due + timedelta(seconds=30), attempts=2), "taken when it is due")
    stale = replace(failed, state=DEAD)
    expect(await storage.keep_event(stale, attempts=1), False, "who lost the lease writes nothing")
    expect(await storage.load_event(scene.tenant, event.id), again, "nothing was changed")
    foreign = replace(again, tenant_id=scene.other().tenant)
    expect(await storage.keep_event(foreign, attempts=2), False, "nor does another tenant")
    await storage.settle_events([event.id])
    expect(await storage.keep_event(again, attempts=2), False, "a settled event is gone")


async def dead_events_are_kept_and_listed(scene: Scene) -> None:
    """They are never taken, are listed newest first under their tenant, and can be made to wait again."""
    storage, tenant = scene.storage, scene.tenant
    now = LONG_AGO + timedelta(hours=1)
    events = await _events(scene, 5)
    for event in await storage.take_events(5, now, 30.0):
        await storage.keep_event(replace(event, state=DEAD, due_at=now, last_error="no"), attempts=1)
    expect(await _mine(scene, START + timedelta(days=9999)), [], "not taken")
    first = await storage.list_events(tenant, DEAD, 2)
    second = await storage.list_events(tenant, DEAD, 2, first.next_cursor)
    third = await storage.list_events(tenant, DEAD, 2, second.next_cursor)
    listed = [event.id for event in (*first.items, *second.items, *third.items)]
    expect(listed, [event.id for event in reversed(events)], "newest first, page by page")
    expect(third.next_cursor, None, "to the end")
    expect(list((await storage.list_events(tenant, WAITING)).items), [], "in their own state")
    expect(list((await storage.list_events(scene.other().tenant, DEAD)).items), [], "of their own tenant")
    dead = await storage.load_event(tenant, events[0].id)
    assert dead is not None
    expect((dead.attempts, dead.last_error), (1, "no"), "with what is known about it")
    expect(await storage.keep_event(replace(dead, state=WAITING, attempts=0), attempts=1), True, "made to wait")
    expect([event.id for event in await _mine(scene, now)], [events[0].id], "and taken")
    await storage.settle_events([event.id for event in events])


async def an_event_is_kept_once(scene: Scene) -> None:
    """The same id again is refused with everything else of the change."""
    record = await scene.create(n="1")
    await scene.save(change_of(record, {"n": "2"}, events=[scene.event("e")]))
    again = change_of(following(record), {"n": "lost"}, events=[scene.event("e")])
    error = await expect_error(DuplicateEntryError, scene.save(again), "an event that exists")
    expect(error.details.get("of"), "event", "the error names what exists")
    expect(await scene.values(), {"n": "2"}, "nothing was changed")
    await scene.storage.settle_events([scene.event("e").id])


async def takers_at_once_get_different_events(scene: Scene) -> None:
    """Every event goes to exactly one of many takers."""
    events = await _events(scene, 40)
    now = LONG_AGO + timedelta(hours=1)
    taken = await asyncio.gather(*(scene.storage.take_events(4, now, 600.0) for _ in range(10)))
    # A taker may pass by what another is taking at that moment, so what is left is asked for until nothing comes.
    for _ in range(20):
        more = await scene.storage.take_events(4, now, 600.0)
        if not any(event.tenant_id == scene.tenant for event in more):
            break
        taken.append(more)
    ids = sorted(event.id for batch in taken for event in batch if event.tenant_id == scene.tenant)
    expect(ids, sorted(event.id for event in events), "each event once")
    await scene.storage.settle_events(ids)


async def _events(scene: Scene, count: int) -> list[EventRecord]:
    """Save events in the order opposite to that in which they are due."""
    moments = [LONG_AGO + timedelta(microseconds=number) for number in range(count)]
    events = [scene.event(f"e{n}", created_at=at, due_at=at, data={"n": [n]}) for n, at in enumerate(moments)]
    record = await scene.create()
    await scene.save(change_of(record, None, events=events[::-1]))
    return events


async def _mine(scene: Scene, now: datetime) -> list[EventRecord]:
    """Take what is due, and give what belongs to the scene."""
    return [event for event in await scene.storage.take_events(1000, now, 30.0) if event.tenant_id == scene.tenant]


async def _prune(scene: Scene, before: datetime) -> None:
    cursor: str | None = None
    while True:
        _, cursor = await scene.storage.prune_commits(before, limit=3, cursor=cursor)
        if cursor is None:
            return


CHECKS = (
    old_rows_of_the_log_can_be_forgotten,
    launches_that_nobody_ended_are_found,
    events_are_leased_and_settled,
    what_delivery_learned_about_an_event_is_kept,
    dead_events_are_kept_and_listed,
    an_event_is_kept_once,
    takers_at_once_get_different_events,
)
