"""A host that nobody asks anything: launches end, and events come through, by the workers' own timer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from scorm_embed import HookEvent, SQLStorage
from scorm_embed.testing import FrozenClock

pytestmark = pytest.mark.anyio


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_learner_whose_browser_died_is_out_of_the_course_when_the_launch_has_expired(
    make_host: Any, tmp_path: Any
) -> None:
    host = make_host(
        storage=SQLStorage(f"sqlite:///{tmp_path / 'lms.db'}"), base_url="http://host/scorm", maintenance_seconds=0.02
    )
    clock = FrozenClock()
    clock.freeze(host.scorm)
    told: list[tuple[str, float]] = []

    @host.scorm.on("ended")
    async def note(event: HookEvent) -> None:
        told.append((event.session_id, event.session["time_spent_seconds"]))

    launched = await host.launch(await host.course(), session="s1")
    boot = await host.open(launched["launch_url"])
    view = (await host.start(boot))["view"]
    clock.move(seconds=90)
    commit = {"number": 1, "activity": view["activity"]["id"], "view": 1, "initialized": True, "elements": []}
    async with host.client(None) as client:
        body = {"launch": view["launch"], "view": 1, "commits": [commit]}
        response = await client.post("http://host" + boot["run"] + "commit", json=body)
    assert response.status_code == 200, response.text
    clock.move(seconds=14_399)
    assert (await host.scorm.maintain())["ended"] == 0
    assert told == []
    clock.move(seconds=1)
    await until(lambda: bool(told))
    assert told == [("s1", 90)]
    await host.scorm.aclose()
    clock.thaw()
