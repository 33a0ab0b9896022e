"""What identifiers of sessions, users, packages and tenants may look like.

They are the host's own texts and nearly anything goes; refused is only what cannot live in a URL, a header or a
database key.
"""

from __future__ import annotations

import unicodedata

IDENTIFIER_CHARS_MAX = 255
"""Characters in an identifier."""


def problem_of_identifier(value: object) -> str | None:
    """Say what is wrong with an identifier, to follow its name in a sentence; None when nothing is."""
    if not isinstance(value, str):
        return "must be text"
    if not value:
        return "must not be empty"
    if len(value) > IDENTIFIER_CHARS_MAX:
        return f"must have at most {IDENTIFIER_CHARS_MAX} characters"
    if value != value.strip():
        return "must not begin or end with a space"
    # Browsers take "." and ".." out of a path even when they are percent-encoded.
    if value in {".", ".."}:
        return "must not be '.' or '..'"
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in value):
        return "must not hold control characters or lone surrogates"
    return None
