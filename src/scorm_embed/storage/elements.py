"""How the flat map of run-time data divides into scalars and records of collections.

Interactions, objectives and comments are records: rows of their own, so that changing one costs the same whatever the
number of the others, and SQL can query them. Everything else is a scalar. Owns the names of columns for elements;
knows nothing of what the elements mean.
"""

from __future__ import annotations

from collections.abc import Collection as AnyCollection
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from scorm_embed.core.datamodel import split_element

V = TypeVar("V", bound=str | None)

INTERACTIONS = "cmi.interactions"
OBJECTIVES = "cmi.objectives"
COMMENTS_FROM_LEARNER = "cmi.comments_from_learner"
COMMENTS_FROM_LMS = "cmi.comments_from_lms"

RecordKey = tuple[str, int]
"""A collection and the position of one record in it: ``("cmi.interactions", 3)``."""


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """The columns of one table of records.

    ``columns`` maps an element of the record to its column, ``maps`` the name of a nested collection to the JSON
    column that holds its elements flat (``{"0.id": "…"}``); what has neither goes into the column ``rest``.
    """

    table: str
    columns: Mapping[str, str]
    maps: Mapping[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        """All columns of elements, texts first, then the JSON columns."""
        return (*self.columns.values(), *self.maps.values(), "rest")


INTERACTION_SHAPE = Shape(
    "interactions",
    {
        name: name
        for name in (
            "id",
            "type",
            "time",
            "timestamp",
            "weighting",
            "student_response",
            "learner_response",
            "result",
            "latency",
            "description",
        )
    },
    {"objectives": "objectives", "correct_responses": "correct_responses"},
)
OBJECTIVE_SHAPE = Shape(
    "objectives",
    {
        "id": "id",
        "status": "status",
        "success_status": "success_status",
        "completion_status": "completion_status",
        "progress_measure": "progress_measure",
        "score.scaled": "score_scaled",
        "score.raw": "score_raw",
        "score.min": "score_min",
        "score.max": "score_max",
        "description": "description",
    },
    {},
)
COMMENT_SHAPE = Shape("comments", {"comment": "comment", "location": "location", "timestamp": "timestamp"}, {})

SHAPES: Mapping[str, Shape] = {
    INTERACTIONS: INTERACTION_SHAPE,
    OBJECTIVES: OBJECTIVE_SHAPE,
    COMMENTS_FROM_LEARNER: COMMENT_SHAPE,
    COMMENTS_FROM_LMS: COMMENT_SHAPE,
}


@dataclass(slots=True)
class Split:
    """A flat map, divided: scalars, and the elements of each record."""

    scalars: dict[str, str | None] = field(default_factory=dict)
    records: dict[RecordKey, dict[str, str | None]] = field(default_factory=dict)


def place_of(name: str) -> tuple[str, int, str] | None:
    """Give collection, position and the rest of an element's name; None for a scalar.

    A name that would not come back as it was (``cmi.interactions.03.id``) is kept as a scalar.
    """
    place = split_element(name)
    if place is None or place[0] not in SHAPES or name != f"{place[0]}.{place[1]}.{place[2]}":
        return None
    return place


def split_values(values: Mapping[str, str | None]) -> Split:
    """Divide a flat map into scalars and records."""
    split = Split()
    for name, value in values.items():
        place = place_of(name)
        if place is None:
            split.scalars[name] = value
        else:
            collection, position, element = place
            split.records.setdefault((collection, position), {})[element] = value
    return split


def merged(old: Mapping[str, str], change: Mapping[str, str | None]) -> dict[str, str]:
    """Give the old map with the change applied: a text sets, None removes."""
    values = {name: value for name, value in old.items() if change.get(name, value) is not None}
    values.update((name, value) for name, value in change.items() if value is not None)
    return values


def is_loaded(collection: str, position: int, rows: AnyCollection[RecordKey] | None) -> bool:
    """Whether a partial load gives this record; objectives always come whole because tracking needs them."""
    return rows is None or collection == OBJECTIVES or (collection, position) in rows


def count_records(highest: Mapping[str, int], loaded: Iterable[str]) -> dict[str, int]:
    """Give the counts of a partial load.

    Args:
        highest: the highest position in each collection that has records.
        loaded: the elements that were loaded; nested collections are counted in these.

    Returns:
        one more than the highest position, as ``_count`` has it; an empty collection is absent.
    """
    counts = {collection: position + 1 for collection, position in highest.items()}
    for name in loaded:
        place = place_of(name)
        nested = None if place is None else split_element(place[2])
        if place is not None and nested is not None:
            path = f"{place[0]}.{place[1]}.{nested[0]}"
            counts[path] = max(counts.get(path, 0), nested[1] + 1)
    return counts


def to_columns(shape: Shape, record: Mapping[str, V]) -> tuple[dict[str, V], dict[str, dict[str, V]]]:
    """Give the elements of one record by column: the texts, and the contents of the JSON columns."""
    texts: dict[str, V] = {}
    maps: dict[str, dict[str, V]] = {}
    for element, value in record.items():
        column = shape.columns.get(element)
        if column is not None:
            texts[column] = value
            continue
        prefix, dot, inner = element.partition(".")
        column = shape.maps.get(prefix) if dot else None
        if column is None:
            maps.setdefault("rest", {})[element] = value
        else:
            maps.setdefault(column, {})[inner] = value
    return texts, maps


def from_columns(
    shape: Shape, texts: Iterable[str | None], maps: Iterable[Mapping[str, str] | None]
) -> Iterator[tuple[str, str]]:
    """Give the elements of one record from its columns, in the order of ``Shape.names``; None is an absent element."""
    for element, value in zip(shape.columns, texts, strict=True):
        if value is not None:
            yield element, value
    for prefix, held in zip((*shape.maps, ""), maps, strict=True):
        if held:
            start = f"{prefix}." if prefix else ""
            for inner, value in held.items():
                yield start + inner, value
