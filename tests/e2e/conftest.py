"""A real server in a process of its own, and Chromium: what the end-to-end tests share."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Frame, Page

ROOT = Path(__file__).parents[2]
KEY = "end-to-end-key-end-to-end-key-0123"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path, seconds: float = 60) -> None:
    """Wait until a URL answers; what the process has written is the failure's message."""
    end = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
            if isinstance(error, urllib.error.HTTPError) and error.code < 500:
                return
        if process.poll() is not None or time.monotonic() > end:
            pytest.fail(f"{url} does not answer:\n{log.read_text()[-3000:]}")
        time.sleep(0.1)


@dataclass
class Running:
    """A server under test."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def kill(self) -> None:
        """SIGKILL: nothing is cleaned up."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """SIGTERM to the whole group, as a process manager would."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


Start = Callable[..., Running]


@contextmanager
def starting(folder: Path) -> Iterator[Start]:
    """Gives what starts servers; all are stopped at the end."""
    running: list[Running] = []

    def run(command: list[str], *, ready: str = "/", cwd: Path = ROOT, port: int | None = None, **env: str) -> Running:
        port = port or free_port()
        log = folder / f"server-{len(running)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [part.replace("{port}", str(port)) for part in command],
                cwd=cwd,
                env={**os.environ, "PORT": str(port), **env},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        server = Running(f"http://127.0.0.1:{port}", process, log)
        running.append(server)
        wait_for(server.url + ready, process, log)
        return server

    try:
        yield run
    finally:
        for server in running:
            server.stop()


def serve_command(folder: Path, *options: str, database: str | None = None) -> list[str]:
    """``scorm-embed serve`` with a database, a folder of courses and an API key of its own."""
    database = database or f"sqlite:///{folder / 'e2e.db'}"
    return [
        str(Path(sys.executable).with_name("scorm-embed")),
        *("serve", "--host", "127.0.0.1", "--port", "{port}", "--database", database),
        *("--content", str(folder / "content"), "--api-key", KEY, *options),
    ]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a command that serves ``{port}``; gives its URL when ``ready`` answers."""
    with starting(tmp_path) as run:
        yield run


@pytest.fixture(scope="session")
def serving() -> Callable[[Path], AbstractContextManager[Start]]:
    """For servers that are shared by the tests of a module."""
    return starting


@pytest.fixture
def serve(start: Start, tmp_path: Path) -> Callable[..., Running]:
    """``scorm-embed serve`` with a database and an API key of its own."""

    def run(*options: str, database: str | None = None, port: int | None = None) -> Running:
        return start(serve_command(tmp_path, *options, database=database), ready="/api/v1/health", port=port)

    return run


class Site:
    """A running server as a back end uses it, and what a learner does on it in a browser."""

    def __init__(self, server: Running) -> None:
        self.server = server
        self.client = httpx.Client(base_url=server.url, headers={"X-API-Key": KEY}, timeout=60)
        self.sessions = 0

    def course(self, package: bytes) -> str:
        """Import a package; gives its id."""
        answer = self.client.post("/api/v1/packages", content=package, headers={"Content-Type": "application/zip"})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def launch(self, package: str, session: str | None = None, **fields: Any) -> tuple[str, str]:
        """Launch, anew without a session; gives the session's id and the player's URL."""
        if session is None:
            self.sessions += 1
            session = f"session-{self.sessions}"
        body = {"user_id": "ada", "learner_name": "Lovelace, Ada", "session_id": session, **fields}
        answer = self.client.post(f"/api/v1/packages/{package}/launch", json=body)
        assert answer.status_code in (200, 201), answer.text
        return session, str(answer.json()["player_url"])

    def read(self, session: str, what: str = "") -> dict[str, Any]:
        """A session, or what belongs to it."""
        answer = self.client.get(f"/api/v1/sessions/{session}{what}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def log(self, session: str) -> list[dict[str, Any]]:
        """The whole log of a session, oldest first."""
        found: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            answer = self.client.get(f"/api/v1/sessions/{session}/commits", params={"limit": 200, **cursor})
            assert answer.status_code == 200, answer.text
            part = answer.json()
            found += part["commits"]
            if part["next_cursor"] is None:
                return found
            cursor = {"cursor": part["next_cursor"]}

    def until(self, session: str, test: Callable[[dict[str, Any]], object], seconds: float = 30) -> dict[str, Any]:
        """Read a session until it is as it should be: what a page sends while it closes arrives when it arrives."""
        end = time.monotonic() + seconds
        while not test(found := self.read(session)):
            assert time.monotonic() < end, (found, self.log(session))
        return found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One server for all tests of a module."""
    folder = tmp_path_factory.mktemp("site")
    with starting(folder) as run:
        site = Site(run(serve_command(folder), ready="/api/v1/health"))
        yield site
        site.client.close()


@pytest.fixture
def site_of() -> Iterator[Callable[[Running], Site]]:
    """For servers that a test starts itself."""
    made: list[Site] = []

    def make(server: Running) -> Site:
        made.append(Site(server))
        return made[-1]

    yield make
    for site in made:
        site.client.close()


