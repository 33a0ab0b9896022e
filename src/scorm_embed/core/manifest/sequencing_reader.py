"""imsss:sequencing and its adlseq companions to a SequencingDefinition.

Owns how the XML of SN 4th Edition chapter 3 and CAM chapter 5 maps to the definition model, and the merge of a
sequencing collection's entry into an activity. The defaults themselves are those of the definition model.
"""

from __future__ import annotations

from dataclasses import fields

from scorm_embed.core.manifest import problems
from scorm_embed.core.manifest.elements import Element
from scorm_embed.core.manifest.namespaces import SCORM_FAMILIES, Family
from scorm_embed.core.manifest.objectives_reader import read_objectives
from scorm_embed.core.manifest.problems import ProblemLog
from scorm_embed.core.manifest.rules_reader import read_rollup_rules, read_sequencing_rules
from scorm_embed.core.manifest.tolerant import (
    attribute_number,
    boolean,
    collapsed,
    count,
    duration,
    key_written,
    vocabulary,
    word,
)
from scorm_embed.core.sequencing.definition import (
    AuxiliaryResource,
    CompletionThreshold,
    ConstrainedChoice,
    ControlMode,
    DeliveryControls,
    LimitConditions,
    RandomizationControls,
    RequiredFor,
    Rollup,
    RollupConsiderations,
    SequencingDefinition,
    Timing,
)

_TIMINGS = vocabulary(Timing)
_REQUIRED_FOR = vocabulary(RequiredFor)
_DURATION_LIMITS = (
    "attempt_absolute_duration_limit",
    "attempt_experienced_duration_limit",
    "activity_absolute_duration_limit",
    "activity_experienced_duration_limit",
)
_BOOLEANS: dict[type, list[tuple[str, str, bool]]] = {
    model: [(each.name, each.name.replace("_", ""), bool(each.default)) for each in fields(model)]
    for model in (ControlMode, ConstrainedChoice, DeliveryControls)
}
"""Name, attribute in lower case and default of each field."""
_PARTS = frozenset(
    {
        "controlmode",
        "sequencingrules",
        "limitconditions",
        "auxiliaryresources",
        "rolluprules",
        "objectives",
        "randomizationcontrols",
        "deliverycontrols",
        "constrainedchoiceconsiderations",
        "rollupconsiderations",
    }
)
_TIME_LIMITS = ("begin_time_limit", "end_time_limit")


class Collection:
    """imsss:sequencingCollection: entries that activities refer to by IDRef."""

    __slots__ = ("_entries",)

    def __init__(self, root: Element, log: ProblemLog) -> None:
        self._entries: dict[str, Element] = {}
        for container in root.named("sequencingcollection"):
            for entry in container.named("sequencing"):
                identifier = collapsed(entry.get("id"))
                if identifier in self._entries:
                    log.add(problems.ELEMENT_TWICE, entry, name=f"sequencing ID='{identifier}'")
                elif identifier:
                    self._entries[identifier] = entry

    def parts(self, local: Element, log: ProblemLog) -> dict[tuple[bool, str], Element]:
        """The children in force for one activity: each of its own, and of the entry those it does not have.

        A child is replaced as a whole, attributes included (CAM 5.1.1): a local ``<controlMode/>`` puts all
        defaults in force again.
        """
        parts: dict[tuple[bool, str], Element] = {}
        reference = collapsed(local.get("idref"))
        if reference:
            entry = self._entries.get(reference)
            if entry is None:
                log.add(problems.SEQUENCING_REFERENCE_UNKNOWN, local, reference=reference)
            else:
                parts.update(_parts(entry, log))
        parts.update(_parts(local, log))
        return parts


def _parts(sequencing: Element, log: ProblemLog) -> dict[tuple[bool, str], Element]:
    """Top-level children by name; the flag tells adlseq:objectives from imsss:objectives."""
    parts: dict[tuple[bool, str], Element] = {}
    for child in sequencing.children:
        if child.key not in _PARTS or child.family not in SCORM_FAMILIES:
            continue
        key = (child.key == "objectives" and child.family is Family.ADL_SEQUENCING, child.key)
        if key in parts:
            log.add(problems.ELEMENT_TWICE, child, name=child.name)
        else:
            parts[key] = child
    return parts


