"""imsss:sequencing and its adlseq companions: every attribute, every default, the collection, what is dropped."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from scorm_embed.core.manifest import ReadManifest, read_manifest
from scorm_embed.core.sequencing.definition import (
    AuxiliaryResource,
    ChildSet,
    Combination,
    Condition,
    ConstrainedChoice,
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
from scorm_embed.testing.package_builder import Item, build_manifest

Read = Callable[..., ReadManifest]
Codes = Callable[[ReadManifest], list[str]]
S3, S4 = Standard.SCORM_2004_3RD, Standard.SCORM_2004_4TH

SS_ITEMS = frozenset({MapItem.SATISFIED_STATUS, MapItem.NORMALIZED_MEASURE})
ADL_ITEMS = frozenset(MapItem) - SS_ITEMS


@pytest.fixture
def definition(read: Read, codes: Codes) -> Callable[..., SequencingDefinition]:
    """Reads the children of one item's imsss:sequencing; the problems expected are given with them."""

    def of(inner: str, *expected: str, collection: str = "", reference: str = "") -> SequencingDefinition:
        idref = f' IDRef="{reference}"' if reference else ""
        item = (
            f'<item identifier="one" identifierref="res"><title>One</title>'
            f"<imsss:sequencing{idref}>{inner}</imsss:sequencing></item>"
        )
        end = f"<imsss:sequencingCollection>{collection}</imsss:sequencingCollection>" if collection else ""
        result = read(S4, items=item, end=end)
        assert sorted(codes(result)) == sorted(expected)
        return result.course.root.children[0].sequencing

    return of


Define = Callable[..., SequencingDefinition]


def test_an_empty_element_is_all_defaults(definition: Define) -> None:
    assert definition("") == SequencingDefinition()


def test_every_part_is_read_whatever_its_order(definition: Define) -> None:
    read = definition(
        '<adlseq:rollupConsiderations requiredForSatisfied="ifAttempted" requiredForNotSatisfied="IFNOTSKIPPED" '
        'requiredForCompleted="ifNotSuspended" requiredForIncomplete="always" measureSatisfactionIfActive="false"/>'
        '<adlseq:constrainedChoiceConsiderations preventActivation="true" constrainChoice="true"/>'
        '<imsss:deliveryControls tracked="false" completionSetByContent="true" objectiveSetByContent="true"/>'
        '<imsss:randomizationControls selectionTiming="once" selectCount="3" randomizationTiming="onEachNewAttempt" '
        'reorderChildren="true"/>'
        '<imsss:rollupRules rollupObjectiveSatisfied="false" rollupProgressCompletion="false" '
        'objectiveMeasureWeight="0.5"/>'
        '<imsss:auxiliaryResources><imsss:auxiliaryResource auxiliaryResourceID="a" purpose="p"/>'
        "</imsss:auxiliaryResources>"
        '<imsss:limitConditions attemptLimit="2" attemptAbsoluteDurationLimit="PT1H" '
        'attemptExperiencedDurationLimit="PT2H" activityAbsoluteDurationLimit="PT3H" '
        'activityExperiencedDurationLimit="PT4H" beginTimeLimit="2030-01-01T00:00:00" '
        'endTimeLimit="2031-01-01T00:00:00"/>'
        '<imsss:controlMode choice="false" choiceExit="false" flow="true" forwardOnly="true" '
        'useCurrentAttemptObjectiveInfo="false" useCurrentAttemptProgressInfo="false"/>'
    )

    assert read == SequencingDefinition(
        control_mode=ControlMode(
            choice=False,
            choice_exit=False,
            flow=True,
            forward_only=True,
            use_current_attempt_objective_info=False,
            use_current_attempt_progress_info=False,
        ),
        constrained_choice=ConstrainedChoice(prevent_activation=True, constrain_choice=True),
        limits=LimitConditions(
            2, "PT1H", "PT2H", "PT3H", "PT4H", "2030-01-01T00:00:00", "2031-01-01T00:00:00"
        ),
        auxiliary_resources=(AuxiliaryResource("a", "p"),),
        rollup=Rollup((), objective_satisfied=False, progress_completion=False, objective_measure_weight=0.5),
        considerations=RollupConsiderations(
            required_for_satisfied=RequiredFor.IF_ATTEMPTED,
            required_for_not_satisfied=RequiredFor.IF_NOT_SKIPPED,
            required_for_completed=RequiredFor.IF_NOT_SUSPENDED,
            required_for_incomplete=RequiredFor.ALWAYS,
            measure_satisfaction_if_active=False,
        ),
        randomization=RandomizationControls(Timing.ONCE, 3, Timing.ON_EACH_NEW_ATTEMPT, reorder_children=True),
        delivery=DeliveryControls(tracked=False, completion_set_by_content=True, objective_set_by_content=True),
    )  # fmt: skip


