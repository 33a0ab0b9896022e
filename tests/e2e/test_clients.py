"""The client code that exists already, unchanged: on SQLite and PostgreSQL behind uvicorn, and without a server."""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from playwright.sync_api import Page

from scorm_embed import ApiKey, MemoryContent, MemoryStorage, ScormEmbed

KEY = "end-to-end-key-end-to-end-key-0123"
POSTGRESQL = os.environ.get("SCORM_EMBED_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/test")


class InMemory(httpx.BaseTransport):
    """Calls the app on a loop of its own, for clients that know nothing of loops."""

    def __init__(self, portal: BlockingPortal) -> None:
        app = ScormEmbed(
            secret_key="in-memory-secret-in-memory-secret",
            storage=MemoryStorage(),
            content=MemoryContent(),
            api_keys=[ApiKey(KEY, scopes={"read", "write", "admin"})],
        )
        self._portal = portal
        self._app = httpx.ASGITransport(app=app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def call() -> httpx.Response:
            sent = httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
            answer = await self._app.handle_async_request(sent)
            return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())

        return self._portal.call(call)


@contextmanager
def _connected(name: str, request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    headers = {"X-API-Key": KEY}
    if name == "memory":
        with (
            start_blocking_portal() as portal,
            httpx.Client(transport=InMemory(portal), base_url="http://lms.test", headers=headers) as client,
        ):
            yield client
        return
    database = request.getfixturevalue("postgresql_schema") if name == "postgresql" else None
    url = request.getfixturevalue("serve")(database=database).url
    with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
        yield client


SERVED = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql))


