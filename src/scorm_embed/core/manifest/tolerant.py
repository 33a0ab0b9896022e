"""Reads single values the way published manifests write them, reporting what is not as the schema has it.

Owns the tolerance for booleans, numbers, words, durations and identifiers; knows no elements beyond their attributes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import TypeVar
from urllib.parse import unquote

from scorm_embed.core.manifest import problems
from scorm_embed.core.manifest.elements import Element
from scorm_embed.core.manifest.problems import ProblemLog
from scorm_embed.core.values.duration import check_timespan, format_iso_duration, format_timespan, parse_duration
from scorm_embed.core.values.real import check_real

Word = TypeVar("Word", bound=Enum)

_SPACE = re.compile("[ \t\r\n]+")
_TRUE = frozenset({"true", "1", "yes", "on", "t", "y"})
_FALSE = frozenset({"false", "0", "no", "off", "f", "n"})
_DIGITS_MAX = 100
"""A number with more characters than this says nothing, and float() would make an infinity of it."""


def collapsed(text: str | None) -> str:
    """Text with white space trimmed and collapsed, as the schema types ID, IDREF and anyURI ask."""
    return _SPACE.sub(" ", text).strip(" ") if text else ""


def shown_text(element: Element | None) -> str:
    """All text of an element as one line for people."""
    return collapsed(element.all_text()).strip() if element is not None else ""


def objective_name(text: str | None) -> str:
    """A name of a local or global objective: percent-decoded, then collapsed.

    The ADL conformance packages name one objective in several spellings (OB-12a); this order makes them one.
    """
    return collapsed(unquote(text)) if text and "%" in text else collapsed(text)


def boolean(element: Element, key: str, default: bool, log: ProblemLog) -> bool:
    """A boolean attribute; absent is the default."""
    written = element.get(key)
    if written is None:
        return default
    word = written.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    kind = problems.BOOLEAN_INVALID if word else problems.VALUE_EMPTY
    log.add(kind, element, name=key_written(element, key), value=written, used="true" if default else "false")
    return default


def number_text(text: str) -> str | None:
    """A decimal as xs:decimal writes it (comma and white space forgiven); None if it is none."""
    candidate = text.strip().replace(",", ".", 1)
    return candidate if len(candidate) <= _DIGITS_MAX and check_real(candidate) is None else None


def number(
    text: str | None, name: str, low: float, high: float, default: float, place: Element, log: ProblemLog
) -> float:
    """A decimal within a range: beyond the range it is the nearest end, no number is the default."""
    if text is None:
        return default
    decimal = number_text(text)
    if decimal is None:
        kind = problems.NUMBER_INVALID if text.strip() else problems.VALUE_EMPTY
        log.add(kind, place, name=name, value=text, used=default)
        return default
    value = float(decimal)
    if low <= value <= high:
        return value
    nearest = low if value < low else high
    log.add(problems.NUMBER_OUT_OF_RANGE, place, name=name, value=text, used=nearest)
    return nearest


def attribute_number(element: Element, key: str, low: float, high: float, default: float, log: ProblemLog) -> float:
    """``number`` of an attribute."""
    return number(element.get(key), key_written(element, key), low, high, default, element, log)


COUNT_MAX = 2**31 - 1


def count(element: Element, key: str, default: int | None, log: ProblemLog) -> int | None:
    """An attribute that is a non-negative integer; anything else is the default."""
    written = element.get(key)
    if written is None:
        return default
    name = key_written(element, key)
    used = "none" if default is None else default
    decimal = number_text(written)
    if decimal is None or float(decimal) != int(float(decimal)):
        kind = problems.NUMBER_INVALID if written.strip() else problems.VALUE_EMPTY
        log.add(kind, element, name=name, value=written, used=used)
        return default
    value = int(float(decimal))
    if value < 0:
        log.add(problems.NUMBER_OUT_OF_RANGE, element, name=name, value=written, used=used)
        return default
    if value > COUNT_MAX:
        log.add(problems.NUMBER_OUT_OF_RANGE, element, name=name, value=written, used=COUNT_MAX)
        return COUNT_MAX
    return value


def vocabulary(words: type[Word], aliases: Mapping[str, Word] | None = None) -> dict[str, Word]:
    """The words of an Enum by their lower-case spelling."""
    return {str(word.value).lower(): word for word in words} | dict(aliases or {})


def word(element: Element, key: str, words: Mapping[str, Word], default: Word, log: ProblemLog) -> Word:
    """An attribute with a vocabulary, in any letter case; unknown is the default."""
    written = element.get(key)
    if written is None:
        return default
    found = words.get(written.strip().lower())
    if found is None:
        kind = problems.VALUE_UNKNOWN if written.strip() else problems.VALUE_EMPTY
        log.add(kind, element, name=key_written(element, key), value=written, used=default.value)
        return default
    return found


def duration(text: str, name: str, *, iso: bool, place: Element, log: ProblemLog) -> str | None:
    """A duration in the form of its standard (xs:duration, or CMITimespan of SCORM 1.2).

    The form of the other standard is rewritten; None where the text is no duration or empty.
    """
    written = collapsed(text)
    if not written:
        return None
    hundredths = parse_duration(written)
    if hundredths is None:
        log.add(problems.DURATION_INVALID, place, name=name, value=written)
        return None
    if written.startswith("P") if iso else check_timespan(written) is None:
        return written
    rewritten = format_iso_duration(hundredths) if iso else format_timespan(hundredths)
    log.add(problems.DURATION_FORM, place, name=name, value=written, used=rewritten)
    return rewritten


def key_written(element: Element, key: str) -> str:
    """An attribute's name as the author wrote it."""
    return element.written.get(key, key)


def first_of(elements: Iterable[Element], log: ProblemLog) -> Element | None:
    """The first of elements of which there may be one; more are reported."""
    found: Element | None = None
    for element in elements:
        if found is not None:
            log.add(problems.ELEMENT_TWICE, element, name=element.name)
            break
        found = element
    return found