def rule(kind: str, action: str, conditions: str = '<imsss:ruleCondition condition="always"/>') -> str:
    return (
        f"<imsss:{kind}><imsss:ruleConditions>{conditions}</imsss:ruleConditions>"
        f'<imsss:ruleAction action="{action}"/></imsss:{kind}>'
    )


def rules(*each: str) -> str:
    return f"<imsss:sequencingRules>{''.join(each)}</imsss:sequencingRules>"


def test_rules_keep_their_order_conditions_and_objectives(definition: Define) -> None:
    read = definition(
        '<imsss:objectives><imsss:primaryObjective/><imsss:objective objectiveID="o 1"/></imsss:objectives>'
        + rules(
            rule("postConditionRule", "retryAll"),
            "<imsss:preConditionRule><imsss:ruleConditions conditionCombination='any'>"
            "<imsss:ruleCondition condition='Satisfied' operator='not' referencedObjective=' o%20%201 '/>"
            "<imsss:ruleCondition condition='objectiveMeasureLessThan' measureThreshold='-0,5'/>"
            "</imsss:ruleConditions><imsss:ruleAction action='HiddenFromChoice'/></imsss:preConditionRule>",
            rule("exitConditionRule", "exit"),
        )
    )

    always = (RuleCondition(Condition.ALWAYS),)
    assert read.rules == (
        SequencingRule(RuleAction.RETRY_ALL, always),
        SequencingRule(
            RuleAction.HIDDEN_FROM_CHOICE,
            (
                RuleCondition(Condition.SATISFIED, negated=True, referenced_objective="o 1"),
                RuleCondition(Condition.OBJECTIVE_MEASURE_LESS_THAN, measure_threshold=-0.5),
            ),
            Combination.ANY,
        ),
        SequencingRule(RuleAction.EXIT, always),
    )


@pytest.mark.parametrize(
    ("kind", "actions"),
    [
        ("preConditionRule", {"skip", "disabled", "hiddenFromChoice", "stopForwardTraversal"}),
        ("exitConditionRule", {"exit"}),
        ("postConditionRule", {"exitParent", "exitAll", "retry", "retryAll", "continue", "previous"}),
    ],
)
def test_each_kind_of_rule_has_its_own_actions(kind: str, actions: set[str], definition: Define) -> None:
    for action in RuleAction:
        expected = () if action.value in actions else ("RULE_DROPPED",)
        found = [each.action for each in definition(rules(rule(kind, action.value)), *expected).rules]
        assert found == ([action] if action.value in actions else [])


@pytest.mark.parametrize("condition", Condition)
def test_every_condition_of_a_sequencing_rule_is_known(condition: Condition, definition: Define) -> None:
    read = definition(rules(rule("preConditionRule", "skip", f'<imsss:ruleCondition condition="{condition.value}"/>')))

    assert [each.conditions for each in read.rules] == [(RuleCondition(condition),)]


@pytest.mark.parametrize(
    "bad",
    [
        '<imsss:ruleCondition condition="always"/><imsss:ruleCondition condition="sunny"/>',
        '<imsss:ruleCondition condition="always"/><imsss:ruleCondition/>',
        "",
    ],
)
def test_a_rule_that_is_only_half_understood_is_left_out_as_a_whole(bad: str, definition: Define) -> None:
    read = definition(
        rules(rule("preConditionRule", "skip", bad), rule("preConditionRule", "disabled")), "RULE_DROPPED"
    )

    assert [each.action for each in read.rules] == [RuleAction.DISABLED]


