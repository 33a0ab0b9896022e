"""Repairs text that no XML parser accepts: a small scanner that rewrites only what is wrong.

Used after the parser has refused a manifest, never on one that is well-formed. Knows tags, attributes, comments and
entities, not what they mean; what has a meaning is repaired in the model. Lines keep their numbers.
"""

from __future__ import annotations

import re
from html.entities import html5
from typing import Any

from scorm_embed.core.manifest import problems
from scorm_embed.core.manifest.problems import ProblemLog

_REFERENCE = re.compile(r"&(?:(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{0,40});)?")
_PREDEFINED = frozenset({"amp", "lt", "gt", "quot", "apos"})
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_TAG_NAME = re.compile(r"</?([A-Za-z_:\u0080-\uffff][\w:.\-]*)")
_ATTRIBUTE = re.compile(r"\s*([A-Za-z_:\u0080-\uffff][\w:.\-]*)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s<>\"'/]+)))?")
_TAG_END = re.compile(r"\s*(/?)>")
_DOCTYPE = re.compile(r"<!doctype\b", re.IGNORECASE)
_DOCTYPE_PART = re.compile(r"[\"'\[\]>]|<!--")


def repair_markup(text: str, first_line: int, repairs_max: int, log: ProblemLog) -> str:
    """Rewrite text so that a parser can read it, recording each repair; what is beyond repair stays as it is."""
    try:
        return _Scanner(text, first_line, repairs_max, log).run()
    except _BeyondRepairError:
        return text


class _BeyondRepairError(Exception):
    """More is wrong than anybody could have meant."""


