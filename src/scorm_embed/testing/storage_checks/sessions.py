"""Checks: a session and its run-time data come back as they were saved."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from scorm_embed.errors import DuplicateEntryError, RequestError, VersionConflictError
from scorm_embed.storage.base import RuntimeChange, RuntimeKey, Score, SessionChange
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

STRANGE_TEXTS = (
    "",
    " ",
    "trailing ",
    "Ünïcödé ßtraße",
    "e\u0301 is not \u00e9",
    "emoji 🎓👩🏽‍🚀",
    "nul \x00 inside",
    "half \ud83d of a pair",
    "mark \ufdd0 and \ufdd00041",
    "control \x01\x1f\x7f\u2028",
    "line\r\nbreak\ttab",
    "quote ' \" \\ \\u0041 %s %% :name $1 ?",
    '{"json": [1, 2]}',
    "null",
    "١٢٣",
)

WHOLE = {
    "cmi.location": "page 3",
    "cmi.suspend_data": "state",
    "cmi.core.score.raw": "10",
    "cmi.comments": "from 1.2",
    "cmi.comments_from_lms": "a scalar in 1.2",
    "cmi.interactions.0.id": "question 1",
    "cmi.interactions.0.type": "choice",
    "cmi.interactions.0.time": "10:00:00",
    "cmi.interactions.0.timestamp": "2025-01-15T10:00:00.5Z",
    "cmi.interactions.0.weighting": "1.50",
    "cmi.interactions.0.student_response": "a",
    "cmi.interactions.0.learner_response": "b[,]c",
    "cmi.interactions.0.result": "correct",
    "cmi.interactions.0.latency": "PT12S",
    "cmi.interactions.0.description": "Which?",
    "cmi.interactions.0.objectives.0.id": "objective 1",
    "cmi.interactions.0.objectives.1.id": "objective 2",
    "cmi.interactions.0.correct_responses.0.pattern": "b[,]c",
    "cmi.interactions.0.correct_responses.10.pattern": "c",
    "cmi.interactions.0.vendor.own": "kept",
    "cmi.interactions.0.objectives": "no record",
    "cmi.interactions.2.id": "question 3",
    "cmi.interactions.03.id": "index with a zero",
    "cmi.interactions._count": "odd",
    "cmi.interactions": "odder",
    "cmi.objectives.0.id": "objective 1",
    "cmi.objectives.0.status": "passed",
    "cmi.objectives.0.success_status": "passed",
    "cmi.objectives.0.completion_status": "completed",
    "cmi.objectives.0.progress_measure": "0.5",
    "cmi.objectives.0.score.scaled": "0.25",
    "cmi.objectives.0.score.raw": "25",
    "cmi.objectives.0.score.min": "0",
    "cmi.objectives.0.score.max": "100",
    "cmi.objectives.0.description": "Text",
    "cmi.objectives.0.other.thing": "kept",
    "cmi.objectives.7.id": "far",
    "cmi.comments_from_learner.0.comment": "good",
    "cmi.comments_from_learner.0.location": "page 1",
    "cmi.comments_from_learner.0.timestamp": "2025-01-15",
    "cmi.comments_from_learner.0.more": "kept",
    "cmi.comments_from_lms.0.comment": "well done",
    "adl.data.0.id": "store",
    "adl.data.0.store": "value",
    "x.y": "not of the data model",
}


async def a_session_comes_back_as_it_was_saved(scene: Scene) -> None:
    """Floats to the last bit, times to the microsecond in UTC, JSON equal, None as None."""
    east = timezone(timedelta(hours=5, minutes=30))
    record = scene.session(
        score=Score(0.1 + 0.2, -1e-7, 0.0, 123456.7890123),
        progress_measure=1 / 3,
        time_spent_seconds=1e9 + 1 / 7,
        snapshot={
            "numbers": [0, -1, 2**53 + 1, 10**30, 1.1, 1e-300, 5e-324, 1.7976931348623157e308, -0.0],
            "texts": [*STRANGE_TEXTS],
            "deep": {"": None, "Key": True, "key": False, "key ": [[], {}]},
        },
        created_at=START,
        updated_at=datetime(2025, 6, 1, 3, 4, 5, 6, tzinfo=east),
        launched_at=datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=START.tzinfo),
        expires_at=datetime(2100, 2, 28, tzinfo=START.tzinfo),
    )
    await scene.save(SessionChange(record, None))
    loaded, runtime = await scene.load()
    expect(loaded, record, "a session comes back equal")
    expect(runtime, None, "an activity without run-time data has none")
    expect(str(loaded.snapshot["numbers"][-1]), "-0.0", "the sign of zero is kept")
    expect(loaded.updated_at.utcoffset(), timedelta(0), "times come back in UTC")
    second = following(record, score=Score(scaled=-1.0), completed_at=START, activity_id=None, snapshot=None)
    await scene.save(SessionChange(second, 1))
    expect(await scene.load(), (second, None), "a change replaces the whole record")


async def what_does_not_exist_is_none(scene: Scene) -> None:
    """Reading never raises for what is not there, whatever the identifier."""
    storage, tenant = scene.storage, scene.tenant
    for session_id in ("nobody", "", "nul \x00", "half \ud800", "x" * 5000, "' OR 1=1 --"):
        expect(await storage.load_session(tenant, session_id), None, f"no session {session_id[:9]!r}")
        expect(await storage.delete_session(tenant, session_id), False, "nothing to delete")
        expect(list(await storage.load_runtime(tenant, session_id)), [], "no run-time data")
        expect(list((await storage.list_commits(tenant, session_id)).items), [], "no log")
        expect(list(await storage.find_commits(tenant, session_id, "launch-1")), [], "no commits")
        expect(await storage.load_package(tenant, session_id), None, "no package")
        expect(await storage.load_package(tenant, session_id, 10**12), None, "no version")
        expect(list(await storage.delete_package(tenant, session_id)), [], "no digests")
        learner = await storage.load_learner(tenant, session_id, ["", session_id])
        expect((dict(learner.objectives), dict(learner.stores)), ({}, {}), "no learner data")


async def run_time_data_comes_back_exactly(scene: Scene) -> None:
    """The flat map survives, whichever collections and columns its elements go to."""
    await scene.save(SessionChange(scene.session(), None, [RuntimeChange(KEY, WHOLE)]))
    _, runtime = await scene.load()
    expect(runtime is None or runtime.key, KEY, "run-time data of the current activity")
    expect(await scene.values(), WHOLE, "every element comes back")
    expect({} if runtime is None else dict(runtime.counts), {}, "no counts when everything is loaded")


async def strange_texts_survive_as_values(scene: Scene) -> None:
    """In scalars and in columns alike, also when they are changed later."""
    places = (
        "cmi.location",
        "cmi.suspend_data",
        "cmi.interactions.{}.learner_response",
        "cmi.interactions.{}.correct_responses.0.pattern",
        "cmi.interactions.{}.other",
        "cmi.objectives.{}.description",
        "cmi.comments_from_learner.{}.comment",
        "vendor.{}",
    )
    record = await scene.create()
    for index, text in enumerate(STRANGE_TEXTS):
        values = {place.format(index): text for place in places}
        await scene.save(change_of(record, values))
        record = following(record)
        loaded = await scene.values()
        expect({name: loaded.get(name) for name in values}, values, "a text comes back as it went in")
    names = {f"name {text}": text for text in STRANGE_TEXTS}
    await scene.save(change_of(record, names))
    loaded = await scene.values()
    expect({name: loaded.get(name) for name in names}, names, "names of elements come back as they went in")


async def values_may_be_large(scene: Scene) -> None:
    """64,000 characters of any script in one element, and many elements in one change."""
    large = {
        "cmi.suspend_data": "ж" * 64000,
        "cmi.interactions.0.learner_response": "🎓" * 64000,
        "cmi.comments_from_learner.0.comment": "a" * 64000,
    }
    many = {f"cmi.interactions.{index}.id": f"question {index}" for index in range(500)}
    await scene.save(SessionChange(scene.session(), None, [RuntimeChange(KEY, {**large, **many})]))
    expect(await scene.values(), {**large, **many}, "large values come back")
    record = scene.session()
    await scene.save(change_of(record, {"cmi.location": "2"}, commits=[commit(1, elements=[["x", "y" * 200_000]])]))
    expect(await scene.values(), {**large, **many, "cmi.location": "2"}, "a small change keeps large values")
    found = await scene.storage.find_commits(scene.tenant, record.id, "launch-1")
    expect([entry.elements for entry in found], [[["x", "y" * 200_000]]], "a large row of the log comes back")


async def changes_are_merged_element_by_element(scene: Scene) -> None:
    """What is not named stays, a text sets, None removes, and a record without elements is gone."""
    record = scene.session()
    await scene.save(SessionChange(record, None, [RuntimeChange(KEY, WHOLE)]))
    expected: dict[str, str] = dict(WHOLE)
    changes: list[dict[str, str | None]] = [
        {"cmi.location": "page 4", "cmi.interactions.0.result": "wrong", "cmi.interactions.1.id": "question 2"},
        {"cmi.interactions.0.objectives.1.id": "other", "cmi.interactions.0.correct_responses.1.pattern": "d"},
        {"cmi.interactions.0.vendor.own": "changed", "cmi.interactions.0.vendor.two": "new", "x.z": "new"},
        {"cmi.interactions.2.id": None, "cmi.location": None, "cmi.suspend_data": None, "never.there": None},
        {"cmi.interactions.0.objectives.0.id": None, "cmi.interactions.0.result": None, "cmi.objectives.7.id": None},
        {"cmi.comments_from_lms.0.comment": None, "cmi.comments_from_learner.1.comment": "two"},
        {"cmi.interactions.9.id": None, "cmi.interactions.9.type": "choice", "cmi.suspend_data": ""},
        {},
    ]
    for change in changes:
        await scene.save(change_of(record, change))
        record = following(record)
        expected = {name: value for name, value in expected.items() if change.get(name, value) is not None}
        expected.update((name, value) for name, value in change.items() if value is not None)
        expect(await scene.values(), expected, f"after {change}")
    emptied: dict[str, str | None] = dict.fromkeys(expected)
    await scene.save(change_of(record, emptied))
    _, runtime = await scene.load(rows=[])
    expect(runtime is not None and (dict(runtime.values), dict(runtime.counts)), ({}, {}), "everything was removed")


async def several_changes_of_one_key_are_one(scene: Scene) -> None:
    """A later change of the same activity wins over an earlier one of the same save."""
    first = RuntimeChange(KEY, {"a": "1", "b": "1", "cmi.interactions.0.id": "1"})
    second = RuntimeChange(KEY, {"b": "2", "a": None, "cmi.interactions.0.type": "choice"})
    await scene.save(SessionChange(scene.session(), None, [first, second]))
    expect(
        await scene.values(),
        {"b": "2", "cmi.interactions.0.id": "1", "cmi.interactions.0.type": "choice"},
        "changes apply in order",
    )


async def a_change_without_elements_makes_an_empty_record(scene: Scene) -> None:
    """An attempt that has begun exists, before anything was set."""
    await scene.save(SessionChange(scene.session(), None, [RuntimeChange(KEY, {})]))
    _, runtime = await scene.load()
    expect(runtime is not None and (runtime.key, dict(runtime.values)), (KEY, {}), "an empty record")


async def rows_are_loaded_in_part_with_counts(scene: Scene) -> None:
    """Only the rows asked for come, objectives always, and the counts tell what there is."""
    values = {"cmi.location": "1", "cmi.objectives.0.id": "o", "cmi.objectives.1.id": "p"}
    for index in range(40):
        values[f"cmi.interactions.{index}.id"] = f"question {index}"
    for index in range(3):
        values[f"cmi.comments_from_learner.{index}.comment"] = f"comment {index}"
    values["cmi.comments_from_lms.0.comment"] = "lms"
    values["cmi.interactions.3.objectives.0.id"] = "o"
    values["cmi.interactions.3.objectives.1.id"] = "p"
    values["cmi.interactions.3.correct_responses.0.pattern"] = "a"
    values["cmi.interactions.7.objectives.0.id"] = "o"
    await scene.save(SessionChange(scene.session(), None, [RuntimeChange(KEY, values)]))
    counts = {
        "cmi.interactions": 40,
        "cmi.objectives": 2,
        "cmi.comments_from_learner": 3,
        "cmi.comments_from_lms": 1,
    }
    always = {name: value for name, value in values.items() if name.startswith(("cmi.location", "cmi.objectives"))}
    _, nothing = await scene.load(rows=())
    expect(nothing is not None and (dict(nothing.values), dict(nothing.counts)), (always, counts), "no rows")
    wanted = [("cmi.interactions", 3), ("cmi.interactions", 99), ("cmi.comments_from_learner", 1), ("unknown", 0)]
    _, some = await scene.load(rows=[*wanted, ("cmi.interactions", -1), ("cmi.interactions", 10**15)])
    parts = ("cmi.interactions.3.", "cmi.comments_from_learner.1.")
    chosen = {**always, **{name: value for name, value in values.items() if name.startswith(parts)}}
    nested = {"cmi.interactions.3.objectives": 2, "cmi.interactions.3.correct_responses": 1}
    expect(
        some is not None and (dict(some.values), dict(some.counts)),
        (chosen, {**counts, **nested}),
        "the rows asked for",
    )
    await scene.create("session-2", cmi__location="1")
    _, bare = await scene.load("session-2", rows=[("cmi.interactions", 0)])
    expect(bare is not None and (dict(bare.values), dict(bare.counts)), ({"cmi.location": "1"}, {}), "no collections")


async def run_time_data_belongs_to_one_attempt_on_one_activity(scene: Scene) -> None:
    """Each key has its own map; the session shows that of its current activity; all can be read, in order."""
    keys = [RuntimeKey(number, activity, attempt) for number in (1, 2) for attempt in (1, 2) for activity in ("a", "b")]
    record = scene.session(activity_id="b", activity_attempt=2)
    runtime = [RuntimeChange(key, {"cmi.location": str(key), "cmi.interactions.0.id": str(key)}) for key in keys]
    await scene.save(SessionChange(record, None, runtime[::-1]))
    expect((await scene.values())["cmi.location"], str(RuntimeKey(1, "b", 2)), "the current activity")
    load = scene.storage.load_runtime
    found = await load(scene.tenant, record.id)
    expect([item.key for item in found], keys, "all, oldest attempt first")
    expect([dict(item.values) for item in found], [dict(change.values) for change in runtime], "each has its own")
    found = await load(scene.tenant, record.id, activity_id="a")
    expect([item.key for item in found], [key for key in keys if key.activity_id == "a"], "of one activity")
    found = await load(scene.tenant, record.id, attempt_number=2, activity_id="b", activity_attempt=1)
    expect([item.key for item in found], [RuntimeKey(2, "b", 1)], "of one attempt on it")
    found = await load(scene.tenant, record.id, activity_attempt=10**12)
    expect(list(found), [], "of no attempt")
    moved = following(record, activity_id="a", activity_attempt=3)
    await scene.save(SessionChange(moved, 1))
    expect((await scene.load())[1], None, "an attempt without data has none")


async def identifiers_compare_by_code_point(scene: Scene) -> None:
    """Case, accents, composition and trailing spaces make another identifier, everywhere."""
    names = ["abc", "ABC", "Abc", "abc ", " abc", "àbc", "a\u0300bc", "äbc", "ß", "ss", "i", "İ", "ı", "🎓", "👩"]
    storage, tenant = scene.storage, scene.tenant
    for index, name in enumerate(names):
        record = scene.session(name, user_id=name, package_id=name, activity_id=name, attempts=index)
        runtime = RuntimeChange(RuntimeKey(1, name, 1), {"cmi.location": name})
        await storage.add_package(scene.package(name, title=name))
        await scene.save(SessionChange(record, None, [runtime], commits=[commit(1, launch=name)]))
    for index, name in enumerate(names):
        record, runtime_found = await scene.load(name)
        expect((record.id, record.attempts), (name, index), "a session is found under its own id")
        expect(runtime_found is not None and runtime_found.values["cmi.location"], name, "with its own data")
        expect([item.launch for item in await storage.find_commits(tenant, name, name)], [name], "and its own launch")
        package = await storage.load_package(tenant, name)
        expect(package is not None and package.title, name, "a package is found under its own id")


async def identifiers_that_cannot_be_kept_are_refused(scene: Scene) -> None:
    """Too long, or with characters that no database holds: an error before anything is written."""
    for wrong in ("nul \x00", "half \udfff", "x" * 256):
        promise = f"identifier {wrong[:9]!r}"
        records = (scene.session(session_id=wrong), scene.session(user_id=wrong), scene.session(package_id=wrong))
        for record in records:
            await expect_error(RequestError, scene.save(SessionChange(record, None)), promise)
        change = SessionChange(scene.session(), None, commits=[commit(1, launch=wrong)])
        await expect_error(RequestError, scene.save(change), promise)
        await expect_error(RequestError, scene.storage.add_package(scene.package(wrong)), promise)
    key = RuntimeKey(1, "x" * 601, 1)
    change = SessionChange(scene.session(), None, [RuntimeChange(key, {})])
    await expect_error(RequestError, scene.save(change), "an activity's identifier of 601 characters")
    for number in (float("nan"), float("inf")):
        record = scene.session(score=Score(raw=number))
        await expect_error(RequestError, scene.save(SessionChange(record, None)), "a number that is none")
        record = scene.session(snapshot={"number": number})
        await expect_error(RequestError, scene.save(SessionChange(record, None)), "JSON that is none")
    expect(await scene.storage.load_session(scene.tenant, "session-1"), None, "nothing was written")
    longest = replace(scene.session("s" * 255, user_id="ü" * 255, package_id="🎓" * 255), activity_id="ж" * 600)
    change = SessionChange(longest, None, [RuntimeChange(RuntimeKey(1, "ж" * 600, 1), {"a": "b"})])
    await scene.save(change)
    expect(await scene.values("s" * 255), {"a": "b"}, "the longest identifiers work")


async def what_goes_in_and_comes_out_is_a_copy(scene: Scene) -> None:
    """Changing an object afterwards changes nothing that is stored."""
    snapshot = {"list": [1]}
    values = {"cmi.location": "1"}
    elements = [["cmi.location", "1"]]
    record = scene.session(snapshot=snapshot)
    change = SessionChange(record, None, [RuntimeChange(KEY, values)], commits=[commit(1, elements=elements)])
    await scene.save(change)
    snapshot["list"].append(2)
    values["cmi.location"] = "2"
    elements.append(["x", "y"])
    for _ in range(2):
        loaded, runtime = await scene.load()
        expect(loaded.snapshot, {"list": [1]}, "the snapshot is a copy")
        expect(runtime is not None and dict(runtime.values), {"cmi.location": "1"}, "run-time data are a copy")
        found = await scene.storage.find_commits(scene.tenant, record.id, "launch-1")
        expect([item.elements for item in found], [[["cmi.location", "1"]]], "the log is a copy")
        loaded.snapshot["list"].append(3)
        found[0].elements.append("more")


async def a_session_id_is_given_once_in_a_tenant(scene: Scene) -> None:
    """A second one is refused and leaves the first as it is; another tenant has its own."""
    record = await scene.create(cmi__location="1")
    second = SessionChange(scene.session(user_id="user-2"), None, [RuntimeChange(KEY, {"cmi.location": "2"})])
    error = await expect_error(DuplicateEntryError, scene.save(second), "the same id again")
    expect(error.details.get("of"), "session", "the error names what exists")
    expect((await scene.load())[0], record, "the first is as it was")
    expect(await scene.values(), {"cmi.location": "1"}, "with its data")
    other = scene.other()
    await other.create(cmi__location="3")
    expect((await other.values(), await scene.values()), ({"cmi.location": "3"}, {"cmi.location": "1"}), "tenants")


async def an_old_version_is_refused(scene: Scene) -> None:
    """With the version that is stored now, and nothing changed."""
    record = await scene.create(cmi__location="1")
    await scene.save(change_of(record, {"cmi.location": "2"}))
    for expected in (1, 3, 10**9, 2**31 - 1, 10**15):
        old = replace(record, version=expected)
        change = change_of(old, {"cmi.location": "lost", "cmi.interactions.0.id": None}, commits=[commit(1)])
        error = await expect_error(VersionConflictError, scene.save(change), f"expected version {expected}")
        expect(error.details, {"current_version": 2}, "the error tells the stored version")
        change = change_of(old, {"cmi.location": "lost"}, commits=[commit(1)])
        error = await expect_error(VersionConflictError, scene.save(change), f"expected version {expected}")
        expect(error.details, {"current_version": 2}, "the error tells the stored version")
    expect(await scene.values(), {"cmi.location": "2"}, "nothing was changed")
    expect(len((await scene.storage.list_commits(scene.tenant, record.id)).items), 0, "nothing was appended")
    for extra in ({}, {"never": None}):
        another = replace(record, version=2, created_at=record.created_at + timedelta(microseconds=1))
        change = change_of(another, {"cmi.location": "lost", **extra}, commits=[commit(1)])
        await expect_error(VersionConflictError, scene.save(change), "a session made again under the same id")
    expect(await scene.values(), {"cmi.location": "2"}, "the session made again was not changed")
    gone = change_of(scene.session("never"), {"a": "b"})
    error = await expect_error(VersionConflictError, scene.save(gone), "a session that is not there")
    expect(error.details, {"current_version": None}, "the error tells that there is none")


async def deleting_a_session_removes_what_belongs_to_it(scene: Scene) -> None:
    """A session made under the same id afterwards starts empty; others are untouched."""
    record = scene.session()
    change = SessionChange(record, None, [RuntimeChange(KEY, WHOLE)], commits=[commit(1), commit(2)])
    await scene.save(change)
    await scene.create("session-2", cmi__location="2")
    expect(await scene.storage.delete_session(scene.tenant, record.id), True, "there was one")
    expect(await scene.storage.delete_session(scene.tenant, record.id), False, "there is none any more")
    expect(await scene.storage.load_session(scene.tenant, record.id), None, "it is not found")
    await scene.save(SessionChange(record, None, [RuntimeChange(KEY, {})], commits=[commit(1)]))
    expect(await scene.values(), {}, "the new one has no data of the old one")
    expect(len((await scene.storage.list_commits(scene.tenant, record.id)).items), 1, "nor its log")
    expect(await scene.values("session-2"), {"cmi.location": "2"}, "another session is untouched")


async def a_record_is_found_under_its_own_tenant_only(scene: Scene) -> None:
    """Neither read, list, change nor delete reaches over."""
    other = scene.other()
    record = await scene.create(cmi__location="1")
    storage = scene.storage
    expect(await storage.load_session(other.tenant, record.id), None, "load")
    expect(list(await storage.load_runtime(other.tenant, record.id)), [], "run-time data")
    expect(await storage.delete_session(other.tenant, record.id), False, "delete")
    expect(await storage.load_package(other.tenant, "pkg_1"), None, "package")
    expect(list(await storage.delete_package(other.tenant, "pkg_1", with_sessions=True)), [], "delete package")
    stolen = change_of(other.session(), {"cmi.location": "stolen"})
    await expect_error(VersionConflictError, other.save(stolen), "change")
    expect(await scene.values(), {"cmi.location": "1"}, "it is untouched")
    expect((await storage.load_package(scene.tenant, "pkg_1")) is not None, True, "so is the package")


CHECKS = (
    a_session_comes_back_as_it_was_saved,
    what_does_not_exist_is_none,
    run_time_data_comes_back_exactly,
    strange_texts_survive_as_values,
    values_may_be_large,
    changes_are_merged_element_by_element,
    several_changes_of_one_key_are_one,
    a_change_without_elements_makes_an_empty_record,
    rows_are_loaded_in_part_with_counts,
    run_time_data_belongs_to_one_attempt_on_one_activity,
    identifiers_compare_by_code_point,
    identifiers_that_cannot_be_kept_are_refused,
    what_goes_in_and_comes_out_is_a_copy,
    a_session_id_is_given_once_in_a_tenant,
    an_old_version_is_refused,
    deleting_a_session_removes_what_belongs_to_it,
    a_record_is_found_under_its_own_tenant_only,
)
