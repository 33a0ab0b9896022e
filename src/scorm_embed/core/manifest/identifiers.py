"""Identifiers of activities: what is missing is given, what is there twice is renamed, so that each is unique.

Owns the names under which a course's activities are tracked. The same manifest gives the same names every time.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from scorm_embed.core.manifest import problems
from scorm_embed.core.manifest.elements import Element
from scorm_embed.core.manifest.problems import ProblemLog
from scorm_embed.core.manifest.tolerant import collapsed

_XML_NAME = re.compile(r"[A-Za-z_\u00c0-\U0010ffff][\w.\-\u00b7]*")


class Identifiers:
    """The identifiers taken so far in one course."""

    __slots__ = ("_length_max", "_log", "_repeats", "_reserved", "_taken")

    def __init__(self, length_max: int, log: ProblemLog, reserved: Collection[str] = ()) -> None:
        self._length_max = length_max
        self._log = log
        self._taken: set[str] = set()
        self._reserved = frozenset(reserved)
        self._repeats: dict[str, int] = {}

    def __contains__(self, identifier: str) -> bool:
        return identifier in self._taken

    def __len__(self) -> int:
        return len(self._taken)

    def of(self, element: Element, name: str) -> str:
        """The identifier of an organization or item, made unique."""
        identifier = collapsed(element.get("identifier"))
        if not identifier:
            identifier = self._free(f"{name}-{len(self._taken) + 1}")
            self._log.add(problems.IDENTIFIER_MISSING, element, name=name, identifier=identifier)
        elif len(identifier) <= self._length_max and _XML_NAME.fullmatch(identifier) is None:
            self._log.add(problems.IDENTIFIER_NOT_A_NAME, element, identifier=identifier)
        return self.take(identifier, element)

    def take(self, wanted: str, element: Element) -> str:
        """``wanted``, or a name like it that is short enough and still free; the change is reported."""
        if len(wanted) > self._length_max:
            wanted = wanted[: self._length_max]
            self._log.add(problems.IDENTIFIER_TOO_LONG, element, limit=self._length_max)
        unique = self._free(wanted)
        if unique != wanted:
            self._log.add(problems.IDENTIFIER_TWICE, element, identifier=wanted, renamed=unique)
        self._taken.add(unique)
        return unique

    def make(self, wanted: str) -> str:
        """A name for an activity that the manifest does not have."""
        unique = self._free(wanted)
        self._taken.add(unique)
        return unique

    def _free(self, wanted: str) -> str:
        wanted = wanted[: self._length_max]
        if wanted not in self._taken and wanted not in self._reserved:
            return wanted
        number = self._repeats.get(wanted, 1)
        while True:
            number += 1
            suffix = f"-{number}"
            candidate = wanted[: max(1, self._length_max - len(suffix))] + suffix
            if candidate not in self._taken and candidate not in self._reserved:
                self._repeats[wanted] = number
                return candidate
