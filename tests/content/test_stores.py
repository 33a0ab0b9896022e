"""What every content store promises, asked of each of them."""

from __future__ import annotations

import hashlib
import random
import zipfile

import pytest

from scorm_embed.content import Blob, DirectoryContent, MemoryContent, build_blob
from scorm_embed.content.base import STREAM_PIECE_BYTES
from scorm_embed.errors import NotFoundError, StorageUnavailableError

pytestmark = pytest.mark.anyio

DATA = random.Random(4).randbytes(3 * STREAM_PIECE_BYTES + 17)
DIGEST = hashlib.sha256(DATA).hexdigest()


def make_store(kind, request, folder):
    """Give an empty store of one kind."""
    if kind == "memory":
        return MemoryContent()
    if kind == "directory":
        return DirectoryContent(folder / "store")
    stores = pytest.importorskip("obstore.store", reason="obstore is not installed")
    from scorm_embed.content.object_store import ObjectContent

    if kind == "objects":
        return ObjectContent(stores.MemoryStore())
    return ObjectContent(
        f"s3://courses/{folder.name}",
        endpoint=request.getfixturevalue("s3_endpoint"),
        region="us-east-1",
        access_key_id="test",
        secret_access_key="test",
        client_options={"allow_http": True},
    )


@pytest.fixture(params=["memory", "directory", "objects", "s3"])
async def store(request, tmp_path):
    """Give an empty store of each kind."""
    made = make_store(request.param, request, tmp_path)
    yield made
    await made.aclose()


@pytest.fixture
def source(tmp_path):
    """Give a file to put."""
    path = tmp_path / "source.zip"
    path.write_bytes(DATA)
    return path


async def collect(store, start, length):
    """Give what a stream gives, and its longest piece."""
    pieces = [piece async for piece in store.stream(DIGEST, start, length)]
    return b"".join(pieces), max(map(len, pieces), default=0)


async def test_what_was_put_comes_back_whole_and_in_ranges(store, source):
    await store.put(DIGEST, source)
    assert await store.size(DIGEST) == len(DATA)
    for start, length in ((0, len(DATA)), (0, 0), (7, 100), (len(DATA) - 5, 5), (STREAM_PIECE_BYTES - 1, 2)):
        assert await store.read(DIGEST, start, length) == DATA[start : start + length]
        assert (await collect(store, start, length))[0] == DATA[start : start + length]


async def test_ranges_that_reach_beyond_the_end_are_cut_there(store, source):
    await store.put(DIGEST, source)
    for start in (len(DATA) - 3, len(DATA), len(DATA) + 10):
        assert await store.read(DIGEST, start, 1000) == DATA[start:]
        assert (await collect(store, start, 1000))[0] == DATA[start:]


async def test_a_stream_comes_in_bounded_pieces(store, source):
    await store.put(DIGEST, source)
    content, longest = await collect(store, 0, len(DATA))
    assert content == DATA
    assert longest == STREAM_PIECE_BYTES


async def test_the_source_stays_unless_it_is_given_away(store, source):
    await store.put(DIGEST, source)
    assert source.read_bytes() == DATA
    await store.put(DIGEST, source, consume=True)
    assert not source.exists()
    assert await store.read(DIGEST, 0, len(DATA)) == DATA


async def test_a_blob_of_several_upload_parts_comes_back_whole(store, tmp_path):
    data = random.Random(6).randbytes(20_000_001)
    digest = hashlib.sha256(data).hexdigest()
    (tmp_path / "large").write_bytes(data)
    await store.put(digest, tmp_path / "large")
    assert await store.size(digest) == len(data)
    pieces = [piece async for piece in store.stream(digest, 1, len(data))]
    assert b"".join(pieces) == data[1:]
    assert max(map(len, pieces)) <= STREAM_PIECE_BYTES


async def test_a_package_is_served_from_the_store_by_ranges(store, tmp_path):
    with zipfile.ZipFile(tmp_path / "course.zip", "w") as archive:
        for name, content in (("imsmanifest.xml", b"<m/>"), ("a.js", b"var a;" * 9999), ("film.mp4", DATA)):
            archive.writestr(name, content)
    built = build_blob(tmp_path / "course.zip", tmp_path / "blob")
    await store.put(built.digest, tmp_path / "blob")
    blob = await Blob.open(store, built.digest)
    assert await blob.read(blob.entry("a.js")) == b"var a;" * 9999
    assert b"".join([piece async for piece in blob.stream(blob.entry("film.mp4"), 1000, 300_000)]) == DATA[1000:301_000]


