"""Real manifests of some forty authoring tools, and the manifests of the ADL test packages.

They lie beside the checkout and are no part of this project: the tests are skipped where they are absent, except in
continuous integration. What is expected of each is in the table below, made of our own findings.
"""

from __future__ import annotations

import html
import io
import json
import os
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pytest

from scorm_embed.core.manifest import ReadManifest, read_manifest
from scorm_embed.core.sequencing.definition import (
    ActivityDefinition,
    ChildSet,
    CompletionThreshold,
    Condition,
    ControlMode,
    MapItem,
    RuleAction,
)
from scorm_embed.core.standard import Standard
from scorm_embed.errors import ManifestParseError

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
CORPUS = SHARED / "corpus"
ZIPS = SHARED / "conformance" / "zips"

pytestmark = pytest.mark.shared

S12, S2, S3, S4 = Standard.SCORM_12, Standard.SCORM_2004_2ND, Standard.SCORM_2004_3RD, Standard.SCORM_2004_4TH


@dataclass(frozen=True)
class Row:
    """What one manifest becomes: launchable leaves per course, and every code that is reported."""

    standard: Standard
    leaves: tuple[int, ...]
    codes: frozenset[str]


def row(standard: Standard, leaves: int | tuple[int, ...], *codes: str) -> Row:
    return Row(standard, leaves if isinstance(leaves, tuple) else (leaves,), frozenset(codes))


REFUSED = {
    "013": ("NOT_XML", "no element found"),
    "041": ("NOTHING_TO_LAUNCH", "names nothing that could be launched"),
    "159": ("NOT_XML", "<item>, opened in line 24, is not closed"),
    "160": ("NOT_XML", "<item>, opened in line 31, is not closed"),
}
"""A comment without a root; a content package whose resources were cut off; two with an item left open."""

