"""One browser driver for all tests that need one, and the order of the tests: those in a browser come last.

The driver keeps an event loop in the thread of the tests until the run is over. There can be only one in a process, and
no test that runs a loop of its own can follow it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Playwright, sync_playwright


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
