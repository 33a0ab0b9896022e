"""What an attacker sends to the routes: other tenants' names, used-up links, bent paths, hosts and origins.

The routes come from the table, so that a new one is attacked without anybody thinking of it.
"""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from scorm_embed.core.standard import Standard
from scorm_embed.testing.package_builder import Item
from scorm_embed.web.routes.table import ROUTES
from scorm_embed.web.routing import Access, Route, Side

pytestmark = pytest.mark.anyio

BODIES: dict[str, dict[str, Any]] = {
    "/api/v1/packages/{package_id}/launch": {"user_id": "u1", "session_id": "s1"},
    "/api/v1/sessions/{session_id}": {"version": 1},
}
WITH_A_NAME = [route for route in ROUTES if route.side is Side.API and "{" in route.path]
WRITES = [route for route in ROUTES if route.access is Access.CALLER and route.method != "GET"]


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


def code(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def filled(path: str, names: dict[str, str]) -> str:
    """A route's path with names in it; a name that nobody thought of here fails."""
    return re.sub(r"\{(\w+)\}", lambda found: names[found[1]], path)


async def opened(host: Any, package: str, session: str = "s1") -> tuple[dict[str, Any], dict[str, Any]]:
    """A session whose player has started: what its page was told, and its view."""
    boot = await host.open((await host.launch(package, session))["launch_url"])
    return boot, (await host.start(boot))["view"]


# -- names of another tenant


@pytest.mark.parametrize("route", WITH_A_NAME, ids=named)
async def test_no_route_knows_a_name_of_another_tenant(host: Any, route: Route) -> None:
    package = await host.course(standard=Standard.SCORM_2004_4TH, items=[Item("a"), Item("b")])
    await opened(host, package)
    right = {"package_id": package, "session_id": "s1", "activity_id": "a", "event_id": "evt"}
    wrong = {"package_id": "pkg_0", "session_id": "s0", "activity_id": "a0", "event_id": "evt0"}
    body = BODIES.get(route.path) if route.method in {"POST", "PUT"} else None
    async with host.client("OTHER") as client:
        theirs = await client.request(route.method, filled(route.path, right), json=body)
        nobodys = await client.request(route.method, filled(route.path, wrong), json=body)
    assert code(theirs)[0] == 404
    asked = theirs.text
    for name, value in right.items():
        asked = asked.replace(f'"{value}"', f'"{wrong[name]}"')
    assert asked == nobodys.text
    async with host.client() as client:
        assert (await client.get("/api/v1/sessions/s1")).json()["version"] == 2
        assert (await client.get(f"/api/v1/packages/{package}")).status_code == 200


# -- links that were good once


async def test_an_old_launch_link_opens_nothing_after_a_new_launch_has_started(host: Any) -> None:
    package = await host.course()
    old = await host.launch(package)
    await host.open(old["launch_url"])
    await opened(host, package)
    async with host.client(None) as client:
        replayed = await client.get(old["launch_url"])
    assert replayed.status_code == 409
    assert 'data-player-reason="LAUNCH_SUPERSEDED"' in replayed.text


async def test_a_replayed_commit_counts_once_and_one_of_an_old_run_changes_nothing(host: Any) -> None:
    package = await host.course()
    old, view = await opened(host, package)
    commit = {
        "number": 1, "sent_at": "2025-01-15T10:15:30.000Z", "activity": view["activity"]["id"], "view": view["number"],
        "initialized": True, "terminated": False, "elements": [["cmi.core.score.raw", "100"]], "tolerated": [],
    }  # fmt: skip
    body = {"launch": view["launch"], "view": view["number"], "commits": [commit], "navigate": None, "leave": False}
    async with host.client(None) as client, host.client() as reader:
        assert (await client.post("http://host" + old["run"] + "commit", json=body)).status_code == 200
        once = (await reader.get("/api/v1/sessions/s1")).json()
        assert (await client.post("http://host" + old["run"] + "commit", json=body)).status_code == 200
        again = (await reader.get("/api/v1/sessions/s1")).json()
        assert (once["score"]["raw"], again["cmi_data"]) == (100, once["cmi_data"])
        rows = (await reader.get("/api/v1/sessions/s1/commits")).json()["commits"]
        assert [(row["kind"], row["number"]) for row in rows] == [("launch", 0), ("commit", 1)]
        await opened(host, package)
        before = (await reader.get("/api/v1/sessions/s1")).json()
        late = {**body, "commits": [{**commit, "number": 2, "elements": [["cmi.core.score.raw", "1"]]}]}
        answer = await client.post("http://host" + old["run"] + "commit", json=late)
        assert code(answer) == (409, "LAUNCH_SUPERSEDED")
        assert (await reader.get("/api/v1/sessions/s1")).json()["cmi_data"] == before["cmi_data"]


async def test_a_run_path_does_not_take_the_launch_of_another_session_in_its_body(host: Any) -> None:
    package = await host.course()
    mine, view = await opened(host, package, "mine")
    _, theirs = await opened(host, package, "theirs")
    body = {"launch": theirs["launch"], "view": view["number"], "commits": [], "navigate": None, "leave": False}
    async with host.client(None) as client:
        answer = await client.post("http://host" + mine["run"] + "commit", json=body)
    assert code(answer) == (409, "LAUNCH_SUPERSEDED")


async def test_signed_segments_cannot_be_swapped_between_sessions_purposes_and_packages(host: Any) -> None:
    first = await host.course(title="First", files={"own.txt": "first"})
    second = await host.course(title="Second", files={"own.txt": "second"})
    one, one_view = await opened(host, first, "one")
    two, two_view = await opened(host, second, "two")
    run_one, run_two = one["run"].split("/")[-2], two["run"].split("/")[-2]
    content_one, content_two = (
        view["activity"]["url"].split("/content/")[1].split("/")[0] for view in (one_view, two_view)
    )
    async with host.client(None) as client:
        own = await client.get(f"/player/two/content/{content_two}/own.txt")
        assert (own.status_code, own.text) == (200, "second")
        for path in (
            f"/player/two/content/{content_one}/own.txt",
            f"/player/one/content/{content_two}/own.txt",
            f"/player/two/content/{run_two}/own.txt",
            f"/player/none/content/{content_two}/own.txt",
        ):
            assert code(await client.get(path)) == (401, "INVALID_TOKEN")
        for path in (
            f"/player/two/run/{run_one}/start",
            f"/player/one/run/{run_two}/start",
            f"/player/two/run/{content_two}/start",
        ):
            assert code(await client.post(path, json={})) == (401, "INVALID_TOKEN")
        payload, signature = content_one.rsplit(".", 1), content_two.rsplit(".", 1)[1]
        assert code(await client.get(f"/player/one/content/{payload[0]}.{signature}/own.txt")) == (401, "INVALID_TOKEN")


# -- paths


@pytest.mark.parametrize(
    "path",
    [
        "%252e%252e/%252e%252e/imsmanifest.xml", "%252e%252e%252fimsmanifest.xml", "..%252f..%252fetc%252fpasswd",
        "%c0%ae%c0%ae/imsmanifest.xml", "%c0%ae%c0%ae%c0%afetc%c0%afpasswd", "%e0%80%ae%e0%80%ae/x",
        "..;/..;/imsmanifest.xml", "..;imsmanifest.xml", "%2e%2e;/imsmanifest.xml", ";/imsmanifest.xml",
        "..%5c..%5cimsmanifest.xml", "..\\..\\imsmanifest.xml", "%5c%5chost%5cshare", "..%255c..%255cx",
        "imsmanifest.xml%00", "imsmanifest.xml%00.html", "%00imsmanifest.xml", "imsmanifest.xml%2500",
        "../../../imsmanifest.xml", "x/../../../../api/v1/packages", "./imsmanifest.xml", "x/../imsmanifest.xml",
        "/imsmanifest.xml", "%2fimsmanifest.xml", "file:///etc/passwd", "http://evil.example/", "C:/Windows/win.ini",
        "\uff0e\uff0e/imsmanifest.xml", "imsmanifest.xml/", "imsmanifest.xml::$DATA", "imsmanifest.xml%20",
        "%0d%0aX: y",
    ],
)  # fmt: skip
async def test_a_bent_path_finds_no_file_although_the_file_is_there(host: Any, path: str) -> None:
    _, view = await opened(host, await host.course())
    folder = view["activity"]["url"].rsplit("/", 1)[0]
    assert (await host.send_raw(f"{folder}/imsmanifest.xml"))[0] == 200
    status, body = await host.send_raw(f"{folder}/{path}")
    assert status == 404
    assert b"<manifest" not in body
    assert b"root:" not in body


# -- writes from elsewhere, and hosts


@pytest.mark.parametrize("route", WRITES, ids=named)
@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}]
)
async def test_no_write_rides_on_a_login_from_another_site(
    make_host: Any, login: Any, route: Route, headers: dict[str, str]
) -> None:
    host = make_host(learner=login, authorize=lambda *_: True)
    package = await host.course()
    await host.launch(package, "s1", "ada")
    names = {"package_id": package, "session_id": "s1", "activity_id": "item_1", "event_id": "evt"}
    async with host.client(None, user="ada") as client:
        for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded"):
            sent = {**headers, "Content-Type": kind}
            response = await client.request(route.method, filled(route.path, names), headers=sent, content=b"{}")
            assert code(response) == (403, "FORBIDDEN")
        assert (await client.get("/api/v1/sessions/s1")).json()["version"] == 1


