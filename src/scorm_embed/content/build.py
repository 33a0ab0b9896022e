"""Rewrites an upload once into the blob that is served for as long as the package lives.

Owns what a blob looks like: a plain zip, its files ordered by name, media stored, everything else deflated, no times,
names in UTF-8, the table of contents at the end behind ``BLOB_COMMENT``. Equal uploads give equal bytes. A deflate
stream that came with the upload is kept byte for byte. Everything here blocks; run it in a worker thread.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from scorm_embed.content.archive import read_archive
from scorm_embed.content.archive_warnings import ArchiveWarning, ArchiveWarningCode
from scorm_embed.content.blob_index import BLOB_COMMENT, BlobIndex
from scorm_embed.content.entry_reader import PIECE_BYTES, ArchiveEntry, unpack
from scorm_embed.content.limits import DEFAULT_LIMITS, MIB, ArchiveLimits
from scorm_embed.content.media_types import is_stored
from scorm_embed.content.zip_records import (
    Compression,
    central_header,
    end_records,
    local_header,
    local_header_bytes,
    read_exactly,
)

Progress = Callable[[int, int], object]
"""Called with how many of how many unpacked bytes are done."""

_DEFLATE_LEVEL = 6
_DEFLATE_BYTES_MIN = 128
_DEFLATE_AT_ONCE_BYTES = 1 * MIB
_DEFLATE_BYTES_MAX = 256 * MIB
"""A larger file that came uncompressed stays so: packing it would take longer than anyone waits for an import."""
_WORTHWHILE = 0.9
"""Packing must bring a file below this part of its size, else it is stored: ranges are worth more than the rest."""


@dataclass(frozen=True, slots=True)
class BuiltBlob:
    """A finished blob."""

    digest: str
    """SHA-256 of the blob, 64 lower-case hexadecimal digits."""
    size_bytes: int
    index: BlobIndex
    manifest: bytes
    """The bytes of imsmanifest.xml."""
    warnings: tuple[ArchiveWarning, ...]


def build_blob(
    source: Path, target: Path, limits: ArchiveLimits = DEFAULT_LIMITS, *, progress: Progress | None = None
) -> BuiltBlob:
    """Check an uploaded zip and write the blob of its package.

    Args:
        source: the upload; it is only read.
        target: where the blob is written; an existing file is replaced. After an error there is none.
        limits: what an upload may be.
        progress: is told how far it is.

    Raises:
        InvalidFileTypeError, ManifestNotFoundError: as ``read_archive`` says, or a file in it is damaged.
    """
    try:
        with source.open("rb") as upload, target.open("wb+", buffering=PIECE_BYTES) as blob:
            archive = read_archive(upload, limits)
            writer = _BlobWriter(upload, blob, archive.entries, progress)
            for entry in archive.entries:
                writer.add(entry)
            directory = writer.finish()
            size = blob.tell()
            digest = writer.digest()
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    warnings = tuple(sorted((*archive.warnings, *writer.warnings), key=lambda warning: (warning.code, warning.path)))
    return BuiltBlob(digest, size, BlobIndex(directory), archive.manifest, warnings)


class _BlobWriter:
    """Appends files to a blob and remembers their rows of the table of contents."""

    def __init__(
        self, upload: BinaryIO, blob: BinaryIO, entries: tuple[ArchiveEntry, ...], progress: Progress | None
    ) -> None:
        self._upload = upload
        self._blob = blob
        # Hashing what is being written saves reading the blob again; an amended header makes that necessary after all.
        self._hash: hashlib._Hash | None = hashlib.sha256()
        self._directory = bytearray()
        self._count = 0
        self._offset = 0
        self._done = 0
        self._total = sum(entry.size for entry in entries)
        self._progress = progress
        self.warnings: list[ArchiveWarning] = []

    def add(self, entry: ArchiveEntry) -> None:
        """Write one file in the form that is best to serve."""
        promising = entry.compressed_size < _WORTHWHILE * entry.size
        if is_stored(entry.path) or entry.size < _DEFLATE_BYTES_MIN:
            self._store(entry)
        elif entry.method is Compression.DEFLATED:
            self._keep(entry) if promising else self._store(entry)
        elif entry.size <= _DEFLATE_AT_ONCE_BYTES:
            self._deflate_at_once(entry)
        elif entry.size <= _DEFLATE_BYTES_MAX and self._sample_is_promising(entry):
            self._deflate(entry)
        else:
            self._store(entry)

    def finish(self) -> bytes:
        """Write the table of contents and give its bytes."""
        directory = bytes(self._directory)
        self._write(directory)
        self._write(end_records(self._count, self._offset, len(directory), BLOB_COMMENT))
        return directory

    def digest(self) -> str:
        """Give the SHA-256 of the finished blob in hexadecimal digits."""
        if self._hash is not None:
            return self._hash.hexdigest()
        whole = hashlib.sha256()
        self._blob.seek(0)
        while piece := self._blob.read(PIECE_BYTES):
            whole.update(piece)
        return whole.hexdigest()

    def _write(self, data: bytes) -> int:
        if self._hash is not None:
            self._hash.update(data)
        return self._blob.write(data)

    def _plain(self, entry: ArchiveEntry, raw_sink: Callable[[bytes], object] | None = None) -> Iterator[bytes]:
        for piece in unpack(self._upload, entry, raw_sink):
            yield piece
            self._done += len(piece)
            if self._progress is not None:
                self._progress(self._done, self._total)

    def _begin(self, entry: ArchiveEntry, method: Compression, compressed_size: int) -> None:
        name = entry.path.encode()
        self._write(local_header(name, method, entry.crc, compressed_size, entry.size))

    def _end(self, entry: ArchiveEntry, method: Compression, compressed_size: int) -> None:
        name = entry.path.encode()
        fields = (name, method, entry.crc, compressed_size, entry.size)
        self._directory += central_header(*fields, self._offset)
        self._offset += local_header_bytes(len(name), compressed_size, entry.size) + compressed_size
        self._count += 1

    def _amend(self, entry: ArchiveEntry, method: Compression, compressed_size: int) -> None:
        """Write a header again whose size was not known before; its own length stays the same."""
        self._hash = None
        self._blob.seek(self._offset)
        self._begin(entry, method, compressed_size)
        self._blob.seek(compressed_size, os.SEEK_CUR)

    def _store(self, entry: ArchiveEntry) -> None:
        self._begin(entry, Compression.STORED, entry.size)
        for piece in self._plain(entry):
            self._write(piece)
        self._end(entry, Compression.STORED, entry.size)

    def _keep(self, entry: ArchiveEntry) -> None:
        written = 0

        def sink(raw: bytes) -> None:
            nonlocal written
            written += self._write(raw)

        self._begin(entry, Compression.DEFLATED, entry.compressed_size)
        for _ in self._plain(entry, sink):
            pass
        if written != entry.compressed_size:
            self._amend(entry, Compression.DEFLATED, written)
            message = "Bytes that belong to no file stood behind this one in the zip; they were left out."
            self.warnings.append(ArchiveWarning(ArchiveWarningCode.ENTRY_TRIMMED, message, entry.path))
        self._end(entry, Compression.DEFLATED, written)

    def _deflate_at_once(self, entry: ArchiveEntry) -> None:
        content = b"".join(self._plain(entry))
        packed = zlib.compress(content, _DEFLATE_LEVEL, -zlib.MAX_WBITS)
        method = Compression.DEFLATED
        if len(packed) >= _WORTHWHILE * len(content):
            method, packed = Compression.STORED, content
        self._begin(entry, method, len(packed))
        self._write(packed)
        self._end(entry, method, len(packed))

    def _sample_is_promising(self, entry: ArchiveEntry) -> bool:
        sample = read_exactly(self._upload, entry.offset, PIECE_BYTES)
        return len(zlib.compress(sample, 1)) < _WORTHWHILE * len(sample)

    def _deflate(self, entry: ArchiveEntry) -> None:
        deflater = zlib.compressobj(_DEFLATE_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        self._begin(entry, Compression.DEFLATED, entry.size)
        written = 0
        for piece in self._plain(entry):
            written += self._write(deflater.compress(piece))
        written += self._write(deflater.flush())
        self._amend(entry, Compression.DEFLATED, written)
        self._end(entry, Compression.DEFLATED, written)
