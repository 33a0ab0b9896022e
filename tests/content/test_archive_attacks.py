"""Archives that somebody made to do harm: each is refused, by name."""

from __future__ import annotations

import stat
import zlib

import pytest

from scorm_embed.content import ArchiveLimits, build_blob, read_archive
from scorm_embed.errors import InvalidFileTypeError, ManifestNotFoundError


def refusal(path, limits=None):
    """Give the error of an import; nothing may be left behind."""
    target = path.with_suffix(".blob")
    with pytest.raises(InvalidFileTypeError) as caught:
        build_blob(path, target, limits or ArchiveLimits())
    assert not target.exists()
    assert caught.value.code == "INVALID_FILE_TYPE"
    assert caught.value.status == 400
    return caught.value


@pytest.mark.parametrize(
    "name",
    [
        "../evil.js",
        "a/../../evil.js",
        "a/../evil.js",
        "..",
        "a/..",
        "..\\evil.js",
        "a\\..\\..\\evil.js",
        "a/..\\evil.js",
        "./../evil.js",
        "a//../evil.js",
        "%2e%2e/evil.js",
        "%2E%2E%2Fevil.js",
        "a/%2e./evil.js",
        "a%2f..%2fevil.js",
        "a%5c..%5cevil.js",
        "..;/evil.js",
        "..;x=1/evil.js",
        ".. /evil.js",
        " ../evil.js",
    ],
)
def test_zip_slip_is_refused_in_every_spelling(forge, name):
    error = refusal(forge((name, b"x")))
    assert 'without ".." in names' in error.message


@pytest.mark.parametrize("name", [b"..\xef\xbc\x8fevil.js", b"\xc0\xae\xc0\xae/evil.js", b"\xef\xbc\x8e\xef\xbc\x8e/x"])
def test_look_alikes_of_dots_and_slashes_stay_plain_characters(forge, zip_file, name):
    path = forge(zip_file(name, b"x"))
    with path.open("rb") as file:
        names = [entry.path for entry in read_archive(file, ArchiveLimits()).entries]
    assert len(names) == 2
    assert not any(part in ("..", ".") for name in names for part in name.split("/"))


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "\\windows\\x", "//host/share/x", "\\\\host\\share\\x", "C:\\x", "c:/x", "C:x"]
)
def test_absolute_names_and_drive_letters_are_refused(forge, name):
    assert "absolute path" in refusal(forge((name, b"x"))).message


@pytest.mark.parametrize("character", ["\0", "\n", "\r", "\t", "\x1b", "\x7f", "\x85", "\x9f"])
def test_control_characters_in_names_are_refused(forge, character):
    error = refusal(forge((f"a{character}b.js", b"x")))
    assert "control characters" in error.message
    assert character not in error.message


def test_a_name_that_ends_at_a_nul_for_others_is_refused_here(forge):
    assert "control characters" in refusal(forge(("index.html\0.png", b"x"))).message


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        (stat.S_IFLNK, "symbolic link"),
        (stat.S_IFCHR, "device"),
        (stat.S_IFBLK, "device"),
        (stat.S_IFIFO, "pipe"),
        (stat.S_IFSOCK, "socket"),
    ],
)
def test_symlinks_and_devices_are_refused(forge, zip_file, kind, word):
    error = refusal(forge(zip_file("innocent.js", b"/etc/passwd", mode=kind | 0o777)))
    assert word in error.message
    assert error.details == {"path": "innocent.js"}


@pytest.mark.parametrize("flags", [0x0001, 0x0041, 0x2000])
def test_encrypted_entries_are_refused(forge, zip_file, flags):
    assert "password" in refusal(forge(zip_file("a.js", b"x", flags=flags))).message


def test_aes_encrypted_entries_are_refused(forge, zip_file):
    assert "password" in refusal(forge(zip_file("a.js", b"x", method=99))).message


@pytest.mark.parametrize(
    ("method", "name"), [(9, "Deflate64"), (12, "BZIP2"), (14, "LZMA"), (93, "Zstandard"), (77, "number 77")]
)
def test_other_compression_methods_are_refused_with_what_to_do(forge, zip_file, method, name):
    error = refusal(forge(zip_file("a.js", b"x", method=method)))
    assert name in error.message
    assert "Deflate." in error.message


