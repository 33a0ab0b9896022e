"""Writes a sequencing definition as the XML an author would have written.

The inverse of what ``core.manifest`` reads, for tests that start from a definition and need a package. Only what
differs from the book's defaults is written, so that the reader's defaults are tested as well. Element order is that of
``imsss_v1p0.xsd``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scorm_embed.core.sequencing.definition import (
    CompletionThreshold,
    MapItem,
    Objective,
    ObjectiveMap,
    RollupRule,
    RuleAction,
    SequencingDefinition,
    SequencingRule,
)
from scorm_embed.testing.markup import Attribute, element, text

_PRECONDITIONS = {
    RuleAction.SKIP,
    RuleAction.DISABLED,
    RuleAction.HIDDEN_FROM_CHOICE,
    RuleAction.STOP_FORWARD_TRAVERSAL,
}
_IMSSS_ITEMS = (MapItem.SATISFIED_STATUS, MapItem.NORMALIZED_MEASURE)
_ADLSEQ_ITEMS = tuple(item for item in MapItem if item not in _IMSSS_ITEMS)


def sequencing_element(definition: SequencingDefinition) -> str:
    """Return ``imsss:sequencing`` for a definition; an empty text where every value is the default."""
    inner = "".join(
        (
            _control_mode(definition),
            _rules(definition.rules),
            _limits(definition),
            _auxiliary_resources(definition),
            _rollup(definition),
            _objectives(definition),
            _randomization(definition),
            _delivery(definition),
            _constrained_choice(definition),
            _considerations(definition),
            _adlseq_objectives(definition),
        )
    )
    return element("imsss:sequencing", {}, (inner,)) if inner else ""


def completion_threshold_element(threshold: CompletionThreshold) -> str:
    """Return ``adlcp:completionThreshold`` (4th Edition form); an empty text for the default."""
    changed = _changed(
        threshold,
        completed_by_measure="completedByMeasure",
        min_progress_measure="minProgressMeasure",
        progress_weight="progressWeight",
    )
    return _if_any("adlcp:completionThreshold", changed)


def _changed(value: Any, **names: str) -> dict[str, Attribute]:
    """The fields of a frozen dataclass that differ from its defaults, under their XML names."""
    default = type(value)()
    found: dict[str, Attribute] = {}
    for field, name in names.items():
        present = getattr(value, field)
        if present != getattr(default, field):
            found[name] = getattr(present, "value", present)
    return found


def _if_any(name: str, attributes: dict[str, Attribute], children: Iterable[str] = ()) -> str:
    inner = "".join(children)
    return element(name, attributes, (inner,)) if attributes or inner else ""


def _control_mode(definition: SequencingDefinition) -> str:
    changed = _changed(
        definition.control_mode,
        choice="choice",
        choice_exit="choiceExit",
        flow="flow",
        forward_only="forwardOnly",
        use_current_attempt_objective_info="useCurrentAttemptObjectiveInfo",
        use_current_attempt_progress_info="useCurrentAttemptProgressInfo",
    )
    return _if_any("imsss:controlMode", changed)


def _rules(rules: tuple[SequencingRule, ...]) -> str:
    kinds: dict[str, list[str]] = {"preConditionRule": [], "exitConditionRule": [], "postConditionRule": []}
    for rule in rules:
        if rule.action in _PRECONDITIONS:
            kind = "preConditionRule"
        else:
            kind = "exitConditionRule" if rule.action is RuleAction.EXIT else "postConditionRule"
        conditions = element(
            "imsss:ruleConditions",
            {"conditionCombination": rule.combination.value},
            (
                element(
                    "imsss:ruleCondition",
                    {
                        "referencedObjective": condition.referenced_objective,
                        "measureThreshold": condition.measure_threshold or None,
                        "operator": "not" if condition.negated else None,
                        "condition": condition.condition.value,
                    },
                )
                for condition in rule.conditions
            ),
        )
        action = element("imsss:ruleAction", {"action": rule.action.value})
        kinds[kind].append(element(f"imsss:{kind}", {}, (conditions, action)))
    return _if_any("imsss:sequencingRules", {}, (rule for kind in kinds.values() for rule in kind))


def _limits(definition: SequencingDefinition) -> str:
    changed = _changed(
        definition.limits,
        attempt_limit="attemptLimit",
        attempt_absolute_duration_limit="attemptAbsoluteDurationLimit",
        attempt_experienced_duration_limit="attemptExperiencedDurationLimit",
        activity_absolute_duration_limit="activityAbsoluteDurationLimit",
        activity_experienced_duration_limit="activityExperiencedDurationLimit",
        begin_time_limit="beginTimeLimit",
        end_time_limit="endTimeLimit",
    )
    return _if_any("imsss:limitConditions", changed)


def _auxiliary_resources(definition: SequencingDefinition) -> str:
    resources = (
        element("imsss:auxiliaryResource", {"auxiliaryResourceID": entry.identifier, "purpose": entry.purpose})
        for entry in definition.auxiliary_resources
    )
    return _if_any("imsss:auxiliaryResources", {}, resources)


def _rollup_rule(rule: RollupRule) -> str:
    attributes: dict[str, Attribute] = {
        "childActivitySet": rule.child_set.value,
        "minimumCount": rule.minimum_count or None,
        "minimumPercent": rule.minimum_percent or None,
    }
    conditions = element(
        "imsss:rollupConditions",
        {"conditionCombination": rule.combination.value},
        (
            element(
                "imsss:rollupCondition",
                {"operator": "not" if entry.negated else None, "condition": entry.condition.value},
            )
            for entry in rule.conditions
        ),
    )
    action = element("imsss:rollupAction", {"action": rule.action.value})
    return element("imsss:rollupRule", attributes, (conditions, action))


def _rollup(definition: SequencingDefinition) -> str:
    changed = _changed(
        definition.rollup,
        objective_satisfied="rollupObjectiveSatisfied",
        progress_completion="rollupProgressCompletion",
        objective_measure_weight="objectiveMeasureWeight",
    )
    return _if_any("imsss:rollupRules", changed, map(_rollup_rule, definition.rollup.rules))


def _maps(objective: Objective, prefix: str, items: tuple[MapItem, ...]) -> str:
    """The mapInfo elements of one namespace.

    Every read attribute is written out, because its default is true, unlike that of the write attributes.
    """

    def one(entry: ObjectiveMap) -> str:
        attributes: dict[str, Attribute] = {"targetObjectiveID": entry.target}
        attributes |= {f"read{item.value}": item in entry.reads for item in items}
        attributes |= {f"write{item.value}": True for item in items if item in entry.writes}
        return element(f"{prefix}:mapInfo", attributes)

    return "".join(one(entry) for entry in objective.maps if (entry.reads | entry.writes) & set(items))


def _objective(objective: Objective, name: str) -> str:
    measure = objective.min_normalized_measure
    children = (
        element("imsss:minNormalizedMeasure", {}, (text(measure),)) if measure != 1.0 else "",
        _maps(objective, "imsss", _IMSSS_ITEMS),
    )
    attributes: dict[str, Attribute] = {
        "satisfiedByMeasure": True if objective.satisfied_by_measure else None,
        "objectiveID": objective.identifier,
    }
    return element(name, attributes, children)


def _objectives(definition: SequencingDefinition) -> str:
    if definition.primary_objective == Objective() and not definition.objectives:
        return ""
    children = [_objective(definition.primary_objective, "imsss:primaryObjective")]
    children += [_objective(objective, "imsss:objective") for objective in definition.objectives]
    return element("imsss:objectives", {}, children)


def _randomization(definition: SequencingDefinition) -> str:
    changed = _changed(
        definition.randomization,
        randomization_timing="randomizationTiming",
        select_count="selectCount",
        reorder_children="reorderChildren",
        selection_timing="selectionTiming",
    )
    return _if_any("imsss:randomizationControls", changed)


def _delivery(definition: SequencingDefinition) -> str:
    changed = _changed(
        definition.delivery,
        tracked="tracked",
        completion_set_by_content="completionSetByContent",
        objective_set_by_content="objectiveSetByContent",
    )
    return _if_any("imsss:deliveryControls", changed)


def _constrained_choice(definition: SequencingDefinition) -> str:
    changed = _changed(
        definition.constrained_choice, prevent_activation="preventActivation", constrain_choice="constrainChoice"
    )
    return _if_any("adlseq:constrainedChoiceConsiderations", changed)


def _considerations(definition: SequencingDefinition) -> str:
    changed = _changed(
        definition.considerations,
        required_for_satisfied="requiredForSatisfied",
        required_for_not_satisfied="requiredForNotSatisfied",
        required_for_completed="requiredForCompleted",
        required_for_incomplete="requiredForIncomplete",
        measure_satisfaction_if_active="measureSatisfactionIfActive",
    )
    return _if_any("adlseq:rollupConsiderations", changed)


def _adlseq_objectives(definition: SequencingDefinition) -> str:
    everyone = (definition.primary_objective, *definition.objectives)
    written = (
        _if_any("adlseq:objective", {"objectiveID": objective.identifier}, (maps,))
        for objective in everyone
        if objective.identifier is not None and (maps := _maps(objective, "adlseq", _ADLSEQ_ITEMS))
    )
    return _if_any("adlseq:objectives", {}, written)
