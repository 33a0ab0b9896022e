"""Element names: from ``cmi.interactions.3.objectives.0.id`` to the row and the records it names.

Owns the grammar of names. Whether the records exist is the state's affair.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from scorm_embed.core.datamodel.element import Collection, Element
from scorm_embed.core.datamodel.error_codes import Reason

KEYWORDS = frozenset({"_children", "_count", "_version"})
_INDEX = re.compile(r"[0-9]+")
_TARGET = re.compile(r"\{target=[^}]+\}")
INDEX_MAXIMUM = 999_999_999
"""A longer index counts as this: there is no such record either way."""


@dataclass(slots=True)
class Node:
    """One place in the tree of names."""

    children: dict[str, Node] = field(default_factory=dict)
    element: Element | None = None
    collection: Collection | None = None
    record: Node | None = None
    """Under a collection: what follows the index."""
    published: str | None = None
    """The value of ``_children``."""


@dataclass(frozen=True, slots=True)
class Step:
    """One index within a name."""

    path: str
    """The collection, ``cmi.interactions.3.objectives``."""
    index: int
    collection: Collection


@dataclass(frozen=True, slots=True)
class Place:
    """What a name stands for: an element, a keyword's answer, or the reason why nothing."""

    name: str
    """In full, with indices in their shortest form: ``.01.`` is ``.1.``."""
    element: Element | None = None
    steps: tuple[Step, ...] = ()
    reason: Reason | None = None
    keyword: str = ""
    """With one, ``name`` is what stands before it."""
    published: str | None = None

    @property
    def record(self) -> str:
        """``cmi.interactions.3.``: the outermost record's part of the name, or nothing."""
        return f"{self.steps[0].path}.{self.steps[0].index}." if self.steps else ""


def locate(root: Node, name: str) -> Place:
    """Walk the tree of names; never fails, the place says why there is nothing."""
    if not name:
        return Place(name, reason=Reason.EMPTY)
    node, path = root, ""
    steps: list[Step] = []
    parts = name.split(".")
    for position, part in enumerate(parts):
        child = node.children.get(part)
        token = part
        if child is None and node.record is not None and node.collection is not None and _INDEX.fullmatch(part):
            index = int(part[-10:]) if len(part.lstrip("0")) < 10 else INDEX_MAXIMUM
            steps.append(Step(path, index, node.collection))
            child, token = node.record, str(index)
        if child is None:
            return _dead_end(node, name, path, tuple(steps), part, is_last=position == len(parts) - 1)
        node, path = child, f"{path}.{token}" if path else token
    if node.element is None:
        return Place(name, steps=tuple(steps), reason=Reason.GROUP)
    return Place(path, node.element, tuple(steps), Reason.TARGET if node.element.targeted else None)


def _dead_end(node: Node, name: str, path: str, steps: tuple[Step, ...], part: str, *, is_last: bool) -> Place:
    """Where the tree goes no further: a target, a keyword, or nothing."""
    if node.element is not None and node.element.targeted:
        whole = _TARGET.fullmatch(name, len(path) + 1)
        return Place(name, node.element, reason=None if whole else Reason.TARGET)
    if part not in KEYWORDS or not path or not is_last:
        missing_index = node.collection is not None and part not in KEYWORDS
        return Place(name, steps=steps, reason=Reason.INDEX if missing_index else Reason.UNKNOWN)
    reason = None
    if part == "_children" and node.published is None:
        reason = Reason.NO_CHILDREN
    elif part == "_count" and node.collection is None:
        reason = Reason.NO_COUNT
    elif part == "_version":
        reason = Reason.NO_VERSION
    return Place(path, None, steps, reason, part, node.published)


def split_element(name: str) -> tuple[str, int, str] | None:
    """The outermost collection, the index and the rest of a name: ``cmi.interactions.3.objectives.0.id`` gives
    ``("cmi.interactions", 3, "objectives.0.id")``. None for an element outside collections."""
    collection, _, rest = name.partition(".")
    while rest:
        token, _, after = rest.partition(".")
        if _INDEX.fullmatch(token) and len(token) < 10 and after:
            return collection, int(token), after
        if token.startswith("{"):
            return None
        collection, rest = f"{collection}.{token}", after
    return None


def natural_order(name: str) -> tuple[tuple[int, int | str], ...]:
    """A sort key that puts record 2 before record 10, and an ``id`` before what depends on it."""
    first = {"id": "\0", "type": "\1"}
    return tuple(
        (0, int(part)) if part.isascii() and part.isdigit() and len(part) < 10 else (1, first.get(part, part))
        for part in name.split(".")
    )