def read_sequencing(
    sequencing: Element | None, collection: Collection, threshold: CompletionThreshold, log: ProblemLog
) -> SequencingDefinition:
    """The definition of one activity; without an element all defaults."""
    if sequencing is None:
        return SequencingDefinition(completion_threshold=threshold)
    parts = collection.parts(sequencing, log)

    def part(key: str) -> Element | None:
        return parts.get((False, key))

    primary, others = read_objectives(part("objectives"), parts.get((True, "objectives")), log)
    known = frozenset(each.identifier for each in (primary, *others) if each.identifier)
    return SequencingDefinition(
        control_mode=_control_mode(part("controlmode"), log),
        constrained_choice=_constrained_choice(part("constrainedchoiceconsiderations"), log),
        rules=read_sequencing_rules(part("sequencingrules"), known, log),
        limits=_limits(part("limitconditions"), log),
        auxiliary_resources=_auxiliary_resources(part("auxiliaryresources")),
        rollup=_rollup(part("rolluprules"), log),
        considerations=_considerations(part("rollupconsiderations"), log),
        primary_objective=primary,
        objectives=others,
        randomization=_randomization(part("randomizationcontrols"), log),
        delivery=_delivery(part("deliverycontrols"), log),
        completion_threshold=threshold,
    )


def _booleans(element: Element, model: type, log: ProblemLog) -> dict[str, bool]:
    """Attributes of a definition whose fields are all boolean and named like them."""
    return {name: boolean(element, key, default, log) for name, key, default in _BOOLEANS[model]}


def _control_mode(element: Element | None, log: ProblemLog) -> ControlMode:
    return ControlMode() if element is None else ControlMode(**_booleans(element, ControlMode, log))


def _constrained_choice(element: Element | None, log: ProblemLog) -> ConstrainedChoice:
    return ConstrainedChoice() if element is None else ConstrainedChoice(**_booleans(element, ConstrainedChoice, log))


def _delivery(element: Element | None, log: ProblemLog) -> DeliveryControls:
    return DeliveryControls() if element is None else DeliveryControls(**_booleans(element, DeliveryControls, log))


def _limits(element: Element | None, log: ProblemLog) -> LimitConditions:
    if element is None:
        return LimitConditions()
    texts: dict[str, str] = {}
    for name in (*_DURATION_LIMITS, *_TIME_LIMITS):
        key = name.replace("_", "")
        value: str | None = collapsed(element.get(key))
        if name in _DURATION_LIMITS:
            value = duration(value or "", key_written(element, key), iso=True, place=element, log=log)
        if value:
            texts[name] = value
    return LimitConditions(attempt_limit=count(element, "attemptlimit", None, log), **texts)


def _auxiliary_resources(element: Element | None) -> tuple[AuxiliaryResource, ...]:
    if element is None:
        return ()
    return tuple(
        AuxiliaryResource(collapsed(each.get("auxiliaryresourceid")), collapsed(each.get("purpose")))
        for each in element.named("auxiliaryresource")
    )


def _rollup(element: Element | None, log: ProblemLog) -> Rollup:
    if element is None:
        return Rollup()
    return Rollup(
        rules=read_rollup_rules(element, log),
        objective_satisfied=boolean(element, "rollupobjectivesatisfied", True, log),
        progress_completion=boolean(element, "rollupprogresscompletion", True, log),
        objective_measure_weight=attribute_number(element, "objectivemeasureweight", 0.0, 1.0, 1.0, log),
    )


def _considerations(element: Element | None, log: ProblemLog) -> RollupConsiderations:
    if element is None:
        return RollupConsiderations()
    always = RequiredFor.ALWAYS
    return RollupConsiderations(
        required_for_satisfied=word(element, "requiredforsatisfied", _REQUIRED_FOR, always, log),
        required_for_not_satisfied=word(element, "requiredfornotsatisfied", _REQUIRED_FOR, always, log),
        required_for_completed=word(element, "requiredforcompleted", _REQUIRED_FOR, always, log),
        required_for_incomplete=word(element, "requiredforincomplete", _REQUIRED_FOR, always, log),
        measure_satisfaction_if_active=boolean(element, "measuresatisfactionifactive", True, log),
    )


def _randomization(element: Element | None, log: ProblemLog) -> RandomizationControls:
    if element is None:
        return RandomizationControls()
    return RandomizationControls(
        selection_timing=word(element, "selectiontiming", _TIMINGS, Timing.NEVER, log),
        select_count=count(element, "selectcount", None, log),
        randomization_timing=word(element, "randomizationtiming", _TIMINGS, Timing.NEVER, log),
        reorder_children=boolean(element, "reorderchildren", False, log),
    )
