"""Manifests made to hurt the reader: each is named after what it tries."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from scorm_embed.core.manifest import ManifestLimits, ReadManifest, read_manifest
from scorm_embed.core.sequencing.definition import ActivityDefinition
from scorm_embed.errors import ManifestParseError

Read = Callable[..., ReadManifest]
Manifest = Callable[..., str]


def within(seconds: float, call: Callable[[], Any]) -> Any:
    """Run a call that has to stay quick: the bound, in seconds of computing, is many times what it takes."""
    start = time.process_time()
    try:
        return call()
    finally:
        assert time.process_time() - start < seconds


def test_billion_laughs_expand_to_nothing(read: Read) -> None:
    entities = '<!ENTITY l0 "ha">' + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 30))
    result = within(2, lambda: read(declaration=f"<!DOCTYPE manifest [{entities}]>", title="<title>&l29;</title>"))

    assert result.title == "&l29;"


def test_quadratic_blowup_expands_to_nothing(read: Read) -> None:
    big = "A" * 50_000
    result = within(
        2, lambda: read(declaration=f'<!DOCTYPE m [<!ENTITY a "{big}">]>', title=f"<title>{'&a;' * 5000}</title>")
    )

    assert result.title == "&a;" * 5000


@pytest.mark.parametrize(
    "subset",
    [
        '<!ENTITY x SYSTEM "file:///etc/passwd">',
        '<!ENTITY x SYSTEM "http://169.254.169.254/latest">',
        '<!ENTITY % p SYSTEM "http://example.org/evil.dtd"> %p;',
        '<!ENTITY x PUBLIC "a" "file:///etc/passwd">',
    ],
)
def test_external_entities_are_never_looked_at(subset: str, read: Read) -> None:
    result = read(declaration=f"<!DOCTYPE m [{subset}]>", title="<title>a &x; b</title>")

    assert result.title == "a &x; b"


def test_an_external_dtd_is_ignored(read: Read) -> None:
    result = read(declaration='<!DOCTYPE manifest PUBLIC "-//X//EN" "http://example.org/x.dtd">')

    assert [problem.code for problem in result.problems] == ["DOCTYPE_IGNORED"]


def test_a_default_attribute_of_a_dtd_does_not_reach_the_manifest(read: Read) -> None:
    result = read(
        declaration='<!DOCTYPE m [<!ATTLIST item isvisible CDATA "false">]>',
    )

    assert result.course.root.children[0].visible is True


@pytest.mark.parametrize(
    "data",
    [
        b"<manifest>" * 200_000,
        b"<a " * 300_000,
        b"<a b='" * 300_000,
        b'<a b="' * 300_001,
        b"<manifest>" + b"&" * 1_000_000,
        b"<manifest>" + b"<" * 1_000_000,
        b"<manifest " + b"a " * 500_000,
        b"<manifest a=" + b" " * 1_000_000,
        b"<manifest>" + b"<!--" * 300_000,
        b"<manifest>" + b"<![CDATA[" * 100_000,
        b"<manifest>" + b"<?" * 500_000,
        b"<!DOCTYPE " + b"[" * 500_000,
        b"<!DOCTYPE " + b"'" * 500_001,
        b"</manifest>" * 100_000,
    ],
    ids=lambda data: data[:24].decode(),
)
def test_broken_markup_in_bulk_is_refused_quickly(data: bytes) -> None:
    def refused() -> None:
        with pytest.raises(ManifestParseError):
            read_manifest(data, ())

    within(8, refused)


def test_more_repairs_than_the_limit_are_not_made(manifest: Manifest) -> None:
    data = manifest(title="<title>a & b & c</title>").encode()

    assert read_manifest(data, (), limits=ManifestLimits(repairs_max=2)).title == "a & b & c"
    with pytest.raises(ManifestParseError) as caught:
        read_manifest(data, (), limits=ManifestLimits(repairs_max=1))
    assert (caught.value.details["reason"], caught.value.details["line"]) == ("NOT_XML", 4)


def nested_items(depth: int) -> str:
    inner = "<title>t</title>"
    opening = "".join(f'<item identifier="i{n}"><title>t</title>' for n in range(depth - 1))
    return f'{opening}<item identifier="leaf" identifierref="res">{inner}</item>{"</item>" * (depth - 1)}'


def test_nesting_is_bounded_at_the_limit(read: Read) -> None:
    # manifest, organizations, organization and the title in the last item take four of the levels.
    limit = ManifestLimits().depth_max

    root = read(items=nested_items(limit - 4)).course.root
    assert depth_of(root) == limit - 3
    with pytest.raises(ManifestParseError, match=f"limit of {limit} levels"):
        read(items=nested_items(limit - 3))


def depth_of(activity: ActivityDefinition) -> int:
    return 1 + max((depth_of(child) for child in activity.children), default=0)


@pytest.mark.parametrize(
    ("limits", "fits", "too_much"),
    [
        ({"elements_max": 12}, {}, {"files": '<file href="a.html"/><file href="b.html"/>'}),
        ({"attributes_max": 4}, {}, {"resource": 'href="a.html" xml:base=""'}),
        ({"text_length_max": 60}, {"title": f"<title>{'x' * 60}</title>"}, {"title": f"<title>{'x' * 61}</title>"}),
        (
            {"text_length_max": 60},
            {"resource": f'href="{"x" * 55}.html"'},
            {"resource": f'href="{"x" * 56}.html"'},
        ),
    ],
    ids=["elements", "attributes", "text", "attribute"],
)
def test_sizes_are_bounded_at_the_limit(
    limits: dict[str, int], fits: dict[str, str], too_much: dict[str, str], manifest: Manifest
) -> None:
    bounds = ManifestLimits(**limits)

    assert read_manifest(manifest(**fits).encode(), (), limits=bounds).course.launchables
    with pytest.raises(ManifestParseError) as caught:
        read_manifest(manifest(**too_much).encode(), (), limits=bounds)
    assert caught.value.details["reason"] == "MANIFEST_TOO_LARGE"


def test_the_size_in_bytes_is_bounded_at_the_limit(manifest: Manifest) -> None:
    data = manifest().encode()

    assert read_manifest(data, (), limits=ManifestLimits(manifest_bytes_max=len(data))).courses
    with pytest.raises(ManifestParseError):
        read_manifest(data, (), limits=ManifestLimits(manifest_bytes_max=len(data) - 1))


def test_the_number_of_activities_is_bounded_at_the_limit(manifest: Manifest) -> None:
    items = "".join(f'<item identifier="i{n}" identifierref="res"><title>t</title></item>' for n in range(4))
    data = manifest(items=items).encode()

    assert len(read_manifest(data, (), limits=ManifestLimits(activities_max=4)).course.root.children) == 4
    assert len(read_manifest(data, (), limits=ManifestLimits(activities_max=3)).course.root.children) == 3


def test_manifests_that_graft_each_other_twice_do_not_grow_without_bound(read: Read) -> None:
    def nested(name: str, target: str) -> str:
        two = "".join(f'<item identifier="{name}{n}" identifierref="{target}"/>' for n in "ab")
        return (
            f'<manifest identifier="{name}"><organizations><organization identifier="o{name}">{two}</organization>'
            "</organizations></manifest>"
        )

    chain = "".join(nested(f"s{n}", f"s{n + 1}") for n in range(40)) + nested("s40", "res")
    result = within(
        20, lambda: read(items='<item identifier="x" identifierref="s0"><title>X</title></item>', end=chain)
    )

    assert "ITEMS_TOO_MANY" in [problem.code for problem in result.problems]
    assert len(result.course.launchables) <= ManifestLimits().activities_max


def test_a_long_chain_of_grafted_manifests_does_not_exhaust_the_stack(read: Read) -> None:
    def nested(name: str, target: str) -> str:
        return (
            f'<manifest identifier="{name}"><organizations><organization identifier="o{name}">'
            f'<item identifier="{name}a" identifierref="{target}"/></organization></organizations></manifest>'
        )

    chain = "".join(nested(f"s{n}", f"s{n + 1}") for n in range(2000)) + nested("s2000", "res")
    more = '<item identifier="x" identifierref="s0"><title>X</title></item>'

    assert "ITEMS_TOO_DEEP" in [problem.code for problem in read(more=more, end=chain).problems]


def test_thousands_of_dangling_references_are_refused_quickly(read: Read) -> None:
    items = "".join(f'<item identifier="i{n}" identifierref="gone{n}"/>' for n in range(10_000))
    resources = "".join(f'<resource identifier="r{n}" type="webcontent"/>' for n in range(10_000))

    def refused() -> None:
        with pytest.raises(ManifestParseError) as caught:
            read(items=items, resources=f"<resources>{resources}</resources>")
        assert caught.value.details["reason"] == "NOTHING_TO_LAUNCH"
        assert len(caught.value.details["problems"]) < 200

    within(10, refused)


def test_thousands_of_equal_identifiers_become_different_ones_quickly(read: Read) -> None:
    items = '<item identifier="same" identifierref="res"><title>t</title></item>' * 10_000

    result = within(10, lambda: read(items=items))

    assert len(result.course.launchables) == 10_000


@pytest.mark.parametrize(
    "href",
    [
        "javascript:alert(1)",
        " javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "mailto:a@example.org",
        "about:blank",
    ],
)
def test_an_href_that_is_no_address_of_content_is_never_launched(href: str, read: Read) -> None:
    with pytest.raises(ManifestParseError) as caught:
        read(resource=f'href="{href}"', files="")

    assert caught.value.details["reason"] == "NOTHING_TO_LAUNCH"


@pytest.mark.parametrize(
    ("href", "address"),
    [
        ("../../../etc/passwd", "etc/passwd"),
        ("..%2f..%2fetc/passwd", "etc/passwd"),
        ("%2e%2e/%2e%2e/a.html", "a.html"),
        ("..\\..\\a.html", "a.html"),
        ("%5c..%5ca.html", "a.html"),
        ("//a.html//b.html", "https://a.html//b.html"),
        ("/////etc/passwd", "etc/passwd"),
        ("x/%00/a.html", "x/a.html"),
        ("java\nscript:alert(1)", "java%20script%3Aalert%281%29"),
        ("./javascript:alert(1)", "javascript%3Aalert%281%29"),
    ],
)
def test_an_href_cannot_lead_out_of_the_package(href: str, address: str, read: Read) -> None:
    launch = read(resource=f'href="{href}"').course.launchables["one"]

    assert launch.href.replace("(", "%28").replace(")", "%29") == address


def test_a_file_that_is_called_like_a_script_address_is_launched_as_a_file(read: Read) -> None:
    result = read(resource='href="javascript:alert(1)"', package=["javascript:alert(1)"], files="")

    assert result.course.launchables["one"].href == "javascript%3Aalert(1)"
