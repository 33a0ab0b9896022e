"""imsss:objectives and adlseq:objectives to local objectives with their maps (SM.6, SM.7).

Owns how the two elements join: adlseq:objective adds maps to the imsss objective of the same name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from scorm_embed.core.manifest import problems
from scorm_embed.core.manifest.elements import Element
from scorm_embed.core.manifest.problems import ProblemLog
from scorm_embed.core.manifest.tolerant import boolean, first_of, number, objective_name
from scorm_embed.core.sequencing.definition import MapItem, Objective, ObjectiveMap

_SS_ITEMS = (MapItem.SATISFIED_STATUS, MapItem.NORMALIZED_MEASURE)
_ADL_ITEMS = (
    MapItem.RAW_SCORE,
    MapItem.MIN_SCORE,
    MapItem.MAX_SCORE,
    MapItem.COMPLETION_STATUS,
    MapItem.PROGRESS_MEASURE,
)


def read_objectives(
    element: Element | None, adl_element: Element | None, log: ProblemLog
) -> tuple[Objective, tuple[Objective, ...]]:
    """The primary objective and the others in document order, with the maps of both vocabularies."""
    primary, others = _local_objectives(element, log)
    if adl_element is not None:
        primary, others = _with_adl_maps(primary, others, adl_element, log)
    _check_targets((primary, *others), element or adl_element, log)
    return primary, others


def _local_objectives(element: Element | None, log: ProblemLog) -> tuple[Objective, tuple[Objective, ...]]:
    if element is None:
        return Objective(), ()
    first = first_of(element.named("primaryobjective"), log)
    primary = _objective(first, log) if first else Objective()
    seen = {primary.identifier}
    others = []
    for each in element.named("objective"):
        objective = _objective(each, log)
        if objective.identifier is None:
            log.add(problems.OBJECTIVE_WITHOUT_ID, each)
        elif objective.identifier in seen:
            log.add(problems.OBJECTIVE_TWICE, each, identifier=objective.identifier)
        else:
            seen.add(objective.identifier)
            others.append(objective)
    return primary, tuple(others)


def _objective(element: Element, log: ProblemLog) -> Objective:
    measure = first_of(element.named("minnormalizedmeasure"), log)
    text = measure.text if measure is not None else None
    return Objective(
        identifier=objective_name(element.get("objectiveid")) or None,
        satisfied_by_measure=boolean(element, "satisfiedbymeasure", False, log),
        min_normalized_measure=number(text, "minNormalizedMeasure", -1.0, 1.0, 1.0, measure or element, log),
        maps=tuple(_maps(element, _SS_ITEMS, log)),
    )


def _maps(objective: Element, items: tuple[MapItem, ...], log: ProblemLog) -> Iterator[ObjectiveMap]:
    for each in objective.named("mapinfo"):
        target = objective_name(each.get("targetobjectiveid"))
        if not target:
            log.add(problems.MAP_WITHOUT_TARGET, each, name=each.name)
            continue
        yield ObjectiveMap(
            target=target,
            reads=frozenset(item for item in items if boolean(each, f"read{item.value}".lower(), True, log)),
            writes=frozenset(item for item in items if boolean(each, f"write{item.value}".lower(), False, log)),
        )


def _with_adl_maps(
    primary: Objective, others: tuple[Objective, ...], element: Element, log: ProblemLog
) -> tuple[Objective, tuple[Objective, ...]]:
    maps: dict[str | None, tuple[ObjectiveMap, ...]] = {}
    known = {primary.identifier, *(each.identifier for each in others)}
    for each in element.named("objective"):
        identifier = objective_name(each.get("objectiveid")) or None
        if identifier not in known:
            log.add(problems.OBJECTIVE_UNKNOWN, each, identifier=identifier or "")
        maps[identifier] = maps.get(identifier, ()) + tuple(_maps(each, _ADL_ITEMS, log))

    def joined(objective: Objective) -> Objective:
        return replace(objective, maps=objective.maps + maps.get(objective.identifier, ()))

    return joined(primary), tuple(joined(each) for each in others)


def _check_targets(objectives: tuple[Objective, ...], place: Element | None, log: ProblemLog) -> None:
    """Report a global objective that several objectives of one activity write (SN 3.10 forbids it)."""
    writers: dict[tuple[str, MapItem], int] = {}
    for number_of, objective in enumerate(objectives):
        for each in objective.maps:
            for item in each.writes:
                if writers.setdefault((each.target, item), number_of) != number_of:
                    log.add_once(
                        problems.MAP_WRITTEN_TWICE, f"{each.target} {place.path if place else ''}", place,
                        target=each.target,
                    )  # fmt: skip
