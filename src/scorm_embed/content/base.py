"""The content-store protocol: where the immutable blobs of package versions live.

A blob is the zip of one package version, named by the SHA-256 of its bytes. Stores know bytes and ranges only; what
is inside a blob is read by ``archive``, and what may be shown to whom is decided above.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol


class ContentStore(Protocol):
    """Keeps blobs. Methods may raise ``StorageUnavailableError``; ``read`` of a missing blob raises ``NotFoundError``."""

    async def put(self, digest: str, source: Path) -> None:
        """Keep a copy of the file under its digest; nothing happens when the blob is there already.

        The blob is complete and durable when this returns, and never visible before.
        """

    async def size(self, digest: str) -> int:
        """Give the blob's size in bytes."""

    async def read(self, digest: str, start: int, length: int) -> bytes:
        """Give ``length`` bytes from ``start``; fewer only at the end of the blob. For indexes and small files."""

    def stream(self, digest: str, start: int, length: int) -> AsyncIterator[bytes]:
        """Give the same bytes in pieces of a bounded size, without holding them all."""

    async def delete(self, digest: str) -> None:
        """Forget a blob; nothing happens when there is none."""

    async def aclose(self) -> None:
        """Release what was opened."""
