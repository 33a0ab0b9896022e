"""What every content store promises, asked of each of them."""

from __future__ import annotations

import hashlib
import random

import pytest

from scorm_embed.content import DirectoryContent, MemoryContent
from scorm_embed.content.base import STREAM_PIECE_BYTES
from scorm_embed.errors import NotFoundError

pytestmark = pytest.mark.anyio

DATA = random.Random(4).randbytes(3 * STREAM_PIECE_BYTES + 17)
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(params=["memory", "directory"])
async def store(request, tmp_path):
    """Give an empty store of each kind."""
    made = MemoryContent() if request.param == "memory" else DirectoryContent(tmp_path / "store")
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


async def test_a_closed_store_opens_again_by_itself(store, source):
    await store.put(DIGEST, source)
    await store.aclose()
    await store.aclose()
    assert await store.read(DIGEST, 0, 3) == DATA[:3]
