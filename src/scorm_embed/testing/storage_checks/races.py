"""Checks: what happens at once, what happens in the middle, what is logged, and what survives."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

from scorm_embed.errors import DuplicateEntryError, NotFoundError, PackageInUseError, VersionConflictError
from scorm_embed.storage.base import (
    CommitRecord,
    LearnerData,
    Page,
    RuntimeChange,
    SessionChange,
    SessionQuery,
    SessionRecord,
)
from scorm_embed.testing.storage_checks.scene import (
    KEY,
    START,
    BrokenPromise,
    Scene,
    change_of,
    commit,
    expect,
    expect_error,
    following,
    outcomes,
)

WRITERS = 20


async def of_twenty_writers_of_one_version_one_wins(scene: Scene) -> None:
    """The others learn that they lost, and nothing of theirs is stored; again and again."""
    record = await scene.create(winner="nobody")
    for round_number in range(3):
        # Once with removals, which take another way in some storages.
        extra: dict[str, str | None] = {"never": None} if round_number == 1 else {}
        changes = [
            change_of(
                record,
                {"winner": f"{round_number}.{index}", f"cmi.interactions.{index}.id": "x", **extra},
                commits=[commit(index + 1, launch=f"round {round_number}")],
            )
            for index in range(WRITERS)
        ]
        results = await outcomes([scene.save(change) for change in changes])
        winners = [index for index, result in enumerate(results) if result is None]
        expect(len(winners), 1, "exactly one writer wins")
        for result in results:
            if result is not None and not isinstance(result, VersionConflictError):
                raise BrokenPromise(f"a loser gets VersionConflictError, not {result!r}")
        values = await scene.values()
        expect(values["winner"], f"{round_number}.{winners[0]}", "the winner's data are stored")
        expect(sum(name.startswith("cmi.interactions") for name in values) <= round_number + 1, True, "no loser's data")
        found = await scene.storage.find_commits(scene.tenant, record.id, f"round {round_number}")
        expect([item.number for item in found], [winners[0] + 1], "only the winner's commit is logged")
        record = following(record)


async def retrying_writers_lose_no_update(scene: Scene) -> None:
    """Twenty clients that read, change and try again until it works."""
    await scene.create()

    async def client(index: int) -> None:
        for _ in range(WRITERS * 3):
            record, _ = await scene.load()
            try:
                await scene.save(change_of(record, {f"cmi.interactions.{index}.id": f"client {index}"}))
            except VersionConflictError:
                continue
            return
        raise BrokenPromise("somebody wins each round, so everybody wins in the end")

    await asyncio.gather(*(client(index) for index in range(WRITERS)))
    expected = {f"cmi.interactions.{index}.id": f"client {index}" for index in range(WRITERS)}
    expect(await scene.values(), expected, "every client's change is there")
    expect((await scene.load())[0].version, WRITERS + 1, "one version for each change")


async def of_twenty_creators_of_one_session_one_wins(scene: Scene) -> None:
    """The others learn that it exists."""
    changes = [SessionChange(scene.session(user_id=f"user-{index}"), None) for index in range(WRITERS)]
    results = await outcomes([scene.save(change) for change in changes])
    winners = [index for index, result in enumerate(results) if result is None]
    expect(len(winners), 1, "exactly one creator wins")
    expect([isinstance(result, DuplicateEntryError) for result in results].count(True), WRITERS - 1, "the others know")
    expect((await scene.load())[0].user_id, f"user-{winners[0]}", "the winner's record is stored")


async def different_sessions_do_not_hinder_each_other(scene: Scene) -> None:
    """Many sessions of one learner at once, all writing what the learner carries, without an error."""

    async def play(index: int) -> None:
        record = scene.session(f"session-{index}")
        await scene.save(SessionChange(record, None, [RuntimeChange(KEY, {"n": "0"})]))
        for number in range(1, 6):
            carried = {("", f"o{(index + step) % 7}"): [index, number] for step in range(3)}
            await scene.save(
                change_of(
                    record,
                    {"n": str(number), f"cmi.interactions.{number}.id": "x"},
                    commits=[commit(number)],
                    learner=LearnerData(carried),
                    events=[scene.event(f"{index}.{number}")],
                )
            )
            record = following(record)

    results = await outcomes([play(index) for index in range(WRITERS)])
    expect([result for result in results if result is not None], [], "no error")
    for index in range(WRITERS):
        values = await scene.values(f"session-{index}")
        expect((values["n"], len(values)), ("5", 6), "every session has its last state")
        log = await scene.storage.list_commits(scene.tenant, f"session-{index}")
        expect([item.number for item in log.items], [1, 2, 3, 4, 5], "and its whole log")
    await scene.storage.settle_events([scene.event(f"{i}.{n}").id for i in range(WRITERS) for n in range(1, 6)])


async def a_commit_is_applied_once(scene: Scene) -> None:
    """The same number of the same launch again changes nothing; another launch has numbers of its own."""
    record = await scene.create()
    await scene.save(change_of(record, {"n": "1"}, commits=[commit(1), commit(2)]))
    record = following(record)
    for extra in ({}, {"never": None}):
        change = change_of(
            record,
            {"n": "lost", **extra},
            commits=[commit(3), commit(2)],
            learner=LearnerData({("", "o"): 1}),
            events=[scene.event("lost")],
        )
        error = await expect_error(DuplicateEntryError, scene.save(change), "a commit that exists")
        expect(error.details.get("of"), "commit", "the error names what exists")
    await _expect_untouched(scene, record, {"n": "1"}, [1, 2])
    twice = change_of(record, {"n": "lost"}, commits=[commit(5), commit(5)])
    await expect_error(DuplicateEntryError, scene.save(twice), "the same number twice in one change")
    await _expect_untouched(scene, record, {"n": "1"}, [1, 2])
    await scene.save(change_of(record, {"n": "2"}, commits=[commit(2, launch="Launch-1")]))
    expect(await scene.values(), {"n": "2"}, "another launch")


async def what_is_raised_inside_undoes_everything(scene: Scene) -> None:
    """The exception arrives as it was raised, and the session can be saved again."""
    record = await scene.create(n="1")

    class HostError(Exception):
        pass

    raised = HostError("gradebook")

    async def fail(connection: Any) -> None:
        raise raised

    for extra in ({}, {"n": None}):
        change = change_of(
            record,
            {"n": "lost", "cmi.interactions.0.id": "lost", **extra},
            commits=[commit(1)],
            learner=LearnerData({("", "o"): 1}, {("", "s"): "x"}),
            events=[scene.event("lost")],
        )
        error = await expect_error(HostError, scene.save(change, inside=fail), "what inside raises")
        expect(error is raised, True, "the very exception")
        await _expect_untouched(scene, record, {"n": "1"}, [])
    new = SessionChange(scene.session("new"), None, [RuntimeChange(KEY, {"n": "1"})])
    await expect_error(HostError, scene.save(new, inside=fail), "also for a new session")
    expect(await scene.storage.load_session(scene.tenant, "new"), None, "which is not made")
    calls = []

    async def note(connection: Any) -> None:
        calls.append(connection)

    await scene.save(change_of(record, {"n": "2"}), inside=note)
    expect((len(calls), await scene.values()), (1, {"n": "2"}), "inside runs once and the change is saved")
    await expect_error(VersionConflictError, scene.save(change_of(record, {"n": "3"}), inside=note), "a lost race")
    expect(len(calls), 1, "inside does not run for a change that is refused")


async def nothing_is_seen_before_it_is_committed(scene: Scene) -> None:
    """A reader finds the old state while inside runs, and another writer waits for its end."""
    record = await scene.create(n="1")
    seen: list[Any] = []
    is_inside, may_go = asyncio.Event(), asyncio.Event()

    async def look(connection: Any) -> None:
        seen.append(await scene.values())
        is_inside.set()
        await may_go.wait()

    first = asyncio.create_task(scene.save(change_of(record, {"n": "2"}), inside=look))
    await is_inside.wait()
    second = asyncio.create_task(scene.save(change_of(record, {"n": "3"})))
    await asyncio.wait([second], timeout=0.05)
    expect(second.done(), False, "the second writer waits for the first")
    may_go.set()
    await first
    await expect_error(VersionConflictError, second, "and then learns that it lost")
    expect((seen, await scene.values()), ([{"n": "1"}], {"n": "2"}), "the reader saw the old state")


async def a_package_is_not_deleted_past_a_new_session(scene: Scene) -> None:
    """Of a launch and a deletion at once, the later one sees what the other did; no session is left without package."""
    storage, tenant = scene.storage, scene.tenant
    for force in (False, True):
        await storage.add_package(scene.package("held"))
        is_inside, may_go = asyncio.Event(), asyncio.Event()

        async def wait(connection: Any, inside: asyncio.Event = is_inside, go: asyncio.Event = may_go) -> None:
            inside.set()
            await go.wait()

        change = SessionChange(scene.session(package_id="held"), None)
        saving = asyncio.create_task(scene.save(change, inside=wait))
        await is_inside.wait()
        deleting = asyncio.create_task(storage.delete_package(tenant, "held", with_sessions=force))
        await asyncio.wait([deleting], timeout=0.05)
        expect(deleting.done(), False, "the deletion waits for the session that is being stored")
        may_go.set()
        await saving
        if force:
            await deleting
            expect(await storage.load_session(tenant, "session-1"), None, "a forced deletion takes the session along")
        else:
            await expect_error(PackageInUseError, deleting, "the deletion finds the session")
            await storage.delete_package(tenant, "held", with_sessions=True)
    for round_number in range(3):
        await storage.add_package(scene.package("raced"))
        changes = [
            SessionChange(scene.session(f"{round_number}.{index}", package_id="raced"), None)
            for index in range(WRITERS)
        ]
        saves = [storage.save_session(tenant, change) for change in changes]
        halfway = WRITERS // 2
        removal = storage.delete_package(tenant, "raced", with_sessions=True)
        results = await outcomes([*saves[:halfway], removal, *saves[halfway:]])
        for result in (*results[:halfway], *results[halfway + 1 :]):
            if result is not None and not isinstance(result, NotFoundError):
                raise BrokenPromise(f"a session whose package is gone is refused with NotFoundError, not {result!r}")
        left = await storage.list_sessions(SessionQuery(tenant, package_id="raced"))
        expect([record.id for record, _ in left.items], [], "no session is left without its package")


async def a_cancelled_save_changes_nothing(scene: Scene) -> None:
    """A request that is given up while inside runs leaves no trace and no lock."""
    record = await scene.create(n="1")
    is_inside = asyncio.Event()

    async def hang(connection: Any) -> None:
        is_inside.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(scene.save(change_of(record, {"n": "lost"}, commits=[commit(1)]), inside=hang))
    await is_inside.wait()
    task.cancel()
    results = await outcomes([task])
    expect(isinstance(results[0], asyncio.CancelledError), True, "the save is cancelled")
    await _expect_untouched(scene, record, {"n": "1"}, [])
    await scene.save(change_of(record, {"n": "2"}))
    expect(await scene.values(), {"n": "2"}, "the session can be saved again")


async def the_log_is_read_in_the_order_it_was_written(scene: Scene) -> None:
    """Page by page while rows are appended; one launch by number, with what came late."""
    storage, tenant = scene.storage, scene.tenant
    record = await scene.create()
    rows: list[CommitRecord] = [
        commit(2, status="held", sent_at=START, elements=[["a", "b \x00 🎓"]], refused=[["a", 406]], tolerated=["x"]),
        commit(1, kind="put", details={"who": None}, received_at=START - timedelta(days=1)),
        commit(1, launch="launch-2", status="late", activity_id=None, elements=[]),
        commit(9, launch="launch-2"),
        commit(3, launch="launch-2"),
        commit(10),
    ]
    for row in rows:
        await scene.save(change_of(record, None, commits=[row]))
        record = following(record)
    appended = iter(range(100, 200))

    async def fetch(cursor: str | None) -> Page[CommitRecord]:
        nonlocal record
        page = await storage.list_commits(tenant, record.id, 2, cursor)
        await scene.save(change_of(record, None, commits=[commit(next(appended), launch="appended")]))
        record = following(record)
        return page

    seen: list[CommitRecord] = []
    cursor: str | None = None
    for _ in range(4):
        page = await fetch(cursor)
        seen += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    expect(seen[: len(rows)], rows, "the rows as they were appended")
    expect([row.number for row in seen[len(rows) :]], [100, 101], "and then what came while reading")
    found = await storage.find_commits(tenant, record.id, "launch-2")
    expect([row.number for row in found], [1, 3, 9], "of one launch, by number, late ones too")
    found = await storage.find_commits(tenant, record.id, "launch-1")
    expect([(row.number, row.status) for row in found], [(1, "applied"), (2, "held"), (10, "applied")], "held ones too")


async def kept_commits_are_settled(scene: Scene) -> None:
    """Those named become applied, whether they were held or late; others stay what they are."""
    storage, tenant = scene.storage, scene.tenant
    record = await scene.create()
    held = [commit(number, status="held") for number in (2, 3, 4)]
    late = [commit(number, launch="old", status="late") for number in (1, 2)]
    await scene.save(change_of(record, None, commits=[*held, *late]))
    other = await scene.create("session-2")
    await scene.save(change_of(other, None, commits=[commit(2, status="held")]))
    record = following(record)
    settled = [("launch-1", 2), ("launch-1", 3), ("old", 1), ("launch-1", 99)]
    await scene.save(change_of(record, {"n": "3"}, commits=[commit(1)], settled=settled))
    found = await storage.find_commits(tenant, record.id, "launch-1")
    statuses = [(row.number, row.status) for row in found]
    expect(statuses, [(1, "applied"), (2, "applied"), (3, "applied"), (4, "held")], "what was held")
    found = await storage.find_commits(tenant, record.id, "old")
    expect([(row.number, row.status) for row in found], [(1, "applied"), (2, "late")], "what was late")
    found = await storage.find_commits(tenant, "session-2", "launch-1")
    expect([row.status for row in found], ["held"], "another session's is untouched")
    both = change_of(following(record), None, commits=[commit(6, status="held")], settled=[("launch-1", 6)])
    await scene.save(both)
    found = await storage.find_commits(tenant, record.id, "launch-1")
    expect([row.status for row in found if row.number == 6], ["applied"], "appended and settled in one change")


async def a_closed_storage_opens_again(scene: Scene) -> None:
    """Closing twice is no mistake, and what was saved is there afterwards."""
    record = await scene.create(n="1")
    await scene.storage.aclose()
    await scene.storage.aclose()
    expect((await scene.load())[0], record, "the session is there")
    await scene.save(change_of(record, {"n": "2"}))
    await scene.storage.aclose()
    expect(await scene.values(), {"n": "2"}, "and can be changed")


async def _expect_untouched(scene: Scene, record: SessionRecord, values: dict[str, str], numbers: list[int]) -> None:
    found, _ = await scene.load(record.id)
    expect(found, replace(record, updated_at=found.updated_at), "the record is as it was")
    expect(await scene.values(record.id), values, "the run-time data are as they were")
    log = await scene.storage.list_commits(scene.tenant, record.id)
    expect([row.number for row in log.items], numbers, "the log is as it was")
    learner = await scene.storage.load_learner(scene.tenant, record.user_id, [""])
    expect((dict(learner.objectives), dict(learner.stores)), ({}, {}), "what the learner carries is as it was")
    events = await scene.storage.list_events(scene.tenant, "waiting")
    expect(list(events.items), [], "no event was kept")


CHECKS = (
    of_twenty_writers_of_one_version_one_wins,
    retrying_writers_lose_no_update,
    of_twenty_creators_of_one_session_one_wins,
    different_sessions_do_not_hinder_each_other,
    a_commit_is_applied_once,
    what_is_raised_inside_undoes_everything,
    nothing_is_seen_before_it_is_committed,
    a_package_is_not_deleted_past_a_new_session,
    a_cancelled_save_changes_nothing,
    the_log_is_read_in_the_order_it_was_written,
    kept_commits_are_settled,
    a_closed_storage_opens_again,
)
