"""What tests of several folders share: one browser and its driver, a server in a thread, a script as a module.

Tests in a browser come last: the driver keeps an event loop in the thread of the tests until the run is over. There can
be only one in a process, and no test that runs a loop of its own can follow it.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import httpx
import pytest
import uvicorn
from playwright.sync_api import Browser, Frame, Page, Playwright, sync_playwright

SCRIPTS = Path(__file__).parents[1] / "scripts"
CHROMIUMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""Programs, the best first: the shell is Chromium without windows, which takes half the time."""
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# The course in the player's frame is not ours to judge; a page that frames another of ours is judged frame by frame.
AXE = """async () => {
  const { violations, passes } = await axe.run(document, { iframes: false, resultTypes: ["violations", "passes"] });
  return [passes.length, violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, any, all, none }) =>
      [id, html, ...[...any, ...all, ...none].map((check) => check.message)].join(" | ")))];
}"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "playwright" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Asynchronous tests run on asyncio alone."""
    return "asyncio"


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """The driver; each folder launches its own Chromium with it."""
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """One Chromium for all tests of a process; SCORM_EMBED_CHROMIUM names another one."""
    path = os.environ.get("SCORM_EMBED_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no Chromium on this machine")
        pytest.skip("no Chromium on this machine")
    running = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
    yield running
    running.close()


@pytest.fixture(scope="session")
def violations() -> Callable[..., list[str]]:
    """What axe-core finds wrong with a page by any of its rules, in light and in dark: scheme, rule, element, why.

    ``schemes`` are those to look at; a page that does not follow the browser's after it has loaded is asked one by one.
    """
    script = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")

    def find(place: Page | Frame, schemes: Sequence[Literal["light", "dark"]] = SCHEMES) -> list[str]:
        page = place.page if isinstance(place, Frame) else place
        place.evaluate(script)
        found: list[str] = []
        for scheme in schemes:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            passed, failed = place.evaluate(AXE)
            assert passed > 0
            found += [f"{scheme} | {failure}" for failure in failed]
        return found

    return find


class _Server(uvicorn.Server):
    """Says when it is ready instead of being asked again and again."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@contextmanager
def _serving(app: Any, **options: Any) -> Iterator[str]:
    defaults = {"log_level": "warning", "lifespan": "off", "ws": "none", "timeout_graceful_shutdown": 1}
    server = _Server(uvicorn.Config(app, port=0, **(defaults | options)))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert server.ready.wait(30)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)


@pytest.fixture(scope="session")
def serving() -> Callable[..., AbstractContextManager[str]]:
    """Serve an application in a thread of this process while a block runs; gives its URL. Options are uvicorn's."""
    return _serving


@pytest.fixture(scope="session")
def script_module() -> Callable[[str], ModuleType]:
    """Import a file of ``scripts`` by its name."""

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """The URL of an S3 service with one bucket, "courses"."""
    server = pytest.importorskip("moto.server", reason="moto[server] is not installed").ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    httpx.put(f"http://{host}:{port}/courses").raise_for_status()
    yield f"http://{host}:{port}"
    server.stop()
