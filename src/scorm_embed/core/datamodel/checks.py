"""One check for each data type: does a value fit the row it is meant for?

Owns the step from a row to the functions of ``core.values``. Lengths, records and orders are the state's affair.
"""

from __future__ import annotations

import re

from scorm_embed.core.datamodel.element import Element, Type
from scorm_embed.core.datamodel.interactions import check_feedback, check_pattern, check_response
from scorm_embed.core.values import (
    Misfit,
    Rule,
    Verdict,
    check_decimal,
    check_identifier,
    check_integer,
    check_interval,
    check_language,
    check_localized,
    check_real,
    check_time_of_day,
    check_timespan,
    check_timestamp,
    check_uri,
)

_TARGET = re.compile(r"\{target=[^}]+\}(.*)", re.DOTALL)


def check(element: Element, value: str, kind: str, targets: frozenset[str]) -> Verdict:
    """Whether a value has the type and the range of an element.

    ``kind`` is the interaction's type where the element belongs to one ("" while it is unknown); ``targets`` are the
    navigation requests that take a target in this edition.
    """
    match element.type:
        case Type.TEXT:
            return None
        case Type.LOCALIZED:
            return check_localized(value)
        case Type.LANGUAGE:
            return None if value in element.vocabulary else check_language(value)
        case Type.URI:
            return check_uri(value)
        case Type.REAL:
            return check_real(value, element.minimum, element.maximum)
        case Type.TOKEN:
            return None if value in element.vocabulary else Misfit.TYPE
        case Type.RESULT:
            return None if value in element.vocabulary else check_real(value)
        case Type.TIMESTAMP:
            return check_timestamp(value)
        case Type.INTERVAL:
            return check_interval(value)
        case Type.RESPONSE:
            return check_response(kind, value)
        case Type.PATTERN:
            return check_pattern(kind, value)
        case Type.NAVIGATION:
            target = _TARGET.fullmatch(value)
            return None if value in element.vocabulary or (target and target[1] in targets) else Misfit.TYPE
        case Type.IDENTIFIER:
            return check_identifier(value)
        case Type.DECIMAL:
            return check_decimal(value)
        case Type.SCORE:
            verdict = check_decimal(value, element.minimum, element.maximum) if value else None
            return Rule.SCORE_RANGE if verdict is Misfit.RANGE else verdict
        case Type.INTEGER:
            return check_integer(value, element.minimum, element.maximum)
        case Type.TIME_OF_DAY:
            return check_time_of_day(value)
        case Type.TIMESPAN:
            return check_timespan(value)
        case Type.GRADE:
            return None if value in element.vocabulary else check_decimal(value)
        case Type.FEEDBACK:
            return check_feedback(kind, value)
