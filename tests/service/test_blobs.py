"""A package that is there has its files, whoever deletes the same bytes at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scorm_embed.content import DirectoryContent, MemoryContent
from scorm_embed.content.base import ContentStore
from scorm_embed.core.standard import Standard
from scorm_embed.errors import NotFoundError
from scorm_embed.service.service import Service
from scorm_embed.storage import MemoryStorage
from scorm_embed.testing.package_builder import build_package

pytestmark = pytest.mark.anyio


@pytest.fixture
def course(tmp_path: Path) -> Path:
    path = tmp_path / "course.zip"
    path.write_bytes(build_package(Standard.SCORM_12))
    return path


@pytest.fixture(params=["memory", "folder"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], ContentStore]:
    """Gives the same store to each process."""
    memory = MemoryContent()
    return lambda: memory if request.param == "memory" else DirectoryContent(tmp_path / "content")


async def _holds(storage: MemoryStorage, content: ContentStore, package: str) -> bool:
    record = await storage.load_package("t", package)
    assert record is not None
    try:
        return await content.size(record.digest) == record.size_bytes
    except NotFoundError:
        return False


async def test_bytes_that_are_imported_while_their_last_package_is_deleted_are_kept(
    course: Path, store: Callable[[], ContentStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    storage, content = MemoryStorage(), store()
    service = Service(storage, content)
    first = await service.import_package("t", course)
    deleting, go_on = asyncio.Event(), asyncio.Event()
    delete = content.delete

    async def slow_delete(digest: str, **options: Any) -> None:
        deleting.set()
        await go_on.wait()
        await delete(digest, **options)

    monkeypatch.setattr(content, "delete", slow_delete)
    deletion = asyncio.create_task(service.delete_package("t", first["id"]))
    await deleting.wait()
    importing = asyncio.create_task(service.import_package("t", course))
    done, _ = await asyncio.wait({importing}, timeout=0.2)
    assert not done
    go_on.set()
    await deletion
    second = await importing
    assert await _holds(storage, content, second["id"])


async def test_bytes_that_another_process_deletes_before_it_sees_the_new_package_are_stored_again(
    course: Path, store: Callable[[], ContentStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = MemoryStorage()
    here, there = Service(storage, store()), Service(storage, store())
    first = await there.import_package("t", course)
    add = storage.add_package
    gone: list[Any] = []

    async def add_late(record: Any) -> None:
        gone.extend(await there.delete_package("t", first["id"]))
        await add(record)

    monkeypatch.setattr(storage, "add_package", add_late)
    second = await here.import_package("t", course)
    assert len(gone) == 1
    assert await _holds(storage, store(), second["id"])


async def test_bytes_that_another_process_imports_between_a_deletion_and_its_end_are_kept(
    course: Path, store: Callable[[], ContentStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = MemoryStorage()
    here, there = Service(storage, store()), Service(storage, store())
    first = await there.import_package("t", course)
    delete = there.content.delete
    second: list[Any] = []

    async def late_delete(digest: str, **options: Any) -> None:
        if not second:
            second.append(await here.import_package("t", course))
        await delete(digest, **options)

    monkeypatch.setattr(there.content, "delete", late_delete)
    await there.delete_package("t", first["id"])
    assert await _holds(storage, store(), second[0]["id"])


async def test_of_two_packages_with_the_same_bytes_deleted_at_once_the_last_takes_the_blob(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage, content = MemoryStorage(), DirectoryContent(tmp_path / "content")
    here, there = Service(storage, content), Service(storage, content)
    first, second = await here.import_package("t", course), await here.import_package("t", course)
    unused_digests = storage.unused_digests
    both_gone = asyncio.Event()

    async def look_late(digests: Any) -> Any:
        if len((await storage.list_packages("t")).items) == 0:
            both_gone.set()
        await both_gone.wait()
        return await unused_digests(digests)

    monkeypatch.setattr(storage, "unused_digests", look_late)
    await asyncio.gather(here.delete_package("t", first["id"]), there.delete_package("t", second["id"]))
    assert [path for path in (tmp_path / "content").rglob("*") if path.is_file()] == []


async def test_an_import_leaves_nothing_behind_but_the_blob(course: Path, tmp_path: Path) -> None:
    content = DirectoryContent(tmp_path / "content")
    service = Service(MemoryStorage(), content)
    for _ in range(2):
        await service.import_package("t", course)
    assert len([path for path in (tmp_path / "content").rglob("*") if path.is_file()]) == 1
