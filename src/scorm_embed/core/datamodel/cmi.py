"""The run-time data of one SCO: get and set through the element's row.

Owns the order of the checks (RTE 3.1.7.6, 4.1.1; SCORM 1.2 RTE 3.3.4) and the state of one SCO's data. Does no IO, and
knows nothing of the API's states: ``api`` does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from scorm_embed.core.datamodel.checks import check
from scorm_embed.core.datamodel.element import Access, DataLimits, Element, Source, Strictness, Type
from scorm_embed.core.datamodel.error_codes import EXPECTS, Reason, clip, explain
from scorm_embed.core.datamodel.interactions import SINGLE_PATTERN, same_pattern, shortest
from scorm_embed.core.datamodel.model import DataModel
from scorm_embed.core.datamodel.names import Place, Step, locate, split_element
from scorm_embed.core.datamodel.status import overridden
from scorm_embed.core.values import SENTENCES, Misfit, Rule, split_localized


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call answers: GetValue the value, SetValue ``"true"`` or ``"false"``; and the code for GetLastError."""

    value: str
    code: int
    diagnostic: str = ""
    """For a failed call: what a course developer should change."""


@dataclass(frozen=True, slots=True)
class Tolerated:
    """A deviation from the standard that was let through; each is noted once per element (whatever the index)."""

    element: str
    rule: str
    sentence: str


_TRUE = Answer("true", 0)


