"""Secrets are rotated without a learner noticing: the first signs, all verify, one taken away does neither."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.anyio

OLD, NEW = "the old secret, which is long enough", "the new secret, which is long enough"


async def _commit(host: Any, boot: dict[str, Any], started: dict[str, Any], number: int) -> Any:
    view = started["view"]
    commit = {
        "number": number, "sent_at": "2025-01-15T10:15:30.000Z", "activity": view["activity"]["id"],
        "view": view["number"], "initialized": number == 1, "terminated": False,
        "elements": [["cmi.core.lesson_location", f"p{number}"]], "tolerated": [],
    }  # fmt: skip
    body = {
        "launch": view["launch"],
        "view": view["number"],
        "commits": [commit],
        "navigate": None,
        "leave": False,
    }
    async with host.client(None) as client:
        return await client.post("http://host" + boot["run"] + "commit", json=body)


async def test_a_launch_made_with_the_old_secret_plays_on_until_that_is_taken_away(make_host: Any) -> None:
    old = make_host(secret_key=OLD)
    stores = {name: getattr(old.scorm._options, name) for name in ("storage", "content")}
    both = make_host(secret_key=[NEW, OLD], **stores)
    new = make_host(secret_key=[NEW], **stores)
    launch = await old.launch(await old.course())
    boot = await old.open(launch["launch_url"])
    started = await old.start(boot)
    assert (await _commit(old, boot, started, 1)).json()["acknowledged"] == 1

    assert (await _commit(both, boot, started, 2)).json()["acknowledged"] == 2
    file = "http://host" + started["view"]["activity"]["url"]
    async with both.client(None) as client:
        assert (await client.get(file)).status_code == 200
    async with new.client(None) as client:
        refused = [await _commit(new, boot, started, 3), await client.get(file), await client.get(launch["launch_url"])]
    assert [response.status_code for response in refused] == [401] * 3
    assert [response.json()["code"] for response in refused[:2]] == ["INVALID_TOKEN"] * 2
    assert 'data-player-reason="INVALID_TOKEN"' in refused[2].text

    reopened = await both.open(launch["launch_url"])
    again = await new.start(reopened)
    assert again["view"]["activity"]["data"]["cmi.core.lesson_location"] == "p2"


async def test_a_launch_made_after_the_rotation_is_signed_with_the_new_secret_only(make_host: Any) -> None:
    both = make_host(secret_key=[NEW, OLD])
    stores = {name: getattr(both.scorm._options, name) for name in ("storage", "content")}
    launch = await both.launch(await both.course())
    old = make_host(secret_key=[OLD], **stores)
    async with old.client(None) as client:
        response = await client.get(launch["launch_url"])
    assert (response.status_code, 'data-player-reason="INVALID_TOKEN"' in response.text) == (401, True)
    new = make_host(secret_key=[NEW], **stores)
    assert (await new.start(await new.open(launch["launch_url"])))["view"]["state"] == "running"
