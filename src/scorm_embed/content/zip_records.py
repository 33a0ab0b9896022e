"""The records of the zip format: what is read from any archive and what is written into a blob.

Owns the byte layouts (PKWARE APPNOTE 6.3, sections 4.3 and 4.5) and nothing else: it judges no name and no size.
A layout that cannot be read is an ``InvalidFileTypeError``.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from scorm_embed.errors import InvalidFileTypeError


class Compression(IntEnum):
    """The two methods that every unzip program knows, and the only ones a blob holds."""

    STORED = 0
    DEFLATED = 8


METHOD_NAMES = {
    1: "Shrink",
    6: "Implode",
    9: "Deflate64",
    12: "BZIP2",
    14: "LZMA",
    93: "Zstandard",
    95: "XZ",
    98: "PPMd",
    99: "AES",
}

FLAG_ENCRYPTED = 0x0001
FLAG_STRONG_ENCRYPTION = 0x0040
FLAG_UTF8 = 0x0800
FLAG_MASKED_DIRECTORY = 0x2000

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCAL_SIGNATURE = b"PK\x03\x04"
_CENTRAL_SIGNATURE = b"PK\x01\x02"
_END_SIGNATURE = b"PK\x05\x06"
_END64_SIGNATURE = b"PK\x06\x06"
_END64_LOCATOR_SIGNATURE = b"PK\x06\x07"
_EXTRA_ZIP64 = 0x0001
_EXTRA_UNICODE_PATH = 0x7075
_MASK16 = 0xFFFF
_MASK32 = 0xFFFFFFFF

LOCAL_HEADER_BYTES = _LOCAL.size
CENTRAL_HEADER_BYTES = _CENTRAL.size
END_BYTES_MAX = _END64.size + _END64_LOCATOR.size + _END.size + _MASK16
"""The end records and their longest comment lie within this many bytes before the end of the file."""

_DOS_DATE_1980 = (1 << 5) | 1
_MADE_BY_UNIX = 3 << 8
_FILE_MODE = 0o100644 << 16
_VERSION_DEFLATE = 20
_VERSION_ZIP64 = 45
_LOCAL_ZIP64_EXTRA_BYTES = 20


class ReadableAt(Protocol):
    """An open binary file, as far as it is needed here."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move to an absolute offset."""

    def read(self, size: int = -1, /) -> bytes | None:
        """Give up to ``size`` bytes."""


@dataclass(frozen=True, slots=True)
class Directory:
    """Where an archive's table of contents lies."""

    start: int
    length: int
    shift: int
    """What to add to every offset: the length of whatever was put before the archive."""
    comment: bytes


@dataclass(frozen=True, slots=True)
class CentralRecord:
    """One row of the table of contents, as it stands in the file."""

    raw_name: bytes
    flags: int
    method: int
    crc: int
    compressed_size: int
    size: int
    header_offset: int
    mode: int
    """The upper half of the external attributes: st_mode where a Unix program made the archive."""
    unicode_name: str | None
    """The name of the Unicode Path extra field, where it belongs to the raw name."""


def read_exactly(file: ReadableAt, offset: int, length: int) -> bytes:
    """Give ``length`` bytes from ``offset``; a shorter file is an ``InvalidFileTypeError``."""
    file.seek(offset)
    data = file.read(length) or b""
    while len(data) < length:
        more = file.read(length - len(data))
        if not more:
            raise InvalidFileTypeError("The zip file is cut off; upload it again, or make it again.")
        data += more
    return data


