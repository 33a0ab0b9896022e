"""The player on an origin of its own, in an iframe of a third site, in a browser that blocks third-party cookies."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Playwright

from scorm_embed.core.standard import Standard
from scorm_embed.testing.package_builder import Item, build_package

COOKIE = "third=party; Secure; SameSite=None; Path=/"
CONTENT = """<p>Course</p><script>
const api = parent.API;
api.LMSInitialize("");
api.LMSSetValue("cmi.core.lesson_status", "incomplete");
addEventListener("unload", () => {
  api.LMSSetValue("cmi.core.lesson_status", "completed");
  api.LMSSetValue("cmi.core.score.raw", "80");
  api.LMSFinish("");
});
</script>"""


class _Sites(http.server.BaseHTTPRequestHandler):
    """Site C embeds what it is asked to; a tracker sets a cookie and shows which it got."""

    def do_GET(self) -> None:
        kind, _, argument = self.path.partition("?")
        body = f"<pre>{self.headers.get('Cookie', 'none')}</pre>"
        if kind == "/embed":
            body = f'<iframe allow="unload" src="{argument}" width="900" height="600"></iframe>'
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Permissions-Policy", "unload=*")
        if kind == "/tracker":
            self.send_header("Set-Cookie", COOKIE)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture(scope="module")
def sites() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Sites)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def browser_of(playwright: Playwright, tmp_path: Path) -> Iterator[Callable[..., BrowserContext]]:
    """Starts browsers with profiles of their own: an incognito window would block third-party cookies anyway."""
    path = os.environ.get("SCORM_EMBED_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no Chromium on this machine")
        pytest.skip("no Chromium on this machine")
    made: list[BrowserContext] = []

    def launch(*arguments: str, blocks: bool) -> BrowserContext:
        profile = tmp_path / f"profile-{len(made)}"
        (profile / "Default").mkdir(parents=True)
        cookies = {"cookie_controls_mode": 1 if blocks else 0, "block_third_party_cookies": blocks}
        (profile / "Default" / "Preferences").write_text(json.dumps({"profile": cookies}))
        made.append(
            playwright.chromium.launch_persistent_context(
                profile,
                executable_path=path,
                args=["--no-sandbox", "--disable-gpu", *arguments],
            )
        )
        return made[-1]

    yield launch
    for browser in made:
        browser.close()


def cookie_sent_in_a_frame(browser: BrowserContext, port: int) -> str:
    """What a third party's frame sends the second time it is asked, after it set a cookie the first time."""
    page = browser.new_page()
    sent = ""
    for _ in range(2):
        page.goto(f"http://site-c.localhost:{port}/embed?http://tracker.localhost:{port}/tracker")
        sent = page.frame_locator("iframe").locator("pre").inner_text()
    page.close()
    return sent


def test_a_course_completes_in_a_third_sites_frame_without_third_party_cookies(
    serve: Callable[..., Any], browser_of: Callable[..., BrowserContext], sites: int
) -> None:
    """Also where the course finishes in ``unload`` only: the frame was given ``allow="unload"``."""
    embedder = f"http://site-c.localhost:{sites}"
    from_port = serve_port()
    player = f"http://player-b.localhost:{from_port}"
    server = serve("--player-base-url", player, "--frame-ancestor", embedder, port=from_port)
    host = server.url.replace("127.0.0.1", "host-a.localhost")
    with httpx.Client(base_url=server.url, headers={"X-API-Key": "end-to-end-key-end-to-end-key-0123"}) as api:
        api.headers["Host"] = host.removeprefix("http://")
        data = build_package(Standard.SCORM_12, [Item("a", html=CONTENT)])
        package = api.post("/api/v1/packages", content=data, headers={"Content-Type": "application/zip"}).json()["id"]
        launched = api.post(f"/api/v1/packages/{package}/launch", json={"user_id": "ada", "session_id": "s"}).json()
        assert launched["player_url"].startswith(f"{player}/player/s?token=")
        # Each half answers on its own origin only.
        on_player = {"Host": player.removeprefix("http://")}
        assert api.get("/api/v1/sessions/s", headers=on_player).status_code == 404
        assert api.get(f"/player/s?token={launched['launch_token']}").status_code == 404

        open_browser = browser_of(blocks=False)
        assert cookie_sent_in_a_frame(open_browser, sites) == "third=party"
        browser = browser_of("--test-third-party-cookie-phaseout", blocks=True)
        assert cookie_sent_in_a_frame(browser, sites) == "none"

        page = browser.new_page()
        page.goto(f"{embedder}/embed?{launched['player_url']}")
        frame = page.frame_locator("iframe")
        frame.locator('html[data-player-state="running"]').wait_for(state="attached")
        frame.frame_locator('iframe[name="scorm-content"]').get_by_text("Course").wait_for()
        frame.locator('html[data-save-state="saved"]').wait_for(state="attached")
        assert api.get("/api/v1/sessions/s").json()["completion_status"] == "incomplete"
        page.goto("about:blank")
        page.close()
        for _ in range(100):
            session = api.get("/api/v1/sessions/s").json()
            if session["completion_status"] == "completed":
                break
            threading.Event().wait(0.1)
        assert (session["completion_status"], session["score"]["raw"]) == ("completed", 80)


def serve_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
