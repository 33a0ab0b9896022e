"""Quart: mounts ``ScormEmbed`` so that the host's login works as in any view."""

from __future__ import annotations

from functools import partial
from typing import Any

from quart import Quart, abort, request
from starlette.requests import HTTPConnection
from starlette.types import Scope
from werkzeug.datastructures import Headers

from scorm_embed.errors import NotFoundError
from scorm_embed.integrations.asgi import ScormMiddleware
from scorm_embed.integrations.own_session import own_launch
from scorm_embed.web.app import ScormEmbed
from scorm_embed.web.calling import run_host
from scorm_embed.web.identity import Learner


def mount(app: Quart, scorm: ScormEmbed, path: str = "/scorm") -> None:
    """Let ``scorm`` answer below ``path`` of a Quart app, and release it when the app shuts down.

    The ``learner`` and ``authorize`` callables run in a request context of their own, after the app's
    ``before_request`` functions: ``quart.session``, ``quart.g`` and Quart-Auth's ``current_user`` work there. When one
    of those functions answers itself, nobody is signed in.

    Args:
        app: the host's app; its ``asgi_app`` is wrapped.
        scorm: the player.
        path: where it answers.
    """

    async def around(scope: Scope, call: partial[Any]) -> Any:
        asked = app.request_class(
            scope["method"],
            scope["scheme"],
            scope["path"],
            scope["query_string"],
            Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]),
            scope.get("root_path", ""),
            scope["http_version"],
            scope=scope,  # type: ignore[arg-type]
            send_push_promise=_push_nothing,
        )
        # The body belongs to the player: a before_request function that looks for a form finds none.
        asked.body.set_complete()
        async with app.request_context(asked):
            if await app.preprocess_request() is not None:
                return None
            return await run_host(call)

    app.asgi_app = ScormMiddleware(app.asgi_app, scorm, path, around=around)  # type: ignore[assignment, arg-type, method-assign]


async def open_course(scorm: ScormEmbed, package_id: str, learner: Learner | None = None, **launch: Any) -> str:
    """Launch a course in a view, and give the player's URL.

    A package that is not there is 404; nobody signed in is 401.

    Args:
        scorm: the player.
        package_id: the course.
        learner: who takes it; whom the option ``learner`` finds when absent.
        launch: more arguments of ``ScormEmbed.launch``; without a ``session_id`` the learner has one session on each
            package, which goes on.
    """
    scope: Any = request.scope
    learner = learner or await scorm.learner_of(HTTPConnection(scope))
    if learner is None:
        abort(401)
    try:
        launched = await scorm.launch(package_id, learner, **own_launch(learner, package_id, request, launch))
    except NotFoundError as error:
        abort(404, error.message)
    return str(launched["player_url"])


async def current_learner(_: object) -> Learner | None:
    """Give Quart-Auth's ``current_user``: for the option ``learner``.

    Quart-Auth knows the id only; a user class of the host's with a ``name`` gives that, too.
    """
    from quart_auth import current_user

    if not await current_user.is_authenticated:
        return None
    return Learner(str(current_user.auth_id), str(getattr(current_user, "name", None) or ""))


async def _push_nothing(path: str, headers: Headers) -> None:
    pass
