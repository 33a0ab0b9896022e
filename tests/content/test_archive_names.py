"""Names as authoring tools and operating systems write them, and what they become."""

from __future__ import annotations

import contextlib
import unicodedata
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scorm_embed.content import ArchiveLimits, ArchiveWarning, ArchiveWarningCode, build_blob, read_archive
from scorm_embed.content.names import guess_encoding, is_system_file, manifest_text, safe_path
from scorm_embed.errors import InvalidFileTypeError, PackageError


def read(path):
    """Give the names and the warnings of an archive; the manifest's own name is left out."""
    with path.open("rb") as file:
        archive = read_archive(file, ArchiveLimits())
    return [entry.path for entry in archive.entries if entry.path != "imsmanifest.xml"], archive.warnings


WORDS = {
    "cp437": ["Übung.html", "leçon 1/café.js", "año/niño.html", "größe.css"],
    "cp1252": ["Übung.html", "leçon/été.js", "naïve.html"],
    "cp932": ["日本語.html", "テスト/問題.js", "はじめに.html", "表紙/ソフト.html"],
    "gbk": ["课程.html", "第一章/测试题.js", "中文目录/图片.html"],
    "cp866": ["Урок.html", "Введение/Тест.js", "задание.html"],
    "cp949": ["안녕하세요.html", "과정/문제.js", "시작.html"],
}


@pytest.mark.parametrize("encoding", WORDS)
def test_names_without_the_utf8_flag_are_read_in_the_code_page_that_makes_words(forge, zip_file, encoding):
    names = WORDS[encoding]
    found, warnings = read(forge(*(zip_file(name.encode(encoding), b"x") for name in names)))
    assert found == sorted(names)
    expected = f"The names of {len(names)} files do not say their encoding and were read as {encoding}."
    assert warnings == (ArchiveWarning(ArchiveWarningCode.NAME_ENCODING, expected, names[0]),)


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("cp850", "Åse øver.html"), ("big5", "課程.html"), ("cp1252", "“quoted”.html"), ("cp866", "ёж.html")],
)
def test_the_manifest_decides_where_the_bytes_alone_do_not(forge, zip_file, encoding, name):
    manifest = zip_file("imsmanifest.xml", f'<manifest><file href="{name}"/></manifest>'.encode())
    found, _ = read(forge(manifest, zip_file(name.encode(encoding), b"x"), manifest=False))
    assert found == [name]


@pytest.mark.parametrize(
    "manifest",
    [
        b'<file href="%E8%AA%B2%E7%A8%8B.html"/>',
        b'<file href="&#35506;&#31243;.html"/>',
        "\ufeff<file href='課程.html'/>".encode(),
        "<file href='課程.html'/>".encode("utf-16"),
        "<?xml version='1.0' encoding='big5'?><file href='課程.html'/>".encode("big5"),
    ],
)
def test_the_manifest_is_a_witness_in_any_encoding_and_escaping(forge, zip_file, manifest):
    files = (zip_file("imsmanifest.xml", manifest), zip_file("課程.html".encode("big5"), b"x"))
    assert read(forge(*files, manifest=False))[0] == ["課程.html"]


def test_a_manifest_in_an_unknown_encoding_is_still_text():
    assert "<file" in manifest_text(b"<?xml version='1.0' encoding='klingon'?><file href='\xe9'/>")
    assert "é" in manifest_text(b"<file href='\xe9'/>")


def test_names_that_are_utf8_without_saying_so_need_no_warning_code_page(forge, zip_file):
    found, warnings = read(forge(zip_file("日本語.html".encode(), b"x"), zip_file("é.js".encode(), b"x")))
    assert found == ["é.js", "日本語.html"]
    assert warnings == ()


def test_a_name_that_says_it_is_utf8_and_is_not_is_read_like_one_that_says_nothing(forge, zip_file):
    found, _ = read(forge(zip_file("Übung.html".encode("cp437"), b"x", flags=0x800)))
    assert found == ["Übung.html"]


def test_the_unicode_path_field_wins_over_the_name_when_it_belongs_to_it(forge, zip_file):
    good = zip_file(b"?bung.html", b"x", unicode_path="Übung.html".encode())
    broken = zip_file(b"other.html", b"x", unicode_path=b"\xff\xfe")
    assert read(forge(good, broken))[0] == ["other.html", "Übung.html"]


def test_a_unicode_path_of_another_name_is_ignored(forge, zip_file):
    data = bytearray(forge(zip_file(b"a.html", b"x", unicode_path=b"evil.html")).read_bytes())
    while (place := data.find(b"a.html")) >= 0:
        data[place : place + 1] = b"b"
    path = forge.folder / "stale.zip"
    path.write_bytes(data)
    assert read(path)[0] == ["b.html"]


def test_a_backslash_byte_inside_a_shift_jis_character_is_no_separator(forge, zip_file):
    found, warnings = read(forge(zip_file("表示\\ソース.html".encode("cp932"), b"x")))
    assert found == ["表示/ソース.html"]
    assert [warning.code for warning in warnings] == ["NAME_BACKSLASH", "NAME_ENCODING"]


def test_backslashes_become_folders_with_one_warning_for_all(forge):
    found, warnings = read(forge(("a\\b.js", b"x"), ("a\\c\\d.js", b"x"), ("plain.js", b"x")))
    assert found == ["a/b.js", "a/c/d.js", "plain.js"]
    assert warnings == (
        ArchiveWarning(
            ArchiveWarningCode.NAME_BACKSLASH,
            "The names of 2 files have \\ where the zip format has / between folders; they were read so.",
            "a\\b.js",
        ),
    )


