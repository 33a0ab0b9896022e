"""Cursors of lists: opaque to clients, bound to one list of one tenant, and read with suspicion.

A cursor holds the place of the last record shown, so that the next page starts behind it whatever was added since. It
is no secret and grants nothing: every query filters by tenant beside it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence

from scorm_embed.errors import RequestError
from scorm_embed.storage.encoding import is_storable

_NUMBER_MAX = 253_402_300_799_999_999
"""The last microsecond of the year 9999, after which Python has no times."""


def write_cursor(scope: Sequence[str], place: Sequence[int | str]) -> str:
    """Write a cursor for a place in the list that ``scope`` names (which list, whose)."""
    # Not escaped: the longest identifier must not make a cursor too long for a query string.
    text = json.dumps([_fingerprint(scope), *place], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(scope: Sequence[str], cursor: str, kinds: Sequence[type]) -> list[int | str]:
    """Read a cursor back.

    Args:
        kinds: the type of each part of the place.

    Raises:
        RequestError: the cursor is none of ours, or of another list or tenant.
    """
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        raise _wrong_cursor() from None
    if not isinstance(parts, list) or [type(part) for part in parts] != [str, *kinds]:
        raise _wrong_cursor()
    if parts[0] != _fingerprint(scope):
        raise _wrong_cursor()
    # What no column can hold would be an error of the database, not of the client.
    if any(isinstance(part, int) and not 0 <= part <= _NUMBER_MAX for part in parts):
        raise _wrong_cursor()
    if any(isinstance(part, str) and not is_storable(part) for part in parts):
        raise _wrong_cursor()
    return parts[1:]


def check_limit(limit: int) -> None:
    """Refuse a page without room for a record."""
    if limit < 1:
        raise RequestError("limit must be 1 or more.", {"fields": [{"path": "limit", "error": "must be 1 or more"}]})


def _fingerprint(scope: Sequence[str]) -> str:
    return hashlib.sha256("\x00".join(scope).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _wrong_cursor() -> RequestError:
    return RequestError(
        "The cursor is not one that this list gave.",
        {"fields": [{"path": "cursor", "error": "is not one that this list gave"}]},
    )
