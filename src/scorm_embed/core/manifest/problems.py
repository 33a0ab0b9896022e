"""What can be wrong with a manifest: one row per problem, and the log that collects them while reading.

Owns the codes, their severities and the sentences for the author; no rule about when a problem exists.
``docs/manifests.md`` lists the same rows, and a test keeps the two together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class Severity(Enum):
    """How much a problem matters; the order of the members is their rank."""

    BLOCKS = "blocks"
    """The course, or a part of it, cannot be played."""
    HURTS = "hurts"
    """Learners may meet it: something is missing, ignored or guessed."""
    UNTIDY = "untidy"
    """The standard asks for something else; learners will not notice."""


@dataclass(frozen=True, slots=True)
class ManifestProblem:
    """One finding about a manifest, with its place."""

    code: str
    """Stable, UPPER_SNAKE."""
    severity: Severity
    message: str
    """A sentence for the author of the course."""
    line: int | None = None
    """Line of the manifest, from 1."""
    path: str | None = None
    """Where it is: element path, attribute, or name of a file in the package."""
    repaired: bool = False
    """Whether the reader put something sensible in its place."""

    def as_dict(self) -> dict[str, str | int | bool | None]:
        """The finding as JSON-ready facts."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "message": self.message,
            "line": self.line,
            "path": self.path,
            "repaired": self.repaired,
        }


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """A row of the problem table."""

    code: str
    severity: Severity
    repaired: bool
    sentence: str
    """Template of ManifestProblem.message; the braces are filled with facts."""


class Place(Protocol):
    """Anything that knows where in the manifest it stands."""

    line: int

    @property
    def path(self) -> str:
        """Element path from the root."""


_KINDS: dict[str, ProblemKind] = {}


def _kind(code: str, severity: Severity, sentence: str, *, repaired: bool = True) -> ProblemKind:
    kind = ProblemKind(code, severity, repaired, sentence)
    _KINDS[code] = kind
    return kind


_BLOCKS, _HURTS, _UNTIDY = Severity.BLOCKS, Severity.HURTS, Severity.UNTIDY

# Fatal: these end up in a ManifestParseError.
MANIFEST_EMPTY = _kind("MANIFEST_EMPTY", _BLOCKS, "imsmanifest.xml is empty; export the course again.", repaired=False)
MANIFEST_TOO_LARGE = _kind(
    "MANIFEST_TOO_LARGE",
    _BLOCKS,
    "imsmanifest.xml goes over the limit of {limit} {what}; split the course into smaller packages.",
    repaired=False,
)
NOT_XML = _kind(
    "NOT_XML",
    _BLOCKS,
    "imsmanifest.xml is not well-formed XML: line {line}, {reason}. Correct that place and import again.",
    repaired=False,
)
NOT_A_MANIFEST = _kind(
    "NOT_A_MANIFEST",
    _BLOCKS,
    "imsmanifest.xml is no SCORM manifest: its root element is <{name}> where <manifest> belongs. "
    "Export the course as SCORM.",
    repaired=False,
)
NOTHING_TO_LAUNCH = _kind(
    "NOTHING_TO_LAUNCH",
    _BLOCKS,
    "The manifest names nothing that could be launched: give at least one item an identifierref to a resource "
    "that has an href.",
    repaired=False,
)
LAUNCH_FILES_MISSING = _kind(
    "LAUNCH_FILES_MISSING",
    _BLOCKS,
    "None of the files that the course launches is in the package (the first is '{name}'): zip the course with "
    "its files, and with imsmanifest.xml at the top.",
    repaired=False,
)

