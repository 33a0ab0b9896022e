"""Calling the host's own functions, which may be asynchronous or not."""

from __future__ import annotations

import inspect
from functools import partial
from typing import Any

from scorm_embed.web.identity import RunSync


async def call_host(call: partial[Any], run_sync: RunSync) -> Any:
    """Call a function of the host: an asynchronous one here, any other through ``run_sync``."""
    function = call.func
    if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None)):  # noqa: B004
        return await call()
    answer = await run_sync(call)
    return await answer if inspect.isawaitable(answer) else answer
