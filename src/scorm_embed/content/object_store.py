"""A content store in an object store: S3 and what speaks it, Google Cloud Storage, Azure, by way of ``obstore``.

Owns the keys (``ab/abcd….zip`` below a prefix) and how ranges become requests. It needs the extra ``objects`` and is
therefore imported by its own name. A blob is one object; parts of an upload are not visible before the last is there.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import obstore
from anyio import CancelScope, to_thread
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import ObjectStore, from_url

from scorm_embed.content.base import STREAM_PIECE_BYTES, IsNeeded, check_digest, is_digest, missing
from scorm_embed.content.limits import MIB
from scorm_embed.errors import ConfigurationError, StorageUnavailableError

_PART_BYTES = 8 * MIB
_PARTS_AT_ONCE = 4
_SIZES_MAX = 10_000
_MISSING = (FileNotFoundError, NotFoundError)


class ObjectContent:
    """Keeps each blob as one object.

    Args:
        store: a URL such as ``s3://bucket/prefix``, or a store made with ``obstore``.
        options: with a URL, what ``obstore.store.from_url`` takes: ``region``, ``endpoint``, ``access_key_id``, ….

    Nothing is opened before the first call. A process that has used the store must not fork and go on using it in the
    child, because the client's threads stay behind; the child then gets a ``ConfigurationError``.
    """

    def __init__(self, store: str | ObjectStore, **options: Any) -> None:
        if not store:
            raise ConfigurationError("ObjectContent needs a URL such as s3://bucket/prefix, or a store of obstore.")
        if options and not isinstance(store, str):
            raise ConfigurationError("ObjectContent takes options only with a URL; give them to the store instead.")
        self._given = store
        self._options = options
        self._store: ObjectStore | None = None
        self._process = 0
        # Blobs never change, so a size that was asked for once is known; it saves a request for every range.
        self._sizes: OrderedDict[str, int] = OrderedDict()

    def __repr__(self) -> str:
        return f"ObjectContent({self._given!r})" if isinstance(self._given, str) else "ObjectContent(<store>)"

    async def put(self, digest: str, source: Path, *, consume: bool = False) -> None:
        """Upload the file in parts, unless the object is there; see ``ContentStore.put``."""
        store, key = self._opened(), _key(check_digest(digest))
        if not await self._exists(store, key):
            try:
                await obstore.put_async(store, key, source, chunk_size=_PART_BYTES, max_concurrency=_PARTS_AT_ONCE)
            except (BaseError, OSError) as error:
                raise _unavailable(error) from error
        if consume:
            await to_thread.run_sync(lambda: source.unlink(missing_ok=True))

    async def size(self, digest: str) -> int:
        """Give the blob's size in bytes; asked of the object store once."""
        known = self._sizes.get(digest)
        if known is not None:
            return known
        if not is_digest(digest):
            raise missing(digest)
        try:
            size = (await obstore.head_async(self._opened(), _key(digest)))["size"]
        except _MISSING:
            raise missing(digest) from None
        except BaseError as error:
            raise _unavailable(error) from error
        self._sizes[digest] = size
        while len(self._sizes) > _SIZES_MAX:
            self._sizes.popitem(last=False)
        return size

    async def read(self, digest: str, start: int, length: int) -> bytes:
        """Give ``length`` bytes from ``start`` by one request; fewer only at the end of the blob."""
        length = max(0, min(length, await self.size(digest) - start))
        if not length:
            return b""
        try:
            data = await obstore.get_range_async(self._opened(), _key(digest), start=start, length=length)
        except _MISSING:
            self._sizes.pop(digest, None)
            raise missing(digest) from None
        except BaseError as error:
            raise _unavailable(error) from error
        return bytes(data)

    async def stream(self, digest: str, start: int, length: int) -> AsyncIterator[bytes]:
        """Give the same bytes in pieces, by one request."""
        end = min(start + length, await self.size(digest))
        if start >= end:
            return
        left = end - start
        try:
            answer = await obstore.get_async(self._opened(), _key(digest), options={"range": (start, end)})
            async for arrived in answer.stream(min_chunk_size=STREAM_PIECE_BYTES):
                view = memoryview(bytes(arrived))
                left -= len(view)
                for place in range(0, len(view), STREAM_PIECE_BYTES):
                    yield bytes(view[place : place + STREAM_PIECE_BYTES])
        except _MISSING:
            self._sizes.pop(digest, None)
            raise missing(digest) from None
        except BaseError as error:
            raise _unavailable(error) from error
        if left:
            raise StorageUnavailableError("The object store ended its answer early.")

    async def delete(self, digest: str, *, is_needed: IsNeeded | None = None) -> None:
        """Forget a blob; see ``ContentStore.delete``. Until it is decided the object has another key."""
        self._sizes.pop(digest, None)
        if not is_digest(digest):
            return
        store, key = self._opened(), _key(digest)
        # A key that no other deletion of the same blob uses: each puts back, or removes, what it has put aside.
        aside = f"{key}.{uuid4().hex}.deleting"
        try:
            await obstore.rename_async(store, key, aside)
        except _MISSING:
            return
        except BaseError as error:
            raise _unavailable(error) from error
        is_kept = True
        try:
            is_kept = is_needed is not None and await is_needed()
        finally:
            with CancelScope(shield=True):
                await _decide(store, aside, key if is_kept else None)

    def workspace(self) -> Path | None:
        """Any temporary folder does."""
        return None

    async def aclose(self) -> None:
        """Let go of the connections."""
        self._store = None
        self._sizes.clear()

    async def _exists(self, store: ObjectStore, key: str) -> bool:
        try:
            await obstore.head_async(store, key)
        except _MISSING:
            return False
        except BaseError as error:
            raise _unavailable(error) from error
        return True

    def _opened(self) -> ObjectStore:
        if self._process not in (0, os.getpid()):
            raise ConfigurationError(
                "The object store was used before this process was forked; use it in the workers only."
            )
        if self._store is None:
            self._process = os.getpid()
            self._store = self._given if not isinstance(self._given, str) else _from_url(self._given, self._options)
        return self._store


def _from_url(url: str, options: dict[str, Any]) -> ObjectStore:
    try:
        return from_url(url, **options)
    except (BaseError, ValueError) as error:
        raise ConfigurationError(f"ObjectContent cannot use the URL or its options: {error}") from error


async def _decide(store: ObjectStore, aside: str, key: str | None) -> None:
    """Give an object that was put aside its key again, or remove it."""
    try:
        if key is None:
            await obstore.delete_async(store, aside)
        else:
            await obstore.rename_async(store, aside, key)
    except BaseError as error:
        raise _unavailable(error) from error


def _key(digest: str) -> str:
    return f"{digest[:2]}/{digest}.zip"


def _unavailable(error: Exception) -> StorageUnavailableError:
    # The error's own text may name the request with its credentials, so only its kind is told.
    return StorageUnavailableError(f"The object store cannot be reached or refuses to work ({type(error).__name__}).")
