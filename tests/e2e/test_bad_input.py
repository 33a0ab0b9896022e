"""Bad input over real connections: each has its answer, nothing is changed or lost, nothing leaks.

Every variant of a wrong field is tested without a server (tests/web); here are one of each kind and what only a
connection can show: uploads that break off, bodies shorter than promised, paths as they go over the wire.
"""

from __future__ import annotations

import json
import re
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from scorm_embed.core.standard import Standard
from scorm_embed.testing.package_builder import Defect, build_package, zip_files
from scorm_embed.web.tokens import LaunchClaim, Tokens

SECRET = "a secret of the server, which no answer may show"
APP = f"""
import os
from datetime import UTC, datetime
from scorm_embed import ApiKey, DirectoryContent, ScormEmbed, SQLStorage

scorm = ScormEmbed(
    secret_key={SECRET!r},
    storage=SQLStorage("sqlite:///" + os.environ["FOLDER"] + "/bad.db"),
    content=DirectoryContent(os.environ["FOLDER"] + "/content"),
    api_keys=[
        ApiKey("admin-key"),
        ApiKey("write-key", scopes=["write"]),
        ApiKey("read-key", scopes=["read"]),
        ApiKey("stranger-key", tenant_id="strangers"),
        ApiKey("old-key", expires_at=datetime(2020, 1, 1, tzinfo=UTC)),
    ],
)
"""
LAUNCH = {"user_id": "ada", "session_id": "new"}


@dataclass
class Target:
    """A server with one course and the sessions ``ada`` and ``bob``."""

    url: str
    folder: Path
    package: str
    log: Path
    tokens: dict[str, str]
    runs: dict[str, str]
    """Each session's signed path of the player's calls."""

    def state(self) -> Any:
        """Everything there is."""
        with httpx.Client(base_url=self.url, headers={"X-API-Key": "admin-key"}, timeout=60) as client:
            sessions = client.get("/api/v1/sessions").json()["sessions"]
            return client.get("/api/v1/packages").json(), sessions, sorted(self.folder.glob("content/**/*.zip"))


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory, serving: Callable[..., Any]) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("bad")
    (folder / "tmp").mkdir()
    (folder / "bad_input_app.py").write_text(APP, encoding="utf-8")
    command = [str(Path(sys.executable).with_name("uvicorn")), "bad_input_app:scorm", "--port", "{port}"]
    with serving(folder) as start:
        server = start(command, ready="/api/v1/health", cwd=folder, FOLDER=str(folder), TMPDIR=str(folder / "tmp"))
        with httpx.Client(base_url=server.url, headers={"X-API-Key": "admin-key"}, timeout=60) as client:
            package = client.post("/api/v1/packages", files={"file": build_package()}).json()["id"]
            tokens, runs = {}, {}
            for user in ("ada", "bob"):
                body = {"user_id": user, "session_id": user}
                launched = client.post(f"/api/v1/packages/{package}/launch", json=body).json()
                tokens[user] = launched["launch_token"]
                page = client.get(launched["launch_url"]).text
                found = re.search(r'id="boot">(.*?)</script>', page, re.DOTALL)
                assert found is not None
                runs[user] = json.loads(found[1])["run"]
                assert client.post(f"{runs[user]}start", json={"recover": []}).status_code == 200
        yield Target(server.url, folder, package, server.log, tokens, runs)
    log = server.log.read_text()
    assert "Traceback" not in log
    assert SECRET not in log


@pytest.fixture
def unchanged(target: Target) -> Iterator[Target]:
    """The server, which must be the same afterwards."""
    before = target.state()
    yield target
    assert target.state() == before


def _refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Check the shape of an error and that it tells nothing; gives its details."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) == {"error", "code", "details"}
    assert body["code"] == code
    assert answer.headers["content-type"] == "application/json"
    for secret in (SECRET, "-key", "Traceback", "site-packages", "sqlite", "/tmp", "SELECT", "bob"):
        assert secret not in answer.text
    return dict(body["details"])


