"""Checks: lists, their order, their filters and their cursors; packages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

from scorm_embed.core.standard import Standard
from scorm_embed.errors import DuplicateEntryError, NotFoundError, PackageInUseError, RequestError
from scorm_embed.storage.base import LearnerData, PackageVersion, Page, RuntimeChange, SessionChange, SessionQuery
from scorm_embed.testing.storage_checks.scene import (
    KEY,
    START,
    Scene,
    change_of,
    commit,
    expect,
    expect_error,
    following,
)


async def sessions_are_listed_newest_first(scene: Scene) -> None:
    """By creation and then by id, each with the run-time data of its current activity."""
    moments = {"a": 3, "b": 1, "c": 1, "C": 1, "ä": 1, "d": 2}
    for name, seconds in moments.items():
        record = scene.session(name, created_at=START + timedelta(seconds=seconds))
        runtime = RuntimeChange(KEY, {"cmi.location": name, "cmi.interactions.0.id": name})
        await scene.save(SessionChange(record, None, [runtime]))
    await scene.save(SessionChange(scene.session("bare", activity_id=None, created_at=START), None))
    page = await scene.storage.list_sessions(SessionQuery(scene.tenant))
    expect([record.id for record, _ in page.items], ["a", "d", "ä", "c", "b", "C", "bare"], "newest first")
    expect(page.next_cursor, None, "one page")
    shown = [None if runtime is None else dict(runtime.values) for _, runtime in page.items]
    names = ["a", "d", "ä", "c", "b", "C"]
    expect(shown, [*({"cmi.location": n, "cmi.interactions.0.id": n} for n in names), None], "with their data")


async def sessions_are_filtered(scene: Scene) -> None:
    """By package, user, statuses and time of change, alone and together."""
    for index in range(12):
        record = scene.session(
            f"s{index:02}",
            user_id=f"user-{index % 3}",
            package_id=f"pkg_{index % 2}",
            package_version=1 + index // 6,
            completion_status=("incomplete", "completed")[index % 4 == 0],
            success_status=("unknown", "passed", "failed")[index % 3],
            created_at=START + timedelta(seconds=index),
            updated_at=START + timedelta(microseconds=index),
        )
        await scene.save(SessionChange(record, None))

    async def listed(**filters: Any) -> list[int]:
        page = await scene.storage.list_sessions(SessionQuery(scene.tenant, **filters))
        return [int(record.id[1:]) for record, _ in page.items]

    expect(await listed(package_id="pkg_1"), [11, 9, 7, 5, 3, 1], "of a package")
    expect(await listed(package_id="pkg_1", package_version=2), [11, 9, 7], "of a version of a package")
    expect(await listed(package_id="pkg_1", package_version=3), [], "of a version that nobody is on")
    expect(await listed(package_version=10**12), [], "of a version that cannot be")
    expect(await listed(user_id="user-2"), [11, 8, 5, 2], "of a user")
    expect(await listed(package_id="pkg_0", user_id="user-0"), [6, 0], "of both")
    expect(await listed(completion_status="completed"), [8, 4, 0], "of a completion status")
    expect(await listed(success_status="failed"), [11, 8, 5, 2], "of a success status")
    expect(await listed(updated_since=START + timedelta(microseconds=9)), [11, 10, 9], "changed since, inclusive")
    everything = {
        "package_id": "pkg_0",
        "user_id": "user-2",
        "completion_status": "completed",
        "success_status": "failed",
        "updated_since": START,
    }
    expect(await listed(**everything), [8], "all filters together")
    expect(await listed(user_id="nobody"), [], "nobody's")
    expect(await listed(user_id="nul \x00"), [], "of an identifier that cannot exist")
    expect(await listed(limit=2), [11, 10], "at most limit")


async def pages_neither_repeat_nor_skip(scene: Scene) -> None:
    """Whatever is added while a client reads page by page."""
    names = [f"s{index:02}" for index in range(10)]
    for index, name in enumerate(names):
        # Two of each moment, so that pages end between records of the same time.
        await scene.save(
            SessionChange(scene.session(name, created_at=START + timedelta(microseconds=index // 2)), None)
        )
    added = iter(range(100))

    async def fetch(cursor: str | None) -> Page[Any]:
        page = await scene.storage.list_sessions(SessionQuery(scene.tenant, limit=3, cursor=cursor))
        for moment in (timedelta(days=1), timedelta(days=-1), timedelta(0)):
            record = scene.session(f"x{next(added)}", created_at=START + moment)
            await scene.save(SessionChange(record, None))
        return page

    seen = [record.id for record, _ in await _all(fetch, pages_maximum=12)]
    expect([name for name in seen if name.startswith("s")], names[::-1], "every record once, in order")
    expect(len(set(seen)), len(seen), "nothing twice")


async def a_wrong_cursor_is_refused(scene: Scene) -> None:
    """One that is none, one of another tenant, one of another list; and a page without room."""
    storage = scene.storage
    for index in range(3):
        record = scene.session(f"s{index}")
        await scene.save(SessionChange(record, None, commits=[commit(1), commit(2), commit(3)]))
        await storage.add_package(scene.package(f"p{index}"))
    sessions = (await storage.list_sessions(SessionQuery(scene.tenant, limit=1))).next_cursor
    packages = (await storage.list_packages(scene.tenant, limit=1)).next_cursor
    commits = (await storage.list_commits(scene.tenant, "s0", limit=1)).next_cursor
    if sessions is None or packages is None or commits is None:
        expect((sessions, packages, commits), "three cursors", "a page that is not the last has a cursor")
        return
    other = scene.other()
    wrong = ["", "x", "é", "AAAA", "e30", "bnVsbA", sessions[:-2], f"{sessions}x", "[" * 3000]
    for cursor in [*wrong, packages, commits]:
        query = SessionQuery(scene.tenant, cursor=cursor)
        await expect_error(RequestError, storage.list_sessions(query), f"sessions by {cursor[:20]!r}")
    for cursor in [*wrong, sessions, commits]:
        await expect_error(RequestError, storage.list_packages(scene.tenant, cursor=cursor), "packages")
    for cursor in [*wrong, sessions, packages]:
        await expect_error(RequestError, storage.list_commits(scene.tenant, "s0", cursor=cursor), "commits")
    query = SessionQuery(other.tenant, cursor=sessions)
    await expect_error(RequestError, storage.list_sessions(query), "sessions of another tenant")
    await expect_error(RequestError, storage.list_packages(other.tenant, cursor=packages), "packages of another tenant")
    await expect_error(RequestError, storage.list_commits(scene.tenant, "s1", cursor=commits), "of another session")
    await expect_error(RequestError, storage.list_sessions(SessionQuery(scene.tenant, limit=0)), "no room")
    await expect_error(RequestError, storage.list_packages(scene.tenant, limit=0), "no room")
    await expect_error(RequestError, storage.list_commits(scene.tenant, "s0", limit=-1), "no room")


async def a_package_comes_back_as_it_was_added(scene: Scene) -> None:
    """Each version by its number, the newest without one; a version is added once."""
    storage = scene.storage
    first = scene.package(
        title="Ünïcödé 🎓 course",
        standard=Standard.SCORM_12,
        manifest=bytes(range(256)) * 3000,
        facts={"folder": "a/b", "files": [f"file {index}" for index in range(2000)], "size": 2**60},
        warnings=[{"code": "X", "line": 3}],
        size_bytes=2**40,
        created_at=START + timedelta(microseconds=1),
    )
    third = scene.package(version=3, title="third", activities=None)
    second = scene.package(version=2, title="second")
    for record in (first, third, second):
        await storage.add_package(record)
    expect(await storage.load_package(scene.tenant, "pkg_1", 1), first, "by its number")
    expect(await storage.load_package(scene.tenant, "pkg_1"), third, "the newest is the highest")
    expect(await storage.load_package(scene.tenant, "pkg_1", 4), None, "no such version")
    error = await expect_error(DuplicateEntryError, storage.add_package(scene.package(version=2)), "the same again")
    expect(error.details.get("of"), "package", "the error names what exists")
    expect(await storage.load_package(scene.tenant, "pkg_1", 2), second, "the first is as it was")


async def packages_are_listed_by_their_newest_version(scene: Scene) -> None:
    """Newest first; a new version added between two pages neither repeats nor hides its package."""
    storage = scene.storage
    for index in range(7):
        await storage.add_package(scene.package(f"p{index}", created_at=START + timedelta(seconds=index)))
    await storage.add_package(scene.package("p2", 2, created_at=START + timedelta(seconds=10)))
    await scene.other().storage.add_package(scene.other().package("p9"))
    page = await storage.list_packages(scene.tenant)
    found = [(record.id, record.version) for record in page.items]
    expected = [("p2", 2), ("p6", 1), ("p5", 1), ("p4", 1), ("p3", 1), ("p1", 1), ("p0", 1)]
    expect(found, expected, "the newest version of each, newest first")
    added = iter(range(2, 100))

    async def fetch(cursor: str | None) -> Page[Any]:
        fetched = await storage.list_packages(scene.tenant, limit=2, cursor=cursor)
        number = next(added)
        for name in ("p0", "p5", f"new {number}"):
            moment = START + timedelta(seconds=100 + number)
            await storage.add_package(scene.package(name, number, created_at=moment))
        return fetched

    seen = [(record.id, record.version) for record in await _all(fetch, pages_maximum=8)]
    expect(seen, expected, "what there was at the first page, once")


async def a_package_in_use_is_not_deleted(scene: Scene) -> None:
    """Unless its sessions go too; what other packages use is kept."""
    storage, tenant = scene.storage, scene.tenant
    shared, own = scene.digest("shared"), scene.digest("own")
    await storage.add_package(scene.package("one", 1, digest=shared))
    await storage.add_package(scene.package("one", 2, digest=own))
    await storage.add_package(scene.package("one", 3, digest=own))
    other = scene.other()
    await storage.add_package(other.package("two", digest=shared))
    carried = LearnerData({("one", "o"): 1, ("", "o"): 2}, {("one", "s"): "x", ("two", "s"): "y"})
    for name, package_id in (("used", "one"), ("unrelated", "two")):
        record = scene.session(name, package_id=package_id)
        runtime = [RuntimeChange(KEY, {"cmi.interactions.0.id": name})]
        await scene.save(SessionChange(record, None, runtime, commits=[commit(1)], learner=carried))
    await expect_error(PackageInUseError, storage.delete_package(tenant, "one"), "a package in use")
    expect((await storage.load_package(tenant, "one")) is not None, True, "it is still there")
    expect((await scene.load("used"))[0].package_id, "one", "so is its session")
    digests = await storage.delete_package(tenant, "one", with_sessions=True)
    expect(list(digests), sorted([shared, own]), "what the versions were made of")
    expect(list(await storage.unused_digests(digests)), [own], "only what nobody uses any more")
    expect(await storage.load_package(tenant, "one", 1), None, "all versions are gone")
    expect(await storage.load_session(tenant, "used"), None, "so is the session")
    expect(await scene.values("unrelated"), {"cmi.interactions.0.id": "unrelated"}, "others are untouched")
    learner = await storage.load_learner(tenant, "user-1", ["", "one", "two"])
    left = (dict(learner.objectives), dict(learner.stores))
    expect(left, ({("", "o"): 2}, {("two", "s"): "y"}), "what was carried within the package went with it")
    expect(list(await storage.delete_package(other.tenant, "two")), [shared], "the last user of a digest")
    expect(list(await storage.unused_digests([shared, own])), sorted([shared, own]), "nobody uses them now")
    expect(list(await storage.unused_digests([])), [], "nothing was asked")


async def versions_are_listed_with_their_sessions(scene: Scene) -> None:
    """Newest first; a session counts for the version it stays on."""
    storage, tenant = scene.storage, scene.tenant
    moments = {1: START, 2: START + timedelta(seconds=5), 10: START + timedelta(seconds=9)}
    for version, moment in moments.items():
        await storage.add_package(scene.package(version=version, created_at=moment))
    for index, version in enumerate((1, 10, 1, 1)):
        await scene.save(SessionChange(scene.session(f"s{index}", package_version=version), None))
    await scene.save(SessionChange(scene.session("elsewhere", package_id="other"), None))
    await scene.other().create()
    listed = [PackageVersion(10, moments[10], 1), PackageVersion(2, moments[2], 0), PackageVersion(1, moments[1], 3)]
    expect(list(await storage.list_versions(tenant, "pkg_1")), listed, "each with its sessions")
    await storage.delete_session(tenant, "s0")
    counts = [entry.sessions for entry in await storage.list_versions(tenant, "pkg_1")]
    expect(counts, [1, 0, 2], "without one that was deleted")
    for missing in ("pkg_2", "nul \x00"):
        expect(list(await storage.list_versions(tenant, missing)), [], "no package, no versions")


async def a_new_session_needs_its_package(scene: Scene) -> None:
    """The very version, of the same tenant; nothing is stored without it."""
    storage = scene.storage
    other = scene.other()
    await other.storage.add_package(other.package("theirs"))
    await storage.add_package(scene.package("ours", 2))
    for package_id, version in (("theirs", 1), ("ours", 1), ("ours", 3), ("never", 1)):
        record = scene.session(package_id=package_id, package_version=version)
        # Also with what takes another way in some storages.
        for runtime in ([], [RuntimeChange(KEY, {"cmi.location": None})]):
            change = SessionChange(record, None, runtime, commits=[commit(1)])
            refused = await expect_error(NotFoundError, storage.save_session(scene.tenant, change), "no such package")
            expect(refused.code, "PACKAGE_NOT_FOUND", "the error says what is missing")
    expect(await storage.load_session(scene.tenant, "session-1"), None, "nothing was stored")
    record = scene.session(package_id="ours", package_version=2)
    await storage.save_session(scene.tenant, SessionChange(record, None))
    expect((await scene.load())[0], record, "with its package it is")


async def learner_data_is_merged_and_removed(scene: Scene) -> None:
    """Key by key, by whichever session of the learner; only the scopes asked for are given."""
    storage, tenant = scene.storage, scene.tenant
    long_name = "urn:" + "x" * 4000
    first = LearnerData(
        {("", "o1"): {"measure": 0.1}, ("", long_name): [1], ("pkg_1", "o1"): "scoped", ("", "O1"): 2},
        {("", "s1"): "value \x00 🎓", ("pkg_1", "s1"): "", ("pkg_2", "s1"): "two"},
    )
    record = await scene.create()
    await scene.save(change_of(record, None, learner=first))
    other = await scene.create("session-2")
    second = LearnerData(
        {("", "o1"): {"measure": 0.2}, ("pkg_1", "o1"): None, ("", "never"): None, ("", "o3"): False},
        {("pkg_2", "s1"): None, ("", "s2"): "new"},
    )
    await scene.save(change_of(other, None, learner=second))
    learner = await storage.load_learner(tenant, "user-1", ["", "pkg_1", "pkg_2"])
    expected = {("", "o1"): {"measure": 0.2}, ("", long_name): [1], ("", "O1"): 2, ("", "o3"): False}
    expect(dict(learner.objectives), expected, "objectives are merged")
    stores = {("", "s1"): "value \x00 🎓", ("pkg_1", "s1"): "", ("", "s2"): "new"}
    expect(dict(learner.stores), stores, "stores are merged")
    learner = await storage.load_learner(tenant, "user-1", ["pkg_1"])
    expect((dict(learner.objectives), dict(learner.stores)), ({}, {("pkg_1", "s1"): ""}), "one scope")
    learner = await storage.load_learner(tenant, "user-1", [])
    expect((dict(learner.objectives), dict(learner.stores)), ({}, {}), "no scope")
    learner = await storage.load_learner(tenant, "user-2", [""])
    expect(dict(learner.objectives), {}, "another learner has none")
    learner = await storage.load_learner(scene.other().tenant, "user-1", [""])
    expect(dict(learner.objectives), {}, "the same name in another tenant has none")
    await storage.delete_session(tenant, record.id)
    learner = await storage.load_learner(tenant, "user-1", [""])
    expect(dict(learner.objectives), expected, "what a learner carries outlives a session")


async def an_updated_session_keeps_its_place(scene: Scene) -> None:
    """The order of a list is of creation, not of change."""
    for index in range(4):
        await scene.save(SessionChange(scene.session(f"s{index}", created_at=START + timedelta(seconds=index)), None))
    first = await scene.storage.list_sessions(SessionQuery(scene.tenant, limit=2))
    record, _ = await scene.load("s0")
    await scene.save(SessionChange(following(record, completion_status="completed"), 1))
    second = await scene.storage.list_sessions(SessionQuery(scene.tenant, limit=2, cursor=first.next_cursor))
    expect([record.id for record, _ in (*first.items, *second.items)], ["s3", "s2", "s1", "s0"], "newest created first")


async def _all(fetch: Callable[[str | None], Awaitable[Page[Any]]], pages_maximum: int) -> Sequence[Any]:
    items: list[Any] = []
    cursor = None
    for _ in range(pages_maximum):
        page = await fetch(cursor)
        items += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    return items


CHECKS = (
    sessions_are_listed_newest_first,
    sessions_are_filtered,
    pages_neither_repeat_nor_skip,
    a_wrong_cursor_is_refused,
    an_updated_session_keeps_its_place,
    a_package_comes_back_as_it_was_added,
    packages_are_listed_by_their_newest_version,
    a_package_in_use_is_not_deleted,
    versions_are_listed_with_their_sessions,
    a_new_session_needs_its_package,
    learner_data_is_merged_and_removed,
)
