"""A standard's data model: its rows, found by name, and their export for the browser.

Owns the selection of rows by edition and the shape of the exported table. Rows come from ``scorm12``, ``scorm2004``
and ``adl``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from scorm_embed.core.datamodel import adl, scorm12, scorm2004
from scorm_embed.core.datamodel.element import Collection, Element, Group, Row
from scorm_embed.core.datamodel.error_codes import Reason, codes
from scorm_embed.core.datamodel.names import Node
from scorm_embed.core.standard import Standard


@dataclass(frozen=True, slots=True)
class DataModel:
    """The elements of one standard and edition."""

    standard: Standard
    rows: tuple[Row, ...]
    """In the order of ``_children``."""
    elements: Mapping[str, Element]
    """By name, with ``n`` for each index."""
    root: Node
    codes: Mapping[Reason, tuple[int, int]]
    targets: frozenset[str]
    """Navigation requests that take a target."""


@cache
def data_model(standard: Standard) -> DataModel:
    """The data model of a standard; always the same object for the same standard."""
    if standard.is_2004:
        rows = tuple(row for row in scorm2004.ROWS + adl.ROWS if getattr(row, "since", 0) <= standard.edition)
    else:
        rows = scorm12.ROWS
    elements = {row.name: row for row in rows if isinstance(row, Element)}
    return DataModel(
        standard=standard,
        rows=rows,
        elements=MappingProxyType(elements),
        root=_tree(rows),
        codes=codes(standard),
        targets=frozenset(name.rpartition(".")[2] for name, row in elements.items() if row.targeted),
    )


def _tree(rows: tuple[Row, ...]) -> Node:
    root = Node()
    for row in rows:
        node = root
        for part in row.name.split("."):
            if part == "n":
                node.record = node.record or Node()
                node = node.record
            else:
                node = node.children.setdefault(part, Node())
        if isinstance(row, Element):
            node.element = row
        elif isinstance(row, Collection):
            node.collection = row
            node.record = node.record or Node()
    for row in rows:
        if isinstance(row, Group) or (isinstance(row, Collection) and row.publishes):
            node = _find(root, row.name)
            listed = node.record.children if node.record else node.children
            node.published = ",".join(name for name in listed if not name.startswith("_"))
    return root


def _find(root: Node, name: str) -> Node:
    node = root
    for part in name.split("."):
        node = (node.record or node) if part == "n" else node.children[part]
    return node
