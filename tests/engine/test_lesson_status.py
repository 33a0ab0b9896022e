"""What LMSFinish makes of the status, by the table of the SCORM 1.2 book."""

from __future__ import annotations

import pytest

from scorm_embed.engine.lesson_status import finish_status

STATUS, RAW, MASTERY = "cmi.core.lesson_status", "cmi.core.score.raw", "cmi.student_data.mastery_score"
CREDIT, MODE = "cmi.core.credit", "cmi.core.lesson_mode"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, "completed"),
        ({STATUS: "not attempted"}, "completed"),
        ({RAW: "80", MASTERY: "80"}, "passed"),
        ({RAW: "79.99", MASTERY: "80"}, "failed"),
        ({MASTERY: "80"}, "completed"),
        ({RAW: "80"}, "completed"),
        ({RAW: "", MASTERY: "80"}, "completed"),
        ({RAW: "80", MASTERY: "soon"}, "completed"),
        ({STATUS: "completed", RAW: "80", MASTERY: "80"}, "passed"),
        ({STATUS: "completed", RAW: "10", MASTERY: "80"}, "failed"),
        ({STATUS: "completed"}, None),
        ({STATUS: "completed", RAW: "10", MASTERY: "80", CREDIT: "no-credit"}, None),
        ({STATUS: "incomplete", RAW: "90", MASTERY: "80"}, None),
        ({STATUS: "passed", RAW: "10", MASTERY: "80"}, None),
        ({STATUS: "failed", RAW: "90", MASTERY: "80"}, None),
        ({STATUS: "browsed"}, None),
        ({MODE: "browse"}, "browsed"),
        ({MODE: "browse", RAW: "90", MASTERY: "80"}, "browsed"),
    ],
)
def test_finish_sets_the_status_that_the_book_says(values: dict[str, str], expected: str | None) -> None:
    assert finish_status(values) == expected