def test_a_rule_without_an_action_is_left_out(definition: Define) -> None:
    bare = "<imsss:ruleConditions><imsss:ruleCondition condition='always'/></imsss:ruleConditions>"

    assert definition(rules(f"<imsss:exitConditionRule>{bare}</imsss:exitConditionRule>"), "RULE_DROPPED").rules == ()


def rollup_rule(attributes: str = "", conditions: str = "<imsss:rollupCondition condition='satisfied'/>",
                combination: str = "", action: str = "action='completed'") -> str:  # fmt: skip
    return (
        f"<imsss:rollupRules><imsss:rollupRule {attributes}><imsss:rollupConditions {combination}>{conditions}"
        f"</imsss:rollupConditions><imsss:rollupAction {action}/></imsss:rollupRule></imsss:rollupRules>"
    )


def test_rollup_rules_default_to_any_condition_of_all_children(definition: Define) -> None:
    assert definition(rollup_rule()).rollup.rules == (
        RollupRule(
            RollupAction.COMPLETED, (RollupCondition(Condition.SATISFIED),), Combination.ANY, ChildSet.ALL, 0, 0.0
        ),
    )


def test_rollup_rules_are_read_in_full(definition: Define) -> None:
    read = definition(
        rollup_rule(
            "childActivitySet='AtLeastPercent' minimumCount='2' minimumPercent='0.5'",
            "<imsss:rollupCondition condition='attempted' operator='not'/>"
            "<imsss:rollupCondition condition='completed'/>",
            "conditionCombination='all'",
            "action='notSatisfied'",
        )
    )

    assert read.rollup.rules == (
        RollupRule(
            RollupAction.NOT_SATISFIED,
            (RollupCondition(Condition.ATTEMPTED, negated=True), RollupCondition(Condition.COMPLETED)),
            Combination.ALL,
            ChildSet.AT_LEAST_PERCENT,
            2,
            0.5,
        ),
    )


@pytest.mark.parametrize(
    "bad",
    [
        rollup_rule(action="action='done'"),
        rollup_rule(action=""),
        rollup_rule(conditions=""),
        rollup_rule(conditions="<imsss:rollupCondition condition='always'/>"),
        rollup_rule(conditions="<imsss:rollupCondition condition='objectiveMeasureGreaterThan'/>"),
        rollup_rule(conditions="<imsss:rollupCondition condition='never'/>"),
    ],
)
def test_rollup_rules_that_make_no_sense_are_left_out(bad: str, definition: Define) -> None:
    assert definition(bad, "RULE_DROPPED").rollup.rules == ()


@pytest.mark.parametrize(
    ("xml", "limit", "expected"),
    [
        ("attemptLimit='0'", 0, []),
        ("attemptLimit=' 3 '", 3, []),
        ("attemptLimit='3.0'", 3, []),
        ("attemptLimit=''", None, ["VALUE_EMPTY"]),
        ("attemptLimit='-1'", None, ["NUMBER_OUT_OF_RANGE"]),
        ("attemptLimit='2.5'", None, ["NUMBER_INVALID"]),
        ("attemptLimit='unlimited'", None, ["NUMBER_INVALID"]),
        ("attemptLimit='99999999999999999999'", 2**31 - 1, ["NUMBER_OUT_OF_RANGE"]),
        (f"attemptLimit='{'9' * 1000}'", None, ["NUMBER_INVALID"]),
    ],
)
def test_an_attempt_limit_is_a_count_or_nothing(
    xml: str, limit: int | None, expected: list[str], definition: Define
) -> None:
    assert definition(f"<imsss:limitConditions {xml}/>", *expected).limits.attempt_limit == limit


@pytest.mark.parametrize(
    ("written", "kept", "expected"),
    [
        ("P1DT2H", "P1DT2H", []),
        ("PT0.123S", "PT0.123S", []),
        ("01:30:00", "PT1H30M", ["DURATION_FORM"]),
        ("-PT1H", None, ["DURATION_INVALID"]),
        ("P", None, ["DURATION_INVALID"]),
        ("1 hour", None, ["DURATION_INVALID"]),
        ("", None, []),
    ],
)
def test_duration_limits_are_iso_durations(
    written: str, kept: str | None, expected: list[str], definition: Define
) -> None:
    limits = definition(f"<imsss:limitConditions attemptAbsoluteDurationLimit='{written}'/>", *expected).limits

    assert limits.attempt_absolute_duration_limit == kept


