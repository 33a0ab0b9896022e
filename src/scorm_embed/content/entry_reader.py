"""Reads the bytes of one file out of an archive and believes nothing that the archive says about them.

Owns the unpacking of an upload: it counts what really comes out, stops at the declared size, and compares the CRC.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from scorm_embed.content.zip_records import Compression, ReadableAt, read_exactly
from scorm_embed.errors import InvalidFileTypeError

PIECE_BYTES = 256 * 1024
"""How much is read, and how much is unpacked, in one step."""


@dataclass(frozen=True, slots=True)
class ArchiveEntry:
    """One checked file of an upload."""

    path: str
    """Relative to the manifest's folder, ``/`` between its parts, composed Unicode."""
    raw_name: bytes
    """The name as it stands in the archive."""
    method: Compression
    crc: int
    compressed_size: int
    size: int
    offset: int
    """Where its bytes begin in the upload."""


def unpack(file: ReadableAt, entry: ArchiveEntry, raw_sink: Callable[[bytes], object] | None = None) -> Iterator[bytes]:
    """Give a file's unpacked bytes in pieces of at most ``PIECE_BYTES``.

    Args:
        file: the upload.
        entry: which file.
        raw_sink: is called with the bytes as they are packed, without what may follow the end of a deflate stream.

    Raises:
        InvalidFileTypeError: more or less comes out than was declared, or something else than the CRC says. Whatever
            was given before is then to be thrown away.
    """
    pieces = _stored(file, entry, raw_sink) if entry.method is Compression.STORED else _inflated(file, entry, raw_sink)
    crc, size = 0, 0
    for piece in pieces:
        size += len(piece)
        if size > entry.size:
            raise _lies(entry, "unpacks to more than the zip declares, as only a forged file does")
        crc = zlib.crc32(piece, crc)
        yield piece
    if size != entry.size:
        raise _lies(entry, "unpacks to less than the zip declares")
    if crc != entry.crc:
        raise _lies(entry, "does not match its checksum")


def _lies(entry: ArchiveEntry, what: str) -> InvalidFileTypeError:
    return InvalidFileTypeError(
        f'The file "{entry.path}" in the zip {what}; make the zip again and upload it.', {"path": entry.path}
    )


def _raw_pieces(file: ReadableAt, entry: ArchiveEntry) -> Iterator[bytes]:
    offset, left = entry.offset, entry.compressed_size
    while left:
        piece = read_exactly(file, offset, min(left, PIECE_BYTES))
        offset += len(piece)
        left -= len(piece)
        yield piece


def _stored(file: ReadableAt, entry: ArchiveEntry, raw_sink: Callable[[bytes], object] | None) -> Iterator[bytes]:
    for piece in _raw_pieces(file, entry):
        if raw_sink is not None:
            raw_sink(piece)
        yield piece


def _inflated(file: ReadableAt, entry: ArchiveEntry, raw_sink: Callable[[bytes], object] | None) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    for raw in _raw_pieces(file, entry):
        waiting = raw
        while waiting and not inflater.eof:
            try:
                piece = inflater.decompress(waiting, PIECE_BYTES)
            except zlib.error as error:
                raise _lies(entry, "is damaged") from error
            waiting = inflater.unconsumed_tail
            if piece:
                yield piece
        if raw_sink is not None:
            raw_sink(raw[: len(raw) - len(inflater.unused_data)])
        if inflater.eof:
            return
    # What is left inside the inflater comes out without new input; "eof" is only seen once it has come.
    while not inflater.eof:
        try:
            piece = inflater.decompress(b"", PIECE_BYTES)
        except zlib.error as error:
            raise _lies(entry, "is damaged") from error
        if not piece:
            raise _lies(entry, "is cut off")
        yield piece