# Bytes and markup.
ENCODING_MISMATCH = _kind(
    "ENCODING_MISMATCH", _UNTIDY, "The manifest says it is encoded as {declared} but is not; it was read as {actual}."
)
ENCODING_UNKNOWN = _kind(
    "ENCODING_UNKNOWN",
    _UNTIDY,
    "The manifest declares the encoding '{declared}', which is not known; it was read as {actual}.",
)
LEADING_TEXT = _kind("LEADING_TEXT", _UNTIDY, "Something stands before the XML declaration; it was left out.")
TRAILING_TEXT = _kind("TRAILING_TEXT", _UNTIDY, "Something follows the end of the manifest; it was left out.")
DOCTYPE_IGNORED = _kind(
    "DOCTYPE_IGNORED", _UNTIDY, "The document type declaration was ignored; nothing it declares is used."
)
BARE_AMPERSAND = _kind("BARE_AMPERSAND", _UNTIDY, "A '&' stands alone; write it as '&amp;'.")
BARE_LESS_THAN = _kind("BARE_LESS_THAN", _UNTIDY, "A '<' stands alone; write it as '&lt;'.")
HTML_ENTITY = _kind("HTML_ENTITY", _UNTIDY, "'&{name};' is an entity of HTML, not of XML; write the character itself.")
ENTITY_UNKNOWN = _kind("ENTITY_UNKNOWN", _UNTIDY, "The entity '&{name};' is not known here; it was kept as text.")
CONTROL_CHARACTER = _kind("CONTROL_CHARACTER", _UNTIDY, "A control character, which XML does not allow, was removed.")
ATTRIBUTE_MALFORMED = _kind(
    "ATTRIBUTE_MALFORMED", _UNTIDY, "The attribute '{name}' has no quoted value; it was read as \"{value}\"."
)
ATTRIBUTE_TWICE = _kind(
    "ATTRIBUTE_TWICE", _UNTIDY, "The attribute '{name}' stands twice in one tag; the first was used."
)
PREFIX_UNDECLARED = _kind(
    "PREFIX_UNDECLARED", _UNTIDY, "The prefix '{prefix}:' is used but not declared; add its xmlns:{prefix}."
)
NAMESPACE_UNKNOWN = _kind(
    "NAMESPACE_UNKNOWN", _UNTIDY, "The namespace '{uri}' is not one of SCORM; it was read as {family}."
)
NAME_MISSPELT = _kind("NAME_MISSPELT", _UNTIDY, "'{written}' is spelt '{right}'.")
SPELLING_OF_OTHER_STANDARD = _kind(
    "SPELLING_OF_OTHER_STANDARD",
    _UNTIDY,
    "'{written}' is the spelling of the other standard; in this one it is '{right}'.",
)

# Standard and edition.
VERSION_MISSING = _kind("VERSION_MISSING", _UNTIDY, "The manifest has no schemaversion; it was taken for {standard}.")
VERSION_UNKNOWN = _kind(
    "VERSION_UNKNOWN", _UNTIDY, "The schemaversion '{version}' is not known; the manifest was taken for {standard}."
)
VERSION_CONTRADICTED = _kind(
    "VERSION_CONTRADICTED",
    _HURTS,
    "The schemaversion says {standard} but the namespaces are those of {other}; {standard} was used. "
    "If the course finds no API, the schemaversion is wrong.",
)
EDITION_ASSUMED = _kind(
    "EDITION_ASSUMED", _UNTIDY, "The manifest is SCORM 2004 but names no edition; it was taken for {standard}."
)