class CmiState:
    """The data of one SCO during one communication session (or, for ``write``, between two).

    ``values`` holds everything that has a value, by full name, what the LMS seeds included. Two names that content
    cannot see belong to it: ``adl.data.n._read`` and ``adl.data.n._write``, ``"false"`` where a shared data map
    forbids it. With ``counts``, a collection may be loaded in part: the records named in ``values`` are complete, and
    of a collection with unique values all of those are there.
    ``navigation_valid`` answers for ``adl.nav.request_valid.*`` (full name in, ``true``, ``false`` or ``unknown`` out);
    without it the answers come from ``values``.
    """

    def __init__(
        self,
        model: DataModel,
        values: Mapping[str, str],
        *,
        strictness: Strictness = Strictness.TOLERANT,
        counts: Mapping[str, int] | None = None,
        limits: DataLimits | None = None,
        navigation_valid: Callable[[str], str] | None = None,
    ) -> None:
        self.model = model
        self.values = dict(values)
        self.strictness = strictness
        self.limits = limits or DataLimits()
        self.counts = _counted(self.values)
        for path, count in (counts or {}).items():
            self.counts[path] = max(count, self.counts.get(path, 0))
        self.changed: dict[str, str | None] = {}
        self.tolerated: list[Tolerated] = []
        self._noted: set[tuple[str, Rule]] = set()
        self._navigation_valid = navigation_valid
        self._tolerant = strictness is Strictness.TOLERANT

    def get(self, element: str) -> Answer:
        """GetValue: the value as content sees it. Statuses are evaluated at every call."""
        place = self._find(element)
        count = self._beyond(place)
        if count and place.reason is Reason.UNKNOWN and not self.model.standard.is_2004:
            return self._refuse(Reason.BEYOND, element, count, setting=False)
        if place.reason is not None:
            return self._refuse(place.reason, element, setting=False)
        if count:
            return self._refuse(Reason.BEYOND, element, count, setting=False)
        row = place.element
        if row is None:
            return Answer(self._keyword(place), 0)
        if row.access is Access.WRITE_ONLY or (row.guarded and self.values.get(f"{place.record}_read") == "false"):
            return self._refuse(Reason.WRITE_ONLY, element, setting=False)
        value = self._value(row, place.name)
        if value is None:
            return self._refuse(Reason.UNSET, element, setting=False)
        return Answer(value, 0)

    def set(self, element: str, value: str) -> Answer:
        """SetValue as content calls it. A refused call changes nothing."""
        place = self._find(element)
        refused = self._refused_place(element, place)
        if refused:
            return refused
        row = place.element
        assert row is not None, "a place without a reason or a keyword is an element"
        refused = self._refused_record(element, row, place, value) or self._refused_value(
            element, row, place, value, tolerant=self._tolerant
        )
        if refused:
            return refused
        if row.appends:
            name = place.name
            self.changed[name] = (self.changed.get(name) or "") + value
            self.values[name] = self.values.get(name, "") + value
            return _TRUE
        self._store(row, place, value)
        return _TRUE

    def write(self, element: str, value: str | None) -> Answer:
        """Set as the LMS: what content may only read can be written, None removes. Name and type are checked, with
        every tolerance; dependencies, write-once and uniqueness are not. ``cmi.comments`` is replaced."""
        place = locate(self.model.root, element)
        if place.reason is not None or place.keyword:
            return self._refuse(place.reason or Reason.KEYWORD, element, setting=True)
        gap = self._gap(place)
        if gap is not None:
            return self._refuse(Reason.GAP, element, gap, setting=True)
        row = place.element
        assert row is not None, "a place without a reason or a keyword is an element"
        if value is None:
            if self.values.pop(place.name, None) is not None:
                self.changed[place.name] = None
            return _TRUE
        refused = self._refused_value(element, row, place, value, tolerant=True, as_lms=True)
        if refused:
            return refused
        self._store(row, place, value)
        return _TRUE

    def remove(self, element: str) -> Answer:
        """Take an answer or a pattern away, as content does that changes an interaction's type. Nothing happens where
        there is none."""
        place = self._find(element)
        row = place.element
        if place.reason is not None or row is None or row.type not in (Type.RESPONSE, Type.PATTERN):
            return self._refuse(place.reason or Reason.KEYWORD, element, setting=True)
        if self.values.pop(place.name, None) is not None:
            self.changed[place.name] = None
        if row.type is Type.PATTERN:
            path = place.steps[-1].path
            count = self.counts.pop(path, 0)
            while count and f"{path}.{count - 1}.pattern" not in self.values:
                count -= 1
            if count:
                self.counts[path] = count
        return _TRUE

    def restart(self) -> None:
        """Begin another communication session: forget cmi.exit, the session time and the navigation request."""
        for row in self.model.elements.values():
            if row.per_session:
                self.values.pop(row.name, None)

    def take_changes(self) -> dict[str, str | None]:
        """What changed since the last call, in the order in which it was first set; None where a value was removed."""
        changed, self.changed = self.changed, {}
        return changed

    def note(self, element: str, rule: Rule) -> None:
        """Record once what was let through."""
        split = split_element(element)
        key = (f"{split[0]}.{split[2]}" if split else element, rule)
        if key not in self._noted:
            self._noted.add(key)
            self.tolerated.append(Tolerated(element, rule.value, SENTENCES[rule]))

    # -- where a name leads ---------------------------------------------------

    def _find(self, element: str) -> Place:
        """Where a name leads, and under which name its value is kept."""
        row = self.model.elements.get(element)
        if row is not None and not row.targeted and ".n." not in element:
            return Place(element, row)
        return locate(self.model.root, element)

    def _beyond(self, place: Place) -> str:
        """The count that an index reaches or passes; "" when every record exists."""
        for step in place.steps:
            count = self.counts.get(step.path, 0)
            if step.index >= count:
                return str(count)
        return ""

    def _gap(self, place: Place) -> str | None:
        for step in place.steps:
            count = self.counts.get(step.path, 0)
            if step.index > count:
                return str(count)
        return None

    def _keyword(self, place: Place) -> str:
        if place.keyword == "_count":
            return str(self.counts.get(place.name, 0))
        assert place.published is not None, "a keyword without an answer has a reason"
        return place.published

    def _value(self, row: Element, name: str) -> str | None:
        if row.override:
            status = overridden(row, self.values)
            if status is not None:
                return status
        elif row.source is Source.NAVIGATION and self._navigation_valid is not None:
            return self._navigation_valid(name)
        value = self.values.get(name)
        if value is None or (row.blank_unset and not value):
            return row.default
        return value

    # -- why not --------------------------------------------------------------

    def _refuse(self, reason: Reason, element: str, detail: str = "", *, setting: bool) -> Answer:
        code = self.model.codes[reason][setting]
        return Answer("false" if setting else "", code, explain(reason, element, detail))

    def _refused_place(self, element: str, place: Place) -> Answer | None:
        """The checks of a name, in the standards' order: name, keyword, gap, dependency, child."""
        if place.keyword or (place.element is not None and "._" in place.element.name):
            return self._refuse(Reason.KEYWORD, element, setting=True)
        if place.reason is not None and place.reason is not Reason.UNKNOWN:
            return self._refuse(place.reason, element, setting=True)
        gap = self._gap(place)
        if gap is not None:
            return self._refuse(Reason.GAP, element, gap, setting=True)
        if place.reason is not None:
            return self._refuse(place.reason, element, setting=True)
        assert place.element is not None
        for needed in place.element.requires:
            if place.record + needed not in self.values:
                return self._refuse(Reason.REQUIRES, element, clip(place.record + needed, 100), setting=True)
        return None

    def _refused_record(self, element: str, row: Element, place: Place, value: str) -> Answer | None:
        """The checks of access and of the other records: read only, closed, full, written once, unique, one pattern."""
        if row.access is Access.READ_ONLY or (row.guarded and self.values.get(f"{place.record}_write") == "false"):
            return self._refuse(Reason.READ_ONLY, element, setting=True)
        for step in place.steps:
            if step.index == self.counts.get(step.path, 0):
                if not step.collection.grows:
                    return self._refuse(Reason.CLOSED, element, str(step.index), setting=True)
                if step.index >= self.limits.records_max:
                    return self._refuse(Reason.TOO_MANY, element, str(self.limits.records_max), setting=True)
        current = self.values.get(place.name)
        if row.write_once and current is not None and current != value:
            return self._refuse(Reason.WRITTEN, element, setting=True)
        if row.unique and current != value:
            other = self._other(place.steps[-1], row, lambda stored: stored == value)
            if other is not None:
                return self._refuse(Reason.NOT_UNIQUE, element, str(other), setting=True)
        kind = self.values.get(f"{place.record}type", "")
        if row.type is Type.PATTERN and kind in SINGLE_PATTERN and place.steps[-1].index > 0:
            return self._refuse(Reason.ONE_PATTERN, element, kind, setting=True)
        return None

    def _refused_value(
        self, element: str, row: Element, place: Place, value: str, *, tolerant: bool, as_lms: bool = False
    ) -> Answer | None:
        """The checks of the value itself: length, type, range, tolerances, and a pattern that is there already."""
        appended = row.appends and not as_lms
        length = len(self.values.get(place.name, "")) + len(value) if appended else len(value)
        kind = self.values.get(f"{place.record}type", "") if place.steps else ""
        if length > self.limits.value_chars_max:
            return self._refuse(Reason.TOO_LONG, element, str(self.limits.value_chars_max), setting=True)
        verdict = check(row, value, kind, self.model.targets)
        if isinstance(verdict, Misfit):
            reason = Reason.TYPE if verdict is Misfit.TYPE else Reason.RANGE
            return self._refuse(reason, element, self._expected(row, kind), setting=True)
        if value in row.reserved and not as_lms:
            return self._refuse(Reason.RESERVED, element, setting=True)
        if verdict is not None and not tolerant:
            return self._refuse(Reason.TYPE, element, self._expected(row, kind), setting=True)
        if row.type is Type.PATTERN and not as_lms:
            other = self._other(place.steps[-1], row, lambda stored: same_pattern(kind, stored, value))
            if other is not None:
                return self._refuse(Reason.SAME_PATTERN, element, str(other), setting=True)
        too_long = self._length_verdict(row, length, value)
        if isinstance(too_long, int) or (too_long is Rule.TEXT_LENGTH and not tolerant):
            limit = too_long if isinstance(too_long, int) else row.limit
            return self._refuse(Reason.TOO_LONG, element, str(limit), setting=True)
        if not as_lms:
            for rule in (verdict, too_long):
                if isinstance(rule, Rule):
                    self.note(place.name, rule)
        return None

    def _length_verdict(self, row: Element, length: int, value: str) -> Rule | int | None:
        """None within the limit, a rule for what may pass, or the limit that nothing may pass."""
        if row.type is Type.LOCALIZED:
            length = len(split_localized(value)[1])
        if row.limit is None or length <= row.limit:
            return None
        if self.model.standard.is_2004:
            return Rule.LONG_VALUE
        if row.limit_option and length > (longest := int(getattr(self.limits, row.limit_option))):
            return longest
        return Rule.TEXT_LENGTH

    def _expected(self, row: Element, kind: str) -> str:
        text = EXPECTS[row.type]
        if text.endswith(": "):
            words = [f'"{word}"' if word == "" else word for word in row.vocabulary if word not in row.reserved]
            return text + ", ".join(words)
        if text.endswith(" type "):
            return text + kind
        if row.minimum is not None:
            text += f" from {row.minimum:g}" + ("" if row.maximum is None else f" to {row.maximum:g}")
        return text

    def _other(self, step: Step, row: Element, same: Callable[[str], bool]) -> int | None:
        """The index of another record of the collection whose value of this element is the same."""
        leaf = row.name.rpartition(".")[2]
        for index in range(self.counts.get(step.path, 0)):
            stored = self.values.get(f"{step.path}.{index}.{leaf}")
            if index != step.index and stored is not None and same(stored):
                return index
        return None

    # -- storing --------------------------------------------------------------

    def _store(self, row: Element, place: Place, value: str) -> None:
        name = place.name
        if row.type in (Type.RESPONSE, Type.PATTERN):
            value = shortest(self.values.get(f"{place.record}type", ""), value)
        previous = self.values.get(name)
        self.values[name] = self.changed[name] = value
        for step in place.steps:
            if step.index == self.counts.get(step.path, 0):
                self.counts[step.path] = step.index + 1
        if row.clears and previous is not None and previous != value:
            for cleared in row.clears:
                self._clear(place.record + cleared)

    def _clear(self, path: str) -> None:
        """Remove an element, or all records of a collection, within one record. A later value comes after the removal
        in the order of changes, so that replaying them meets the new type first."""
        names = [path] if path in self.values else []
        names += [f"{path}.{index}.pattern" for index in range(self.counts.pop(path, 0))]
        for name in names:
            self.values.pop(name, None)
            self.changed.pop(name, None)
            self.changed[name] = None


def _counted(values: Mapping[str, str]) -> dict[str, int]:
    """How many records of each collection a flat map holds."""
    counts: dict[str, int] = {}
    for name in values:
        path, rest = "", name
        while split := split_element(rest):
            collection, index, rest = split
            path = f"{path}.{collection}" if path else collection
            counts[path] = max(counts.get(path, 0), index + 1)
            path = f"{path}.{index}"
    return counts
