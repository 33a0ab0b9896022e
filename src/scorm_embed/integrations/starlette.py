"""Starlette: mounts ``ScormEmbed`` with its end, and finds the user that ``AuthenticationMiddleware`` has found."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import HTTPConnection

from scorm_embed.integrations.paths import checked_path
from scorm_embed.web.app import ScormEmbed
from scorm_embed.web.identity import Learner


def mount(app: Starlette, scorm: ScormEmbed, path: str = "/scorm") -> None:
    """Let ``scorm`` answer below ``path`` of a Starlette or FastAPI app, and release it when the app shuts down.

    Args:
        app: the host's app.
        scorm: the player.
        path: where it answers.
    """
    app.mount(checked_path(path), scorm)
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(of: Any) -> AsyncIterator[Any]:
        async with inner(of) as state:
            try:
                yield state
            finally:
                await scorm.aclose()

    app.router.lifespan_context = lifespan


def session_learner(key: str = "user") -> Callable[[HTTPConnection], Learner | None]:
    """Give a function for the option ``learner`` that takes the user from Starlette's ``SessionMiddleware``.

    Args:
        key: of the session: under it is the user's id, or a mapping with ``id`` and ``name``.
    """

    def find(connection: HTTPConnection) -> Learner | None:
        user = connection.session.get(key)
        if not user:
            return None
        if isinstance(user, Mapping):
            return Learner(str(user["id"]), str(user.get("name") or ""))
        return Learner(str(user))

    return find


def current_learner(connection: HTTPConnection) -> Learner | None:
    """Give the user of Starlette's ``AuthenticationMiddleware``: for the option ``learner``.

    The user's ``identity`` is the id, ``display_name`` the name. A user class without an identity of its own counts by
    its display name, as Starlette's ``SimpleUser`` does.
    """
    user = connection.user
    if not user.is_authenticated:
        return None
    try:
        identity = str(user.identity)
    except NotImplementedError:
        identity = str(user.display_name)
    return Learner(identity, str(user.display_name))
