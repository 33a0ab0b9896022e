"""SCORM 1.2 prerequisites: the aicc_script expressions of adlcp:prerequisites.

Owns parsing (once per course) and evaluation against a status lookup. A script that cannot be parsed closes nothing:
supporting prerequisites is optional, and an author's slip must not lock a learner out.
Source: AICC CMI001 prerequisites as CAM 1.2, 2.3.5 takes them over.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

StatusLookup: TypeAlias = Callable[[str], "str | None"]
"""Gives the SCORM 1.2 status word of an activity, None for an identifier that is not in the course."""

STATUS_WORDS = {
    "p": "passed",
    "c": "completed",
    "f": "failed",
    "i": "incomplete",
    "n": "not attempted",
    "b": "browsed",
}
_SATISFYING = frozenset({"passed", "completed"})
_TOKEN = re.compile(
    r"""\s*(?: (?P<op><>|[&|~(){},=*])
         | "(?P<double>[^"]*)"
         | '(?P<single>[^']*)'
         | (?P<word>[^\s&|~(){},=*<>"']+) )""",
    re.VERBOSE,
)
_NESTING_MAX = 50


@dataclass(frozen=True, slots=True)
class Satisfied:
    """True when the activity's status is passed or completed."""

    identifier: str


@dataclass(frozen=True, slots=True)
class HasStatus:
    """True when the activity's status is (or, negated, is not) the word."""

    identifier: str
    status: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Not:
    """True when the operand is false."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class AtLeast:
    """True when at least ``count`` of the operands are true; "and" asks for all of them, "or" for one."""

    count: int
    operands: tuple[Expression, ...]


Expression: TypeAlias = "Satisfied | HasStatus | Not | AtLeast"


def parse_prerequisites(script: str | None) -> Expression | None:
    """The expression of an aicc_script; None when there is none, or none that can be understood."""
    if not script or not script.strip():
        return None
    tokens = _tokens(script)
    if tokens is None:
        return None
    parser = _Parser(tokens)
    try:
        expression = parser.alternatives(0)
    except _NotAScript:
        return None
    return expression if parser.at_end() else None


def prerequisites_met(expression: Expression, status: StatusLookup) -> bool:
    """Whether the expression holds for the learner whose statuses the lookup gives."""
    match expression:
        case Satisfied(identifier):
            return status(identifier) in _SATISFYING
        case HasStatus(identifier, word, negated):
            return (status(identifier) == word) is not negated
        case Not(operand):
            return not prerequisites_met(operand, status)
        case AtLeast(count, operands):
            return sum(prerequisites_met(operand, status) for operand in operands) >= count


def named_activities(expression: Expression) -> tuple[str, ...]:
    """The identifiers the expression asks about, in the order written."""
    match expression:
        case Satisfied(identifier) | HasStatus(identifier, _, _):
            return (identifier,)
        case Not(operand):
            return named_activities(operand)
        case AtLeast(_, operands):
            return tuple(name for operand in operands for name in named_activities(operand))


class _NotAScript(Exception):  # noqa: N818  control flow within this file, never an error that a caller sees
    """The tokens are no aicc_script."""


def _tokens(script: str) -> list[tuple[str, str]] | None:
    tokens = []
    position, end = 0, len(script.rstrip())
    while position < end:
        found = _TOKEN.match(script, position)
        if found is None:
            return None
        kind = found.lastgroup or ""
        tokens.append(("op" if kind == "op" else "word", found[kind]))
        position = found.end()
    return tokens


class _Parser:
    """Recursive descent: ``|`` binds least, then ``&``, then ``~``; ``=`` and ``<>`` compare one identifier."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._position = 0

    def at_end(self) -> bool:
        return self._position == len(self._tokens)

    def _take(self, *operators: str) -> bool:
        if not self.at_end() and self._tokens[self._position] in [("op", operator) for operator in operators]:
            self._position += 1
            return True
        return False

    def _word(self) -> str:
        if self.at_end() or self._tokens[self._position][0] != "word":
            raise _NotAScript
        self._position += 1
        return self._tokens[self._position - 1][1]

    def alternatives(self, nesting: int) -> Expression:
        operands = [self._conjunction(nesting)]
        while self._take("|"):
            operands.append(self._conjunction(nesting))
        return operands[0] if len(operands) == 1 else AtLeast(1, tuple(operands))

    def _conjunction(self, nesting: int) -> Expression:
        operands = [self._single(nesting)]
        while self._take("&"):
            operands.append(self._single(nesting))
        return operands[0] if len(operands) == 1 else AtLeast(len(operands), tuple(operands))

    def _single(self, nesting: int) -> Expression:
        if nesting > _NESTING_MAX:
            raise _NotAScript
        if self._take("~"):
            return Not(self._single(nesting + 1))
        if self._take("("):
            inner = self.alternatives(nesting + 1)
            if not self._take(")"):
                raise _NotAScript
            return inner
        word = self._word()
        if word.isdigit() and self._take("*"):
            return AtLeast(max(1, int(word)), self._set(nesting + 1))
        if self._take("="):
            return HasStatus(word, self._status())
        if self._take("<>"):
            return HasStatus(word, self._status(), negated=True)
        return Satisfied(word)

    def _set(self, nesting: int) -> tuple[Expression, ...]:
        if not self._take("{"):
            raise _NotAScript
        members = [self.alternatives(nesting)]
        while self._take(","):
            members.append(self.alternatives(nesting))
        if not self._take("}"):
            raise _NotAScript
        return tuple(members)

    def _status(self) -> str:
        word = self._word().lower()
        if word == "not" and not self.at_end() and self._tokens[self._position] == ("word", "attempted"):
            self._position += 1
            word = "not attempted"
        return STATUS_WORDS.get(word, word)
