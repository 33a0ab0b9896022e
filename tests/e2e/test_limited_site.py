"""Behind a rate limit nothing is lost, and the access log of the server that runs it holds no credential."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from scorm_embed.core.standard import Standard
from scorm_embed.testing.package_builder import Item, build_package

pytestmark = pytest.mark.browser

KEY = "limited-site-key-limited-site-key"
SCRIPT = """
  sco.call("Initialize", "");
  function answer(at) {
    sco.call("SetValue", "cmi.interactions." + at + ".id", "q" + at);
    return sco.call("Commit", "").value;
  }
"""
COURSE = build_package(Standard.SCORM_2004_4TH, [Item("lesson", script=SCRIPT)])


@pytest.fixture
def limited(start: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """Start the site; gives the server."""

    def run(limit: str) -> Any:
        return start(
            [
                *(sys.executable, "-m", "uvicorn", "limited_site:app"),
                *("--app-dir", str(Path(__file__).parent), "--port", "{port}"),
            ],
            ready="/scorm/api/v1/health",
            SITE_FOLDER=str(tmp_path),
            SITE_SECRET="s" * 40,
            SITE_KEY=KEY,
            SITE_LAUNCH_LIMIT=limit,
        )

    return run


def _launch(client: httpx.Client) -> str:
    package = client.post("/api/v1/packages", content=COURSE, headers={"Content-Type": "application/zip"}).json()
    body = {"user_id": "ada", "session_id": "s1"}
    return str(client.post(f"/api/v1/packages/{package['id']}/launch", json=body).json()["launch_url"])


def test_what_is_answered_with_429_is_kept_and_sent_again_when_the_time_has_come(
    limited: Callable[..., Any], desk: Any
) -> None:
    server = limited("4/5 seconds")
    with httpx.Client(base_url=server.url + "/scorm", headers={"X-API-Key": KEY}, timeout=60) as client:
        page = desk.open(_launch(client))
        answers: list[tuple[int, str | None]] = []
        page.on(
            "response",
            lambda got: answers.append((got.status, got.headers.get("retry-after"))) if "/commit" in got.url else None,
        )
        course = desk.content(page, "typeof answer === 'function'")
        for number in range(6):
            assert course.evaluate(f"answer({number})") == "true"
            if (page.get_attribute("html", "data-save-state")) == "saving":
                page.wait_for_selector('html:not([data-save-state="saving"])', state="attached")
        page.wait_for_selector('html[data-save-state="offline"]', state="attached")
        assert [course.evaluate(f"answer({number})") for number in range(6, 12)] == ["true"] * 6
        page.wait_for_selector('html[data-save-state="saved"]', state="attached")
        refused = [wait for status, wait in answers if status == 429]
        assert refused
        assert all(wait is not None and 1 <= int(wait) <= 5 for wait in refused)
        kept = client.get("/api/v1/sessions/s1").json()["cmi_data"]
        log = client.get("/api/v1/sessions/s1/commits", params={"limit": 200}).json()["commits"]
        desk.leave(page, "close")
    assert {kept.get(f"cmi.interactions.{number}.id") for number in range(12)} == {f"q{number}" for number in range(12)}
    numbers = [row["number"] for row in log if row["kind"] == "commit"]
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_access_log_of_a_real_server_holds_no_launch_token_and_no_signed_path(
    limited: Callable[..., Any], desk: Any
) -> None:
    server = limited("1000/second")
    with httpx.Client(base_url=server.url + "/scorm", headers={"X-API-Key": KEY}, timeout=60) as client:
        url = _launch(client)
        asked: list[str] = []
        desk.context.on("request", lambda request: asked.append(request.url))
        page = desk.open(url)
        assert desk.content(page, "typeof answer === 'function'").evaluate("answer(0)") == "true"
        desk.saved(page)
        desk.leave(page, "close")
    token = parse_qs(urlsplit(url).query)["token"][0]
    signed = {found[1] for address in asked if (found := re.search(r"/(?:run|content)/([^/]+)/", address))}
    assert len(signed) == 2
    server.stop()
    log = server.log.read_text()
    for line in ("/player/s1?token=[token]", "/run/[signed]/start", "/run/[signed]/commit", "/content/[signed]/"):
        assert line in log, line
    for credential in (token, KEY, *signed):
        assert credential not in log
        assert not any(part in log for part in credential.split(".") if len(part) > 15)
