"""Django: ``ScormEmbed`` as a line of the URLconf, under WSGI and ASGI, with Django's users, settings and database.

Requests come through the host's own middleware, so that whoever Django says is signed in is signed in here. Under WSGI
the host's functions run in the thread of the request; under ASGI ``ScormEmbed`` is served on the server's own event
loop, and the host's functions that are not asynchronous, which may use the ORM, in the request's thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.handlers.asgi import ASGIRequest
from django.db import close_old_connections, connections, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import get_script_prefix, re_path, reverse
from django.views.decorators.csrf import csrf_exempt
from sqlalchemy import TableClause, column, table
from sqlalchemy.engine import URL
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message

from scorm_embed.errors import ConfigurationError, NotFoundError
from scorm_embed.integrations.own_session import own_launch
from scorm_embed.integrations.wsgi import build_scope, respond
from scorm_embed.service.service import Service
from scorm_embed.storage import MemoryStorage, SQLStorage, Storage
from scorm_embed.web.app import ScormEmbed
from scorm_embed.web.auth import RUN_HOST
from scorm_embed.web.calling import run_host
from scorm_embed.web.identity import Learner
from scorm_embed.web.opening import open_service

SETTING = "SCORM_EMBED"
REQUEST = "django.request"
"""Key of the scope under which the host's functions find Django's request."""

_SMALL_BYTES_MAX = 1024 * 1024
_READ_BYTES = 64 * 1024
_PIECES_AHEAD = 4
_BACKENDS = {"sqlite": "sqlite", "postgresql": "postgresql", "mysql": "mysql"}


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
        call = partial(scorm.find_learner or current_learner, HTTPConnection(_scope(request)))
        learner = async_to_sync(run_host)(call, sync_to_async(_call))
    if learner is None:
        raise PermissionDenied
    launch = own_launch(learner, package_id, request, launch)
    try:
        return str(scorm.sync.launch(package_id, learner, **launch)["player_url"])
    except NotFoundError as error:
        raise Http404(error.message) from error


# -- the database


def database_url(alias: str = "default") -> URL:
    """Give the SQLAlchemy URL of one of Django's ``DATABASES``.

    ``OPTIONS`` belong to Django's driver and are not taken over, but for PostgreSQL's ``sslmode``.

    Raises:
        ConfigurationError: a database that is not supported.
    """
    connection = connections[alias]
    given = connection.settings_dict
    backend = _BACKENDS.get(connection.vendor)
    if backend is None:
        raise ConfigurationError(f"DATABASES[{alias!r}] is {connection.vendor}: use SQLite, PostgreSQL or MySQL.")
    if backend == "sqlite":
        return URL.create("sqlite", database=str(given["NAME"]))
    host = given["HOST"] or None
    query: dict[str, str] = {}
    if backend == "postgresql":
        if host is not None and host.startswith("/"):
            query["host"], host = host, None
        if "sslmode" in given.get("OPTIONS", {}):
            query["ssl"] = given["OPTIONS"]["sslmode"]
    return URL.create(
        backend,
        username=given["USER"] or None,
        password=given["PASSWORD"] or None,
        host=host,
        port=int(given["PORT"]) if given["PORT"] else None,
        database=given["NAME"],
        query=query,
    )


def database_storage(alias: str = "default") -> Storage:
    """Give a storage in one of Django's databases; one in memory for SQLite in memory, as Django's tests have it."""
    connection = connections[alias]
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        return MemoryStorage()
    return SQLStorage(database_url(alias))


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
        if isinstance(request, ASGIRequest):
            response: HttpResponseBase = async_to_sync(_serve)(scorm, request, root, _found(request))
        else:
            response = _serve_wsgi(scorm, request, root, _found(request))
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


def _found(request: HttpRequest) -> dict[str, Any]:
    """What the scope holds of Django: the request, and what its middleware has found."""
    found = {name: getattr(request, name) for name in ("user", "session") if hasattr(request, name)}
    return {REQUEST: request, **found}


def _scope(request: HttpRequest) -> dict[str, Any]:
    """A request of the host's as its ``learner`` function gets one."""
    scope = request.scope if isinstance(request, ASGIRequest) else build_scope(request.environ, "")
    return {**scope, **_found(request)}


