"""Calling the host's own functions, which may be asynchronous or not."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Protocol

import anyio.to_thread

from scorm_embed.web.loop_thread import run_blocking


class RunHost(Protocol):
    """Calls a function of the host and gives its result, within whatever the host needs around it."""

    async def __call__(self, call: partial[Any]) -> Any:
        """Run ``call``, asynchronous or not."""
        ...


async def run_in_thread(call: partial[Any]) -> Any:
    """Run a blocking callable in a worker thread, with the context variables of the request."""
    return await anyio.to_thread.run_sync(call)


async def run_host(call: partial[Any], run_sync: Callable[[partial[Any]], Awaitable[Any]] = run_in_thread) -> Any:
    """Call a function of the host: an asynchronous one here, any other through ``run_sync``."""
    function = call.func
    if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None)):  # noqa: B004
        return await call()
    answer = await run_sync(call)
    return await answer if inspect.isawaitable(answer) else answer


async def answer_of_host(run: RunHost, call: partial[Any]) -> Any:
    """Ask the host; None where it raises 401 or 403, as the login and permission checks of its framework do."""
    try:
        return await run(call)
    except Exception as error:
        if _is_refusal(error):
            return None
        raise


def answer_here(call: partial[Any]) -> Any:
    """Ask the host as ``answer_of_host`` does, from a thread of its own that has no event loop."""
    try:
        answer = call()
        return run_blocking(_wait(answer)) if inspect.isawaitable(answer) else answer
    except Exception as error:
        if _is_refusal(error):
            return None
        raise


async def _wait(answer: Awaitable[Any]) -> Any:
    return await answer


def _is_refusal(error: Exception) -> bool:
    """Whether an error is an ``HTTPException`` with 401 or 403. Each framework has a class of this name: that of
    Werkzeug says ``code``."""
    if all(kind.__name__ != "HTTPException" for kind in type(error).__mro__):
        return False
    return getattr(error, "status_code", getattr(error, "code", None)) in {401, 403}
