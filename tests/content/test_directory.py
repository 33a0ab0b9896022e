"""The folder of a DirectoryContent: layout, crashes, full disks, forks and many readers."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import threading
from pathlib import Path

import pytest
from anyio import to_thread

from scorm_embed.content import DirectoryContent, directory
from scorm_embed.errors import ConfigurationError, NotFoundError, StorageUnavailableError

pytestmark = pytest.mark.anyio

DATA = b"blob" * 100_000
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def source(tmp_path):
    """Give a file to put."""
    path = tmp_path / "source.zip"
    path.write_bytes(DATA)
    return path


@pytest.fixture
def folder(tmp_path):
    """Give where the store is; it does not exist yet."""
    return tmp_path / "store"


def files_below(folder):
    """Give the files of a folder relative to it."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def open_descriptors():
    """Count what this process has open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def test_a_blob_is_one_file_in_a_folder_of_its_first_two_digits(folder, source):
    await DirectoryContent(folder).put(DIGEST, source)
    assert files_below(folder) == [f"{DIGEST[:2]}/{DIGEST}.zip"]


async def test_nothing_is_made_before_the_first_blob(folder):
    store = DirectoryContent(folder)
    with pytest.raises(NotFoundError):
        await store.size(DIGEST)
    await store.delete(DIGEST)
    assert not folder.exists()


async def test_another_instance_on_the_same_folder_sees_the_blob(folder, source):
    await DirectoryContent(folder).put(DIGEST, source)
    assert await DirectoryContent(str(folder)).read(DIGEST, 0, 4) == b"blob"


async def test_a_relative_path_is_fixed_when_the_store_is_made(tmp_path, source, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = DirectoryContent("relative")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    await store.put(DIGEST, source)
    assert (tmp_path / "relative" / DIGEST[:2]).is_dir()


@pytest.mark.parametrize("consume", [False, True])
async def test_a_put_that_fails_leaves_no_blob_and_says_why(folder, source, monkeypatch, consume):
    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(directory.os, "fsync", full)
    store = DirectoryContent(folder)
    with pytest.raises(StorageUnavailableError, match="No space left on device"):
        await store.put(DIGEST, source, consume=consume)
    assert files_below(folder) == []
    assert source.exists()
    monkeypatch.undo()
    await store.put(DIGEST, source)
    assert await store.size(DIGEST) == len(DATA)


async def test_a_blob_is_flushed_before_it_gets_its_name(folder, source, monkeypatch):
    steps = []
    flush, rename = os.fsync, type(source).replace
    monkeypatch.setattr(directory.os, "fsync", lambda descriptor: (steps.append("flush"), flush(descriptor))[1])
    monkeypatch.setattr(type(source), "replace", lambda path, to: (steps.append("rename"), rename(path, to))[1])
    await DirectoryContent(folder).put(DIGEST, source)
    assert steps == ["flush", "rename", "flush"]


async def test_a_file_from_another_disk_is_copied(folder, source, monkeypatch):
    rename = type(source).replace

    def other_disk(path, to):
        if path == source:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(path, to)

    monkeypatch.setattr(type(source), "replace", other_disk)
    store = DirectoryContent(folder)
    await store.put(DIGEST, source, consume=True)
    assert await store.read(DIGEST, 0, len(DATA)) == DATA
    assert files_below(folder) == [f"{DIGEST[:2]}/{DIGEST}.zip"]
    assert not source.exists()


async def test_what_a_killed_process_left_is_swept_away_after_a_day(folder, source):
    incoming = folder / "incoming"
    incoming.mkdir(parents=True)
    for name, age in (("old.part", 25 * 3600), ("new.part", 3600)):
        (incoming / name).write_bytes(b"x")
        written = (incoming / name).stat().st_mtime - age
        os.utime(incoming / name, (written, written))
    await DirectoryContent(folder).put(DIGEST, source)
    assert files_below(incoming) == ["new.part"]


async def test_two_that_put_the_same_blob_at_once_both_succeed(folder, tmp_path):
    sources = []
    for number in range(8):
        path = tmp_path / f"{number}"
        path.write_bytes(DATA)
        sources.append(path)
    stores = [DirectoryContent(folder) for _ in sources]
    pairs = zip(stores, sources, strict=True)
    await asyncio.gather(
        *(store.put(DIGEST, path, consume=number % 2 == 0) for number, (store, path) in enumerate(pairs))
    )
    assert files_below(folder) == [f"{DIGEST[:2]}/{DIGEST}.zip"]
    assert await stores[0].read(DIGEST, 0, len(DATA)) == DATA


async def test_a_folder_that_cannot_be_written_is_unavailable_storage(tmp_path, source):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageUnavailableError, match="Not a directory"):
        await DirectoryContent(tmp_path / "file").put(DIGEST, source)


async def test_a_blob_that_is_a_folder_is_unavailable_storage(folder):
    (folder / DIGEST[:2] / f"{DIGEST}.zip").mkdir(parents=True)
    store = DirectoryContent(folder)
    with pytest.raises(StorageUnavailableError, match="Is a directory"):
        await store.read(DIGEST, 0, 10)
    with pytest.raises(StorageUnavailableError):
        await store.delete(DIGEST)


async def test_only_so_many_files_stay_open_and_all_are_closed_in_the_end(folder, tmp_path):
    store = DirectoryContent(folder, open_files_max=3)
    digests = []
    for number in range(10):
        path = tmp_path / "x"
        path.write_bytes(b"%d" % number)
        digests.append(hashlib.sha256(path.read_bytes()).hexdigest())
        await store.put(digests[-1], path)
    before = open_descriptors()
    for digest in digests * 2:
        await store.read(digest, 0, 1)
    assert open_descriptors() == before + 3
    await store.aclose()
    assert open_descriptors() == before


async def test_a_reader_finishes_although_the_blob_is_deleted_and_the_store_closed(folder, source):
    store = DirectoryContent(folder)
    await store.put(DIGEST, source)
    stream = store.stream(DIGEST, 0, len(DATA))
    pieces = [await anext(stream)]
    await store.delete(DIGEST)
    await store.aclose()
    pieces += [piece async for piece in stream]
    assert b"".join(pieces) == DATA


async def test_a_blob_that_became_shorter_is_an_error_and_not_a_short_answer(folder, source):
    store = DirectoryContent(folder)
    await store.put(DIGEST, source)
    stream = store.stream(DIGEST, 0, len(DATA))
    await anext(stream)
    os.truncate(folder / DIGEST[:2] / f"{DIGEST}.zip", 10)
    with pytest.raises(StorageUnavailableError, match="shorter"):
        _ = [piece async for piece in stream]


@pytest.mark.parametrize("no_wait", [0, directory._NO_WAIT])
async def test_reads_that_need_the_disk_happen_in_another_thread(folder, source, monkeypatch, no_wait):
    monkeypatch.setattr(directory, "_NO_WAIT", no_wait)
    monkeypatch.setattr(directory._OpenFile, "read_now", lambda *arguments: None)
    threads = set()
    read = directory._OpenFile.read

    def watched(*arguments):
        threads.add(threading.get_ident())
        return read(*arguments)

    monkeypatch.setattr(directory._OpenFile, "read", watched)
    store = DirectoryContent(folder)
    await store.put(DIGEST, source)
    assert await store.read(DIGEST, 3, 1000) == DATA[3:1003]
    assert b"".join([piece async for piece in store.stream(DIGEST, 0, len(DATA))]) == DATA
    assert threads
    assert threading.get_ident() not in threads


async def test_a_file_system_that_cannot_tell_what_is_cached_is_read_in_threads(folder, source, monkeypatch):
    def unsupported(*arguments):
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(directory.os, "preadv", unsupported)
    store = DirectoryContent(folder)
    await store.put(DIGEST, source)
    assert await store.read(DIGEST, 0, len(DATA)) == DATA


async def test_a_part_from_the_cache_and_the_rest_from_the_disk_make_one_answer(folder, source, monkeypatch):
    real = os.preadv
    monkeypatch.setattr(
        directory.os,
        "preadv",
        lambda descriptor, buffers, *rest: real(descriptor, [memoryview(buffers[0])[:10]], *rest),
    )
    store = DirectoryContent(folder)
    await store.put(DIGEST, source)
    assert await store.read(DIGEST, 1, 1000) == DATA[1:1001]


async def test_a_store_works_in_a_forked_child_and_its_parent(folder, source):
    store = DirectoryContent(folder)
    await store.put(DIGEST, source)
    await store.read(DIGEST, 0, 1)  # now the file is open
    reading, writing = os.pipe()

    def child_and_parent():
        child = os.fork()
        if child == 0:
            try:
                data = asyncio.run(store.read(DIGEST, 4, 8))
                os.write(writing, data)
            finally:
                os._exit(0)
        got = os.read(reading, 100)
        os.waitpid(child, 0)
        return got

    assert await to_thread.run_sync(child_and_parent) == b"blobblob"
    assert await store.read(DIGEST, 0, 4) == b"blob"
    os.close(reading)
    os.close(writing)


@pytest.mark.parametrize(("path", "options"), [("", {}), ("x", {"open_files_max": 0})])
def test_options_that_make_no_sense_are_refused_at_once(path, options):
    with pytest.raises(ConfigurationError):
        DirectoryContent(path, **options)


def test_the_representation_names_the_folder(tmp_path):
    assert repr(DirectoryContent(tmp_path)) == f"DirectoryContent({str(tmp_path)!r})"


async def test_a_blob_can_be_read_while_its_deletion_is_decided(tmp_path, source):
    store = DirectoryContent(tmp_path / "store")
    await store.put(DIGEST, source)
    found = []

    async def ask():
        found.append(await DirectoryContent(tmp_path / "store").read(DIGEST, 0, 9))
        return False

    await store.delete(DIGEST, is_needed=ask)
    assert found == [DATA[:9]]


async def test_what_an_import_that_died_has_left_is_removed_with_its_folder(tmp_path, source):
    store = DirectoryContent(tmp_path / "store")
    left = tmp_path / "store" / "incoming" / "scorm-import-x"
    left.mkdir(parents=True)
    (left / "blob.zip").write_bytes(b"x")
    new = left.with_name("scorm-import-y")
    new.mkdir()
    os.utime(left, (0, 0))
    await store.put(DIGEST, source)
    assert (left.exists(), new.exists()) == (False, True)
