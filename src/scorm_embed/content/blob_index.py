"""The table of contents of a blob, kept in memory as compactly as it stands in the file.

Owns finding a file by its name. It holds the zip's own directory (some 80 bytes a file) and the places of its rows,
and makes an ``Entry`` only when one is asked for.
"""

from __future__ import annotations

import struct
import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from scorm_embed.content.zip_records import CENTRAL_HEADER_BYTES, Compression, local_header_bytes, parse_central
from scorm_embed.errors import StorageUnavailableError

BLOB_COMMENT = b"scorm_embed blob 1"
"""Closes every blob: says that names are sorted and local headers hold nothing that the directory does not."""

_AMBIGUOUS = -1
_LENGTHS = struct.Struct("<3H")
_NAME_LENGTH_AT = 28
_DECOMPOSED_PER_BYTE = 3
"""A name has no more characters when decomposed than this many times the bytes it has when composed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a blob."""

    name: str
    offset: int
    """Where its bytes begin in the blob."""
    compressed_size: int
    size: int
    method: Compression
    crc: int


class BlobIndex:
    """The files of one blob, ordered by the UTF-8 bytes of their names."""

    __slots__ = ("_directory", "_folded", "_longest", "_places")

    def __init__(self, directory: bytes) -> None:
        """Read a blob's directory; one that is not a blob's is a ``StorageUnavailableError``."""
        self._directory = directory
        self._places = array("I")
        self._folded: dict[str, int] | None = None
        self._longest = 0
        place, end = 0, len(directory)
        while place < end:
            if end - place < CENTRAL_HEADER_BYTES or directory[place : place + 4] != b"PK\x01\x02":
                raise StorageUnavailableError("The course's files are damaged in the content store.")
            self._places.append(place)
            lengths = _LENGTHS.unpack_from(directory, place + _NAME_LENGTH_AT)
            self._longest = max(self._longest, lengths[0])
            place += CENTRAL_HEADER_BYTES + sum(lengths)
        if place != end:
            raise StorageUnavailableError("The course's files are damaged in the content store.")

    def __len__(self) -> int:
        return len(self._places)

    @property
    def bytes_held(self) -> int:
        """About how much memory the index takes."""
        folded = 0 if self._folded is None else 200 * len(self._folded)
        return len(self._directory) + self._places.itemsize * len(self._places) + folded

    def names(self) -> Iterator[str]:
        """Give all names in order."""
        return (self._name_at(place).decode() for place in self._places)

    def entries(self) -> Iterator[Entry]:
        """Give all files in order of their names."""
        return (self._entry_at(place) for place in self._places)

    def entry(self, path: str) -> Entry | None:
        """Find a file by its decoded path within the package.

        The exact name wins. Where there is none, a name that differs only in case is found when it is the only one:
        courses made on Windows rely on that.
        """
        if len(path) > _DECOMPOSED_PER_BYTE * self._longest:
            return None  # normalizing may take time that grows with the square of the length
        wanted = unicodedata.normalize("NFC", path)
        try:
            key = wanted.encode()
        except UnicodeEncodeError:
            return None
        number = bisect_left(self._places, key, key=self._name_at)
        if number < len(self._places) and self._name_at(self._places[number]) == key:
            return self._entry_at(self._places[number])
        if self._folded is None:
            self._folded = self._fold_names()
        number = self._folded.get(wanted.casefold(), _AMBIGUOUS)
        return None if number == _AMBIGUOUS else self._entry_at(self._places[number])

    def _fold_names(self) -> dict[str, int]:
        folded: dict[str, int] = {}
        for number, name in enumerate(self.names()):
            key = name.casefold()
            folded[key] = _AMBIGUOUS if key in folded else number
        return folded

    def _name_at(self, place: int) -> bytes:
        start = place + CENTRAL_HEADER_BYTES
        length = self._directory[place + _NAME_LENGTH_AT] | self._directory[place + _NAME_LENGTH_AT + 1] << 8
        return self._directory[start : start + length]

    def _entry_at(self, place: int) -> Entry:
        record, _ = parse_central(self._directory, place)
        header = local_header_bytes(len(record.raw_name), record.compressed_size, record.size)
        return Entry(
            record.raw_name.decode(),
            record.header_offset + header,
            record.compressed_size,
            record.size,
            Compression(record.method),
            record.crc,
        )
