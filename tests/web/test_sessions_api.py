from __future__ import annotations

import asyncio
import re
from typing import Any

import httpx
import pytest

from scorm_embed.core.standard import Standard
from scorm_embed.testing.package_builder import Item

pytestmark = pytest.mark.anyio

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
UPDATE = {
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
}


def code(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


@pytest.fixture
async def session(host: Any) -> dict[str, Any]:
    """A session that was launched and never opened."""
    await host.launch(await host.course(), "s1")
    async with host.client() as client:
        return dict((await client.get("/api/v1/sessions/s1")).json())


async def test_a_session_has_the_documented_fields(session: dict[str, Any]) -> None:
    assert set(session) == {
        "id", "tenant_id", "user_id", "package_id", "package_version", "cmi_data", "completion_status",
        "success_status", "state", "score", "progress_measure", "time_spent_seconds", "version", "attempts",
        "attempt_number", "activities", "created_at", "updated_at", "launched_at", "completed_at", "expires_at",
    }  # fmt: skip
    assert (session["id"], session["user_id"], session["version"]) == ("s1", "u1", 1)
    assert session["state"] == "not_attempted"
    assert TIME.fullmatch(session["created_at"])
    assert TIME.fullmatch(session["updated_at"])
    assert TIME.fullmatch(session["expires_at"])
    assert session["completed_at"] is None


async def test_a_put_is_applied_and_the_whole_session_is_the_answer(host: Any, session: dict[str, Any]) -> None:
    async with host.client("WRITE") as client:
        response = await client.put("/api/v1/sessions/s1", json=UPDATE)
        assert response.status_code == 200, response.text
        body = response.json()
        assert body == (await client.get("/api/v1/sessions/s1")).json()
    assert body["version"] == 2
    assert (body["completion_status"], body["success_status"], body["state"]) == ("completed", "passed", "passed")
    assert body["score"] == {"scaled": 0.85, "raw": 85, "max": 100, "min": 0}
    assert body["cmi_data"]["cmi.core.session_time"] == "PT20M45S"
    assert body["cmi_data"]["cmi.core.score.raw"] == "85"
    assert body["time_spent_seconds"] == 1_245
    # To the letter: whole numbers are written without a fraction.
    assert '"raw":85,' in response.text
    assert '"time_spent_seconds":1245,' in response.text


async def test_elements_are_merged_and_null_removes_one(host: Any, session: dict[str, Any]) -> None:
    async with host.client() as client:
        body = {"version": 1, "cmi_data": {"cmi.core.lesson_location": "p3", "cmi.suspend_data": "abc"}}
        assert (await client.put("/api/v1/sessions/s1", json=body)).status_code == 200
        body = {"version": 2, "cmi_data": {"cmi.suspend_data": None}}
        cmi_data = (await client.put("/api/v1/sessions/s1", json=body)).json()["cmi_data"]
    assert cmi_data["cmi.core.lesson_location"] == "p3"
    assert cmi_data.get("cmi.suspend_data", "") == ""


@pytest.mark.parametrize("version", [-1, 0, 2, 99, 2**40])
async def test_another_version_is_a_conflict_and_changes_nothing(
    host: Any, session: dict[str, Any], version: int
) -> None:
    async with host.client() as client:
        response = await client.put("/api/v1/sessions/s1", json={**UPDATE, "version": version})
        assert code(response) == (409, "VERSION_CONFLICT")
        assert response.json()["details"] == {"current_version": 1}
        assert (await client.get("/api/v1/sessions/s1")).json() == session


async def test_elements_that_the_data_model_refuses_change_nothing(host: Any, session: dict[str, Any]) -> None:
    body = {**UPDATE, "cmi_data": {"cmi.core.lesson_location": "p1", "cmi.nonsense": "x", "cmi.core.score.raw": "many"}}
    async with host.client() as client:
        response = await client.put("/api/v1/sessions/s1", json=body)
        assert code(response) == (422, "INVALID_CMI_DATA")
        refused = {entry["element"]: entry for entry in response.json()["details"]["elements"]}
        assert set(refused) == {"cmi.nonsense", "cmi.core.score.raw"}
        assert all(entry["code"] and entry["error"] for entry in refused.values())
        assert (await client.get("/api/v1/sessions/s1")).json() == session


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({}, ["version"]),
        ({"version": None}, ["version"]),
        ({"version": "1"}, ["version"]),
        ({"version": True}, ["version"]),
        ({"version": 1.5}, ["version"]),
        ({"version": 10**400}, ["version"]),
        ({"version": 1, "cmi_data": []}, ["cmi_data"]),
        ({"version": 1, "cmi_data": {"cmi.core.score.raw": 85}}, ["cmi_data.cmi.core.score.raw"]),
        ({"version": 1, "completion_status": "done"}, ["completion_status"]),
        ({"version": 1, "completion_status": 1}, ["completion_status"]),
        ({"version": 1, "success_status": "great"}, ["success_status"]),
        ({"version": 1, "score": 85}, ["score"]),
        ({"version": 1, "score": {"raw": "85", "scaled": True}}, ["score.scaled", "score.raw"]),
        ({"version": 1, "score": {"scaled": 1.01}}, ["score.scaled"]),
        ({"version": 1, "score": {"raw": 10**400}}, ["score.raw"]),
        ({"version": 1, "progress_measure": 1.5}, ["progress_measure"]),
        ({"version": 1, "session_time": 20}, ["session_time"]),
        ({"version": 1, "session_time": "twenty minutes"}, ["session_time"]),
        ({"version": "1", "score": {"raw": "x"}, "session_time": 1}, ["score.raw", "version", "session_time"]),
    ],
)
async def test_wrong_fields_are_all_named_and_change_nothing(
    host: Any, session: dict[str, Any], body: dict[str, Any], paths: list[str]
) -> None:
    async with host.client() as client:
        response = await client.put("/api/v1/sessions/s1", json=body)
        assert code(response) == (400, "INVALID_REQUEST")
        assert sorted(fault["path"] for fault in response.json()["details"]["fields"]) == sorted(paths)
        assert (await client.get("/api/v1/sessions/s1")).json() == session


