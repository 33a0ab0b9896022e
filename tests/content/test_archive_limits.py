"""Each limit at its edge: what reaches it is accepted, one more is refused and says which limit it was."""

from __future__ import annotations

import dataclasses

import pytest

from scorm_embed.content import ArchiveLimits, build_blob
from scorm_embed.errors import ConfigurationError, InvalidFileTypeError


def limited_by(path, **limits):
    """Give the name of the limit that refuses the archive, or None when it is accepted."""
    try:
        build_blob(path, path.with_suffix(".blob"), ArchiveLimits(**limits))
    except InvalidFileTypeError as error:
        return error.details["limit"]
    return None


MANIFEST_BYTES = len(b'<?xml version="1.0"?><manifest identifier="m"/>')


def test_archive_bytes_max_counts_the_uploaded_file(forge):
    path = forge(("a.js", b"x"))
    size = path.stat().st_size
    assert limited_by(path, archive_bytes_max=size) is None
    assert limited_by(path, archive_bytes_max=size - 1) == "archive_bytes_max"


def test_directory_bytes_max_counts_the_table_of_contents(forge):
    path = forge(("a.js", b"x"))
    size = 46 + len("imsmanifest.xml") + 46 + len("a.js")
    assert limited_by(path, directory_bytes_max=size) is None
    assert limited_by(path, directory_bytes_max=size - 1) == "directory_bytes_max"


def test_entries_max_counts_folders_and_ignored_files_too(forge):
    path = forge(("folder/", b""), ("__MACOSX/a", b""), ("a.js", b"x"))
    assert limited_by(path, entries_max=4) is None
    assert limited_by(path, entries_max=3) == "entries_max"


@pytest.mark.parametrize("deflate", [False, True])
def test_entry_bytes_max_counts_one_unpacked_file(forge, zip_file, deflate):
    path = forge(zip_file("a.js", b"x" * 1000, deflate=deflate))
    assert limited_by(path, entry_bytes_max=1000) is None
    assert limited_by(path, entry_bytes_max=999) == "entry_bytes_max"


def test_total_bytes_max_counts_all_unpacked_files(forge, zip_file):
    path = forge(zip_file("a.js", b"x" * 1000, deflate=True), ("b.js", b"y" * 500))
    total = MANIFEST_BYTES + 1500
    assert limited_by(path, total_bytes_max=total) is None
    assert limited_by(path, total_bytes_max=total - 1) == "total_bytes_max"


def test_ratio_max_is_the_unpacked_size_over_the_packed_size_of_one_file(forge, zip_file):
    path = forge(zip_file("a.js", b"x" * 10_000, packed=b"y" * 100, method=8), ("b.bin", b"y" * 10_000))
    assert limited_by(path, ratio_max=99, ratio_bytes_min=1000) == "ratio_max"
    with pytest.raises(InvalidFileTypeError, match="damaged"):  # the limit lets it through, its content does not
        build_blob(path, path.with_suffix(".blob"), ArchiveLimits(ratio_max=100, ratio_bytes_min=1000))


def test_ratio_max_is_the_unpacked_size_over_the_archive_too(forge, zip_file):
    path = forge(*(zip_file(f"{number}.js", b"x" * 1000, deflate=True) for number in range(10)))
    ratio = (10_000 + MANIFEST_BYTES) / path.stat().st_size
    assert 5 < ratio < 10
    assert limited_by(path, ratio_max=int(ratio) + 1, ratio_bytes_min=1000) is None
    assert limited_by(path, ratio_max=int(ratio), ratio_bytes_min=1000) == "ratio_max"


def test_ratio_bytes_min_leaves_small_files_alone(forge, zip_file):
    path = forge(zip_file("blank.bmp", bytes(10_000), deflate=True), ("b.bin", b"y" * 10_000))
    assert limited_by(path, ratio_max=10, ratio_bytes_min=10_000 + 10_000 + MANIFEST_BYTES) is None
    assert limited_by(path, ratio_max=10, ratio_bytes_min=9_999) == "ratio_max"


def test_name_chars_max_counts_characters_of_the_whole_path(forge):
    path = forge(("ä" * 50 + "/" + "b" * 46 + ".js", b"x"))
    assert limited_by(path, name_chars_max=100) is None
    assert limited_by(path, name_chars_max=99) == "name_chars_max"


def test_depth_max_counts_folders_and_the_file(forge):
    path = forge(("a/b/c/d.js", b"x"))
    assert limited_by(path, depth_max=4) is None
    assert limited_by(path, depth_max=3) == "depth_max"


@pytest.mark.parametrize("deflate", [False, True])
def test_manifest_bytes_max_counts_the_unpacked_manifest(forge, zip_file, deflate):
    path = forge(zip_file("imsmanifest.xml", b"<manifest/>" + b" " * 989, deflate=deflate), manifest=False)
    assert limited_by(path, manifest_bytes_max=1000) is None
    assert limited_by(path, manifest_bytes_max=999) == "manifest_bytes_max"


@pytest.mark.parametrize("name", [limit.name for limit in dataclasses.fields(ArchiveLimits)])
def test_every_limit_must_be_a_positive_whole_number(name):
    for value in (0, -1, 1.5, "9", True, None):
        with pytest.raises(ConfigurationError, match=f"{name} must be a positive whole number"):
            ArchiveLimits(**{name: value})
    assert getattr(ArchiveLimits(**{name: 1}), name) == 1


def test_the_defaults_are_the_documented_ones():
    assert dataclasses.asdict(ArchiveLimits()) == {
        "archive_bytes_max": 8 << 30,
        "directory_bytes_max": 64 << 20,
        "entries_max": 50_000,
        "entry_bytes_max": 4 << 30,
        "total_bytes_max": 16 << 30,
        "ratio_max": 200,
        "ratio_bytes_min": 16 << 20,
        "name_chars_max": 1_000,
        "depth_max": 64,
        "manifest_bytes_max": 16 << 20,
    }
