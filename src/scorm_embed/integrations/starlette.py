"""Starlette: mounts ``ScormEmbed`` with its end, and finds the user that ``AuthenticationMiddleware`` has found."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request

from scorm_embed.errors import NotFoundError
from scorm_embed.integrations.own_session import own_launch
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


async def open_course(
    scorm: ScormEmbed, request: Request, package_id: str, learner: Learner | None = None, **launch: Any
) -> str:
    """Launch a course in an endpoint, and give the player's URL.

    Args:
        scorm: the player.
        request: the endpoint's.
        package_id: the course.
        learner: who takes it; whom the option ``learner`` finds when absent.
        launch: more arguments of ``ScormEmbed.launch``; without a ``session_id`` the learner has one session on each
            package, which goes on.

    Raises:
        HTTPException: 401 where nobody is signed in, 404 for a package that is not there.
    """
    learner = learner or await scorm.learner_of(request)
    if learner is None:
        raise HTTPException(401, "Sign in first.")
    try:
        launched = await scorm.launch(package_id, learner, **own_launch(learner, package_id, request, launch))
    except NotFoundError as error:
        raise HTTPException(404, error.message) from error
    return str(launched["player_url"])


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
