"""XML text to a tree of elements with lines and limits; the only module that calls the XML parser.

The parser never sees a document type declaration, so no entity is ever expanded and nothing is ever fetched.
Prefixes are resolved here rather than by the parser: a prefix that is not declared is a problem to report, not an
end. Text that is no XML is repaired by ``markup`` once and tried again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.parsers import expat

from scorm_embed.core.manifest import problems
from scorm_embed.core.manifest.decoding import decode_manifest
from scorm_embed.core.manifest.limits import ManifestLimits
from scorm_embed.core.manifest.markup import repair_markup
from scorm_embed.core.manifest.namespaces import (
    OFFICIAL_ADDRESSES,
    SCORM_FAMILIES,
    Family,
    family_of_address,
    family_of_prefix,
)
from scorm_embed.core.manifest.problems import ProblemLog, make_problem
from scorm_embed.errors import ManifestParseError

# Most elements have no children, or no attributes: these stand for what they do not have and stay empty.
_NO_NAMES: dict[str, str] = {}
_NO_CHILDREN: list[Element] = []
_NO_PARTS: list[str | Element] = []


class Element:
    """One element. Names are looked up in lower case; what the author wrote is kept for messages."""

    __slots__ = ("attributes", "children", "family", "key", "line", "name", "parent", "parts", "written")

    def __init__(self, name: str, family: Family, line: int, parent: Element | None) -> None:
        self.name = name
        self.key = name.lower()
        self.family = family
        self.line = line
        self.parent = parent
        self.attributes: dict[str, str] = _NO_NAMES
        """By local name in lower case ("xml:base" and "xml:lang" with their prefix)."""
        self.written: dict[str, str] = _NO_NAMES
        """Names of attributes that are not all lower case, as written."""
        self.children: list[Element] = _NO_CHILDREN
        self.parts: list[str | Element] = _NO_PARTS
        """Text and children as they follow one another."""

    @property
    def text(self) -> str:
        """The element's own text, untouched."""
        return "".join(part for part in self.parts if isinstance(part, str))

    def all_text(self) -> str:
        """The text of the element and of everything in it."""
        return "".join(part if isinstance(part, str) else part.all_text() for part in self.parts)

    @property
    def path(self) -> str:
        """The way from the root, with identifiers where there are some."""
        steps: list[str] = []
        element: Element | None = self
        while element is not None:
            identifier = element.attributes.get("identifier", "").strip()
            steps.append(f"{element.name}[{identifier[:60]}]" if identifier else element.name)
            element = element.parent
        return "/".join(reversed(steps))

    def get(self, key: str) -> str | None:
        """An attribute by its name in lower case."""
        return self.attributes.get(key)

    def named(self, key: str, family: Family | None = None) -> Iterator[Element]:
        """Children of this name in lower case, in any namespace of SCORM or only in ``family``."""
        for child in self.children:
            if child.key == key and (child.family is family if family else child.family in SCORM_FAMILIES):
                yield child

    def child(self, key: str, family: Family | None = None) -> Element | None:
        """The first such child."""
        return next(self.named(key, family), None)


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed manifest, with what its standard can be told by."""

    root: Element
    addresses: list[str]
    """Every namespace address that is declared."""
    names: dict[tuple[Family, str], Element]
    """The first element of each name (in lower case), metadata left out."""
    spellings: dict[str, Element]
    """Each name of an element or attribute of SCORM as it is written, and where first, metadata left out."""


class _NotWellFormedError(Exception):
    """The parser gave up; the arguments are the line and the reason."""


class _DoctypeMetError(Exception):
    """The text has a document type declaration, which has to go before anything is parsed."""


class _LimitError(Exception):
    """The document goes over a limit; the arguments are the limit and what it counts."""


def parse_manifest(data: bytes, limits: ManifestLimits, log: ProblemLog) -> Document:
    """Parse the bytes of a manifest into elements.

    Raises:
        ManifestParseError: empty, over a limit, or no XML even after repair.
    """
    if len(data) > limits.manifest_bytes_max:
        raise refusal(problems.MANIFEST_TOO_LARGE, limit=limits.manifest_bytes_max, what="bytes")
    decoded = decode_manifest(data, log)
    if not decoded.text:
        kind = problems.MANIFEST_EMPTY if not data.strip() else problems.NOT_XML
        raise refusal(kind, line=1, reason="no element was found")
    try:
        return _attempt(decoded.text, decoded.first_line, limits, log)
    except (_NotWellFormedError, _DoctypeMetError):
        pass
    repairs = ProblemLog()
    text = repair_markup(decoded.text, decoded.first_line, limits.repairs_max, repairs)
    try:
        document = _attempt(text, decoded.first_line, limits, log)
    except _NotWellFormedError as error:
        line, reason = error.args
        raise refusal(problems.NOT_XML, line=line, reason=reason) from None
    except _DoctypeMetError:
        raise refusal(problems.NOT_XML, line=1, reason="the document type declaration does not end") from None
    log.merge(repairs)
    return document


def refusal(
    kind: problems.ProblemKind, log: ProblemLog | None = None, *, line: int | None = None, **facts: Any
) -> ManifestParseError:
    """The error for a manifest that cannot be used; its details carry this and every other problem found."""
    problem = make_problem(kind, line=line, **facts)
    found = (problem, *(log.problems() if log else ()))
    details: dict[str, object] = {"reason": problem.code, "problems": [each.as_dict() for each in found]}
    if line is not None:
        details["line"] = line
    return ManifestParseError(problem.message, details)


def _attempt(text: str, first_line: int, limits: ManifestLimits, log: ProblemLog) -> Document:
    attempt_log = ProblemLog()
    builder = _Builder(first_line, limits, attempt_log)
    try:
        document = builder.build(text)
    except _LimitError as error:
        limit, what = error.args
        raise refusal(problems.MANIFEST_TOO_LARGE, limit=limit, what=what) from None
    log.merge(attempt_log)
    return document


_DECLARATION = re.compile(r"xmlns(:|$)").match


class _Builder:
    """Receives the parser's events and builds the tree."""

    def __init__(self, first_line: int, limits: ManifestLimits, log: ProblemLog) -> None:
        self._line_offset = first_line - 1
        self._limits = limits
        self._log = log
        self._stack: list[Element] = []
        self._scopes: list[dict[str, Family]] = [{"": Family.NONE, "xml": Family.XML}]
        self._root: Element | None = None
        self._metadata: Element | None = None
        self._addresses: list[str] = []
        self._names: dict[tuple[Family, str], Element] = {}
        self._spellings: dict[str, Element] = {}
        self._count = 0
        self._text_length = 0
        self._parser = expat.ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.EntityDeclHandler = self._doctype

    def build(self, text: str) -> Document:
        try:
            self._parser.Parse(text.encode("utf-8", errors="replace"), True)
        except expat.ExpatError as error:
            raise _NotWellFormedError(error.lineno + self._line_offset, self._reason(error)) from None
        assert self._root is not None  # the parser raises "no element found" otherwise
        return Document(self._root, self._addresses, self._names, self._spellings)

    def _reason(self, error: expat.ExpatError) -> str:
        """The parser's complaint, with the element that is open where that is what an author has to look for."""
        said = expat.ErrorString(error.code)
        if not self._stack:
            return said
        if said == expat.errors.XML_ERROR_NO_ELEMENTS:
            said = "the file ends too early"
        return f"{said} (the element <{self._stack[-1].name}>, opened in line {self._stack[-1].line}, is not closed)"

    def _doctype(self, *_: object) -> None:
        raise _DoctypeMetError

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > self._limits.elements_max:
            raise _LimitError(self._limits.elements_max, "elements")
        if len(self._stack) >= self._limits.depth_max:
            raise _LimitError(self._limits.depth_max, "levels of nesting")
        if len(attributes) > self._limits.attributes_max:
            raise _LimitError(self._limits.attributes_max, "attributes of one element")
        parent = self._stack[-1] if self._stack else None
        line = self._parser.CurrentLineNumber + self._line_offset
        prefix, _, local = name.rpartition(":")
        element = Element(local or name, Family.NONE, line, parent)
        scope = self._scopes[-1]
        if attributes and any(map(_DECLARATION, attributes)):
            scope = self._scope(element, prefix, attributes)
        element.family = self._family(prefix, scope, element)
        if parent is None:
            self._root = element
        else:
            if parent.children is _NO_CHILDREN:
                parent.children = []
            parent.children.append(element)
            self._add_part(parent, element)
        if self._metadata is None:
            self._names.setdefault((element.family, element.key), element)
            if element.family in SCORM_FAMILIES:
                self._spellings.setdefault(element.name, element)
        if attributes:
            self._take_attributes(element, attributes, scope)
        if element.key == "metadata" and self._metadata is None:
            self._metadata = element
        self._stack.append(element)
        self._scopes.append(scope)
        self._text_length = 0

    def _end(self, _: str) -> None:
        if self._stack.pop() is self._metadata:
            self._metadata = None
        self._scopes.pop()
        self._text_length = 0

    def _characters(self, text: str) -> None:
        self._text_length += len(text)
        if self._text_length > self._limits.text_length_max:
            raise _LimitError(self._limits.text_length_max, "characters in one element")
        self._add_part(self._stack[-1], text)

    @staticmethod
    def _add_part(element: Element, part: str | Element) -> None:
        if element.parts is _NO_PARTS:
            element.parts = []
        element.parts.append(part)

    def _scope(self, element: Element, own_prefix: str, attributes: dict[str, str]) -> dict[str, Family]:
        """The prefixes in force inside an element that declares some."""
        declarations = {name: uri for name, uri in attributes.items() if name == "xmlns" or name.startswith("xmlns:")}
        scope = dict(self._scopes[-1])
        for name, uri in declarations.items():
            prefix = name[6:]
            family = family_of_address(uri)
            self._addresses.append(uri)
            root_prefix = element.parent is None and prefix == own_prefix
            if family is Family.OTHER or (root_prefix and family not in SCORM_FAMILIES):
                # Whatever the root's own namespace is called, its elements are those of a manifest.
                family = Family.CONTENT if root_prefix else family_of_prefix(prefix)
            if family in SCORM_FAMILIES and uri.strip() and uri.strip() not in OFFICIAL_ADDRESSES:
                self._log.add_once(
                    problems.NAMESPACE_UNKNOWN, uri, line=element.line, path=name, uri=uri, family=family.value
                )
            scope[prefix] = family
        return scope

    def _family(self, prefix: str, scope: dict[str, Family], element: Element) -> Family:
        family = scope.get(prefix)
        if family is None:
            family = family_of_prefix(prefix)
            self._log.add_once(problems.PREFIX_UNDECLARED, prefix, element, prefix=prefix)
        return family

    def _take_attributes(self, element: Element, attributes: dict[str, str], scope: dict[str, Family]) -> None:
        element.attributes = {}
        for name, value in attributes.items():
            if name == "xmlns" or name.startswith("xmlns:"):
                continue
            if len(value) > self._limits.text_length_max:
                raise _LimitError(self._limits.text_length_max, "characters in one attribute")
            prefix, _, local = name.rpartition(":")
            key = local.lower()
            if not prefix:
                if key in element.attributes:
                    continue  # the prefixed spelling of the same name is the standard's
            else:
                family = self._family(prefix, scope, element)
                if family is Family.XML:
                    element.attributes[f"xml:{key}"] = value
                    continue
                if family not in SCORM_FAMILIES:
                    continue
            element.attributes[key] = value
            if key != local:
                if element.written is _NO_NAMES:
                    element.written = {}
                element.written[key] = local
            if self._metadata is None and element.family in SCORM_FAMILIES and key != "id":
                self._spellings.setdefault(local, element)
