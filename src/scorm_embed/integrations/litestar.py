"""Litestar: a plugin that mounts ``ScormEmbed``, and the user of Litestar's session login."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

from litestar.config.app import AppConfig
from litestar.connection import ASGIConnection, Request
from litestar.exceptions import NotAuthorizedException, NotFoundException
from litestar.handlers import asgi
from litestar.plugins import InitPlugin
from litestar.security.session_auth import SessionAuth
from litestar.types import Receive, Scope, Send
from starlette.requests import HTTPConnection

from scorm_embed.errors import NotFoundError
from scorm_embed.integrations.own_session import own_launch
from scorm_embed.integrations.paths import checked_path
from scorm_embed.web.app import ScormEmbed
from scorm_embed.web.identity import Learner


class ScormPlugin(InitPlugin):
    """Lets ``scorm`` answer below ``path``, and releases it when the app shuts down.

    The app's session middleware runs around it. Its login does not: who is signed in is asked with the option
    ``learner``, so that launch URLs and API keys, which need no login, work.

    Args:
        scorm: the player.
        path: where it answers.
        opt: of the route; the default keeps Litestar's logins and guards by key from refusing what needs no login.
    """

    def __init__(self, scorm: ScormEmbed, path: str = "/scorm", opt: dict[str, Any] | None = None) -> None:
        self._scorm = scorm
        self._path = checked_path(path)
        self._opt = {"exclude_from_auth": True, "exclude_from_csrf": True} if opt is None else opt
        scorm.answers_at(self._path)

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """Add the route and the end."""

        async def scorm_embed(scope: Scope, receive: Receive, send: Send) -> None:
            await self._scorm(self._inner(scope), receive, send)  # type: ignore[arg-type]

        handler = asgi(self._path, is_mount=True, copy_scope=True, opt=self._opt)
        app_config.route_handlers.append(handler(scorm_embed))
        app_config.on_shutdown.append(self._scorm.aclose)
        return app_config

    def _inner(self, scope: Scope) -> dict[str, Any]:
        """Give the scope as a mounted app expects it: Litestar has cut the path and put a slash behind it."""
        root_path = scope.get("root_path", "")
        raw_path = scope.get("raw_path")
        if raw_path:
            path = unquote(raw_path.decode("latin-1").partition("?")[0])
        else:
            path = self._path + scope["path"].removesuffix("/")
        return {
            **scope,
            "path": path if path.startswith(root_path) else root_path + path,
            "root_path": root_path + self._path,
            "app_root_path": root_path,
        }


async def open_course(
    scorm: ScormEmbed, request: Request[Any, Any, Any], package_id: str, learner: Learner | None = None, **launch: Any
) -> str:
    """Launch a course in a handler, and give the player's URL.

    Args:
        scorm: the player.
        request: the handler's.
        package_id: the course.
        learner: who takes it; whom the option ``learner`` finds when absent.
        launch: more arguments of ``ScormEmbed.launch``; without a ``session_id`` the learner has one session on each
            package, which goes on.

    Raises:
        NotAuthorizedException: nobody is signed in.
        NotFoundException: a package that is not there.
    """
    learner = learner or await scorm.learner_of(HTTPConnection(request.scope))  # type: ignore[arg-type]
    if learner is None:
        raise NotAuthorizedException
    try:
        launched = await scorm.launch(package_id, learner, **own_launch(learner, package_id, request, launch))
    except NotFoundError as error:
        raise NotFoundException(error.message) from error
    return str(launched["player_url"])


def session_learner(
    auth: SessionAuth[Any, Any], to_learner: Callable[[Any], Learner] | None = None
) -> Callable[[HTTPConnection], Awaitable[Learner | None]]:
    """Give a function for the option ``learner`` that finds the user of Litestar's ``SessionAuth``.

    Args:
        auth: the app's login.
        to_learner: makes a ``Learner`` of the app's user; the default takes ``id`` and ``name``.
    """

    async def current_learner(connection: HTTPConnection) -> Learner | None:
        session = connection.scope.get("session")
        if not isinstance(session, dict) or not session:
            return None
        user = auth.retrieve_user_handler(session, ASGIConnection(connection.scope))  # type: ignore[arg-type]
        if inspect.isawaitable(user):
            user = await user
        if not user:
            return None
        return to_learner(user) if to_learner else Learner(str(user.id), str(getattr(user, "name", "")))

    return current_learner