S, P, L = "/api/v1/sessions/ada", "/api/v1/packages", "/api/v1/packages/{package}/launch"
REQUESTS: list[tuple[str, str, str, str | None, Any, int, str]] = [
    ("no key", "GET", S, None, None, 401, "UNAUTHORIZED"),
    ("wrong key", "GET", S, "wrong-key", None, 401, "INVALID_API_KEY"),
    ("expired key", "GET", S, "old-key", None, 401, "EXPIRED_API_KEY"),
    ("key of another tenant, session", "GET", S, "stranger-key", None, 404, "SESSION_NOT_FOUND"),
    ("key of another tenant, change", "PUT", S, "stranger-key", {"version": 2}, 404, "SESSION_NOT_FOUND"),
    ("key of another tenant, delete", "DELETE", S, "stranger-key", None, 404, "SESSION_NOT_FOUND"),
    ("key of another tenant, package", "GET", P + "/{package}", "stranger-key", None, 404, "PACKAGE_NOT_FOUND"),
    ("key of another tenant, launch", "POST", L, "stranger-key", LAUNCH, 404, "PACKAGE_NOT_FOUND"),
    ("scope read, launch", "POST", L, "read-key", LAUNCH, 403, "INSUFFICIENT_SCOPES"),
    ("scope read, change", "PUT", S, "read-key", {"version": 2}, 403, "INSUFFICIENT_SCOPES"),
    ("scope write, delete", "DELETE", S, "write-key", None, 403, "INSUFFICIENT_SCOPES"),
    ("scope write, import", "POST", P, "write-key", b"PK", 403, "INSUFFICIENT_SCOPES"),
    ("unknown package", "GET", P + "/pkg_none", "admin-key", None, 404, "PACKAGE_NOT_FOUND"),
    ("unknown package, launch", "POST", P + "/pkg_none/launch", "write-key", LAUNCH, 404, "PACKAGE_NOT_FOUND"),
    ("unknown session", "GET", "/api/v1/sessions/none", "read-key", None, 404, "SESSION_NOT_FOUND"),
    ("unknown activity", "GET", S + "/activities/none", "read-key", None, 404, "ACTIVITY_NOT_FOUND"),
    ("unknown path", "GET", "/api/v1/nothing", "read-key", None, 404, "NOT_FOUND"),
    ("wrong method", "PATCH", S, "admin-key", None, 405, "METHOD_NOT_ALLOWED"),
    ("package in use", "DELETE", P + "/{package}", "admin-key", None, 409, "PACKAGE_IN_USE"),
    ("session of another user", "POST", L, "write-key", {"user_id": "eve", "session_id": "ada"},
     409, "DUPLICATE_ENTRY"),
    ("PUT without version", "PUT", S, "write-key", {"completion_status": "completed"}, 400, "INVALID_REQUEST"),
    ("PUT with an old version", "PUT", S, "write-key", {"version": 1, "completion_status": "completed"}, 409,
     "VERSION_CONFLICT"),
    ("PUT with unknown elements", "PUT", S, "write-key", {"version": 2, "completion_status": "completed",
     "cmi_data": {"cmi.core.lesson_location": "x", "cmi.none": "1"}}, 422, "INVALID_CMI_DATA"),
    ("missing field", "POST", L, "write-key", {"session_id": "new"}, 400, "INVALID_REQUEST"),
    ("wrong field", "POST", L, "write-key", {**LAUNCH, "user_id": 7}, 400, "INVALID_REQUEST"),
    ("external session", "POST", "/api/v1/sessions/external", "write-key",
     {"token": "a.b.c", "package_id": "{package}"}, 401, "INVALID_TOKEN"),
]  # fmt: skip


@pytest.mark.parametrize("case", REQUESTS, ids=[case[0] for case in REQUESTS])
def test_each_wrong_request_has_its_answer_and_changes_nothing(unchanged: Target, case: tuple[Any, ...]) -> None:
    _, method, path, key, body, status, code = case
    answer = httpx.request(
        method,
        unchanged.url + path.replace("{package}", unchanged.package),
        headers={} if key is None else {"X-API-Key": key},
        **({"content": body} if isinstance(body, bytes) else {"json": body} if body is not None else {}),
        timeout=60,
    )
    details = _refused(answer, status, code)
    if code == "VERSION_CONFLICT":
        assert details == {"current_version": 2}
    if code == "INVALID_CMI_DATA":
        assert [(entry["element"], entry["code"]) for entry in details["elements"]] == [("cmi.none", "401")]
    if code == "INVALID_REQUEST":
        assert [field["path"] for field in details["fields"]] == ["version" if method == "PUT" else "user_id"]