ROWS = {
    "002": row(S12, 1, "VERSION_MISSING"),
    "005": row(S12, 1, "SPELLING_OF_OTHER_STANDARD"),
    "012": row(S4, 2),
    "015": row(S4, 1),
    "022": row(S3, 1),
    "023": row(S2, 1, "SPELLING_OF_OTHER_STANDARD", "VERSION_CONTRADICTED"),
    "024": row(S12, 1),
    "025": row(S12, 1),
    "026": row(S12, 1),
    "028": row(S12, 1, "IDENTIFIER_NOT_A_NAME", "VERSION_MISSING"),
    "029": row(S3, 1),
    "030": row(S2, 1, "LAUNCH_FILE_NOT_LISTED", "VALUE_EMPTY"),
    "035": row(S12, 1, "IDENTIFIER_NOT_A_NAME", "LAUNCH_FILE_NOT_LISTED"),
    "036": row(S12, 1, "HREF_NOT_ENCODED", "LAUNCH_FILE_NOT_LISTED"),
    "038": row(S12, 1, "ELEMENT_IGNORED", "METADATA_FILE_MISSING"),
    "043": row(S12, 1, "FILE_LISTED_TWICE", "HREF_NOT_ENCODED"),
    "044": row(S12, 1),
    "045": row(S12, 1, "LAUNCH_FILE_NOT_LISTED", "METADATA_FILE_MISSING"),
    "051": row(S4, 1, "IDENTIFIER_NOT_A_NAME", "IDENTIFIER_SHARED", "RESOURCE_TWICE", "SPELLING_OF_OTHER_STANDARD"),
    "058": row(S12, 1),
    "059": row(S12, 1, "IDENTIFIER_SHARED", "PREFIX_UNDECLARED", "TITLE_MISSING"),
    "061": row(S12, 3),
    "067": row(S12, 1),
    "071": row(S12, 1),
    "073": row(S12, 1),
    "074": row(S12, 1),
    "075": row(S12, 1, "METADATA_FILE_MISSING"),
    "078": row(S12, 1),
    "080": row(S12, 4),
    "081": row(S12, 1, "IDENTIFIER_NOT_A_NAME", "LAUNCH_FILE_NOT_LISTED"),
    "082": row(S12, 1, "IDENTIFIER_NOT_A_NAME", "LAUNCH_FILE_NOT_LISTED"),
    "083": row(S4, 1, "IDENTIFIER_NOT_A_NAME", "SPELLING_OF_OTHER_STANDARD", "VERSION_CONTRADICTED"),
    "084": row(S4, 1, "IDENTIFIER_NOT_A_NAME", "SPELLING_OF_OTHER_STANDARD", "VERSION_CONTRADICTED"),
    "086": row(S4, 1),
    "092": row(S12, 1, "NAMESPACE_UNKNOWN"),
    "096": row(S12, 1),
    "097": row(S12, 1),
    "098": row(S12, 1, "IDENTIFIER_NOT_A_NAME"),
    "099": row(S12, 1),
    "100": row(S12, 1),
    "101": row(S2, 1, "METADATA_FILE_MISSING"),
    "102": row(S4, 1, "ELEMENT_IGNORED"),
    "103": row(S4, 1, "ELEMENT_IGNORED"),
    "104": row(S4, 1, "ELEMENT_IGNORED"),
    "105": row(S4, 3),
    "106": row(S4, 1),
    "108": row(S12, 1, "FILE_LISTED_TWICE", "METADATA_FILE_MISSING"),
    "109": row(S12, 1),
    "110": row(S2, 1, "FILE_LISTED_TWICE"),
    "111": row(S4, 1, "FILE_LISTED_TWICE"),
    "112": row(S12, 1, "IDENTIFIER_NOT_A_NAME"),
    "113": row(S12, 1),
    "120": row(S3, 1),
    "121": row(S3, 1),
    "123": row(S12, 1, "METADATA_FILE_MISSING"),
    "125": row(S12, 1, "FILE_LISTED_TWICE"),
    "126": row(S12, 1),
    "127": row(S12, 1),
    "128": row(S12, 1),
    "130": row(S12, 1, "VERSION_MISSING"),
    "131": row(S12, 1, "METADATA_FILE_MISSING"),
    "137": row(S12, 7),
    "138": row(S12, 7),
    "139": row(S12, 4),
    "140": row(S12, 1),
    "141": row(S12, 10),
    "142": row(S12, 1),
    "149": row(S4, 3, "ORGANIZATION_DEFAULT_UNKNOWN"),
    "150": row(S12, (11, 1), "RESOURCE_ON_BRANCH"),
    "151": row(S12, (11, 1), "RESOURCE_ON_BRANCH"),
    "152": row(S12, 1, "METADATA_FILE_MISSING"),
    "153": row(S12, 1),
    "154": row(S12, 1),
    "155": row(S12, 1, "RESOURCE_UNKNOWN"),
    "156": row(S12, 1, "RESOURCE_UNKNOWN"),
    "157": row(S12, 2),
    "158": row(S12, 2),
    "161": row(S12, 1, "RESOURCE_WITHOUT_HREF"),
    "162": row(S12, 1, "RESOURCE_WITHOUT_HREF"),
    "163": row(S12, 1, "TITLE_MISSING"),
    "164": row(S12, 1, "TITLE_MISSING"),
    "165": row(S12, 3),
    "166": row(S12, 3),
    "167": row(S12, 4, "PREREQUISITE_WORDS", "SPELLING_OF_OTHER_STANDARD"),
    "168": row(S3, 1, "SCORM_TYPE_MISSING"),
    "169": row(S3, 1, "NAMESPACE_UNKNOWN", "VERSION_MISSING"),
    "170": row(S3, 1, "IDENTIFIER_MISSING", "ORGANIZATION_DEFAULT_UNKNOWN", "SCORM_TYPE_MISSING"),
    "171": row(S3, 1, "SCORM_TYPE_MISSING"),
    "172": row(S12, 18),
    "173": row(S12, 1),
    "174": row(S12, 1),
    "175": row(S12, 18),
    "176": row(S12, 18),
    "177": row(S3, 1, "METADATA_FILE_MISSING"),
    "178": row(S3, 18),
    "179": row(S2, 1),
    "180": row(S3, 1),
    "181": row(S3, 1),
    "182": row(S3, 1),
    "183": row(S3, 18),
    "184": row(S3, 5),
    "185": row(S3, 5),
    "186": row(S3, 6),
    "187": row(S3, 8),
    "188": row(S3, 8),
}


def shared(path: Path) -> Path:
    """A path beside the checkout; the test is skipped where it does not exist."""
    if not path.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{path.name} has to be there in continuous integration")
        pytest.skip(f"no {path.name} beside the checkout")
    return path


