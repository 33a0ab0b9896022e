"""Flask: mounts ``ScormEmbed`` so that the host's login works as in any view."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Flask, abort, request
from starlette.requests import HTTPConnection

from scorm_embed.errors import NotFoundError
from scorm_embed.integrations.own_session import own_launch
from scorm_embed.integrations.wsgi import Environ, ScormWSGIMiddleware, build_scope
from scorm_embed.web.app import ScormEmbed
from scorm_embed.web.calling import answer_here
from scorm_embed.web.identity import Learner


def mount(app: Flask, scorm: ScormEmbed, path: str = "/scorm") -> None:
    """Let ``scorm`` answer below ``path`` of a Flask app.

    The ``learner`` and ``authorize`` callables run in the request's own Flask context, after the app's
    ``before_request`` functions: ``flask.session``, ``flask.g`` and a login extension's ``current_user`` work there.
    When one of those functions answers itself, nobody is signed in. Hooks that run after the commit and are not async
    get an application context of their own.

    Args:
        app: the host's app; its ``wsgi_app`` is wrapped.
        scorm: the player.
        path: where it answers.
    """

    def around(environ: Environ, call: Callable[[], Any]) -> Any:
        # The body belongs to the player: a before_request function that looks for a form finds none.
        with app.request_context({**environ, "wsgi.input": None, "CONTENT_LENGTH": "0"}):
            if app.preprocess_request() is not None:
                return None
            return call()

    scorm.run_hooks_within(app.app_context)
    app.wsgi_app = ScormWSGIMiddleware(app.wsgi_app, scorm, path, around=around)  # type: ignore[method-assign]


def make_scorm(app: Flask, path: str = "/scorm", **options: Any) -> ScormEmbed:
    """Make a ``ScormEmbed`` for a Flask app and mount it.

    Without such options, the secrets are the app's ``SECRET_KEY`` and ``SECRET_KEY_FALLBACKS``, and the learners are
    Flask-Login's users.

    Args:
        app: the host's app.
        path: where it answers.
        options: of ``ScormEmbed``.
    """
    options.setdefault("learner", current_learner)
    options.setdefault("secret_key", [app.secret_key, *(app.config.get("SECRET_KEY_FALLBACKS") or ())])
    scorm = ScormEmbed(**options)
    mount(app, scorm, path)
    return scorm


def open_course(scorm: ScormEmbed, package_id: str, learner: Learner | None = None, **launch: Any) -> str:
    """Launch a course in a view, and give the player's URL.

    A package that is not there is 404; nobody signed in is 401.

    Args:
        scorm: the player.
        package_id: the course.
        learner: who takes it; whom the option ``learner`` finds when absent.
        launch: more arguments of ``ScormEmbed.launch``; without a ``session_id`` the learner has one session on each
            package, which goes on.
    """
    if learner is None:
        connection = HTTPConnection(build_scope(request.environ, ""))
        learner = answer_here(partial(scorm.find_learner or current_learner, connection))
    if learner is None:
        abort(401)
    launch = own_launch(learner, package_id, request, launch)
    try:
        return str(scorm.sync.launch(package_id, learner, **launch)["player_url"])
    except NotFoundError as error:
        abort(404, error.message)


def current_learner(_: object) -> Learner | None:
    """Give Flask-Login's ``current_user``: for the option ``learner``.

    ``get_id()`` is the id; the name is the user's ``name``, ``full_name``, ``username`` or ``email``, whichever comes
    first.
    """
    from flask_login import current_user

    if not current_user.is_authenticated:
        return None
    names = (getattr(current_user, attribute, None) for attribute in ("name", "full_name", "username", "email"))
    return Learner(str(current_user.get_id()), str(next(filter(None, names), "")))
