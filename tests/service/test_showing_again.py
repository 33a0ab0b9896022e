"""What the player is given when it is shown the current view once more: all that the course has stored, however little
the request named."""

from __future__ import annotations

from typing import Any

import pytest

from scorm_embed.core.standard import Standard
from scorm_embed.service.model import Mode
from scorm_embed.testing.package_builder import Item

S2004 = Standard.SCORM_2004_4TH
FLOW = '<imsss:sequencing><imsss:controlMode choice="true" flow="true"/></imsss:sequencing>'

pytestmark = pytest.mark.anyio


async def _course(desk: Any) -> str:
    return str(await desk.course(S2004, Item("one"), Item("two"), sequencing={None: FLOW}))


async def _ask(desk: Any, player: Any, request: str) -> dict[str, Any]:
    """Send the learner's event without taking the answer: it is lost on its way."""
    where = (desk.tenant, "s1", player.launched.launch_id)
    message = {"launch": player.view["launch"], "view": player.view["number"], "commits": []}
    body = message | {"navigate": {"request": request, "target": None}, "leave": False}
    return dict(await desk.service.commit(*where, body, lambda digest, path: path))


@pytest.mark.parametrize("cold", [False, True])
async def test_an_event_sent_again_because_its_answer_was_lost_shows_the_activity_with_all_its_records(
    desk, cold: bool
) -> None:
    player = await desk.play(await _course(desk))
    player.sco.initialize()
    for n in range(2):
        player.sco.set(f"cmi.interactions.{n}.id", f"q{n}")
        player.sco.set(f"cmi.comments_from_learner.{n}.comment", "Why?")
    player.sco.set("cmi.exit", "suspend")
    player.sco.terminate()
    await player.sync()
    await player.click("continue")
    first = (await _ask(desk, player, "previous"))["view"]
    if cold:
        desk.service.recent.forget(desk.tenant, "s1")
    again = (await _ask(desk, player, "previous"))["view"]
    assert first["activity"]["data"]["cmi.interactions.1.id"] == "q1"
    assert (again["number"], again["activity"]) == (first["number"], first["activity"])


@pytest.mark.parametrize("mode", [Mode.BROWSE, Mode.REVIEW])
async def test_an_event_sent_again_while_looking_around_shows_the_data_of_the_activity_shown(desk, mode) -> None:
    package = await _course(desk)
    player = await desk.play(package)
    player.sco.initialize()
    player.sco.set("cmi.location", "p1")
    await player.close()
    player = await desk.play(package, mode=mode)
    first = (await _ask(desk, player, "continue"))["view"]
    again = (await _ask(desk, player, "continue"))["view"]
    assert (first["activity"]["id"], "cmi.location" in first["activity"]["data"]) == ("two", False)
    assert again["activity"] == first["activity"]
