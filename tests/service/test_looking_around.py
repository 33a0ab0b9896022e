"""Browse and review mode: nothing counts, and the course is walked through as always."""

from __future__ import annotations

from typing import Any

import pytest

from scorm_embed.core.standard import Standard
from scorm_embed.service.model import Mode
from scorm_embed.testing.package_builder import Item

S2004 = Standard.SCORM_2004_4TH
FLOW = '<imsss:sequencing><imsss:controlMode choice="true" flow="true"/></imsss:sequencing>'

pytestmark = pytest.mark.anyio
modes = pytest.mark.parametrize("mode", [Mode.BROWSE, Mode.REVIEW])


async def _course(desk: Any) -> str:
    return str(await desk.course(S2004, Item("one"), Item("two"), sequencing={None: FLOW}))


@modes
@pytest.mark.parametrize("early", [False, True])
async def test_a_request_of_the_content_is_acted_on(desk, mode: Mode, early: bool) -> None:
    player = await desk.play(await _course(desk), mode=mode)
    player.sco.initialize()
    player.sco.set("adl.nav.request", "continue")
    if early:
        await player.sync()
    player.sco.terminate()
    await player.sync()
    assert (player.activity_id, player.refused) == ("two", [])


@modes
async def test_requests_and_exits_of_earlier_visits_are_not_acted_on(desk, mode: Mode) -> None:
    package = await _course(desk)
    player = await desk.play(package)
    player.sco.initialize()
    player.sco.set("cmi.exit", "suspend")
    player.sco.set("adl.nav.request", "suspendAll")
    player.sco.terminate()
    await player.sync()
    player = await desk.play(package, mode=mode)
    player.sco.initialize()
    player.sco.set("cmi.location", "p9")
    player.sco.terminate()
    await player.sync()
    assert (player.state, player.activity_id) == ("running", "one")
    assert "cmi.location" not in (await desk.shown())["cmi_data"]


@modes
async def test_an_attempt_that_the_host_begins_during_a_look_closes_the_visit_that_was_open(desk, mode: Mode) -> None:
    package = await desk.course()
    player = await desk.play(package)
    player.sco.initialize()
    player.sco.set("cmi.core.score.raw", "90")
    player.sco.set("cmi.core.session_time", "00:00:10")
    await player.sync()
    await desk.play(package, mode=mode)
    await desk.service.new_attempt(desk.tenant, "s1")
    first = (await desk.service.attempts(desk.tenant, "s1"))["attempts"][0]
    assert (first["completion_status"], first["time_spent_seconds"]) == ("completed", 10)
