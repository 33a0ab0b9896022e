"""The content-store protocol: where the immutable blobs of package versions live.

A blob is the zip of one package version, named by the SHA-256 of its bytes. Stores know bytes and ranges only; what
is inside a blob is read by ``blob``, and what may be shown to whom is decided above.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeAlias

from scorm_embed.errors import NotFoundError, StorageUnavailableError

STREAM_PIECE_BYTES = 256 * 1024
"""The largest piece that a store's ``stream`` gives."""

IsNeeded: TypeAlias = Callable[[], Awaitable[bool]]

_DIGEST = re.compile(r"[0-9a-f]{64}")


class ContentStore(Protocol):
    """Keeps blobs. Methods may raise ``StorageUnavailableError``; of a missing blob ``NotFoundError``.

    Blobs never change, so nothing here needs a lock: a blob is there whole, or not at all. A digest that is not 64
    lower-case hexadecimal digits names no blob; ``put`` refuses it with ``ValueError``.
    """

    async def put(self, digest: str, source: Path, *, consume: bool = False) -> None:
        """Keep a copy of the file under its digest; nothing happens when the blob is there already.

        The blob is complete and durable when this returns, and never visible before.

        Args:
            digest: the SHA-256 of the file, 64 lower-case hexadecimal digits.
            source: the file.
            consume: the file is not needed any more, so that the store may take it instead of copying it. Whether it
                still exists afterwards is not said.
        """

    async def size(self, digest: str) -> int:
        """Give the blob's size in bytes."""

    async def read(self, digest: str, start: int, length: int) -> bytes:
        """Give ``length`` bytes from ``start``; fewer only at the end of the blob. For indexes and small files."""

    def stream(self, digest: str, start: int, length: int) -> AsyncIterator[bytes]:
        """Give the same bytes in pieces of a bounded size, without holding them all."""

    async def delete(self, digest: str, *, is_needed: IsNeeded | None = None) -> None:
        """Forget a blob; nothing happens when there is none.

        Args:
            is_needed: asked when ``put`` already finds no blob here and would store it anew. Where the answer is yes,
                or an exception, the blob is there again as it was.
        """

    def workspace(self) -> Path | None:
        """Give a folder for files that will be put with ``consume``; None when any temporary folder does.

        A store on a disk answers with a folder on that disk, so that taking a file is a rename. The folder may not
        exist before the first ``put``; whoever uses it makes it.
        """

    async def aclose(self) -> None:
        """Release what was opened. The store opens again by itself when it is used again."""


def check_digest(digest: str) -> str:
    """Give the digest back when it is one; a caller's mistake is a ``ValueError``."""
    if not _DIGEST.fullmatch(digest):
        raise ValueError(f"not a SHA-256 in lower-case hexadecimal digits: {digest[:80]!r}")
    return digest


def is_digest(digest: str) -> bool:
    """Tell whether a string can name a blob."""
    return _DIGEST.fullmatch(digest) is not None


def missing(digest: str) -> NotFoundError:
    """Make the error for a blob that is not there."""
    return NotFoundError("The course's files are not in the content store.", {"digest": digest[:64]})


@contextmanager
def on_disk(what: str) -> Iterator[None]:
    """Translate what a full, read-only or failing disk raises; ``what`` begins the sentence."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StorageUnavailableError(f"{what} cannot be used: {reason}.") from error
