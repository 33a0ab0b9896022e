"""How much a manifest may ask for. Every size, depth and count that the reader follows is bounded here."""

from __future__ import annotations

from dataclasses import dataclass

from scorm_embed.core.limits import check_limits


@dataclass(frozen=True, slots=True)
class ManifestLimits:
    """Upper bounds on one manifest; beyond the first six it is refused, beyond the others parts are left out.

    The defaults are several times the largest manifest met in published courses (780 KB, 20,000 files).
    """

    manifest_bytes_max: int = 16 * 1024 * 1024
    elements_max: int = 250_000
    depth_max: int = 100
    """Nesting of elements; also bounds the depth of the activity tree."""
    attributes_max: int = 256
    """Attributes of one element."""
    text_length_max: int = 1024 * 1024
    """Characters of one element's text or one attribute."""
    repairs_max: int = 100_000
    """Places in the XML itself that are repaired; beyond them the file is refused as it is."""
    activities_max: int = 20_000
    """Activities of one course, grafted sub-manifests included."""
    identifier_length_max: int = 600
    """Characters of an activity's identifier: no more than storages keep."""
    href_length_max: int = 8000
    """Characters of a launch address with its parameters."""

    def __post_init__(self) -> None:
        check_limits(self)
