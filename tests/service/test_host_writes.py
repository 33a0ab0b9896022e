"""What a host writes into a session counts like what the content says, and once."""

from __future__ import annotations

import pytest

from scorm_embed.core.standard import Standard
from scorm_embed.errors import CmiDataError
from scorm_embed.service.model import Mode, SessionUpdate
from scorm_embed.testing.package_builder import Item

S12, S2004 = Standard.SCORM_12, Standard.SCORM_2004_4TH
FLOW = '<imsss:sequencing><imsss:controlMode choice="true" flow="true"/></imsss:sequencing>'

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("standard", "elements"),
    [
        (S12, {"cmi.core.lesson_status": "passed", "cmi.core.score.raw": "90"}),
        (
            S2004,
            {"cmi.completion_status": "completed", "cmi.success_status": "passed", "cmi.score.scaled": "0.9"},
        ),
    ],
)
async def test_what_the_host_writes_while_nobody_plays_is_rolled_up_to_the_course(desk, standard, elements) -> None:
    sequencing = {None: FLOW} if standard.is_2004 else None
    player = await desk.play(await desk.course(standard, Item("one"), Item("two"), sequencing=sequencing))
    player.sco.finish("passed", score=0.9)
    await player.sync()
    await player.click("continue")
    player.sco.finish("incomplete")
    await player.close()
    before = await desk.shown()
    assert (before["completion_status"], before["success_status"]) == ("incomplete", "unknown")
    answer = await desk.service.update_session(desk.tenant, "s1", SessionUpdate(before["version"], elements))
    assert (answer["completion_status"], answer["success_status"]) == ("completed", "passed")


@pytest.mark.parametrize("standard", [S12, S2004])
async def test_a_session_time_that_the_host_writes_after_the_page_was_closed_counts_once(desk, standard) -> None:
    player = await desk.play(await desk.course(standard))
    player.sco.initialize()
    desk.clock.move(30)
    await player.close()
    element = "cmi.session_time" if standard.is_2004 else "cmi.core.session_time"
    version = (await desk.shown())["version"]
    answer = await desk.service.update_session(desk.tenant, "s1", SessionUpdate(version, {element: "PT20M"}))
    assert answer["time_spent_seconds"] == 1230


@pytest.mark.parametrize(
    ("standard", "element", "value"),
    [
        (S2004, "cmi.score.raw", "9" * 400),
        (S2004, "cmi.score.max", "-1e999"),
        (S12, "cmi.core.score.raw", "1e999"),
    ],
)
async def test_a_score_beyond_all_numbers_is_refused_to_the_host_too(desk, standard, element: str, value: str) -> None:
    await desk.launch(await desk.course(standard))
    code = "406" if standard.is_2004 else "405"
    with pytest.raises(CmiDataError) as error:
        await desk.service.update_session(desk.tenant, "s1", SessionUpdate(1, {element: value}))
    assert [(entry["element"], entry["code"]) for entry in error.value.details["elements"]] == [(element, code)]


async def test_records_that_the_host_writes_in_any_order_are_taken_in_theirs(desk) -> None:
    await desk.launch(await desk.course(S2004))
    records = {f"cmi.interactions.{n}.id": f"q{n}" for n in range(12)}
    update = SessionUpdate(1, dict(sorted(records.items())))
    answer = await desk.service.update_session(desk.tenant, "s1", update)
    first = "cmi.interactions.0."
    for kind in ("choice", "likert"):
        changed = {f"{first}learner_response": kind, f"{first}type": kind}
        answer = await desk.service.update_session(desk.tenant, "s1", SessionUpdate(answer["version"], changed))
    assert records.items() <= answer["cmi_data"].items()
    assert (answer["cmi_data"][f"{first}type"], answer["cmi_data"][f"{first}learner_response"]) == ("likert", "likert")
    same = SessionUpdate(answer["version"], dict(reversed(answer["cmi_data"].items())))
    assert (await desk.service.update_session(desk.tenant, "s1", same))["cmi_data"] == answer["cmi_data"]


@pytest.mark.parametrize("is_open", [False, True])
@pytest.mark.parametrize("mode", [Mode.BROWSE, Mode.REVIEW])
async def test_data_that_the_host_begins_while_the_learner_looks_around_are_those_of_a_visit(
    desk, mode: Mode, is_open: bool
) -> None:
    package = await desk.course(S12)
    await (desk.play if is_open else desk.launch)(package, mode=mode)
    version = (await desk.shown())["version"]
    elements = {"cmi.core.lesson_location": "p1"}
    data = (await desk.service.update_session(desk.tenant, "s1", SessionUpdate(version, elements)))["cmi_data"]
    assert (data["cmi.core.lesson_mode"], data["cmi.core.credit"]) == ("normal", "credit")
    assert (data["cmi.core.entry"], data["cmi.core.lesson_location"]) == ("ab-initio", "p1")
