"""From hrefs to launch addresses: bases, encodings, repairs against the names in the package, parameters."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scorm_embed.core.manifest import ReadManifest
from scorm_embed.errors import ManifestParseError

Read = Callable[..., ReadManifest]
Codes = Callable[[ReadManifest], list[str]]


def launch(result: ReadManifest) -> str:
    return result.course.launchables["one"].href


@pytest.mark.parametrize(
    ("href", "package", "address", "expected"),
    [
        ("a.html", ["a.html"], "a.html", []),
        ("./a.html", ["a.html"], "a.html", []),
        ("x//a.html", ["x/a.html"], "x/a.html", []),
        ("x/../a.html", ["a.html"], "a.html", []),
        ("  a.html ", ["a.html"], "a.html", []),
        ("my%20page.html", ["my page.html"], "my%20page.html", []),
        ("my page.html", ["my page.html"], "my%20page.html", ["HREF_NOT_ENCODED"]),
        ("my%20page.html", ["my%20page.html"], "my%2520page.html", ["HREF_NOT_ENCODED"]),
        ("café.html", ["café.html"], "caf%C3%A9.html", ["HREF_NOT_ENCODED"]),
        ("caf%C3%A9.html", ["café.html"], "caf%C3%A9.html", []),
        ("caf%E9.html", ["café.html"], "caf%C3%A9.html", []),
        ("cafe\u0301.html", ["café.html"], "caf%C3%A9.html", ["HREF_CASE"]),
        ("100%.html", ["100%.html"], "100%25.html", ["HREF_NOT_ENCODED"]),
        ("C# intro.html", ["C# intro.html"], "C%23%20intro.html", ["HREF_NOT_ENCODED"]),
        ("what?.html", ["what?.html"], "what%3F.html", ["HREF_NOT_ENCODED"]),
        ("a&amp;b=(1)!.html", ["a&b=(1)!.html"], "a&b=(1)!.html", []),
        ("A.HTML", ["a.html"], "a.html", ["HREF_CASE"]),
        ("X\\A.html", ["x/a.html"], "x/a.html", ["HREF_BACKSLASH", "HREF_CASE"]),
        ("/a.html", ["a.html"], "a.html", ["HREF_LEADING_SLASH"]),
        ("a.html?x=1&amp;y=%20#/top", ["a.html"], "a.html?x=1&y=%20#/top", []),
        ("a.html?x=a b#ü", ["a.html"], "a.html?x=a%20b#%C3%BC", []),
        ("a.html?redirect=http://x/y", ["a.html"], "a.html?redirect=http://x/y", []),
        ("a.html#", ["a.html"], "a.html#", []),
        ("content/", ["content/index.html"], "content/index.html", ["LAUNCH_FILE_ELSEWHERE"]),
        ("deep/a.html?b#c", ["web/deep/a.html"], "web/deep/a.html?b#c", ["LAUNCH_FILE_ELSEWHERE"]),
        ("file:///C:/work/x/a.html?q", ["x/a.html"], "x/a.html?q", ["HREF_LOCAL_FILE"]),
        ("C:\\work\\X\\a.html", ["x/a.html"], "x/a.html", ["HREF_LOCAL_FILE", "HREF_BACKSLASH"]),
        ("https://example.org/c?x#y", ["a.html"], "https://example.org/c?x#y", ["HREF_EXTERNAL"]),
        ("HTTP://example.org/a b", ["a.html"], "HTTP://example.org/a%20b", ["HREF_EXTERNAL"]),
        ("//example.org/c", ["a.html"], "https://example.org/c", ["HREF_EXTERNAL"]),
    ],
)
def test_an_href_finds_its_file_however_it_is_written(
    href: str, package: list[str], address: str, expected: list[str], read: Read, codes: Codes
) -> None:
    result = read(resource=f'href="{href}"', files="", package=package)

    assert launch(result) == address
    assert codes(result) == expected


MANY = [f"{number}/x/a.html" for number in range(200)] + ["deep/web/a.html"]


@pytest.mark.parametrize("package", [["A.html", "a.HTML"], ["x/a.html", "y/a.html"], ["b.html"], MANY])
def test_a_file_that_cannot_be_told_is_missing_and_not_guessed(package: list[str], read: Read) -> None:
    with pytest.raises(ManifestParseError) as caught:
        read(resource='href="a.html"', package=package)

    assert caught.value.details["reason"] == "LAUNCH_FILES_MISSING"


def test_without_the_names_of_the_files_nothing_is_checked_against_them(read: Read, codes: Codes) -> None:
    result = read(resource='href="My%20Page.html?x"', files='<file href="none.css"/><file href="My%20Page.html"/>')

    assert launch(result) == "My%20Page.html?x"
    assert codes(result) == []


def test_one_missing_launch_file_blocks_its_item_only(read: Read, codes: Codes) -> None:
    result = read(
        more='<item identifier="two" identifierref="r2"><title>Two</title></item>',
        resources='<resources><resource identifier="res" type="webcontent" adlcp:scormtype="sco" href="a.html"/>'
        '<resource identifier="r2" type="webcontent" adlcp:scormtype="sco" href="b.html"/></resources>',
        package=["a.html"],
    )

    assert result.course.launchables["two"].href == "b.html"
    assert codes(result) == ["LAUNCH_FILE_MISSING"]


@pytest.mark.parametrize(
    ("manifest_base", "resources_base", "resource_base", "address", "expected"),
    [
        ("", "", "", "a.html", []),
        ("c/", "w/", "r/", "c/w/r/a.html", []),
        ("./", "", "r/", "r/a.html", []),
        ("c/", "../w/", "", "w/a.html", []),
        ("c", "", "r", "c/r/a.html", ["XML_BASE_WITHOUT_SLASH", "XML_BASE_WITHOUT_SLASH"]),
        ("c\\", "", "", "c/a.html", []),
        ("c/", "/w/", "", "w/a.html", ["HREF_LEADING_SLASH"]),
        ("my%20c/", "", "", "my%20c/a.html", []),
        ("", "https://example.org/x/", "y/", "https://example.org/x/y/a.html", ["HREF_EXTERNAL"]),
        ("file:///C:/c/", "", "r/", "r/a.html", ["XML_BASE_IGNORED"]),
    ],
)
def test_bases_join_from_the_outside_in(
    manifest_base: str,
    resources_base: str,
    resource_base: str,
    address: str,
    expected: list[str],
    read: Read,
    codes: Codes,
) -> None:
    resource = (
        f'<resource identifier="res" type="webcontent" adlcp:scormtype="sco" href="a.html" xml:base="{resource_base}"/>'
    )
    result = read(
        root=f' xml:base="{manifest_base}"', resources=f'<resources xml:base="{resources_base}">{resource}</resources>'
    )

    assert launch(result) == address
    assert codes(result) == expected


@pytest.mark.parametrize("href", ["", "#", "?x", "/", "./", "..", "%00"])
def test_an_href_that_names_nothing_launches_nothing(href: str, read: Read, codes: Codes) -> None:
    result = read(
        more='<item identifier="two" identifierref="r2"><title>Two</title></item>',
        resources='<resources><resource identifier="res" type="webcontent" adlcp:scormtype="sco" href="a.html"/>'
        f'<resource identifier="r2" type="webcontent" adlcp:scormtype="sco" href="{href}"/></resources>',
    )

    assert list(result.course.launchables) == ["one"]
    assert "RESOURCE_NOT_LAUNCHABLE" in codes(result)


def test_an_href_that_is_too_long_launches_nothing(read: Read) -> None:
    with pytest.raises(ManifestParseError) as caught:
        read(resource=f'href="{"a" * 8001}"', files="")

    assert [problem["code"] for problem in caught.value.details["problems"]][:2] == [
        "NOTHING_TO_LAUNCH",
        "HREF_TOO_LONG",
    ]


def test_bases_hold_for_listed_files_too(read: Read, codes: Codes) -> None:
    result = read(resource='href="a.html" xml:base="w/"', package=["w/a.html", "imsmanifest.xml", "adlcp_rootv1p2.xsd"])

    assert launch(result) == "w/a.html"
    assert codes(result) == []


@pytest.mark.parametrize(
    ("href", "parameters", "address"),
    [
        ("a.html", "", "a.html"),
        ("a.html", "?", "a.html"),
        ("a.html", "&amp;", "a.html"),
        ("a.html", "?&amp;?&amp;x=1", "a.html?x=1"),
        ("a.html", "x=1", "a.html?x=1"),
        ("a.html", "?x=1&amp;y=2", "a.html?x=1&y=2"),
        ("a.html?a=1", "?x=1", "a.html?a=1&x=1"),
        ("a.html", "#top", "a.html#top"),
        ("a.html?a=1", "#top", "a.html?a=1#top"),
        ("a.html#end", "#top", "a.html#end"),
        ("a.html#end", "?x=1", "a.html?x=1#end"),
        ("a.html?a=1#end", "x=1", "a.html?a=1&x=1#end"),
        ("a.html#end", "?x=1#top", "a.html?x=1#end"),
        ("a.html", "?x=1#top", "a.html?x=1#top"),
        ("a.html", "?x=%C3%BC", "a.html?x=%C3%BC"),
        ("a.html", "?x=ü &quot;1&quot;", "a.html?x=%C3%BC%20%221%22"),
        ("https://example.org/a", "?x=1", "https://example.org/a?x=1"),
    ],
)
def test_parameters_join_the_href_where_content_can_see_them(
    href: str, parameters: str, address: str, read: Read
) -> None:
    result = read(
        items=f'<item identifier="one" identifierref="res" parameters="{parameters}"><title>One</title></item>',
        resource=f'href="{href}"',
    )

    assert launch(result) == address


def test_items_share_a_resource_each_with_its_own_parameters(read: Read) -> None:
    item = '<item identifier="{0}" identifierref="res" parameters="?page={0}"><title>{0}</title></item>'
    result = read(items=item.format("one") + item.format("two"))

    assert [each.href for each in result.course.launchables.values()] == ["a.html?page=one", "a.html?page=two"]


def test_a_launch_file_that_another_resource_lists_is_listed(read: Read, codes: Codes) -> None:
    resources = (
        '<resources><resource identifier="res" type="webcontent" adlcp:scormtype="sco" href="a.html?p=1">'
        '<dependency identifierref="common"/></resource>'
        '<resource identifier="common" type="webcontent" adlcp:scormtype="asset"><file href="a.html"/></resource>'
        "</resources>"
    )

    assert codes(read(resources=resources, package=["a.html"])) == []


def test_files_that_only_a_zip_tool_or_a_schema_brings_need_no_listing(read: Read, codes: Codes) -> None:
    package = ["a.html", "imsmanifest.xml", "x.xsd", "lom.dtd", "__MACOSX/._a.html", ".DS_Store", "sub/.hidden"]

    assert codes(read(package=package)) == []
