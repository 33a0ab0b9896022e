"""Answers: JSON in the API's one form, errors in their one shape, and the headers that go with each kind.

Owns the mapping from the exception tree to HTTP. Nothing internal, and no token, ever reaches an answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from functools import lru_cache
from typing import Any

from starlette.responses import Response

from scorm_embed.errors import ForbiddenError, ScormEmbedError, StorageUnavailableError

RETRY_AFTER_SECONDS = 5
PERMISSIONS_POLICY = "unload=(self)"
"""Much published content still finishes in ``unload``, which browsers are switching off."""

API_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def format_time(moment: datetime) -> str:
    """Write a time as RFC 3339 in UTC with milliseconds and ``Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def plain(value: Any) -> Any:
    """Turn an answer of the service into what JSON can say: times as text, whole floats as integers."""
    match value:
        case str() | bool() | int() | None:
            return value
        case float():
            return int(value) if value.is_integer() else value
        case datetime():
            return format_time(value)
        case Mapping():
            return {key: plain(entry) for key, entry in value.items()}
        case Enum():
            return value.value
        case Sequence() | frozenset() | set():
            return [plain(entry) for entry in value]
    raise TypeError(f"{type(value).__name__} has no JSON form")


def to_json(document: Any) -> bytes:
    """Write a document as JSON in UTF-8."""
    text = json.dumps(plain(document), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:
        # A lone surrogate that content stored: escaped, it passes.
        return json.dumps(plain(document), allow_nan=False, separators=(",", ":")).encode()


def json_response(document: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with JSON."""
    return Response(to_json(document), status, {**API_HEADERS, **(headers or {})}, media_type="application/json")


def error_document(error: ScormEmbedError) -> dict[str, Any]:
    """Give an error in the API's one shape."""
    return {"error": error.message, "code": error.code, "details": error.details}


def error_headers(error: ScormEmbedError) -> dict[str, str]:
    """Give the headers that an error asks for."""
    if isinstance(error, StorageUnavailableError):
        return {"Retry-After": str(RETRY_AFTER_SECONDS)}
    if error.status == 401:
        return {"WWW-Authenticate": "Bearer"}
    if error.status == 429 and "retry_after_seconds" in error.details:
        return {"Retry-After": str(error.details["retry_after_seconds"])}
    if error.status == 405 and "allowed" in error.details:
        return {"Allow": ", ".join(error.details["allowed"])}
    return {}


def error_response(error: ScormEmbedError) -> Response:
    """Answer with an error as JSON."""
    return json_response(error_document(error), error.status, error_headers(error))


def player_headers(frame_ancestors: Sequence[str], style_source: str = "") -> dict[str, str]:
    """Give the headers of the player's own pages.

    The page runs its own scripts only. What it frames is the course, which may lead anywhere.

    Args:
        style_source: the hash of the style that the page itself holds.
    """
    styles = f"'self' {style_source}".strip()
    policy = (
        f"default-src 'none'; script-src 'self'; style-src {styles}; "
        "img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; frame-src * data: blob:; base-uri 'none'; form-action 'none'; "
        f"frame-ancestors {' '.join(frame_ancestors)}"
    )
    return {
        "Cache-Control": "no-store",
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": PERMISSIONS_POLICY,
    }


@lru_cache(maxsize=64)
def content_headers(frame_ancestors: tuple[str, ...]) -> list[tuple[bytes, bytes]]:
    """Give the headers that a course's files have beyond those of any file, ready to be sent.

    Courses load scripts, fonts and media from anywhere, so that only the framing is restricted; the player itself
    must be able to frame them. The referrer is cut to the origin: the path is a credential.
    """
    ancestors = ["'self'", *(name for name in frame_ancestors if name not in {"'self'", "'none'"})]
    return [
        (b"content-security-policy", f"frame-ancestors {' '.join(ancestors)}".encode("ascii")),
        (b"referrer-policy", b"strict-origin-when-cross-origin"),
        (b"permissions-policy", PERMISSIONS_POLICY.encode("ascii")),
    ]


class InternalError(ScormEmbedError):
    """Something nobody foresaw; the log has it, the answer says nothing about it."""

    def __init__(self) -> None:
        super().__init__("Something went wrong here. It has been logged.")


class CrossSiteError(ForbiddenError):
    """A page of another site tried to change something with the user's cookies."""

    def __init__(self) -> None:
        super().__init__("A page of another site may not do this.")