def test_an_overlapping_bomb_is_refused(forge, zip_file):
    """The better zip bomb: many names for the same packed bytes."""
    kernel = zip_file("0.txt", bytes(10_000_000), deflate=True)
    packed = zlib.compress(bytes(10_000_000), 9, -15)
    offset = 30 + len("imsmanifest.xml") + len(b'<?xml version="1.0"?><manifest identifier="m"/>')
    again = [
        zip_file(f"{number}.txt", bytes(10_000_000), packed=packed, method=8, offset=offset) for number in range(1, 30)
    ]
    error = refusal(forge(kernel, *again), ArchiveLimits(ratio_max=10**6))
    assert "over each other" in error.message


def test_entries_that_overlap_by_one_byte_are_refused(forge, zip_file):
    first = zip_file("a.bin", b"x" * 100, compressed_size=101, size=101)
    error = refusal(forge(first, ("b.bin", b"y")))
    assert "over each other" in error.message


def test_a_file_that_runs_into_the_table_of_contents_is_refused(forge, zip_file):
    error = refusal(forge(zip_file("a.bin", b"x" * 100, compressed_size=130, size=130)))
    assert "table of contents" in error.message


def test_42_kilobytes_that_unpack_to_4_gigabytes_are_refused_before_anything_is_unpacked(forge, zip_file):
    packed = b"\0" * 42_000
    error = refusal(forge(zip_file("a.txt", packed=packed, method=8, size=4 << 30)))
    assert error.details["limit"] == "ratio_max"


def test_a_bomb_that_declares_a_small_size_is_stopped_at_that_size(forge, zip_file):
    packed = zlib.compress(bytes(50_000_000), 9, -15)
    error = refusal(forge(zip_file("a.txt", packed=packed, method=8, size=1_000)))
    assert "more than the zip declares" in error.message


def test_a_media_bomb_that_declares_a_small_size_is_stopped_at_that_size(forge, zip_file):
    packed = zlib.compress(bytes(50_000_000), 9, -15)
    error = refusal(forge(zip_file("a.mp4", packed=packed, method=8, size=1_000)))
    assert "more than the zip declares" in error.message


def test_a_manifest_bomb_is_stopped_at_its_declared_size(forge, zip_file):
    packed = zlib.compress(bytes(50_000_000), 9, -15)
    bomb = zip_file("imsmanifest.xml", packed=packed, method=8, size=100)
    assert "more than the zip declares" in refusal(forge(bomb, manifest=False)).message


def test_many_small_bombs_together_are_refused_by_the_ratio_of_the_whole(forge, zip_file):
    content = bytes(1_000_000)
    error = refusal(forge(*(zip_file(f"{number}.txt", content, deflate=True) for number in range(40))))
    assert error.details["limit"] == "ratio_max"
    assert error.message.startswith("The zip file unpacks")


def test_a_nested_bomb_is_a_file_and_is_never_opened(forge, zip_file, forged_bytes, tmp_path):
    inner = b""
    for level in range(6):
        inner = forged_bytes([zip_file(f"{level}-{copy}.zip", inner or bytes(1000)) for copy in range(4)])
    path = forge(("bomb.zip", inner))
    built = build_blob(path, tmp_path / "blob")
    entry = built.index.entry("bomb.zip")
    assert entry is not None
    assert (entry.size, entry.compressed_size) == (len(inner), len(inner))


def test_42_zip_has_no_manifest_and_the_answer_names_the_inner_zip(forge, zip_file):
    path = forge(*(zip_file(f"lib {number}.zip", b"PK") for number in range(16)), manifest=False)
    with pytest.raises(ManifestNotFoundError, match=r'upload "lib 0\.zip" by itself'):
        build_blob(path, path.with_suffix(".blob"))


def test_a_declared_count_does_not_hide_a_huge_directory(forge):
    path = forge(*((f"{number}.js", b"") for number in range(60)))
    data = path.read_bytes()
    path.write_bytes(data[:-14] + b"\1\0\1\0" + data[-10:])  # says one file
    error = refusal(path, ArchiveLimits(entries_max=60))
    assert error.details["limit"] == "entries_max"


