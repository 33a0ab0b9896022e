"""A stand-in for the server that speaks the player's wire and lets a test script its answers.

Owns the fixtures of the player's browser tests: ``wire`` (the server), ``browser``, ``page``. The page, scripts and
template are the package's own; only what the server decides is made up here.
"""

from __future__ import annotations

import asyncio
import html
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles

from scorm_embed.web.responses import player_headers

STATIC = Path(__file__).parents[2] / "src" / "scorm_embed" / "web" / "static"
SUMMARY = {
    "state": "incomplete",
    "completion_status": "incomplete",
    "success_status": "unknown",
    "score": None,
    "progress_measure": None,
    "version": 3,
}
PERMISSIONS = "unload=(self)"
RTL = ("ar", "he", "fa")

SCO = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>SCO</title></head><body><p>%(id)s</p><script>
var api = parent.API_1484_11 || parent.API, is12 = !parent.API_1484_11, p = is12 ? "LMS" : "";
var sco = {
  begin: function () { return api[p + "Initialize"](""); },
  set: function (name, value) { return api[p + "SetValue"](name, value); },
  get: function (name) { return api[p + "GetValue"](name); },
  commit: function () { return api[p + "Commit"](""); },
  end: function () { return api[is12 ? "LMSFinish" : "Terminate"](""); }
};
%(script)s
</script></body></html>"""


def navigation(**changes: Any) -> dict[str, Any]:
    """What can be done next; nothing unless told."""
    empty = {"valid": [], "current": None, "closed": {}, "reasons": {}, "absent": [], "jump": [], "status": {}}
    return empty | changes


def node(identifier: str, title: str, *children: dict[str, Any], visible: bool = True) -> dict[str, Any]:
    """One entry of the course's tree."""
    shown = {"visible": visible, "deliverable": not children}
    return {"id": identifier, "title": title, "children": list(children)} | shown


