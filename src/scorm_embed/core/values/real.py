"""Numbers: real(10,7) of SCORM 2004, CMIDecimal and CMISInteger of SCORM 1.2.

Owns the text form of numbers. Values are kept as they were written, so nothing here rounds or formats.
"""

from __future__ import annotations

import math
import re

from scorm_embed.core.values.verdict import Misfit, Rule, Verdict

_REAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")
_DECIMAL = re.compile(r"-?([0-9]+(\.[0-9]*)?|\.[0-9]+)")
_EXPONENT = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_INTEGER = re.compile(r"-?[0-9]+")


def parse_real(text: str) -> float | None:
    """The number a text stands for, read as generously as content writes it (``1e-7`` too); None when it is none, or
    is larger than what anybody can calculate with or store."""
    number = float(text) if _EXPONENT.fullmatch(text) else math.inf
    return number if math.isfinite(number) else None


def check_real(text: str, minimum: float | None = None, maximum: float | None = None) -> Verdict:
    """real(10,7) (RTE 4.1.1.7) between two bounds, compared at full precision."""
    return _check(_REAL, text, minimum, maximum)


def check_decimal(text: str, minimum: float | None = None, maximum: float | None = None) -> Verdict:
    """CMIDecimal (SCORM 1.2 RTE 3.4.2): no plus sign, any number of digits."""
    return _check(_DECIMAL, text, minimum, maximum)


def check_integer(text: str, minimum: float | None = None, maximum: float | None = None) -> Verdict:
    """CMIInteger or CMISInteger (SCORM 1.2 RTE 3.4.2), by its bounds."""
    return _check_bounds(float(text), minimum, maximum) if _INTEGER.fullmatch(text) else Misfit.TYPE


def _check(form: re.Pattern[str], text: str, minimum: float | None, maximum: float | None) -> Verdict:
    number = parse_real(text)
    if number is None:
        return Misfit.TYPE
    outside = _check_bounds(number, minimum, maximum)
    return outside or (None if form.fullmatch(text) else Rule.NUMBER_EXPONENT)


def _check_bounds(number: float, minimum: float | None, maximum: float | None) -> Verdict:
    if (minimum is not None and number < minimum) or (maximum is not None and number > maximum):
        return Misfit.RANGE
    return None
