"""What a check of one value can say.

Owns the three kinds of answer and the closed list of deviations that real content needs. Which of them is let through
is not decided here: a check only names what it saw.
"""

from __future__ import annotations

from enum import Enum


class Misfit(Enum):
    """Why a value can never be stored."""

    TYPE = "type"
    """Wrong type, format or vocabulary."""
    RANGE = "range"
    """The right type, outside the range the element allows."""


class Rule(Enum):
    """A deviation from the standards that published courses write; each has a sentence in ``SENTENCES``."""

    TIMESTAMP_ZONE = "timestamp-zone"
    TIMESTAMP_DECIMALS = "timestamp-decimals"
    TIMESTAMP_YEAR = "timestamp-year"
    TIME_FORM = "time-form"
    DURATION_FORM = "duration-form"
    DURATION_DECIMALS = "duration-decimals"
    DURATION_COMMA = "duration-comma"
    DURATION_DIGITS = "duration-digits"
    IDENTIFIER_CHARACTERS = "identifier-characters"
    LANGUAGE_TAG = "language-tag"
    NUMBER_EXPONENT = "number-exponent"
    SCORE_RANGE = "score-range"
    NUMERIC_PATTERN = "numeric-pattern"
    TRUE_FALSE_FORM = "true-false-form"
    RESPONSE_FORMAT = "response-format"
    TEXT_LENGTH = "text-length"
    ARGUMENT = "argument"
    INITIALIZE_AGAIN = "initialize-again"
    LONG_VALUE = "long-value"


Verdict = Misfit | Rule | None
"""None: as the standard asks. A rule: only a tolerant reading takes it. A misfit: nobody takes it."""


def worst(first: Verdict, second: Verdict) -> Verdict:
    """The graver of two verdicts on parts of one value; of two equals the first."""
    if isinstance(first, Misfit):
        return first
    if isinstance(second, Misfit):
        return second
    return first or second


_TOLERATED = {
    Rule.TIMESTAMP_ZONE: "A time zone without a fraction of a second before it was kept.",
    Rule.TIMESTAMP_DECIMALS: "A timestamp with more than two decimals was kept.",
    Rule.TIMESTAMP_YEAR: "A timestamp outside the years 1970 to 2038 was kept.",
    Rule.TIME_FORM: "A time of day in another form than HH:MM:SS.SS was kept.",
    Rule.DURATION_FORM: "A duration in the form of the other standard was understood.",
    Rule.DURATION_DECIMALS: "A duration with more than two decimals was understood to the hundredth of a second.",
    Rule.DURATION_COMMA: "A duration with a decimal comma was understood.",
    Rule.DURATION_DIGITS: "A duration with another number of digits than the standard's was understood.",
    Rule.IDENTIFIER_CHARACTERS: "An identifier with characters that the standard forbids was kept.",
    Rule.LANGUAGE_TAG: "A language tag that the code lists do not know was kept.",
    Rule.NUMBER_EXPONENT: "A number with an exponent or a plus sign was kept.",
    Rule.SCORE_RANGE: "A score outside 0 to 100 was kept.",
    Rule.NUMERIC_PATTERN: "A numeric pattern without [:] was kept as a single number.",
    Rule.TRUE_FALSE_FORM: "Another spelling of true or false was kept.",
    Rule.RESPONSE_FORMAT: "A response that does not fit the interaction's type was kept.",
    Rule.TEXT_LENGTH: "A text over the standard's limit was kept whole.",
    Rule.ARGUMENT: "A missing argument was read as an empty string.",
    Rule.INITIALIZE_AGAIN: "A new communication session was opened after the first had ended.",
}
_ALWAYS = {Rule.LONG_VALUE: "A value over the length that every system must keep was kept whole."}

SENTENCES = {**_TOLERATED, **_ALWAYS}
"""Rule to the sentence that a course developer reads."""
ALWAYS_ACCEPTED = frozenset(_ALWAYS)
"""Rules that are noted but that the standard allows too: SCORM 2004 lengths are minimums for the system."""