@pytest.mark.parametrize(
    ("xml", "expected"),
    [
        ('<imsss:rollupRules objectiveMeasureWeight="1.5"/>', "NUMBER_OUT_OF_RANGE"),
        ('<imsss:rollupRules objectiveMeasureWeight="heavy"/>', "NUMBER_INVALID"),
        ('<imsss:controlMode flow="perhaps"/>', "BOOLEAN_INVALID"),
        ('<imsss:controlMode flow=""/>', "VALUE_EMPTY"),
        ('<adlseq:rollupConsiderations requiredForCompleted="sometimes"/>', "VALUE_UNKNOWN"),
        ('<imsss:randomizationControls selectionTiming="daily"/>', "VALUE_UNKNOWN"),
        ('<imsss:controlMode/><imsss:controlMode flow="true"/>', "ELEMENT_TWICE"),
    ],
)
def test_wrong_values_become_the_default_and_are_reported(xml: str, expected: str, definition: Define) -> None:
    assert definition(xml, expected) == SequencingDefinition()


# -- objectives -------------------------------------------------------------------------------------------------------


def test_objectives_are_read_with_their_measures_and_maps(definition: Define) -> None:
    read = definition(
        "<imsss:objectives>"
        "<imsss:objective objectiveID='b' satisfiedByMeasure='1'><imsss:minNormalizedMeasure>,5"
        "</imsss:minNormalizedMeasure></imsss:objective>"
        "<imsss:primaryObjective objectiveID=' a '><imsss:mapInfo targetObjectiveID=' g%201 '/>"
        "<imsss:mapInfo targetObjectiveID='h' readSatisfiedStatus='false' readNormalizedMeasure='false' "
        "writeSatisfiedStatus='true' writeNormalizedMeasure='true'/></imsss:primaryObjective></imsss:objectives>"
    )

    assert read.primary_objective == Objective(
        "a", maps=(ObjectiveMap("g 1", reads=SS_ITEMS), ObjectiveMap("h", writes=SS_ITEMS))
    )
    assert read.objectives == (Objective("b", satisfied_by_measure=True, min_normalized_measure=0.5),)


def test_adlseq_maps_join_the_objective_of_their_name(definition: Define) -> None:
    read = definition(
        "<imsss:objectives><imsss:primaryObjective objectiveID='a'><imsss:mapInfo targetObjectiveID='g'/>"
        "</imsss:primaryObjective><imsss:objective objectiveID='b c'/></imsss:objectives>"
        "<adlseq:objectives><adlseq:objective objectiveID=' b%20c'><adlseq:mapInfo targetObjectiveID='h' "
        "readRawScore='false' writeCompletionStatus='true' writeProgressMeasure='true'/></adlseq:objective>"
        "<adlseq:objective objectiveID='a'><adlseq:mapInfo targetObjectiveID='g' writeMinScore='true' "
        "writeMaxScore='true' writeRawScore='true' readCompletionStatus='false' readProgressMeasure='false' "
        "readMinScore='false' readMaxScore='false'/></adlseq:objective></adlseq:objectives>"
    )

    assert read.primary_objective.maps == (
        ObjectiveMap("g", reads=SS_ITEMS),
        ObjectiveMap(
            "g",
            reads=frozenset({MapItem.RAW_SCORE}),
            writes=frozenset({MapItem.RAW_SCORE, MapItem.MIN_SCORE, MapItem.MAX_SCORE}),
        ),
    )
    assert read.objectives[0].maps == (
        ObjectiveMap(
            "h",
            reads=ADL_ITEMS - {MapItem.RAW_SCORE},
            writes=frozenset({MapItem.COMPLETION_STATUS, MapItem.PROGRESS_MEASURE}),
        ),
    )


def test_an_adlseq_objective_of_nobody_has_no_effect(definition: Define) -> None:
    read = definition(
        "<adlseq:objectives><adlseq:objective objectiveID='x'><adlseq:mapInfo targetObjectiveID='h'/>"
        "</adlseq:objective></adlseq:objectives>",
        "OBJECTIVE_UNKNOWN",
    )

    assert read == SequencingDefinition()


