"""The player on an origin of its own: each side answers there and nowhere else."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from scorm_embed.web.static_files import static_files

pytestmark = pytest.mark.anyio

PLAYER = "https://player.example/play"


@pytest.fixture
def host(make_host: Any, login: Any) -> Any:
    return make_host(player_base_url=PLAYER, learner=login, frame_ancestors=["https://lms.example"])


def client(host: Any, origin: str, root_path: str = "/scorm", **arguments: Any) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(host.scorm, root_path=root_path)
    return httpx.AsyncClient(transport=transport, base_url=origin + root_path, **arguments)


async def launch(host: Any) -> dict[str, Any]:
    async with client(host, "https://lms.example", headers={"X-API-Key": "ADMIN"}) as api:
        package = await host.course()
        body = {"user_id": "ada", "session_id": "s1"}
        return dict((await api.post(f"/api/v1/packages/{package}/launch", json=body)).json())


async def test_both_urls_lead_to_the_players_origin_and_carry_the_token(host: Any) -> None:
    launched = await launch(host)
    assert launched["launch_url"].startswith(f"{PLAYER}/player/s1?token=")
    # The host's login does not reach the other origin, so that the clean URL would not open there.
    assert launched["player_url"] == launched["launch_url"]


async def test_a_course_plays_on_the_players_origin(host: Any, boot_from: Any) -> None:
    launched = await launch(host)
    async with client(host, "https://player.example", "/play") as browser:
        page = await browser.get(launched["launch_url"])
        assert page.status_code == 200
        assert page.headers["content-security-policy"].endswith("frame-ancestors https://lms.example")
        boot = boot_from(page.text)
        assert boot["run"].startswith("/play/player/s1/run/")
        view = (await browser.post("https://player.example" + boot["run"] + "start", json={})).json()["view"]
        content = await browser.get("https://player.example" + view["activity"]["url"])
        assert content.status_code == 200
        assert content.headers["content-security-policy"] == "frame-ancestors 'self' https://lms.example"


async def test_the_api_does_not_exist_on_the_players_origin(host: Any) -> None:
    await launch(host)
    for origin in ("https://player.example", "http://player.example", "https://PLAYER.example:443"):
        async with client(host, origin, "/play", headers={"X-API-Key": "ADMIN"}, cookies={"user": "ada"}) as browser:
            for method, path in [
                ("GET", "/api/v1/sessions"),
                ("GET", "/api/v1/sessions/s1"),
                ("GET", "/api/v1/health"),
                ("GET", "/api/v1/openapi.json"),
                ("PATCH", "/api/v1/sessions"),
                ("PUT", "/api/v1/sessions/s1"),
            ]:
                response = await browser.request(method, path)
                assert (response.status_code, response.json()["code"]) == (404, "NOT_FOUND")


async def test_the_player_does_not_exist_anywhere_else(host: Any) -> None:
    launched = await launch(host)
    token = launched["launch_token"]
    for origin in ("https://lms.example", "https://player.example:8443", "https://player.example.evil.example"):
        async with client(host, origin, cookies={"user": "ada"}) as browser:
            for path in (
                f"/player/s1?token={token}",
                "/player/s1",
                f"/player/static/{static_files().build}/player/index.js",
            ):
                response = await browser.get(path)
                assert (response.status_code, response.json()["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("name", ["", "player.example/x", "player.example@evil.example", "player.example evil.example"])
async def test_a_bent_host_header_is_not_the_players_origin(host: Any, name: str) -> None:
    launched = await launch(host)
    async with client(host, "https://player.example", "/play") as browser:
        response = await browser.get(launched["launch_url"], headers={"Host": name})
    assert response.status_code == 404


async def test_a_login_that_reaches_the_players_origin_opens_the_clean_url_there(host: Any) -> None:
    await launch(host)
    async with client(host, "https://player.example", "/play", cookies={"user": "ada"}) as browser:
        assert (await browser.get("/player/s1")).status_code == 200


async def test_the_script_for_embedding_pages_is_there_on_both_origins(host: Any) -> None:
    assert host.scorm.client_url(base_url="https://lms.example/scorm").startswith(f"{PLAYER}/client.js?")
    for origin, root_path in (("https://lms.example", "/scorm"), ("https://player.example", "/play")):
        async with client(host, origin, root_path) as browser:
            assert (await browser.get("/client.js")).status_code == 200
