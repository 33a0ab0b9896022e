"""The site of the documentation as a browser shows it: readable for all, and from one place."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
PAGES = ("index.html", "frameworks/fastapi.html", "conformance.html")

pytestmark = pytest.mark.xdist_group("docs_site")  # built once


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mkdocs", reason="the extra docs is not installed")
    folder = tmp_path_factory.mktemp("docs") / "site"
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "--quiet", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    return folder


def test_pages_are_accessible_in_light_and_dark_and_load_nothing_from_elsewhere(
    site: Path, browser: Browser, violations: Callable[..., list[str]]
) -> None:
    asked: list[str] = []
    found = []
    for scheme, theme in {"light": "default", "dark": "slate"}.items():
        # The theme keeps what it chose first: each scheme gets a browser without a memory.
        with browser.new_context(color_scheme=scheme, reduced_motion="reduce") as context:
            page = context.new_page()
            page.on("request", lambda request: asked.append(request.url))
            for name in PAGES:
                page.goto((site / name).as_uri())
                assert page.locator("body").get_attribute("data-md-color-scheme") == theme
                found += [f"{name} | {violation}" for violation in violations(page, [scheme])]
    assert found == []
    assert [url for url in asked if not url.startswith(site.as_uri())] == []


def test_no_page_is_wider_than_a_phone(site: Path, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    for name in PAGES:
        page.goto((site / name).as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") == 390, name
