"""What an attempt came to is read the same after the next one has begun."""

from __future__ import annotations

import pytest

from scorm_embed.core.sequencing.definition import ControlMode, SequencingDefinition
from scorm_embed.core.standard import Standard
from scorm_embed.testing.package_builder import Item

S12, S2004 = Standard.SCORM_12, Standard.SCORM_2004_4TH
TWO = (Item("one"), Item("two"))
FREE = SequencingDefinition(control_mode=ControlMode(choice=True, flow=True))

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def _earlier(desk) -> list[tuple[str, str, str, float]]:
    found = (await desk.service.activities(desk.tenant, "s1", attempt=1))["activities"]
    single = [await desk.service.activity(desk.tenant, "s1", entry["id"], attempt=1) for entry in found]
    assert [{name: one[name] for name in entry} for one, entry in zip(single, found, strict=True)] == found
    names = ("id", "completion_status", "success_status", "time_spent_seconds")
    return [tuple(entry[name] for name in names) for entry in found]


async def test_an_activity_that_its_attempt_has_completed_without_a_word_stays_completed(desk) -> None:
    player = await desk.play(await desk.course(S2004))
    player.sco.initialize()
    player.sco.terminate()
    await player.click("exit-all")
    (before,) = (await desk.service.activities(desk.tenant, "s1"))["activities"]
    await desk.service.new_attempt(desk.tenant, "s1")
    assert before["completion_status"] == "completed"
    assert (await desk.service.activities(desk.tenant, "s1", attempt=1))["activities"] == [before]


@pytest.mark.parametrize("standard", [S12, S2004])
async def test_an_earlier_attempt_lists_every_activity_in_the_order_of_the_course(desk, standard) -> None:
    package = await desk.course(standard, *TWO, sequencing=None if standard is S12 else {None: FREE})
    player = await desk.play(package)
    player.sco.initialize()
    desk.clock.move(10)
    await player.click("exit-all")
    await desk.service.new_attempt(desk.tenant, "s1")
    again = await desk.play(package)
    await again.click("continue")
    again.sco.initialize()
    again.sco.set("cmi.core.lesson_status" if standard is S12 else "cmi.success_status", "passed")
    again.sco.terminate()
    await again.sync()
    assert await _earlier(desk) == [
        ("one", "completed", "unknown", 10),
        ("two", "not attempted", "unknown", 0),
    ]


async def test_an_activity_that_was_abandoned_stays_what_it_came_to(desk) -> None:
    player = await desk.play(await desk.course(S2004))
    player.sco.initialize()
    player.sco.set("cmi.completion_status", "completed")
    player.sco.set("cmi.success_status", "passed")
    await player.sync()
    await player.click("abandon-all")
    (before,) = (await desk.service.activities(desk.tenant, "s1"))["activities"]
    await desk.service.new_attempt(desk.tenant, "s1")
    assert (before["completion_status"], before["success_status"]) == ("incomplete", "unknown")
    assert (await desk.service.activities(desk.tenant, "s1", attempt=1))["activities"] == [before]


async def test_the_time_of_all_tries_of_an_activity_counts_for_its_attempt(desk) -> None:
    package = await desk.course(S2004, *TWO, sequencing={None: FREE})
    player = await desk.play(package)
    for target in ("two", "one"):
        player.sco.initialize()
        player.sco.set("cmi.session_time", "PT20S")
        player.sco.terminate()
        await player.sync()
        await player.click("choice", target)
    player.sco.initialize()
    player.sco.set("cmi.session_time", "PT20S")
    player.sco.terminate()
    await player.sync()
    await player.click("exit-all")
    before = (await desk.service.activities(desk.tenant, "s1"))["activities"]
    await desk.service.new_attempt(desk.tenant, "s1")
    assert [(entry["time_spent_seconds"], entry["attempt"]) for entry in before] == [(40, 2), (20, 1)]
    assert (await desk.service.activities(desk.tenant, "s1", attempt=1))["activities"] == before


async def test_what_is_kept_of_an_earlier_attempt_is_no_element_of_its_data(desk) -> None:
    player = await desk.play(await desk.course(S2004))
    player.sco.initialize()
    player.sco.terminate()
    await player.click("exit-all")
    before = (await desk.service.activity(desk.tenant, "s1", "item_1"))["cmi_data"]
    await desk.service.new_attempt(desk.tenant, "s1")
    assert (await desk.service.activity(desk.tenant, "s1", "item_1", attempt=1))["cmi_data"] == before
