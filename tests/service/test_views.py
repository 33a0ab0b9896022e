"""What the player's menu shows of each activity: leaves, clusters and the course itself."""

from __future__ import annotations

from typing import Any

import pytest

from scorm_embed.core.standard import Standard
from scorm_embed.testing.package_builder import Item

S12, S2004 = Standard.SCORM_12, Standard.SCORM_2004_4TH
FLOW = '<imsss:sequencing><imsss:controlMode choice="true" flow="true"/></imsss:sequencing>'
MODULES = (
    Item("m1", children=(Item("one"), Item("two")), sequencing=FLOW),
    Item("m2", children=(Item("three"),), sequencing=FLOW),
)

pytestmark = pytest.mark.anyio


async def course(desk: Any, standard: Standard, *items: Item) -> str:
    """A course that is walked through and chosen from."""
    return str(await desk.course(standard, *items, sequencing={None: FLOW} if standard.is_2004 else None))


async def finish(player: Any, standard: Standard, completion: str, success: str | None = None) -> None:
    """Let the content say how it stands, and end."""
    player.sco.initialize()
    if standard.is_2004:
        player.sco.set("cmi.completion_status", completion)
        if success:
            player.sco.set("cmi.success_status", success)
    else:
        player.sco.set("cmi.core.lesson_status", success or completion)
    player.sco.terminate()
    await player.sync()


def status(player: Any) -> dict[str, str]:
    """The menu's words; the organization is called ``course`` here."""
    words = dict(player.view["navigation"]["status"])
    return {"course": words.pop(player.tree["id"]), **words}


@pytest.mark.parametrize("standard", [S12, S2004])
async def test_a_cluster_shows_what_its_activities_come_to(desk, standard) -> None:
    player = await desk.play(await course(desk, standard, *MODULES))
    assert status(player) == {"course": "incomplete", "m1": "incomplete"}
    await finish(player, standard, "completed")
    assert status(player) == {"course": "incomplete", "m1": "incomplete", "one": "completed"}
    await player.click("continue")
    await finish(player, standard, "completed")
    assert status(player) == {"course": "incomplete", "m1": "completed", "one": "completed", "two": "completed"}
    await player.click("continue")
    await finish(player, standard, "completed")
    assert status(player) == dict.fromkeys(("course", "m1", "m2", "one", "two", "three"), "completed")


async def test_success_is_shown_only_above_activities_that_spoke_of_it(desk) -> None:
    player = await desk.play(await course(desk, S2004, *MODULES))
    await finish(player, S2004, "completed")
    await player.click("continue")
    await finish(player, S2004, "completed")
    await player.click("continue")
    await finish(player, S2004, "completed", "failed")
    shown = status(player)
    assert (shown["m1"], shown["m2"], shown["three"]) == ("completed", "failed", "failed")
    assert shown["course"] == "failed"


@pytest.mark.parametrize("standard", [S12, S2004])
async def test_the_course_shows_what_the_session_shows(desk, standard) -> None:
    player = await desk.play(await course(desk, standard, Item("one"), Item("two")))
    for _ in range(2):
        await finish(player, standard, "completed", "passed")
        assert status(player)["course"] == player.page.summary["state"]
        await player.click("continue")
    assert player.view["state"] == "ended"
    assert status(player) == {"course": "passed", "one": "passed", "two": "passed"}
