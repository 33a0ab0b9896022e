"""What an upload becomes: the blob's bytes, digest and layout."""

from __future__ import annotations

import hashlib
import random
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scorm_embed.content import Compression, build_blob
from scorm_embed.content.build import _DEFLATE_AT_ONCE_BYTES

SCRIPT = b"function f(a, b) { return a + b; }\n" * 200
NOISE = random.Random(1).randbytes(300_000)


def build(path):
    """Build and give the result with the target's path."""
    target = path.with_suffix(".blob")
    return build_blob(path, target), target


def packed_bytes(target: Path, entry):
    """Give a file's bytes as they lie in the blob."""
    return target.read_bytes()[entry.offset : entry.offset + entry.compressed_size]


@pytest.mark.parametrize("amended", [False, True])
def test_the_digest_is_the_sha256_of_the_blob_and_the_size_its_size(forge, amended):
    long_text = SCRIPT * (_DEFLATE_AT_ONCE_BYTES // len(SCRIPT) + 1)
    built, target = build(forge(("a.js", SCRIPT), ("b.mp4", NOISE), *((("c.js", long_text),) if amended else ())))
    assert built.digest == hashlib.sha256(target.read_bytes()).hexdigest()
    assert built.size_bytes == target.stat().st_size


def test_every_file_comes_back_byte_for_byte_through_another_zip_reader(forge, zip_file):
    files = {"a.js": SCRIPT, "b/c.mp4": NOISE, "d.bin": NOISE, "e.txt": b"", "ü/日本.html": b"<p>hi</p>" * 99}
    path = forge(
        *(zip_file(name, content, deflate=deflate) for deflate in (False, True) for name, content in files.items())
    )
    built, target = build(path)
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == files | {"imsmanifest.xml": built.manifest}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    st.dictionaries(
        st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12).map(lambda name: f"f/{name}.x"),
        st.tuples(st.binary(max_size=2000).map(lambda content: content * 7), st.booleans()),
        max_size=8,
    )
)
def test_any_files_survive_the_rewriting(forge, zip_file, files):
    path = forge(*(zip_file(name, content, deflate=deflate) for name, (content, deflate) in files.items()))
    built, target = build(path)
    with zipfile.ZipFile(target) as archive:
        for entry in built.index.entries():
            if entry.name != "imsmanifest.xml":
                assert archive.read(entry.name) in [content for content, _ in files.values()]
        assert archive.testzip() is None


def test_the_same_upload_twice_gives_the_same_digest(forge):
    path = forge(("b.js", SCRIPT), ("a.mp4", NOISE))
    first, _ = build(path)
    second = build_blob(path, path.with_suffix(".again"))
    assert first.digest == second.digest


def test_order_times_and_separators_of_the_upload_do_not_change_the_digest(forge, tmp_path):
    first, _ = build(forge(("a/b.js", SCRIPT), ("c.mp4", NOISE)))
    second, _ = build(forge(("c.mp4", NOISE), ("a/", b""), ("a\\b.js", SCRIPT)))
    path = tmp_path / "dated.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (("c.mp4", NOISE), ("a/b.js", SCRIPT), ("imsmanifest.xml", first.manifest)):
            archive.writestr(zipfile.ZipInfo(f"Course/{name}", (2024, 5, 6, 7, 8, 10)), content)
    third, _ = build(path)
    assert first.digest == second.digest == third.digest


def test_a_changed_byte_changes_the_digest(forge):
    assert build(forge(("a.js", SCRIPT)))[0].digest != build(forge(("a.js", SCRIPT + b" ")))[0].digest


def test_a_deflated_text_keeps_its_stream_byte_for_byte(forge, zip_file):
    packed = zlib.compress(SCRIPT, 1, -15)
    assert packed != zlib.compress(SCRIPT, 6, -15)
    built, target = build(forge(zip_file("a.js", SCRIPT, packed=packed, method=8)))
    entry = built.index.entry("a.js")
    assert entry.method is Compression.DEFLATED
    assert packed_bytes(target, entry) == packed


MEDIA = ["a.mp4", "a.MP3", "a.jpg", "a.png", "a.gif", "a.webp", "a.woff2"]
MEDIA += ["a.zip", "a.pdf", "a.wav", "a.swf", "a.svgz", "a.docx"]


@pytest.mark.parametrize("name", MEDIA)
def test_media_is_stored_even_when_it_came_deflated(forge, zip_file, name):
    content = b"frame" * 5000
    built, target = build(forge(zip_file(name, content, deflate=True)))
    entry = built.index.entry(name)
    assert (entry.method, entry.compressed_size) == (Compression.STORED, len(content))
    assert packed_bytes(target, entry) == content


