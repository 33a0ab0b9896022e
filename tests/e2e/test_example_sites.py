"""Both example sites, as a learner meets them: log in, launch, complete, see the progress page change."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent

pytestmark = pytest.mark.browser


@pytest.fixture
def examples(tmp_path: Path, courses: Path) -> Path:
    """A copy of the examples with zipped courses, so that nothing is written into the checkout."""
    folder = tmp_path / "examples"
    for name in ("site", "fastapi_app", "flask_app"):
        shutil.copytree(ROOT / "examples" / name, folder / name, ignore=shutil.ignore_patterns("var", "__pycache__"))
    (folder / "courses" / "dist").mkdir(parents=True)
    for course in courses.glob("weather-map-*.zip"):
        shutil.copy(course, folder / "courses" / "dist")
    return folder


def _complete_a_course(page: Page, url: str, learner: Any, standard: str) -> None:
    page.goto(url)
    page.fill("input[name=email]", "anna@example.org")
    page.fill("input[name=password]", "wrong")
    page.click("form.login button")
    assert page.inner_text(".error") == "E-mail or password is wrong."
    page.fill("input[name=email]", "anna@example.org")
    page.fill("input[name=password]", "learn")
    page.click("form.login button")
    page.goto(f"{url}/progress")
    assert page.inner_text("tbody tr") == "Nobody has opened a course yet."
    page.goto(url)
    page.click(f".card:has-text('{standard}') a.button")
    handle = page.wait_for_selector("iframe.player")
    assert handle is not None
    player = handle.content_frame()
    assert player is not None
    someone = learner(page, player)
    for activity in ("intro", "pressure", "fronts"):
        frame = someone.delivered(activity)
        someone.walk_through(frame)
        if standard == "SCORM 1.2":
            someone.saved()
            player.click('button[data-nav="continue"]')
    frame = someone.delivered("quiz")
    someone.take_quiz(frame)
    someone.saved()
    player.click('button[data-nav="exit-all"]')
    player.wait_for_selector("h1:has-text('That was it')")
    page.goto(f"{url}/progress")
    cells = page.locator("tbody tr").first.locator("td").all_inner_texts()
    assert cells[0] == "Alm, Anna"
    assert cells[2:4] == ["passed", "100 %"]


@pytest.mark.parametrize("standard", ["SCORM 2004", "SCORM 1.2"])
def test_a_learner_completes_a_course_on_the_fastapi_site(
    examples: Path, start: Any, page: Page, learner: Any, standard: str
) -> None:
    command = [str(BIN / "uvicorn"), "app:app", "--port", "{port}"]
    site = start(command, ready="/login", cwd=examples / "fastapi_app")
    _complete_a_course(page, site.url, learner, standard)


def test_a_learner_completes_a_course_on_the_flask_site_under_gunicorn_with_two_workers(
    examples: Path, start: Any, page: Page, learner: Any
) -> None:
    folder = examples / "flask_app"
    subprocess.run([str(BIN / "flask"), "--app", "app", "prepare"], cwd=folder, check=True)
    command = [str(BIN / "gunicorn"), "app:app", "--bind", "127.0.0.1:{port}", "--workers", "2", "--threads", "8"]
    site = start(command, ready="/login", cwd=folder)
    _complete_a_course(page, site.url, learner, "SCORM 2004")
