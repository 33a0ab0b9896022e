"""FastAPI: mounts ``ScormEmbed`` and describes its routes; the signed-in learner and their launches as dependencies.

The dependencies are those of the app whose route asks: what ``mount`` has mounted there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request

from scorm_embed.errors import ConfigurationError
from scorm_embed.integrations import starlette
from scorm_embed.integrations.paths import checked_path
from scorm_embed.integrations.starlette import session_learner
from scorm_embed.web.app import ScormEmbed
from scorm_embed.web.identity import Learner
from scorm_embed.web.openapi import merge_openapi

__all__ = [
    "CurrentLearner",
    "OpenCourse",
    "OptionalLearner",
    "Scorm",
    "get_learner",
    "get_learner_or_none",
    "get_open_course",
    "get_scorm",
    "make_scorm",
    "mount",
    "session_learner",
]

_STATE = "scorm_embed"


def mount(app: FastAPI, scorm: ScormEmbed, path: str = "/scorm", *, openapi: bool = False) -> None:
    """Let ``scorm`` answer below ``path``, and release it when the app shuts down.

    Args:
        app: the host's app.
        scorm: the player.
        path: where it answers.
        openapi: show the API of ``scorm`` in the app's own OpenAPI document, and so on its ``/docs``.
    """
    starlette.mount(app, scorm, path)
    mounted = [*getattr(app.state, _STATE, ()), scorm]
    setattr(app.state, _STATE, mounted)
    if openapi:
        _describe(app, checked_path(path))


def make_scorm(app: FastAPI, path: str = "/scorm", *, openapi: bool = False, **options: Any) -> ScormEmbed:
    """Make a ``ScormEmbed`` and mount it.

    Args:
        app: the host's app.
        path: where it answers.
        openapi: as in ``mount``.
        options: of ``ScormEmbed``; ``secret_key`` is needed, and ``learner`` says who is signed in.
    """
    scorm = ScormEmbed(**options)
    mount(app, scorm, path, openapi=openapi)
    return scorm


def get_scorm(request: Request) -> ScormEmbed:
    """Give the one ``ScormEmbed`` of the app: a dependency.

    Raises:
        ConfigurationError: the app mounts none with ``mount``, or several.
    """
    mounted: list[ScormEmbed] = getattr(request.app.state, _STATE, [])
    if len(mounted) != 1:
        raise ConfigurationError(
            f"The app mounts {len(mounted)} ScormEmbed objects with scorm_embed.integrations.fastapi.mount, not one."
        )
    return mounted[0]


Scorm = Annotated[ScormEmbed, Depends(get_scorm)]
"""The app's ``ScormEmbed``, as the type of a parameter."""


async def get_learner_or_none(request: Request, scorm: Scorm) -> Learner | None:
    """Give the signed-in user, as the option ``learner`` finds them, or None: a dependency."""
    return await scorm.learner_of(request)


OptionalLearner = Annotated[Learner | None, Depends(get_learner_or_none)]
"""The signed-in user or None, as the type of a parameter."""


def get_learner(learner: OptionalLearner) -> Learner:
    """Give the signed-in user: a dependency; 401 where nobody is signed in."""
    if learner is None:
        raise HTTPException(401, "Sign in first.")
    return learner


CurrentLearner = Annotated[Learner, Depends(get_learner)]
"""The signed-in user, as the type of a parameter; 401 where there is none."""


def get_open_course(request: Request, scorm: Scorm, learner: CurrentLearner) -> Callable[..., Awaitable[str]]:
    """Give a function that launches a course for the signed-in user: a dependency; 401 where nobody is signed in.

    ``await open_course(package_id)`` gives the player's URL. More arguments are those of ``ScormEmbed.launch``; without
    a ``session_id`` the learner has one session on each package, which goes on. A package that is not there is 404.
    """
    return partial(starlette.open_course, scorm, request, learner=learner)


OpenCourse = Annotated[Callable[..., Awaitable[str]], Depends(get_open_course)]
"""``await open_course(package_id)`` launches for the signed-in user and gives the player's URL, as a parameter."""


def _describe(app: FastAPI, path: str) -> None:
    own = app.openapi
    merged: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        schema = own()
        # FastAPI makes its document once and keeps it; a host that resets it gets ours again.
        if merged.get("schema") is not schema:
            merge_openapi(schema, path)
            merged["schema"] = schema
        return schema

    app.openapi = openapi  # type: ignore[method-assign]
