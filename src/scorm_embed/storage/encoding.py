"""Text, JSON and times on their way into a database and back, without a change.

Owns what no database agrees on: characters that some refuse, JSON that must come back equal, times in UTC. It knows
neither SQL nor SCORM.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from scorm_embed.errors import RequestError

MARK = "\ufdd0"
"""A noncharacter that every database keeps; it announces four hexadecimal digits of an escaped character."""

TENANT_LENGTH_MAX = 128
KEY_LENGTH_MAX = 255
ACTIVITY_LENGTH_MAX = 600
"""Lengths of identifiers in characters: as much as an index on MariaDB holds (3,072 bytes in all)."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff\ufdd0]")
_ESCAPED = re.compile("\ufdd0([0-9a-f]{4})")
_SURROGATE = re.compile("[\ud800-\udfff]")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_encode_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def escape(text: str) -> str:
    """Replace what a database cannot hold; ``unescape`` gives the text back.

    PostgreSQL refuses U+0000, and UTF-8 has no form for half of a surrogate pair, which JavaScript can send. A
    learner's answer is worth more than its encoding, so both are kept as ``MARK`` and four hexadecimal digits.
    """
    if _UNSTORABLE.search(text) is None:
        return text
    return _UNSTORABLE.sub(lambda found: f"{MARK}{ord(found[0]):04x}", text)


def unescape(text: str) -> str:
    """Give back what ``escape`` was given."""
    if MARK not in text:
        return text
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


def dumps(value: Any) -> str:
    """Write JSON that ``loads`` reads back equal (tuples as lists).

    Raises:
        RequestError: JSON has no form for the value.
    """
    try:
        text = _encode_json(value)
    except (TypeError, ValueError) as error:
        raise RequestError(f"A value cannot be stored as JSON: {error}.") from error
    if text.isascii():
        return text
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def loads(text: str) -> Any:
    """Read what ``dumps`` wrote."""
    return json.loads(text)


def dump_texts(values: Mapping[str, str]) -> str:
    """Write a flat map of texts, escaped, so that SQL may merge and read it."""
    return _encode_json({escape(name): escape(value) for name, value in values.items()})


def load_texts(text: str) -> dict[str, str]:
    """Read what ``dump_texts`` wrote."""
    values: dict[str, str] = json.loads(text)
    if MARK not in text and "\\u" not in text:
        return values
    return unescape_texts(values)


def unescape_texts(values: Mapping[str, str]) -> dict[str, str]:
    """Give back a flat map of texts that was read as JSON already."""
    return {unescape(name): unescape(value) for name, value in values.items()}


def to_microseconds(moment: datetime) -> int:
    """Give an aware time as whole microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def from_microseconds(microseconds: int) -> datetime:
    """Give the time that ``to_microseconds`` was given, in UTC."""
    return _EPOCH + microseconds * _MICROSECOND


def check_aware(*moments: datetime | None) -> None:
    """Refuse a time without a zone, of which nobody knows which moment it means.

    Raises:
        ValueError: one of the times is naive.
    """
    for moment in moments:
        if moment is not None and moment.tzinfo is None:
            raise ValueError(f"{moment!r} has no time zone")


def is_storable(*identifiers: str | None) -> bool:
    """Whether records under these identifiers can exist at all; what cannot be stored cannot be found either."""
    return all(text is None or _UNSTORABLE.search(text) is None for text in identifiers)


def check_identifier(name: str, value: str | None, length_max: int = KEY_LENGTH_MAX) -> None:
    """Refuse an identifier that some database could not keep exactly.

    Raises:
        RequestError: longer than ``length_max`` characters, or with U+0000 or half of a surrogate pair in it.
    """
    if value is None:
        return
    if len(value) > length_max:
        problem = f"is longer than {length_max} characters"
    elif not is_storable(value):
        problem = "contains a character that cannot be stored"
    else:
        return
    raise RequestError(f"{name} {problem}.", {"fields": [{"path": name, "error": problem}]})
