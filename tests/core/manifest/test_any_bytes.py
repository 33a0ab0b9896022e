"""Whatever the bytes are: a usable result or a ManifestParseError, the same one every time."""

from __future__ import annotations

from collections.abc import Callable
from xml.sax.saxutils import escape, quoteattr

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from scorm_embed.core.manifest import ManifestLimits, ReadManifest, read_manifest
from scorm_embed.core.manifest.problems import PROBLEM_KINDS
from scorm_embed.core.sequencing.definition import ActivityDefinition
from scorm_embed.core.standard import Standard
from scorm_embed.errors import ManifestParseError

Manifest = Callable[..., str]

quick = settings(
    max_examples=150,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
FILES = ("a.html", "b c.html", "X/y.htm", "index.html")


def attempt(data: bytes, limits: ManifestLimits | None = None) -> ReadManifest | ManifestParseError:
    """The result, or the one error that may be raised."""
    try:
        return read_manifest(data, FILES, limits=limits)
    except ManifestParseError as error:
        return error


def check(data: bytes) -> None:
    """Read, and hold everything that every result promises against it."""
    result = attempt(data)
    if isinstance(result, ManifestParseError):
        assert result.message.endswith((".", "…"))
        assert result.details["problems"][0]["severity"] == "blocks"
        return
    assert result.courses
    assert result.courses[result.default].title == result.title
    for course in result.courses:
        found = list(activities(course.root))
        identifiers = [each.identifier for each in found]
        assert len(identifiers) == len(set(identifiers))
        assert all(identifiers)
        assert all(each.title for each in found)
        assert {each.identifier for each in found if each.deliverable} == set(course.launchables)
        assert not any(each.children for each in found if each.deliverable)
        assert course.launchables
        for identifier, launch in course.launchables.items():
            assert launch.identifier == identifier
            relative = launch.href.lower().startswith(("http://", "https://")) or not launch.href.startswith("/")
            assert relative
            assert launch.href.isascii()
            assert " " not in launch.href
            assert ".." not in launch.href.partition("?")[0].partition("#")[0].split("/")
    for problem in result.problems:
        assert problem.code in PROBLEM_KINDS
        assert len(problem.message) < 1500
    assert read_manifest(data, FILES) == result


def activities(root: ActivityDefinition) -> list[ActivityDefinition]:
    found = [root]
    for each in found:
        found.extend(each.children)
    return found


@quick
@given(st.binary(max_size=2000))
def test_random_bytes(data: bytes) -> None:
    check(data)


@quick
@given(st.text("<>/=\"'& ?![]-abmnifest:;#x0\n\x00é", max_size=300))
def test_random_markup(text: str) -> None:
    check(b"<manifest>" + text.encode() + b"</manifest>")


edits = st.lists(
    st.tuples(st.integers(0, 10_000), st.integers(0, 30), st.binary(max_size=8) | st.sampled_from(
        [b"&", b"<", b">", b'"', b"</item>", b"<item>", b"\x00", b"\xff", b"&nbsp;", b"<!--", b"<![CDATA[", b"xmlns:"]
    )),
    min_size=1,
    max_size=6,
)  # fmt: skip


@quick
@given(standard=st.sampled_from(Standard), changes=edits)
def test_a_sound_manifest_with_pieces_cut_out_and_put_in(
    manifest: Manifest, standard: Standard, changes: list[tuple[int, int, bytes]]
) -> None:
    data = manifest(
        standard,
        more='<item identifier="g"><title>G</title><item identifier="h" identifierref="res"><title>H</title></item>'
        '<imsss:sequencing IDRef="c"/></item>',
    ).encode()
    for position, length, put in changes:
        at = position % (len(data) + 1)
        data = data[:at] + put + data[at + length :]
    check(data)


NAMES = (
    "adlcp:completionThreshold", "adlcp:data", "adlcp:datafromlms", "adlcp:map", "adlcp:masteryscore",
    "adlcp:prerequisites", "adlnav:hideLMSUI", "adlnav:navigationInterface", "adlnav:presentation",
    "adlseq:objectives", "adlseq:rollupConsiderations", "dependency", "file", "imsss:controlMode",
    "imsss:exitConditionRule", "imsss:limitConditions", "imsss:mapInfo", "imsss:minNormalizedMeasure",
    "imsss:objective", "imsss:objectives", "imsss:primaryObjective", "imsss:randomizationControls",
    "imsss:rollupAction", "imsss:rollupCondition", "imsss:rollupConditions", "imsss:rollupRule", "imsss:rollupRules",
    "imsss:ruleAction", "imsss:ruleCondition", "imsss:ruleConditions", "imsss:sequencing",
    "imsss:sequencingCollection", "imsss:sequencingRules", "item", "item", "item", "manifest", "metadata",
    "organization", "organizations", "resource", "resource", "resources", "schemaversion", "title", "undeclared:x",
)  # fmt: skip
KEYS = (
    "ID", "IDRef", "action", "adlcp:scormType", "attemptLimit", "completedByMeasure", "condition", "default", "flow",
    "href", "identifier", "identifierref", "isvisible", "minProgressMeasure", "objectiveID", "parameters",
    "selectCount", "selectionTiming", "targetID", "targetObjectiveID", "type", "xml:base",
)  # fmt: skip
VALUES = (
    "", " ", "a", "b", "org", "res", "true", "maybe", "-1", "0.5", "1e99", "9" * 30, "skip", "exit", "satisfied",
    "once", "sco", "a.html", "./b%20c.html?x#y", "..\\..\\X\\Y.HTM", "file:///c:/a.html", "javascript:1", "//x/y",
    "http://x/", "?a&b", "#t", "c/", "2004 4th Edition", "1.2", "%zz%00%ff",
)  # fmt: skip
HEAD = (
    '<manifest xmlns="http://www.imsglobal.org/xsd/imscp_v1p1" xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_v1p3" '
    'xmlns:adlseq="http://www.adlnet.org/xsd/adlseq_v1p3" xmlns:adlnav="http://www.adlnet.org/xsd/adlnav_v1p3" '
    'xmlns:imsss="http://www.imsglobal.org/xsd/imsss">'
)

attributes = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES), max_size=5).map(
    lambda pairs: "".join(f" {key}={quoteattr(value)}" for key, value in pairs.items())
)
values = st.sampled_from(VALUES).map(escape)


def wrapped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(
        lambda name, given, children: f"<{name}{given}>{''.join(children)}</{name}>",
        st.sampled_from(NAMES),
        attributes,
        st.lists(inner, max_size=5),
    )


trees = st.recursive(values, wrapped, max_leaves=40)


@quick
@given(st.lists(trees, max_size=6), st.lists(trees, max_size=3), st.lists(trees, max_size=3))
def test_the_vocabulary_of_scorm_in_any_order(top: list[str], items: list[str], resources: list[str]) -> None:
    body = (
        f"{''.join(top)}<organizations><organization identifier='org'><item identifierref='res'/>{''.join(items)}"
        f"</organization></organizations><resources><resource identifier='res' href='a.html'/>{''.join(resources)}"
        "</resources>"
    )
    check(f"{HEAD}{body}</manifest>".encode())


@quick
@given(
    st.binary(max_size=400),
    st.builds(ManifestLimits, *[st.integers(1, 300)] * 9),
)
def test_any_limits(manifest: Manifest, noise: bytes, limits: ManifestLimits) -> None:
    for data in (noise, manifest(title="<title>a & b</title>").encode()):
        result = attempt(data, limits)
        assert isinstance(result, ManifestParseError) or result.courses
