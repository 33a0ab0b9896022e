"""The builder of test packages: what it writes is what real packages look like, byte for byte repeatable."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ElementTree
import zipfile

import pytest

from scorm_embed.core.sequencing.definition import (
    ActivityDefinition,
    ChildSet,
    Combination,
    CompletionThreshold,
    Condition,
    ControlMode,
    DeliveryControls,
    LimitConditions,
    MapItem,
    Objective,
    ObjectiveMap,
    RandomizationControls,
    RequiredFor,
    Rollup,
    RollupAction,
    RollupCondition,
    RollupConsiderations,
    RollupRule,
    RuleAction,
    RuleCondition,
    SequencingDefinition,
    SequencingRule,
    Timing,
)
from scorm_embed.core.standard import Standard
from scorm_embed.testing.package_builder import Defect, Item, build_manifest, build_package, items_of, zip_files

NAMES = {
    "cp12": "http://www.imsproject.org/xsd/imscp_rootv1p1p2",
    "cp": "http://www.imsglobal.org/xsd/imscp_v1p1",
    "adlcp12": "http://www.adlnet.org/xsd/adlcp_rootv1p2",
    "adlcp": "http://www.adlnet.org/xsd/adlcp_v1p3",
    "adlseq": "http://www.adlnet.org/xsd/adlseq_v1p3",
    "adlnav": "http://www.adlnet.org/xsd/adlnav_v1p3",
    "imsss": "http://www.imsglobal.org/xsd/imsss",
}


def _open(package: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(package))


def _names(*defects: Defect, **options: object) -> list[str]:
    return _open(build_package(defects=defects, **options)).namelist()  # type: ignore[arg-type]


def _text(element: ElementTree.Element, path: str) -> str | None:
    return element.findtext(path, namespaces=NAMES)


def _attributes(element: ElementTree.Element, path: str) -> dict[str, str]:
    found = element.find(path, NAMES)
    assert found is not None, path
    return found.attrib


def test_one_line_makes_a_scorm_12_package_with_a_manifest_and_a_page() -> None:
    with _open(build_package()) as archive:
        assert archive.namelist() == ["imsmanifest.xml", "item_1.html"]
        manifest = ElementTree.fromstring(archive.read("imsmanifest.xml"))
        assert b"window.sco = {" in archive.read("item_1.html")
    assert _text(manifest, "cp12:metadata/cp12:schemaversion") == "1.2"
    resource = _attributes(manifest, "cp12:resources/cp12:resource")
    assert resource == {
        "identifier": "item_1-resource",
        "type": "webcontent",
        "href": "item_1.html",
        "{http://www.adlnet.org/xsd/adlcp_rootv1p2}scormtype": "sco",
    }


def test_the_same_arguments_give_the_same_bytes() -> None:
    items = [Item("b"), Item("a", children=(Item("c"),))]
    assert build_package(Standard.SCORM_2004_4TH, items) == build_package(Standard.SCORM_2004_4TH, items)
    with _open(build_package()) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize(
    ("standard", "version"),
    [
        (Standard.SCORM_12, "1.2"),
        (Standard.SCORM_2004_2ND, "CAM 1.3"),
        (Standard.SCORM_2004_3RD, "2004 3rd Edition"),
        (Standard.SCORM_2004_4TH, "2004 4th Edition"),
    ],
)
def test_each_standard_names_itself_in_its_schema_version(standard: Standard, version: str) -> None:
    prefix = "cp" if standard.is_2004 else "cp12"
    manifest = ElementTree.fromstring(build_manifest(standard))
    assert _text(manifest, f"{prefix}:metadata/{prefix}:schemaversion") == version


def test_scorm_12_items_carry_their_run_time_elements_in_the_schema_s_order() -> None:
    item = Item(
        "a",
        title="Rain & sun",
        launch_data="x<y",
        mastery_score=80,
        max_time_allowed="0000:10:00",
        time_limit_action="exit,message",
        prerequisites="b&c",
        parameters="?page=1&mode=2",
        visible=False,
        sco=False,
    )
    written = ElementTree.fromstring(build_manifest(Standard.SCORM_12, [item])).find(".//cp12:item", NAMES)
    assert written is not None
    assert [(child.tag.partition("}")[2], child.text) for child in written] == [
        ("title", "Rain & sun"),
        ("prerequisites", "b&c"),
        ("maxtimeallowed", "0000:10:00"),
        ("timelimitaction", "exit,message"),
        ("datafromlms", "x<y"),
        ("masteryscore", "80"),
    ]
    assert written.get("isvisible") == "false"
    assert written.get("parameters") == "?page=1&mode=2"


def test_scorm_2004_items_carry_their_run_time_elements() -> None:
    item = Item(
        "a",
        launch_data="data",
        time_limit_action="continue,message",
        completion_threshold=0.5,
        hidden_controls=["continue", "exit"],
        shared_data=["bucket"],
        mastery_score=80,
    )
    manifest = ElementTree.fromstring(build_manifest(Standard.SCORM_2004_4TH, [item]))
    assert _text(manifest, ".//adlcp:dataFromLMS") == "data"
    assert _text(manifest, ".//adlcp:timeLimitAction") == "continue,message"
    assert _attributes(manifest, ".//adlcp:completionThreshold") == {
        "completedByMeasure": "true",
        "minProgressMeasure": "0.5",
    }
    hidden = manifest.findall(".//adlnav:presentation/adlnav:navigationInterface/adlnav:hideLMSUI", NAMES)
    assert [token.text for token in hidden] == ["continue", "exit"]
    assert _attributes(manifest, ".//adlcp:data/adlcp:map") == {"targetID": "bucket", "writeSharedData": "true"}
    assert "masteryscore" not in build_manifest(Standard.SCORM_2004_4TH, [item])


def test_the_completion_threshold_of_older_editions_is_the_element_s_text() -> None:
    manifest = ElementTree.fromstring(build_manifest(Standard.SCORM_2004_3RD, [Item("a", completion_threshold=0.5)]))
    assert _text(manifest, ".//adlcp:completionThreshold") == "0.5"


def test_a_cluster_has_no_resource_and_its_leaves_have() -> None:
    items = [Item("cluster", children=(Item("x"), Item("y", href="pages/y.html?mode=2#top")))]
    with _open(build_package(Standard.SCORM_2004_4TH, items)) as archive:
        assert archive.namelist() == ["imsmanifest.xml", "pages/y.html", "x.html"]
        manifest = ElementTree.fromstring(archive.read("imsmanifest.xml"))
    assert "identifierref" not in _attributes(manifest, ".//cp:item[@identifier='cluster']")
    assert [entry.get("href") for entry in manifest.findall(".//cp:resource", NAMES)] == [
        "x.html",
        "pages/y.html?mode=2#top",
    ]


def test_files_can_be_added_and_made_ones_replaced() -> None:
    with _open(
        build_package(files={"item_1.html": "mine", "pic.png": b"\x89PNG", "imsmanifest.xml": "<x/>"})
    ) as zipped:
        assert zipped.read("item_1.html") == b"mine"
        assert zipped.read("pic.png") == b"\x89PNG"
        assert zipped.read("imsmanifest.xml") == b"<x/>"


def test_sequencing_is_given_as_a_definition_as_markup_or_by_identifier() -> None:
    flow = SequencingDefinition(control_mode=ControlMode(choice=False, flow=True))
    markup = '<imsss:sequencing><imsss:limitConditions attemptLimit="3"/></imsss:sequencing>'
    manifest = ElementTree.fromstring(
        build_manifest(
            Standard.SCORM_2004_4TH,
            [Item("a", sequencing=flow), Item("b", sequencing=flow)],
            sequencing={None: flow, "b": markup},
            organization={"adlseq:objectivesGlobalToSystem": False},
        )
    )
    control = {"choice": "false", "flow": "true"}
    assert _attributes(manifest, ".//cp:organization/imsss:sequencing/imsss:controlMode") == control
    assert _attributes(manifest, ".//cp:item[@identifier='a']/imsss:sequencing/imsss:controlMode") == control
    limit = _attributes(manifest, ".//cp:item[@identifier='b']/imsss:sequencing/imsss:limitConditions")
    assert limit == {"attemptLimit": "3"}
    assert _attributes(manifest, ".//cp:organization")[f"{{{NAMES['adlseq']}}}objectivesGlobalToSystem"] == "false"


def test_a_definition_of_defaults_writes_no_sequencing_and_scorm_12_never_does() -> None:
    default = {None: SequencingDefinition(), "item_1": SequencingDefinition()}
    assert "<imsss:sequencing" not in build_manifest(Standard.SCORM_2004_4TH, sequencing=default)
    flow = {None: SequencingDefinition(control_mode=ControlMode(flow=True))}
    assert "imsss" not in build_manifest(Standard.SCORM_12, sequencing=flow)


def test_every_part_of_a_definition_is_written_in_the_schema_s_order() -> None:
    definition = SequencingDefinition(
        control_mode=ControlMode(forward_only=True),
        rules=(
            SequencingRule(RuleAction.RETRY, (RuleCondition(Condition.SATISFIED, negated=True),)),
            SequencingRule(RuleAction.EXIT, (RuleCondition(Condition.ALWAYS),)),
            SequencingRule(
                RuleAction.SKIP,
                (RuleCondition(Condition.OBJECTIVE_MEASURE_GREATER_THAN, False, "extra", 0.5),),
                Combination.ANY,
            ),
        ),
        limits=LimitConditions(attempt_limit=2),
        rollup=Rollup(
            (
                RollupRule(
                    RollupAction.COMPLETED,
                    (RollupCondition(Condition.ATTEMPTED, negated=True),),
                    child_set=ChildSet.AT_LEAST_COUNT,
                    minimum_count=2,
                ),
            ),
            objective_measure_weight=0.5,
        ),
        considerations=RollupConsiderations(required_for_completed=RequiredFor.IF_NOT_SKIPPED),
        primary_objective=Objective(None, satisfied_by_measure=True, min_normalized_measure=0.8),
        objectives=(
            Objective(
                "extra",
                maps=(ObjectiveMap("global", frozenset({MapItem.SATISFIED_STATUS}), frozenset({MapItem.RAW_SCORE})),),
            ),
        ),
        randomization=RandomizationControls(Timing.ONCE, 2, Timing.ON_EACH_NEW_ATTEMPT, True),
        delivery=DeliveryControls(tracked=False),
    )
    manifest = ElementTree.fromstring(build_manifest(Standard.SCORM_2004_4TH, sequencing={"item_1": definition}))
    written = manifest.find(".//imsss:sequencing", NAMES)
    assert written is not None
    assert [child.tag.partition("}")[2] for child in written] == [
        "controlMode",
        "sequencingRules",
        "limitConditions",
        "rollupRules",
        "objectives",
        "randomizationControls",
        "deliveryControls",
        "rollupConsiderations",
        "objectives",
    ]
    rules = written.find("imsss:sequencingRules", NAMES)
    assert rules is not None
    assert [child.tag.partition("}")[2] for child in rules] == [
        "preConditionRule",
        "exitConditionRule",
        "postConditionRule",
    ]
    assert _attributes(rules, "imsss:preConditionRule//imsss:ruleCondition") == {
        "referencedObjective": "extra",
        "measureThreshold": "0.5",
        "condition": "objectiveMeasureGreaterThan",
    }
    assert _attributes(rules, "imsss:postConditionRule//imsss:ruleCondition")["operator"] == "not"
    assert _attributes(written, "imsss:rollupRules") == {"objectiveMeasureWeight": "0.5"}
    assert _attributes(written, ".//imsss:rollupRule") == {"childActivitySet": "atLeastCount", "minimumCount": "2"}
    assert _attributes(written, ".//imsss:primaryObjective") == {"satisfiedByMeasure": "true"}
    assert _text(written, ".//imsss:minNormalizedMeasure") == "0.8"
    assert _attributes(written, ".//imsss:mapInfo") == {
        "targetObjectiveID": "global",
        "readSatisfiedStatus": "true",
        "readNormalizedMeasure": "false",
    }
    assert _attributes(written, ".//adlseq:mapInfo")["writeRawScore"] == "true"
    assert _attributes(written, "imsss:randomizationControls") == {
        "randomizationTiming": "onEachNewAttempt",
        "selectCount": "2",
        "reorderChildren": "true",
        "selectionTiming": "once",
    }


def test_an_activity_tree_becomes_items() -> None:
    sequencing = SequencingDefinition(completion_threshold=CompletionThreshold(True, 0.4))
    leaf = ActivityDefinition("leaf", "Leaf", sequencing, (), True, False, None, frozenset({"exit", "continue"}))
    root = ActivityDefinition("root", "Root", children=(ActivityDefinition("cluster", "Cluster", children=(leaf,)),))
    (cluster,) = items_of(root)
    (item,) = cluster.children
    assert (cluster.identifier, item.identifier, item.title, item.visible) == ("cluster", "leaf", "Leaf", False)
    assert item.hidden_controls == ("continue", "exit")
    assert 'minProgressMeasure="0.4"' in build_manifest(Standard.SCORM_2004_4TH, items_of(root))


def test_names_of_zip_entries_are_kept_even_when_they_are_unsafe() -> None:
    names = ["../outside.html", "/absolute.html", "a\\b.html"]
    with _open(zip_files(dict.fromkeys(names, ""))) as archive:
        assert [entry.orig_filename for entry in archive.infolist()] == sorted(names)


def test_defects_of_the_zip() -> None:
    nested = {"items": [Item("a", href="pages/a.html")]}
    assert _names(Defect.WRAPPER_FOLDER) == ["course/imsmanifest.xml", "course/item_1.html"]
    assert _names(Defect.MACOS_FOLDER) == ["__MACOSX/._imsmanifest.xml", "imsmanifest.xml", "item_1.html"]
    assert _names(Defect.WRONG_CASE) == ["imsmanifest.xml", "ITEM_1.HTML"]
    assert _names(Defect.MANIFEST_CASE) == ["ImsManifest.xml", "item_1.html"]
    assert _names(Defect.NO_MANIFEST) == ["item_1.html"]
    assert _names(Defect.MISSING_LAUNCH_FILE) == ["imsmanifest.xml"]
    with _open(build_package(defects=[Defect.BACKSLASHES], **nested)) as archive:  # type: ignore[arg-type]
        assert [entry.orig_filename for entry in archive.infolist()] == ["imsmanifest.xml", "pages\\a.html"]


@pytest.mark.parametrize("defect", [Defect.BROKEN_XML, Defect.BARE_AMPERSAND, Defect.UNDECLARED_PREFIX])
def test_defects_that_break_the_manifest_break_it(defect: Defect) -> None:
    with pytest.raises(ElementTree.ParseError):
        ElementTree.fromstring(build_manifest(Standard.SCORM_2004_4TH, defects=[defect]))


def test_defects_of_the_manifest() -> None:
    assert "schemaversion" not in build_manifest(defects=[Defect.NO_SCHEMA_VERSION])
    assert "default=" not in build_manifest(defects=[Defect.NO_DEFAULT_ORGANIZATION])
    assert "<organizations/>" in build_manifest(defects=[Defect.NO_ORGANIZATION])
    assert "scormtype" not in build_manifest(defects=[Defect.NO_SCORM_TYPE])
    assert 'identifierref="nowhere"' in build_manifest(defects=[Defect.DANGLING_IDENTIFIERREF])
    assert "<file" not in build_manifest(defects=[Defect.UNLISTED_FILES])
    with _open(build_package(defects=[Defect.BYTE_ORDER_MARK])) as archive:
        assert archive.read("imsmanifest.xml").startswith(b"\xef\xbb\xbf<?xml")
    with _open(build_package(title="Météo", defects=[Defect.LATIN_1_CALLED_UTF_8])) as archive:
        assert "Météo".encode("latin-1") in archive.read("imsmanifest.xml")
