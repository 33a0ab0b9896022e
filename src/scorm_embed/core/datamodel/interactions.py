"""The response and pattern formats of interactions, one function a type (RTE 4.2.9.1, 4.2.9.2; SCORM 1.2 RTE 3.4.4).

Owns delimiters, prefixes and how many patterns a type may have. Knows one text and its type, not the record around it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from scorm_embed.core.values import (
    Misfit,
    Rule,
    Verdict,
    check_decimal,
    check_localized,
    check_real,
    check_uri,
    parse_real,
    worst,
)

SINGLE_PATTERN = frozenset({"true-false", "likert", "numeric", "other"})
"""Types with exactly one correct response."""

_OPTION = re.compile(r"\{(case|order)_matters=([^}]*)\}")
_TRUE_FALSE = re.compile(r"(?:t|f|true|false|0|1)", re.IGNORECASE)
_SINGLE = "[0-9A-Za-z]"
_LIST_12 = re.compile(rf"(?:{_SINGLE}(?:,{_SINGLE})*)?|\{{{_SINGLE}(?:,{_SINGLE})*\}}")
_PAIR = rf"{_SINGLE}\.{_SINGLE}"
_PAIRS_12 = re.compile(rf"(?:{_PAIR}(?:,{_PAIR})*)?|\{{{_PAIR}(?:,{_PAIR})*\}}")
_BOOLEAN_12 = re.compile(r"[01tfTF]|true|false")
_LIKERT_12 = re.compile(rf"{_SINGLE}?")


def check_response(kind: str, text: str) -> Verdict:
    """A learner response of an interaction type of SCORM 2004; an unknown type takes any text."""
    check = _RESPONSES.get(kind)
    return check(text) if check else None


def check_pattern(kind: str, text: str) -> Verdict:
    """A correct response of an interaction type of SCORM 2004; an unknown type takes any text."""
    check = _PATTERNS.get(kind)
    return check(text) if check else None


def same_pattern(kind: str, first: str, second: str) -> bool:
    """Whether two correct responses of one interaction say the same, where a type forbids that (choice, sequencing)."""
    if kind == "choice":
        return set(first.split("[,]")) == set(second.split("[,]"))
    return kind == "sequencing" and first == second


def shortest(kind: str, text: str) -> str:
    """A long fill-in that names the default language and nothing else is the empty text, and the conformance suite
    reads it so; every other response is kept as it was written."""
    return "" if text == "{lang=en}" and kind == "long-fill-in" else text


def check_feedback(kind: str, text: str) -> Verdict:
    """CMIFeedback of SCORM 1.2 for an interaction type; an unknown type takes any text."""
    if kind == "numeric":
        return Rule.RESPONSE_FORMAT if check_decimal(text) else None
    form = _FEEDBACK.get(kind)
    return None if form is None or form.fullmatch(text) else Rule.RESPONSE_FORMAT


_FEEDBACK = {
    "true-false": _BOOLEAN_12,
    "choice": _LIST_12,
    "sequencing": _LIST_12,
    "matching": _PAIRS_12,
    "likert": _LIKERT_12,
}


def _true_false(text: str) -> Verdict:
    if text in ("true", "false"):
        return None
    return Rule.TRUE_FALSE_FORM if _TRUE_FALSE.fullmatch(text) else Misfit.TYPE


def _choice(text: str) -> Verdict:
    if text == "":
        return None
    members = text.split("[,]")
    if len(set(members)) < len(members):
        return Misfit.TYPE
    return _each(members, check_uri)


def _sequencing(text: str) -> Verdict:
    return _each(text.split("[,]"), check_uri)


def _matching(text: str) -> Verdict:
    return _each(text.split("[,]"), _pair)


def _pair(text: str) -> Verdict:
    ends = text.split("[.]")
    return _each(ends, check_uri) if len(ends) == 2 else Misfit.TYPE


def _fill_in(text: str) -> Verdict:
    return _each(text.split("[,]"), check_localized)


def _performance(text: str, check_answer: Callable[[str], Verdict]) -> Verdict:
    verdict: Verdict = None
    for part in text.split("[,]"):
        step, found, answer = part.partition("[.]")
        if not found or "[.]" in answer or not (step or answer):
            return Misfit.TYPE
        verdict = worst(verdict, check_uri(step) if step else None)
        verdict = worst(verdict, check_answer(answer))
    return verdict


def _range(text: str) -> Verdict:
    low, found, high = text.partition("[:]")
    if not found:
        return Misfit.TYPE if check_real(text) is Misfit.TYPE else Rule.NUMERIC_PATTERN
    verdict = worst(check_real(low) if low else None, check_real(high) if high else None)
    if not isinstance(verdict, Misfit) and low and high and (parse_real(low) or 0.0) > (parse_real(high) or 0.0):
        return Misfit.TYPE
    return verdict


def _range_or_text(text: str) -> Verdict:
    """A performance answer: a range of numbers must be one; anything else is text."""
    return _range(text) if "[:]" in text else None


def _with_options(names: tuple[str, ...], check: Callable[[str], Verdict]) -> Callable[[str], Verdict]:
    """A check of what follows the ``{case_matters=}`` and ``{order_matters=}`` prefixes, each taken once at most."""

    def checked(text: str) -> Verdict:
        seen: set[str] = set()
        while (option := _OPTION.match(text)) and option[1] in names and option[1] not in seen:
            if option[2] not in ("true", "false"):
                return Misfit.TYPE
            seen.add(option[1])
            text = text[option.end() :]
        return check(text)

    return checked


def _any(_: str) -> Verdict:
    return None


def _performed(text: str) -> Verdict:
    return _performance(text, _any)


def _performance_pattern(text: str) -> Verdict:
    return _performance(text, _range_or_text)


_RESPONSES: dict[str, Callable[[str], Verdict]] = {
    "true-false": _true_false,
    "choice": _choice,
    "fill-in": _fill_in,
    "long-fill-in": check_localized,
    "likert": check_uri,
    "matching": _matching,
    "performance": _performed,
    "sequencing": _sequencing,
    "numeric": check_real,
}
_PATTERNS: dict[str, Callable[[str], Verdict]] = {
    **_RESPONSES,
    "fill-in": _with_options(("case", "order"), _fill_in),
    "long-fill-in": _with_options(("case",), check_localized),
    "performance": _with_options(("order",), _performance_pattern),
    "numeric": _range,
}


def _each(parts: list[str], check: Callable[[str], Verdict]) -> Verdict:
    verdict: Verdict = None
    for part in parts:
        verdict = worst(verdict, check(part))
    return verdict
