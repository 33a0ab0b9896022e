"""WSGI middleware: lets ``ScormEmbed`` answer below one path of a Flask, Django or other WSGI app.

The player runs on one background event loop of the process; the host's worker thread feeds it. Bodies are read and
answers are sent in pieces as they come, by the worker's own thread, and so are the host's blocking callables run: what
belongs to that thread (a request context, a database session, a greenlet) is at hand.
"""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote, unquote_to_bytes

from starlette.types import ASGIApp, Message

from scorm_embed.integrations.paths import checked_path, path_below
from scorm_embed.web.app import ScormEmbed
from scorm_embed.web.auth import RUN_HOST
from scorm_embed.web.calling import run_host
from scorm_embed.web.loop_thread import background_loop

T = TypeVar("T")
Environ = dict[str, Any]
WSGIApp = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
Around = Callable[[Environ, Callable[[], Any]], Any]
"""Calls a function of the host with whatever the host needs around it."""

READ_BYTES = 64 * 1024
PIECES_AHEAD = 4
"""Pieces of an answer that may wait for a slow client."""


class ScormWSGIMiddleware:
    """Hands requests below ``path`` to ``scorm`` and leaves all others as they are.

    Args:
        app: the host's WSGI app.
        scorm: the player.
        path: where it answers, such as ``/scorm``.
        around: calls the host's ``learner`` and ``authorize`` callables, for hosts that need a context for that; they
            run in the thread that serves the request.
    """

    def __init__(self, app: WSGIApp, scorm: ScormEmbed, path: str = "/scorm", *, around: Around | None = None) -> None:
        self._app = app
        self._scorm = scorm
        self._path = checked_path(path)
        self._around = around
        scorm.answers_at(self._path)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        if path_below(environ.get("PATH_INFO", ""), "", self._path) is None:
            return self._app(environ, start_response)
        return respond(self._scorm, environ, self._path, start_response, around=self._around)


def respond(
    app: ASGIApp,
    environ: Environ,
    path: str,
    start_response: Callable[..., Any],
    *,
    around: Around | None = None,
    more: Mapping[str, Any] | None = None,
) -> Iterable[bytes]:
    """Answer one WSGI request with an app that is mounted at ``path`` below the host.

    Args:
        around: calls the host's functions, in the thread that calls this one.
        more: what the app's scope holds besides.
    """
    return _Exchange(app, environ, path, around, more or {}).respond(start_response)


@dataclass(frozen=True, slots=True)
class _Read:
    """The app wants a piece of the body."""

    piece: Future[bytes]


@dataclass(frozen=True, slots=True)
class _Run:
    """The app wants a blocking function of the host run."""

    call: partial[Any]
    result: Future[Any]


@dataclass(frozen=True, slots=True)
class _Done:
    """The app has returned, or raised."""

    error: BaseException | None