@dataclass
class Wire:
    """The server's side: what it has received, and what it shall answer.

    ``deliver`` and ``finish`` make views; ``on_commit`` may return the view that a commit brings about; ``faults`` are
    used up one by one, oldest first: a status with an error code, ``"drop"``, ``"garbage"``, ``"hang"`` or ``"hold"``.
    """

    url: str = ""
    path: str = ""
    """Where this test's player is mounted, so that nothing a page of an earlier test sends late arrives here."""
    standard: str = "scorm_2004_4th"
    tree: dict[str, Any] | None = None
    title: str = "A course"
    boot: dict[str, Any] = field(default_factory=dict)
    scripts: dict[str, str] = field(default_factory=dict)
    """JavaScript of each activity's page."""
    pages: dict[str, str] = field(default_factory=dict)
    """Whole documents, by file name."""
    data: dict[str, dict[str, str]] = field(default_factory=dict)
    hidden: list[str] = field(default_factory=list)
    navigation: dict[str, Any] = field(default_factory=navigation)
    summary: dict[str, Any] = field(default_factory=lambda: dict(SUMMARY))
    starts: list[dict[str, Any]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    faults: list[tuple[int, str] | str] = field(default_factory=list)
    start_faults: list[tuple[int, str] | str] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    first: str | None = "item_1"
    on_commit: Callable[[dict[str, Any]], dict[str, Any] | None] = lambda body: None
    current: dict[str, Any] = field(default_factory=dict)
    run: int = 0
    number: int = 0
    acknowledged: dict[str, int] = field(default_factory=dict)
    active: int = 0
    most: int = 0
    """Commit requests under way at once."""
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    loop: asyncio.AbstractEventLoop | None = None
    changed: threading.Condition = field(default_factory=threading.Condition)

    # -- what it decides -------------------------------------------------------

    def deliver(self, identifier: str, **changes: Any) -> dict[str, Any]:
        """The next view: an activity."""
        url = f"{self.path}/content/{identifier}.html"
        activity = {"id": identifier, "title": f"Title of {identifier}", "url": url, "sco": True}
        data = self.data.get(identifier, {})
        now = self.navigation | {"current": identifier}
        return (
            self._view("running", activity=activity | {"hidden": self.hidden, "data": data}, navigation=now) | changes
        )

    def choose(self, **changes: Any) -> dict[str, Any]:
        """The next view: nothing is delivered."""
        return self._view("choosing") | changes

    def finish(self, reason: str = "completed", **changes: Any) -> dict[str, Any]:
        """The last view."""
        return self._view("ended", reason=reason, navigation=navigation()) | changes

    def _view(self, state: str, **changes: Any) -> dict[str, Any]:
        self.number += 1
        self.current = {
            "launch": f"L1.{self.run}",
            "number": self.number,
            "state": state,
            "reason": None,
            "problem": None,
            "activity": None,
            "navigation": self.navigation,
            "summary": self.summary,
        } | changes
        return self.current

    # -- what it has seen ------------------------------------------------------

    @property
    def commits(self) -> list[dict[str, Any]]:
        """Every commit once, in the order of launches and numbers."""
        found = {}
        for body in self.requests:
            for commit in body["commits"]:
                found.setdefault((body["launch"], commit["number"]), commit)
        return [found[key] for key in sorted(found)]

    @property
    def elements(self) -> dict[str, str]:
        """The last value of each element."""
        return dict(pair for commit in self.commits for pair in commit["elements"])

    def until(self, test: Callable[[], Any], seconds: float = 10) -> Any:
        """Wait for something to have arrived."""
        with self.changed:
            assert self.changed.wait_for(test, seconds), f"received {self.requests}, starts {self.starts}"
        return test()

    def release(self) -> None:
        """Let go of a request that ``"hold"`` holds back."""
        assert self.loop is not None
        self.loop.call_soon_threadsafe(self.gate.set)

    def journal(self, tenant: str) -> str:
        """How keys of the session's journal begin."""
        return f"scorm_embed:{tenant}:{self.path}/player/S/:"

    # -- the calls -------------------------------------------------------------

    async def page(self, request: Request) -> Response:
        language = request.query_params.get("lang", "en")
        run = f"{self.path}/player/S/run/SIGNED/"
        boot = {
            "run": run, "session_id": "S", "journal": [self.journal("acme")],
            "title": self.title, "standard": self.standard, "strictness": "tolerant",
            "limits": {}, "return_url": None, "origins": ["self"], "language": language, "commit_bytes_max": 49152,
            "commit_seconds": 10, "renew_seconds": 300,
        } | self.boot  # fmt: skip
        text = (STATIC / "player" / "page.html").read_text()
        values = {
            "lang": language,
            "dir": "rtl" if language in RTL else "ltr",
            "title": html.escape(self.title),
            "static": "/static/",
            "standard": "12" if self.standard == "scorm_1_2" else "2004",
            "theme": "",
            "boot": json.dumps(boot).replace("<", "\\u003c"),
        }
        for name, value in values.items():
            text = text.replace("{{" + name + "}}", value)
        return HTMLResponse(text, headers=player_headers(["*"]))

    async def start(self, request: Request) -> Response:
        body = await request.json()
        fault = self.start_faults.pop(0) if self.start_faults else None
        self._note(self.starts, body)
        if fault is not None:
            return await self._fail(fault, request)
        recovered = []
        for entry in body["recover"]:
            last = max(commit["number"] for commit in entry["commits"])
            recovered.append({"launch": entry["launch"], "acknowledged": last})
        if body["more"]:
            return JSONResponse({"recovered": recovered, "tree": None, "view": None})
        self.run += 1
        view = self.deliver(self.first) if self.first else self.choose()
        return JSONResponse({"recovered": recovered, "tree": self.tree, "view": view})

    async def commit(self, request: Request) -> Response:
        self.active += 1
        self.most = max(self.most, self.active)
        try:
            return await self._commit(request)
        finally:
            self.active -= 1

    async def _commit(self, request: Request) -> Response:
        body = await request.json()
        fault = self.faults.pop(0) if self.faults else None
        self.loop = asyncio.get_running_loop()
        self._note(self.requests, body | {"fault": fault})
        if fault == "hold":
            await self.gate.wait()
        elif fault is not None:
            return await self._fail(fault, request)
        for commit in body["commits"]:
            if commit["number"] == self.acknowledged.get(body["launch"], 0) + 1:
                self.acknowledged[body["launch"]] = commit["number"]
        view = self.on_commit(body)
        return JSONResponse({
            "acknowledged": self.acknowledged.get(body["launch"], 0), "refused": self.refused,
            "summary": self.summary, "navigation": self.current["navigation"], "view": view,
        })  # fmt: skip

    async def content(self, request: Request) -> Response:
        name = request.path_params["name"]
        identifier = name.removesuffix(".html")
        text = self.pages.get(name) or SCO % {"id": identifier, "script": self.scripts.get(identifier, "")}
        return HTMLResponse(text, headers={"Permissions-Policy": PERMISSIONS})

    async def host(self, request: Request) -> Response:
        name = request.path_params["name"]
        return HTMLResponse(self.pages.get(name, "<!doctype html><title>host</title>"))

    def _note(self, where: list[Any], body: dict[str, Any]) -> None:
        with self.changed:
            where.append(body)
            self.times.append(time.monotonic())
            self.changed.notify_all()

    async def _fail(self, fault: tuple[int, str] | str, request: Request) -> Response:
        if fault == "hang":
            while (await request.receive())["type"] != "http.disconnect":
                pass
        if fault in ("garbage", "drop", "hang"):
            return HTMLResponse("<h1>Sign in</h1>", 200 if fault == "garbage" else 502)
        assert isinstance(fault, tuple)
        return JSONResponse({"error": "It failed.", "code": fault[1], "details": {}}, fault[0])


def application(wire: Wire) -> Starlette:
    """The routes of the stand-in."""
    return Starlette(
        routes=[
            Route("/player/S", wire.page),
            Route("/player/S/run/SIGNED/start", wire.start, methods=["POST"]),
            Route("/player/S/run/SIGNED/commit", wire.commit, methods=["POST"]),
            Route("/content/{name:path}", wire.content),
            Route("/host/{name:path}", wire.host),
        ]
    )


class _Mounts:
    """Gives each test's stand-in the requests under its own path."""

    def __init__(self) -> None:
        self.apps: list[Starlette] = []
        self.static = StaticFiles(directory=STATIC)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        first, _, rest = scope["path"].removeprefix("/").partition("/")
        app: Any = Response(status_code=404)
        if first == "static":
            app = self.static
        elif first.startswith("test"):
            app = self.apps[int(first.removeprefix("test"))]
        await app(scope | {"path": f"/{rest}"}, receive, send)


@pytest.fixture(scope="session")
def server(serving: Callable[..., AbstractContextManager[str]]) -> Iterator[tuple[str, _Mounts]]:
    """One HTTP server for all tests."""
    current = _Mounts()
    with serving(current, log_level="error") as url:
        yield url, current


@pytest.fixture
def wire(server: tuple[str, _Mounts]) -> Wire:
    """The server's side of one test."""
    path = f"/test{len(server[1].apps)}"
    made = Wire(url=server[0] + path, path=path)
    server[1].apps.append(application(made))
    return made


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 1200, "height": 800})
    made.set_default_timeout(8000)
    yield made
    made.close()


