"""Encodings and broken markup: what the author meant comes out, with lines that still fit the file."""

from __future__ import annotations

import codecs
from collections.abc import Callable

import pytest

from scorm_embed.core.manifest import ReadManifest, read_manifest
from scorm_embed.errors import ManifestParseError

Read = Callable[..., ReadManifest]
Codes = Callable[[ReadManifest], list[str]]
Manifest = Callable[..., str]


def declared(name: str) -> str:
    return f'<?xml version="1.0" encoding="{name}"?>\n'


@pytest.mark.parametrize(
    ("declaration", "encoding", "mark", "expected"),
    [
        ("utf-8", "utf-8", b"", []),
        ("utf-8", "utf-8", codecs.BOM_UTF8, []),
        ("utf-16", "utf-16-le", codecs.BOM_UTF16_LE, []),
        ("utf-16", "utf-16-be", codecs.BOM_UTF16_BE, []),
        ("utf-32", "utf-32-le", codecs.BOM_UTF32_LE, []),
        ("utf-16", "utf-16-le", b"", []),
        ("utf-16", "utf-16-be", b"", []),
        ("ISO-8859-1", "latin-1", b"", []),
        ("windows-1252", "cp1252", b"", []),
        ("utf-8", "cp1252", b"", ["ENCODING_MISMATCH"]),
        ("utf-16", "utf-8", b"", ["ENCODING_MISMATCH"]),
        ("us-ascii", "utf-8", b"", ["ENCODING_MISMATCH"]),
        ("ISO-8859-1", "utf-8", b"", ["ENCODING_MISMATCH"]),
        ("windows-1252", "utf-8", b"", ["ENCODING_MISMATCH"]),
        ("utf8mb4", "utf-8", b"", ["ENCODING_UNKNOWN"]),
        ("punycode", "utf-8", b"", ["ENCODING_UNKNOWN"]),
        ("hex", "utf-8", b"", ["ENCODING_UNKNOWN"]),
        ("utf-8", "cp1252", codecs.BOM_UTF8, ["ENCODING_MISMATCH"]),
    ],
)
def test_the_title_survives_every_encoding_and_every_lie_about_it(
    declaration: str, encoding: str, mark: bytes, expected: list[str], manifest: Manifest, codes: Codes
) -> None:
    text = manifest(declaration=declared(declaration), title="<title>Café à la crème</title>")

    result = read_manifest(mark + text.encode(encoding), ())

    assert result.title == "Café à la crème"
    assert codes(result) == expected


@pytest.mark.parametrize(
    ("name", "title"), [("shift_jis", "船の授業"), ("gb2312", "航行课程"), ("windows-1251", "Лодки"), ("euc-kr", "배")]
)
def test_encodings_of_other_scripts_are_read_as_declared(name: str, title: str, manifest: Manifest) -> None:
    text = manifest(declaration=declared(name), title=f"<title>{title}</title>")

    assert read_manifest(text.encode(name), ()).title == title


def test_smart_quotes_in_a_latin_1_file_are_those_of_windows(manifest: Manifest, codes: Codes) -> None:
    text = manifest(declaration=declared("ISO-8859-1"), title="<title>“Boats”</title>")

    result = read_manifest(text.encode("cp1252"), ())

    assert result.title == "“Boats”"
    assert codes(result) == ["ENCODING_MISMATCH"]


def test_bytes_that_are_in_no_encoding_are_still_read(manifest: Manifest) -> None:
    data = manifest(title="<title>A\udc81B</title>").encode("utf-8", "surrogateescape")

    assert read_manifest(data, ()).title == "A\x81B"


