from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import httpx
import jwt
import pytest

from scorm_embed import ExternalIssuer

pytestmark = pytest.mark.anyio

SHARED = "a shared secret that is long enough for HS256"
ISSUER = ExternalIssuer("https://partner", key=SHARED, algorithms=["HS256"], claims={"session_id": "session"})


def code(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def token(**claims: Any) -> str:
    return jwt.encode({"iss": "https://partner", "sub": "p-1", "name": "Ada", "exp": 4_000_000_000, **claims}, SHARED)


async def launch(host: Any, package: str, body: Any, key: str = "WRITE", **arguments: Any) -> httpx.Response:
    async with host.client(key) as client:
        response: httpx.Response = await client.post(f"/api/v1/packages/{package}/launch", json=body, **arguments)
        return response


async def test_a_launch_answers_with_the_documented_fields(host: Any) -> None:
    package = await host.course()
    response = await launch(host, package, {"user_id": "user-123", "session_id": "session-456"})
    assert response.status_code == 200
    body = response.json()
    assert list(body) == [
        "player_url",
        "session_id",
        "package_id",
        "user_id",
        "expires_at",
        "launch_url",
        "launch_token",
        "expires_in_seconds",
    ]
    assert (body["session_id"], body["package_id"], body["user_id"]) == ("session-456", package, "user-123")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", body["expires_at"])
    assert body["launch_url"] == f"http://host/scorm/player/session-456?token={body['launch_token']}"
    assert body["player_url"] == body["launch_url"]
    assert body["expires_in_seconds"] == 14_400
    left = datetime.fromisoformat(body["expires_at"]) - datetime.now(UTC)
    assert 14_390 < left.total_seconds() <= 14_400


async def test_with_a_login_the_player_url_is_clean(host_with_login: Any) -> None:
    body = (await launch(host_with_login, await host_with_login.course(), {"user_id": "ada", "session_id": "s"})).json()
    assert body["player_url"] == "http://host/scorm/player/s"
    assert body["launch_url"].startswith("http://host/scorm/player/s?token=")


async def test_a_session_id_is_made_when_absent(host: Any) -> None:
    package = await host.course()
    first = (await launch(host, package, {"user_id": "u"})).json()["session_id"]
    second = (await launch(host, package, {"user_id": "u"})).json()["session_id"]
    assert first
    assert first != second


async def test_launching_a_session_again_makes_no_second_one(host: Any) -> None:
    package = await host.course()
    for _ in range(2):
        assert (await launch(host, package, {"user_id": "u", "session_id": "s"})).status_code == 200
    async with host.client() as client:
        assert [entry["id"] for entry in (await client.get("/api/v1/sessions")).json()["sessions"]] == ["s"]


async def test_a_session_of_another_user_or_package_is_a_duplicate(host: Any) -> None:
    package, other = await host.course(), await host.course(title="Other")
    await launch(host, package, {"user_id": "u", "session_id": "s"})
    assert code(await launch(host, package, {"user_id": "v", "session_id": "s"})) == (409, "DUPLICATE_ENTRY")
    assert code(await launch(host, other, {"user_id": "u", "session_id": "s"})) == (409, "DUPLICATE_ENTRY")


@pytest.mark.parametrize(
    "session_id",
    ["a/b", "50%", "%2F", "ü/日本語", "a b", "a?b#c", "a\\b", "...", "q&r=s", "a:b", "x" * 255, "external", "😀"],
)
async def test_any_session_id_can_be_launched_played_and_read(host: Any, session_id: str) -> None:
    launched = (await launch(host, await host.course(), {"user_id": "u", "session_id": session_id})).json()
    assert launched["session_id"] == session_id
    view = (await host.start(await host.open(launched["launch_url"])))["view"]
    async with host.client() as client:
        assert (await client.get("http://host" + view["activity"]["url"])).status_code == 200
        quoted = launched["launch_url"].partition("?")[0].rpartition("/")[2]
        assert (await client.get(f"/api/v1/sessions/{quoted}")).json()["id"] == session_id
        assert (await client.get(f"/api/v1/sessions/{quoted}/attempts")).status_code == 200


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({}, ["user_id"]),
        ({"user_id": None}, ["user_id"]),
        ({"user_id": ""}, ["user_id"]),
        ({"user_id": 5, "session_id": ["s"]}, ["user_id", "session_id"]),
        ({"user_id": "x" * 256}, ["user_id"]),
        ({"user_id": "u", "session_id": ".."}, ["session_id"]),
        ({"user_id": "u", "session_id": "a\0b"}, ["session_id"]),
        ({"user_id": "u", "learner_name": "n" * 256}, ["learner_name"]),
        ({"user_id": "u", "learner_name": {}}, ["learner_name"]),
        ({"user_id": "u", "mode": "exam"}, ["mode"]),
        ({"user_id": "u", "return_url": "javascript:alert(1)"}, ["return_url"]),
        ({"user_id": "u", "return_url": "//evil.example"}, ["return_url"]),
        ({"user_id": "u", "launch_token_ttl_seconds": "600"}, ["launch_token_ttl_seconds"]),
        ({"user_id": "u", "launch_token_ttl_seconds": True}, ["launch_token_ttl_seconds"]),
    ],
)
async def test_wrong_fields_are_all_named_and_nothing_is_made(
    host: Any, body: dict[str, Any], paths: list[str]
) -> None:
    response = await launch(host, await host.course(), body)
    assert code(response) == (400, "INVALID_REQUEST")
    assert [fault["path"] for fault in response.json()["details"]["fields"]] == paths
    async with host.client() as client:
        assert (await client.get("/api/v1/sessions")).json()["sessions"] == []


