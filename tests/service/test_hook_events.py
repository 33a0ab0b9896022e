"""What hooks are shown of a session."""

from __future__ import annotations

from typing import Any

import pytest

from scorm_embed.core.standard import Standard
from scorm_embed.errors import NotFoundError, ScormEmbedError
from scorm_embed.service import HookEvent
from scorm_embed.service.hooks import HookError

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("knows", [True, False], ids=["the same worker", "another worker"])
async def test_hooks_are_shown_the_whole_session_whatever_the_commit_has_touched(desk: Any, knows: bool) -> None:
    told: list[HookEvent] = []

    async def note(event: HookEvent) -> None:
        told.append(event)

    for name in ("completed", "ended"):
        desk.service.hooks.add(name, note, transaction=True)
    player = await desk.play(await desk.course(Standard.SCORM_2004_4TH), ttl_seconds=600)
    player.sco.initialize()
    for number in range(3):
        player.sco.set(f"cmi.interactions.{number}.id", f"question {number}")
        player.sco.set(f"cmi.comments_from_learner.{number}.comment", f"comment {number}")
        await player.sync()
        if not knows:
            desk.service.recent.forget("acme", "s1")
    player.sco.set("cmi.interactions.1.description", "changed")
    player.sco.set("cmi.interactions.3.id", "question 3")
    player.sco.set("cmi.completion_status", "completed")
    await player.sync()
    assert told[0].session == await desk.shown()
    assert told[0].session["cmi_data"]["cmi.interactions.0.id"] == "question 0"
    desk.clock.move(600)
    await desk.service.end_expired()
    assert [event.type for event in told] == ["completed", "ended"]
    assert told[1].session == await desk.shown()


async def test_an_error_of_ours_that_a_hook_raises_is_the_hooks_and_not_the_players(desk: Any) -> None:
    """Its code would tell the player that its launch is over."""
    broken = True

    async def look_up(event: HookEvent) -> None:
        if broken:
            await desk.service.session("acme", "another")

    desk.service.hooks.add("completed", look_up, transaction=True)
    player = await desk.play(await desk.course(Standard.SCORM_2004_4TH))
    player.sco.initialize()
    player.sco.set("cmi.completion_status", "completed")
    with pytest.raises(HookError) as caught:
        await player.sync()
    assert isinstance(caught.value.__cause__, NotFoundError)
    assert not isinstance(caught.value, ScormEmbedError)
    broken = False
    await player.sync()
    assert (await desk.shown())["completion_status"] == "completed"