def _as_django_sees_it(request: HttpRequest, headers: Iterable[tuple[bytes, bytes]]) -> dict[str, Any]:
    """Take scheme and host as the settings for proxies and ``ALLOWED_HOSTS`` want them."""
    others = [(name, value) for name, value in headers if name != b"host"]
    return {"scheme": request.scheme, "headers": [(b"host", request.get_host().encode("latin-1")), *others]}


def _response(status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes | Any) -> HttpResponseBase:
    kind = HttpResponse if isinstance(body, bytes) else StreamingHttpResponse
    response: HttpResponseBase = kind(body, status=status)
    del response.headers["Content-Type"]
    for name, value in headers:
        response.headers[name.decode("latin-1")] = value.decode("latin-1")
    return response


def _is_small(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether an answer is one that a host's middleware and tests may look into."""
    length = next((value for name, value in headers if name.lower() == b"content-length"), b"")
    return length.isdigit() and int(length) <= _SMALL_BYTES_MAX


# -- WSGI


def _serve_wsgi(scorm: ScormEmbed, request: Any, root: str, more: dict[str, Any]) -> HttpResponseBase:
    started: list[tuple[int, list[tuple[bytes, bytes]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]]) -> None:
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        started.append((int(status.partition(" ")[0]), raw))

    environ = {
        **request.environ,
        "wsgi.input": request,
        "wsgi.url_scheme": request.scheme,
        "HTTP_HOST": request.get_host(),
    }
    script = request.path[: len(request.path) - len(request.path_info)]
    body: Any = respond(scorm, environ, root.removeprefix(script.rstrip("/")), start_response, more=more)
    ((status, headers),) = started
    if not _is_small(headers):
        return _response(status, headers, body)
    try:
        return _response(status, headers, b"".join(body))
    finally:
        body.close()


# -- ASGI


async def _serve(scorm: ScormEmbed, request: ASGIRequest, root: str, more: dict[str, Any]) -> HttpResponseBase:
    """Run the app as a task of the server's loop until its answer begins; the rest follows as it is asked for."""
    scope = {
        **request.scope,
        **_as_django_sees_it(request, request.scope["headers"]),
        "root_path": root,
        "app_root_path": request.scope.get("root_path", ""),
        RUN_HOST: partial(run_host, run_sync=sync_to_async(_call)),
        **more,
    }
    answer = _Answer(scorm, scope, request)
    begin = await answer.message()
    if begin is None:
        raise RuntimeError("The player gave no answer.")
    if not _is_small(begin["headers"]):
        return _response(begin["status"], begin["headers"], answer)
    return _response(begin["status"], begin["headers"], b"".join([piece async for piece in answer]))


class _Answer:
    """An app's answer under way: its body for Django to send, with an end that Django can call in any thread."""

    def __init__(self, app: ASGIApp, scope: dict[str, Any], body: ASGIRequest) -> None:
        self._body = body
        self._is_body_over = False
        self._is_over = False
        self._messages: asyncio.Queue[Message | None] = asyncio.Queue(_PIECES_AHEAD)
        self._gone = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._run(app, scope))

    async def _run(self, app: ASGIApp, scope: dict[str, Any]) -> None:
        try:
            await app(scope, self._receive, self._messages.put)
        except Exception:
            await self._messages.put(None)
            raise
        await self._messages.put(None)

    async def _receive(self) -> Message:
        if self._is_body_over:
            await self._gone.wait()
            return {"type": "http.disconnect"}
        # Django has the whole body already, in memory or in a file.
        piece = self._body.read(_READ_BYTES)
        self._is_body_over = not piece
        return {"type": "http.request", "body": piece, "more_body": bool(piece)}

    async def message(self) -> Message | None:
        """Give what the app sends next; None when it has ended, and what it raised."""
        message = await self._messages.get()
        if message is None:
            await self._task
        return message

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        message = None if self._is_over else await self.message()
        if message is None:
            raise StopAsyncIteration
        self._is_over = not message.get("more_body", False)
        if self._is_over:
            self._stop()
        return bytes(message.get("body", b""))

    def close(self) -> None:
        """Let the app go: the client has everything, or has gone."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop)

    def _stop(self) -> None:
        self._gone.set()
        if not self._is_over:
            self._task.cancel()


def _call(call: partial[Any]) -> Any:
    return call()
