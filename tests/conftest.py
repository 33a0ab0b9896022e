"""One browser and its driver for all tests that need one, and the order of the tests: those in a browser come last.

The driver keeps an event loop in the thread of the tests until the run is over. There can be only one in a process, and
no test that runs a loop of its own can follow it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from importlib.resources import files
from typing import Literal

import pytest
from playwright.sync_api import Browser, Frame, Page, Playwright, sync_playwright

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