def test_decomposed_names_of_macos_become_composed(forge):
    assert read(forge((unicodedata.normalize("NFD", "é/Ä.html"), b"x")))[0] == ["é/Ä.html"]


def test_dots_and_doubled_slashes_are_tidied(forge):
    assert read(forge(("./a//b/./c.js", b"x"), (".hidden/...js", b"y")))[0] == [".hidden/...js", "a/b/c.js"]


def test_names_with_percent_signs_stay_as_they_are(forge):
    assert read(forge(("a%20b.js", b"x"), ("100%.js", b"x"), ("a%2Fb.js", b"x")))[0] == [
        "100%.js",
        "a%20b.js",
        "a%2Fb.js",
    ]


def test_folders_are_no_files(forge, zip_file):
    folder_by_mode = zip_file("f", b"", mode=0o040755)
    assert read(forge(("a/", b""), ("b\\", b""), folder_by_mode, ("c/.", b""), ("./", b""), ("d", b"x")))[0] == ["d"]


def test_what_operating_systems_leave_behind_is_ignored(forge):
    rubbish = ["__MACOSX/._a.js", "a/__MACOSX/x", ".DS_Store", "a/.ds_store", "Thumbs.db", "a/thumbs.DB", "a/._b.js"]
    found, warnings = read(forge(*((name, b"x") for name in rubbish), ("a/b.js", b"x")))
    assert found == ["a/b.js"]
    assert warnings == ()
    assert not is_system_file("a/DS_Store")
    assert not is_system_file("MACOSX/_b.js")


def test_of_two_files_with_one_name_the_last_is_used_with_a_warning(forge):
    path = forge(("a.js", b"first"), ("b.js", b"x"), (".\\a.js", b"last!!"))
    with path.open("rb") as file:
        archive = read_archive(file, ArchiveLimits())
    assert [(entry.path, entry.size) for entry in archive.entries][:2] == [("a.js", 6), ("b.js", 1)]
    assert [(warning.code, warning.path) for warning in archive.warnings if warning.code != "NAME_BACKSLASH"] == [
        ("DUPLICATE_NAME", "a.js")
    ]


def test_names_that_differ_only_in_case_are_kept_with_a_warning(forge):
    found, warnings = read(forge(("A.js", b"x"), ("a.js", b"y")))
    assert found == ["A.js", "a.js"]
    assert [(warning.code, warning.path) for warning in warnings] == [("CASE_DUPLICATE", "a.js")]
    assert '"A.js"' in warnings[0].message


def test_many_warnings_of_one_kind_are_bounded(forge):
    files = [(name, b"") for number in range(50) for name in (f"{number:02}.js", f"{number:02}.JS")]
    _, warnings = read(forge(*files))
    assert len(warnings) == 21
    assert warnings[-1].message == "The same is true of 30 more files."


def test_guessing_falls_back_to_the_zip_formats_own_code_page():
    assert guess_encoding([b"\x81"], "") == "cp437"


def check_is_safe(path):
    """Assert what every path of an accepted archive has."""
    assert not path.startswith("/")
    assert "\\" not in path
    assert all(part not in ("", ".", "..") for part in path.removesuffix("/").split("/")) or path == ""
    assert all(unicodedata.category(character) not in ("Cc", "Cs") for character in path)
    assert path == unicodedata.normalize("NFC", path)


NASTY = st.text(st.one_of(st.sampled_from("./\\:%2eEfFcC5;~ \0\n"), st.characters(max_codepoint=0x2FFF)), max_size=40)


@given(NASTY)
def test_any_name_becomes_a_safe_path_or_is_refused(name):
    try:
        path = safe_path(name, chars_max=1000, depth_max=64)
    except InvalidFileTypeError as error:
        refusal = error.message
    else:
        check_is_safe(path)
        assert safe_path(path, chars_max=1000, depth_max=64) == path
        return
    assert refusal.isascii()
    assert refusal.isprintable()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(st.binary(max_size=24), max_size=6))
def test_any_bytes_as_names_give_safe_paths_or_one_refusal(forge, zip_file, raw_names):
    path = forge(*(zip_file(raw, b"x") for raw in raw_names))
    with contextlib.suppress(InvalidFileTypeError):
        for name in read(path)[0]:
            check_is_safe(name)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.data())
def test_any_damage_to_an_archive_is_answered_with_a_package_error_or_not_noticed(forge, zip_file, data):
    good = forge(zip_file("a.js", b"var a;" * 50, deflate=True), zip_file("é.html".encode("cp437"), b"y")).read_bytes()
    damaged = bytearray(good)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    path = forge.folder / "damaged.zip"
    path.write_bytes(damaged)
    target = forge.folder / "damaged.blob"
    try:
        build_blob(path, target)
    except PackageError:
        assert not target.exists()
    else:
        with zipfile.ZipFile(target) as archive:
            assert archive.testzip() is None


@pytest.mark.parametrize("codec", ["punycode", "idna", "zlib", "hex", "unicode_escape", "rot13", "undefined"])
def test_a_manifest_cannot_choose_a_codec_that_is_no_character_set(codec):
    data = f"<?xml version='1.0' encoding='{codec}'?>".encode() + b"\xe9" * 1_000_000
    assert manifest_text(data).endswith("é" * 1000)


def test_a_manifest_made_to_be_slow_does_not_slow_the_guessing(forge, zip_file):
    slow = ("\u0301\u0323" * 400_000).encode() + b"\xff"
    names = [zip_file(f"é{number}.js".encode("cp437"), b"") for number in range(3_000)]
    found, _ = read(forge(zip_file("imsmanifest.xml", slow), *names, manifest=False))
    assert len(found) == 3_000
    assert found[-1].startswith("é")
