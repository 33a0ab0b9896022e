"""The first thing that a stranger runs: the demo prints where the player is, and its course plays to the end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.browser


@pytest.fixture
def demo() -> Iterator[subprocess.Popen[str]]:
    """``scripts/demo`` on a free port; told to stop afterwards, as by Ctrl+C."""
    process = subprocess.Popen(
        [str(ROOT / "scripts" / "demo"), "--port", "0", "--no-open"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for stream in (process.stdout, process.stderr):
        assert stream is not None
        stream.close()


def _first_line(process: subprocess.Popen[str]) -> str:
    """What the demo says first; it has a minute to say it."""
    assert process.stdout is not None
    timer = threading.Timer(120, os.killpg, (process.pid, signal.SIGKILL))
    timer.start()
    try:
        return process.stdout.readline()
    finally:
        timer.cancel()


def test_the_demo_plays_its_course_to_completion(
    demo: subprocess.Popen[str], desk: Any, learner: Any, tmp_path: Path
) -> None:
    line = _first_line(demo)
    found = re.fullmatch(r"Player: (http://127\.0\.0\.1:\d+)/player/(\w+)\n", line)
    assert found is not None, line
    page = desk.open(found[0].removeprefix("Player: ").strip())
    someone = learner(page, page.main_frame)
    page.screenshot(path=tmp_path / "player.png")
    for activity in ("intro", "pressure", "fronts"):
        someone.walk_through(someone.delivered(activity))
    someone.take_quiz(someone.delivered("quiz"))
    someone.saved()
    page.screenshot(path=tmp_path / "result.png")
    page.click('button[data-nav="exit-all"]')
    page.wait_for_selector('html[data-player-state="ended"][data-player-reason="completed"]', state="attached")
    page.screenshot(path=tmp_path / "end.png")

    session = httpx.get(f"{found[1]}/api/v1/sessions/{found[2]}").json()
    assert (session["completion_status"], session["success_status"], session["state"]) == (
        "completed",
        "passed",
        "passed",
    )
    assert session["score"]["scaled"] == 1
    assert session["time_spent_seconds"] > 0
    assert session["completed_at"] is not None

    os.killpg(demo.pid, signal.SIGINT)
    assert demo.wait(60) in (0, 130, -signal.SIGINT)
    assert demo.stdout is not None
    assert demo.stdout.read() == ""