@pytest.mark.parametrize(
    ("title", "shown", "expected"),
    [
        ("Sail & Oar", "Sail & Oar", ["BARE_AMPERSAND"]),
        ("Sail &amp; Oar", "Sail & Oar", []),
        ("Sail &oar", "Sail &oar", ["BARE_AMPERSAND"]),
        ("A&nbsp;B &ndash; C", "A\u00a0B – C", ["HTML_ENTITY", "HTML_ENTITY"]),
        ("&hearts; &amp;amp; & &#x26; &#38;", "♥ &amp; & & &", ["HTML_ENTITY", "BARE_AMPERSAND"]),
        ("&LT;b&GT; &", "<b> &", ["HTML_ENTITY", "HTML_ENTITY", "BARE_AMPERSAND"]),
        ("&unheardof;", "&unheardof;", ["ENTITY_UNKNOWN"]),
        ("a < b", "a < b", ["BARE_LESS_THAN"]),
        ("a <3 b", "a <3 b", ["BARE_LESS_THAN"]),
        ("nul\x00 and bell\x07", "nul and bell", ["CONTROL_CHARACTER"]),
        ("&#0;x&#7;y", "xy", ["CONTROL_CHARACTER", "CONTROL_CHARACTER"]),
        ("<![CDATA[Sail & <b>Oar</b>]]>", "Sail & <b>Oar</b>", []),
        ("<![CDATA[A & B]]> & C", "A & B & C", ["BARE_AMPERSAND"]),
        ("x ]]> y", "x ]]> y", []),
        ("<!-- a -- b -->Boats", "Boats", []),
        ("<?php echo 1 ?>Boats", "Boats", []),
    ],
)
def test_text_that_is_no_xml_comes_out_as_its_author_meant_it(
    title: str, shown: str, expected: list[str], read: Read, codes: Codes
) -> None:
    result = read(title=f"<title>{title}</title>")

    assert result.title == shown
    assert codes(result) == expected


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ('identifier="a&b" identifierref="res"', ["IDENTIFIER_NOT_A_NAME", "BARE_AMPERSAND"]),
        ("identifier='a' identifierref='res' isvisible=true", ["ATTRIBUTE_MALFORMED"]),
        ('identifier="a"identifierref="res"', []),
        ('identifier="a" identifierref="res" checked', ["ATTRIBUTE_MALFORMED"]),
        ('identifier="a" identifierref="res" parameters="a<b"', ["BARE_LESS_THAN"]),
        ('identifier="a" identifierref="res" identifierref="zzz"', ["ATTRIBUTE_TWICE"]),
    ],
)
def test_malformed_attributes_are_read(attributes: str, expected: list[str], read: Read, codes: Codes) -> None:
    result = read(items=f"<item {attributes}><title>One</title></item>")

    assert sorted(codes(result)) == sorted(expected)
    assert [launch.href.partition("?")[0] for launch in result.course.launchables.values()] == ["a.html"]


@pytest.mark.parametrize(
    ("prolog", "expected"),
    [
        ("<?one two?>\n<!-- three -->", []),
        ("<!-- a -- b --><?one?>", []),
        ("stray <!-- three -->", ["LEADING_TEXT"]),
        ("<!-- a -->stray", ["LEADING_TEXT"]),
        ("<!DOCTYPE m [<!-- ] > ' -->\n<?pi?><!ENTITY a '>]'>]>", ["DOCTYPE_IGNORED"]),
        ('<!doctype manifest PUBLIC ">" "[">', ["DOCTYPE_IGNORED"]),
        ("\ufeff\ufeff", []),
    ],
)
def test_whatever_stands_before_the_manifest_does_not_hide_it(
    prolog: str, expected: list[str], read: Read, codes: Codes
) -> None:
    result = read(declaration=prolog)

    assert result.title == "Boats"
    assert codes(result) == expected


def test_lines_are_those_of_the_file_after_repairs(read: Read) -> None:
    text = '<!DOCTYPE x [\n<!ENTITY a "b">\n]>\n<!-- one\ntwo -- three -->\n'
    result = read(
        declaration="\n\n" + '<?xml version="1.0"\n?>' + text,
        title="<title>\n\nBoats & more</title>",
        items='<item\n\nidentifierref="res"><title>One</title></item>',
    )

    lines = {problem.code: problem.line for problem in result.problems}
    assert lines == {
        "LEADING_TEXT": 1,
        "DOCTYPE_IGNORED": 4,
        "BARE_AMPERSAND": 11,
        "IDENTIFIER_MISSING": 13,
    }