def find_directory(tail: bytes, tail_start: int) -> Directory:
    """Find the table of contents from the last bytes of an archive.

    Args:
        tail: the end of the file, ``END_BYTES_MAX`` bytes or all there are.
        tail_start: the offset of ``tail`` in the file.
    """
    place = _find_end(tail)
    if place < 0:
        raise InvalidFileTypeError("The file is no zip archive, or its end is missing; upload it again.")
    _, disk, start_disk, _, _, length, offset, comment_length = _END.unpack_from(tail, place)
    end_record = place
    comment = tail[place + _END.size : place + _END.size + comment_length]
    locator = place - _END64_LOCATOR.size
    if locator >= 0 and tail[locator : locator + 4] == _END64_LOCATOR_SIGNATURE:
        end_record = _find_end64(tail, tail_start, locator)
        disk, start_disk, _, _, length, offset = _END64.unpack_from(tail, end_record)[4:]
    if disk not in (0, _MASK16, _MASK32) or start_disk not in (0, _MASK16, _MASK32):
        raise InvalidFileTypeError("The zip file is one part of a split archive; upload it as a single file.")
    shift = tail_start + end_record - length - offset
    if shift < 0:
        raise InvalidFileTypeError("The zip file's table of contents is damaged; make the zip again.")
    return Directory(offset + shift, length, shift, comment)


def _find_end(tail: bytes) -> int:
    # A comment may hold the signature, so the record whose comment ends with the file is preferred.
    fallback = -1
    place = tail.rfind(_END_SIGNATURE)
    while place >= 0:
        if place + _END.size <= len(tail):
            comment_end = place + _END.size + int.from_bytes(tail[place + 20 : place + 22], "little")
            if comment_end == len(tail):
                return place
            if comment_end < len(tail) and fallback < 0:
                fallback = place
        place = tail.rfind(_END_SIGNATURE, 0, place)
    return fallback


def _find_end64(tail: bytes, tail_start: int, locator: int) -> int:
    _, _, offset, _ = _END64_LOCATOR.unpack_from(tail, locator)
    # The offset is wrong when something was put before the archive; then the record stands right before its locator.
    for place in (offset - tail_start, locator - _END64.size):
        if 0 <= place <= locator - _END64.size and tail[place : place + 4] == _END64_SIGNATURE:
            return int(place)
    raise InvalidFileTypeError("The zip file's end is damaged; make the zip again.")


def iter_directory(data: bytes) -> Iterator[CentralRecord]:
    """Read the rows of a table of contents."""
    place = 0
    while place < len(data):
        record, place = parse_central(data, place)
        yield record


def parse_central(data: bytes, place: int) -> tuple[CentralRecord, int]:
    """Read the row at ``place``; give it and the place of the next."""
    if place + _CENTRAL.size > len(data) or data[place : place + 4] != _CENTRAL_SIGNATURE:
        raise InvalidFileTypeError("The zip file's table of contents is damaged; make the zip again.")
    fields = _CENTRAL.unpack_from(data, place)
    flags, method = fields[3], fields[4]
    crc, compressed_size, size, name_length, extra_length, comment_length = fields[7:13]
    name_start = place + _CENTRAL.size
    extra_start = name_start + name_length
    end = extra_start + extra_length + comment_length
    if end > len(data):
        raise InvalidFileTypeError("The zip file's table of contents is damaged; make the zip again.")
    raw_name = data[name_start:extra_start]
    offset = fields[16]
    unicode_name = None
    if extra_length:
        extra = data[extra_start : extra_start + extra_length]
        size, compressed_size, offset = _apply_zip64(extra, size, compressed_size, offset)
        unicode_name = _unicode_path(extra, raw_name)
    mode = fields[15] >> 16
    return CentralRecord(raw_name, flags, method, crc, compressed_size, size, offset, mode, unicode_name), end


def _extra_field(extra: bytes, wanted: int) -> bytes | None:
    place = 0
    while place + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, place)
        if kind == wanted:
            return extra[place + 4 : place + 4 + length]
        place += 4 + length
    return None


def _apply_zip64(extra: bytes, size: int, compressed_size: int, offset: int) -> tuple[int, int, int]:
    # APPNOTE 4.5.3: the fields stand in this order, each only where its 32-bit field is all ones.
    values = [size, compressed_size, offset]
    if _MASK32 not in values:
        return size, compressed_size, offset
    data = _extra_field(extra, _EXTRA_ZIP64)
    if data is None:
        return size, compressed_size, offset
    place = 0
    for number, value in enumerate(values):
        if value == _MASK32:
            if place + 8 > len(data):
                raise InvalidFileTypeError("The zip file's table of contents is damaged; make the zip again.")
            values[number] = int.from_bytes(data[place : place + 8], "little")
            place += 8
    return values[0], values[1], values[2]


