"""The sequenced course, played through the service: who knows what is taken where, and how the tries are counted.

The pages' own part (what they set) is repeated here in three short methods; that the pages do set it is tested in
test_example_courses.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from pathlib import Path

import anyio
import pytest

from scorm_embed.content import MemoryContent
from scorm_embed.core.datamodel import Strictness
from scorm_embed.service import Service, ServiceOptions
from scorm_embed.storage import MemoryStorage
from scorm_embed.testing.player import FakePlayer

SUBJECTS = ("wind", "fog", "storms")


class Learner:
    """One learner on the course, with what each of its pages does."""

    def __init__(self, course: Path) -> None:
        self.course = course
        self.service = Service(MemoryStorage(), MemoryContent(), ServiceOptions(strictness=Strictness.CONFORMANT))
        self.player: FakePlayer
        self.package = ""

    async def open(self) -> Learner:
        """Launch the course, or launch it again."""
        if not self.package:
            self.package = (await self.service.import_package("t", self.course))["id"]
        launched = await self.service.launch("t", self.package, "ada", session_id="s", learner_name="Ada")
        self.player = await FakePlayer(self.service, launched).open()
        return self

    @property
    def here(self) -> str | None:
        """The activity delivered, None once the course has ended."""
        return self.player.activity_id

    async def leave(self, request: str = "continue", **values: str) -> None:
        """Set what a page sets (dots written as ``__``), ask for the way on, and terminate."""
        sco = self.player.sco
        assert sco is not None
        sco.initialize()
        for name, value in values.items():
            sco.set(name.replace("__", "."), value)
        sco.set("cmi.exit", "normal")
        sco.set("adl.nav.request", request)
        sco.terminate()
        await self.player.sync()

    async def read(self, request: str = "continue") -> None:
        """A page that is complete when it was read."""
        await self.leave(request, cmi__completion_status="completed")

    async def pretest(self, known: Collection[str]) -> None:
        """Answer the pre-test."""
        assert self.here == "pretest"
        sco = self.player.sco
        assert sco is not None
        sco.initialize()
        ids = [sco.get(f"cmi.objectives.{n}.id") for n in range(int(sco.get("cmi.objectives._count")))]
        for subject in SUBJECTS:
            place = f"cmi.objectives.{ids.index(subject)}"
            sco.set(f"{place}.success_status", "passed" if subject in known else "failed")
        if set(known) == set(SUBJECTS):
            sco.set(f"cmi.objectives.{ids.index('ready')}.success_status", "passed")
        sco.set("cmi.completion_status", "completed")
        sco.set("cmi.exit", "normal")
        sco.set("adl.nav.request", "continue")
        sco.terminate()
        await self.player.sync()

    async def question(self, right: bool) -> str:
        """Answer one question of the test; gives its identifier."""
        asked = self.here
        assert asked is not None
        await self.leave(
            cmi__completion_status="completed",
            cmi__score__scaled="1" if right else "0",
            cmi__success_status="passed" if right else "failed",
        )
        return asked

    async def test(self, wrong: int = 0) -> list[str]:
        """Answer six questions, the first ones wrongly; gives what was asked."""
        return [await self.question(right=number >= wrong) for number in range(6)]


def play(built: dict[str, Path], story: object) -> None:
    """Run one story with a learner who has opened the course and read the welcome."""

    async def run() -> None:
        learner = await Learner(built["sequenced-scorm2004.zip"]).open()
        assert learner.here == "welcome"
        await learner.read()
        await story(learner)  # type: ignore[operator]

    anyio.run(run)


def test_only_the_lessons_on_what_is_not_known_are_delivered(built: dict[str, Path]) -> None:
    async def story(learner: Learner) -> None:
        await learner.pretest(known=["fog"])
        assert learner.here == "wind"
        await learner.read()
        assert learner.here == "storms"
        await learner.read()
        assert learner.here is not None
        assert learner.here.startswith("wind-")

    play(built, story)


def test_who_knows_everything_goes_straight_to_the_test(built: dict[str, Path]) -> None:
    async def story(learner: Learner) -> None:
        await learner.pretest(known=SUBJECTS)
        assert learner.here in ("wind-1", "wind-2", "wind-3")

    play(built, story)


def test_the_test_is_closed_until_every_lesson_that_is_needed_was_completed(built: dict[str, Path]) -> None:
    async def story(learner: Learner) -> None:
        await learner.pretest(known=["fog"])
        await learner.player.click("choice", "storms")
        await learner.read()
        assert learner.here is None
        assert learner.player.state == "choosing"
        assert learner.player.entry("wind") == "choosable"
        await learner.player.click("continue")
        assert learner.player.view["problem"]["code"] == "SB.2.2-2"
        await learner.player.click("choice", "wind")
        await learner.read()
        await learner.read()
        assert learner.here is not None
        assert learner.here.startswith("wind-")

    play(built, story)


def test_lessons_can_be_chosen_only_once_the_pre_test_has_led_there(built: dict[str, Path]) -> None:
    async def run() -> None:
        learner = await Learner(built["sequenced-scorm2004.zip"]).open()
        assert {learner.player.entry(subject) for subject in SUBJECTS} == {"blocked"}
        await learner.read()
        await learner.pretest(known=[])
        assert [learner.player.entry(subject) for subject in SUBJECTS] == ["choosable"] * 3
        assert learner.player.entry("pretest") == "blocked"

    anyio.run(run)


def test_previous_passes_over_the_pre_test_because_it_is_asked_once(built: dict[str, Path]) -> None:
    async def story(learner: Learner) -> None:
        await learner.pretest(known=[])
        await learner.player.click("previous")
        assert learner.here == "welcome"
        await learner.read()
        assert learner.here == "wind"

    play(built, story)


def test_the_test_draws_two_of_three_questions_for_each_subject(built: dict[str, Path]) -> None:
    async def story(learner: Learner) -> None:
        await learner.pretest(known=SUBJECTS)
        asked = await learner.test()
        assert len(set(asked)) == 6
        assert Counter(name.partition("-")[0] for name in asked) == {"wind": 2, "fog": 2, "storms": 2}

    play(built, story)


def test_the_questions_are_no_entries_of_the_menu_and_hide_the_player_s_buttons(built: dict[str, Path]) -> None:
    async def story(learner: Learner) -> None:
        await learner.pretest(known=SUBJECTS)
        assert learner.here is not None
        assert {learner.player.entry(f"wind-{n}") for n in (1, 2, 3)} <= {"absent", "blocked"}
        assert not learner.player.can("continue")
        assert not learner.player.can("previous")
        assert learner.player.can("suspend-all")

    play(built, story)


def test_a_passed_test_leads_to_the_result_and_the_result_ends_the_course(built: dict[str, Path]) -> None:
    async def story(learner: Learner) -> None:
        await learner.pretest(known=["wind", "fog"])
        await learner.read()
        await learner.test(wrong=1)
        assert learner.here == "result"
        sco = learner.player.sco
        assert sco is not None
        sco.initialize()
        ids = [sco.get(f"cmi.objectives.{n}.id") for n in range(int(sco.get("cmi.objectives._count")))]
        known = {name: sco.get(f"cmi.objectives.{ids.index(name)}.success_status") for name in ("test", *SUBJECTS)}
        assert known == {"test": "passed", "wind": "failed", "fog": "passed", "storms": "passed"}
        sco.set("adl.nav.request", "exitAll")
        sco.terminate()
        await learner.player.sync()
        assert learner.player.state == "ended"
        session = await learner.service.session("t", "s")
        assert session["completion_status"] == "completed"
        assert session["success_status"] == "passed"
        assert session["score"]["scaled"] == pytest.approx(5 / 6, abs=1e-6)

    play(built, story)


def test_a_failed_test_is_followed_by_help_and_a_second_try_with_the_same_questions(built: dict[str, Path]) -> None:
    async def story(learner: Learner) -> None:
        await learner.pretest(known=SUBJECTS)
        first = await learner.test(wrong=2)
        assert learner.here == "refresher"
        await learner.read()
        second = await learner.test()
        assert sorted(second) == sorted(first)
        assert learner.here == "result"
        await learner.read("exitAll")
        session = await learner.service.session("t", "s")
        assert (session["completion_status"], session["success_status"]) == ("completed", "passed")

    play(built, story)


def test_after_two_failed_tries_the_course_ends_as_failed(built: dict[str, Path]) -> None:
    async def story(learner: Learner) -> None:
        await learner.pretest(known=SUBJECTS)
        for _ in range(2):
            await learner.test(wrong=4)
            assert learner.here == "refresher"
            await learner.read()
        assert learner.here == "result"
        await learner.read("exitAll")
        assert learner.player.state == "ended"
        session = await learner.service.session("t", "s")
        assert (session["completion_status"], session["success_status"]) == ("completed", "failed")
        assert session["score"]["scaled"] == pytest.approx(2 / 6, abs=1e-6)

    play(built, story)


def test_a_test_that_was_suspended_goes_on_with_the_question_that_was_open(built: dict[str, Path]) -> None:
    async def story(learner: Learner) -> None:
        await learner.pretest(known=SUBJECTS)
        asked = [await learner.question(True) for _ in range(3)]
        open_question = learner.here
        await learner.player.click("suspend-all")
        assert learner.player.state == "ended"
        await learner.open()
        assert learner.here == open_question
        asked += [await learner.question(True) for _ in range(3)]
        assert Counter(name.partition("-")[0] for name in asked) == {"wind": 2, "fog": 2, "storms": 2}
        assert learner.here == "result"

    play(built, story)


def test_after_two_failed_tries_the_lessons_can_be_read_again_but_the_test_stays_closed(
    built: dict[str, Path],
) -> None:
    async def story(learner: Learner) -> None:
        await learner.pretest(known=SUBJECTS)
        for _ in range(2):
            await learner.test(wrong=6)
            await learner.read()
        await learner.read("exitAll")
        await learner.open()
        seen = []
        while learner.here is not None and learner.here != "result":
            seen.append(learner.here)
            await learner.read()
        assert seen == ["welcome", *SUBJECTS]
        assert learner.here == "result"

    play(built, story)