class _Exchange:
    """One request: the app on the loop asks, the worker's thread does."""

    def __init__(
        self, app: ASGIApp, environ: Environ, path: str, around: Around | None, more: Mapping[str, Any]
    ) -> None:
        self._app = app
        self._environ = environ
        self._around = around
        self._loop = background_loop()
        self._wishes: queue.SimpleQueue[Message | _Read | _Run | _Done] = queue.SimpleQueue()
        self._left = _content_length(environ)
        self._scope = {**build_scope(environ, path), **more, RUN_HOST: partial(run_host, run_sync=self._run_sync)}
        self._is_body_over = False
        # These three belong to the loop.
        self._ahead = asyncio.Semaphore(PIECES_AHEAD)
        self._gone = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    # -- on the worker's thread

    def respond(self, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Run the app until its answer begins; the rest follows while the server asks for it."""
        self._loop.call_soon_threadsafe(self._start)
        message = self._next_message()
        if message is None:
            raise RuntimeError("The player gave no answer.")
        status = message["status"]
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in message["headers"]]
        start_response(f"{status} {_phrase(status)}", headers)
        return _Body(self._pieces(), self._leave)

    def _pieces(self) -> Iterator[bytes]:
        more = True
        while more:
            message = self._next_message()
            if message is None:
                return
            self._loop.call_soon_threadsafe(self._ahead.release)
            more = message.get("more_body", False)
            yield message.get("body", b"")

    def _next_message(self) -> Message | None:
        """Do what the app wishes until it sends something; None when it has finished."""
        while True:
            wish = self._wishes.get()
            if isinstance(wish, _Read):
                _fulfil(wish.piece, self._read)
            elif isinstance(wish, _Run):
                _fulfil(wish.result, partial(self._run_here, wish.call))
            elif isinstance(wish, _Done):
                if wish.error is not None:
                    raise wish.error
                return None
            else:
                return wish

    def _read(self) -> bytes:
        stream = self._environ["wsgi.input"]
        wanted = READ_BYTES if self._left is None else min(READ_BYTES, self._left)
        piece: bytes = stream.read(wanted) if wanted else b""
        if self._left is not None:
            self._left -= len(piece)
        return piece

    def _run_here(self, call: partial[Any]) -> Any:
        return call() if self._around is None else self._around(self._environ, call)

    def _leave(self) -> None:
        """The server wants no more: the client has gone, or has everything."""
        self._loop.call_soon_threadsafe(self._stop)

    # -- on the loop

    def _start(self) -> None:
        self._task = self._loop.create_task(self._run())

    async def _run(self) -> None:
        error: BaseException | None = None
        try:
            await self._app(self._scope, self._receive, self._send)
        except asyncio.CancelledError:
            error = None
        except BaseException as raised:
            error = raised
        finally:
            self._wishes.put(_Done(error))

    def _stop(self) -> None:
        self._gone.set()
        if self._task is not None and not self._task.done():
            self._task.cancel()

    async def _receive(self) -> Message:
        if self._is_body_over:
            await self._gone.wait()
            return {"type": "http.disconnect"}
        wish = _Read(Future())
        self._wishes.put(wish)
        piece = await asyncio.wrap_future(wish.piece)
        self._is_body_over = not piece or self._left == 0
        return {"type": "http.request", "body": piece, "more_body": not self._is_body_over}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.body":
            await self._ahead.acquire()
        self._wishes.put(message)

    async def _run_sync(self, call: partial[T]) -> T:
        wish = _Run(call, Future())
        self._wishes.put(wish)
        result: T = await asyncio.wrap_future(wish.result)
        return result


class _Body:
    """The rest of an answer, as WSGI wants it: closed by the server in any case."""

    def __init__(self, pieces: Iterator[bytes], leave: Callable[[], None]) -> None:
        self._pieces = pieces
        self._leave = leave

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        """Let the app go."""
        self._leave()


def _fulfil(future: Future[Any], do: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(do())
    except BaseException as raised:
        future.set_exception(raised)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Status"


def _content_length(environ: Environ) -> int | None:
    """Give how much body there is; None where the server marks its end itself, as with a chunked one."""
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isascii() and length.isdigit():
        return int(length)
    ends_itself = environ.get("wsgi.input_terminated") or "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "")
    return None if ends_itself else 0


def build_scope(environ: Environ, path: str) -> dict[str, Any]:
    """Translate a WSGI environment, in which the app is mounted at ``path`` below the host."""
    root_path = _decoded(environ.get("SCRIPT_NAME", "")).rstrip("/")
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": environ.get("SERVER_PROTOCOL", "HTTP/1.1").partition("/")[2],
        "method": environ["REQUEST_METHOD"],
        "scheme": environ.get("wsgi.url_scheme", "http"),
        "path": root_path + _decoded(environ.get("PATH_INFO", "")),
        "raw_path": _raw_path(environ),
        "query_string": environ.get("QUERY_STRING", "").encode("latin-1"),
        "root_path": root_path + path,
        "app_root_path": root_path,
        "headers": _headers(environ),
        "server": (environ.get("SERVER_NAME", ""), int(environ.get("SERVER_PORT") or 0) or None),
        "client": (environ["REMOTE_ADDR"], int(environ.get("REMOTE_PORT") or 0))
        if environ.get("REMOTE_ADDR")
        else None,
        "state": {},
        "wsgi.environ": environ,
    }
    return scope


def _decoded(text: str) -> str:
    """Read a path of WSGI: bytes in Latin-1's clothing."""
    return text.encode("latin-1").decode("utf-8", "replace")


def _raw_path(environ: Environ) -> bytes:
    """Give the path as it was sent, in which an encoded slash is still one, where the server keeps that."""
    sent = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
    if "://" in sent.partition("?")[0]:
        sent = "/" + sent.split("://", 1)[1].partition("/")[2]
    raw = sent.partition("?")[0].encode("latin-1", "replace")
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    # A server or middleware that has rewritten the path is believed more than the raw one.
    if raw and unquote_to_bytes(raw) == path.encode("latin-1"):
        return raw
    return quote(path.encode("latin-1"), safe="/").encode("ascii")


def _headers(environ: Environ) -> list[tuple[bytes, bytes]]:
    headers = []
    for key, value in environ.items():
        if key.startswith("HTTP_") and key not in {"HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"}:
            name = key[5:]
        elif key in {"CONTENT_TYPE", "CONTENT_LENGTH"} and value:
            name = key
        else:
            continue
        headers.append((name.lower().replace("_", "-").encode("latin-1"), value.encode("latin-1", "replace")))
    return headers