# Structure.
ELEMENT_TWICE = _kind("ELEMENT_TWICE", _UNTIDY, "<{name}> may stand here only once; the first was used.")
ELEMENT_MISPLACED = _kind("ELEMENT_MISPLACED", _UNTIDY, "<{name}> does not belong here; it was read all the same.")
ELEMENT_IGNORED = _kind("ELEMENT_IGNORED", _UNTIDY, "<{name}> does not belong here; it was ignored.", repaired=False)
ORGANIZATION_MISSING = _kind(
    "ORGANIZATION_MISSING", _HURTS, "The manifest has no organization; a course was made from its resources."
)
ORGANIZATION_UNUSABLE = _kind(
    "ORGANIZATION_UNUSABLE",
    _HURTS,
    "No item of the organization '{identifier}' leads to a resource that can be launched; it was left out.",
)
ORGANIZATION_DEFAULT_MISSING = _kind(
    "ORGANIZATION_DEFAULT_MISSING", _UNTIDY, "The manifest names no default organization; the first was used."
)
ORGANIZATION_DEFAULT_UNKNOWN = _kind(
    "ORGANIZATION_DEFAULT_UNKNOWN",
    _UNTIDY,
    "The default organization '{identifier}' does not exist; the first was used.",
)
TITLE_MISSING = _kind("TITLE_MISSING", _UNTIDY, "The {name} has no title; '{title}' is shown.")
IDENTIFIER_MISSING = _kind("IDENTIFIER_MISSING", _HURTS, "The {name} has no identifier; it was given '{identifier}'.")
IDENTIFIER_TWICE = _kind(
    "IDENTIFIER_TWICE",
    _HURTS,
    "The identifier '{identifier}' is used more than once; this one was named '{renamed}'.",
)
IDENTIFIER_SHARED = _kind(
    "IDENTIFIER_SHARED",
    _UNTIDY,
    "The identifier '{identifier}' is used for different kinds of elements; identifiers are unique in a manifest.",
)
IDENTIFIER_NOT_A_NAME = _kind(
    "IDENTIFIER_NOT_A_NAME",
    _UNTIDY,
    "'{identifier}' is no XML name: identifiers begin with a letter or '_' and hold letters, digits, '.', '-' and '_'.",
)
IDENTIFIER_TOO_LONG = _kind(
    "IDENTIFIER_TOO_LONG",
    _HURTS,
    "An identifier is longer than {limit} characters; it was cut.",
)
ITEM_WITHOUT_RESOURCE = _kind(
    "ITEM_WITHOUT_RESOURCE",
    _HURTS,
    "The item '{identifier}' has neither a resource nor items of its own; it can be shown but not opened.",
)
RESOURCE_UNKNOWN = _kind(
    "RESOURCE_UNKNOWN",
    _HURTS,
    "The item '{identifier}' refers to the resource '{reference}', which does not exist; it can be shown but not "
    "opened.",
)
RESOURCE_REFERENCE_CASE = _kind(
    "RESOURCE_REFERENCE_CASE",
    _UNTIDY,
    "The item '{identifier}' refers to '{reference}', but the resource is spelt '{found}'; that one was used.",
)
RESOURCE_TWICE = _kind(
    "RESOURCE_TWICE", _HURTS, "There is more than one resource '{identifier}'; the first that can be launched was used."
)
RESOURCE_WITHOUT_HREF = _kind(
    "RESOURCE_WITHOUT_HREF",
    _HURTS,
    "The resource '{identifier}' has no href; its file '{name}' is launched.",
)
RESOURCE_NOT_LAUNCHABLE = _kind(
    "RESOURCE_NOT_LAUNCHABLE",
    _HURTS,
    "The item '{identifier}' refers to the resource '{reference}', which has no href; it can be shown but not opened.",
)
RESOURCE_ON_CLUSTER = _kind(
    "RESOURCE_ON_CLUSTER",
    _HURTS,
    "The item '{identifier}' has items of its own and a resource; SCORM 2004 allows one of them, so the resource "
    "was left out.",
)
RESOURCE_ON_BRANCH = _kind(
    "RESOURCE_ON_BRANCH",
    _UNTIDY,
    "The item '{identifier}' has items of its own and a resource; the resource became its first item.",
)
RESOURCE_TYPE = _kind(
    "RESOURCE_TYPE", _UNTIDY, "The resource '{identifier}' has the type '{type}'; it should be 'webcontent'."
)
DEPENDENCY_UNKNOWN = _kind(
    "DEPENDENCY_UNKNOWN",
    _UNTIDY,
    "The resource '{identifier}' depends on '{reference}', which does not exist.",
    repaired=False,
)
SCORM_TYPE_MISSING = _kind(
    "SCORM_TYPE_MISSING",
    _UNTIDY,
    "The resource '{identifier}' does not say whether it is a SCO or an asset; it was taken for {taken}.",
)
SCORM_TYPE_UNKNOWN = _kind(
    "SCORM_TYPE_UNKNOWN",
    _UNTIDY,
    "The resource '{identifier}' has the SCORM type '{type}'; it was taken for {taken}.",
)
SUBMANIFEST = _kind(
    "SUBMANIFEST", _UNTIDY, "The manifest holds a manifest of its own, '{identifier}'; SCORM advises against it."
)
SUBMANIFEST_CIRCULAR = _kind(
    "SUBMANIFEST_CIRCULAR",
    _HURTS,
    "The item '{identifier}' refers to the manifest '{reference}' that it stands in; the reference was ignored.",
)
ITEMS_TOO_MANY = _kind("ITEMS_TOO_MANY", _HURTS, "The course has more than {limit} activities; the rest was left out.")