TAG = re.compile(r"<(?:\w+:)?(manifest|resources|resource|file)\b((?:[^>\"']|\"[^\"]*\"|'[^']*')*)>")
ATTRIBUTE = re.compile(r"([\w:]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")


def stand_in_files(text: str) -> list[str]:
    """Names of files that fit the hrefs of a manifest, found without the reader that is under test."""
    bases = {"manifest": "", "resources": "", "resource": ""}
    names = {"imsmanifest.xml"}
    for tag, inner in TAG.findall(text):
        attributes = {key: html.unescape(one or two) for key, one, two in ATTRIBUTE.findall(inner)}
        if tag in bases:
            bases[tag] = attributes.get("xml:base", "")
        href = attributes.get("href", "").strip()
        if href and "://" not in href:
            joined = "".join(bases.values()) + href.partition("#")[0].partition("?")[0]
            names.add(unquote(re.sub(r"(^|/)\./", r"\1", joined)))
    return sorted(names)


def read_corpus(number: str) -> ReadManifest:
    data = shared(CORPUS / "manifests" / f"{number}.xml").read_bytes()
    return read_manifest(data, stand_in_files(data.decode("utf-8-sig", errors="replace")))


def index() -> dict[str, dict[str, object]]:
    entries = json.loads(shared(CORPUS / "index.json").read_text("utf-8"))
    return {entry["file"].removesuffix(".xml"): entry for entry in entries}


def items(activity: ActivityDefinition) -> list[ActivityDefinition]:
    found = [activity]
    for each in found:
        found.extend(each.children)
    return found[1:]


def test_every_manifest_of_the_corpus_has_an_expectation() -> None:
    assert set(index()) == set(ROWS) | set(REFUSED)


@pytest.mark.parametrize("number", sorted(ROWS))
def test_a_real_manifest_becomes_the_course_that_is_expected(number: str) -> None:
    result = read_corpus(number)

    found = Row(
        result.standard,
        tuple(len(course.launchables) for course in result.courses),
        frozenset(problem.code for problem in result.problems),
    )
    assert found == ROWS[number]


@pytest.mark.parametrize("number", sorted(REFUSED))
def test_a_manifest_beyond_repair_is_refused_with_one_clear_sentence(number: str) -> None:
    reason, words = REFUSED[number]

    with pytest.raises(ManifestParseError) as caught:
        read_corpus(number)

    assert caught.value.details["reason"] == reason
    assert words in caught.value.message


ADDED_ITEMS = {"150": 5, "151": 5}
"""Branches of SCORM 1.2 with a resource of their own get a leaf for it."""
UNSAID = {"002", "028", "130", "169"}
"""Manifests without a schemaversion of their own."""


def test_what_the_corpus_says_about_itself_is_what_was_read() -> None:
    known = index()
    for number in ROWS:
        entry, result = known[number], read_corpus(number)
        assert len(result.courses) == entry["organizations"], number
        count = sum(len(items(course.root)) for course in result.courses)
        assert count == entry["items"] + ADDED_ITEMS.get(number, 0), number  # type: ignore[operator]
        missing = "VERSION_MISSING" in {problem.code for problem in result.problems}
        assert missing is (number in UNSAID) is (entry["version_declared"] is None), number
        with_sequencing = any(
            each.sequencing != ActivityDefinition("", "").sequencing
            for course in result.courses
            for each in [course.root, *items(course.root)]
        )
        if result.standard.is_2004 and not entry["sequencing"]:
            assert not with_sequencing, number


def test_nothing_in_the_corpus_blocks_a_course_whose_files_are_there() -> None:
    for number in ROWS:
        blocked = [problem for problem in read_corpus(number).problems if problem.severity.value == "blocks"]
        assert blocked == [], number


# -- the ADL packages -------------------------------------------------------------------------------------------------


def adl(name: str) -> ReadManifest:
    with zipfile.ZipFile(io.BytesIO(shared(ZIPS / f"{name}.zip").read_bytes())) as archive:
        return read_manifest(archive.read("imsmanifest.xml"), archive.namelist())


def activity(result: ReadManifest, identifier: str) -> ActivityDefinition:
    return next(each for each in [result.course.root, *items(result.course.root)] if each.identifier == identifier)


