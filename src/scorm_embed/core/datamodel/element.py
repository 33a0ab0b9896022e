"""The rows of the data-model table: elements, collections, groups, and what a row may say.

Owns the vocabulary in which ``scorm12``, ``scorm2004`` and ``adl`` are written. No rule is applied here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from scorm_embed.core.limits import check_limits


class Strictness(Enum):
    """How values are judged: exactly as the standards ask, or as published courses need it."""

    CONFORMANT = "conformant"
    TOLERANT = "tolerant"


class Access(Enum):
    """What content may do with an element."""

    READ_ONLY = "ro"
    WRITE_ONLY = "wo"
    READ_WRITE = "rw"


class Type(Enum):
    """Data types; ``checks`` has one function for each, in Python and in JavaScript."""

    TEXT = "text"
    LOCALIZED = "localized"
    LANGUAGE = "language"
    URI = "uri"
    REAL = "real"
    TOKEN = "token"
    RESULT = "result"
    TIMESTAMP = "timestamp"
    INTERVAL = "interval"
    RESPONSE = "response"
    PATTERN = "pattern"
    NAVIGATION = "navigation"
    IDENTIFIER = "identifier"
    DECIMAL = "decimal"
    SCORE = "score"
    INTEGER = "integer"
    TIME_OF_DAY = "time"
    TIMESPAN = "timespan"
    GRADE = "grade"
    FEEDBACK = "feedback"


class Source(Enum):
    """Where an element's first value comes from."""

    CONTENT = "content"
    """Nowhere: content sets it, or its default applies."""
    LMS = "lms"
    """The learner, the mode and the history of the session."""
    MANIFEST = "manifest"
    TRACKING = "tracking"
    """The sequencing tracking model, where it knows something."""
    NAVIGATION = "navigation"
    """Sequencing, asked at every reading."""


@dataclass(frozen=True, slots=True)
class Override:
    """A status that is computed at every reading once ``threshold`` has a value (RTE tables 4.2.4.1a, 4.2.22.1a)."""

    threshold: str
    measure: str
    reached: str
    missed: str


@dataclass(frozen=True, slots=True)
class Element:
    """One data-model element; in its name every index of a collection is written ``n``."""

    name: str
    type: Type
    access: Access = Access.READ_WRITE
    limit: int | None = None
    """Characters. SCORM 1.2: at most. SCORM 2004 (SPM): every system must keep at least these."""
    minimum: float | None = None
    maximum: float | None = None
    default: str | None = None
    """What an element without a value reads as; None: it has no value (2004: 403)."""
    vocabulary: tuple[str, ...] = ()
    reserved: tuple[str, ...] = ()
    """Tokens of the vocabulary that only the LMS may write."""
    source: Source = Source.CONTENT
    requires: tuple[str, ...] = ()
    """Elements of the same record of the outermost collection that must have a value first."""
    write_once: bool = False
    unique: bool = False
    """No two records of the collection may hold the same value."""
    clears: tuple[str, ...] = ()
    """Elements of the same record that lose their values when this one changes."""
    override: Override | None = None
    appends: bool = False
    """Setting adds to the end of the stored text."""
    blank_unset: bool = False
    """An empty string reads as no value."""
    per_session: bool = False
    """Forgotten when the next communication session is initialised."""
    guarded: bool = False
    """Each record says whether content may read it (``_read``) and write it (``_write``); absent means yes."""
    targeted: bool = False
    """The name goes on with ``.{target=ID}``, and ``adl.nav.request`` takes ``{target=ID}`` before its last word."""
    limit_option: str = ""
    """The named limit that replaces ``limit`` where longer values are tolerated."""
    since: int = 0
    """First edition of SCORM 2004 that has the element."""


@dataclass(frozen=True, slots=True)
class Collection:
    """An array of records, or of single elements, with ``_count``."""

    name: str
    limit: int | None = None
    """SPM: records that every system must keep. Never refused for being more."""
    publishes: bool = True
    """Whether ``_children`` can be read."""
    grows: bool = True
    """Whether content may append a record."""
    since: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """A branch without records whose ``_children`` can be read."""

    name: str


Row = Element | Collection | Group


@dataclass(frozen=True, slots=True)
class DataLimits:
    """What a system keeps of one value or one collection, where the standards leave it open. Every default is meant
    to be far above what courses need and far below what harms a server."""

    suspend_data_chars_max: int = 64_000
    """SCORM 1.2, tolerant: cmi.suspend_data (the book's limit is 4,096)."""
    comments_chars_max: int = 64_000
    """SCORM 1.2, tolerant: cmi.comments in all (the book's limit is 4,096)."""
    value_chars_max: int = 1_000_000
    """Any other single value, in both standards and both readings."""
    records_max: int = 10_000
    """Records of one collection."""

    def __post_init__(self) -> None:
        check_limits(self)
