"""A content store in memory, for tests and trials.

Owns nothing on disk. What it keeps is gone with the process, and other processes do not see it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from anyio import to_thread

from scorm_embed.content.base import STREAM_PIECE_BYTES, IsNeeded, check_digest, missing


class MemoryContent:
    """Keeps blobs in a dictionary."""

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}

    def __repr__(self) -> str:
        return f"MemoryContent({len(self._blobs)} blobs)"

    async def put(self, digest: str, source: Path, *, consume: bool = False) -> None:
        """Keep the file's bytes; see ``ContentStore.put``."""
        if check_digest(digest) not in self._blobs:
            self._blobs[digest] = await to_thread.run_sync(source.read_bytes)
        if consume:
            await to_thread.run_sync(lambda: source.unlink(missing_ok=True))

    async def size(self, digest: str) -> int:
        """Give the blob's size in bytes."""
        return len(self._blob(digest))

    async def read(self, digest: str, start: int, length: int) -> bytes:
        """Give ``length`` bytes from ``start``; fewer only at the end of the blob."""
        return self._blob(digest)[start : start + length]

    async def stream(self, digest: str, start: int, length: int) -> AsyncIterator[bytes]:
        """Give the same bytes in pieces."""
        blob = self._blob(digest)
        end = min(start + length, len(blob))
        while start < end:
            piece = blob[start : min(start + STREAM_PIECE_BYTES, end)]
            start += len(piece)
            yield piece

    async def delete(self, digest: str, *, is_needed: IsNeeded | None = None) -> None:
        """Forget a blob; see ``ContentStore.delete``."""
        blob = self._blobs.pop(digest, None)
        is_kept = True
        try:
            is_kept = is_needed is not None and await is_needed()
        finally:
            if is_kept and blob is not None:
                self._blobs.setdefault(digest, blob)

    def workspace(self) -> Path | None:
        """Any temporary folder does."""
        return None

    async def aclose(self) -> None:
        """Nothing is open; what is kept stays."""

    def _blob(self, digest: str) -> bytes:
        try:
            return self._blobs[digest]
        except KeyError:
            raise missing(digest) from None
