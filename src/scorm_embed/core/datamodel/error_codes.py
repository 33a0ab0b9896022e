"""Why a call fails, which number each standard gives it, and what a course developer is told.

Owns the error tables of both standards: code per reason, text per code, sentence per reason. When a reason applies is
decided in ``cmi`` and ``api``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum

from scorm_embed.core.datamodel.element import Type
from scorm_embed.core.standard import Standard


class Reason(Enum):
    """Why a data-model call is refused."""

    EMPTY = "empty"
    UNKNOWN = "unknown"
    GROUP = "group"
    INDEX = "index"
    BEYOND = "beyond"
    GAP = "gap"
    CLOSED = "closed"
    KEYWORD = "keyword"
    NO_CHILDREN = "no_children"
    NO_COUNT = "no_count"
    NO_VERSION = "no_version"
    TARGET = "target"
    READ_ONLY = "read_only"
    WRITE_ONLY = "write_only"
    UNSET = "unset"
    REQUIRES = "requires"
    WRITTEN = "written"
    NOT_UNIQUE = "not_unique"
    ONE_PATTERN = "one_pattern"
    SAME_PATTERN = "same_pattern"
    TYPE = "type"
    RANGE = "range"
    RESERVED = "reserved"
    TOO_LONG = "too_long"
    TOO_MANY = "too_many"


_CODES_2004 = {
    Reason.EMPTY: (301, 351),
    Reason.UNKNOWN: (401, 401),
    Reason.GROUP: (401, 401),
    Reason.INDEX: (401, 401),
    Reason.BEYOND: (301, 351),
    Reason.GAP: (301, 351),
    Reason.CLOSED: (301, 351),
    Reason.KEYWORD: (404, 404),
    Reason.NO_CHILDREN: (301, 404),
    Reason.NO_COUNT: (301, 404),
    Reason.NO_VERSION: (301, 404),
    Reason.TARGET: (301, 404),
    Reason.READ_ONLY: (404, 404),
    Reason.WRITE_ONLY: (405, 405),
    Reason.UNSET: (403, 403),
    Reason.REQUIRES: (408, 408),
    Reason.WRITTEN: (351, 351),
    Reason.NOT_UNIQUE: (351, 351),
    Reason.ONE_PATTERN: (351, 351),
    Reason.SAME_PATTERN: (351, 351),
    Reason.TYPE: (406, 406),
    Reason.RANGE: (407, 407),
    Reason.RESERVED: (406, 406),
    Reason.TOO_LONG: (351, 351),
    Reason.TOO_MANY: (351, 351),
}
_CODES_12 = {
    Reason.EMPTY: (201, 201),
    Reason.UNKNOWN: (401, 401),
    Reason.GROUP: (201, 201),
    Reason.INDEX: (201, 201),
    Reason.BEYOND: (201, 201),
    Reason.GAP: (201, 201),
    Reason.KEYWORD: (402, 402),
    Reason.NO_CHILDREN: (202, 402),
    Reason.NO_COUNT: (203, 402),
    Reason.NO_VERSION: (401, 402),
    Reason.READ_ONLY: (403, 403),
    Reason.WRITE_ONLY: (404, 404),
    Reason.TYPE: (405, 405),
    Reason.RANGE: (405, 405),
    Reason.RESERVED: (405, 405),
    Reason.TOO_LONG: (405, 405),
    Reason.TOO_MANY: (201, 201),
}

_ERRORS_2004 = {
    0: "No Error",
    101: "General Exception",
    102: "General Initialization Failure",
    103: "Already Initialized",
    104: "Content Instance Terminated",
    111: "General Termination Failure",
    112: "Termination Before Initialization",
    113: "Termination After Termination",
    122: "Retrieve Data Before Initialization",
    123: "Retrieve Data After Termination",
    132: "Store Data Before Initialization",
    133: "Store Data After Termination",
    142: "Commit Before Initialization",
    143: "Commit After Termination",
    201: "General Argument Error",
    301: "General Get Failure",
    351: "General Set Failure",
    391: "General Commit Failure",
    401: "Undefined Data Model Element",
    402: "Unimplemented Data Model Element",
    403: "Data Model Element Value Not Initialized",
    404: "Data Model Element Is Read Only",
    405: "Data Model Element Is Write Only",
    406: "Data Model Element Type Mismatch",
    407: "Data Model Element Value Out Of Range",
    408: "Data Model Dependency Not Established",
}
_ERRORS_12 = {
    0: "No error",
    101: "General exception",
    201: "Invalid argument error",
    202: "Element cannot have children",
    203: "Element not an array - cannot have count",
    301: "Not initialized",
    401: "Not implemented error",
    402: "Invalid set value, element is a keyword",
    403: "Element is read only",
    404: "Element is write only",
    405: "Incorrect data type",
}

SENTENCES: Mapping[Reason, str] = {
    Reason.EMPTY: "No element is named.",
    Reason.UNKNOWN: "{e} is not an element here. Check its spelling and case.",
    Reason.GROUP: "{e} is a group. Name an element in it.",
    Reason.INDEX: "{e}: a record's number is missing.",
    Reason.BEYOND: "{e}: there are {d} records. Read _count first.",
    Reason.GAP: "{e}: the next record is {d}. Leave no gaps.",
    Reason.CLOSED: "{e}: there are {d} records, and only the LMS adds one.",
    Reason.KEYWORD: "{e} cannot be set.",
    Reason.NO_CHILDREN: "{e} cannot be read: no list of children here.",
    Reason.NO_COUNT: "{e}: only a collection has _count.",
    Reason.NO_VERSION: "{e}: only cmi has _version.",
    Reason.TARGET: "{e} must end with .{target=ID}.",
    Reason.READ_ONLY: "{e} can only be read.",
    Reason.WRITE_ONLY: "{e} can only be set.",
    Reason.UNSET: "{e} has no value yet.",
    Reason.REQUIRES: "Set {d} before {e}.",
    Reason.WRITTEN: "{e} is set once and keeps its value.",
    Reason.NOT_UNIQUE: "{e}: record {d} has this value.",
    Reason.ONE_PATTERN: "{e}: type {d} has one correct response.",
    Reason.SAME_PATTERN: "{e}: correct response {d} is the same.",
    Reason.TYPE: "{e} takes {d}.",
    Reason.RANGE: "{e} takes {d}.",
    Reason.RESERVED: "{e}: only the LMS sets this value.",
    Reason.TOO_LONG: "{e} takes at most {d} characters.",
    Reason.TOO_MANY: "{e}: at most {d} records.",
}
"""What the developer is told; ``{e}`` is the element, ``{d}`` what the case at hand adds."""

EXPECTS: Mapping[Type, str] = {
    Type.TEXT: "text",
    Type.LOCALIZED: "text, or {lang=TAG} and text, where TAG is a language code such as en-US",
    Type.LANGUAGE: "a language code such as en-US",
    Type.URI: "a URI: not empty, no spaces, brackets or braces",
    Type.REAL: "a number such as 0.75",
    Type.TOKEN: "one of: ",
    Type.RESULT: "a number or one of: ",
    Type.TIMESTAMP: "a time such as 2025-01-31T14:30:00",
    Type.INTERVAL: "a duration such as PT1H30M5.25S",
    Type.RESPONSE: "a response in the format of type ",
    Type.PATTERN: "a correct response in the format of type ",
    Type.NAVIGATION: "continue, previous, exit, exitAll, abandon, abandonAll, suspendAll, _none_ or {target=ID}choice",
    Type.IDENTIFIER: "an identifier: not empty, no spaces",
    Type.DECIMAL: "a number such as 75 or 0.5",
    Type.SCORE: "a number or an empty string",
    Type.INTEGER: "a whole number",
    Type.TIME_OF_DAY: "a time of day such as 14:30:00",
    Type.TIMESPAN: "a duration such as 0001:30:05.25",
    Type.GRADE: "a number or one of: ",
    Type.FEEDBACK: "a response in the format of type ",
}

DIAGNOSTIC_CHARS_MAX = 254
_MARK = re.compile(r"\{[de]\}")


def codes(standard: Standard) -> Mapping[Reason, tuple[int, int]]:
    """The code of each reason when getting and when setting. SCORM 1.2 lacks the reasons that cannot arise there."""
    return _CODES_2004 if standard.is_2004 else _CODES_12


def error_strings(standard: Standard) -> Mapping[int, str]:
    """The text of each error code (RTE 3.1.7; SCORM 1.2 RTE 3.3.4)."""
    return _ERRORS_2004 if standard.is_2004 else _ERRORS_12


def explain(reason: Reason, element: str, detail: str = "") -> str:
    """A sentence of at most 254 characters that tells a course developer what to change."""
    told = {"{e}": clip(element, 100), "{d}": detail}
    return clip(_MARK.sub(lambda mark: told[mark[0]], SENTENCES[reason]), DIAGNOSTIC_CHARS_MAX)


def clip(text: str, chars_max: int) -> str:
    """A text cut to a length, with three dots where something is missing."""
    return text if len(text) <= chars_max else text[: chars_max - 3] + "..."
