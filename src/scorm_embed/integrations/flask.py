"""Flask: mounts ``ScormEmbed`` so that the host's login works as in any view."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask

from scorm_embed.integrations.wsgi import Environ, ScormWSGIMiddleware
from scorm_embed.web.app import ScormEmbed
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
