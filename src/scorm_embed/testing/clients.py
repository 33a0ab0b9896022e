"""Ways to send a request to a host under test: its framework's test client, or its app object, all in this process.

Owns finding out what was given, without importing any framework. A client brings the host's login with it: its cookies
are those of the learner.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import inspect
import json
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeVar
from urllib.parse import urlencode, urljoin, urlsplit

import httpx

from scorm_embed.web.loop_thread import background_loop, run_blocking

T = TypeVar("T")
REDIRECTS_MAX = 10
_REDIRECTS = {301: "GET", 302: "GET", 303: "GET", 307: None, 308: None}
BASE_URL = "http://testserver"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered with."""

    status: int
    text: str
    headers: Mapping[str, str]
    """Names in lower case."""
    url: str
    """Where it came from, after redirects."""

    def json(self) -> Any:
        """Read the body as JSON."""
        return json.loads(self.text)


class Sender(Protocol):
    """Sends one request and follows no redirect."""

    def __call__(self, method: str, url: str, headers: dict[str, str], body: bytes) -> tuple[int, str, dict[str, str]]:
        """Give status, text and headers."""
        ...


class HostClient:
    """Sends requests to a host as a browser would.

    Args:
        given: a test client (Starlette, FastAPI, Litestar, Flask, Django), an ``httpx.Client``, or an ASGI or WSGI app.
    """

    def __init__(self, given: Any) -> None:
        self._close: Callable[[], None] = lambda: None
        self._send = self._sender(given)

    def fetch(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b"", kind: str = ""
    ) -> Answer:
        """Send a request, and follow where it leads.

        Args:
            kind: the body's Content-Type.
        """
        sent = dict(headers or {})
        if kind:
            sent["Content-Type"] = kind
        for _ in range(REDIRECTS_MAX):
            status, text, raw = self._send(method, url, sent, body)
            found = {name.lower(): value for name, value in raw.items()}
            if status not in _REDIRECTS or "location" not in found:
                return Answer(status, text, found, url)
            url = urljoin(url, found["location"])
            method = _REDIRECTS[status] or method
            if method == "GET":
                body = b""
                sent.pop("Content-Type", None)
        raise AssertionError(f"{url} leads in a circle.")

    def close(self) -> None:
        """Stop what was started for an app object."""
        self._close()

    def _sender(self, given: Any) -> Sender:
        request = getattr(given, "request", None)
        if any(inspect.iscoroutinefunction(getattr(given, name, None)) for name in ("request", "open", "generic")):
            raise TypeError(
                f"{type(given).__name__} is an asynchronous client: give the app, and log in with learner.post()."
            )
        if hasattr(given, "generic") and hasattr(given, "force_login"):
            return _django_sender(given)
        if hasattr(given, "open") and hasattr(given, "application"):
            return _werkzeug_sender(given)
        if callable(request):
            return _request_sender(given, "content" if hasattr(given, "build_request") else "data")
        if not callable(given):
            raise TypeError(f"{type(given).__name__} is no test client and no ASGI or WSGI app.")
        if inspect.iscoroutinefunction(given) or inspect.iscoroutinefunction(type(given).__call__):
            running = _AsgiApp(given)
            self._close = running.close
            return running.send
        client = httpx.Client(transport=httpx.WSGITransport(given), base_url=BASE_URL)
        self._close = client.close
        return _request_sender(client, "content")


def form_body(form: Mapping[str, str]) -> bytes:
    """Write a form as a browser does."""
    return urlencode(form).encode()


def _request_sender(client: Any, body_name: str) -> Sender:
    """httpx and what is built on it; Requests."""

    def send(method: str, url: str, headers: dict[str, str], body: bytes) -> tuple[int, str, dict[str, str]]:
        arguments: dict[str, Any] = {body_name: body} if body else {}
        no_redirects = "follow_redirects" if body_name == "content" else "allow_redirects"
        response = client.request(method, url, headers=headers, **arguments, **{no_redirects: False})
        return response.status_code, response.text, dict(response.headers)

    return send


def _werkzeug_sender(client: Any) -> Sender:
    def send(method: str, url: str, headers: dict[str, str], body: bytes) -> tuple[int, str, dict[str, str]]:
        response = client.open(url, method=method, headers=headers, data=body or None)
        try:
            return response.status_code, response.get_data(as_text=True), dict(response.headers)
        finally:
            response.close()

    return send


def _django_sender(client: Any) -> Sender:
    def send(method: str, url: str, headers: dict[str, str], body: bytes) -> tuple[int, str, dict[str, str]]:
        kind = headers.get("Content-Type", "application/octet-stream")
        others = {name: value for name, value in headers.items() if name != "Content-Type"}
        response = client.generic(method, url, body, content_type=kind, headers=others)
        return response.status_code, response.getvalue().decode("utf-8", "replace"), dict(response.headers)

    return send


class _Life:
    """The lifespan of an ASGI app, on the background loop of this process, which ``scorm.sync`` uses too.

    An app has one life at a time, however many clients it has.
    """

    _living: ClassVar[dict[int, _Life]] = {}

    def __init__(self, app: Any) -> None:
        self.app = app
        self.clients = 0
        self._inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def join(cls, app: Any) -> _Life:
        """Give the app's life; the first client starts it."""
        life = cls._living.get(id(app))
        if life is None:
            life = cls._living[id(app)] = cls(app)
            life._task = asyncio.create_task(life._live())
            try:
                await life._tell("startup")
            except AssertionError:
                del cls._living[id(app)]
                raise
        life.clients += 1
        return life

    async def leave(self) -> None:
        """Go; the last client ends it."""
        self.clients -= 1
        if not self.clients:
            del self._living[id(self.app)]
            if self._task is not None and not self._task.done():
                await self._tell("shutdown")

    async def _live(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
        # An app that knows no lifespan says so by raising; that is no failure.
        with contextlib.suppress(Exception):
            await self.app(scope, self._inbox.get, self._outbox.put)
        await self._outbox.put({"type": "lifespan.over"})

    async def _tell(self, what: str) -> None:
        await self._inbox.put({"type": f"lifespan.{what}"})
        answer = await self._outbox.get()
        if answer["type"] == f"lifespan.{what}.failed":
            raise AssertionError(f"The app's {what} failed: {answer.get('message', '')}")


class _AsgiApp:
    """A browser's connection to an ASGI app in this process."""

    def __init__(self, app: Any) -> None:
        self._app = app
        run_async(self._start())
        # An app whose test forgets it is shut down all the same.
        atexit.register(self.close)

    async def _start(self) -> None:
        self._life: _Life | None = await _Life.join(self._app)
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(self._app), base_url=BASE_URL)

    def send(self, method: str, url: str, headers: dict[str, str], body: bytes) -> tuple[int, str, dict[str, str]]:
        """Send a request."""
        response = run_async(self._client.request(method, url, headers=headers, content=body))
        return response.status_code, response.text, dict(response.headers)

    def close(self) -> None:
        """Leave the app; with its last client it shuts down."""
        atexit.unregister(self.close)
        run_async(self._stop())

    async def _stop(self) -> None:
        life, self._life = self._life, None
        if life is not None:
            await self._client.aclose()
            await life.leave()


def run_async(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the loop of ``scorm.sync`` and of apps under test, and wait; from a running loop, too."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return run_blocking(coroutine)
    return asyncio.run_coroutine_threadsafe(coroutine, background_loop()).result()


def origin_of(url: str) -> str | None:
    """Give the origin of an absolute URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else None
