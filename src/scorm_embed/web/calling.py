"""Calling the host's own functions, which may be asynchronous or not."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Protocol

import anyio.to_thread
from starlette.exceptions import HTTPException


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
    except HTTPException as refusal:
        if refusal.status_code in {401, 403}:
            return None
        raise
