"""Which manifest is the package's, and what is said when there is none."""

from __future__ import annotations

import pytest

from scorm_embed.content import ArchiveLimits, read_archive
from scorm_embed.errors import ManifestNotFoundError


def read(path):
    """Give names, manifest and warnings as plain values."""
    with path.open("rb") as file:
        archive = read_archive(file, ArchiveLimits())
    return (
        [entry.path for entry in archive.entries],
        archive.manifest,
        [(str(warning.code), warning.path) for warning in archive.warnings],
    )


def test_a_manifest_at_the_top_needs_no_warning(forge):
    path = forge(("imsmanifest.xml", b"<m/>"), ("a/b.js", b"x"), manifest=False)
    assert read(path) == (["a/b.js", "imsmanifest.xml"], b"<m/>", [])


def test_the_manifests_folder_is_the_package(forge):
    path = forge(("My course/imsmanifest.xml", b"<m/>"), ("My course/a.js", b"x"), manifest=False)
    assert read(path) == (
        ["a.js", "imsmanifest.xml"],
        b"<m/>",
        [("MANIFEST_IN_FOLDER", "My course/imsmanifest.xml")],
    )


def test_the_shallowest_manifest_wins(forge):
    deep = ("a/sub/imsmanifest.xml", b"<deep/>")
    names, manifest, warnings = read(forge(deep, ("b/imsmanifest.xml", b"<shallow/>"), ("b/x.js", b""), manifest=False))
    assert (names, manifest) == (["imsmanifest.xml", "x.js"], b"<shallow/>")
    assert [code for code, _ in warnings] == ["MANIFEST_IN_FOLDER", "OUTSIDE_MANIFEST_FOLDER"]


def test_a_manifest_inside_the_package_is_a_file_of_it(forge):
    names, manifest, warnings = read(
        forge(("imsmanifest.xml", b"<m/>"), ("sub/imsmanifest.xml", b"<s/>"), manifest=False)
    )
    assert (names, manifest, warnings) == (["imsmanifest.xml", "sub/imsmanifest.xml"], b"<m/>", [])


def test_files_outside_the_manifests_folder_are_left_out_with_one_warning(forge):
    files = [
        ("c/imsmanifest.xml", b"<m/>"),
        ("c/a.js", b""),
        ("readme.txt", b""),
        ("other/b.js", b""),
        ("cc/d.js", b""),
    ]
    path = forge(*files, manifest=False)
    with path.open("rb") as file:
        archive = read_archive(file, ArchiveLimits())
    assert [entry.path for entry in archive.entries] == ["a.js", "imsmanifest.xml"]
    assert archive.warnings[-1].message == (
        '3 files outside the manifest\'s folder "c/" belong to no course and were left out.'
    )


def test_braces_in_a_folder_name_do_no_harm(forge):
    path = forge(("{count} {x}/imsmanifest.xml", b"<m/>"), ("b.js", b""), manifest=False)
    names, _, warnings = read(path)
    assert names == ["imsmanifest.xml"]
    assert len(warnings) == 2


@pytest.mark.parametrize("name", ["ImsManifest.xml", "IMSMANIFEST.XML"])
def test_a_manifest_in_another_case_is_read_and_renamed(forge, name):
    path = forge((name, b"<m/>"), ("a.js", b"x"), manifest=False)
    assert read(path) == (["a.js", "imsmanifest.xml"], b"<m/>", [("MANIFEST_NAME_CASE", name)])


def test_of_two_spellings_in_one_folder_the_right_one_wins(forge):
    path = forge(("ImsManifest.xml", b"<wrong/>"), ("imsmanifest.xml", b"<right/>"), manifest=False)
    names, manifest, warnings = read(path)
    assert (names, manifest) == (["ImsManifest.xml", "imsmanifest.xml"], b"<right/>")
    assert warnings == [("CASE_DUPLICATE", "imsmanifest.xml")]


def test_two_packages_side_by_side_give_the_first_and_a_warning(forge):
    path = forge(("b/imsmanifest.xml", b"<b/>"), ("a/imsmanifest.xml", b"<a/>"), manifest=False)
    _, manifest, warnings = read(path)
    assert manifest == b"<a/>"
    assert ("SEVERAL_MANIFESTS", "a/imsmanifest.xml") in warnings


def test_apple_doubles_of_manifests_are_no_manifests(forge):
    path = forge(("__MACOSX/imsmanifest.xml", b"x"), ("c/._imsmanifest.xml", b"x"), ("a.js", b""), manifest=False)
    with pytest.raises(ManifestNotFoundError):
        read(path)


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ([], "The zip file has no imsmanifest.xml; export the course as a SCORM package and upload that zip."),
        (
            ["index.html"],
            "The zip file has no imsmanifest.xml; export the course as a SCORM package and upload that zip.",
        ),
        (
            ["notes.txt", "deep/x.zip", "course.zip"],
            'The zip file has no imsmanifest.xml but another zip in it; upload "course.zip" by itself.',
        ),
        (
            ["index.html", "tincan.xml"],
            "The package is not SCORM (it has tincan.xml and no imsmanifest.xml); export it again as SCORM.",
        ),
        (["cmi5.xml"], "The package is not SCORM (it has cmi5.xml and no imsmanifest.xml); export it again as SCORM."),
    ],
)
def test_a_zip_without_manifest_is_answered_with_what_to_do(forge, names, sentence):
    with pytest.raises(ManifestNotFoundError) as caught:
        read(forge(*((name, b"x") for name in names), manifest=False))
    assert caught.value.message == sentence
    assert caught.value.code == "MANIFEST_NOT_FOUND"


def test_something_put_before_the_archive_does_no_harm(forge):
    path = forge(("a.js", b"hello"), prefix=b"#!/bin/sh self-extracting\n" * 100)
    names, _, _ = read(path)
    assert names == ["a.js", "imsmanifest.xml"]


def test_something_between_the_table_of_contents_and_its_end_does_no_harm(forge):
    path = forge(("a.js", b"hello"))
    data = path.read_bytes()
    path.write_bytes(data[:-22] + b"PK\x05\x05" + bytes(20) + data[-22:])
    assert read(path)[0] == ["a.js", "imsmanifest.xml"]


def test_something_after_the_archive_does_no_harm(forge):
    path = forge(("a.js", b"hello"))
    path.write_bytes(path.read_bytes() + b"\r\n--boundary--\r\n")
    assert read(path)[0] == ["a.js", "imsmanifest.xml"]
