"""Django: ``ScormEmbed`` as a line of the URLconf, under WSGI and ASGI, with Django's users, settings and database.

Requests come through the host's own middleware, so that whoever Django says is signed in is signed in here. Under WSGI
the host's functions run in the thread of the request; under ASGI ``ScormEmbed`` is served on the server's own event
loop, and the host's functions that are not asynchronous, which may use the ORM, in the request's thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import close_old_connections, connections, transaction
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import get_script_prefix, re_path, reverse
from django.views.decorators.csrf import csrf_exempt
from sqlalchemy import TableClause, column, table
from starlette.requests import HTTPConnection

from scorm_embed.errors import NotFoundError
from scorm_embed.integrations.django_database import database_storage, database_url
from scorm_embed.integrations.django_serving import REQUEST, call_host, scope_of, serve
from scorm_embed.integrations.own_session import own_launch
from scorm_embed.service.service import Service
from scorm_embed.web.app import ScormEmbed
from scorm_embed.web.identity import Learner
from scorm_embed.web.opening import open_service

__all__ = [
    "REQUEST",
    "SETTING",
    "current_learner",
    "database_storage",
    "database_url",
    "make_scorm",
    "open_course",
    "scorm_urls",
    "table_of",
]

SETTING = "SCORM_EMBED"


# -- the object


def make_scorm(**options: Any) -> ScormEmbed:
    """Make a ``ScormEmbed`` from Django's settings.

    Options given here win over those in ``settings.SCORM_EMBED``, a dict, and those over Django's own: ``SECRET_KEY``
    with its fallbacks, ``request.user``, and the database ``default`` (the option ``database`` names another).
    """
    chosen = {**getattr(settings, SETTING, {}), **options}
    alias = chosen.pop("database", "default")
    chosen.setdefault("secret_key", [settings.SECRET_KEY, *getattr(settings, "SECRET_KEY_FALLBACKS", ())])
    chosen.setdefault("learner", current_learner)
    return _DjangoScorm(alias, **chosen)


class _DjangoScorm(ScormEmbed):
    """Finds its database when it is first used: Django's test runner changes it after everything was imported."""

    def __init__(self, alias: str, **options: Any) -> None:
        super().__init__(**options)
        self._alias = alias

    def _open_service(self) -> Service:
        options = self._options
        if options.storage is None:
            options = replace(options, storage=database_storage(self._alias))
        return open_service(options, self._hooks, self._now)


def current_learner(connection: HTTPConnection | HttpRequest) -> Learner | None:
    """Give ``request.user``: for the option ``learner``; the default of ``make_scorm``."""
    user = connection.user
    if not user.is_authenticated:
        return None
    return Learner(str(user.pk), user.get_full_name() or user.get_username())


def open_course(
    scorm: ScormEmbed, request: HttpRequest, package_id: str, learner: Learner | None = None, **launch: Any
) -> str:
    """Launch a course in a view that is not async, and give the player's URL.

    A package that is not there is 404; nobody signed in is 403, and ``login_required`` leads them to the login first.

    Args:
        scorm: the player.
        request: the view's.
        package_id: the course.
        learner: who takes it; whom the option ``learner`` finds when absent.
        launch: more arguments of ``ScormEmbed.launch``; without a ``session_id`` the learner has one session on each
            package, which goes on.
    """
    if learner is None:
        connection = HTTPConnection(scope_of(request))
        learner = call_host(partial(scorm.find_learner or current_learner, connection))
    if learner is None:
        raise PermissionDenied
    launch = own_launch(learner, package_id, request, launch)
    try:
        return str(scorm.sync.launch(package_id, learner, **launch)["player_url"])
    except NotFoundError as error:
        raise Http404(error.message) from error


# -- the database


def table_of(model: Any) -> TableClause:
    """Give a model's table for statements in a hook's transaction, with its columns by their names in the database."""
    return table(model._meta.db_table, *(column(field.column) for field in model._meta.concrete_fields))


# -- the URLs


def scorm_urls(scorm: ScormEmbed, namespace: str = "scorm_embed") -> tuple[list[Any], str, str]:
    """Give what ``path("scorm/", scorm_urls(scorm))`` takes, as ``admin.site.urls`` is used.

    Args:
        scorm: the player.
        namespace: a name of its own for each, where there are several.
    """

    def mount_path() -> str:
        script = get_script_prefix()
        path: str = reverse(f"{namespace}:mount", args=[""])
        return "/" + path.removeprefix(script).strip("/")

    scorm.answers_at(mount_path)
    scorm.run_hooks_within(_fresh_connections)
    return [re_path(r"^(.*)$", _view(scorm), name="mount")], "scorm_embed", namespace


@contextmanager
def _fresh_connections() -> Iterator[None]:
    """For hooks after the commit, in a thread that no request owns: what Django does around a request."""
    close_old_connections()
    try:
        yield
    finally:
        close_old_connections()


def _view(scorm: ScormEmbed) -> Callable[..., HttpResponseBase]:
    def view(request: HttpRequest, rest: str) -> HttpResponseBase:
        root = request.path[: len(request.path) - len(rest)].rstrip("/")
        response: Any = serve(scorm, request, root)
        # The player says itself who may frame it (``frame_ancestors``).
        response.xframe_options_exempt = True
        return response

    # Who is signed in is the player's own question: most of its requests carry a proof in their path.
    view.login_required = False  # type: ignore[attr-defined]
    # A transaction of the host would lie around ours, on another connection, and keep SQLite from writing.
    for alias in connections.settings:
        view = transaction.non_atomic_requests(using=alias)(view)
    # The player refuses what another site makes a browser send, by its origin.
    exempt: Callable[..., HttpResponseBase] = csrf_exempt(view)
    return exempt