class Player:
    """The player's page as a learner and a course see it."""

    def __init__(self, page: Page, wire: Wire) -> None:
        self.page, self.wire = page, wire
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, state: str = "running", query: str = "") -> Player:
        self.page.goto(f"{self.wire.url}/player/S{query}")
        return self.wait(state=state)

    def wait(self, **facts: str) -> Player:
        """Wait until ``<html>`` says so: state, reason, save."""
        names = {"state": "player-state", "reason": "player-reason", "save": "save-state", "activity": "activity-id"}
        wanted = "".join(f'[data-{names[name]}="{value}"]' for name, value in facts.items())
        self.page.wait_for_selector(f"html{wanted}", state="attached")
        return self

    def html(self, name: str) -> str | None:
        return self.page.locator("html").get_attribute(f"data-{name}")

    def sco(self, script: str, activity: str = "item_1") -> Any:
        """Run JavaScript in the content, once the page of this activity is there."""
        element = self.page.wait_for_selector(f'html[data-activity-id="{activity}"] iframe[name="scorm-content"]')
        frame = element.content_frame() if element else None
        assert frame is not None
        frame.wait_for_url(re.compile("^http"))  # a function to wait for would meet the page's policy in about:blank
        return frame.evaluate(script)

    def nav(self, name: str) -> Any:
        return self.page.locator(f'button[data-nav="{name}"]')

    def entry(self, identifier: str) -> Any:
        return self.page.locator(f'[role="treeitem"][data-activity-id="{identifier}"]')

    def stored(self) -> list[str]:
        """The keys of the journal."""
        found: list[str] = self.page.evaluate("Object.keys(localStorage)")
        return found


@pytest.fixture
def player(context: BrowserContext, wire: Wire) -> Player:
    """A page that has nothing open yet."""
    return Player(context.new_page(), wire)


@pytest.fixture
def make_node() -> Callable[..., dict[str, Any]]:
    return node


@pytest.fixture
def make_navigation() -> Callable[..., dict[str, Any]]:
    return navigation