async def test_a_source_that_is_given_away_first_is_kept_too(store, source):
    await store.put(DIGEST, source, consume=True)
    assert await store.read(DIGEST, 0, len(DATA)) == DATA


async def test_a_kept_blob_does_not_change_with_its_source(store, source):
    await store.put(DIGEST, source)
    source.write_bytes(b"changed")
    assert await store.read(DIGEST, 0, len(DATA)) == DATA


async def test_putting_a_blob_again_changes_nothing(store, source, tmp_path):
    await store.put(DIGEST, source)
    other = tmp_path / "other"
    other.write_bytes(b"other content under the same digest")
    await store.put(DIGEST, other)
    assert await store.size(DIGEST) == len(DATA)


async def test_a_workspace_on_the_stores_disk_can_be_put_from(store, tmp_path):
    folder = store.workspace() or tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "building").write_bytes(DATA)
    await store.put(DIGEST, folder / "building", consume=True)
    assert await store.read(DIGEST, 0, 10) == DATA[:10]


@pytest.mark.parametrize("digest", ["0" * 64, "", "..", "../../etc/passwd", "A" * 64, "0" * 63 + "/", "0" * 64 + "\n"])
async def test_a_blob_that_is_not_there_is_not_found_whatever_its_name(store, source, digest):
    await store.put(DIGEST, source)
    with pytest.raises(NotFoundError) as caught:
        await store.size(digest)
    assert caught.value.status == 404
    with pytest.raises(NotFoundError):
        await store.read(digest, 0, 1)
    with pytest.raises(NotFoundError):
        _ = [piece async for piece in store.stream(digest, 0, 1)]
    await store.delete(digest)


@pytest.mark.parametrize("digest", ["", "..", "../" + "0" * 61, "0" * 63, "0" * 65, "G" * 64, "0" * 64 + "\n"])
async def test_nothing_is_put_under_a_name_that_is_no_digest(store, source, digest):
    with pytest.raises(ValueError, match="not a SHA-256"):
        await store.put(digest, source)


async def test_a_deleted_blob_is_gone_and_can_be_put_again(store, source):
    await store.put(DIGEST, source)
    await store.read(DIGEST, 0, 1)
    await store.delete(DIGEST)
    await store.delete(DIGEST)
    with pytest.raises(NotFoundError):
        await store.read(DIGEST, 0, 1)
    await store.put(DIGEST, source)
    assert await store.read(DIGEST, 0, 1) == DATA[:1]


@pytest.mark.parametrize("is_needed", [True, False])
async def test_a_blob_that_is_deleted_is_put_back_when_it_turns_out_to_be_needed(store, source, is_needed):
    await store.put(DIGEST, source)

    async def ask():
        return is_needed

    await store.delete(DIGEST, is_needed=ask)
    if is_needed:
        assert await store.read(DIGEST, 0, 9) == DATA[:9]
    else:
        with pytest.raises(NotFoundError):
            await store.read(DIGEST, 0, 1)


async def test_a_blob_is_there_again_when_nobody_can_say_whether_it_is_needed(store, source):
    await store.put(DIGEST, source)

    async def ask():
        raise StorageUnavailableError("away")

    with pytest.raises(StorageUnavailableError):
        await store.delete(DIGEST, is_needed=ask)
    assert await store.read(DIGEST, 0, 9) == DATA[:9]


async def test_a_blob_that_is_put_while_its_deletion_is_decided_stays(store, source):
    await store.put(DIGEST, source)

    async def ask():
        await store.put(DIGEST, source)
        return False

    await store.delete(DIGEST, is_needed=ask)
    assert await store.read(DIGEST, 0, 9) == DATA[:9]


async def test_a_closed_store_opens_again_by_itself(store, source):
    await store.put(DIGEST, source)
    await store.aclose()
    await store.aclose()
    assert await store.read(DIGEST, 0, 3) == DATA[:3]
