"""The SCORM 2004 data model (Run-Time Environment 4.2) of all editions, one row an element.

Rows of one group stand in the order in which its ``_children`` lists them.
"""

from __future__ import annotations

from scorm_embed.core.datamodel.element import Access, Collection, Element, Group, Override, Row, Source, Type

_RO, _WO = Access.READ_ONLY, Access.WRITE_ONLY
_COMPLETION = ("completed", "incomplete", "not attempted", "unknown")
_SUCCESS = ("passed", "failed", "unknown")


def _score(parent: str, requires: tuple[str, ...] = (), source: Source = Source.CONTENT) -> tuple[Row, ...]:
    return (
        Group(f"{parent}.score"),
        Element(f"{parent}.score.scaled", Type.REAL, minimum=-1, maximum=1, requires=requires, source=source),
        *(
            Element(f"{parent}.score.{leaf}", Type.REAL, requires=requires, source=source)
            for leaf in ("raw", "min", "max")
        ),
    )


def _comments(collection: str, access: Access, source: Source) -> tuple[Row, ...]:
    return (
        Element(f"{collection}.n.comment", Type.LOCALIZED, access, 4000, source=source),
        Element(f"{collection}.n.location", Type.TEXT, access, 250, source=source),
        Element(f"{collection}.n.timestamp", Type.TIMESTAMP, access, source=source),
    )


_SINGLE: tuple[Row, ...] = (
    Element("cmi._version", Type.TEXT, _RO, default="1.0"),
    Collection("cmi.comments_from_learner", 250),
    *_comments("cmi.comments_from_learner", Access.READ_WRITE, Source.CONTENT),
    Collection("cmi.comments_from_lms", 100, grows=False),
    *_comments("cmi.comments_from_lms", _RO, Source.LMS),
    Element(
        "cmi.completion_status",
        Type.TOKEN,
        default="unknown",
        vocabulary=_COMPLETION,
        override=Override("cmi.completion_threshold", "cmi.progress_measure", "completed", "incomplete"),
    ),
    Element("cmi.completion_threshold", Type.REAL, _RO, minimum=0, maximum=1, source=Source.MANIFEST),
    Element(
        "cmi.credit",
        Type.TOKEN,
        _RO,
        default="credit",
        vocabulary=("credit", "no-credit"),
        source=Source.LMS,
    ),
    Element(
        "cmi.entry",
        Type.TOKEN,
        _RO,
        default="ab-initio",
        vocabulary=("ab-initio", "resume", ""),
        source=Source.LMS,
    ),
    Element(
        "cmi.exit",
        Type.TOKEN,
        _WO,
        vocabulary=("time-out", "suspend", "logout", "normal", ""),
        per_session=True,
    ),
    Element("cmi.launch_data", Type.TEXT, _RO, 4000, source=Source.MANIFEST),
    Element("cmi.learner_id", Type.URI, _RO, 4000, source=Source.LMS),
    Element("cmi.learner_name", Type.LOCALIZED, _RO, 250, source=Source.LMS),
    Group("cmi.learner_preference"),
    Element("cmi.learner_preference.audio_level", Type.REAL, default="1", minimum=0, source=Source.LMS),
    Element(
        "cmi.learner_preference.language",
        Type.LANGUAGE,
        limit=250,
        default="",
        vocabulary=("",),
        source=Source.LMS,
    ),
    Element("cmi.learner_preference.delivery_speed", Type.REAL, default="1", minimum=0, source=Source.LMS),
    Element(
        "cmi.learner_preference.audio_captioning",
        Type.TOKEN,
        default="0",
        vocabulary=("-1", "0", "1"),
        source=Source.LMS,
    ),
    Element("cmi.location", Type.TEXT, limit=1000),
    Element("cmi.max_time_allowed", Type.INTERVAL, _RO, source=Source.MANIFEST),
    Element(
        "cmi.mode",
        Type.TOKEN,
        _RO,
        default="normal",
        vocabulary=("browse", "normal", "review"),
        source=Source.LMS,
    ),
    Element("cmi.progress_measure", Type.REAL, minimum=0, maximum=1),
    Element("cmi.scaled_passing_score", Type.REAL, _RO, minimum=-1, maximum=1, source=Source.MANIFEST),
    *_score("cmi"),
    Element("cmi.session_time", Type.INTERVAL, _WO, per_session=True),
    Element(
        "cmi.success_status",
        Type.TOKEN,
        default="unknown",
        vocabulary=_SUCCESS,
        override=Override("cmi.scaled_passing_score", "cmi.score.scaled", "passed", "failed"),
    ),
    Element("cmi.suspend_data", Type.TEXT, limit=64_000),
    Element(
        "cmi.time_limit_action",
        Type.TOKEN,
        _RO,
        default="continue,no message",
        vocabulary=("exit,message", "continue,message", "exit,no message", "continue,no message"),
        source=Source.MANIFEST,
    ),
    Element("cmi.total_time", Type.INTERVAL, _RO, default="PT0H0M0S", source=Source.LMS),
)