@pytest.fixture(params=["memory", *SERVED])
def client(request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    """A back end's client."""
    with _connected(request.param, request) as client:
        yield client


@pytest.fixture(params=SERVED)
def served(request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    """A back end's client of a server that browsers can reach."""
    with _connected(request.param, request) as client:
        yield client


@pytest.fixture
def postgresql_schema() -> Iterator[str]:
    """A database of its own on the PostgreSQL server."""
    name = f"e2e_{uuid.uuid4().hex[:12]}"

    def run(statement: str) -> None:
        async def execute() -> None:
            connection = await asyncpg.connect(POSTGRESQL)
            try:
                await connection.execute(statement)
            finally:
                await connection.close()

        # In a thread: the browser's driver keeps an event loop in this one.
        with ThreadPoolExecutor(1) as pool:
            pool.submit(asyncio.run, execute()).result()

    try:
        run(f"CREATE DATABASE {name}")
    except OSError:
        if os.environ.get("CI") == "true":
            pytest.fail("no PostgreSQL server")
        pytest.skip("no PostgreSQL server")
    yield POSTGRESQL.rpartition("/")[0] + "/" + name
    run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def package(client: httpx.Client, courses: Path) -> str:
    return _import(client, courses)


def _import(client: httpx.Client, courses: Path) -> str:
    with (courses / "weather-map-scorm12.zip").open("rb") as file:
        answer = client.post("/api/v1/packages", files={"file": ("course.zip", file, "application/zip")})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def _launch(client: httpx.Client, package: str, user: str, session: str) -> dict[str, Any]:
    answer = client.post(f"/api/v1/packages/{package}/launch", json={"user_id": user, "session_id": session})
    assert answer.status_code in (200, 201), answer.text
    return dict(answer.json())


@pytest.mark.browser
def test_a_host_puts_the_player_into_an_iframe_and_polls_until_the_course_is_completed(
    served: httpx.Client, courses: Path, page: Page, learner: Any
) -> None:
    client, package = served, _import(served, courses)
    session = str(uuid.uuid4())
    launched = _launch(client, package, "user-123", session)
    assert launched["session_id"] == session
    assert (launched["package_id"], launched["user_id"]) == (package, "user-123")
    assert launched["expires_at"].endswith("Z")
    host = f"{client.base_url}/host-page"
    frame = f'<iframe src="{launched["player_url"]}" width="100%" height="800px"></iframe>'
    page.route(host, lambda route: route.fulfill(content_type="text/html", body=frame))
    page.goto(host)
    handle = page.wait_for_selector("iframe")
    assert handle is not None
    player = handle.content_frame()
    assert player is not None
    someone = learner(page, player)
    for activity in ("intro", "pressure", "fronts"):
        someone.walk_through(someone.delivered(activity))
        someone.saved()
        player.click('button[data-nav="continue"]')
    someone.take_quiz(someone.delivered("quiz"))
    end = time.monotonic() + 30
    while (found := client.get(f"/api/v1/sessions/{session}").json())["completion_status"] != "completed":
        assert time.monotonic() < end, found
    assert found["score"]["scaled"] == 1
    assert found["success_status"] == "passed"
    assert found["time_spent_seconds"] > 0


def test_twenty_clients_that_update_one_session_at_once_lose_nothing(client: httpx.Client, package: str) -> None:
    session = str(uuid.uuid4())
    _launch(client, package, "user-1", session)
    url = f"/api/v1/sessions/{session}"

    def add_comment(number: int) -> None:
        for _ in range(200):
            read = client.get(url).json()
            comments = read["cmi_data"].get("cmi.comments", "") + f"<{number}>"
            answer = client.put(url, json={"version": read["version"], "cmi_data": {"cmi.comments": comments}})
            if answer.status_code == 200:
                return
            assert (answer.status_code, answer.json()["code"]) == (409, "VERSION_CONFLICT")
        raise AssertionError(f"client {number} never got through")

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(add_comment, range(20)))
    read = client.get(url).json()
    assert sorted(read["cmi_data"]["cmi.comments"].strip("<>").split("><"), key=int) == [str(n) for n in range(20)]
    assert read["version"] == 21


def test_a_client_resumes_the_incomplete_session_and_otherwise_launches_a_new_one(
    client: httpx.Client, package: str
) -> None:
    def open_course(user: str) -> str:
        query = {"package_id": package, "user_id": user}
        sessions = client.get("/api/v1/sessions", params=query).json()["sessions"]
        unfinished = next((s for s in sessions if s["completion_status"] == "incomplete"), None)
        if unfinished is not None:
            return str(unfinished["id"])
        return str(_launch(client, package, user, str(uuid.uuid4()))["session_id"])

    first = open_course("user-7")
    read = client.get(f"/api/v1/sessions/{first}").json()
    body = {"version": read["version"], "cmi_data": {"cmi.core.lesson_status": "incomplete"}}
    assert client.put(f"/api/v1/sessions/{first}", json=body).json()["completion_status"] == "incomplete"
    assert open_course("user-7") == first
    read = client.get(f"/api/v1/sessions/{first}").json()
    body = {"version": read["version"], "completion_status": "completed"}
    assert client.put(f"/api/v1/sessions/{first}", json=body).json()["completion_status"] == "completed"
    assert open_course("user-7") != first


def test_one_package_is_launched_for_many_users_in_a_loop(client: httpx.Client, package: str) -> None:
    ids = [_launch(client, package, f"user-{n}", f"bulk-{n}")["session_id"] for n in range(30)]
    found = []
    cursor = None
    while True:
        query = {"package_id": package, "limit": 7, **({"cursor": cursor} if cursor else {})}
        page = client.get("/api/v1/sessions", params=query).json()
        found += [session["id"] for session in page["sessions"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert found == ids[::-1]


def test_the_put_of_the_contract_is_applied_whole_and_answers_with_the_session(
    client: httpx.Client, package: str
) -> None:
    _launch(client, package, "user-123", "session-456")
    answer = client.put(
        "/api/v1/sessions/session-456",
        json={
            "version": 1,
            "cmi_data": {
                "cmi.core.lesson_status": "completed",
                "cmi.core.score.raw": "85",
                "cmi.core.score.max": "100",
                "cmi.core.session_time": "PT20M45S",
            },
            "completion_status": "completed",
            "success_status": "passed",
            "score": {"scaled": 0.85, "raw": 85, "max": 100, "min": 0},
            "session_time": "PT20M45S",
        },
    )
    assert answer.status_code == 200, answer.text
    read = answer.json()
    assert read["version"] == 2
    assert (read["completion_status"], read["success_status"]) == ("completed", "passed")
    assert read["score"] == {"scaled": 0.85, "raw": 85, "max": 100, "min": 0}
    assert read["time_spent_seconds"] == 1245
    assert read["cmi_data"]["cmi.core.session_time"] == "PT20M45S"
    assert read == client.get("/api/v1/sessions/session-456").json()
