"""Who may come in: each kind of proof, and each way of not having it."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from starlette.exceptions import HTTPException

from scorm_embed import ApiKey, Learner, hash_key
from scorm_embed.web.routes.table import ROUTES
from scorm_embed.web.routing import Access, Route

pytestmark = pytest.mark.anyio

CALLER_ROUTES = [route for route in ROUTES if route.access is Access.CALLER]
NAMES = {"{package_id}": "p1", "{session_id}": "s1", "{activity_id}": "a1"}


def path_of(route: Route) -> str:
    path = route.path
    for name, value in NAMES.items():
        path = path.replace(name, value)
    return path


def code(response: httpx.Response) -> tuple[int, str]:
    body = response.json()
    assert set(body) == {"error", "code", "details"}
    assert response.headers["content-type"] == "application/json"
    return response.status_code, body["code"]


@pytest.mark.parametrize("route", CALLER_ROUTES, ids=lambda route: f"{route.method} {route.path}")
async def test_no_route_answers_without_a_key_or_a_login(make_host: Any, login: Any, route: Route) -> None:
    for options in ({}, {"learner": login}, {"learner": lambda _: None}):
        async with make_host(**options).client(None) as client:
            response = await client.request(route.method, path_of(route))
            assert code(response) == (401, "UNAUTHORIZED")
            assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("route", CALLER_ROUTES, ids=lambda route: f"{route.method} {route.path}")
async def test_no_route_answers_to_a_wrong_key(host: Any, route: Route) -> None:
    async with host.client("WRONG") as client:
        assert code(await client.request(route.method, path_of(route))) == (401, "INVALID_API_KEY")


@pytest.mark.parametrize("route", CALLER_ROUTES, ids=lambda route: f"{route.method} {route.path}")
async def test_each_route_asks_for_its_scope(host: Any, route: Route) -> None:
    needs = {"GET": "read", "PUT": "write", "DELETE": "admin"}.get(route.method) or (
        "admin" if route.path == "/api/v1/packages" else "write"
    )
    if route.path.startswith(("/api/v1/events", "/api/v1/webhooks")):
        needs = "admin"
    held = {"read": ["read"], "write": ["read", "write"], "admin": ["read", "write", "admin"]}
    for key, scope in (("READ", "read"), ("WRITE", "write"), ("ADMIN", "admin")):
        async with host.client(key) as client:
            response = await client.request(route.method, path_of(route))
        if needs in held[scope]:
            assert response.status_code != 403
        else:
            assert code(response) == (403, "INSUFFICIENT_SCOPES")
            assert response.json()["details"] == {"required_scope": needs}


async def test_a_key_may_come_as_a_bearer_token(host: Any) -> None:
    async with host.client(None) as client:
        assert (await client.get("/api/v1/packages", headers={"Authorization": "Bearer ADMIN"})).status_code == 200
        wrong = await client.get("/api/v1/packages", headers={"Authorization": "bearer WRONG"})
        assert code(wrong) == (401, "INVALID_API_KEY")
        basic = await client.get("/api/v1/packages", headers={"Authorization": "Basic QURNSU46"})
        assert code(basic) == (401, "UNAUTHORIZED")


@pytest.mark.parametrize("key", ["", " ", "ADMIN ", "admin", "ADMINx", "\xff", "x" * 5_000])
async def test_a_nearly_right_key_is_wrong(host: Any, key: str) -> None:
    async with host.client(None) as client:
        response = await client.get("/api/v1/packages", headers=[(b"x-api-key", key.encode("latin-1"))])
    # A server takes the spaces around a header's value away; this client does not.
    assert code(response) == (401, "INVALID_API_KEY")


async def test_an_expired_key_says_so(make_host: Any) -> None:
    keys = [
        ApiKey("OLD", expires_at=datetime(2020, 1, 1, tzinfo=UTC)),
        ApiKey("NEW", expires_at=datetime(2999, 1, 1, tzinfo=UTC)),
    ]
    host = make_host(api_keys=keys)
    async with host.client("OLD") as client:
        assert code(await client.get("/api/v1/packages")) == (401, "EXPIRED_API_KEY")
    async with host.client("NEW") as client:
        assert (await client.get("/api/v1/packages")).status_code == 200


@pytest.mark.parametrize("is_async", [True, False])
async def test_keys_may_be_looked_up_by_their_hash(make_host: Any, is_async: bool) -> None:
    asked: list[str] = []

    def find(key_hash: str) -> ApiKey | None:
        asked.append(key_hash)
        return ApiKey("KEY", tenant_id="acme") if key_hash == hash_key("KEY") else None

    async def find_async(key_hash: str) -> ApiKey | None:
        return find(key_hash)

    host = make_host(api_keys=find_async if is_async else find)
    async with host.client("KEY") as client:
        assert (await client.get("/api/v1/packages")).status_code == 200
        assert code(await client.get("/api/v1/packages", headers={"X-API-Key": "NO"})) == (401, "INVALID_API_KEY")
    assert asked == [hash_key("KEY"), hash_key("NO")]


async def test_a_look_up_that_gives_another_key_lets_nobody_in(make_host: Any) -> None:
    host = make_host(api_keys=lambda key_hash: ApiKey("SOMEBODY-ELSE"))
    async with host.client("KEY") as client:
        assert code(await client.get("/api/v1/packages")) == (401, "INVALID_API_KEY")


async def test_another_tenants_key_finds_nothing_and_learns_nothing(host: Any) -> None:
    package = await host.course()
    await host.launch(package)
    async with host.client("OTHER") as client:
        body = {"user_id": "u1", "session_id": "s1"}
        for method, path, expected, arguments in [
            ("GET", f"/api/v1/packages/{package}", "PACKAGE_NOT_FOUND", {}),
            ("DELETE", f"/api/v1/packages/{package}", "PACKAGE_NOT_FOUND", {}),
            ("POST", f"/api/v1/packages/{package}/launch", "PACKAGE_NOT_FOUND", {"json": body}),
            ("GET", "/api/v1/sessions/s1", "SESSION_NOT_FOUND", {}),
            ("PUT", "/api/v1/sessions/s1", "SESSION_NOT_FOUND", {"json": {"version": 1}}),
            ("DELETE", "/api/v1/sessions/s1", "SESSION_NOT_FOUND", {}),
            ("POST", "/api/v1/sessions/s1/attempts", "SESSION_NOT_FOUND", {}),
            ("GET", "/api/v1/sessions/s1/commits", "SESSION_NOT_FOUND", {}),
        ]:
            known = await client.request(method, path, **arguments)
            unknown = await client.request(method, path.replace("s1", "s0").replace(package, "pkg_0"), **arguments)
            assert code(known) == (404, expected)
            assert known.json()["error"] == unknown.json()["error"]
        assert (await client.get("/api/v1/sessions")).json() == {"sessions": [], "next_cursor": None}
        assert (await client.get("/api/v1/packages")).json() == {"packages": [], "next_cursor": None}


async def test_the_same_session_id_in_two_tenants_is_two_sessions(host: Any) -> None:
    await host.launch(await host.course())
    other = await host.course(tenant_id="other")
    async with host.client("OTHER") as client:
        body = {"user_id": "u2", "session_id": "s1"}
        assert (await client.post(f"/api/v1/packages/{other}/launch", json=body)).status_code == 200
        assert (await client.get("/api/v1/sessions/s1")).json()["user_id"] == "u2"
    async with host.client() as client:
        assert (await client.get("/api/v1/sessions/s1")).json()["user_id"] == "u1"


# -- the host's own login


async def test_a_signed_in_user_reads_their_own_sessions_and_nobody_elses(host_with_login: Any) -> None:
    host = host_with_login
    package = await host.course()
    await host.launch(package, "mine", "ada")
    await host.launch(package, "theirs", "bob")
    async with host.client(None, user="ada") as client:
        assert (await client.get("/api/v1/sessions/mine")).json()["id"] == "mine"
        for rest in ("", "/attempts", "/activities", "/activities/item_1", "/interactions", "/commits"):
            assert (await client.get(f"/api/v1/sessions/mine{rest}")).status_code == 200
            assert code(await client.get(f"/api/v1/sessions/theirs{rest}")) == (404, "SESSION_NOT_FOUND")
        listed = (await client.get("/api/v1/sessions")).json()["sessions"]
        assert [session["id"] for session in listed] == ["mine"]
        same = (await client.get("/api/v1/sessions", params={"user_id": "ada", "package_id": package})).json()[
            "sessions"
        ]
        assert [session["id"] for session in same] == ["mine"]
        assert code(await client.get("/api/v1/sessions", params={"user_id": "bob"})) == (403, "FORBIDDEN")


async def test_a_signed_in_user_changes_nothing_unless_the_host_says_so(host_with_login: Any) -> None:
    host = host_with_login
    package = await host.course()
    await host.launch(package, "mine", "ada")
    zip_file = {"file": host.package_file().read_bytes()}
    async with host.client(None, user="ada") as client:
        for method, path, arguments in [
            ("PUT", "/api/v1/sessions/mine", {"json": {"version": 1, "completion_status": "completed"}}),
            ("DELETE", "/api/v1/sessions/mine", {}),
            ("POST", "/api/v1/sessions/mine/attempts", {}),
            ("POST", f"/api/v1/packages/{package}/launch", {"json": {"session_id": "new"}}),
            ("POST", "/api/v1/packages", {"files": zip_file}),
            ("DELETE", f"/api/v1/packages/{package}", {}),
            ("POST", "/api/v1/sessions/external", {"json": {"token": "t", "package_id": package}}),
        ]:
            assert code(await client.request(method, path, **arguments)) == (403, "FORBIDDEN")
        assert code(await client.get(f"/api/v1/packages/{package}")) == (404, "PACKAGE_NOT_FOUND")
        assert (await client.get("/api/v1/packages")).json()["packages"] == []
        assert code(await client.get("/api/v1/sessions/new")) == (404, "SESSION_NOT_FOUND")
        session = (await client.get("/api/v1/sessions/mine")).json()
        assert session["version"] == 1


async def test_a_signed_in_user_opens_their_own_session_again(host_with_login: Any) -> None:
    host = host_with_login
    package = await host.course()
    await host.launch(package, "mine", "ada")
    await host.launch(package, "theirs", "bob")
    path = f"/api/v1/packages/{package}/launch"
    async with host.client(None, user="ada") as client:
        again = await client.post(path, json={"session_id": "mine"})
        assert again.status_code == 200
        assert again.json()["user_id"] == "ada"
        assert again.json()["player_url"] == "http://host/scorm/player/mine"
        assert code(await client.post(path, json={"session_id": "theirs"})) == (403, "FORBIDDEN")
        assert code(await client.post(path, json={"session_id": "mine", "user_id": "bob"})) == (403, "FORBIDDEN")


@pytest.mark.parametrize("is_async", [True, False])
async def test_authorize_decides_everything_else(make_host: Any, login: Any, is_async: bool) -> None:
    asked: list[tuple[str, str, str | None]] = []

    def authorize(learner: Learner, action: str, subject: Any) -> bool:
        asked.append((learner.id, action, None if subject is None else subject["id"]))
        return learner.id == "teacher"

    async def authorize_async(learner: Learner, action: str, subject: Any) -> bool:
        return authorize(learner, action, subject)

    host = make_host(learner=login, authorize=authorize_async if is_async else authorize)
    package = await host.course()
    await host.launch(package, "s1", "ada")
    zip_file = {"file": host.package_file().read_bytes()}
    calls: list[tuple[str, str, dict[str, Any], int]] = [
        ("GET", f"/api/v1/packages/{package}", {}, 200),
        ("GET", "/api/v1/sessions/s1", {}, 200),
        ("PUT", "/api/v1/sessions/s1", {"json": {"version": 1, "completion_status": "completed"}}, 200),
        ("POST", f"/api/v1/packages/{package}/launch", {"json": {"session_id": "t1"}}, 200),
        ("POST", "/api/v1/packages", {"files": zip_file}, 201),
        ("DELETE", "/api/v1/sessions/s1", {}, 204),
    ]
    async with host.client(None, user="teacher") as client:
        for method, path, arguments, status in calls:
            assert (await client.request(method, path, **arguments)).status_code == status
    assert asked == [
        ("teacher", "read", package),
        ("teacher", "read", "s1"),
        ("teacher", "update", "s1"),
        ("teacher", "launch", package),
        ("teacher", "import", None),
        ("teacher", "delete", "s1"),
    ]
    async with host.client(None, user="eve") as client:
        assert code(await client.post("/api/v1/packages", files=zip_file)) == (403, "FORBIDDEN")
        assert code(await client.post(f"/api/v1/packages/{package}/launch", json={})) == (403, "FORBIDDEN")


async def test_an_authorize_that_fails_lets_nobody_in_and_tells_nothing(
    make_host: Any, login: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def authorize(learner: Learner, action: str, subject: Any) -> bool:
        raise KeyError("internal detail")

    host = make_host(learner=login, authorize=authorize)
    package = await host.course()
    async with host.client(None, user="ada") as client:
        response = await client.get(f"/api/v1/packages/{package}")
    assert code(response) == (500, "INTERNAL_ERROR")
    assert "internal detail" not in response.text
    assert "internal detail" in caplog.text


@pytest.mark.parametrize("status", [401, 403])
async def test_an_authorize_that_raises_what_the_frameworks_own_checks_raise_has_said_no(
    make_host: Any, login: Any, status: int
) -> None:
    def authorize(learner: Learner, action: str, subject: Any) -> bool:
        raise HTTPException(status)

    host = make_host(learner=login, authorize=authorize)
    package = await host.course()
    async with host.client(None, user="ada") as client:
        assert code(await client.get(f"/api/v1/packages/{package}")) == (404, "PACKAGE_NOT_FOUND")


@pytest.mark.parametrize("kind", ["async", "sync", "callable object"])
async def test_the_login_may_be_any_callable(make_host: Any, login: Any, kind: str) -> None:
    async def find_async(connection: Any) -> Learner | None:
        return login(connection)

    class Finder:
        async def __call__(self, connection: Any) -> Learner | None:
            return login(connection)

    learner = {"async": find_async, "sync": login, "callable object": Finder()}[kind]
    host = make_host(learner=learner)
    await host.launch(await host.course(), "mine", "ada")
    async with host.client(None, user="ada") as client:
        assert (await client.get("/api/v1/sessions/mine")).status_code == 200


async def test_a_login_that_raises_401_means_nobody(make_host: Any) -> None:
    def learner(connection: Any) -> Learner:
        raise HTTPException(401)

    async with make_host(learner=learner).client(None) as client:
        assert code(await client.get("/api/v1/sessions")) == (401, "UNAUTHORIZED")


async def test_a_login_that_gives_something_else_is_the_hosts_mistake(
    make_host: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with make_host(learner=lambda _: "ada").client(None) as client:
        assert code(await client.get("/api/v1/sessions")) == (500, "INTERNAL_ERROR")
    assert "must give a Learner" in caplog.text


async def test_the_hosts_own_bearer_tokens_reach_its_login(make_host: Any) -> None:
    def learner(connection: Any) -> Learner | None:
        return Learner("ada") if connection.headers.get("authorization") == "Bearer host-token" else None

    host = make_host(learner=learner)
    async with host.client(None) as client:
        assert (await client.get("/api/v1/sessions", headers={"Authorization": "Bearer host-token"})).status_code == 200
        wrong = await client.get("/api/v1/sessions", headers={"Authorization": "Bearer other"})
        assert code(wrong) == (401, "INVALID_API_KEY")


async def test_a_wrong_key_is_not_made_good_by_a_login(host_with_login: Any) -> None:
    async with host_with_login.client("WRONG", user="ada") as client:
        assert code(await client.get("/api/v1/sessions")) == (401, "INVALID_API_KEY")


async def test_a_learner_of_another_tenant_finds_nothing(host_with_login: Any) -> None:
    host = host_with_login
    await host.launch(await host.course(), "s1", "ada")
    async with host.client(None, user="ada") as client:
        client.cookies.set("tenant", "other")
        assert code(await client.get("/api/v1/sessions/s1")) == (404, "SESSION_NOT_FOUND")
        assert (await client.get("/player/s1")).status_code == 404


# -- cross-site requests that ride on the host's cookies

CROSS_SITE = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://host"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://host.evil.example"},
    {"Origin": "http://host:8080"},
    {"Origin": "http://evil.example", "X-Forwarded-Host": "evil.example"},
]
SAME_ORIGIN = [
    {},
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "http://host"},
    {"Origin": "https://host"},
]


@pytest.mark.parametrize("headers", CROSS_SITE)
async def test_a_page_of_another_site_changes_nothing(make_host: Any, login: Any, headers: dict[str, str]) -> None:
    host = make_host(learner=login, authorize=lambda *_: True)
    package = await host.course()
    await host.launch(package, "mine", "ada")
    async with host.client(None, user="ada") as client:
        for method, path in [
            ("POST", f"/api/v1/packages/{package}/launch"),
            ("PUT", "/api/v1/sessions/mine"),
            ("DELETE", "/api/v1/sessions/mine"),
            ("POST", "/api/v1/sessions/mine/attempts"),
            ("DELETE", f"/api/v1/packages/{package}"),
        ]:
            response = await client.request(method, path, headers=headers, json={"version": 1})
            assert code(response) == (403, "FORBIDDEN")
        assert (await client.get("/api/v1/sessions/mine")).json()["version"] == 1


@pytest.mark.parametrize("headers", SAME_ORIGIN)
async def test_the_hosts_own_pages_may_change_things(make_host: Any, login: Any, headers: dict[str, str]) -> None:
    host = make_host(learner=login, authorize=lambda *_: True)
    package = await host.course()
    async with host.client(None, user="ada") as client:
        response = await client.post(f"/api/v1/packages/{package}/launch", headers=headers, json={})
        assert response.status_code == 200


async def test_the_configured_base_url_counts_as_the_own_origin(make_host: Any, login: Any) -> None:
    host = make_host(learner=login, authorize=lambda *_: True, base_url="https://public.example/scorm")
    package = await host.course()
    async with host.client(None, user="ada") as client:
        headers = {"Origin": "https://public.example"}
        assert (await client.post(f"/api/v1/packages/{package}/launch", headers=headers, json={})).status_code == 200


@pytest.mark.parametrize("headers", CROSS_SITE)
async def test_requests_with_an_api_key_need_no_origin(host: Any, headers: dict[str, str]) -> None:
    package = await host.course()
    async with host.client() as client:
        response = await client.post(f"/api/v1/packages/{package}/launch", headers=headers, json={"user_id": "u"})
        assert response.status_code == 200


async def test_no_token_reaches_a_log(
    host: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    launched = await host.launch(await host.course())
    boot = await host.open(launched["launch_url"])
    signed = boot["run"].split("/")[-2]

    async def fail(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("the database is on fire")

    service = host.scorm._parts().service
    monkeypatch.setattr(service, "player_page", fail)
    monkeypatch.setattr(service, "start", fail)
    async with host.client(None) as client:
        assert (await client.get(launched["launch_url"])).status_code == 500
        assert (await client.post("http://host" + boot["run"] + "start", json={})).status_code == 500
        assert (await client.get(launched["launch_url"] + "x")).status_code == 401
    # The test's own client logs what it calls.
    logged = "".join(caplog.handler.format(record) for record in caplog.records if record.name != "httpx")
    assert "the database is on fire" in logged
    assert launched["launch_token"] not in logged
    assert signed not in logged
