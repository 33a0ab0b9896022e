"""Reading request bodies: within their limits, and as JSON that nothing below can stumble over."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any, NoReturn

from starlette.requests import Request

from scorm_embed.errors import RequestError

JSON_TYPES = frozenset({"application/json", ""})
PLAYER_TYPES = JSON_TYPES | {"text/plain"}
"""What a page that goes away can send without asking first."""


def media_type(request: Request) -> str:
    """Give the body's media type in lower case without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def pieces(request: Request, bytes_max: int, error: RequestError) -> AsyncIterator[bytes]:
    """Give the body in the pieces in which it arrives; raise ``error`` as soon as it is known to be too large."""
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and (len(declared) > 18 or int(declared) > bytes_max):
        raise error
    received = 0
    async for piece in request.stream():
        received += len(piece)
        if received > bytes_max:
            raise error
        yield piece


async def read_json(request: Request, bytes_max: int, types: frozenset[str] = JSON_TYPES) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        RequestError: UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE, INVALID_REQUEST.
    """
    kind = media_type(request)
    if kind not in types and not kind.endswith("+json"):
        raise RequestError("Send JSON, as application/json.", code="UNSUPPORTED_MEDIA_TYPE", status=415)
    too_large = RequestError(
        f"The request may have at most {bytes_max} bytes.",
        {"bytes_max": bytes_max},
        code="PAYLOAD_TOO_LARGE",
        status=413,
    )
    body = b"".join([piece async for piece in pieces(request, bytes_max, too_large)])
    return parse_object(body)


def parse_object(body: bytes) -> dict[str, Any]:
    """Parse one JSON object strictly: UTF-8, no NaN, no endless numbers, bounded depth, no lone surrogates."""
    try:
        # ``json`` raises RecursionError for depth and ValueError for all else, numbers of over 4,300 digits included.
        document = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
        if b"\\u" in body:
            json.dumps(document, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        raise RequestError("The body is nested too deeply.", {"fields": []}) from None
    except ValueError:
        raise RequestError("The body is not JSON.", {"fields": []}) from None
    if not isinstance(document, dict):
        raise RequestError("The body must be a JSON object.", {"fields": [{"path": "", "error": "must be an object"}]})
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