ITEMS_TOO_DEEP = _kind(
    "ITEMS_TOO_DEEP", _HURTS, "The course is nested more than {limit} levels deep; the rest was left out."
)

# Files and hrefs.
HREF_BACKSLASH = _kind("HREF_BACKSLASH", _UNTIDY, "The path '{href}' uses backslashes; write '/'.")
HREF_NOT_ENCODED = _kind(
    "HREF_NOT_ENCODED", _UNTIDY, "The path '{href}' holds characters that have to be percent-encoded."
)
HREF_LEADING_SLASH = _kind(
    "HREF_LEADING_SLASH", _UNTIDY, "The path '{href}' begins with '/'; it was read from the top of the package."
)
HREF_OUTSIDE = _kind("HREF_OUTSIDE", _HURTS, "The path '{href}' leads out of the package; it was read as '{name}'.")
HREF_CASE = _kind("HREF_CASE", _UNTIDY, "The path '{href}' is spelt '{name}' in the package; that file was used.")
HREF_SCHEME = _kind(
    "HREF_SCHEME", _HURTS, "'{href}' is no address that can be launched; it was ignored.", repaired=False
)
HREF_LOCAL_FILE = _kind(
    "HREF_LOCAL_FILE",
    _HURTS,
    "'{href}' is a file on the author's computer; '{name}' of the package was used.",
)
HREF_EXTERNAL = _kind(
    "HREF_EXTERNAL",
    _HURTS,
    "'{href}' is on another site: the course cannot reach the API from there, so nothing will be tracked.",
    repaired=False,
)
HREF_TOO_LONG = _kind(
    "HREF_TOO_LONG", _HURTS, "An href is longer than {limit} characters; it was ignored.", repaired=False
)
XML_BASE_WITHOUT_SLASH = _kind("XML_BASE_WITHOUT_SLASH", _UNTIDY, "The xml:base '{base}' should end with '/'.")
XML_BASE_IGNORED = _kind("XML_BASE_IGNORED", _HURTS, "The xml:base '{base}' is no path; it was ignored.")
PARAMETERS_DISCARDED = _kind(
    "PARAMETERS_DISCARDED",
    _HURTS,
    "The parameters '{parameters}' were left out: the href '{href}' has a fragment already.",
)
LAUNCH_FILE_MISSING = _kind(
    "LAUNCH_FILE_MISSING",
    _BLOCKS,
    "The file '{name}', which the item '{identifier}' launches, is not in the package.",
    repaired=False,
)
LAUNCH_FILE_ELSEWHERE = _kind(
    "LAUNCH_FILE_ELSEWHERE",
    _HURTS,
    "The file '{href}' is not in the package; '{name}', the only one that ends so, is launched.",
)
LAUNCH_FILE_NOT_LISTED = _kind(
    "LAUNCH_FILE_NOT_LISTED",
    _UNTIDY,
    "The resource '{identifier}' does not list '{name}', the file it launches.",
)
FILE_MISSING = _kind("FILE_MISSING", _HURTS, "The file '{name}' is listed but not in the package.", repaired=False)
FILE_LISTED_TWICE = _kind("FILE_LISTED_TWICE", _UNTIDY, "The file '{name}' is listed twice in one resource.")
FILES_NOT_LISTED = _kind(
    "FILES_NOT_LISTED",
    _UNTIDY,
    "{count} files of the package are listed in no resource (the first is '{name}'); they are served all the same.",
)
METADATA_FILE_MISSING = _kind(
    "METADATA_FILE_MISSING", _UNTIDY, "The metadata file '{name}' is not in the package.", repaired=False
)

