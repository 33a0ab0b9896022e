"""The SCORM 1.2 data model (Run-Time Environment 3.4.4), one row an element.

Rows of one group stand in the order in which its ``_children`` lists them.
"""

from __future__ import annotations

from scorm_embed.core.datamodel.element import Access, Collection, Element, Group, Row, Source, Type

_RO, _WO = Access.READ_ONLY, Access.WRITE_ONLY
_STATUS = ("passed", "completed", "failed", "incomplete", "browsed", "not attempted")


def _score(parent: str) -> tuple[Row, ...]:
    return (
        Group(f"{parent}.score"),
        *(
            Element(f"{parent}.score.{leaf}", Type.SCORE, default="", minimum=0, maximum=100)
            for leaf in ("raw", "min", "max")
        ),
    )


_CORE: tuple[Row, ...] = (
    Group("cmi"),
    Element("cmi._version", Type.TEXT, _RO, default="3.4"),
    Group("cmi.core"),
    Element("cmi.core.student_id", Type.IDENTIFIER, _RO, 255, default="", source=Source.LMS),
    Element("cmi.core.student_name", Type.TEXT, _RO, 255, default="", source=Source.LMS),
    Element("cmi.core.lesson_location", Type.TEXT, limit=255, default=""),
    Element(
        "cmi.core.credit",
        Type.TOKEN,
        _RO,
        default="credit",
        vocabulary=("credit", "no-credit"),
        source=Source.LMS,
    ),
    Element(
        "cmi.core.lesson_status",
        Type.TOKEN,
        default="not attempted",
        vocabulary=_STATUS,
        reserved=("not attempted",),
    ),
    Element(
        "cmi.core.entry",
        Type.TOKEN,
        _RO,
        default="ab-initio",
        vocabulary=("ab-initio", "resume", ""),
        source=Source.LMS,
    ),
    *_score("cmi.core"),
    Element("cmi.core.total_time", Type.TIMESPAN, _RO, default="0000:00:00.00", source=Source.LMS),
    Element(
        "cmi.core.lesson_mode",
        Type.TOKEN,
        _RO,
        default="normal",
        vocabulary=("normal", "review", "browse"),
        source=Source.LMS,
    ),
    Element(
        "cmi.core.exit",
        Type.TOKEN,
        _WO,
        vocabulary=("time-out", "suspend", "logout", ""),
        per_session=True,
    ),
    Element("cmi.core.session_time", Type.TIMESPAN, _WO, per_session=True),
    Element("cmi.suspend_data", Type.TEXT, limit=4096, default="", limit_option="suspend_data_chars_max"),
    Element("cmi.launch_data", Type.TEXT, _RO, 4096, default="", source=Source.MANIFEST),
    Element("cmi.comments", Type.TEXT, limit=4096, default="", appends=True, limit_option="comments_chars_max"),
    Element("cmi.comments_from_lms", Type.TEXT, _RO, 4096, default="", source=Source.LMS),
)

_OBJECTIVES: tuple[Row, ...] = (
    Collection("cmi.objectives"),
    Element("cmi.objectives.n.id", Type.IDENTIFIER, limit=255, default=""),
    *_score("cmi.objectives.n"),
    Element("cmi.objectives.n.status", Type.TOKEN, default="not attempted", vocabulary=_STATUS),
)

_STUDENT: tuple[Row, ...] = (
    Group("cmi.student_data"),
    Element("cmi.student_data.mastery_score", Type.DECIMAL, _RO, default="", source=Source.MANIFEST),
    Element("cmi.student_data.max_time_allowed", Type.TIMESPAN, _RO, default="", source=Source.MANIFEST),
    Element(
        "cmi.student_data.time_limit_action",
        Type.TOKEN,
        _RO,
        default="continue,no message",
        vocabulary=("exit,message", "exit,no message", "continue,message", "continue,no message"),
        source=Source.MANIFEST,
    ),
    Group("cmi.student_preference"),
    Element("cmi.student_preference.audio", Type.INTEGER, default="0", minimum=-1, maximum=100, source=Source.LMS),
    Element("cmi.student_preference.language", Type.TEXT, limit=255, default="", source=Source.LMS),
    Element("cmi.student_preference.speed", Type.INTEGER, default="0", minimum=-100, maximum=100, source=Source.LMS),
    Element("cmi.student_preference.text", Type.INTEGER, default="0", minimum=-1, maximum=1, source=Source.LMS),
)

_N = "cmi.interactions.n"
_INTERACTIONS: tuple[Row, ...] = (
    Collection("cmi.interactions"),
    Element(f"{_N}.id", Type.IDENTIFIER, _WO, 255),
    Collection(f"{_N}.objectives", publishes=False),
    Element(f"{_N}.objectives.n.id", Type.IDENTIFIER, _WO, 255),
    Element(f"{_N}.time", Type.TIME_OF_DAY, _WO),
    Element(
        f"{_N}.type",
        Type.TOKEN,
        _WO,
        vocabulary=(
            "true-false",
            "choice",
            "fill-in",
            "matching",
            "performance",
            "sequencing",
            "likert",
            "numeric",
        ),
    ),
    Collection(f"{_N}.correct_responses", publishes=False),
    Element(f"{_N}.correct_responses.n.pattern", Type.FEEDBACK, _WO, 255),
    Element(f"{_N}.weighting", Type.DECIMAL, _WO),
    Element(f"{_N}.student_response", Type.FEEDBACK, _WO, 255),
    Element(f"{_N}.result", Type.GRADE, _WO, vocabulary=("correct", "wrong", "unanticipated", "neutral")),
    Element(f"{_N}.latency", Type.TIMESPAN, _WO),
)

ROWS: tuple[Row, ...] = _CORE + _OBJECTIVES + _STUDENT + _INTERACTIONS
