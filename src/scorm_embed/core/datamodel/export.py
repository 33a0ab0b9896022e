"""The table as plain data, for the browser's interpreter.

Owns the shape that ``web/static/player/datamodel.d.ts`` describes. The rows of all editions of SCORM 2004 are in one
table; the interpreter leaves out those that are newer than the package's edition.
"""

from __future__ import annotations

from dataclasses import asdict, astuple

from scorm_embed.core.datamodel import adl, scorm12, scorm2004
from scorm_embed.core.datamodel.api import (
    ARGUMENT_SENTENCE,
    FAILURE_SENTENCE,
    METHODS_12,
    METHODS_2004,
    STATE_SENTENCES,
    ApiState,
    Methods,
)
from scorm_embed.core.datamodel.element import Access, Collection, DataLimits, Element, Group, Row, Source
from scorm_embed.core.datamodel.error_codes import EXPECTS, SENTENCES, codes, error_strings
from scorm_embed.core.datamodel.interactions import SINGLE_PATTERN
from scorm_embed.core.standard import Standard
from scorm_embed.core.values.language_codes import COUNTRIES, LANGUAGES_2, LANGUAGES_3

Json = str | int | float | bool | list["Json"] | dict[str, "Json"]

_COPIED = (
    "limit",
    "minimum",
    "maximum",
    "default",
    "vocabulary",
    "reserved",
    "requires",
    "write_once",
    "unique",
    "clears",
    "appends",
    "blank_unset",
    "per_session",
    "guarded",
    "targeted",
    "limit_option",
    "since",
)


def export_table(*, is_2004: bool) -> dict[str, Json]:
    """Everything the browser needs to know of one standard, as JSON-like data."""
    standard = Standard.SCORM_2004_4TH if is_2004 else Standard.SCORM_12
    rows = scorm2004.ROWS + adl.ROWS if is_2004 else scorm12.ROWS
    reasons = codes(standard)
    types = {row.type for row in rows if isinstance(row, Element)}
    table: dict[str, Json] = {
        "standard": "2004" if is_2004 else "1.2",
        "rows": [_row(row) for row in rows],
        "reasons": {reason.value: [*pair, SENTENCES[reason]] for reason, pair in reasons.items()},
        "errors": {str(code): text for code, text in error_strings(standard).items()},
        "expects": {kind.value: text for kind, text in EXPECTS.items() if kind in types},
        "calls": _calls(METHODS_2004 if is_2004 else METHODS_12),
        "states": [*(STATE_SENTENCES[state] for state in ApiState), ARGUMENT_SENTENCE, FAILURE_SENTENCE],
        "limits": {name: value for name, value in asdict(DataLimits()).items() if not (is_2004 and _only_12(name))},
    }
    if is_2004:
        table["single_pattern"] = [*sorted(SINGLE_PATTERN)]
    return table


def export_languages() -> list[list[str]]:
    """The codes of languages and of countries, in lower case."""
    return [sorted(LANGUAGES_2 | LANGUAGES_3), sorted(code.lower() for code in COUNTRIES)]


def _row(row: Row) -> list[Json]:
    facts: dict[str, Json] = {}
    if isinstance(row, Group):
        return [row.name, "{}"]
    if isinstance(row, Collection):
        if not row.publishes:
            facts["publishes"] = False
        if not row.grows:
            facts["grows"] = False
        if row.since:
            facts["since"] = row.since
        return [row.name, "[]", facts] if facts else [row.name, "[]"]
    if row.access is not Access.READ_WRITE:
        facts["access"] = row.access.value
    for name in _COPIED:
        value = getattr(row, name)
        if value not in (None, (), False, 0, "") or (value in ("", 0) and name in ("default", "minimum", "maximum")):
            facts[name] = list(value) if isinstance(value, tuple) else value
    if row.override:
        facts["override"] = list(astuple(row.override))
    if row.source is Source.NAVIGATION:
        facts["asked"] = True
    return [row.name, row.type.value, facts] if facts else [row.name, row.type.value]


def _calls(methods: Methods) -> list[Json]:
    return [
        [call.name, call.not_initialized, call.running, call.terminated, call.failure]
        for call in (
            methods.initialize,
            methods.terminate,
            methods.get,
            methods.set,
            methods.commit,
            methods.last_error,
            methods.error_string,
            methods.diagnostic,
        )
    ]


def _only_12(name: str) -> bool:
    return any(isinstance(row, Element) and row.limit_option == name for row in scorm12.ROWS)