# Values.
VALUE_EMPTY = _kind("VALUE_EMPTY", _UNTIDY, "'{name}' is empty; {used} was used.")
BOOLEAN_INVALID = _kind(
    "BOOLEAN_INVALID", _HURTS, "'{name}' has the value '{value}' where true or false belongs; {used} was used."
)
NUMBER_INVALID = _kind(
    "NUMBER_INVALID", _HURTS, "'{name}' has the value '{value}', which is no number; {used} was used."
)
NUMBER_OUT_OF_RANGE = _kind(
    "NUMBER_OUT_OF_RANGE", _HURTS, "'{name}' has the value '{value}', which is out of range; {used} was used."
)
VALUE_UNKNOWN = _kind(
    "VALUE_UNKNOWN", _HURTS, "'{name}' has the value '{value}', which the standard does not know; {used} was used."
)
DURATION_INVALID = _kind(
    "DURATION_INVALID", _HURTS, "'{name}' has the value '{value}', which is no duration; it was ignored."
)
DURATION_FORM = _kind(
    "DURATION_FORM",
    _UNTIDY,
    "'{name}' has the value '{value}', a duration in the form of the other standard; it was read as {used}.",
)
VALUE_IGNORED = _kind("VALUE_IGNORED", _UNTIDY, "'{name}' has no effect in {standard}; it was ignored.")

# Sequencing and run-time.
SEQUENCING_IN_12 = _kind(
    "SEQUENCING_IN_12", _HURTS, "SCORM 1.2 has no sequencing; the sequencing rules of this manifest were ignored."
)
SEQUENCING_REFERENCE_UNKNOWN = _kind(
    "SEQUENCING_REFERENCE_UNKNOWN",
    _HURTS,
    "The sequencing collection has no entry '{reference}'; the reference was ignored.",
)
RULE_DROPPED = _kind("RULE_DROPPED", _HURTS, "A {name} was left out: {reason}.")
OBJECTIVE_WITHOUT_ID = _kind("OBJECTIVE_WITHOUT_ID", _HURTS, "An objective has no objectiveID; it was left out.")
OBJECTIVE_TWICE = _kind(
    "OBJECTIVE_TWICE", _HURTS, "The objective '{identifier}' is defined twice for one item; the first was used."
)
OBJECTIVE_UNKNOWN = _kind(
    "OBJECTIVE_UNKNOWN",
    _HURTS,
    "The objective '{identifier}' is not defined for this item; what refers to it has no effect.",
    repaired=False,
)
MAP_WITHOUT_TARGET = _kind("MAP_WITHOUT_TARGET", _HURTS, "A <{name}> names no target; it was left out.")
MAP_WRITTEN_TWICE = _kind(
    "MAP_WRITTEN_TWICE",
    _HURTS,
    "Several objectives of one item write to '{target}'; the last one to change wins.",
    repaired=False,
)
UNREACHABLE_ITEMS = _kind(
    "UNREACHABLE_ITEMS",
    _HURTS,
    "'{identifier}' allows neither choice nor flow, so learners cannot reach its items.",
    repaired=False,
)
PREREQUISITE_UNKNOWN = _kind(
    "PREREQUISITE_UNKNOWN",
    _HURTS,
    "The prerequisites of '{identifier}' name '{name}', which is no item; it counts as not done.",
    repaired=False,
)
PREREQUISITE_INVALID = _kind(
    "PREREQUISITE_INVALID",
    _HURTS,
    "The prerequisites of '{identifier}' are no aicc_script expression; they close nothing.",
)
PREREQUISITE_TYPE = _kind(
    "PREREQUISITE_TYPE", _UNTIDY, "The prerequisites have the type '{type}'; they were read as aicc_script."
)
PREREQUISITE_WORDS = _kind(
    "PREREQUISITE_WORDS",
    _UNTIDY,
    "The prerequisites use words as operators; aicc_script writes '&' for and, '|' for or, '~' for not.",
)
MORE_OF_THE_SAME = _kind("MORE_OF_THE_SAME", _UNTIDY, "{code} was found {count} more times.", repaired=False)

