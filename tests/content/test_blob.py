"""Finding and reading files in a blob through a store."""

from __future__ import annotations

import random
import tracemalloc

import pytest

from scorm_embed.content import Blob, BlobCache, BlobIndex, Compression, MemoryContent, build_blob
from scorm_embed.content.limits import KIB
from scorm_embed.content.zip_records import central_header
from scorm_embed.errors import NotFoundError, PackageError, StorageUnavailableError

pytestmark = pytest.mark.anyio

SCRIPT = b"".join(b"var item%d = %d;\n" % (number, number * 7919 % 1000) for number in range(60_000))
FILM = random.Random(2).randbytes(1_500_000)


class CountingContent(MemoryContent):
    """Remembers the ranges that were read."""

    def __init__(self):
        super().__init__()
        self.reads = []

    async def read(self, digest, start, length):
        self.reads.append((start, length))
        return await super().read(digest, start, length)


async def put(forge, *files, **options):
    """Build a blob, put it into a new store, and give both."""
    target = forge.folder / "blob"
    built = build_blob(forge(*files, **options), target)
    store = CountingContent()
    await store.put(built.digest, target)
    return store, built


async def test_a_blob_gives_the_names_in_order_and_each_files_bytes(forge):
    store, built = await put(forge, ("b/c.js", SCRIPT), ("a.mp4", FILM), ("ü.html", b""))
    blob = await Blob.open(store, built.digest)
    assert list(blob.names()) == ["a.mp4", "b/c.js", "imsmanifest.xml", "ü.html"]
    assert (blob.digest, blob.size_bytes) == (built.digest, built.size_bytes)
    assert await blob.read(blob.entry("b/c.js")) == SCRIPT
    assert await blob.read(blob.entry("a.mp4")) == FILM
    assert await blob.read(blob.entry("ü.html")) == b""
    assert await blob.read(blob.entry("imsmanifest.xml")) == built.manifest


async def test_a_small_blob_is_opened_by_one_range_at_its_end(forge):
    store, built = await put(forge, ("a.mp4", FILM))
    await Blob.open(store, built.digest)
    assert store.reads == [(built.size_bytes - 64 * KIB, 64 * KIB)]


async def test_a_large_table_of_contents_is_read_by_a_second_range(forge):
    store, built = await put(forge, *((f"folder/file-{number:05}.js", b"") for number in range(5_000)))
    blob = await Blob.open(store, built.digest)
    assert len(store.reads) == 2
    assert len(blob.index) == 5_001
    assert blob.entry("folder/file-04999.js") is not None


async def test_the_index_read_from_the_store_equals_the_one_that_was_built(forge):
    store, built = await put(forge, ("a.js", SCRIPT), ("b.mp4", FILM))
    blob = await Blob.open(store, built.digest)
    assert list(blob.index.entries()) == list(built.index.entries())


async def test_a_missing_blob_is_not_found():
    with pytest.raises(NotFoundError):
        await Blob.open(MemoryContent(), "0" * 64)


@pytest.mark.parametrize("content", [b"", b"not a zip at all", b"PK\x05\x06" + bytes(18)])
async def test_something_else_under_a_digest_is_answered_as_damaged_storage(tmp_path, content):
    (tmp_path / "x").write_bytes(content)
    store = MemoryContent()
    await store.put("0" * 64, tmp_path / "x")
    with pytest.raises(StorageUnavailableError, match="damaged"):
        await Blob.open(store, "0" * 64)


async def test_a_zip_that_was_not_built_here_is_no_blob(forge):
    store = MemoryContent()
    await store.put("0" * 64, forge(("a.js", b"x")))
    with pytest.raises(StorageUnavailableError, match="damaged"):
        await Blob.open(store, "0" * 64)


async def test_an_exact_name_wins_and_another_case_is_found_only_when_it_is_unique(forge):
    files = [("A.js", b"1"), ("a.js", b"2"), ("Folder/Page.HTML", b"3"), ("Straße.js", b"4")]
    _, built = await put(forge, *files)
    assert built.index.entry("A.js").name == "A.js"
    assert built.index.entry("a.js").name == "a.js"
    assert built.index.entry("folder/page.html").name == "Folder/Page.HTML"
    assert built.index.entry("STRASSE.js").name == "Straße.js"
    _, built = await put(forge, *files, ("b.JS", b""), ("B.js", b""))
    assert built.index.entry("b.js") is None


async def test_a_name_in_decomposed_unicode_is_found(forge):
    _, built = await put(forge, ("é.js", b"1"))
    assert built.index.entry("é.js").name == "é.js"


@pytest.mark.parametrize(
    "path", ["", "/", "a", "a.js/", "/a.js", "../a.js", "x/../a.js", "a.js\0", "a%2ejs", "..\\a.js", "\ud800", "zzz"]
)
async def test_any_other_path_finds_nothing(forge, path):
    _, built = await put(forge, ("a.js", b"1"))
    assert built.index.entry(path) is None


@pytest.mark.parametrize("name", ["a.js", "a.mp4"])
async def test_a_part_of_a_file_is_the_slice_of_its_bytes(forge, name):
    content = SCRIPT if name == "a.js" else FILM
    store, built = await put(forge, (name, content))
    blob = await Blob.open(store, built.digest)
    entry = blob.entry(name)
    for start, length in (
        (0, 1),
        (0, 0),
        (5, 300_000),
        (262_144, 10),
        (len(content) - 3, 99),
        (len(content), 1),
        (0, None),
    ):
        got = b"".join([piece async for piece in blob.stream(entry, start, length)])
        assert got == content[start : len(content) if length is None else start + length]


