"""What content says after the page had said goodbye for it counts as if it had come in time."""

from __future__ import annotations

import pytest

from scorm_embed.core.sequencing.transfer import activity_status
from scorm_embed.core.standard import Standard
from scorm_embed.engine.events import Left, Started

S12, S2004 = Standard.SCORM_12, Standard.SCORM_2004_4TH
STATUS, RAW, EXIT = "cmi.core.lesson_status", "cmi.core.score.raw", "cmi.core.exit"
MASTERY = ("cmi.student_data.mastery_score", "80")


def judged(table, *names: str):
    """A SCORM 1.2 course with a mastery score of 80, opened."""
    desk = table(S12, *names)
    desk.send(Started())
    desk.stored["one", 1].update([MASTERY])
    return desk


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        ([(STATUS, "incomplete")], [(RAW, "90"), (STATUS, "completed")], "passed"),
        ([(STATUS, "incomplete")], [(RAW, "70"), (STATUS, "completed")], "failed"),
        ([(RAW, "30")], [(RAW, "90")], "passed"),
        ([(RAW, "90")], [(STATUS, "incomplete")], "incomplete"),
        ([(RAW, "90"), (STATUS, "failed")], [(RAW, "95")], "failed"),
        (None, [(RAW, "90")], "passed"),
        (None, [], "completed"),
    ],
)
def test_a_12_lesson_is_judged_by_its_last_words_however_late(table, before, after, status: str) -> None:
    desk = judged(table)
    if before is not None:
        desk.commit(*before)
    desk.send(Left())
    desk.reload()
    desk.commit(*after, initialized=before is None, terminated=True)
    assert desk.stored["one", 1][STATUS] == status


def test_a_12_lesson_that_ended_is_not_resumed_because_its_end_came_late(table) -> None:
    desk = judged(table)
    desk.commit((STATUS, "incomplete"))
    desk.send(Left())
    desk.commit((STATUS, "completed"), (EXIT, ""), initialized=False, terminated=True)
    desk.send(Started())
    assert desk.stored["one", 1]["cmi.core.entry"] == ""


@pytest.mark.parametrize("names", [("one",), ("one", "two")])
def test_what_2004_content_reports_late_reaches_tracking(table, names: tuple[str, ...]) -> None:
    desk = table(S2004, *names)
    desk.send(Started())
    desk.commit(("cmi.completion_status", "incomplete"))
    desk.send(Left())
    desk.reload()
    said = [("cmi.completion_status", "completed"), ("cmi.success_status", "passed"), ("cmi.score.scaled", "0.9")]
    desk.commit(*said, initialized=False)
    known = activity_status(desk.state.tracking, "one")
    assert (known.completed, known.satisfied, known.measure) == (True, True, 0.9)