PROBLEM_KINDS: Mapping[str, ProblemKind] = _KINDS
"""Every kind of problem by its code."""

SAME_CODE_MAX = 25
"""How many problems of one kind are reported one by one; the rest is counted."""

_QUOTED_LENGTH_MAX = 200
_RANK = {severity: rank for rank, severity in enumerate(Severity)}


class ProblemLog:
    """Collects problems while one manifest is read."""

    __slots__ = ("_count", "_problems", "_seen")

    def __init__(self) -> None:
        self._problems: list[ManifestProblem] = []
        self._count: Counter[str] = Counter()
        self._seen: set[tuple[str, str]] = set()

    def add(
        self,
        kind: ProblemKind,
        place: Place | None = None,
        *,
        line: int | None = None,
        path: str | None = None,
        **facts: object,
    ) -> None:
        """Record one problem; the facts fill the sentence."""
        self._count[kind.code] += 1
        if self._count[kind.code] > SAME_CODE_MAX:
            return
        if place is not None:
            line = place.line if line is None else line
            path = place.path if path is None else path
        self._problems.append(make_problem(kind, line=line, path=path, **facts))

    def add_once(
        self,
        kind: ProblemKind,
        about: str,
        place: Place | None = None,
        *,
        line: int | None = None,
        path: str | None = None,
        **facts: object,
    ) -> None:
        """Record a problem the first time it is met for ``about``."""
        if (kind.code, about) not in self._seen:
            self._seen.add((kind.code, about))
            self.add(kind, place, line=line, path=path, **facts)

    def problems(self) -> tuple[ManifestProblem, ...]:
        """Everything recorded: worst first, otherwise in the order found; the surplus of a kind as one count."""
        more = [
            make_problem(MORE_OF_THE_SAME, code=code, count=count - SAME_CODE_MAX)
            for code, count in self._count.items()
            if count > SAME_CODE_MAX
        ]
        return tuple(sorted([*self._problems, *more], key=lambda problem: _RANK[problem.severity]))

    def merge(self, other: ProblemLog) -> None:
        """Take over what another log has recorded."""
        self._problems += other._problems
        self._count += other._count
        self._seen |= other._seen


def make_problem(
    kind: ProblemKind, *, line: int | None = None, path: str | None = None, **facts: object
) -> ManifestProblem:
    """One problem of a kind; long facts are shortened so that a manifest cannot blow up its own report."""
    if line is not None:
        facts.setdefault("line", line)
    short = {name: _shortened(value) for name, value in facts.items()}
    return ManifestProblem(
        code=kind.code,
        severity=kind.severity,
        message=kind.sentence.format(**short),
        line=line,
        path=_shortened(path) if path is not None else None,
        repaired=kind.repaired,
    )


def _shortened(value: object) -> str:
    text = str(value)
    return text if len(text) <= _QUOTED_LENGTH_MAX else text[: _QUOTED_LENGTH_MAX - 1] + "…"