class Desk:
    """A learner's browser: opens players, closes them, and takes note of what a learner would stumble over."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.alerts: list[str] = []
        self.errors: list[str] = []
        context.set_default_timeout(30_000)

    def open(self, url: str, *, state: str = "running") -> Page:
        """Open a player in a tab of its own and wait until it is in a state."""
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("dialog", self._answer)
        page.goto(url)
        page.wait_for_selector(f'html[data-player-state="{state}"]', state="attached")
        return page

    def _answer(self, dialog: Dialog) -> None:
        if dialog.type != "beforeunload":
            self.alerts.append(dialog.message)
        dialog.accept()

    def content(self, page: Page | Frame, ready: str = "document.readyState === 'complete'") -> Frame:
        """The course's own page, once a condition holds in it; the player fills a tab or a frame."""
        handle = page.wait_for_selector('html[data-player-state="running"] iframe[name="scorm-content"]')
        frame = handle.content_frame() if handle is not None else None
        assert frame is not None
        frame.wait_for_url(re.compile("/content/"))  # until then it is the player's own empty document
        frame.wait_for_function(ready)
        return frame

    def saved(self, page: Page) -> None:
        """Wait until everything is acknowledged."""
        page.wait_for_selector('html[data-save-state="saved"]', state="attached")

    def leave(self, page: Page, way: str) -> None:
        """Go away from the player: ``close`` the tab as its cross does, or ``navigate`` it elsewhere."""
        if way == "close":
            with page.expect_event("close"):
                page.close(run_before_unload=True)
        else:
            page.goto("about:blank")
            page.close()


@pytest.fixture
def desk(context: BrowserContext) -> Iterator[Desk]:
    """A learner's browser; nothing that a learner would stumble over may happen."""
    desk = Desk(context)
    yield desk
    assert desk.alerts == []
    assert desk.errors == []


@pytest.fixture
def api(serve: Callable[..., Running]) -> Iterator[httpx.Client]:
    """A back end's client of a running server."""
    with httpx.Client(base_url=serve().url, headers={"X-API-Key": KEY}, timeout=30) as client:
        yield client


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1200, "height": 800}, reduced_motion="reduce")
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture(scope="session")
def courses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example courses, zipped."""
    folder = tmp_path_factory.mktemp("courses")
    subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "build-courses"), str(folder)], check=True, capture_output=True
    )
    return folder


class Learner:
    """Plays the example course in a player, wherever its page is."""

    def __init__(self, page: Page, player: Frame) -> None:
        self.page, self.player = page, player

    @property
    def content(self) -> Frame:
        """The frame with the course's own page, once it is there."""
        handle = self.player.wait_for_selector('iframe[name="scorm-content"]')
        assert handle is not None
        frame = handle.content_frame()
        assert frame is not None
        return frame

    def delivered(self, activity_id: str) -> Frame:
        """Wait until an activity is delivered and its page is ready."""
        self.player.wait_for_selector(f'html[data-activity-id="{activity_id}"][data-player-state="running"]')
        frame = self.content
        frame.wait_for_load_state()
        return frame

    def walk_through(self, frame: Frame) -> None:
        """Look at every page of a lesson and finish it."""
        frame.wait_for_selector("[data-test=next]:visible, [data-test=finish]:visible")
        while frame.locator("[data-test=finish]:visible").count() == 0:
            where = frame.inner_text("[data-test=where]")
            frame.click("[data-test=next]")
            frame.wait_for_function(
                "before => document.querySelector('[data-test=where]').innerText !== before", arg=where
            )
        frame.click("[data-test=finish]")

    def answer(self, frame: Frame) -> None:
        """Answer the question on screen rightly."""
        question = frame.locator("[data-test=question]")
        kind = question.get_attribute("data-kind")
        wanted = (question.get_attribute("data-answer") or "").split(",")
        if kind in ("choice", "true-false"):
            for option in question.locator("input").all():
                if option.get_attribute("value") in wanted:
                    option.check()
        elif kind == "matching":
            for pair, select in zip(wanted, question.locator("select").all(), strict=True):
                select.select_option(pair.partition(".")[2])
        elif kind == "numeric":
            question.locator("input").fill(wanted[0])
        else:
            for position, item in enumerate(wanted):
                while question.locator("li").nth(position).get_attribute("data-value") != item:
                    question.locator(f"li[data-value={item}] [data-test=move-up]").click()

    def take_quiz(self, frame: Frame) -> None:
        """Answer every question and hand the quiz in."""
        frame.wait_for_selector("[data-test=question]")
        while True:
            identifier = frame.get_attribute("[data-test=question]", "data-question")
            self.answer(frame)
            if frame.locator("[data-test=submit]:visible").count():
                frame.click("[data-test=submit]")
                break
            frame.click("[data-test=next]")
            frame.wait_for_function(
                "before => document.querySelector('[data-test=question]').dataset.question !== before", arg=identifier
            )
        frame.wait_for_selector("[data-test=result]")

    def saved(self) -> None:
        """Wait until everything is acknowledged."""
        self.player.wait_for_selector('html[data-save-state="saved"]')


@pytest.fixture
def learner() -> type[Learner]:
    return Learner


def boot_of(html: str) -> str:
    """The signed path of the player's calls."""
    found = re.search(r'id="boot">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    return found[1]
