"""One request of Django's, answered by the player: under WSGI in its thread, under ASGI on the server's event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from functools import partial
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from starlette.types import ASGIApp, Message

from scorm_embed.integrations.wsgi import build_scope, respond
from scorm_embed.web.app import ScormEmbed
from scorm_embed.web.auth import RUN_HOST
from scorm_embed.web.calling import answer_of_host, run_host

REQUEST = "django.request"
"""Key of the scope under which the host's functions find Django's request."""

_SMALL_BYTES_MAX = 1024 * 1024
_READ_BYTES = 64 * 1024
_PIECES_AHEAD = 4


def serve(scorm: ScormEmbed, request: HttpRequest, root: str) -> HttpResponseBase:
    """Answer a request below ``root``, a path."""
    found = found_by_django(request)
    if isinstance(request, ASGIRequest):
        response: HttpResponseBase = async_to_sync(_serve)(scorm, request, root, found)
        return response
    return _serve_wsgi(scorm, request, root, found)


def call_host(call: partial[Any]) -> Any:
    """Ask a function of the host, asynchronous or not, from a view that is not, as ``answer_of_host`` does."""
    return async_to_sync(answer_of_host)(partial(run_host, run_sync=sync_to_async(_call)), call)


def found_by_django(request: HttpRequest) -> dict[str, Any]:
    """What the scope holds of Django: the request, and what its middleware has found."""
    found = {name: getattr(request, name) for name in ("user", "session") if hasattr(request, name)}
    return {REQUEST: request, **found}


def scope_of(request: HttpRequest) -> dict[str, Any]:
    """A request of the host's as its ``learner`` function gets one."""
    scope = request.scope if isinstance(request, ASGIRequest) else build_scope(request.environ, "")
    return {**scope, **found_by_django(request)}


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