class _Scanner:
    def __init__(self, text: str, first_line: int, repairs_max: int, log: ProblemLog) -> None:
        self._text = text
        self._log = log
        self._out: list[str] = []
        self._line = first_line
        self._repairs_left = repairs_max
        self._counted_to = 0
        self._depth = 0
        self._root_seen = False

    def run(self) -> str:
        text, position = self._text, 0
        while position < len(text):
            start = text.find("<", position)
            if start < 0:
                start = len(text)
            if start > position:
                self._emit_text(position, start)
            if start == len(text):
                break
            if self._root_seen and self._depth == 0 and not text.startswith(("<!--", "<?"), start):
                self._problem(problems.TRAILING_TEXT, start)
                break
            position = self._markup(start)
        return "".join(self._out)

    def _markup(self, start: int) -> int:
        """Copy or repair what begins with the '<' at ``start``; answers where to go on."""
        text = self._text
        if text.startswith("<!--", start):
            return self._skip(start, text.find("-->", start + 4), 3)
        if text.startswith("<?", start):
            return self._skip(start, text.find("?>", start + 2), 2)
        if text.startswith("<![CDATA[", start):
            end = text.find("]]>", start + 9)
            if end < 0:
                return self._give_up(start)
            self._out.append(self._without_controls(text[start : end + 3], start))
            return end + 3
        if _DOCTYPE.match(text, start):
            end = self._doctype_end(start)
            if end >= 0:
                self._problem(problems.DOCTYPE_IGNORED, start)
            return self._skip(start, end, 1)
        end = self._tag(start)
        if end < 0:
            self._problem(problems.BARE_LESS_THAN, start)
            self._out.append("&lt;")
            return start + 1
        return end

    def _skip(self, start: int, end: int, length: int) -> int:
        """Leave out what the model has no use for, but keep its line breaks."""
        if end < 0:
            return self._give_up(start)
        self._out.append("\n" * self._text.count("\n", start, end))
        return end + length

    def _give_up(self, start: int) -> int:
        self._out.append(self._text[start:])
        return len(self._text)

    def _doctype_end(self, start: int) -> int:
        """Position of the '>' that ends a document type declaration, its internal subset included; -1 if none."""
        text, depth, position = self._text, 0, start
        while match := _DOCTYPE_PART.search(text, position):
            token, position = match[0], match.end()
            if token in "\"'":
                position = text.find(token, position) + 1
                if position == 0:
                    return -1
            elif token == "<!--":
                position = text.find("-->", position) + 3
                if position == 2:
                    return -1
            elif token == "[":
                depth += 1
            elif token == "]":
                depth -= 1
            elif depth <= 0:
                return match.start()
        return -1

    def _tag(self, start: int) -> int:
        """Copy one tag, its attributes repaired; -1 where it is no tag at all."""
        text = self._text
        name = _TAG_NAME.match(text, start)
        if name is None:
            return -1
        closing = text.startswith("</", start)
        attributes: list[tuple[str, str, bool]] = []
        position = name.end()
        while (end := _TAG_END.match(text, position)) is None:
            match = _ATTRIBUTE.match(text, position)
            if match is None:
                return -1
            value = next((group for group in match.groups()[1:] if group is not None), None)
            quoted = match[2] is not None or match[3] is not None
            attributes.append((match[1], match[1] if value is None else value, quoted))
            position = match.end()
        written = [name[0]]
        if not closing:
            written += self._attributes(attributes, start)
        breaks = text.count("\n", start, end.end()) - "".join(written).count("\n")
        self._out.append("".join(written) + "\n" * max(breaks, 0) + end[0].lstrip())
        if closing:
            self._depth -= 1
        elif not end[1]:
            self._depth += 1
        self._root_seen = True
        return end.end()

    def _attributes(self, attributes: list[tuple[str, str, bool]], start: int) -> list[str]:
        written: dict[str, str] = {}
        for name, value, quoted in attributes:
            if name in written:
                self._problem(problems.ATTRIBUTE_TWICE, start, name=name)
                continue
            if not quoted:
                self._problem(problems.ATTRIBUTE_MALFORMED, start, name=name, value=value)
            if "<" in value:
                self._problem(problems.BARE_LESS_THAN, start)
            clean = self._references(self._without_controls(value, start), start)
            written[name] = clean.replace("<", "&lt;").replace('"', "&quot;")
        return [f' {name}="{value}"' for name, value in written.items()]

    def _emit_text(self, start: int, end: int) -> None:
        chunk = self._text[start:end]
        if self._depth == 0:
            if chunk.strip():
                kind = problems.TRAILING_TEXT if self._root_seen else problems.LEADING_TEXT
                self._problem(kind, start)
            self._out.append("\n" * chunk.count("\n"))
            return
        chunk = self._references(self._without_controls(chunk, start), start)
        self._out.append(chunk.replace("]]>", "]]&gt;"))

    def _without_controls(self, chunk: str, start: int) -> str:
        if _FORBIDDEN.search(chunk) is None:
            return chunk
        self._problem(problems.CONTROL_CHARACTER, start)
        return _FORBIDDEN.sub("", chunk)

    def _references(self, chunk: str, start: int) -> str:
        if "&" not in chunk:
            return chunk
        return _REFERENCE.sub(lambda match: self._reference(match[1], start), chunk)

    def _reference(self, name: str | None, start: int) -> str:
        if name is None:
            self._problem(problems.BARE_AMPERSAND, start)
            return "&amp;"
        if name in _PREDEFINED:
            return f"&{name};"
        if name.startswith("#"):
            number = int(name[2:], 16) if name[1] in "xX" else int(name[1:])
            if 0 < number <= 0x10FFFF and not _FORBIDDEN.match(chr(number)):
                return f"&#{number};"
            self._problem(problems.CONTROL_CHARACTER, start)
            return ""
        character = html5.get(f"{name};")
        if character is None:
            self._problem(problems.ENTITY_UNKNOWN, start, name=name)
            return f"&amp;{name};"
        self._problem(problems.HTML_ENTITY, start, name=name)
        return "".join(f"&#{ord(each)};" for each in character)

    def _problem(self, kind: problems.ProblemKind, position: int, **facts: Any) -> None:
        self._repairs_left -= 1
        if self._repairs_left < 0:
            raise _BeyondRepairError
        self._line += self._text.count("\n", self._counted_to, position)
        self._counted_to = max(position, self._counted_to)
        self._log.add(kind, line=self._line, **facts)