def _unicode_path(extra: bytes, raw_name: bytes) -> str | None:
    data = _extra_field(extra, _EXTRA_UNICODE_PATH)
    if data is None or len(data) < 5 or data[0] != 1:
        return None
    if int.from_bytes(data[1:5], "little") != zlib.crc32(raw_name):
        return None
    try:
        return data[5:].decode("utf-8")
    except UnicodeDecodeError:
        return None


def data_offset(local_header: bytes, header_offset: int) -> int:
    """Give where a file's bytes begin, from the 30 fixed bytes of its local header."""
    if len(local_header) < _LOCAL.size or local_header[:4] != _LOCAL_SIGNATURE:
        raise InvalidFileTypeError("The zip file is damaged: a file in it cannot be found; make the zip again.")
    name_length, extra_length = struct.unpack_from("<2H", local_header, 26)
    return int(header_offset + _LOCAL.size + name_length + extra_length)


def needs_zip64(compressed_size: int, size: int) -> bool:
    """Tell whether a file's sizes need the long form."""
    return compressed_size >= _MASK32 or size >= _MASK32


def local_header_bytes(name_length: int, compressed_size: int, size: int) -> int:
    """Give the length of the local header that ``local_header`` writes."""
    return _LOCAL.size + name_length + (_LOCAL_ZIP64_EXTRA_BYTES if needs_zip64(compressed_size, size) else 0)


def local_header(name: bytes, method: int, crc: int, compressed_size: int, size: int) -> bytes:
    """Write the header before a file's bytes; times are left out so that equal content gives equal bytes."""
    long = needs_zip64(compressed_size, size)
    extra = struct.pack("<2H2Q", _EXTRA_ZIP64, 16, size, compressed_size) if long else b""
    return (
        _LOCAL.pack(
            _LOCAL_SIGNATURE,
            _VERSION_ZIP64 if long else _VERSION_DEFLATE,
            FLAG_UTF8,
            method,
            0,
            _DOS_DATE_1980,
            crc,
            _MASK32 if long else compressed_size,
            _MASK32 if long else size,
            len(name),
            len(extra),
        )
        + name
        + extra
    )


def central_header(name: bytes, method: int, crc: int, compressed_size: int, size: int, offset: int) -> bytes:
    """Write a file's row in the table of contents."""
    long = needs_zip64(compressed_size, size)
    wide = ([size, compressed_size] if long else []) + ([offset] if offset >= _MASK32 else [])
    extra = struct.pack(f"<2H{len(wide)}Q", _EXTRA_ZIP64, 8 * len(wide), *wide) if wide else b""
    version = _VERSION_ZIP64 if wide else _VERSION_DEFLATE
    return (
        _CENTRAL.pack(
            _CENTRAL_SIGNATURE,
            _MADE_BY_UNIX | version,
            version,
            FLAG_UTF8,
            method,
            0,
            _DOS_DATE_1980,
            crc,
            _MASK32 if long else compressed_size,
            _MASK32 if long else size,
            len(name),
            len(extra),
            0,
            0,
            0,
            _FILE_MODE,
            min(offset, _MASK32),
        )
        + name
        + extra
    )


def end_records(count: int, directory_start: int, directory_length: int, comment: bytes) -> bytes:
    """Write what closes an archive, in the long form only where it is needed."""
    long = count >= _MASK16 or directory_start >= _MASK32 or directory_length >= _MASK32
    result = b""
    if long:
        result = _END64.pack(
            _END64_SIGNATURE,
            _END64.size - 12,
            _MADE_BY_UNIX | _VERSION_ZIP64,
            _VERSION_ZIP64,
            0,
            0,
            count,
            count,
            directory_length,
            directory_start,
        ) + _END64_LOCATOR.pack(_END64_LOCATOR_SIGNATURE, 0, directory_start + directory_length, 1)
    short_count = min(count, _MASK16)
    return (
        result
        + _END.pack(
            _END_SIGNATURE,
            0,
            0,
            short_count,
            short_count,
            min(directory_length, _MASK32),
            min(directory_start, _MASK32),
            len(comment),
        )
        + comment
    )