async def test_what_is_unknown_is_left_alone(host: Any) -> None:
    body = {"user_id": "u", "colour": "red", "nested": {"a": [1]}}
    assert (await launch(host, await host.course(), body)).status_code == 200


@pytest.mark.parametrize(("asked", "given"), [(1, 100), (100, 100), (600, 600), (10**9, 1_000), (-5, 100), (None, 500)])
async def test_the_ttl_is_brought_into_the_range_and_told(make_host: Any, asked: int | None, given: int) -> None:
    host = make_host(launch_ttl_seconds=500, launch_ttl_seconds_min=100, launch_ttl_seconds_max=1_000)
    response = await launch(host, await host.course(), {"user_id": "u", "launch_token_ttl_seconds": asked})
    assert response.json()["expires_in_seconds"] == given


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"user_id": NaN}', b"\xff", b"[" * 100_000])
async def test_a_body_that_is_no_json_object_is_refused(host: Any, content: bytes) -> None:
    package = await host.course()
    async with host.client() as client:
        headers = {"Content-Type": "application/json"}
        response = await client.post(f"/api/v1/packages/{package}/launch", content=content, headers=headers)
    assert code(response) == (400, "INVALID_REQUEST")


async def test_another_media_type_is_refused(host: Any) -> None:
    package = await host.course()
    async with host.client() as client:
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            headers = {"Content-Type": kind}
            response = await client.post(f"/api/v1/packages/{package}/launch", content=b"{}", headers=headers)
            assert code(response) == (415, "UNSUPPORTED_MEDIA_TYPE")
        headers = {"Content-Type": "Application/JSON; charset=utf-8"}
        content = b'{"user_id": "u"}'
        good = await client.post(f"/api/v1/packages/{package}/launch", content=content, headers=headers)
        assert good.status_code == 200


async def test_a_body_is_limited_to_the_byte(make_host: Any) -> None:
    body = b'{"user_id": "u"}'
    for limit, status in ((len(body), 200), (len(body) - 1, 413)):
        host = make_host(request_bytes_max=limit)
        package = await host.course()
        async with host.client() as client:
            headers = {"Content-Type": "application/json"}
            response = await client.post(f"/api/v1/packages/{package}/launch", content=body, headers=headers)
        assert response.status_code == status
        if status == 413:
            assert response.json()["code"] == "PAYLOAD_TOO_LARGE"
            assert response.json()["details"] == {"bytes_max": limit}


async def test_urls_follow_the_request_or_the_option(make_host: Any) -> None:
    host = make_host()
    package = await host.course()
    path = f"/api/v1/packages/{package}/launch"
    async with host.client(origin="https://lms.example:8443") as client:
        body = (await client.post(path, json={"user_id": "u", "session_id": "s"})).json()
        assert body["player_url"].startswith("https://lms.example:8443/scorm/player/s?token=")
        spoofed = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "Forwarded": "host=evil.example"}
        body = (await client.post(path, json={"user_id": "u", "session_id": "s"}, headers=spoofed)).json()
        assert body["player_url"].startswith("https://lms.example:8443/scorm/player/s?token=")
    host = make_host(base_url="https://public.example/learn")
    package = await host.course()
    body = (await launch(host, package, {"user_id": "u", "session_id": "s"}, headers={"Host": "evil.example"})).json()
    assert body["player_url"].startswith("https://public.example/learn/player/s?token=")


