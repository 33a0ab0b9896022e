"""Reads files out of a blob that lies in a content store, by ranges.

Owns the way from a name to bytes. It never holds a whole blob, and it does not judge who may read what.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator

from anyio import to_thread

from scorm_embed.content.base import ContentStore
from scorm_embed.content.blob_index import BLOB_COMMENT, BlobIndex, Entry
from scorm_embed.content.limits import KIB, MIB
from scorm_embed.content.zip_records import Compression, find_directory
from scorm_embed.errors import InvalidFileTypeError, PackageError, StorageUnavailableError

READ_BYTES_MAX = 16 * MIB
"""What ``Blob.read`` gives at most unless it is told otherwise."""

_TAIL_BYTES = 64 * KIB
_INFLATE_PIECE_BYTES = 256 * KIB
_PARSE_IN_THREAD_BYTES = 256 * KIB


class Blob:
    """One package version's files. Opening reads the table of contents once; the object can be shared and kept."""

    __slots__ = ("_store", "digest", "index", "size_bytes")

    def __init__(self, store: ContentStore, digest: str, size_bytes: int, index: BlobIndex) -> None:
        self._store = store
        self.digest = digest
        self.size_bytes = size_bytes
        self.index = index

    @classmethod
    async def open(cls, store: ContentStore, digest: str) -> Blob:
        """Read a blob's table of contents: one range at the end, and a second one where 64 KiB do not hold it.

        Raises:
            NotFoundError: the store has no such blob.
            StorageUnavailableError: the store does not answer, or what it keeps is no blob.
        """
        size = await store.size(digest)
        tail_start = max(0, size - _TAIL_BYTES)
        tail = await store.read(digest, tail_start, size - tail_start)
        try:
            directory = find_directory(tail, tail_start)
        except InvalidFileTypeError as error:
            raise StorageUnavailableError("The course's files are damaged in the content store.") from error
        if directory.comment != BLOB_COMMENT or directory.shift:
            raise StorageUnavailableError("The course's files are damaged in the content store.")
        if directory.start >= tail_start:
            start = directory.start - tail_start
            data = tail[start : start + directory.length]
        else:
            data = await store.read(digest, directory.start, directory.length)
        if len(data) > _PARSE_IN_THREAD_BYTES:
            return cls(store, digest, size, await to_thread.run_sync(BlobIndex, data))
        return cls(store, digest, size, BlobIndex(data))

    def entry(self, path: str) -> Entry | None:
        """Find a file by its decoded path: exactly, else the only one that differs in nothing but case."""
        return self.index.entry(path)

    def names(self) -> Iterator[str]:
        """Give the names of all files, ordered by their UTF-8 bytes."""
        return self.index.names()

    async def read(self, entry: Entry, *, bytes_max: int = READ_BYTES_MAX) -> bytes:
        """Give a file's whole content; one larger than ``bytes_max`` is a ``PackageError``."""
        if entry.size > bytes_max:
            raise PackageError(
                f'The file "{entry.name}" has {entry.size:,} bytes, too many to be read at once.',
                {"path": entry.name, "allowed": bytes_max},
            )
        return b"".join([piece async for piece in self.stream(entry)])

    async def read_packed(self, entry: Entry) -> bytes:
        """Give a file's bytes as they are kept: deflated or not. For files known to be small."""
        return await self._store.read(self.digest, entry.offset, entry.compressed_size)

    def stream_packed(self, entry: Entry) -> AsyncIterator[bytes]:
        """Give the same bytes in pieces."""
        return self._store.stream(self.digest, entry.offset, entry.compressed_size)

    async def stream(self, entry: Entry, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """Give a file's content from ``start``, to its end or ``length`` bytes, in pieces of 256 KiB or less.

        Of a stored file only these bytes are read; a deflated one is unpacked from its beginning.
        """
        available = max(0, entry.size - start)
        wanted = available if length is None else min(length, available)
        if not wanted:
            return
        if entry.method is Compression.STORED:
            async for piece in self._store.stream(self.digest, entry.offset + start, wanted):
                yield piece
            return
        skip = start
        async for piece in self._inflate(entry):
            if skip >= len(piece):
                skip -= len(piece)
                continue
            part = piece[skip : skip + wanted]
            skip = 0
            wanted -= len(part)
            yield part
            if not wanted:
                return

    async def _inflate(self, entry: Entry) -> AsyncIterator[bytes]:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        async for packed in self.stream_packed(entry):
            waiting = packed
            while waiting:
                piece = inflater.decompress(waiting, _INFLATE_PIECE_BYTES)
                waiting = inflater.unconsumed_tail
                if piece:
                    yield piece
        while not inflater.eof:
            piece = inflater.decompress(b"", _INFLATE_PIECE_BYTES)
            if not piece:
                raise StorageUnavailableError("The course's files are damaged in the content store.")
            yield piece


class BlobCache:
    """Keeps the blobs that were used last, so that their tables of contents are read once.

    Bounded by memory, not by number. Two that ask at once may both read; nothing waits for another, so that the cache
    can be used from several event loops and after a fork.
    """

    def __init__(self, store: ContentStore, *, bytes_max: int = 64 * MIB) -> None:
        self._store = store
        self._bytes_max = bytes_max
        self._blobs: OrderedDict[str, Blob] = OrderedDict()

    async def open(self, digest: str) -> Blob:
        """Give the blob, from memory where it is there; errors as ``Blob.open``."""
        blob = self._blobs.get(digest)
        if blob is None:
            blob = await Blob.open(self._store, digest)
            self._blobs[digest] = blob
            self._evict()
        else:
            try:
                self._blobs.move_to_end(digest)
            except KeyError:  # another thread has evicted it meanwhile
                self._blobs[digest] = blob
        return blob

    def discard(self, digest: str) -> None:
        """Forget a blob, as after its deletion."""
        self._blobs.pop(digest, None)

    def _evict(self) -> None:
        held = sum(blob.index.bytes_held for blob in tuple(self._blobs.values()))
        while held > self._bytes_max and len(self._blobs) > 1:
            try:
                _, oldest = self._blobs.popitem(last=False)
            except KeyError:
                return
            held -= oldest.index.bytes_held
