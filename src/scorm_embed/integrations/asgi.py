"""ASGI middleware: lets ``ScormEmbed`` answer below one path of an app that has no mounting of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scorm_embed.integrations.paths import checked_path, path_below
from scorm_embed.web.app import ScormEmbed
from scorm_embed.web.auth import RUN_HOST

Around = Callable[[Scope, partial[Any]], Awaitable[Any]]
"""Calls a function of the host, asynchronous or not, with whatever the host needs around it."""


class ScormMiddleware:
    """Hands requests below ``path`` to ``scorm`` and leaves all others as they are.

    Whatever the ``learner`` callable needs (sessions, users) must stand around this middleware, not within it. When the
    host's lifespan ends, what ``scorm`` has opened is released.

    Args:
        app: the host's ASGI app.
        scorm: the player.
        path: where it answers, such as ``/scorm``.
        around: calls the host's ``learner`` and ``authorize`` callables, for hosts that need a context for that; it
            gets the connection's scope and the call.
    """

    def __init__(self, app: ASGIApp, scorm: ScormEmbed, path: str = "/scorm", *, around: Around | None = None) -> None:
        self._app = app
        self._scorm = scorm
        self._path = checked_path(path)
        self._around = around
        scorm.answers_at(self._path)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on one connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, self._closing(send))
            return
        root_path = scope.get("root_path", "")
        if scope["type"] in {"http", "websocket"} and path_below(scope["path"], root_path, self._path) is not None:
            # The host's own scope stays as it is.
            inner: dict[str, Any] = {
                **scope,
                "root_path": root_path + self._path,
                "app_root_path": scope.get("app_root_path", root_path),
            }
            if self._around is not None:
                inner[RUN_HOST] = partial(self._around, scope)
            if not scope["path"].startswith(root_path):
                inner["path"] = root_path + scope["path"]
            await self._scorm(inner, receive, send)
            return
        await self._app(scope, receive, send)

    def _closing(self, send: Send) -> Send:
        async def closing_send(message: Message) -> None:
            if message["type"] in {"lifespan.shutdown.complete", "lifespan.shutdown.failed"}:
                await self._scorm.aclose()
            await send(message)

        return closing_send
