"""Nobody is shut out of a whole course: the keyboard is enough, and axe-core finds no fault with our pages."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Frame, Page

from scorm_embed.testing.package_builder import Item, build_package

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
LESSON = """<button id="done" onclick="sco.call('Initialize', '');
sco.call('SetValue', 'cmi.core.lesson_status', 'completed'); sco.call('Terminate', '')">Done</button>"""
FLASK_READY = [str(BIN / "flask"), "--app", "app", "prepare"]
SITES = {
    "fastapi_app": [str(BIN / "uvicorn"), "app:app", "--port", "{port}"],
    "flask_app": [str(BIN / "gunicorn"), "app:app", "--bind", "127.0.0.1:{port}", "--threads", "8"],
}
Violations = Callable[[Page | Frame], list[str]]

pytestmark = pytest.mark.browser


def tab_to(page: Page, selector: str, place: Frame | None = None) -> None:
    """Press Tab until the focus is there, once around the page at most."""
    for _ in range(25):
        page.keyboard.press("Tab")
        if (place or page).evaluate(
            "(wanted) => document.hasFocus() && document.activeElement.matches(wanted)", selector
        ):
            return
    pytest.fail(f"Tab does not reach {selector}")


def test_a_learner_completes_a_course_by_keyboard_alone(site: Any, desk: Any) -> None:
    package = site.course(build_package(items=[Item("one", body=LESSON), Item("two", body=LESSON)]))
    session, url = site.launch(package)
    page = desk.open(url)
    tab_to(page, "#done", desk.content(page))
    page.keyboard.press("Enter")
    page.wait_for_selector('[data-activity-id="one"][data-status="completed"]')
    tab_to(page, '[role="treeitem"][data-activity-id="one"]')
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector('html[data-activity-id="two"][data-player-state="running"]')
    tab_to(page, "#done", desk.content(page))
    page.keyboard.press("Space")
    page.wait_for_selector('.row[data-activity-id="two"][data-status="completed"]')
    tab_to(page, '[data-nav="exit-all"]')
    page.keyboard.press("Enter")
    page.wait_for_selector('html[data-player-state="ended"]', state="attached")
    assert page.evaluate("document.activeElement.tagName") == "H2"
    found = site.read(session)
    assert found["completion_status"] == "completed"
    assert [
        (part["id"], part["completion_status"]) for part in found["activities"] if part["id"] in ("one", "two")
    ] == [
        ("one", "completed"),
        ("two", "completed"),
    ]


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_page_in_place_of_a_player_that_cannot_open(
    site: Any, browser: Any, violations: Violations, language: str
) -> None:
    context = browser.new_context(locale=language)
    page = context.new_page()
    page.goto(f"{site.server.url}/player/nobody?token=forged")
    assert page.get_attribute("html", "data-player-reason") == "INVALID_TOKEN"
    assert page.get_attribute("html", "lang") == language
    assert violations(page) == []
    context.close()


def test_the_demos_course_with_the_player_around_it(
    site: Any, desk: Any, courses: Path, violations: Violations
) -> None:
    [package] = courses.glob("weather-map-scorm2004.zip")
    _, url = site.launch(site.course(package.read_bytes()))
    page = desk.open(url)
    assert violations(page) == []
    assert violations(desk.content(page)) == []


HOST_PAGE = """<!doctype html><html lang="en"><title>Host</title>
<script type="module" src="/client.js"></script>
<main><h1>Your course</h1><scorm-player src="{src}" height="500" label="Weather maps" allow-fullscreen>
<p slot="loading">One moment …</p><p slot="error">The course does not open.</p></scorm-player></main></html>"""


@pytest.mark.parametrize("state", ["loading", "running", "error"])
def test_a_hosts_page_with_the_element(site: Any, page: Page, violations: Violations, state: str) -> None:
    _, url = site.launch(site.course(build_package(items=[Item("one", body=LESSON)])))
    if state == "loading":
        page.route("**/player/session-*", lambda route: None)  # no answer
    if state == "error":
        url = f"{site.server.url}/player/nobody?token=forged"
    page.route("**/host.html", lambda route: route.fulfill(body=HOST_PAGE.format(src=url), content_type="text/html"))
    page.goto(f"{site.server.url}/host.html", wait_until="domcontentloaded")
    page.wait_for_selector(f'scorm-player[data-state="{state}"]')
    assert violations(page) == []


@pytest.mark.parametrize("name", SITES)
def test_every_page_of_an_example_site(
    name: str, tmp_path: Path, courses: Path, start: Any, page: Page, violations: Violations
) -> None:
    for part in ("site", name):
        shutil.copytree(ROOT / "examples" / part, tmp_path / part, ignore=shutil.ignore_patterns("var", "__pycache__"))
    (tmp_path / "courses" / "dist").mkdir(parents=True)
    for course in courses.glob("weather-map-*.zip"):
        shutil.copy(course, tmp_path / "courses" / "dist")
    if name == "flask_app":
        subprocess.run(FLASK_READY, cwd=tmp_path / name, check=True)
    url = start(SITES[name], ready="/login", cwd=tmp_path / name).url
    page.goto(url)
    assert violations(page) == []
    for password in ("wrong", "learn"):
        page.fill("input[name=email]", "anna@example.org")
        page.fill("input[name=password]", password)
        page.click("form.login button")
        page.wait_for_selector(".error" if password == "wrong" else ".card")
        assert violations(page) == []
    page.goto(f"{url}/progress")
    assert violations(page) == []
    page.goto(url)
    page.click(".card a.button")
    handle = page.wait_for_selector("iframe.player")
    player = handle.content_frame() if handle else None
    assert player is not None
    player.wait_for_selector('html[data-player-state="running"]')
    assert violations(page) == []
    assert violations(player) == []
    player.click('button[data-nav="exit-all"]')
    player.wait_for_selector("h1:has-text('That was it')")
    assert violations(player) == []
    for path in ("/", "/progress"):
        page.goto(f"{url}{path}")
        page.wait_for_selector(".card" if path == "/" else "tbody td:nth-child(3)")
        assert violations(page) == []
