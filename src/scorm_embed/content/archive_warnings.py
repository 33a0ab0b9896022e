"""What was tolerated or repaired in an upload, in the author's words.

Owns the codes and the counting: a thousand files with one defect are one warning with a number in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_LISTED_MAX = 20


class ArchiveWarningCode(StrEnum):
    """What can be wrong with an archive that is accepted all the same."""

    CASE_DUPLICATE = "CASE_DUPLICATE"
    DUPLICATE_NAME = "DUPLICATE_NAME"
    ENTRY_TRIMMED = "ENTRY_TRIMMED"
    MANIFEST_IN_FOLDER = "MANIFEST_IN_FOLDER"
    MANIFEST_NAME_CASE = "MANIFEST_NAME_CASE"
    NAME_BACKSLASH = "NAME_BACKSLASH"
    NAME_ENCODING = "NAME_ENCODING"
    OUTSIDE_MANIFEST_FOLDER = "OUTSIDE_MANIFEST_FOLDER"
    SEVERAL_MANIFESTS = "SEVERAL_MANIFESTS"


@dataclass(frozen=True, slots=True)
class ArchiveWarning:
    """One thing that was tolerated or repaired."""

    code: ArchiveWarningCode
    message: str
    path: str
    """The file it is about, or the first of several."""


class WarningList:
    """Collects warnings: listed ones by themselves up to a bound, counted ones as one."""

    def __init__(self) -> None:
        self._listed: list[ArchiveWarning] = []
        self._listed_counts: dict[ArchiveWarningCode, int] = {}
        self._counted: dict[ArchiveWarningCode, tuple[int, str, str]] = {}

    def add(self, code: ArchiveWarningCode, message: str, path: str) -> None:
        """Note a warning that stands for itself; of many with one code the first few are kept."""
        count = self._listed_counts.get(code, 0) + 1
        self._listed_counts[code] = count
        if count <= _LISTED_MAX:
            self._listed.append(ArchiveWarning(code, message, path))

    def count(self, code: ArchiveWarningCode, template: str, path: str) -> None:
        """Note one more case of a warning that is given once; ``{count}`` in the template becomes the number."""
        number, first_template, first_path = self._counted.get(code, (0, template, path))
        self._counted[code] = (number + 1, first_template, first_path)

    def result(self) -> tuple[ArchiveWarning, ...]:
        """Give everything, ordered by code and path."""
        found = list(self._listed)
        for code, number in self._listed_counts.items():
            if number > _LISTED_MAX:
                last = max(warning.path for warning in found if warning.code is code)
                found.append(ArchiveWarning(code, f"The same is true of {number - _LISTED_MAX} more files.", last))
        for code, (number, template, path) in self._counted.items():
            files = "1 file" if number == 1 else f"{number:,} files"
            found.append(ArchiveWarning(code, template.replace("{count}", files), path))
        return tuple(sorted(found, key=lambda warning: (warning.code, warning.path)))