def test_a_hundred_thousand_entries_are_refused_by_default(forge, zip_file):
    path = forge(*(zip_file(f"{number}/", b"") for number in range(100_000)))
    assert refusal(path).details == {"limit": "entries_max", "allowed": 50_000}


def test_a_false_checksum_is_refused(forge, zip_file):
    for deflate in (False, True):
        error = refusal(forge(zip_file("a.js", b"var a = 1;" * 100, deflate=deflate, crc=1)))
        assert "does not match its checksum" in error.message
        assert error.details == {"path": "a.js"}


def test_a_deflate_stream_that_is_damaged_or_cut_off_is_refused(forge, zip_file):
    content = b"var a = 1; var b = 2;" * 1000
    packed = zlib.compress(content, 9, -15)
    cut = refusal(forge(zip_file("a.js", content, packed=packed[:-4], method=8)))
    assert "cut off" in cut.message
    broken = refusal(forge(zip_file("a.js", content, packed=b"\xff" * len(packed), method=8)))
    assert "damaged" in broken.message


def test_a_file_that_unpacks_to_less_than_declared_is_refused(forge, zip_file):
    content = b"var a = 1; var b = 2;" * 1000
    error = refusal(forge(zip_file("a.js", content, deflate=True, size=len(content) + 1)))
    assert "less than the zip declares" in error.message


def test_a_stored_file_with_two_sizes_is_refused(forge, zip_file):
    error = refusal(forge(zip_file("a.js", b"x" * 100, size=50)))
    assert "contradict" in error.message


def test_offsets_and_sizes_beyond_the_file_are_refused(forge, zip_file):
    ghost = zip_file("ghost.js", b"x", offset=1 << 31)
    assert "cut off" in refusal(forge(ghost)).message
    ghost = zip_file("ghost.js", b"x", offset=5)
    assert "over each other" in refusal(forge(ghost)).message


def test_a_table_of_contents_that_is_noise_is_refused(forge):
    data = bytearray(forge(("a.js", b"x")).read_bytes())
    data[data.index(b"PK\x01\x02") + 1] ^= 0xFF
    path = forge.folder / "noise.zip"
    path.write_bytes(data)
    assert "damaged" in refusal(path).message


@pytest.mark.parametrize("kept", [0, 1, 4, 30, 100, 200])
def test_an_upload_that_was_cut_off_is_refused(forge, kept):
    path = forge(("a.js", b"x" * 1000))
    path.write_bytes(path.read_bytes()[:kept])
    assert "upload it again" in refusal(path).message


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"Rar!\x1a\x07", "a RAR archive"),
        (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
        (b"\x1f\x8b\x08", "a gzip archive"),
        (b"%PDF-1.7", "a PDF document"),
        (b"<!doctype html>", "an HTML or XML page"),
    ],
)
def test_other_file_formats_are_named_in_the_answer(tmp_path, start, kind):
    path = tmp_path / "course.zip"
    path.write_bytes(start + bytes(1000))
    assert refusal(path).message == f"The file is {kind}; upload the course as a zip file."


def test_a_part_of_a_split_archive_is_refused(forge):
    path = forge(("a.js", b"x"))
    data = path.read_bytes()
    path.write_bytes(data[:-18] + b"\2\0\2\0" + data[-14:])
    assert "split archive" in refusal(path).message


def test_a_comment_cannot_pretend_to_be_the_end_of_the_archive(forge):
    fake = b"PK\x05\x06" + bytes(18)
    path = forge(("a.js", b"x"), comment=b"hello " + fake + b" tail")
    with path.open("rb") as file:
        assert [entry.path for entry in read_archive(file, ArchiveLimits()).entries] == ["a.js", "imsmanifest.xml"]


def test_a_zip64_field_that_is_too_short_is_refused(forge, zip_file):
    data = bytearray(forge(zip_file("a.js", b"x", zip64=True)).read_bytes())
    place = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1)
    extra = place + 46 + len("a.js")
    data[extra + 2] = 8
    path = forge.folder / "short.zip"
    path.write_bytes(data)
    assert "damaged" in refusal(path).message