def test_an_undeclared_prefix_is_understood_by_its_usual_meaning(read: Read, codes: Codes) -> None:
    result = read(
        namespaces='xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2"',
        items='<item identifier="one" identifierref="res"><title>One</title>'
        "<adlcp:masteryscore>80</adlcp:masteryscore></item>",
    )

    assert result.course.launchables["one"].mastery_score == "80"
    assert codes(result) == ["PREFIX_UNDECLARED"]


@pytest.mark.parametrize(
    ("namespaces", "unofficial"),
    [
        (
            'xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2" xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_v1p2"',
            1,
        ),
        ('xmlns="http://www.imsproject.org/content" xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2"', 1),
        ('xmlns="http://www.imsglobal.org/xsd/imscp_v1p1p4" xmlns:adlcp="http://www.adlnet.org/xsd/ADLCP_rootv1p2"', 2),
        ('xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2"', 0),
    ],
)
def test_namespaces_in_all_their_spellings_are_those_of_scorm(
    namespaces: str, unofficial: int, read: Read, codes: Codes
) -> None:
    result = read(
        namespaces=namespaces,
        items='<item identifier="one" identifierref="res"><title>One</title>'
        "<adlcp:datafromlms> a b </adlcp:datafromlms></item>",
    )

    assert result.course.launchables["one"].launch_data == " a b "
    assert codes(result) == ["NAMESPACE_UNKNOWN"] * unofficial


def test_names_are_resolved_by_address_and_not_by_prefix(manifest: Manifest, codes: Codes) -> None:
    text = manifest(namespaces='xmlns:ims="http://www.imsproject.org/xsd/imscp_rootv1p1p2" xmlns:x="urn:vendor"')
    for name in ("manifest", "organization", "organizations", "item", "title", "resources", "resource", "metadata"):
        text = text.replace(f"<{name} ", f"<ims:{name} ").replace(f"<{name}>", f"<ims:{name}>")
        text = text.replace(f"</{name}>", f"</ims:{name}>")
    text = text.replace("<ims:item ", '<x:item identifier="vendor"/><ims:item ').replace(
        'adlcp:scormtype="sco"', 'xmlns:q="http://www.adlnet.org/xsd/adlcp_rootv1p2" q:scormtype="asset" x:href="no"'
    )

    result = read_manifest(text.encode(), ())

    assert [child.identifier for child in result.course.root.children] == ["one"]
    assert result.course.launchables["one"].sco is False
    assert codes(result) == []


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        (b"hello", 1, "no element was found"),
        (b"PK\x03\x04\x00\x00", 1, "no element was found"),
        (b"<!-- only\na comment -->\n", 3, "no element found"),
        (b"<manifest>\n<organizations>\n</manifest>", 3, "<organizations>, opened in line 2"),
        (b"<manifest>\n<organizations>\n", 3, "ends too early (the element <organizations>, opened in line 2"),
        (b"<manifest><![CDATA[ </manifest>", 1, "CDATA"),
        (b"<!DOCTYPE x [ <!ENTITY a 'b'> <manifest/>", 1, "document type declaration does not end"),
        (b"<!-- ", 1, "unclosed token"),
        (b"<!DOCTYPE x [<!-- ]><manifest/>", 1, "document type declaration does not end"),
        (b"<!DOCTYPE x 'y><manifest/>", 1, "unclosed token"),
    ],
)
def test_what_is_no_xml_is_refused_with_the_line_and_the_open_element(data: bytes, line: int, reason: str) -> None:
    with pytest.raises(ManifestParseError) as caught:
        read_manifest(data, ())

    assert caught.value.details["reason"] == "NOT_XML"
    assert caught.value.details["line"] == line
    assert reason in caught.value.message
