"""A content store in a folder, on a local disk or one that all workers mount.

Owns the folder's layout: ``ab/abcd….zip`` for a blob, ``incoming/`` for files on their way. A blob appears under its
name by one rename, complete and flushed. Nothing outside the folder is touched, and nothing blocks the event loop: what
the page cache holds is read at once, everything else in a worker thread.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

from anyio import CancelScope, to_thread

from scorm_embed.content.base import STREAM_PIECE_BYTES, IsNeeded, check_digest, is_digest, missing, on_disk
from scorm_embed.errors import ConfigurationError, StorageUnavailableError

_ABANDONED_SECONDS = 24 * 3600
_FOLDER = "The folder with the course files"
_ASIDE = ".deleting"
"""Ends the name of a blob of which it is not yet decided whether it goes."""
_READ_NOW_BYTES_MAX = 1024 * 1024
_NO_WAIT: int = getattr(os, "RWF_NOWAIT", 0) if hasattr(os, "preadv") else 0


class _OpenFile:
    """One open blob; it is closed when the last reader lets go of it."""

    __slots__ = ("_descriptor", "_no_wait", "_path", "size")

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))
        self.size = os.fstat(self._descriptor).st_size
        self._no_wait = _NO_WAIT

    def __del__(self) -> None:
        with contextlib.suppress(AttributeError, OSError):
            os.close(self._descriptor)

    def read_now(self, start: int, length: int) -> bytes | None:
        """Give what the page cache holds from ``start`` on; None when that needs the disk."""
        if not self._no_wait or length > _READ_NOW_BYTES_MAX:
            return None
        buffer = bytearray(length)
        try:
            count = os.preadv(self._descriptor, [buffer], start, self._no_wait)
        except BlockingIOError:
            return None
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):
                raise
            self._no_wait = 0  # this file system cannot tell
            return None
        return bytes(buffer) if count == length else bytes(memoryview(buffer)[:count]) or None

    def read(self, start: int, length: int) -> bytes:
        """Give ``length`` bytes from ``start``, fewer only at the end; may wait for the disk."""
        if not hasattr(os, "pread"):  # Windows: a descriptor of its own, because the position is shared
            with self._path.open("rb") as file:
                file.seek(start)
                return file.read(length)
        pieces = []
        while length:
            piece = os.pread(self._descriptor, length, start)
            if not piece:
                break
            pieces.append(piece)
            start += len(piece)
            length -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


class DirectoryContent:
    """Keeps each blob as one file below a folder.

    Args:
        path: the folder; it is made with the first blob.
        open_files_max: how many files stay open between reads.
    """

    def __init__(self, path: str | os.PathLike[str], *, open_files_max: int = 64) -> None:
        if not os.fspath(path):
            raise ConfigurationError("DirectoryContent needs the path of a folder.")
        if open_files_max < 1:
            raise ConfigurationError(f"open_files_max must be at least 1, not {open_files_max}.")
        self._folder = Path(path).absolute()  # the host may change its working directory later
        self._open_files_max = open_files_max
        # Descriptors are read by position only, so a child process may go on using the ones it inherits.
        self._open: OrderedDict[str, _OpenFile] = OrderedDict()

    def __repr__(self) -> str:
        return f"DirectoryContent({str(self._folder)!r})"

    async def put(self, digest: str, source: Path, *, consume: bool = False) -> None:
        """Keep the file under its digest; see ``ContentStore.put``. A file on the same disk is taken by a rename."""
        check_digest(digest)
        await to_thread.run_sync(self._put, digest, source, consume)

    async def size(self, digest: str) -> int:
        """Give the blob's size in bytes."""
        return (await self._file(digest)).size

    async def read(self, digest: str, start: int, length: int) -> bytes:
        """Give ``length`` bytes from ``start``; fewer only at the end of the blob."""
        file = await self._file(digest)
        length = max(0, min(length, file.size - start))
        data = file.read_now(start, length) or b"" if length else b""
        if len(data) < length:
            data += await _waiting(file, start + len(data), length - len(data))
        return data

    async def stream(self, digest: str, start: int, length: int) -> AsyncIterator[bytes]:
        """Give the same bytes in pieces."""
        file = await self._file(digest)
        end = min(start + length, file.size)
        while start < end:
            wanted = min(STREAM_PIECE_BYTES, end - start)
            piece = file.read_now(start, wanted) or await _waiting(file, start, wanted)
            if not piece:
                raise StorageUnavailableError("A course's file became shorter in the content store.")
            start += len(piece)
            yield piece

    async def delete(self, digest: str, *, is_needed: IsNeeded | None = None) -> None:
        """Forget a blob; see ``ContentStore.delete``. Until it is decided the file has another name, which is read."""
        if not is_digest(digest):
            return
        self._open.pop(digest, None)
        path = self._path(digest)
        # A name that no other deletion of the same blob uses: each puts back, or removes, what it has put aside.
        aside = path.with_name(f"{digest}.{uuid4().hex}{_ASIDE}")
        if not await to_thread.run_sync(_move, path, aside):
            return
        is_kept = True
        try:
            is_kept = is_needed is not None and await is_needed()
        finally:
            with CancelScope(shield=True):
                await to_thread.run_sync(*((_move, aside, path) if is_kept else (_remove, aside)))

    def workspace(self) -> Path | None:
        """Give a folder on the same disk."""
        return self._folder / "incoming"

    async def aclose(self) -> None:
        """Close what is open and not being read."""
        self._open.clear()

    def _path(self, digest: str) -> Path:
        return self._folder / digest[:2] / f"{digest}.zip"

    async def _file(self, digest: str) -> _OpenFile:
        file = self._open.get(digest)
        if file is not None:
            with contextlib.suppress(KeyError):  # another thread may have let go of it
                self._open.move_to_end(digest)
            return file
        if not is_digest(digest):
            raise missing(digest)
        # A worker thread remembers what it returned until its next job, which would keep the file open: hence the list.
        opened: list[_OpenFile] = []
        with on_disk(_FOLDER):
            try:
                await to_thread.run_sync(lambda: opened.append(_open(self._path(digest))))
            except FileNotFoundError:
                raise missing(digest) from None
        file = self._open[digest] = opened.pop()
        while len(self._open) > self._open_files_max:
            with contextlib.suppress(KeyError):
                self._open.popitem(last=False)
        return file

    def _put(self, digest: str, source: Path, consume: bool) -> None:
        path = self._path(digest)
        with on_disk(_FOLDER):
            if not path.exists():
                incoming = self._folder / "incoming"
                incoming.mkdir(parents=True, exist_ok=True)
                _sweep(incoming)
                path.parent.mkdir(exist_ok=True)
                self._arrive(source, incoming, path, consume)
            if consume:
                source.unlink(missing_ok=True)

    def _arrive(self, source: Path, incoming: Path, path: Path, consume: bool) -> None:
        if consume:
            _flush(source)
            try:
                source.replace(path)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
            else:
                _flush(path.parent)
                return
        handle, name = tempfile.mkstemp(prefix=path.stem[:16], suffix=".part", dir=incoming)
        copy = Path(name)
        try:
            with source.open("rb") as original, os.fdopen(handle, "wb") as target:
                shutil.copyfileobj(original, target, 1024 * 1024)
                target.flush()
                os.fsync(target.fileno())
            copy.replace(path)
        except BaseException:
            copy.unlink(missing_ok=True)
            raise
        _flush(path.parent)


def _open(path: Path) -> _OpenFile:
    try:
        return _OpenFile(path)
    except FileNotFoundError:
        # A deletion that is being decided, or whose process died before it was.
        for aside in path.parent.glob(f"{path.stem}.*{_ASIDE}"):
            with contextlib.suppress(FileNotFoundError):
                return _OpenFile(aside)
        return _OpenFile(path)


def _move(path: Path, target: Path) -> bool:
    """Give a file another name; False where there is none."""
    with on_disk(_FOLDER):
        try:
            path.replace(target)
        except FileNotFoundError:
            return False
        _flush(target.parent)
    return True


def _remove(path: Path) -> None:
    with on_disk(_FOLDER):
        path.unlink(missing_ok=True)


async def _waiting(file: _OpenFile, start: int, length: int) -> bytes:
    with on_disk(_FOLDER):
        return await to_thread.run_sync(file.read, start, length)


def _flush(path: Path) -> None:
    """Bring a file or a folder's names to the disk; where a folder cannot be opened there is nothing to be done."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except PermissionError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sweep(incoming: Path) -> None:
    """Remove what a process that died has left behind."""
    for path in incoming.iterdir():
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime <= _ABANDONED_SECONDS:
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
