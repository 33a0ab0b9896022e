"""Signatures of webhooks, as standardwebhooks.com describes them: made here, and checked by receivers in Python.

Owns the form only: HMAC-SHA256 over ``id.timestamp.body``, base64, with ``v1,`` in front; several, one for each secret,
stand in one header with spaces between them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from scorm_embed.errors import AccessError, ConfigurationError

SECRET_PREFIX = "whsec_"
SECRET_BYTES_MIN = 24
SECRET_BYTES_MAX = 64
TOLERANCE_SECONDS = 300
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"

WebhookSecret = str | bytes


def read_secrets(given: WebhookSecret | Sequence[WebhookSecret]) -> tuple[bytes, ...]:
    """Give the bytes of one secret or of several.

    Raises:
        ConfigurationError: a text that is not ``whsec_`` and base64, or fewer than 24 or more than 64 bytes.
    """
    entries = [given] if isinstance(given, (str, bytes)) else list(given)
    if not entries:
        raise ConfigurationError("A webhook needs a secret.")
    return tuple(_read_secret(entry) for entry in entries)


def _read_secret(entry: object) -> bytes:
    key = entry
    if isinstance(entry, str):
        try:
            if not entry.startswith(SECRET_PREFIX):
                raise ValueError
            key = base64.b64decode(entry.removeprefix(SECRET_PREFIX), validate=True)
        except (ValueError, binascii.Error):
            raise ConfigurationError(
                "The secret of a webhook must be bytes, or 'whsec_' and the base64 of at least 24 bytes."
            ) from None
    if not isinstance(key, bytes) or not SECRET_BYTES_MIN <= len(key) <= SECRET_BYTES_MAX:
        raise ConfigurationError(
            f"The secret of a webhook must have {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX} bytes (before base64)."
        )
    return key


def sign(keys: Sequence[bytes], event_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Give the three headers of a call."""
    signatures = " ".join(f"v1,{_signature(key, event_id, str(timestamp), body)}" for key in keys)
    return {ID: event_id, TIMESTAMP: str(timestamp), SIGNATURE: signatures}


def verify_webhook(
    secret: WebhookSecret | Sequence[WebhookSecret],
    headers: Mapping[str, str],
    body: bytes,
    *,
    now: datetime | None = None,
    tolerance_seconds: float = TOLERANCE_SECONDS,
) -> dict[str, Any]:
    """Check that a webhook comes from who knows the secret, and lately; for receivers in Python.

    Args:
        secret: as the sender has it; of a list any will do.
        headers: of the request, in any case.
        body: of the request, as it came; not what a framework made of it.
        now: the time; the clock's when absent.
        tolerance_seconds: how old or how far ahead the call may be.

    Returns:
        the event: ``id``, ``type``, ``at``, ``tenant_id``, ``session``.

    Raises:
        AccessError: INVALID_SIGNATURE. The message says what is wrong; do not tell the caller more than 401.
        ConfigurationError: the secret has not the form of one.
    """
    keys = read_secrets(secret)
    found = {name.lower(): value for name, value in headers.items() if isinstance(name, str)}
    event_id, timestamp, given = (found.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE))
    if not event_id or not given or not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        raise _refused("The webhook's headers are missing or malformed.")
    seconds = time.time() if now is None else now.timestamp()
    if abs(seconds - int(timestamp)) > tolerance_seconds:
        raise _refused("The webhook's timestamp is too old or lies ahead.")
    expected = [_signature(key, event_id, timestamp, body).encode() for key in keys]
    presented = [part.removeprefix("v1,").encode() for part in given.split(" ") if part.startswith("v1,")]
    # Every pair is compared, so that the time taken tells nothing about which one fits.
    fits = [hmac.compare_digest(mine, theirs) for mine in expected for theirs in presented]
    if not any(fits):
        raise _refused("The webhook's signature is wrong.")
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise _refused("The webhook's body is no JSON object.")
    return document


def _signature(key: bytes, event_id: str, timestamp: str, body: bytes) -> str:
    signed = event_id.encode() + b"." + timestamp.encode() + b"." + body
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def _refused(message: str) -> AccessError:
    return AccessError(message, code="INVALID_SIGNATURE")