@pytest.mark.parametrize("name", ["evil.example/x", "a b", "user@evil.example", "evil.example#", "\\evil"])
async def test_a_host_header_that_would_bend_the_url_is_refused(host: Any, name: str) -> None:
    response = await launch(host, await host.course(), {"user_id": "u"}, headers={"Host": name})
    assert code(response) == (400, "INVALID_REQUEST")


async def test_one_package_is_launched_for_many_users_in_a_loop(host: Any) -> None:
    package = await host.course()
    urls = [(await launch(host, package, {"user_id": f"user-{n}"})).json()["player_url"] for n in range(20)]
    assert len(set(urls)) == 20


# -- another system's learners


async def external(host: Any, body: Any, key: str = "WRITE") -> httpx.Response:
    async with host.client(key) as client:
        response: httpx.Response = await client.post("/api/v1/sessions/external", json=body)
        return response


async def test_a_partners_token_gives_a_launch_for_the_learner_that_it_names(make_host: Any) -> None:
    host = make_host(external_issuers=[ISSUER])
    package = await host.course()
    response = await external(host, {"token": token(), "package_id": package, "launch_token_ttl_seconds": 600})
    assert response.status_code == 200
    body = response.json()
    assert {"session_id", "launch_url", "launch_token"} <= set(body)
    assert (body["user_id"], body["expires_in_seconds"]) == ("p-1", 600)
    view = (await host.start(await host.open(body["launch_url"])))["view"]
    assert view["activity"]["data"]["cmi.core.student_id"] == "p-1"
    assert view["activity"]["data"]["cmi.core.student_name"] == "Ada"


async def test_an_external_launch_carries_its_token_even_where_the_host_has_a_login(make_host: Any, login: Any) -> None:
    host = make_host(external_issuers=[ISSUER], learner=login)
    body = (await external(host, {"token": token(), "package_id": await host.course()})).json()
    assert body["player_url"] == body["launch_url"]


async def test_an_external_learner_finds_their_session_again(make_host: Any) -> None:
    host = make_host(external_issuers=[ISSUER])
    package = await host.course()
    first = (await external(host, {"token": token(), "package_id": package})).json()["session_id"]
    assert (await external(host, {"token": token(), "package_id": package})).json()["session_id"] == first
    assert (await external(host, {"token": token(sub="p-2"), "package_id": package})).json()["session_id"] != first
    named = await external(host, {"token": token(session="their-own"), "package_id": package})
    assert named.json()["session_id"] == "their-own"
    taken = await external(host, {"token": token(sub="p-2", session="their-own"), "package_id": package})
    assert code(taken) == (409, "DUPLICATE_ENTRY")


async def test_a_bad_external_token_is_refused(make_host: Any) -> None:
    host = make_host(external_issuers=[ISSUER])
    package = await host.course()
    assert code(await external(host, {"token": token(exp=1_000), "package_id": package})) == (401, "EXPIRED_TOKEN")
    assert code(await external(host, {"token": "a.b.c", "package_id": package})) == (401, "INVALID_TOKEN")
    assert code(await external(host, {"token": token(iss="x"), "package_id": package})) == (401, "INVALID_TOKEN")
    none = jwt.encode({"iss": "https://partner", "sub": "p", "exp": 4_000_000_000}, None, algorithm="none")
    assert code(await external(host, {"token": none, "package_id": package})) == (401, "INVALID_TOKEN")
    assert code(await external(host, {"token": token(), "package_id": "pkg_0"})) == (404, "PACKAGE_NOT_FOUND")
    missing = await external(host, {})
    assert [fault["path"] for fault in missing.json()["details"]["fields"]] == ["token", "package_id"]
    async with host.client() as client:
        assert (await client.get("/api/v1/sessions")).json()["sessions"] == []


async def test_without_issuers_no_external_token_is_valid(host: Any) -> None:
    assert code(await external(host, {"token": token(), "package_id": await host.course()})) == (401, "INVALID_TOKEN")
