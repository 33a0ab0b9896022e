"""Identifiers: long_ and short_identifier_type of SCORM 2004, CMIIdentifier of SCORM 1.2."""

from __future__ import annotations

import re

from scorm_embed.core.values.verdict import Misfit, Rule, Verdict

_URI = re.compile(
    r"(?:([A-Za-z][A-Za-z0-9+.-]*):(?=[^#])|(?![^/?#]*:))"
    r"(?:[A-Za-z0-9._~:/?@!$&'()*+,;=\u00a1-\U0010ffff-]|%[0-9A-Fa-f]{2})*"
    r"(?:#(?:[A-Za-z0-9._~:/?@!$&'()*+,;=\u00a1-\U0010ffff-]|%[0-9A-Fa-f]{2})*)?"
)
_URN = re.compile(r"[uU][rR][nN]:[A-Za-z0-9][A-Za-z0-9-]*:[^\0]+")
_VISIBLE = re.compile(r"[^\x00-\x20\x7f-\xa0]")
_PLAIN = re.compile(r"[^\x00-\x20\x7f-\xa0]+")


def check_uri(text: str) -> Verdict:
    """long_identifier_type and short_identifier_type (RTE 4.1.1.7): a URI or relative reference (RFC 3986), not empty;
    characters beyond ASCII may stand as they are."""
    if not _VISIBLE.search(text):
        return Misfit.TYPE
    found = _URI.fullmatch(text)
    if found is None:
        return Misfit.TYPE if text.lower() == "urn:" else Rule.IDENTIFIER_CHARACTERS
    if (found[1] or "").lower() == "urn" and not _URN.fullmatch(text):
        return Rule.IDENTIFIER_CHARACTERS
    return None


def check_identifier(text: str) -> Verdict:
    """CMIIdentifier (SCORM 1.2 RTE 3.4.2): printable, no white space, not empty. Its length is the element's limit."""
    if _PLAIN.fullmatch(text):
        return None
    return Rule.IDENTIFIER_CHARACTERS if _VISIBLE.search(text) else Misfit.TYPE
