"""Points in time: time(second,10,0) of SCORM 2004 and CMITime, a time of day, of SCORM 1.2."""

from __future__ import annotations

import re

from scorm_embed.core.values.verdict import Misfit, Rule, Verdict

_TIME = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:T([0-9]{2})(?::([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?)?"
    r"(Z|[+-]([0-9]{2})(?::([0-9]{2}))?)?)?)?)?"
)
_OF_DAY = re.compile(r"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:\.([0-9]+))?")
_MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def check_timestamp(text: str) -> Verdict:
    """time(second,10,0) (RTE 4.1.1.7): a prefix of ``YYYY-MM-DDThh:mm:ss.ssTZD``, the zone only after a fraction."""
    found = _TIME.fullmatch(text)
    if not found:
        return Misfit.TYPE
    year, month, day, hour, minute, second = (
        int(found[n] or default) for n, default in enumerate((0, 1, 1, 0, 0, 0), 1)
    )
    if not 1 <= month <= 12 or not 1 <= day <= _days(year, month):
        return Misfit.TYPE
    if hour > 23 or minute > 59 or second > 59 or int(found[9] or 0) > 23 or int(found[10] or 0) > 59:
        return Misfit.TYPE
    if found[8] and not found[7]:
        return Rule.TIMESTAMP_ZONE
    if found[7] and len(found[7]) > 2:
        return Rule.TIMESTAMP_DECIMALS
    return None if 1970 <= year <= 2038 else Rule.TIMESTAMP_YEAR


def check_time_of_day(text: str) -> Verdict:
    """CMITime (SCORM 1.2 RTE 3.4.2): ``HH:MM:SS`` with up to two decimals. A full timestamp is a tolerated form."""
    found = _OF_DAY.fullmatch(text)
    if not found:
        return Misfit.TYPE if isinstance(check_timestamp(text), Misfit) else Rule.TIME_FORM
    if int(found[1]) > 23 or int(found[2]) > 59 or int(found[3]) > 59:
        return Misfit.TYPE
    short = len(found[1]) < 2 or len(found[2]) < 2 or len(found[3]) < 2
    return Rule.TIME_FORM if short or len(found[4] or "") > 2 else None


def _days(year: int, month: int) -> int:
    if month == 2 and (year % 4 or (year % 100 == 0 and year % 400)):
        return 28
    return _MONTH_DAYS[month - 1]
