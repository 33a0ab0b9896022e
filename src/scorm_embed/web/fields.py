"""Reading the fields of a request: every wrong one is found and named before anything is done.

Owns the checks of form. What a value means, and whether the data model takes it, is decided below.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from scorm_embed.errors import RequestError
from scorm_embed.web.identifiers import problem_of_identifier
from scorm_embed.web.origins import parse_origin

T = TypeVar("T")

TEXT_CHARS_MAX = 2_000
ELEMENTS_MAX = 10_000
INTEGER_MAX = 2**53 - 1
"""The largest whole number that every JSON reader takes."""


class WrongValueError(ValueError):
    """A value that a field cannot have; its text follows the field's name in a sentence."""


class Fields:
    """The fields of one JSON object or query string. Unknown ones are left alone.

    A field that is wrong reads as None and is remembered; ``check`` then raises with all of them. JSON null means
    that the field is absent.

    Args:
        is_query: numbers are written as text.
    """

    def __init__(
        self,
        document: Mapping[str, Any],
        prefix: str = "",
        faults: list[dict[str, str]] | None = None,
        *,
        is_query: bool = False,
    ) -> None:
        self._document = document
        self._prefix = prefix
        self._faults = [] if faults is None else faults
        self._is_query = is_query

    def check(self) -> None:
        """Raise ``RequestError`` when a field was wrong; ``details["fields"]`` lists each with its path."""
        if self._faults:
            names = ", ".join(dict.fromkeys(fault["path"] for fault in self._faults[:5]))
            raise RequestError(f"These fields are wrong or missing: {names}.", {"fields": self._faults})

    def _read(self, name: str, parse: Callable[[Any], T], *, required: bool = False) -> T | None:
        value = self._document.get(name)
        if value is None:
            if required:
                self._refuse(name, "is required")
            return None
        try:
            return parse(value)
        except WrongValueError as wrong:
            self._refuse(name, str(wrong))
            return None

    def _refuse(self, name: str, error: str) -> None:
        self._faults.append({"path": self._prefix + name, "error": error})

    def identifier(self, name: str, *, required: bool = False) -> str | None:
        """Read an identifier of a session, user or package."""
        return self._read(name, _identifier, required=required)

    def text(self, name: str, *, required: bool = False, chars_max: int = TEXT_CHARS_MAX) -> str | None:
        """Read a text without control characters."""
        return self._read(name, partial(_text, chars_max), required=required)

    def integer(self, name: str, *, required: bool = False, least: int = 0, most: int = INTEGER_MAX) -> int | None:
        """Read a whole number; in a query string, its digits."""
        return self._read(name, partial(_integer, least, most, self._is_query), required=required)

    def number(self, name: str) -> float | None:
        """Read a finite number."""
        return self._read(name, _number)

    def choice(self, name: str, choices: Collection[str]) -> str | None:
        """Read one of a few words."""
        return self._read(name, partial(_choice, choices))

    def flag(self, name: str) -> bool:
        """Read true or false; absent is false."""
        return self._read(name, _flag) or False

    def moment(self, name: str) -> datetime | None:
        """Read a time in RFC 3339, with its offset."""
        return self._read(name, _moment)

    def web_address(self, name: str) -> str | None:
        """Read an absolute http or https URL, or a path on the same origin."""
        return self._read(name, _web_address)

    def elements(self, name: str) -> dict[str, str | None]:
        """Read a flat map of data-model element to text; null stands for removal."""
        found: dict[str, str | None] = {}
        for element, text in (self._read(name, _elements) or {}).items():
            if text is None or isinstance(text, str):
                found[element] = text
            else:
                self._refuse(f"{name}.{element}", "must be text or null")
        return found

    def group(self, name: str) -> Fields | None:
        """Read an object within this one; its faults count here."""
        value = self._read(name, _object)
        return None if value is None else Fields(value, f"{self._prefix}{name}.", self._faults)


def is_clean(text: str) -> bool:
    """Tell whether a text is free of control characters and lone surrogates, which databases and headers refuse."""
    return not any(
        character < " " or "\x7f" <= character <= "\x9f" or "\ud800" <= character <= "\udfff" for character in text
    )


def _identifier(value: Any) -> str:
    if error := problem_of_identifier(value):
        raise WrongValueError(error)
    return str(value)


def _text(chars_max: int, value: Any) -> str:
    if not isinstance(value, str):
        raise WrongValueError("must be text")
    if len(value) > chars_max:
        raise WrongValueError(f"must have at most {chars_max} characters")
    if not is_clean(value):
        raise WrongValueError("must not hold control characters or lone surrogates")
    return value


def _integer(least: int, most: int, is_query: bool, value: Any) -> int:
    if is_query and isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 16:
        value = int(value)
    # JSON has one kind of number: 3.0 is 3.
    if isinstance(value, float) and value.is_integer() and abs(value) <= INTEGER_MAX:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise WrongValueError(f"must be a whole number from {least} to {most}")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise WrongValueError("must be a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise WrongValueError("is out of range")
    return number


def _choice(choices: Collection[str], value: Any) -> str:
    if not isinstance(value, str) or value not in choices:
        raise WrongValueError(f"must be one of {', '.join(sorted(choices))}")
    return value


def _flag(value: Any) -> bool:
    if value not in {"true", "false", "1", "0", True, False}:
        raise WrongValueError("must be true or false")
    return value in {"true", "1", True}


def _moment(value: Any) -> datetime:
    text = _text(40, value)
    # An unescaped "+" of an offset arrives as a space.
    written = text[:11] + text[11:].replace(" ", "+")
    try:
        moment = datetime.fromisoformat(written)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise WrongValueError("must be a time with its offset, such as 2025-01-15T10:00:00.000Z")


def _web_address(value: Any) -> str:
    text = _text(TEXT_CHARS_MAX, value)
    is_path = text.startswith("/") and not text.startswith("//")
    if "\\" in text or not (is_path or parse_origin(text)):
        raise WrongValueError("must be an http or https URL, or a path that begins with '/'")
    return text


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise WrongValueError("must be an object")
    return value


def _elements(value: Any) -> Mapping[str, Any]:
    if len(_object(value)) > ELEMENTS_MAX:
        raise WrongValueError(f"must have at most {ELEMENTS_MAX} elements")
    return _object(value)