@pytest.mark.parametrize(
    ("kind", "content", "status", "code"),
    [
        ("application/json", b'{"user_id": "ada"', 400, "INVALID_REQUEST"),
        ("application/json", b'["user_id"]', 400, "INVALID_REQUEST"),
        ("application/json", b'{"user_id": "\xff"}', 400, "INVALID_REQUEST"),
        ("application/json", b"", 400, "INVALID_REQUEST"),
        ("application/json", b"[" * 100_000, 400, "INVALID_REQUEST"),
        ("text/plain", b'{"user_id": "ada"}', 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("application/json", b'{"user_id": "' + b"a" * 9 * 1024**2 + b'"}', 413, "PAYLOAD_TOO_LARGE"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(
    unchanged: Target, kind: str, content: bytes, status: int, code: str
) -> None:
    headers = {"X-API-Key": "write-key", "Content-Type": kind}
    url = f"{unchanged.url}/api/v1/packages/{unchanged.package}/launch"
    _refused(httpx.post(url, content=content, headers=headers, timeout=60), status, code)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"this is no zip", "INVALID_FILE_TYPE"),
        (build_package()[:-40], "INVALID_FILE_TYPE"),
        (zip_files({"index.html": "x"}), "MANIFEST_NOT_FOUND"),
        (build_package(files={"imsmanifest.xml": "this is no XML"}), "PARSE_FAILED"),
        (build_package(defects=[Defect.BROKEN_XML]), "PARSE_FAILED"),
        (build_package(files={"imsmanifest.xml": "<manifest><organizations/></manifest>"}), "PARSE_FAILED"),
        (build_package(Standard.SCORM_2004_4TH, files={"imsmanifest.xml": "<!DOCTYPE x><x/>"}), "PARSE_FAILED"),
    ],
)
def test_what_is_no_package_is_refused(unchanged: Target, data: bytes, code: str) -> None:
    answer = httpx.post(f"{unchanged.url}{P}", files={"file": data}, headers={"X-API-Key": "admin-key"}, timeout=60)
    _refused(answer, 400, code)


def test_forged_expired_and_retargeted_launch_tokens_open_nothing(unchanged: Target) -> None:
    soon = int(time.time()) + 1000
    forged = Tokens([b"another secret that is long enough for it"], 86_400)
    right = Tokens([SECRET.encode()], 86_400)
    tried = {
        forged.launch_token(LaunchClaim("default", "ada", "L", soon)): "INVALID_TOKEN",
        right.launch_token(LaunchClaim("default", "ada", "L", soon - 2000)): "EXPIRED_TOKEN",
        unchanged.tokens["bob"]: "INVALID_TOKEN",
        unchanged.tokens["ada"][:-1]: "INVALID_TOKEN",
        "": "INVALID_TOKEN",
    }
    for token, code in tried.items():
        answer = httpx.get(f"{unchanged.url}/player/ada", params={"token": token}, timeout=60)
        assert (answer.status_code, code in answer.text) == (401, True)
        assert answer.headers["content-type"].startswith("text/html")
        assert SECRET not in answer.text
        assert not token or token not in answer.text
    assert httpx.get(f"{unchanged.url}/player/ada").status_code == 401


def test_the_signed_path_of_one_session_reaches_no_other(unchanged: Target) -> None:
    stolen = unchanged.runs["bob"].replace("/player/bob/", "/player/ada/")
    assert stolen != unchanged.runs["bob"]
    body = {"launch": "L.1", "view": 1, "commits": [{"number": 1, "activity": "item_1", "elements": []}]}
    for call in ("start", "commit"):
        _refused(httpx.post(f"{unchanged.url}{stolen}{call}", json=body, timeout=60), 401, "INVALID_TOKEN")


@contextmanager
def _connection(url: str) -> Iterator[socket.socket]:
    host, _, port = url.removeprefix("http://").partition(":")
    with closing(socket.create_connection((host, int(port)), timeout=60)) as connection:
        yield connection


def test_uploads_that_break_off_leave_nothing(unchanged: Target) -> None:
    data = build_package(files={"film.mp4": bytes(range(256)) * 4096})
    for framing in (f"Content-Length: {len(data)}", "Transfer-Encoding: chunked"):
        with _connection(unchanged.url) as connection:
            head = f"POST {P} HTTP/1.1\r\nHost: x\r\nX-API-Key: admin-key\r\nContent-Type: application/zip\r\n{framing}"
            connection.sendall(f"{head}\r\n\r\n".encode())
            part = data[: len(data) // 2]
            connection.sendall(part if "Length" in framing else b"%x\r\n%s\r\n" % (len(part), part))
    end = time.monotonic() + 30
    while list((unchanged.folder / "tmp").iterdir()):
        assert time.monotonic() < end
    answer = httpx.post(f"{unchanged.url}{P}", files={"file": b"none"}, headers={"X-API-Key": "admin-key"}, timeout=60)
    _refused(answer, 400, "INVALID_FILE_TYPE")


def test_a_commit_that_breaks_off_is_not_applied_in_part(unchanged: Target) -> None:
    body = json.dumps({"launch": "L.1", "view": 1, "commits": []}).encode()
    with _connection(unchanged.url) as connection:
        head = f"POST {unchanged.runs['ada']}commit HTTP/1.1\r\nHost: x\r\nContent-Type: application/json"
        connection.sendall(f"{head}\r\nContent-Length: {len(body) + 10}\r\n\r\n".encode() + body)
        connection.shutdown(socket.SHUT_WR)
        assert not connection.recv(65536).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/player/static/x/../../../../pyproject.toml", 404),
        ("/player/static/x/..%2f..%2f..%2fpyproject.toml", 404),
        ("/player/static/x/%2e%2e/%2e%2e/page.html", 404),
        ("/api/v1/sessions/..%2f..%2fada", 404),
        ("/api/v1/sessions/%00", 404),
        ("/api/v1/../v1/sessions/ada", 404),
        ("//api/v1/sessions/ada", 404),
        ("/player/ada/content/x/../../../bob", 401),
    ],
)
def test_no_path_on_the_wire_leads_anywhere_else(unchanged: Target, path: str, expected: int) -> None:
    with _connection(unchanged.url) as connection:
        connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: x\r\nX-API-Key: read-key\r\nConnection: close\r\n\r\n".encode()
        )
        answer = b""
        while part := connection.recv(65536):
            answer += part
    status = int(answer.split(b" ", 2)[1])
    assert status == expected
    assert b'"user_id"' not in answer
    assert b"[project]" not in answer