@pytest.mark.parametrize("name", ["a.js", "a.html", "a.css", "a.json", "a.svg", "a.ttf", "a.wasm", "a", "a.unknown"])
def test_text_that_came_stored_is_deflated(forge, name):
    built, target = build(forge((name, SCRIPT)))
    entry = built.index.entry(name)
    assert entry.method is Compression.DEFLATED
    assert zlib.decompress(packed_bytes(target, entry), -15) == SCRIPT


@pytest.mark.parametrize("deflate", [False, True])
def test_what_does_not_become_smaller_is_stored_whatever_its_name(forge, zip_file, deflate):
    built, _ = build(forge(zip_file("a.js", NOISE, deflate=deflate), zip_file("b.dat", b"tiny", deflate=deflate)))
    assert {entry.name: entry.method for entry in built.index.entries()} == {
        "a.js": Compression.STORED,
        "b.dat": Compression.STORED,
        "imsmanifest.xml": Compression.STORED,
    }


def test_large_text_that_came_stored_is_deflated_in_pieces(forge, zip_file):
    content = SCRIPT * (_DEFLATE_AT_ONCE_BYTES // len(SCRIPT) + 1)
    built, target = build(forge(("a.js", content), ("b.js", SCRIPT), ("z.bin", NOISE * 4)))
    entry = built.index.entry("a.js")
    assert entry.method is Compression.DEFLATED
    assert zlib.decompress(packed_bytes(target, entry), -15) == content
    assert built.index.entry("z.bin").method is Compression.STORED
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None


def test_bytes_behind_a_deflate_stream_are_left_out_with_a_warning(forge, zip_file):
    built, target = build(forge(zip_file("a.js", SCRIPT, deflate=True, trailing=b"junk" * 5), ("b.js", SCRIPT)))
    entry = built.index.entry("a.js")
    assert packed_bytes(target, entry) == zlib.compress(SCRIPT, 9, -15)
    assert [(warning.code, warning.path) for warning in built.warnings] == [("ENTRY_TRIMMED", "a.js")]
    with zipfile.ZipFile(target) as archive:
        assert archive.read("b.js") == SCRIPT


def test_a_zip64_upload_is_accepted(forge, zip_file):
    path = forge(zip_file("a.js", SCRIPT, deflate=True, zip64=True), zip_file("b.mp4", NOISE, zip64=True))
    built, target = build(path)
    with zipfile.ZipFile(target) as archive:
        assert (archive.read("a.js"), archive.read("b.mp4")) == (SCRIPT, NOISE)
    assert len(built.index) == 3


def test_more_files_than_the_short_records_can_count_are_read_and_written(forge, tmp_path):
    from scorm_embed.content import ArchiveLimits

    path = forge(*((f"{number}.js", b"") for number in range(66_000)))
    built = build_blob(path, tmp_path / "many", ArchiveLimits(entries_max=70_000))
    assert len(built.index) == 66_001
    with zipfile.ZipFile(tmp_path / "many") as archive:
        assert len(archive.namelist()) == 66_001


def test_progress_counts_unpacked_bytes_up_to_all_of_them(forge):
    seen = []
    built = build_blob(
        forge(("a.js", SCRIPT), ("b.mp4", NOISE)),
        forge.folder / "x",
        progress=lambda done, total: seen.append((done, total)),
    )
    total = len(SCRIPT) + len(NOISE) + len(built.manifest)
    assert {of for _, of in seen} == {total}
    assert seen[-1] == (total, total)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_an_error_of_the_progress_hook_leaves_nothing_behind(forge):
    def cancel(done: int, total: int) -> None:
        raise KeyboardInterrupt

    target = forge.folder / "cancelled"
    with pytest.raises(KeyboardInterrupt):
        build_blob(forge(("a.js", SCRIPT)), target, progress=cancel)
    assert not target.exists()


def test_an_older_and_longer_target_is_replaced(forge):
    target = forge.folder / "target"
    target.write_bytes(bytes(1_000_000))
    built = build_blob(forge(("a.js", SCRIPT)), target)
    assert target.stat().st_size == built.size_bytes < 10_000


def test_memory_is_bounded_by_the_number_of_files_and_not_by_their_size(forge, zip_file, tmp_path):
    path = tmp_path / "large.zip"
    text = b"".join(b"var item%d = %d;\n" % (number, number * 7919 % 1000) for number in range(400_000))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("imsmanifest.xml", "<manifest/>")
        for number in range(4):
            method = zipfile.ZIP_DEFLATED if number % 2 else zipfile.ZIP_STORED
            archive.writestr(f"{number}.mp4", NOISE * 60, method)
            archive.writestr(f"{number}.js", text, method)
    assert path.stat().st_size > 90_000_000
    del text
    tracemalloc.start()
    try:
        build_blob(path, tmp_path / "blob")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8_000_000
