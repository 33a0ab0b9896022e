"""What a new version of a package does to its tree, and launches beside deletions."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from scorm_embed.core.standard import Standard
from scorm_embed.errors import DuplicateEntryError, NotFoundError, StorageUnavailableError
from scorm_embed.service.versions import CHANGES_MAX, structural_changes
from scorm_embed.testing.package_builder import Defect, Item, build_package

pytestmark = pytest.mark.anyio


def tree(*entries: str | tuple[str, list[Any]]) -> list[dict[str, Any]]:
    """Activities by their names; a pair is one with children."""
    return [
        {"id": entry, "title": entry.upper(), "children": []}
        if isinstance(entry, str)
        else {"id": entry[0], "title": entry[0].upper(), "children": tree(*entry[1])}
        for entry in entries
    ]


def shown(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [
        (entry["change"], entry["activity_id"], entry.get("parent_id", entry.get("was")))
        for entry in structural_changes(before, after)
    ]


def test_equal_trees_have_no_changes() -> None:
    both = tree("a", ("b", ["c", "d"]))
    assert structural_changes(both, both) == []
    assert structural_changes([], []) == []


def test_added_and_removed_activities_are_named_with_their_titles_and_places() -> None:
    before, after = tree("a", ("b", ["c"])), tree(("b", ["d"]), ("e", ["f"]))
    assert structural_changes(before, after) == [
        {"change": "removed", "activity_id": "a", "title": "A"},
        {"change": "removed", "activity_id": "c", "title": "C"},
        {"change": "added", "activity_id": "d", "title": "D", "parent_id": "b"},
        {"change": "added", "activity_id": "e", "title": "E", "parent_id": None},
        {"change": "added", "activity_id": "f", "title": "F", "parent_id": "e"},
    ]


def test_an_activity_that_has_another_parent_has_moved_and_what_stays_below_it_has_not() -> None:
    assert shown(tree("a", ("b", ["c"])), tree(("a", [("b", ["c"])]))) == [("moved", "b", "a")]
    assert shown(tree(("a", ["b"])), tree("a", "b")) == [("moved", "b", None)]


@pytest.mark.parametrize(
    ("after", "moved"),
    [("bcda", ["a"]), ("dabc", ["d"]), ("acbd", ["b"]), ("dcba", ["b", "c", "d"]), ("axbyczd", [])],
)
def test_of_a_new_order_only_what_really_moved_is_named(after: str, moved: list[str]) -> None:
    found = [identifier for change, identifier, _ in shown(tree(*"abcd"), tree(*after)) if change == "moved"]
    assert len(found) == len(moved)
    kept = [name for name in after if name in "abcd" and name not in found]
    assert kept == sorted(kept)


def test_a_new_title_is_told_with_the_old_one_also_where_the_activity_moved() -> None:
    before = tree("a", "b")
    after = tree("b", "a")
    after[0]["title"] = "New"
    assert sorted(shown(before, after), key=lambda change: change[0]) == [
        ("moved", "b", None),
        ("renamed", "b", "B"),
    ]


@pytest.mark.parametrize("count", [CHANGES_MAX, CHANGES_MAX + 1, CHANGES_MAX + 40])
def test_changes_beyond_the_limit_are_counted(count: int) -> None:
    changes = structural_changes([], tree(*(f"n{index}" for index in range(count))))
    if count <= CHANGES_MAX:
        assert len(changes) == count
        assert changes[-1]["activity_id"] == f"n{count - 1}"
    else:
        assert len(changes) == CHANGES_MAX + 1
        assert changes[-1] == {"change": "more", "count": count - CHANGES_MAX}


def test_a_tree_of_any_depth_and_twenty_thousand_activities_is_compared() -> None:
    deep: list[dict[str, Any]] = []
    for index in range(3000):
        deep = [{"id": f"d{index}", "title": "", "children": deep}]
    assert shown(deep, [{**deep[0], "title": "x"}]) == [("renamed", "d2999", "")]
    wide = [f"n{index}" for index in range(20_000)]
    assert shown(tree(*wide), tree(*wide[1:], wide[0])) == [("moved", "n0", None)]


async def test_every_version_is_compared_with_the_one_before_it(desk: Any) -> None:
    package = await desk.course(Standard.SCORM_12, Item("a"), Item("b"))

    async def again(*items: Item) -> dict[str, Any]:
        path = desk.folder / "next.zip"
        path.write_bytes(build_package(Standard.SCORM_12, items))
        return dict(await desk.service.import_package(desk.tenant, path, package_id=package))

    assert (await again(Item("a"), Item("b")))["changes"] == []
    third = await again(Item("a"))
    assert [(entry["change"], entry["activity_id"]) for entry in third["changes"]] == [("removed", "b")]
    assert (await desk.service.package(desk.tenant, package))["changes"] == third["changes"]
    fourth = await again(Item("a"), Item("b"))
    assert [(entry["change"], entry["activity_id"]) for entry in fourth["changes"]] == [("added", "b")]


async def test_a_launch_that_races_with_a_deletion_leaves_no_session_without_a_package(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = await desk.course()
    has_read, may_go = asyncio.Event(), asyncio.Event()
    load = desk.storage.load_package

    async def load_and_wait(*arguments: Any) -> Any:
        found = await load(*arguments)
        has_read.set()
        await may_go.wait()
        return found

    monkeypatch.setattr(desk.storage, "load_package", load_and_wait)
    launching = asyncio.create_task(desk.launch(package))
    await has_read.wait()
    monkeypatch.undo()
    await desk.service.delete_package(desk.tenant, package)
    may_go.set()

    with pytest.raises(NotFoundError) as caught:
        await launching

    assert caught.value.code == "PACKAGE_NOT_FOUND"
    assert (await desk.service.sessions(desk.tenant, {}))["sessions"] == []


@pytest.mark.parametrize(
    ("files", "standard"),
    [
        ({}, "scorm_2004_3rd"),
        ({"adlseq_v1p3.xsd": '<?xml version="1.0"?><xs:schema xmlns:xs="x" version="2.0">'}, "scorm_2004_4th"),
        ({"adlseq_v1p3.xsd": '<?xml version="2.0"?><xs:schema xmlns:xs="x" version="1.0">'}, "scorm_2004_3rd"),
        ({"other/adlseq_v1p3.xsd": '<schema version="2.0">'}, "scorm_2004_3rd"),
    ],
)
async def test_the_schema_files_tell_the_edition_where_the_manifest_does_not(
    desk: Any, files: dict[str, str], standard: str
) -> None:
    path = desk.folder / "course.zip"
    path.write_bytes(
        build_package(Standard.SCORM_2004_3RD, [Item("a")], defects=[Defect.NO_SCHEMA_VERSION], files=files)
    )
    assert (await desk.service.import_package(desk.tenant, path))["standard"] == standard


async def test_a_version_that_others_always_take_first_is_not_reported_as_imported(desk, monkeypatch) -> None:
    async def taken(record) -> None:
        raise DuplicateEntryError("taken", {"of": "package"})

    monkeypatch.setattr(desk.storage, "add_package", taken)
    with pytest.raises(StorageUnavailableError, match="Too many versions are imported at once"):
        await desk.course()