def test_objective_names_are_percent_decoded_then_trimmed_and_collapsed(definition: Define) -> None:
    read = definition(
        "<imsss:objectives><imsss:primaryObjective/><imsss:objective objectiveID=' ob%20j%201     '/>"
        "</imsss:objectives>"
        + rules(
            rule(
                "preConditionRule",
                "skip",
                "<imsss:ruleCondition condition='satisfied' referencedObjective='    ob%20%20%20j%20%201  '/>",
            )
        )
    )

    assert read.objectives[0].identifier == "ob j 1"
    assert read.rules[0].conditions[0].referenced_objective == "ob j 1"


# -- the sequencing collection ----------------------------------------------------------------------------------------

COLLECTION = (
    '<imsss:sequencing ID=" c  1 "><imsss:controlMode choice="false" flow="true"/>'
    '<imsss:limitConditions attemptLimit="2"/>'
    '<imsss:objectives><imsss:primaryObjective objectiveID="shared"/></imsss:objectives>'
    '<adlseq:objectives><adlseq:objective objectiveID="shared"><adlseq:mapInfo targetObjectiveID="g"/>'
    "</adlseq:objective></adlseq:objectives></imsss:sequencing>"
)
SHARED = SequencingDefinition(
    control_mode=ControlMode(choice=False, flow=True),
    limits=LimitConditions(attempt_limit=2),
    primary_objective=Objective("shared", maps=(ObjectiveMap("g", reads=ADL_ITEMS),)),
)


def test_an_activity_takes_what_it_does_not_say_from_the_collection(definition: Define) -> None:
    assert definition("", collection=COLLECTION, reference="\n c 1 ") == SHARED


def test_a_local_part_replaces_the_referenced_one_as_a_whole(definition: Define) -> None:
    read = definition("<imsss:controlMode/>", collection=COLLECTION, reference="c 1")

    assert read.control_mode == ControlMode()
    assert read.limits == SHARED.limits


def test_objectives_of_the_two_vocabularies_are_replaced_one_by_one(definition: Define) -> None:
    local = (
        '<imsss:objectives><imsss:primaryObjective objectiveID="shared" satisfiedByMeasure="true"/></imsss:objectives>'
    )
    read = definition(local, collection=COLLECTION, reference="c 1")

    assert read.primary_objective == Objective("shared", True, maps=(ObjectiveMap("g", reads=ADL_ITEMS),))


def test_a_reference_to_nothing_is_ignored(definition: Define) -> None:
    read = definition('<imsss:controlMode flow="true"/>', "SEQUENCING_REFERENCE_UNKNOWN", reference="c 2")

    assert read == SequencingDefinition(control_mode=ControlMode(flow=True))


def test_the_first_of_two_entries_with_one_name_counts(definition: Define) -> None:
    two = COLLECTION + '<imsss:sequencing ID="c 1"/>'

    assert definition("", "ELEMENT_TWICE", collection=two, reference="c 1") == SHARED


def test_an_organization_refers_to_the_collection_too(read: Read) -> None:
    result = read(
        S4,
        more='<imsss:sequencing IDRef="c 1"/>',
        end=f"<imsss:sequencingCollection>{COLLECTION}</imsss:sequencingCollection>",
    )

    assert result.course.root.sequencing == SHARED


def test_sequencing_without_its_prefix_is_understood(read: Read) -> None:
    item = (
        '<item identifier="one" identifierref="res"><title>One</title><sequencing><controlMode flow="true"/>'
        "<limitConditions attemptLimit='1'/></sequencing></item>"
    )
    sequencing = read(S3, items=item).course.root.children[0].sequencing

    assert sequencing == SequencingDefinition(ControlMode(flow=True), limits=LimitConditions(attempt_limit=1))


# -- what is written is what is read ----------------------------------------------------------------------------------

names = st.text("abcxyz-_", min_size=1, max_size=6)
parts = st.integers(0, 10).map(lambda tenths: tenths / 10)
measures = st.integers(-10, 10).map(lambda tenths: tenths / 10)


