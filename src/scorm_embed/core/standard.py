"""The four standards a package can follow."""

from __future__ import annotations

from enum import Enum


class Standard(Enum):
    """The standard and edition of a package; the value is what the HTTP API shows."""

    SCORM_12 = "scorm_1_2"
    SCORM_2004_2ND = "scorm_2004_2nd"
    SCORM_2004_3RD = "scorm_2004_3rd"
    SCORM_2004_4TH = "scorm_2004_4th"

    @property
    def is_2004(self) -> bool:
        """Whether the package uses API_1484_11, sequencing and the 2004 data model."""
        return self is not Standard.SCORM_12

    @property
    def edition(self) -> int:
        """The edition of SCORM 2004 (2, 3, 4); 0 for SCORM 1.2."""
        return _EDITIONS[self]


_EDITIONS = {
    Standard.SCORM_12: 0,
    Standard.SCORM_2004_2ND: 2,
    Standard.SCORM_2004_3RD: 3,
    Standard.SCORM_2004_4TH: 4,
}
