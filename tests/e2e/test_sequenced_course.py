"""The sequenced example course in the real player: the known is skipped, the missing taught, the test retried."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Frame, Page

SUBJECTS = ("wind", "fog", "storms")

pytestmark = pytest.mark.browser


class Sailor:
    """A learner who goes through the course page by page."""

    def __init__(self, page: Page, learner: Any) -> None:
        self.page = page
        self.seen: list[str] = []
        self.one = learner(page, page.main_frame)

    @property
    def here(self) -> str:
        """The activity delivered."""
        return self.page.get_attribute("html", "data-activity-id") or ""

    def arrive(self) -> Frame:
        """Note where the player has led; gives the content's frame once its script has run."""
        self.seen.append(self.here)
        frame: Frame = self.one.content
        frame.wait_for_selector("[data-test=next]:visible, [data-test=finish]:visible, [data-test=question]")
        return frame

    def leave(self, act: Callable[[], object]) -> None:
        """Do something that brings the next activity, or the end."""
        before = self.here
        act()
        self.page.wait_for_function(
            """before => { const { activityId, playerState } = document.documentElement.dataset;
                return playerState === 'ended' || (playerState === 'running' && activityId !== before) }""",
            arg=before,
        )

    def read(self) -> None:
        """Read a lesson to its end, which leads on."""
        frame = self.arrive()
        self.leave(lambda: self.one.walk_through(frame))

    def answer(self, frame: Frame, right: bool) -> None:
        """Answer the question on screen."""
        if right:
            self.one.answer(frame)
            return
        question = frame.locator("[data-test=question]")
        wanted = (question.get_attribute("data-answer") or "").split(",")
        kind = question.get_attribute("data-kind")
        if kind == "numeric":
            question.locator("input").fill("999")
        elif kind == "sequencing":
            items = [item.get_attribute("data-value") for item in question.locator("li").all()]
            if items == wanted:
                question.locator("[data-test=move-down]").first.click()
        else:
            wrong = [
                option for option in question.locator("input").all() if option.get_attribute("value") not in wanted
            ]
            wrong[0].check()

    def pretest(self, known: Collection[str]) -> None:
        """Take the pre-test; only what is known is answered rightly."""
        frame = self.arrive()
        for number, subject in enumerate(SUBJECTS, start=1):
            frame.wait_for_selector(f"[data-test=question][data-question=pre-{subject}]")
            self.answer(frame, subject in known)
            frame.click("[data-test=submit]" if number == len(SUBJECTS) else "[data-test=next]")
        facts = frame.locator("[data-test=subject][data-known=true]").all()
        assert {fact.get_attribute("data-subject") for fact in facts} == set(known)
        self.leave(lambda: frame.click("[data-test=finish]"))

    def question(self, right: bool) -> str:
        """Answer one question of the test; gives its identifier."""
        frame = self.arrive()
        self.answer(frame, right)
        frame.click("[data-test=submit]")
        result = frame.wait_for_selector("[data-test=result]")
        assert result is not None
        assert result.get_attribute("data-result") == ("passed" if right else "failed")
        self.leave(lambda: frame.click("[data-test=finish]"))
        return self.seen[-1]

    def click_through(self) -> None:
        """Leave a page by its own button."""
        frame = self.arrive()
        self.leave(lambda: frame.click("[data-test=finish]"))


@pytest.fixture(scope="module")
def package(site: Any, courses: Path) -> str:
    return str(site.course((courses / "sequenced-scorm2004.zip").read_bytes()))


def test_a_learner_is_taught_what_is_missing_fails_is_helped_and_passes(
    site: Any, desk: Any, learner: Any, package: str
) -> None:
    session, url = site.launch(package)
    page = desk.open(url)
    sailor = Sailor(page, learner)

    def entry(activity: str) -> Any:
        return page.locator(f'[role="treeitem"][data-activity-id="{activity}"]')

    assert [entry(subject).get_attribute("aria-disabled") for subject in SUBJECTS] == ["true"] * 3
    sailor.read()
    sailor.pretest(known=["fog"])
    assert sailor.here == "wind"
    assert entry("wind").get_attribute("aria-current") == "true"
    sailor.read()
    assert sailor.here == "storms"
    sailor.read()
    first = [sailor.question(right=number > 1) for number in range(6)]
    assert Counter(name.partition("-")[0] for name in first) == {"wind": 2, "fog": 2, "storms": 2}
    assert entry(first[0]).count() == 0
    assert sailor.here == "refresher"
    sailor.click_through()
    second = [sailor.question(right=True) for _ in range(6)]
    assert sorted(second) == sorted(first)
    assert sailor.here == "result"
    sailor.click_through()
    assert sailor.seen == ["welcome", "pretest", "wind", "storms", *first, "refresher", *second, "result"]
    page.wait_for_selector('html[data-player-state="ended"][data-player-reason="completed"]', state="attached")

    found = site.read(session)
    assert (found["completion_status"], found["success_status"]) == ("completed", "passed")
    assert found["score"]["scaled"] == 1
    assert found["time_spent_seconds"] > 0
    parts = {activity["id"]: activity for activity in found["activities"]}
    assert parts["fog"]["attempt"] == 0
    assert (parts["wind"]["completion_status"], parts["storms"]["completion_status"]) == ("completed", "completed")
    assert [parts[name]["attempt"] for name in first] == [2] * 6


def test_who_knows_everything_goes_to_the_test_and_comes_back_to_the_question_that_was_open(
    site: Any, desk: Any, learner: Any, package: str
) -> None:
    session, url = site.launch(package)
    page = desk.open(url)
    sailor = Sailor(page, learner)
    sailor.read()
    sailor.pretest(known=SUBJECTS)
    asked = [sailor.question(right=True) for _ in range(2)]
    sailor.arrive()
    open_question = sailor.here
    desk.leave(page, "close")
    page = desk.open(site.launch(package, session)[1])
    sailor = Sailor(page, learner)
    assert sailor.here == open_question
    asked += [sailor.question(right=True) for _ in range(4)]
    assert Counter(name.partition("-")[0] for name in asked) == {"wind": 2, "fog": 2, "storms": 2}
    assert sailor.here == "result"
    sailor.click_through()
    page.wait_for_selector('html[data-player-state="ended"][data-player-reason="completed"]', state="attached")
    found = site.read(session)
    assert (found["completion_status"], found["success_status"], found["attempts"]) == ("completed", "passed", 2)
    parts = {activity["id"]: activity["attempt"] for activity in found["activities"]}
    assert [parts[subject] for subject in SUBJECTS] == [0, 0, 0]
