"""The data types of both standards: checked, parsed, formatted.

Owns the text form of single values. Knows nothing of elements: which type an element has is a row of
``core.datamodel``.
"""

from scorm_embed.core.values.duration import (
    check_interval,
    check_timespan,
    format_iso_duration,
    format_timespan,
    parse_duration,
)
from scorm_embed.core.values.identifier import check_identifier, check_uri
from scorm_embed.core.values.language import check_language, check_localized, split_localized
from scorm_embed.core.values.real import check_decimal, check_integer, check_real, parse_real
from scorm_embed.core.values.timestamp import check_time_of_day, check_timestamp
from scorm_embed.core.values.verdict import ALWAYS_ACCEPTED, SENTENCES, Misfit, Rule, Verdict, worst

__all__ = [
    "ALWAYS_ACCEPTED",
    "SENTENCES",
    "Misfit",
    "Rule",
    "Verdict",
    "check_decimal",
    "check_identifier",
    "check_integer",
    "check_interval",
    "check_language",
    "check_localized",
    "check_real",
    "check_time_of_day",
    "check_timespan",
    "check_timestamp",
    "check_uri",
    "format_iso_duration",
    "format_timespan",
    "parse_duration",
    "parse_real",
    "split_localized",
    "worst",
]
