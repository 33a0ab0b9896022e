"""The same methods for code without an event loop: Flask and Django views, scripts, threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from scorm_embed.web.loop_thread import run_blocking
from scorm_embed.web.methods import Methods

P = ParamSpec("P")
T = TypeVar("T")


def _blocking(
    method: Callable[Concatenate[Methods, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[SyncMethods, P], T]:
    @wraps(method)
    def call(self: SyncMethods, /, *args: P.args, **kwargs: P.kwargs) -> T:
        # By name, because ``ScormEmbed`` has its own version of some.
        own: Callable[P, Coroutine[Any, Any, T]] = getattr(self._methods, method.__name__)
        return run_blocking(own(*args, **kwargs), self._find_loop())

    return call


class SyncMethods:
    """Each method of ``ScormEmbed``, waiting for its answer. Not for use on an event loop: ``RuntimeError``.

    The work is done on the loop that serves the app where there is one, else on one background loop of the process.
    """

    def __init__(self, methods: Methods, find_loop: Callable[[], asyncio.AbstractEventLoop | None]) -> None:
        self._methods = methods
        self._find_loop = find_loop

    import_package = _blocking(Methods.import_package)
    package = _blocking(Methods.package)
    packages = _blocking(Methods.packages)
    delete_package = _blocking(Methods.delete_package)
    launch = _blocking(Methods.launch)
    launch_external = _blocking(Methods.launch_external)
    session = _blocking(Methods.session)
    sessions = _blocking(Methods.sessions)
    update_session = _blocking(Methods.update_session)
    delete_session = _blocking(Methods.delete_session)
    new_attempt = _blocking(Methods.new_attempt)
    attempts = _blocking(Methods.attempts)
    activities = _blocking(Methods.activities)
    activity = _blocking(Methods.activity)
    interactions = _blocking(Methods.interactions)
    commits = _blocking(Methods.commits)
    deliver_events = _blocking(Methods.deliver_events)
    maintain = _blocking(Methods.maintain)
    events = _blocking(Methods.events)
    event = _blocking(Methods.event)
    retry_event = _blocking(Methods.retry_event)
    delete_event = _blocking(Methods.delete_event)
    test_webhook = _blocking(Methods.test_webhook)
    aclose = _blocking(Methods.aclose)