@pytest.mark.parametrize("name", ["a.js", "a.mp4", "z.txt"])
async def test_pieces_are_bounded(forge, zip_file, name):
    content = {"a.js": SCRIPT, "a.mp4": FILM, "z.txt": bytes(10_000_000)}[name]
    store, built = await put(forge, zip_file(name, content, deflate=True), ("pad.mp4", FILM))
    blob = await Blob.open(store, built.digest)
    sizes = [len(piece) async for piece in blob.stream(blob.entry(name))]
    assert sum(sizes) == len(content)
    assert max(sizes) <= 256 * KIB


async def test_the_packed_bytes_are_what_lies_in_the_blob(forge):
    store, built = await put(forge, ("a.js", SCRIPT))
    blob = await Blob.open(store, built.digest)
    entry = blob.entry("a.js")
    assert entry.method is Compression.DEFLATED
    whole = await blob.read_packed(entry)
    assert len(whole) == entry.compressed_size
    assert b"".join([piece async for piece in blob.stream_packed(entry)]) == whole


async def test_reading_a_file_that_is_too_large_is_refused(forge):
    store, built = await put(forge, ("a.js", SCRIPT))
    blob = await Blob.open(store, built.digest)
    entry = blob.entry("a.js")
    assert len(await blob.read(entry, bytes_max=len(SCRIPT))) == len(SCRIPT)
    with pytest.raises(PackageError, match="too many to be read at once"):
        await blob.read(entry, bytes_max=len(SCRIPT) - 1)


async def test_a_deflate_stream_that_ends_early_in_the_store_is_an_error_and_not_a_short_file(forge):
    store, built = await put(forge, ("a.js", SCRIPT))
    blob = await Blob.open(store, built.digest)
    entry = blob.entry("a.js")
    data = store._blobs[built.digest]
    store._blobs[built.digest] = data[: entry.offset + entry.compressed_size // 2]
    with pytest.raises(StorageUnavailableError):
        await blob.read(entry)


def directory_of(count):
    """Make the directory of a blob with many files."""
    names = sorted(f"assets/folder{number % 100:03}/file{number:06}.js".encode() for number in range(count))
    return b"".join(central_header(name, 8, number, 100, 400, number * 200) for number, name in enumerate(names))


def test_an_index_of_20_000_files_takes_little_more_than_its_bytes_in_the_file():
    directory = directory_of(20_000)
    tracemalloc.start()
    try:
        index = BlobIndex(directory)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(index) == 20_000
    assert held < 400_000
    assert index.bytes_held < 2_000_000


def test_files_beyond_4_gigabytes_have_long_sizes_and_offsets():
    name = b"film.mp4"
    index = BlobIndex(central_header(name, 0, 7, 5 << 30, 5 << 30, 6 << 30))
    entry = index.entry("film.mp4")
    assert (entry.size, entry.compressed_size) == (5 << 30, 5 << 30)
    assert entry.offset == (6 << 30) + 30 + len(name) + 20
    index = BlobIndex(central_header(name, 0, 7, 5, 5, 6 << 30))
    assert index.entry("film.mp4").offset == (6 << 30) + 30 + len(name)


@pytest.mark.parametrize("cut", [1, 45, 60])
def test_a_directory_that_is_cut_off_is_damaged(cut):
    with pytest.raises(StorageUnavailableError):
        BlobIndex(directory_of(1)[:cut])


async def test_the_cache_reads_a_table_of_contents_once(forge):
    store, built = await put(forge, ("a.js", SCRIPT))
    cache = BlobCache(store)
    assert await cache.open(built.digest) is await cache.open(built.digest)
    assert len(store.reads) == 1
    cache.discard(built.digest)
    await cache.open(built.digest)
    assert len(store.reads) == 2


async def test_the_cache_lets_go_of_the_blob_that_was_used_longest_ago(forge):
    store, first = await put(forge, ("a.js", b"1"))
    digests = [first.digest]
    for number in range(2):
        target = forge.folder / "next"
        built = build_blob(forge((f"{number}.js", b"x")), target)
        await store.put(built.digest, target)
        digests.append(built.digest)
    cache = BlobCache(store, bytes_max=2 * first.index.bytes_held + 10)
    a, b = await cache.open(digests[0]), await cache.open(digests[1])
    assert await cache.open(digests[0]) is a
    await cache.open(digests[2])
    assert await cache.open(digests[0]) is a
    assert await cache.open(digests[1]) is not b


async def test_the_cache_does_not_remember_what_is_missing(forge):
    store, built = await put(forge, ("a.js", b"1"))
    cache = BlobCache(store)
    await store.delete(built.digest)
    for _ in range(2):
        with pytest.raises(NotFoundError):
            await cache.open(built.digest)
    await store.put(built.digest, forge.folder / "blob")
    assert (await cache.open(built.digest)).entry("a.js") is not None


def test_a_path_that_is_longer_than_any_name_is_not_even_normalized():
    index = BlobIndex(central_header("ä".encode() * 10, 0, 7, 5, 5, 0))
    assert index.entry("a\u0308" * 10).name == "ä" * 10
    assert index.entry("\u0301\u0323" * 1_000_000) is None