_ID = ("id",)
_OBJECTIVES: tuple[Row, ...] = (
    Collection("cmi.objectives", 100),
    Element("cmi.objectives.n.id", Type.URI, limit=4000, write_once=True, unique=True, source=Source.MANIFEST),
    *_score("cmi.objectives.n", _ID, Source.TRACKING),
    Element(
        "cmi.objectives.n.success_status",
        Type.TOKEN,
        default="unknown",
        vocabulary=_SUCCESS,
        requires=_ID,
        source=Source.TRACKING,
    ),
    Element(
        "cmi.objectives.n.completion_status",
        Type.TOKEN,
        default="unknown",
        vocabulary=_COMPLETION,
        requires=_ID,
        source=Source.TRACKING,
    ),
    Element(
        "cmi.objectives.n.progress_measure",
        Type.REAL,
        minimum=0,
        maximum=1,
        requires=_ID,
        source=Source.TRACKING,
        since=3,
    ),
    Element("cmi.objectives.n.description", Type.LOCALIZED, limit=250, requires=_ID),
)

_N = "cmi.interactions.n"
_TYPED = ("id", "type")
_INTERACTIONS: tuple[Row, ...] = (
    Collection("cmi.interactions", 250),
    Element(f"{_N}.id", Type.URI, limit=4000),
    Element(
        f"{_N}.type",
        Type.TOKEN,
        vocabulary=(
            "true-false",
            "choice",
            "fill-in",
            "long-fill-in",
            "matching",
            "performance",
            "sequencing",
            "likert",
            "numeric",
            "other",
        ),
        requires=_ID,
        clears=("correct_responses", "learner_response"),
    ),
    Collection(f"{_N}.objectives", 10, publishes=False),
    Element(f"{_N}.objectives.n.id", Type.URI, limit=4000, requires=_ID, unique=True),
    Element(f"{_N}.timestamp", Type.TIMESTAMP, requires=_ID),
    Collection(f"{_N}.correct_responses", publishes=False),
    Element(f"{_N}.correct_responses.n.pattern", Type.PATTERN, requires=_TYPED),
    Element(f"{_N}.weighting", Type.REAL, requires=_ID),
    Element(f"{_N}.learner_response", Type.RESPONSE, requires=_TYPED),
    Element(
        f"{_N}.result",
        Type.RESULT,
        vocabulary=("correct", "incorrect", "unanticipated", "neutral"),
        requires=_ID,
    ),
    Element(f"{_N}.latency", Type.INTERVAL, requires=_ID),
    Element(f"{_N}.description", Type.LOCALIZED, limit=250, requires=_ID),
)

ROWS: tuple[Row, ...] = _SINGLE + _OBJECTIVES + _INTERACTIONS
