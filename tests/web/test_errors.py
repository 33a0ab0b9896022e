"""Whatever goes wrong, the answer has the one shape and says nothing of the inside."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect

from scorm_embed import (
    ApiKey,
    MemoryContent,
    MemoryStorage,
    ScormEmbed,
    ScormEmbedError,
    StorageUnavailableError,
    errors,
)
from scorm_embed.testing.package_builder import build_package
from scorm_embed.web.openapi.document import STATUSES
from scorm_embed.web.responses import plain, to_json
from scorm_embed.web.routes.table import ROUTES

pytestmark = pytest.mark.anyio


def code(response: httpx.Response) -> tuple[int, str]:
    body = response.json()
    assert set(body) == {"error", "code", "details"}
    assert isinstance(body["error"], str)
    assert isinstance(body["details"], dict)
    assert response.headers["content-type"] == "application/json"
    return response.status_code, body["code"]


@pytest.mark.parametrize(
    "path", ["", "/", "/api", "/api/v1", "/api/v2/sessions", "/api/v1/sessions/", "/player", "/player/"]
)
async def test_an_unknown_path_is_not_found(host: Any, path: str) -> None:
    async with host.client() as client:
        assert code(await client.get(path)) == (404, "NOT_FOUND")


async def test_a_wrong_method_says_which_are_right(host: Any) -> None:
    async with host.client() as client:
        response = await client.patch("/api/v1/sessions/s1")
        assert code(response) == (405, "METHOD_NOT_ALLOWED")
        assert response.headers["allow"] == "DELETE, GET, HEAD, PUT"
        assert code(await client.request("<SCRIPT>", "/api/v1/health")) == (405, "METHOD_NOT_ALLOWED")
        assert code(await client.options("/api/v1/health")) == (405, "METHOD_NOT_ALLOWED")


async def test_head_answers_like_get_without_a_body(host: Any) -> None:
    async with host.client() as client:
        for path in ("/api/v1/health", "/api/v1/sessions/unknown"):
            head, get = await client.head(path), await client.get(path)
            assert head.status_code == get.status_code
            assert head.headers == get.headers
            assert head.content == b""


async def test_a_database_that_is_away_is_said_so_and_tried_again(host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*args: Any, **kwargs: Any) -> Any:
        raise StorageUnavailableError("The database cannot be reached.")

    service = host.scorm._parts().service
    monkeypatch.setattr(service, "packages", fail)
    async with host.client() as client:
        for path in ("/api/v1/health", "/api/v1/packages"):
            response = await client.get(path)
            assert code(response) == (503, "STORAGE_UNAVAILABLE")
            assert response.headers["retry-after"] == "5"


@pytest.mark.parametrize(
    "failure",
    [
        RuntimeError("password=hunter2"),
        ScormEmbedError("password=hunter2"),
        errors.ConfigurationError("password=hunter2"),
    ],
)
async def test_what_nobody_foresaw_is_logged_and_not_told(
    host: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, failure: Exception
) -> None:
    async def fail(*args: Any, **kwargs: Any) -> Any:
        raise failure

    monkeypatch.setattr(host.scorm._parts().service, "packages", fail)
    async with host.client() as client:
        response = await client.get("/api/v1/packages")
    assert code(response) == (500, "INTERNAL_ERROR")
    assert "hunter2" not in response.text
    assert "hunter2" in caplog.text
    assert "GET /api/v1/packages failed" in caplog.text


async def test_a_client_that_goes_away_is_no_failure(host: Any, caplog: pytest.LogCaptureFixture) -> None:
    async def receive() -> Any:
        return {"type": "http.disconnect"}

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/v1/sessions/external",
        "raw_path": b"/api/v1/sessions/external",
        "root_path": "",
        "query_string": b"",
        "headers": [(b"x-api-key", b"ADMIN"), (b"content-type", b"application/json"), (b"host", b"h")],
    }
    await host.scorm(scope, receive, send)
    assert sent[0]["status"] == 400
    assert caplog.text == ""
    assert ClientDisconnect.__module__ == "starlette.requests"


async def test_answers_of_the_api_are_kept_by_nobody_and_shown_in_no_frame(host: Any) -> None:
    async with host.client() as client:
        for response in (await client.get("/api/v1/packages"), await client.get("/api/v1/packages/x")):
            assert response.headers["cache-control"] == "no-store"
            assert response.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
            assert response.headers["x-content-type-options"] == "nosniff"


def test_every_error_class_has_a_code_that_the_api_documents() -> None:
    found = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, ScormEmbedError)]
    unseen = {"CONFIGURATION_ERROR", "CONFLICT", "INTERNAL_ERROR"}
    for error in found:
        assert error.default_code in unseen or STATUSES[error.default_code] == error.status


def test_whole_numbers_lose_their_fraction_and_times_their_microseconds() -> None:
    assert plain({"a": 75.0, "b": [0.75, -0.0], "c": (1, None, True)}) == {
        "a": 75,
        "b": [0.75, 0],
        "c": [1, None, True],
    }
    assert to_json({"a": 75.0, "b": True, "c": "ü"}) == '{"a":75,"b":true,"c":"ü"}'.encode()
    assert to_json({"a": "\ud800"}) == b'{"a":"\\ud800"}'
    with pytest.raises(ValueError, match="JSON"):
        to_json({"a": float("nan")})
    with pytest.raises(TypeError):
        to_json({"a": object()})


# -- anything at all

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(string.printable, max_size=10), inner, max_size=4)
    ),
    max_leaves=8,
)
NAMES = [
    "user_id",
    "session_id",
    "learner_name",
    "mode",
    "return_url",
    "launch_token_ttl_seconds",
    "token",
    "package_id",
    "version",
    "cmi_data",
    "completion_status",
    "success_status",
    "score",
    "session_time",
    "progress_measure",
    "recover",
    "language",
    "launch",
    "view",
    "commits",
    "navigate",
    "leave",
]
FIELDS = st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, JSON))
CALLS = [(route.method, route.path) for route in ROUTES]
QUERY = st.dictionaries(
    st.sampled_from(["limit", "cursor", "attempt", "force", "user_id", "updated_since", "completion_status", "token"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    max_size=3,
)


async def answered(
    call: tuple[str, str], values: dict[str, str], body: Any, query: dict[str, str], scorm: ScormEmbed
) -> int:
    path = call[1]
    for name, value in values.items():
        path = path.replace(name, "".join(f"%{byte:02X}" for byte in value.encode("utf-8")))
    transport = httpx.ASGITransport(scorm)
    async with httpx.AsyncClient(transport=transport, base_url="http://h", headers={"X-API-Key": "KEY"}) as client:
        response = await client.request(call[0], path, json=body, params=query)
    assert response.status_code < 500, response.text
    return response.status_code


def player() -> ScormEmbed:
    return ScormEmbed(
        secret_key="x" * 32,
        storage=MemoryStorage(),
        content=MemoryContent(),
        api_keys=[ApiKey("KEY")],
        base_url="http://h",
    )


@settings(max_examples=150, deadline=None)
@given(
    call=st.sampled_from(CALLS),
    name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12),
    body=FIELDS,
    query=QUERY,
)
def test_no_request_for_what_is_not_there_is_an_internal_error(
    call: tuple[str, str], name: str, body: dict[str, Any], query: dict[str, str]
) -> None:
    names = ("{package_id}", "{session_id}", "{activity_id}", "{build}", "{signed}", "{path*}")
    anyio.run(answered, call, dict.fromkeys(names, name), body, query, player())


@settings(max_examples=100, deadline=None)
@given(
    call=st.sampled_from(CALLS), body=FIELDS, query=QUERY, keeps=st.sets(st.sampled_from(["user", "version", "view"]))
)
def test_no_request_for_what_is_there_is_an_internal_error(
    course: Path, call: tuple[str, str], body: dict[str, Any], query: dict[str, str], keeps: set[str]
) -> None:
    async def run() -> None:
        scorm = player()
        package = await scorm.import_package(course)
        launched = await scorm.launch(package["id"], "u", session_id="s")
        parts = scorm._parts()
        claim = parts.tokens.read_launch_token(launched["launch_token"], "s")
        started = await parts.service.start("default", "s", claim.launch_id, {}, lambda digest, path: path)
        if "content" in call[1]:
            signed = parts.tokens.content_segment(
                "s", (await parts.service.package_record("default", package["id"])).digest
            )
        else:
            signed = parts.tokens.run_segment("default", "s", claim.launch_id)
        right = {"user_id": "u", "version": started["view"]["summary"]["version"], "launch": started["view"]["launch"]}
        names = {"user": "user_id", "version": "version", "view": "launch"}
        kept = {names[keep]: right[names[keep]] for keep in keeps}
        values = {"{package_id}": package["id"], "{session_id}": "s", "{activity_id}": "item_1", "{signed}": signed}
        await answered(call, {**values, "{path*}": "x", "{build}": "b"}, {**body, **kept}, query, scorm)

    anyio.run(run)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("course") / "course.zip"
    path.write_bytes(build_package())
    return path
