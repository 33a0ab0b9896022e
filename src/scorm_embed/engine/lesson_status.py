"""What LMSFinish makes of cmi.core.lesson_status (SCORM 1.2 RTE 3.4.4, lesson_status)."""

from __future__ import annotations

from collections.abc import Mapping

from scorm_embed.core.datamodel import CmiState
from scorm_embed.core.values import parse_real
from scorm_embed.engine.state import ActivityRecord

LESSON_STATUS = "cmi.core.lesson_status"


def finish_status(values: Mapping[str, str]) -> str | None:
    """The status that the LMS sets when the SCO has finished, or None when what the SCO said stands.

    A SCO that said nothing has completed the lesson. With a mastery score, a completed lesson for credit is passed or
    failed by its raw score; what the SCO itself called passed, failed or incomplete is never overruled.
    """
    status = values.get(LESSON_STATUS, "not attempted")
    if status == "not attempted":
        if values.get("cmi.core.lesson_mode") == "browse":
            return "browsed"
        finished = "completed"
    elif status == "completed":
        finished = status
    else:
        return None
    mastery = parse_real(values.get("cmi.student_data.mastery_score", ""))
    raw = parse_real(values.get("cmi.core.score.raw", ""))
    if mastery is not None and raw is not None and values.get("cmi.core.credit", "credit") == "credit":
        finished = "passed" if raw >= mastery else "failed"
    return None if finished == status else finished


def recall_status(record: ActivityRecord, cmi: CmiState, spoke: bool) -> None:
    """Put the content's own word back in place of what was made of it, unless the content has said another since.

    A lesson that reports nothing but its score is judged by it at each visit.
    """
    if record.said_status is not None and not spoke:
        cmi.write(LESSON_STATUS, record.said_status)
    record.said_status = None


def judge(record: ActivityRecord, cmi: CmiState) -> None:
    """Make of the content's word on the status what LMSFinish makes of it, and remember the word."""
    status = finish_status(cmi.values)
    if status is not None:
        record.said_status = cmi.values.get(LESSON_STATUS, "not attempted")
        cmi.write(LESSON_STATUS, status)
