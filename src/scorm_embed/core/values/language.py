"""Languages and localized strings of SCORM 2004."""

from __future__ import annotations

import re

from scorm_embed.core.values.language_codes import COUNTRIES, LANGUAGES_2, LANGUAGES_3
from scorm_embed.core.values.verdict import Misfit, Rule, Verdict

_TAG = re.compile(r"[A-Za-z]{1,8}(?:[-_][A-Za-z0-9]{1,8})*")
_LOCAL = re.compile(r"q[a-t][a-z]")
_PREFIX = "{lang="


def check_language(text: str) -> Verdict:
    """language_type (RTE 4.1.1.7): an ISO 639 code, ``i`` or ``x``, then subtags; a second subtag of two letters is a
    country. Case does not matter. Another well-formed tag is a tolerated form."""
    if not _TAG.fullmatch(text):
        return Misfit.TYPE
    if "_" in text:
        return Rule.LANGUAGE_TAG
    primary, *rest = text.split("-")
    code = primary.lower()
    if code in ("i", "x"):
        return None if rest else Rule.LANGUAGE_TAG
    if code not in LANGUAGES_2 and code not in LANGUAGES_3 and not _LOCAL.fullmatch(code):
        return Rule.LANGUAGE_TAG
    if rest and len(rest[0]) == 2 and rest[0].upper() not in COUNTRIES:
        return Rule.LANGUAGE_TAG
    return None


def split_localized(text: str) -> tuple[str | None, str]:
    """The language tag before a localized string (None without one) and the text after it. An opening without its
    closing brace is text."""
    if text.startswith(_PREFIX):
        end = text.find("}")
        if end > 0:
            return text[len(_PREFIX) : end], text[end + 1 :]
    return None, text


def check_localized(text: str) -> Verdict:
    """localized_string_type (RTE 4.1.1.7): text, optionally after ``{lang=TAG}``."""
    tag, _ = split_localized(text)
    return None if tag is None else check_language(tag)
