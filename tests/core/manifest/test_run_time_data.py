"""What items tell the run-time: launch data, limits, scores, thresholds, shared data, controls."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scorm_embed.core.manifest import Launchable, ReadManifest, SharedDataMap
from scorm_embed.core.sequencing.definition import CompletionThreshold
from scorm_embed.core.standard import Standard

Read = Callable[..., ReadManifest]
Codes = Callable[[ReadManifest], list[str]]

S12, S2, S3, S4 = Standard.SCORM_12, Standard.SCORM_2004_2ND, Standard.SCORM_2004_3RD, Standard.SCORM_2004_4TH


def item(inner: str) -> str:
    return f'<item identifier="one" identifierref="res"><title>One</title>{inner}</item>'


def launchable(result: ReadManifest) -> Launchable:
    return result.course.launchables["one"]


def test_an_item_that_says_nothing_leaves_everything_open(read: Read) -> None:
    for standard in (S12, S4):
        assert launchable(read(standard)) == Launchable("one", "a.html", sco=True)


def test_scorm_1_2_items_give_the_run_time_its_values(read: Read, codes: Codes) -> None:
    result = read(
        S12,
        items=item(
            '<adlcp:prerequisites type="aicc_script"> one </adlcp:prerequisites>'
            "<adlcp:maxtimeallowed> 00:30:00 </adlcp:maxtimeallowed>"
            "<adlcp:timelimitaction>Exit, no message</adlcp:timelimitaction>"
            "<adlcp:datafromlms><![CDATA[ a=1&b=2 \n]]></adlcp:datafromlms>"
            "<adlcp:masteryscore> 80,5 </adlcp:masteryscore>"
        ),
    )

    assert launchable(result) == Launchable(
        identifier="one",
        href="a.html",
        sco=True,
        launch_data=" a=1&b=2 \n",
        time_limit_action="exit,no message",
        max_time_allowed="00:30:00",
        mastery_score="80.5",
    )
    assert result.course.root.children[0].prerequisites == "one"
    assert codes(result) == []


@pytest.mark.parametrize(
    ("element", "field", "value", "expected"),
    [
        ("<adlcp:masteryscore/>", "mastery_score", None, []),
        ("<adlcp:masteryscore> </adlcp:masteryscore>", "mastery_score", None, []),
        ("<adlcp:masteryscore>0</adlcp:masteryscore>", "mastery_score", "0", []),
        ("<adlcp:masteryscore>100</adlcp:masteryscore>", "mastery_score", "100", []),
        ("<adlcp:masteryscore>80%</adlcp:masteryscore>", "mastery_score", None, ["NUMBER_INVALID"]),
        ("<adlcp:masteryscore>NaN</adlcp:masteryscore>", "mastery_score", None, ["NUMBER_INVALID"]),
        ("<adlcp:masteryscore>1e1</adlcp:masteryscore>", "mastery_score", None, ["NUMBER_INVALID"]),
        (f"<adlcp:masteryscore>{'9' * 400}</adlcp:masteryscore>", "mastery_score", None, ["NUMBER_INVALID"]),
        ("<adlcp:masteryscore>100.1</adlcp:masteryscore>", "mastery_score", "100", ["NUMBER_OUT_OF_RANGE"]),
        ("<adlcp:masteryscore>-5</adlcp:masteryscore>", "mastery_score", "0", ["NUMBER_OUT_OF_RANGE"]),
        ("<adlcp:maxtimeallowed/>", "max_time_allowed", None, []),
        ("<adlcp:maxtimeallowed>PT90M</adlcp:maxtimeallowed>", "max_time_allowed", "0001:30:00.00", ["DURATION_FORM"]),
        ("<adlcp:maxtimeallowed>soon</adlcp:maxtimeallowed>", "max_time_allowed", None, ["DURATION_INVALID"]),
        ("<adlcp:timelimitaction/>", "time_limit_action", None, []),
        ("<adlcp:datafromlms/>", "launch_data", None, []),
        ("<datafromlms>x</datafromlms>", "launch_data", "x", []),
        ("<adlcp:dataFromLMS>x</adlcp:dataFromLMS>", "launch_data", "x", ["SPELLING_OF_OTHER_STANDARD"]),
        (f"<adlcp:datafromlms>{'x' * 9000}</adlcp:datafromlms>", "launch_data", "x" * 9000, []),
    ],
)
def test_odd_values_of_scorm_1_2_are_forgiven_or_dropped(
    element: str, field: str, value: object, expected: list[str], read: Read, codes: Codes
) -> None:
    result = read(S12, items=item(element))

    assert getattr(launchable(result), field) == value
    assert codes(result) == expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("one", "one"),
        ("one &amp; ~(org | one)", "one & ~(org | one)"),
        ("one AND one OR NOT one", "one & one | ~ one"),
        ("(one)and(one)", "(one)&(one)"),
        ("brand", "brand"),
        ("  ", None),
        ("", None),
    ],
)
def test_prerequisites_are_kept_with_their_operators_as_symbols(script: str, expected: str | None, read: Read) -> None:
    result = read(S12, items=item(f'<adlcp:prerequisites type="aicc_script">{script}</adlcp:prerequisites>'))

    assert result.course.root.children[0].prerequisites == expected


@pytest.mark.parametrize(
    ("standard", "threshold", "reads", "uses"),
    [
        (S2, "<adlcp:completionThreshold>0.75</adlcp:completionThreshold>", "0.75", CompletionThreshold()),
        (S3, "<adlcp:completionThreshold> 0,75\n</adlcp:completionThreshold>", "0.75", CompletionThreshold()),
        (S3, "<adlcp:completionThreshold/>", None, CompletionThreshold()),
        (S4, '<adlcp:completionThreshold completedByMeasure="true"/>', "1.0", CompletionThreshold(True)),
        (
            S4,
            '<adlcp:completionThreshold completedByMeasure="true" minProgressMeasure="0.40" progressWeight="0.5"/>',
            "0.4",
            CompletionThreshold(True, 0.4, 0.5),
        ),
        (
            S4,
            '<adlcp:completionThreshold minProgressMeasure="0.1"/>',
            None,
            CompletionThreshold(min_progress_measure=0.1),
        ),
        (S4, "<adlcp:completionThreshold>0.5</adlcp:completionThreshold>", "0.5", CompletionThreshold()),
        (S4, '<adlcp:completionThreshold completedByMeasure="false"/>', None, CompletionThreshold()),
    ],
)
def test_the_completion_threshold_is_read_as_its_edition_writes_it(
    standard: Standard, threshold: str, reads: str | None, uses: CompletionThreshold, read: Read, codes: Codes
) -> None:
    result = read(standard, items=item(threshold))

    assert launchable(result).completion_threshold == reads
    assert result.course.root.children[0].sequencing.completion_threshold == uses
    assert codes(result) == []


@pytest.mark.parametrize(
    ("threshold", "reads", "expected"),
    [
        ("<adlcp:completionThreshold>half</adlcp:completionThreshold>", None, "NUMBER_INVALID"),
        ("<adlcp:completionThreshold>75</adlcp:completionThreshold>", "1.0", "NUMBER_OUT_OF_RANGE"),
        (
            '<adlcp:completionThreshold completedByMeasure="true" minProgressMeasure="-1"/>',
            "0.0",
            "NUMBER_OUT_OF_RANGE",
        ),
    ],
)
def test_a_threshold_out_of_range_is_clamped_and_no_number_is_dropped(
    threshold: str, reads: str | None, expected: str, read: Read, codes: Codes
) -> None:
    result = read(S3, items=item(threshold))

    assert launchable(result).completion_threshold == reads
    assert codes(result) == [expected]


@pytest.mark.parametrize(
    ("primary", "reads"),
    [
        ("<imsss:primaryObjective/>", None),
        (
            "<imsss:primaryObjective><imsss:minNormalizedMeasure>0.6</imsss:minNormalizedMeasure>"
            "</imsss:primaryObjective>",
            None,
        ),
        ('<imsss:primaryObjective satisfiedByMeasure="true"/>', "1.0"),
        (
            '<imsss:primaryObjective satisfiedByMeasure="true"><imsss:minNormalizedMeasure> 0.6 '
            "</imsss:minNormalizedMeasure></imsss:primaryObjective>",
            "0.6",
        ),
        (
            '<imsss:primaryObjective satisfiedByMeasure="true"><imsss:minNormalizedMeasure/></imsss:primaryObjective>',
            "1.0",
        ),
        (
            '<imsss:primaryObjective satisfiedByMeasure="true"><imsss:minNormalizedMeasure>-1'
            "</imsss:minNormalizedMeasure></imsss:primaryObjective>",
            "-1.0",
        ),
    ],
)  # fmt: skip
def test_the_passing_score_is_that_of_a_primary_objective_satisfied_by_measure(
    primary: str, reads: str | None, read: Read
) -> None:
    sequencing = f"<imsss:sequencing><imsss:objectives>{primary}</imsss:objectives></imsss:sequencing>"

    assert launchable(read(S4, items=item(sequencing))).scaled_passing_score == reads


def test_2004_items_give_the_run_time_its_values(read: Read, codes: Codes) -> None:
    result = read(
        S4,
        items=item(
            "<adlcp:timeLimitAction>continue,message</adlcp:timeLimitAction>"
            "<adlcp:dataFromLMS> d </adlcp:dataFromLMS>"
            '<adlcp:data><adlcp:map targetID=" t%201 "/><adlcp:map targetID="t2" readSharedData="false"/>'
            '<adlcp:map targetID="t3" writeSharedData="0"/></adlcp:data>'
            '<imsss:sequencing><imsss:limitConditions attemptAbsoluteDurationLimit="PT1H30M"/><imsss:objectives>'
            '<imsss:primaryObjective objectiveID="p"/><imsss:objective objectiveID=" ob%20%20j "/>'
            "</imsss:objectives></imsss:sequencing>"
        ),
    )

    assert launchable(result) == Launchable(
        identifier="one",
        href="a.html",
        sco=True,
        launch_data=" d ",
        time_limit_action="continue,message",
        max_time_allowed="PT1H30M",
        objective_ids=("p", "ob j"),
        shared_data=(
            SharedDataMap("t 1", read=True, write=True),
            SharedDataMap("t2", read=False, write=True),
            SharedDataMap("t3", read=True, write=False),
        ),
    )
    assert codes(result) == []


def test_a_primary_objective_without_identifier_gives_no_objective_row(read: Read) -> None:
    sequencing = (
        '<imsss:sequencing><imsss:objectives><imsss:primaryObjective objectiveID=" "/><imsss:objective '
        'objectiveID="b"/></imsss:objectives></imsss:sequencing>'
    )
    result = read(S4, items=item(sequencing))

    assert launchable(result).objective_ids == ("b",)
    assert result.course.root.children[0].sequencing.primary_objective.identifier is None


def test_shared_data_is_listed_once_per_target_and_only_with_one(read: Read, codes: Codes) -> None:
    maps = '<adlcp:map targetID="t"/><adlcp:map/><adlcp:map targetID=" t" readSharedData="false"/>'
    result = read(S4, items=item(f"<adlcp:data>{maps}</adlcp:data>"))

    assert launchable(result).shared_data == (SharedDataMap("t"),)
    assert sorted(codes(result)) == ["ELEMENT_TWICE", "MAP_WITHOUT_TARGET"]


@pytest.mark.parametrize(
    ("kind", "href", "sco", "expected"),
    [
        ('adlcp:scormtype="sco"', "a.html", True, []),
        ('adlcp:scormtype="asset"', "a.html", False, []),
        ('adlcp:scormtype="SCO"', "a.html", True, ["SCORM_TYPE_UNKNOWN"]),
        ('adlcp:scormtype=" Asset "', "a.html", False, ["SCORM_TYPE_UNKNOWN"]),
        ('adlcp:scormType="asset"', "a.html", False, ["SPELLING_OF_OTHER_STANDARD"]),
        ('scormtype="asset"', "a.html", False, []),
        ('scormtype="sco" adlcp:scormtype="asset"', "a.html", False, []),
        ('adlcp:scormtype="asset" scormtype="sco"', "a.html", False, []),
        ('adlcp:scormtype="course"', "a.html", True, ["SCORM_TYPE_UNKNOWN"]),
        ('adlcp:scormtype=""', "a.html", True, ["SCORM_TYPE_MISSING"]),
        ("", "a.html?x.pdf", True, ["SCORM_TYPE_MISSING"]),
        ("", "A.PDF", False, ["SCORM_TYPE_MISSING"]),
        ("", "clip.mp4", False, ["SCORM_TYPE_MISSING"]),
        ("", "go", True, ["SCORM_TYPE_MISSING"]),
    ],
)
def test_a_resource_is_a_sco_unless_it_says_or_shows_that_it_is_not(
    kind: str, href: str, sco: bool, expected: list[str], read: Read, codes: Codes
) -> None:
    result = read(S12, kind=kind, resource=f'href="{href}"', files="")

    assert launchable(result).sco is sco
    assert codes(result) == expected


def test_controls_to_hide_are_collected_in_the_words_of_the_standard(read: Read, codes: Codes) -> None:
    tokens = ("continue", " Previous ", "EXIT", "exitall", "abandon", "abandonAll", "suspendAll", "toc")
    hide = "".join(f"<adlnav:hideLMSUI>{token}</adlnav:hideLMSUI>" for token in tokens)
    result = read(
        S4,
        items=item(
            f"<adlnav:presentation><adlnav:navigationInterface>{hide}</adlnav:navigationInterface></adlnav:presentation>"
        ),
    )

    assert result.course.root.children[0].hidden_controls == {
        "continue", "previous", "exit", "exitAll", "abandon", "abandonAll", "suspendAll",
    }  # fmt: skip
    assert codes(result) == ["VALUE_UNKNOWN"]
