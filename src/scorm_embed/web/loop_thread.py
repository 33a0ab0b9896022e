"""One background event loop for each process, for hosts that have none of their own.

Started when first needed. A forked worker does not inherit its parent's thread and starts its own.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class LoopThread:
    """An event loop that runs in a thread of its own until the process ends."""

    def __init__(self) -> None:
        self.process_id = os.getpid()
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="scorm_embed", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()


_lock = threading.Lock()
_current: LoopThread | None = None


def _after_fork() -> None:
    """Forget the parent's thread, which does not exist here, and its lock, which nobody may ever release."""
    global _lock, _current
    _lock = threading.Lock()
    _current = None


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_after_fork)


def background_loop() -> asyncio.AbstractEventLoop:
    """Give the background loop of this process."""
    global _current
    with _lock:
        if _current is None or _current.process_id != os.getpid():
            _current = LoopThread()
        return _current.loop


def run_blocking(coroutine: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop | None = None) -> T:
    """Run a coroutine on another thread's loop (the background loop unless told) and wait for its result.

    Raises:
        RuntimeError: called on a running event loop, which would wait for itself; use ``await`` there.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass
    else:
        coroutine.close()
        raise RuntimeError("This would block the event loop: use the asynchronous method with await instead.")
    future = asyncio.run_coroutine_threadsafe(coroutine, loop or background_loop())
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise
