"""Run-time data of one item: launch data, time limits, mastery, thresholds, shared data (RTE 4.2, SCORM 1.2 RTE 3.4).

Owns which manifest element feeds which data-model element, per standard and edition.
"""

from __future__ import annotations

import re
from dataclasses import replace
from enum import Enum

from scorm_embed.core.manifest import problems
from scorm_embed.core.manifest.elements import Element
from scorm_embed.core.manifest.model import Launchable, SharedDataMap
from scorm_embed.core.manifest.namespaces import shown
from scorm_embed.core.manifest.problems import ProblemLog
from scorm_embed.core.manifest.tolerant import (
    attribute_number,
    boolean,
    collapsed,
    duration,
    first_of,
    number,
    number_text,
    objective_name,
)
from scorm_embed.core.sequencing.definition import CompletionThreshold, SequencingDefinition
from scorm_embed.core.standard import Standard


class HiddenControl(Enum):
    """Tokens of adlnav:hideLMSUI."""

    PREVIOUS = "previous"
    CONTINUE = "continue"
    EXIT = "exit"
    EXIT_ALL = "exitAll"
    ABANDON = "abandon"
    ABANDON_ALL = "abandonAll"
    SUSPEND_ALL = "suspendAll"


_HIDDEN_CONTROLS = {token.value.lower(): token.value for token in HiddenControl}
_WORD_OPERATORS = {"and": "&", "or": "|", "not": "~"}
_WORD_OPERATOR = re.compile(r"(?<![^\s)(])(and|or|not)(?![^\s)(])", re.IGNORECASE)
_TIME_LIMIT_ACTIONS = ("exit,message", "exit,no message", "continue,message", "continue,no message")


def read_launchable(
    item: Element, start: Launchable, standard: Standard, definition: SequencingDefinition, log: ProblemLog
) -> Launchable:
    """Everything the run-time needs to know about one leaf.

    Args:
        item: the item element.
        start: identifier, address, kind and completion threshold.
        standard: of the package.
        definition: the activity's sequencing.
        log: receives problems.
    """
    launch_data = first_of(item.named("datafromlms"), log)
    common = replace(
        start,
        # As it is, blanks included: content parses it.
        launch_data=(launch_data.all_text() or None) if launch_data is not None else None,
        time_limit_action=_time_limit_action(item, log),
    )
    if not standard.is_2004:
        return replace(common, max_time_allowed=_max_time_allowed(item, log), mastery_score=_mastery_score(item, log))
    for key in ("masteryscore", "maxtimeallowed", "prerequisites"):
        misplaced = item.child(key)
        if misplaced is not None and collapsed(misplaced.text):
            log.add(problems.VALUE_IGNORED, misplaced, name=misplaced.name, standard=shown(standard))
    primary = definition.primary_objective
    return replace(
        common,
        max_time_allowed=definition.limits.attempt_absolute_duration_limit,
        scaled_passing_score=_real(primary.min_normalized_measure) if primary.satisfied_by_measure else None,
        objective_ids=tuple(each.identifier for each in (primary, *definition.objectives) if each.identifier),
        shared_data=_shared_data(item, log),
    )


def read_threshold(element: Element, log: ProblemLog) -> tuple[CompletionThreshold, str | None]:
    """adlcp:completionThreshold: what sequencing uses, and what cmi.completion_threshold reads.

    2nd and 3rd Edition write a number as the element's text, which only the run-time reads; 4th Edition writes
    attributes, of which completedByMeasure makes the others count. Both are read in every edition, because packages
    that were moved from one to another keep what they had.
    """
    threshold = first_of(element.named("completionthreshold"), log)
    if threshold is None:
        return CompletionThreshold(), None
    used = CompletionThreshold(
        completed_by_measure=boolean(threshold, "completedbymeasure", False, log),
        min_progress_measure=attribute_number(threshold, "minprogressmeasure", 0.0, 1.0, 1.0, log),
        progress_weight=attribute_number(threshold, "progressweight", 0.0, 1.0, 1.0, log),
    )
    written = collapsed(threshold.text)
    if not written:
        return used, _real(used.min_progress_measure) if used.completed_by_measure else None
    if number_text(written) is None:
        log.add(problems.NUMBER_INVALID, threshold, name=threshold.name, value=written, used="nothing")
        return used, None
    return used, _real(number(written, threshold.name, 0.0, 1.0, 1.0, threshold, log))


