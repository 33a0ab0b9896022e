"""How large, how many and how deep an uploaded archive may be.

Owns the numbers only; ``archive`` and ``entry_reader`` apply them.
"""

from __future__ import annotations

from dataclasses import dataclass

from scorm_embed.core.limits import check_limits

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveLimits:
    """Limits of one upload; a value that reaches its limit is accepted, one beyond it is refused.

    Archives inside the archive are files like others: they are stored and served, never opened.
    """

    archive_bytes_max: int = 8 * GIB
    """Size of the uploaded file itself."""
    directory_bytes_max: int = 64 * MIB
    """Size of the archive's table of contents, which is read into memory."""
    entries_max: int = 50_000
    """Entries of every kind, folders and ignored files included."""
    entry_bytes_max: int = 4 * GIB
    """Unpacked size of one file."""
    total_bytes_max: int = 16 * GIB
    """Unpacked size of all files together."""
    ratio_max: int = 200
    """Unpacked over packed size, of one file and of the whole archive. Text has 5 to 20, deflate at most 1,032."""
    ratio_bytes_min: int = 16 * MIB
    """The ratio of what unpacks to less than this is not looked at: a blank picture packs a thousandfold."""
    name_chars_max: int = 1_000
    """Characters in one path."""
    depth_max: int = 64
    """Folders above one file, plus the file."""
    manifest_bytes_max: int = 16 * MIB
    """Size of imsmanifest.xml, which is read into memory; the largest one met in the wild has 780 KB."""

    def __post_init__(self) -> None:
        check_limits(self)


DEFAULT_LIMITS = ArchiveLimits()