@pytest.mark.parametrize(
    "hosts",
    [
        [(b"host", b"evil.example"), (b"host", b"host")], [(b"host", b"host:80@evil.example")], [(b"host", b"host\\x")],
        [(b"host", b"host/../evil.example")], [(b"host", b"")], [], [(b"host", b"host:0x50")], [(b"host", b"[::1")],
        [(b"host", b"h\tost")],
    ],
)  # fmt: skip
async def test_a_launch_makes_no_link_from_a_host_that_bends_it(host: Any, hosts: list[tuple[bytes, bytes]]) -> None:
    package = await host.course()
    headers = [*hosts, (b"x-api-key", b"ADMIN"), (b"content-type", b"application/json")]
    status, body = await send_launch(host, package, headers)
    assert status == 400
    assert b"evil" not in body


async def send_launch(host: Any, package: str, headers: list[tuple[bytes, bytes]]) -> tuple[int, bytes]:
    messages: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        messages.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b'{"user_id": "u1"}', "more_body": False}

    path = f"/scorm/api/v1/packages/{package}/launch"
    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "root_path": "/scorm",
        "query_string": b"", "headers": headers, "scheme": "http",
    }  # fmt: skip
    await host.scorm(scope, receive, send)
    return messages[0]["status"], b"".join(message.get("body", b"") for message in messages[1:])