def read_hidden_controls(element: Element, log: ProblemLog) -> frozenset[str]:
    """The LMS controls that adlnav:presentation asks to hide."""
    hidden: set[str] = set()
    for sequencing in element.named("sequencing"):
        for stray in sequencing.named("presentation"):
            log.add(problems.ELEMENT_IGNORED, stray, name=stray.name)
    for presentation in element.named("presentation"):
        for interface in presentation.named("navigationinterface"):
            for each in interface.named("hidelmsui"):
                token = _HIDDEN_CONTROLS.get(collapsed(each.text).lower())
                if token is None:
                    log.add(problems.VALUE_UNKNOWN, each, name=each.name, value=each.text, used="nothing")
                else:
                    hidden.add(token)
    return frozenset(hidden)


def read_prerequisites(item: Element, log: ProblemLog) -> str | None:
    """adlcp:prerequisites of SCORM 1.2, an aicc_script expression."""
    element = first_of(item.named("prerequisites"), log)
    text = collapsed(element.text) if element is not None else ""
    if element is None or not text:
        return None
    kind = collapsed(element.get("type"))
    if kind.lower() != "aicc_script":
        log.add(problems.PREREQUISITE_TYPE, element, type=kind)
    symbols = _WORD_OPERATOR.sub(lambda match: _WORD_OPERATORS[match[1].lower()], text)
    if symbols != text:
        log.add(problems.PREREQUISITE_WORDS, element)
    return symbols


def _time_limit_action(item: Element, log: ProblemLog) -> str | None:
    element = first_of(item.named("timelimitaction"), log)
    written = collapsed(element.text) if element is not None else ""
    if element is None or not written:
        return None
    wanted = ",".join(part.strip() for part in written.lower().split(","))
    if wanted in _TIME_LIMIT_ACTIONS:
        return wanted
    log.add(problems.VALUE_UNKNOWN, element, name=element.name, value=written, used="nothing")
    return None


def _max_time_allowed(item: Element, log: ProblemLog) -> str | None:
    element = first_of(item.named("maxtimeallowed"), log)
    return duration(element.text, element.name, iso=False, place=element, log=log) if element is not None else None


def _mastery_score(item: Element, log: ProblemLog) -> str | None:
    element = first_of(item.named("masteryscore"), log)
    written = element.text if element is not None else ""
    if element is None or not written.strip():
        return None
    text = number_text(written)
    if text is None:
        log.add(problems.NUMBER_INVALID, element, name=element.name, value=written, used="nothing")
        return None
    if 0.0 <= float(text) <= 100.0:
        return text
    nearest = "0" if float(text) < 0 else "100"
    log.add(problems.NUMBER_OUT_OF_RANGE, element, name=element.name, value=written, used=nearest)
    return nearest


def _shared_data(item: Element, log: ProblemLog) -> tuple[SharedDataMap, ...]:
    """adlcp:data: both flags are true when absent.

    The schema says false for writeSharedData; the ADL conformance packages need true (DMI).
    """
    maps: list[SharedDataMap] = []
    seen: set[str] = set()
    for data in item.named("data"):
        for each in data.named("map"):
            target = objective_name(each.get("targetid"))
            if not target:
                log.add(problems.MAP_WITHOUT_TARGET, each, name=each.name)
            elif target in seen:
                log.add(problems.ELEMENT_TWICE, each, name=f"map targetID='{target}'")
            else:
                seen.add(target)
                maps.append(
                    SharedDataMap(
                        target, boolean(each, "readshareddata", True, log), boolean(each, "writeshareddata", True, log)
                    )
                )
    return tuple(maps)


def _real(value: float) -> str:
    """A number as real(10,7) writes it."""
    text = f"{value:.7f}".rstrip("0")
    return text + "0" if text.endswith(".") else text
