"""Durations: timeinterval(second,10,2) of SCORM 2004 and CMITimespan of SCORM 1.2, as hundredths of a second.

Owns the one parser and the two formatters of durations; nothing else in the project reads or writes one.
"""

from __future__ import annotations

import re

from scorm_embed.core.values.verdict import Misfit, Rule, Verdict

_ISO = re.compile(
    r"P(?:([0-9]{1,12})Y)?(?:([0-9]{1,12})M)?(?:([0-9]{1,12})D)?"
    r"(T(?:([0-9]{1,12})H)?(?:([0-9]{1,12})M)?(?:([0-9]{1,12})(?:([.,])([0-9]*))?S)?)?"
)
_SPAN = re.compile(r"([0-9]{1,12}):([0-9]{1,2}):([0-9]{1,2})(?:([.,])([0-9]*))?")

_YEAR_SECONDS = 31_536_000
_MONTH_SECONDS = 2_628_029
"""A year and a month as the conformance suite compares them."""


def parse_duration(text: str) -> int | None:
    """Hundredths of a second in a duration of either standard, with a comma or any number of decimals; None if it is
    none. What is finer than a hundredth is cut off."""
    iso = _ISO.fullmatch(text)
    if iso:
        if not _has_components(text):
            return None
        years, months, days, _, hours, minutes, seconds, _, fraction = iso.groups(default="")
        whole = int(years or 0) * _YEAR_SECONDS + int(months or 0) * _MONTH_SECONDS + int(days or 0) * 86_400
    else:
        span = _SPAN.fullmatch(text)
        if not span:
            return None
        hours, minutes, seconds, _, fraction = span.groups(default="")
        whole = 0
    whole += int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    return whole * 100 + int((fraction + "00")[:2])


def format_iso_duration(hundredths: int) -> str:
    """A duration as timeinterval, carried up to days and no further (``PT0S`` for none)."""
    days, rest = divmod(hundredths, 8_640_000)
    hours, rest = divmod(rest, 360_000)
    minutes, rest = divmod(rest, 6000)
    seconds, fraction = divmod(rest, 100)
    second = f"{seconds}.{fraction:02}".rstrip("0") if fraction else str(seconds)
    time = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "") + (f"{second}S" if rest else "")
    text = "P" + (f"{days}D" if days else "") + (f"T{time}" if time else "")
    return text if text != "P" else "PT0S"


def format_timespan(hundredths: int) -> str:
    """A duration as CMITimespan ``HHHH:MM:SS.SS``; what four digits of hours cannot hold becomes 9999:99:99.99."""
    if hundredths >= 10_000 * 360_000:
        return "9999:99:99.99"
    seconds, fraction = divmod(hundredths, 100)
    return f"{seconds // 3600:04}:{seconds // 60 % 60:02}:{seconds % 60:02}.{fraction:02}"


def check_interval(text: str) -> Verdict:
    """timeinterval(second,10,2) (RTE 4.1.1.7)."""
    iso = _ISO.fullmatch(text)
    if iso and _has_components(text):
        return _check_fraction(iso[8], iso[9])
    return Rule.DURATION_FORM if _SPAN.fullmatch(text) else Misfit.TYPE


def check_timespan(text: str) -> Verdict:
    """CMITimespan (SCORM 1.2 RTE 3.4.2): two to four digits of hours, two of minutes, of seconds and of decimals."""
    span = _SPAN.fullmatch(text)
    if not span:
        return Rule.DURATION_FORM if parse_duration(text) is not None else Misfit.TYPE
    fraction = _check_fraction(span[4], span[5])
    if fraction is None and (not 2 <= len(span[1]) <= 4 or len(span[2]) < 2 or len(span[3]) < 2):
        return Rule.DURATION_DIGITS
    return fraction


def _has_components(text: str) -> bool:
    """Whether a text that looks like an ISO duration names anything: ``P``, ``PT`` and ``P1DT`` do not."""
    return text[-1] not in "PT"


def _check_fraction(point: str | None, digits: str | None) -> Verdict:
    if point == ",":
        return Rule.DURATION_COMMA
    if point is not None and not 1 <= len(digits or "") <= 2:
        return Rule.DURATION_DECIMALS
    return None
