"""One manifest for every problem that exists, so that no code is dead and each has its place and severity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest

from scorm_embed.core.manifest import ManifestLimits, Severity, read_manifest
from scorm_embed.core.manifest.problems import PROBLEM_KINDS, SAME_CODE_MAX
from scorm_embed.core.standard import Standard
from scorm_embed.errors import ManifestParseError

S12, S3, S4 = Standard.SCORM_12, Standard.SCORM_2004_3RD, Standard.SCORM_2004_4TH
BLOCKS, HURTS, UNTIDY = Severity.BLOCKS, Severity.HURTS, Severity.UNTIDY


@dataclass(frozen=True)
class Case:
    """Parts of a manifest that show one problem."""

    severity: Severity
    line: int | None
    parts: dict[str, Any] = field(default_factory=dict)
    standard: Standard = S12
    package: Sequence[str] = ()
    change: tuple[str, str] | None = None
    raw: bytes | None = None
    limits: ManifestLimits | None = None
    text: str = ""
    """Must be in the message."""


def item(inner: str = "", attributes: str = 'identifier="one" identifierref="res"') -> dict[str, str]:
    return {"items": f"<item {attributes}><title>One</title>{inner}</item>"}


def sequencing(inner: str) -> dict[str, str]:
    return item(f"<imsss:sequencing>{inner}</imsss:sequencing>")


RULE = (
    "<imsss:sequencingRules><imsss:preConditionRule><imsss:ruleConditions>{condition}</imsss:ruleConditions>"
    '<imsss:ruleAction action="{action}"/></imsss:preConditionRule></imsss:sequencingRules>'
)
TWO_ORGANIZATIONS = (
    '<organizations{default}><organization identifier="x"><title>X</title></organization>'
    '<organization identifier="org"><title>Boats</title><item identifier="one" identifierref="res"><title>One</title>'
    "</item></organization></organizations>"
)
NESTED = (
    '<manifest identifier="sub"><organizations><organization identifier="so"><title>S</title>'
    '<item identifier="s1" identifierref="{target}"><title>S1</title></item></organization></organizations></manifest>'
)


def chain_of_manifests(*names: str) -> list[str]:
    """Each nested manifest refers to the next, the last to a resource: deep as a tree, flat as a document."""
    return [
        NESTED.replace('"sub"', f'"{name}"').replace('"s1"', f'"{name}1"').format(target=target)
        for name, target in pairwise(names)
    ]


FATAL = {
    "MANIFEST_EMPTY": Case(BLOCKS, 1, raw=b" \n\t"),
    "MANIFEST_TOO_LARGE": Case(BLOCKS, None, limits=ManifestLimits(manifest_bytes_max=10), text="10 bytes"),
    "NOT_XML": Case(BLOCKS, 2, raw=b"<manifest>\n</organization>", text="<manifest>, opened in line 1"),
    "NOT_A_MANIFEST": Case(BLOCKS, 2, raw=b"\n<html/>", text="<html>"),
    "NOTHING_TO_LAUNCH": Case(BLOCKS, None, {"resources": "<resources/>"}),
    "LAUNCH_FILES_MISSING": Case(BLOCKS, None, package=["b.html"], text="'a.html'"),
}

REPAIRED = {
    "ENCODING_MISMATCH": Case(UNTIDY, 1, raw=b"\xe9", text="read as Windows-1252"),
    "ENCODING_UNKNOWN": Case(UNTIDY, 1, {"declaration": '<?xml version="1.0" encoding="martian"?>'}, text="martian"),
    "LEADING_TEXT": Case(UNTIDY, 1, {"declaration": '\n<?xml version="1.0"?>'}),
    "TRAILING_TEXT": Case(UNTIDY, 7, change=("</manifest>", "</manifest>\n<more/>")),
    "DOCTYPE_IGNORED": Case(UNTIDY, 1, {"declaration": '<!DOCTYPE manifest SYSTEM "http://example.org/x.dtd">'}),
    "BARE_AMPERSAND": Case(UNTIDY, 4, {"title": "<title>Sail & Oar</title>"}),
    "BARE_LESS_THAN": Case(UNTIDY, 4, {"title": "<title>5 < 6</title>"}),
    "HTML_ENTITY": Case(UNTIDY, 4, {"title": "<title>Caf&eacute;</title>"}, text="&eacute;"),
    "ENTITY_UNKNOWN": Case(UNTIDY, 4, {"title": "<title>&boat;</title>"}, text="&boat;"),
    "CONTROL_CHARACTER": Case(UNTIDY, 4, {"title": "<title>B\x07oats</title>"}),
    "ATTRIBUTE_MALFORMED": Case(UNTIDY, 4, item(attributes='identifier=one identifierref="res"'), text='"one"'),
    "ATTRIBUTE_TWICE": Case(UNTIDY, 4, item(attributes='identifier="one" identifier="two" identifierref="res"')),
    "PREFIX_UNDECLARED": Case(UNTIDY, 5, {"namespaces": ""}, text="xmlns:adlcp"),
    "NAMESPACE_UNKNOWN": Case(UNTIDY, 2, {"namespaces": 'xmlns="urn:boats" xmlns:adlcp="urn:adl"'}, text="urn:boats"),
    "NAME_MISSPELT": Case(UNTIDY, 4, item(attributes='Identifier="one" identifierref="res"'), text="'identifier'"),
    "SPELLING_OF_OTHER_STANDARD": Case(UNTIDY, 5, {"kind": 'adlcp:scormType="sco"'}, text="'scormtype'"),
    "VERSION_MISSING": Case(UNTIDY, 2, {"metadata": ""}, text="SCORM 1.2"),
    "VERSION_UNKNOWN": Case(
        UNTIDY, 3, {"metadata": "<metadata><schemaversion>9.9</schemaversion></metadata>"}, text="'9.9'"
    ),
    "VERSION_CONTRADICTED": Case(
        HURTS, 3, {"metadata": "<metadata><schemaversion>2004 4th Edition</schemaversion></metadata>"}
    ),
    "EDITION_ASSUMED": Case(
        UNTIDY, 3, {"metadata": "<metadata><schemaversion>2004</schemaversion></metadata>"}, S4, text="3rd Edition"
    ),
    "ELEMENT_TWICE": Case(UNTIDY, 4, {"title": "<title>A</title><title>B</title>"}, text="<title>"),
    "ELEMENT_MISPLACED": Case(
        UNTIDY, 6, {"end": '<resource identifier="r2" type="webcontent" href="a.html" adlcp:scormtype="sco"/>'}
    ),
    "ELEMENT_IGNORED": Case(UNTIDY, 5, change=("<resources>", "<resources><metadata/>")),
    "ORGANIZATION_MISSING": Case(HURTS, 2, {"organizations": "<organizations/>"}),
    "ORGANIZATION_UNUSABLE": Case(
        HURTS, 4, {"organizations": TWO_ORGANIZATIONS.format(default=' default="org"')}, text="'x'"
    ),
    "ORGANIZATION_DEFAULT_MISSING": Case(UNTIDY, 2, {"default": ""}),
    "ORGANIZATION_DEFAULT_UNKNOWN": Case(UNTIDY, 2, {"default": ' default="other"'}, text="'other'"),
    "TITLE_MISSING": Case(UNTIDY, 4, {"title": ""}, text="organization"),
    "IDENTIFIER_MISSING": Case(HURTS, 4, item(attributes='identifierref="res"'), text="'item-1'"),
    "IDENTIFIER_TWICE": Case(
        HURTS, 4, {"more": '<item identifier="one" identifierref="res"><title>Two</title></item>'}, text="'one-2'"
    ),
    "IDENTIFIER_SHARED": Case(UNTIDY, 5, item(attributes='identifier="res" identifierref="res"')),
    "IDENTIFIER_NOT_A_NAME": Case(UNTIDY, 4, item(attributes='identifier="1 a" identifierref="res"'), text="'1 a'"),
    "IDENTIFIER_TOO_LONG": Case(HURTS, 4, limits=ManifestLimits(identifier_length_max=2)),
    "ITEM_WITHOUT_RESOURCE": Case(HURTS, 4, {"more": '<item identifier="two"><title>Two</title></item>'}, S4),
    "RESOURCE_UNKNOWN": Case(
        HURTS, 4, {"more": '<item identifier="two" identifierref="gone"><title>Two</title></item>'}, text="'gone'"
    ),
    "RESOURCE_REFERENCE_CASE": Case(UNTIDY, 4, item(attributes='identifier="one" identifierref="RES"'), text="'res'"),
    "RESOURCE_TWICE": Case(
        HURTS, 5, change=("</resources>", '<resource identifier="res" type="webcontent"/></resources>')
    ),
    "RESOURCE_WITHOUT_HREF": Case(HURTS, 5, {"resource": ""}, text="'a.html'"),
    "RESOURCE_NOT_LAUNCHABLE": Case(
        HURTS,
        4,
        {"more": '<item identifier="two" identifierref="r2"><title>Two</title></item>'},
        change=("</resources>", '<resource identifier="r2" type="webcontent"/></resources>'),
    ),
    "RESOURCE_ON_CLUSTER": Case(
        HURTS, 4, item('<item identifier="two" identifierref="res"><title>Two</title></item>'), S4
    ),
    "RESOURCE_ON_BRANCH": Case(UNTIDY, 4, item('<item identifier="two" identifierref="res"><title>Two</title></item>')),
    "RESOURCE_TYPE": Case(UNTIDY, 5, change=('type="webcontent"', 'type="text/html"'), text="'text/html'"),
    "DEPENDENCY_UNKNOWN": Case(UNTIDY, 5, {"files": '<file href="a.html"/><dependency identifierref="no"/>'}),
    "SCORM_TYPE_MISSING": Case(UNTIDY, 5, {"kind": ""}, text="a SCO"),
    "SCORM_TYPE_UNKNOWN": Case(UNTIDY, 5, {"kind": 'adlcp:scormtype="scorm"'}, text="'scorm'"),
    "SUBMANIFEST": Case(UNTIDY, 6, {"end": NESTED.format(target="res")}, text="'sub'"),
    "SUBMANIFEST_CIRCULAR": Case(
        HURTS,
        6,
        {"more": '<item identifier="two" identifierref="sub"><title>Two</title></item>'}
        | {"end": NESTED.format(target="sub")},
    ),
    "ITEMS_TOO_MANY": Case(
        HURTS,
        4,
        {"more": '<item identifier="two" identifierref="res"><title>Two</title></item>'},
        limits=ManifestLimits(activities_max=1),
    ),
    "ITEMS_TOO_DEEP": Case(
        HURTS,
        6,
        {"more": '<item identifier="two" identifierref="sub"><title>Two</title></item>'}
        | {"end": "".join(chain_of_manifests("sub", "b", "c", "d", "e", "f", "res"))},
        limits=ManifestLimits(depth_max=6),
    ),
    "HREF_BACKSLASH": Case(UNTIDY, 5, {"resource": 'href="x\\a.html"'}),
    "HREF_NOT_ENCODED": Case(UNTIDY, 5, {"resource": 'href="my page.html"'}),
    "HREF_LEADING_SLASH": Case(UNTIDY, 5, {"resource": 'href="/a.html"'}),
    "HREF_OUTSIDE": Case(HURTS, 5, {"resource": 'href="../../a.html"'}, text="'a.html'"),
    "HREF_CASE": Case(UNTIDY, 5, package=["A.HTML"], text="'A.HTML'"),
    "HREF_SCHEME": Case(HURTS, 5, change=("</resource>", '<file href="javascript:alert(1)"/></resource>')),
    "HREF_LOCAL_FILE": Case(HURTS, 5, {"resource": 'href="file:///C:/x/a.html"'}, package=["a.html"], text="'a.html'"),
    "HREF_EXTERNAL": Case(HURTS, 5, {"resource": 'href="https://example.org/a.html"'}),
    "HREF_TOO_LONG": Case(
        HURTS,
        4,
        item(attributes='identifier="one" identifierref="res" parameters="?abcdefgh"'),
        limits=ManifestLimits(href_length_max=10),
    ),
    "XML_BASE_WITHOUT_SLASH": Case(UNTIDY, 5, {"resource": 'href="a.html" xml:base="x"'}, text="'x'"),
    "XML_BASE_IGNORED": Case(HURTS, 5, {"resource": 'href="a.html" xml:base="file:///c/"'}),
    "PARAMETERS_DISCARDED": Case(
        HURTS,
        4,
        item(attributes='identifier="one" identifierref="res" parameters="#p2"') | {"resource": 'href="a.html#p1"'},
    ),
    "LAUNCH_FILE_MISSING": Case(
        BLOCKS,
        4,
        {"more": '<item identifier="two" identifierref="r2"><title>Two</title></item>'},
        package=["a.html"],
        change=("</resources>", '<resource identifier="r2" type="webcontent" href="b.html"/></resources>'),
        text="'b.html'",
    ),
    "LAUNCH_FILE_ELSEWHERE": Case(HURTS, 5, package=["web/a.html"], text="'web/a.html'"),
    "LAUNCH_FILE_NOT_LISTED": Case(UNTIDY, 5, {"files": '<file href="b.html"/>'}, text="'a.html'"),
    "FILE_MISSING": Case(HURTS, 5, {"files": '<file href="b.html"/>'}, package=["a.html"], text="'b.html'"),
    "FILE_LISTED_TWICE": Case(UNTIDY, 5, {"files": '<file href="a.html"/><file href="./a.html"/>'}),
    "FILES_NOT_LISTED": Case(UNTIDY, None, package=["a.html", "c.js", "b.js"], text="2 files"),
    "METADATA_FILE_MISSING": Case(
        UNTIDY,
        3,
        {"metadata": "<metadata><schemaversion>1.2</schemaversion><adlcp:location>lom.xml</adlcp:location></metadata>"},
        package=["a.html"],
        text="'lom.xml'",
    ),
    "VALUE_EMPTY": Case(UNTIDY, 4, item(attributes='identifier="one" identifierref="res" isvisible=""'), text="true"),
    "BOOLEAN_INVALID": Case(HURTS, 4, item(attributes='identifier="one" identifierref="res" isvisible="maybe"')),
    "NUMBER_INVALID": Case(HURTS, 4, item("<adlcp:masteryscore>high</adlcp:masteryscore>"), text="'high'"),
    "NUMBER_OUT_OF_RANGE": Case(HURTS, 4, item("<adlcp:masteryscore>800</adlcp:masteryscore>"), text="100 was used"),
    "VALUE_UNKNOWN": Case(HURTS, 4, item("<adlcp:timelimitaction>explode</adlcp:timelimitaction>")),
    "DURATION_INVALID": Case(HURTS, 4, item("<adlcp:maxtimeallowed>an hour</adlcp:maxtimeallowed>")),
    "DURATION_FORM": Case(UNTIDY, 4, item("<adlcp:maxtimeallowed>PT1H</adlcp:maxtimeallowed>"), text="0001:00:00.00"),
    "VALUE_IGNORED": Case(UNTIDY, 4, item("<adlcp:masteryscore>80</adlcp:masteryscore>"), S4, text="4th Edition"),
    "SEQUENCING_IN_12": Case(HURTS, 4, item("<sequencing/>")),
    "SEQUENCING_REFERENCE_UNKNOWN": Case(HURTS, 4, item('<imsss:sequencing IDRef="no"/>'), S4, text="'no'"),
    "RULE_DROPPED": Case(
        HURTS,
        4,
        sequencing(RULE.format(condition='<imsss:ruleCondition condition="always"/>', action="exitParent")),
        S4,
        text="exitparent",
    ),
    "OBJECTIVE_WITHOUT_ID": Case(
        HURTS, 4, sequencing("<imsss:objectives><imsss:primaryObjective/><imsss:objective/></imsss:objectives>"), S4
    ),
    "OBJECTIVE_TWICE": Case(
        HURTS,
        4,
        sequencing(
            '<imsss:objectives><imsss:primaryObjective objectiveID="a"/><imsss:objective objectiveID="a"/>'
            "</imsss:objectives>"
        ),
        S4,
    ),
    "OBJECTIVE_UNKNOWN": Case(
        HURTS,
        4,
        sequencing(
            RULE.format(condition='<imsss:ruleCondition condition="satisfied" referencedObjective="o"/>', action="skip")
        ),
        S4,
        text="'o'",
    ),
    "MAP_WITHOUT_TARGET": Case(
        HURTS,
        4,
        sequencing(
            "<imsss:objectives><imsss:primaryObjective><imsss:mapInfo/></imsss:primaryObjective></imsss:objectives>"
        ),
        S4,
        text="<mapInfo>",
    ),
    "MAP_WRITTEN_TWICE": Case(
        HURTS,
        4,
        sequencing(
            "<imsss:objectives>"
            '<imsss:primaryObjective objectiveID="a"><imsss:mapInfo targetObjectiveID="g" writeSatisfiedStatus="true"/>'
            '</imsss:primaryObjective><imsss:objective objectiveID="b">'
            '<imsss:mapInfo targetObjectiveID="g" writeSatisfiedStatus="true"/></imsss:objective></imsss:objectives>'
        ),
        S4,
        text="'g'",
    ),
    "UNREACHABLE_ITEMS": Case(
        HURTS,
        4,
        {
            "more": '<item identifier="two" identifierref="res"><title>Two</title></item>'
            '<imsss:sequencing><imsss:controlMode choice="false"/></imsss:sequencing>'
        },
        S4,
        text="'org'",
    ),
    "PREREQUISITE_UNKNOWN": Case(
        HURTS, 4, item('<adlcp:prerequisites type="aicc_script">one&amp;zero</adlcp:prerequisites>'), text="'zero'"
    ),
    "PREREQUISITE_INVALID": Case(HURTS, 4, item('<adlcp:prerequisites type="aicc_script">(one</adlcp:prerequisites>')),
    "PREREQUISITE_TYPE": Case(UNTIDY, 4, item("<adlcp:prerequisites>one</adlcp:prerequisites>")),
    "PREREQUISITE_WORDS": Case(
        UNTIDY, 4, item('<adlcp:prerequisites type="aicc_script">not one</adlcp:prerequisites>')
    ),
    "MORE_OF_THE_SAME": Case(
        UNTIDY,
        None,
        {"files": "".join(f'<file href="{n}.html"/>' for n in range(SAME_CODE_MAX + 3))},
        package=["a.html"],
        text="FILE_MISSING was found 3 more times",
    ),
}


def manifest_bytes(case: Case, manifest: Callable[..., str], code: str) -> bytes:
    if code == "ENCODING_MISMATCH":
        return manifest(title="<title>Caf\u00e9</title>").encode("latin-1")
    if case.raw is not None:
        return case.raw
    text = manifest(case.standard, **case.parts)
    if case.change is not None:
        assert case.change[0] in text
        text = text.replace(*case.change)
    return text.encode()


def test_every_kind_of_problem_has_its_case() -> None:
    assert set(FATAL) | set(REPAIRED) == set(PROBLEM_KINDS)


def test_a_sound_manifest_has_no_problem(manifest: Callable[..., str]) -> None:
    for standard in Standard:
        assert read_manifest(manifest(standard).encode(), ["a.html", "imsmanifest.xml"]).problems == ()


@pytest.mark.parametrize(("code", "case"), REPAIRED.items(), ids=REPAIRED)
def test_the_problem_is_reported_with_its_place_and_the_course_is_still_there(
    code: str, case: Case, manifest: Callable[..., str]
) -> None:
    data = manifest_bytes(case, manifest, code)

    result = read_manifest(data, case.package, limits=case.limits)

    found = [problem for problem in result.problems if problem.code == code]
    assert found, [problem.code for problem in result.problems]
    assert (found[0].severity, found[0].line) == (case.severity, case.line)
    assert found[0].repaired is PROBLEM_KINDS[code].repaired
    assert case.text in found[0].message
    assert "{" not in found[0].message
    assert result.course.launchables


@pytest.mark.parametrize(("code", "case"), FATAL.items(), ids=FATAL)
def test_what_cannot_be_repaired_is_one_error_that_says_what_to_do(
    code: str, case: Case, manifest: Callable[..., str]
) -> None:
    data = manifest_bytes(case, manifest, code)

    with pytest.raises(ManifestParseError) as caught:
        read_manifest(data, case.package, limits=case.limits)

    error = caught.value
    assert error.code == "PARSE_FAILED"
    assert error.details["reason"] == code
    first = error.details["problems"][0]
    assert (first["code"], first["severity"], first["line"]) == (code, "blocks", case.line)
    assert error.message == first["message"]
    assert case.text in error.message
    assert error.message.endswith(".")