def maps(items: frozenset[MapItem]) -> st.SearchStrategy[ObjectiveMap]:
    some = st.frozensets(st.sampled_from(sorted(items, key=str)))
    both = st.builds(ObjectiveMap, names, some, some)
    return both.filter(lambda each: bool(each.reads | each.writes))


def objectives(identifiers: st.SearchStrategy[str]) -> st.SearchStrategy[Objective]:
    all_maps = st.tuples(st.lists(maps(SS_ITEMS), max_size=2), st.lists(maps(ADL_ITEMS), max_size=2))
    return st.builds(Objective, identifiers, st.booleans(), measures, all_maps.map(lambda two: (*two[0], *two[1])))


@st.composite
def definitions(draw: st.DrawFn) -> SequencingDefinition:
    found = draw(st.lists(objectives(names), min_size=1, max_size=3, unique_by=lambda each: each.identifier))
    known = st.sampled_from([None, *(each.identifier for each in found)])
    conditions = st.builds(RuleCondition, st.sampled_from(Condition), st.booleans(), known, measures)
    sequencing_rules = st.builds(
        SequencingRule,
        st.sampled_from(RuleAction),
        st.lists(conditions, min_size=1, max_size=3).map(tuple),
        st.sampled_from(Combination),
    )
    only_in_rules = ("always", "objectiveMeasureGreaterThan", "objectiveMeasureLessThan")
    in_rollup = [each for each in Condition if each.value not in only_in_rules]
    rollup_conditions = st.lists(
        st.builds(RollupCondition, st.sampled_from(in_rollup), st.booleans()), min_size=1, max_size=2
    )
    rollup_rules = st.builds(
        RollupRule,
        st.sampled_from(RollupAction),
        rollup_conditions.map(tuple),
        st.sampled_from(Combination),
        st.sampled_from(ChildSet),
        st.integers(0, 9),
        parts,
    )
    durations = st.sampled_from([None, "PT1H", "P2DT3M"])
    moments = st.sampled_from([None, "2030-01-01T00:00:00"])
    required = st.sampled_from(RequiredFor)
    timings = st.sampled_from(Timing)
    counts = st.none() | st.integers(0, 99)
    return SequencingDefinition(
        control_mode=draw(st.builds(ControlMode, *[st.booleans()] * 6)),
        constrained_choice=draw(st.builds(ConstrainedChoice, st.booleans(), st.booleans())),
        rules=tuple(draw(st.lists(sequencing_rules, max_size=4))),
        limits=draw(st.builds(LimitConditions, counts, *[durations] * 4, moments, moments)),
        auxiliary_resources=tuple(draw(st.lists(st.builds(AuxiliaryResource, names, names), max_size=2))),
        rollup=draw(
            st.builds(Rollup, st.lists(rollup_rules, max_size=3).map(tuple), st.booleans(), st.booleans(), parts)
        ),
        considerations=draw(st.builds(RollupConsiderations, required, required, required, required, st.booleans())),
        primary_objective=found[0],
        objectives=tuple(found[1:]),
        randomization=draw(st.builds(RandomizationControls, timings, counts, timings, st.booleans())),
        delivery=draw(st.builds(DeliveryControls, *[st.booleans()] * 3)),
    )


@settings(max_examples=60, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(wanted=definitions(), root=definitions())
def test_every_definition_that_can_be_written_is_read_back_as_it_was(
    wanted: SequencingDefinition, root: SequencingDefinition
) -> None:
    text = build_manifest(S4, items=[Item("a", sequencing=wanted)], sequencing={None: root})

    course = read_manifest(text.encode(), ()).course

    def by_kind(definition: SequencingDefinition) -> list[list[SequencingRule]]:
        kinds = ("skip disabled hiddenFromChoice stopForwardTraversal", "exit", "")
        known = " ".join(kinds).split()
        return [
            [each for each in definition.rules if each.action.value in (kind.split() or [each.action.value])
             and (kind or each.action.value not in known)]
            for kind in kinds
        ]  # fmt: skip

    for found, expected in ((course.root.children[0].sequencing, wanted), (course.root.sequencing, root)):
        assert by_kind(found) == by_kind(expected)
        for name in SequencingDefinition.__dataclass_fields__:
            if name != "rules":
                assert getattr(found, name) == getattr(expected, name)
