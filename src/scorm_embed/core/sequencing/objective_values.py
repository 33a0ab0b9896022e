"""Objective data by item: satisfied status, measure, scores, completion, progress (TM.1.1)."""

from __future__ import annotations

from typing import Any

from scorm_embed.core.sequencing.activity_tree import COMPLETION, ITEMS, SATISFIED

ITEM_NUMBERS = {name.value: number for number, name in enumerate(ITEMS)}
"""The number of an item by the name that manifests and stored data have for it."""


class ObjectiveValues:
    """Known objective data by slot (local) or by global objective; an absent entry is unknown."""

    __slots__ = ("by_item", "completion", "maximum", "measure", "minimum", "progress", "raw", "satisfied")

    def __init__(self) -> None:
        self.satisfied: dict[int, bool] = {}
        self.measure: dict[int, float] = {}
        self.raw: dict[int, float] = {}
        self.minimum: dict[int, float] = {}
        self.maximum: dict[int, float] = {}
        self.completion: dict[int, bool] = {}
        self.progress: dict[int, float] = {}
        self.by_item: tuple[dict[int, Any], ...] = (
            self.satisfied,
            self.measure,
            self.raw,
            self.minimum,
            self.maximum,
            self.completion,
            self.progress,
        )


def checked_value(item: int, value: object) -> bool | float | None:
    """A stored value of the type its item has; None for anything else."""
    if item in (SATISFIED, COMPLETION):
        return value if isinstance(value, bool) else None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    return None