async def test_a_whole_session_can_be_sent_back(host: Any, session: dict[str, Any]) -> None:
    async with host.client() as client:
        body = {**session, "cmi_data": {"cmi.core.lesson_location": "p1"}}
        response = await client.put("/api/v1/sessions/s1", json=body)
    assert response.status_code == 200, response.text
    assert response.json()["cmi_data"]["cmi.core.lesson_location"] == "p1"


async def test_twenty_clients_that_retry_lose_no_update(host: Any, session: dict[str, Any]) -> None:
    async with host.client() as client:

        async def add(number: int) -> None:
            for _ in range(100):
                current = (await client.get("/api/v1/sessions/s1")).json()
                seen = current["cmi_data"].get("cmi.suspend_data", "")
                body = {"version": current["version"], "cmi_data": {"cmi.suspend_data": f"{seen}[{number}]"}}
                response = await client.put("/api/v1/sessions/s1", json=body)
                if response.status_code == 200:
                    return
                assert code(response) == (409, "VERSION_CONFLICT")
            raise AssertionError("never got through")

        await asyncio.gather(*(add(number) for number in range(20)))
        final = (await client.get("/api/v1/sessions/s1")).json()
    assert final["version"] == 21
    assert sorted(re.findall(r"\[(\d+)\]", final["cmi_data"]["cmi.suspend_data"]), key=int) == [
        str(n) for n in range(20)
    ]


async def test_sessions_are_listed_with_filters_and_pages(host: Any) -> None:
    package, other = await host.course(), await host.course(title="Other")
    for number in range(4):
        await host.launch(package, f"s{number}", f"u{number % 2}")
    await host.launch(other, "o1", "u1")
    async with host.client("WRITE") as client:

        async def ids(**params: Any) -> list[str]:
            response = await client.get("/api/v1/sessions", params=params)
            assert response.status_code == 200, response.text
            return [session["id"] for session in response.json()["sessions"]]

        assert await ids() == ["o1", "s3", "s2", "s1", "s0"]
        assert await ids(package_id=package, user_id="u1") == ["s3", "s1"]
        assert await ids(user_id="nobody") == []
        await client.put("/api/v1/sessions/s2", json={**UPDATE, "version": 1})
        assert await ids(completion_status="completed") == ["s2"]
        assert await ids(success_status="passed") == ["s2"]
        changed = (await client.get("/api/v1/sessions/s2")).json()["updated_at"]
        assert await ids(updated_since=changed) == ["s2"]
        assert await ids(updated_since="2999-01-01T00:00:00+02:00") == []
        first = (await client.get("/api/v1/sessions", params={"limit": 3})).json()
        second = (await client.get("/api/v1/sessions", params={"limit": 3, "cursor": first["next_cursor"]})).json()
        assert [s["id"] for s in first["sessions"] + second["sessions"]] == ["o1", "s3", "s2", "s1", "s0"]
        assert second["next_cursor"] is None
        assert len(await ids(limit=100_000)) == 5


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=many", "completion_status=done", "success_status=", "updated_since=yesterday",
     "updated_since=2025-01-01T00:00:00", "cursor=xx", "user_id=%00", "package_id=" + "x" * 256],
)  # fmt: skip
async def test_a_wrong_filter_is_refused(host: Any, query: str) -> None:
    async with host.client() as client:
        response = await client.get(f"/api/v1/sessions?{query}")
    if query.endswith("="):
        # An empty filter, as forms send it, filters nothing.
        assert response.status_code == 200
    else:
        assert code(response) == (400, "INVALID_REQUEST")


