"""The site's tests: its grade book and its permissions, tried by learners who need no browser.

Run ``pytest`` in this folder, with ``SITE_FOLDER`` naming an empty one.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from app import app, scorm

from scorm_embed.testing import FakeLearner, PlayerRefusedError, course_2004

SignIn = Callable[[str], FakeLearner]


def rows(page: str) -> list[list[str]]:
    """The cells of a page's table, without the times."""
    found = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr.*?</tr>", page)]
    return [cells[:4] for cells in found]


@pytest.fixture
def guest(scorm_learner: Callable[..., FakeLearner]) -> FakeLearner:
    return scorm_learner(app)


@pytest.fixture
def sign_in(scorm_learner: Callable[..., FakeLearner]) -> SignIn:
    def sign_in(email: str) -> FakeLearner:
        learner = scorm_learner(app)
        learner.post("/login", {"email": email, "password": "learn"})
        return learner

    return sign_in


@pytest.fixture
def anna(sign_in: SignIn) -> FakeLearner:
    return sign_in("anna@example.org")


@pytest.fixture
def ben(sign_in: SignIn) -> FakeLearner:
    return sign_in("ben@example.org")


@pytest.fixture
def course(guest: FakeLearner) -> str:
    return str(scorm.sync.import_package(course_2004("knot", "splice", title="Knots"))["id"])


def test_nobody_sees_a_course_without_signing_in(guest: FakeLearner, course: str) -> None:
    assert "Sign in" in guest.get(f"/courses/{course}").text
    with pytest.raises(PlayerRefusedError, match="401 UNAUTHORIZED"):
        guest.open("/scorm/player/1-" + course)


def test_a_grade_is_in_the_grade_book_as_soon_as_the_course_reports_it(anna: FakeLearner, course: str) -> None:
    anna.open(f"/courses/{course}")
    anna.sco.finish("passed", score=0.8)
    anna.click("continue")
    anna.sco.finish("passed", score=1)
    anna.click("exit-all")
    assert (anna.state, anna.session.success_status) == ("ended", "passed")
    assert ["Alm, Anna", "Knots", "passed", "90 %"] in rows(anna.get("/progress").text)


def test_a_course_that_was_left_goes_on_where_it_was(anna: FakeLearner, course: str) -> None:
    anna.open(f"/courses/{course}")
    anna.choose("splice")
    anna.sco.initialize()
    anna.sco.set("cmi.location", "page 3")
    anna.sco.set("cmi.exit", "suspend")
    anna.close_window()
    assert "Go on" in anna.get("/").text
    anna.open(f"/courses/{course}")
    anna.sco.initialize()
    assert (anna.activity_id, anna.sco.get("cmi.location")) == ("splice", "page 3")


def test_a_learner_opens_nobody_elses_course(anna: FakeLearner, ben: FakeLearner, course: str) -> None:
    anna.open(f"/courses/{course}")
    with pytest.raises(PlayerRefusedError, match="404 SESSION_NOT_FOUND"):
        ben.open(f"/scorm/player/1-{course}")