def test_every_adl_package_becomes_a_course_without_problems_that_hurt() -> None:
    packages = sorted(path.stem for path in shared(ZIPS).glob("*.zip"))
    assert len(packages) == 115
    for name in packages:
        result = adl(name)
        assert result.standard is S4, name
        assert result.course.launchables, name
        assert {problem.code for problem in result.problems} <= {"FILES_NOT_LISTED"}, name
        for launch in result.course.launchables.values():
            path = launch.href.partition("?")[0]
            assert path.startswith("resources/"), (name, launch.href)


def test_a_local_control_mode_replaces_that_of_the_collection_with_all_its_defaults() -> None:
    assert activity(adl("CM-04a"), "activity_1").sequencing.control_mode == ControlMode()


def test_identifiers_with_blanks_around_them_and_references_by_case_are_resolved() -> None:
    root = adl("CM-07e").course.root

    assert root.identifier == "CASETEST"
    assert [child.identifier for child in root.children] == ["activity_1", "activity_2"]
    assert root.children[1].children[0].identifier == "CaseTest"
    assert root.children[1].sequencing.control_mode == ControlMode(flow=True, forward_only=True)


def test_an_objective_is_one_however_its_name_is_spelt() -> None:
    sequencing = activity(adl("OB-12a"), "activity_2").sequencing

    assert [each.identifier for each in sequencing.objectives] == ["ob j 1"]
    assert [each.referenced_objective for each in sequencing.rules[0].conditions] == ["ob j 1", "ob j 1"]
    assert sequencing.rules[0].action is RuleAction.PREVIOUS
    assert sequencing.primary_objective.identifier is None


def test_completion_thresholds_count_only_where_completed_by_measure() -> None:
    result = adl("CO-04a")

    assert activity(result, "activity_1").sequencing.completion_threshold == CompletionThreshold(True, 1.0, 1.0)
    assert activity(result, "activity_3").sequencing.completion_threshold == CompletionThreshold(False, 0.1, 1.0)
    read = [launch.completion_threshold for launch in result.course.launchables.values()]
    assert read == ["1.0", "0.4", None, None]


def test_adlseq_maps_read_by_default_and_write_only_when_told() -> None:
    result = adl("SX-11a")
    writer = activity(result, "activity_1").sequencing.objectives[0].maps
    reader = activity(result, "activity_2").sequencing.objectives[0].maps

    five = frozenset(MapItem) - {MapItem.SATISFIED_STATUS, MapItem.NORMALIZED_MEASURE}
    assert (writer[0].target, writer[0].writes) == ("gObj-SX11", five)
    assert reader[0].reads == {MapItem.RAW_SCORE, MapItem.MIN_SCORE}
    assert reader[0].writes == frozenset()


def test_shared_data_may_be_written_unless_the_map_says_otherwise() -> None:
    maps = adl("DMI").course.launchables["activity_1"].shared_data

    assert [(each.target, each.read, each.write) for each in maps] == [
        ("tarID1", True, True),
        ("tarID2", True, False),
        ("tarID3", False, True),
        ("tarID4", False, False),
    ]
    assert adl("DDMa").course.shared_data_global_to_system is True
    assert adl("DDMb").course.shared_data_global_to_system is False


def test_hidden_items_and_hidden_controls_are_kept() -> None:
    result = adl("CM-04d")

    assert [each.identifier for each in items(result.course.root) if not each.visible]
    first = next(each for each in items(adl("CM-04a").course.root) if each.deliverable)
    assert first.hidden_controls == {"continue", "previous", "suspendAll"}


def test_rollup_rules_by_percent_come_with_their_weights() -> None:
    result = adl("CT-07")
    rule = activity(result, "activity_2").sequencing.rollup.rules[0]

    assert (rule.child_set, rule.minimum_percent) == (ChildSet.AT_LEAST_PERCENT, 0.5)
    assert rule.conditions[0].condition is Condition.ATTEMPTED
    weights = [activity(result, f"activity_{n}").sequencing.completion_threshold.progress_weight for n in (3, 4, 5)]
    assert weights == [1.0, 0.75, 0.25]


def test_resources_that_differ_only_in_case_are_two() -> None:
    launches = adl("CM-07a").course.launchables

    assert launches["activity_4"].href == "resources/SequencingTest.htm?tc=CM-07a&act=4"
    assert launches["activity_5"].href == "resources/SequencingTestFail.htm?tc=CM-07a&act=5"