async def test_pages_go_on_behind_the_longest_identifier(host: Any) -> None:
    package = await host.course()
    names = [name * 255 for name in ("\U0001f600", "\U0001f601")]
    for name in names:
        await host.launch(package, name)
    async with host.client() as client:
        first = (await client.get("/api/v1/sessions", params={"limit": 1})).json()
        second = await client.get("/api/v1/sessions", params={"limit": 1, "cursor": first["next_cursor"]})
    assert [first["sessions"][0]["id"], second.json()["sessions"][0]["id"]] == names[::-1]


async def test_a_session_is_deleted(host: Any, session: dict[str, Any]) -> None:
    async with host.client() as client:
        assert (await client.delete("/api/v1/sessions/s1")).status_code == 204
        assert code(await client.get("/api/v1/sessions/s1")) == (404, "SESSION_NOT_FOUND")
        assert code(await client.delete("/api/v1/sessions/s1")) == (404, "SESSION_NOT_FOUND")


async def test_a_new_attempt_leaves_the_old_one_readable(host: Any) -> None:
    launched = await host.launch(await host.course(items=[Item("a"), Item("b")]), "s1")
    summary = (await host.start(await host.open(launched["launch_url"])))["view"]["summary"]
    async with host.client() as client:
        assert (
            await client.put("/api/v1/sessions/s1", json={**UPDATE, "version": summary["version"]})
        ).status_code == 200
        response = await client.post("/api/v1/sessions/s1/attempts")
        assert response.status_code == 201
        assert response.json()["attempt_number"] == 2
        attempts = (await client.get("/api/v1/sessions/s1/attempts")).json()["attempts"]
        assert [(entry["number"], entry["current"]) for entry in attempts] == [(1, False), (2, True)]
        old = (await client.get("/api/v1/sessions/s1/activities/a", params={"attempt": 1})).json()
        assert old["cmi_data"]["cmi.core.score.raw"] == "85"
        assert [a["id"] for a in (await client.get("/api/v1/sessions/s1/activities")).json()["activities"]] == [
            "a",
            "b",
        ]
        assert code(await client.get("/api/v1/sessions/s1/activities/zz")) == (404, "ACTIVITY_NOT_FOUND")
        assert code(await client.get("/api/v1/sessions/s1/activities/%00")) == (404, "ACTIVITY_NOT_FOUND")
        assert code(await client.get("/api/v1/sessions/s1/activities?attempt=0")) == (400, "INVALID_REQUEST")
        assert code(await client.get("/api/v1/sessions/s1/activities?attempt=9")) == (404, "NOT_FOUND")


async def test_interactions_and_the_log_can_be_read(host: Any) -> None:
    await host.launch(await host.course(standard=Standard.SCORM_2004_4TH), "s1")
    async with host.client() as client:
        data = {"cmi.interactions.0.id": "q1", "cmi.interactions.0.type": "true-false"}
        response = await client.put("/api/v1/sessions/s1", json={"version": 1, "cmi_data": data})
        assert response.status_code == 200, response.text
        interactions = (await client.get("/api/v1/sessions/s1/interactions")).json()["interactions"]
        assert [(i["id"], i["type"], i["index"]) for i in interactions] == [("q1", "true-false", 0)]
        log = (await client.get("/api/v1/sessions/s1/commits")).json()
        assert [(entry["launch"], entry["kind"], entry["status"]) for entry in log["commits"]] == [
            ("api", "put", "applied")
        ]
        assert log["next_cursor"] is None


@pytest.mark.parametrize("session_id", ["unknown", "a%00b", "%FF", "x" * 300, "%20s1", "s1%20"])
async def test_a_session_that_is_none_is_not_found(host: Any, session: dict[str, Any], session_id: str) -> None:
    async with host.client() as client:
        for method, rest in [("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/attempts"), ("GET", "/commits")]:
            response = await client.request(method, f"/api/v1/sessions/{session_id}{rest}", json={"version": 1})
            assert code(response) == (404, "SESSION_NOT_FOUND")


@pytest.mark.parametrize("score", [{}, {"scaled": None, "raw": None, "min": None, "max": None}])
async def test_a_score_without_any_part_says_nothing(host: Any, session: dict[str, Any], score: dict[str, Any]) -> None:
    async with host.client() as client:
        body: dict[str, Any] = {"version": 1, "cmi_data": {"cmi.core.score.raw": "75"}}
        before = (await client.put("/api/v1/sessions/s1", json=body)).json()["score"]
        after = (await client.put("/api/v1/sessions/s1", json={"version": 2, "score": score})).json()["score"]
    assert before == after == {"scaled": 0.75, "raw": 75, "max": None, "min": None}
