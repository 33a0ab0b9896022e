"""The tracking model of one learner on one activity tree (SN 4th Edition, TM.1.1 to TM.1.2 and AM.1.1 to AM.1.2).

Owns every fact that sequencing remembers, and is the only place that changes one. Sparse: a fact that still has its
initial value is absent, so a large course that was opened once is a few entries. Facts are kept in dictionaries by
the numbers that ``ActivityTree`` gave out; a satisfied or completed status that is absent is unknown.

Every write goes through ``_put`` and ``_drop``. They keep a journal while a tentative piece of work is under way, so
that ``rollback`` undoes it without copying anything, and they throw away what was memorised about the state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from scorm_embed.core.sequencing.activity_tree import (
    COMPLETION,
    ITEMS,
    MAXIMUM,
    MEASURE,
    MINIMUM,
    NO_ACTIVITY,
    PROGRESS,
    RAW,
    SATISFIED,
    ActivityTree,
)
from scorm_embed.core.sequencing.memo import Memo
from scorm_embed.core.sequencing.objective_values import ITEM_NUMBERS, ObjectiveValues, checked_value

T = TypeVar("T")
_ABSENT = object()
_CURRENT, _SUSPENDED, _PREPARED = "current", "suspended", "prepared"

UNSET_COMPLETION, UNSET_SATISFIED = 1, 2
"""Bits for a status that the content itself set to unknown."""


class TrackingState:
    """Everything sequencing knows about one learner on one tree.

    The methods that take identifiers are for the engine; the ones that take numbers are for the processes.
    """

    __slots__ = (
        "_journal",
        "_memo",
        "_pointers",
        "_positions",
        "active",
        "attempts",
        "available",
        "changed",
        "ended",
        "local",
        "reorder_due",
        "shared",
        "suspended",
        "touched",
        "tree",
        "unset",
    )

    def __init__(self, tree: ActivityTree) -> None:
        self.tree = tree
        self.active: dict[int, bool] = {}
        self.suspended: dict[int, bool] = {}
        self.attempts: dict[int, int] = {}
        """Attempt count; an entry also means that Activity Progress Status is true."""
        self.local = ObjectiveValues()
        self.shared = ObjectiveValues()
        """Global objectives."""
        self.available: dict[int, tuple[int, ...]] = {}
        """Available children, where selection or randomization changed them."""
        self.unset: dict[int, int] = {}
        self.reorder_due: dict[int, bool] = {}
        """Clusters whose children are selected and randomized anew before the next attempt on them."""
        self.touched: dict[int, bool] = {}
        """Global objectives written since the last overall rollup."""
        self.changed: dict[int, bool] = {}
        """Global objectives written since this object was made."""
        self.ended: list[int] = []
        """Activities whose attempt has ended in the present run of the overall process."""
        self._pointers: dict[str, int] = {}
        self._positions: dict[int, tuple[tuple[int, ...], dict[int, int]]] = {}
        self._journal: list[tuple[dict[Any, Any], Any, Any]] | None = None
        self._memo: Memo | None = None

    # What the processes remember and forget

    @property
    def memo(self) -> Memo:
        """What is known to follow from the state as it is now."""
        memo = self._memo
        if memo is None:
            memo = self._memo = Memo()
        return memo

    def begin(self) -> tuple[int, int, bool]:
        """Start tentative work; give the answer to ``rollback``. Tentative work may be nested."""
        if self._journal is None:
            self._journal = []
            return 0, len(self.ended), True
        return len(self._journal), len(self.ended), False

    def rollback(self, mark: tuple[int, int, bool]) -> None:
        """Undo everything since ``begin``."""
        journal = self._journal
        length, ended, outermost = mark
        assert journal is not None
        while len(journal) > length:
            bucket, key, old = journal.pop()
            if old is _ABSENT:
                bucket.pop(key, None)
            else:
                bucket[key] = old
        del self.ended[ended:]
        self._memo = None
        if outermost:
            self._journal = None

    def keep(self, mark: tuple[int, int, bool]) -> None:
        """End tentative work and keep what it did (an outer piece of tentative work may still undo it)."""
        if mark[2]:
            self._journal = None

    def _put(self, bucket: dict[Any, T], key: Any, value: T) -> None:
        if self._journal is not None:
            self._journal.append((bucket, key, bucket.get(key, _ABSENT)))
        bucket[key] = value
        self._memo = None

    def _drop(self, bucket: dict[Any, Any], key: Any) -> None:
        if key in bucket:
            if self._journal is not None:
                self._journal.append((bucket, key, bucket[key]))
            del bucket[key]
            self._memo = None

    # The tree's own facts (AM.1.2)

    @property
    def current(self) -> int:
        """The Current Activity, NO_ACTIVITY when the sequencing session has not begun or is over."""
        return self._pointers.get(_CURRENT, NO_ACTIVITY)

    @property
    def suspended_activity(self) -> int:
        """The Suspended Activity, NO_ACTIVITY when there is none."""
        return self._pointers.get(_SUSPENDED, NO_ACTIVITY)

    @property
    def prepared(self) -> bool:
        """Whether this sequencing session has been prepared: children selected, a new root attempt made ready."""
        return _PREPARED in self._pointers

    def set_current(self, activity: int) -> None:
        """Move the Current Activity; NO_ACTIVITY makes it undefined."""
        self._point(_CURRENT, activity)

    def set_suspended_activity(self, activity: int) -> None:
        """Move the Suspended Activity; NO_ACTIVITY makes it undefined."""
        self._point(_SUSPENDED, activity)

    def set_prepared(self, prepared: bool) -> None:
        """Note that the session has been prepared, or that a new one must be."""
        self._point(_PREPARED, 1 if prepared else NO_ACTIVITY)

    def _point(self, name: str, activity: int) -> None:
        if activity == NO_ACTIVITY:
            self._drop(self._pointers, name)
        else:
            self._put(self._pointers, name, activity)

    # Facts of one activity (AM.1.1, TM.1.2)

    def set_active(self, activity: int, active: bool) -> None:
        """Set Activity is Active."""
        self._flag(self.active, activity, active)

    def set_suspended(self, activity: int, suspended: bool) -> None:
        """Set Activity is Suspended."""
        self._flag(self.suspended, activity, suspended)

    def set_reorder_due(self, activity: int, due: bool) -> None:
        """Note that a cluster's children are due for selection and randomization, or no longer."""
        self._flag(self.reorder_due, activity, due)

    def _flag(self, bucket: dict[int, bool], key: int, value: bool) -> None:
        if not value:
            self._drop(bucket, key)
        elif key not in bucket:
            self._put(bucket, key, True)

    def count_attempt(self, activity: int) -> None:
        """Begin an attempt: the count grows by one, and Activity Progress Status is true from the first on."""
        self._put(self.attempts, activity, self.attempts.get(activity, 0) + 1)

    def available_children(self, cluster: int) -> tuple[int, ...]:
        """The cluster's Available Children, in the order in which they are walked."""
        if cluster in self.available:
            return self.available[cluster]
        return self.tree.children[cluster]

    def position(self, activity: int) -> int:
        """Where the activity is among its parent's Available Children; -1 when it is not one of them."""
        parent = self.tree.parent[activity]
        if parent not in self.available:
            return self.tree.position[activity]
        children = self.available[parent]
        known = self._positions.get(parent)
        if known is None or known[0] is not children:
            known = self._positions[parent] = (children, {child: at for at, child in enumerate(children)})
        return known[1].get(activity, -1)

    def set_available_children(self, cluster: int, children: Iterable[int]) -> None:
        """Set the Available Children; the author's own order and number need no entry."""
        chosen = tuple(children)
        if chosen == self.tree.children[cluster]:
            self._drop(self.available, cluster)
        elif self.available.get(cluster) != chosen:
            self._put(self.available, cluster, chosen)

    # Objective data (TM.1.1): reading through maps, writing through maps

    def value(self, slot: int, item: int) -> Any:
        """An objective's item as rules see it: the mapped global objective's where that is known, else its own.

        Statuses are read with ``satisfied`` and ``completed``, which also know what a measure decides.
        """
        number = self.tree.reads[item].get(slot)
        if number is not None:
            known = self.shared.by_item[item].get(number)
            if known is not None:
                return known
        return self.local.by_item[item].get(slot)

    def satisfied(self, slot: int) -> bool | None:
        """Whether an objective is satisfied, None when that is unknown.

        An objective that reads the status from a global one has that status even while it is unknown (suite: CM-13).
        When it is satisfied by measure and reads its measure from a known global objective, that measure decides.
        """
        tree = self.tree
        threshold = tree.satisfied_by_measure.get(slot)
        if threshold is None:
            number = tree.reads[SATISFIED].get(slot)
            return self.local.satisfied.get(slot) if number is None else self.shared.satisfied.get(number)
        number = tree.reads[MEASURE].get(slot)
        if number is not None and number in self.shared.measure:
            return self._satisfied_by(slot, self.shared.measure[number], threshold)
        return self.local.satisfied.get(slot)

    def completed(self, slot: int) -> bool | None:
        """Whether an activity, or by an objective's own record that objective, is completed; None when unknown.

        When the activity is completed by measure and its progress is read from a global objective, that alone decides,
        also where it is unknown (suite: CO-02a, CO-04a, CO-04b).
        """
        tree = self.tree
        threshold = tree.completed_by_measure.get(slot)
        if threshold is not None:
            if slot not in tree.reads[PROGRESS]:
                return self.local.completion.get(slot)
            amount = self.value(slot, PROGRESS)
            return None if amount is None else amount >= threshold
        known: bool | None = self.value(slot, COMPLETION)
        return known

    def _satisfied_by(self, slot: int, measure: float | None, threshold: float) -> bool | None:
        """Objective Rollup Using Measure [RB.1.2a], the decision: a primary objective may have to wait for the end."""
        tree = self.tree
        if measure is None:
            return None
        if slot in tree.unmeasured_while_active and slot in self.active:
            return None
        return measure >= threshold

    def satisfied_by_own_measure(self, slot: int) -> bool | None:
        """What an objective that is satisfied by measure is according to its measure now."""
        return self._satisfied_by(slot, self.value(slot, MEASURE), self.tree.satisfied_by_measure[slot])

    def set_local(self, slot: int, item: int, value: Any) -> None:
        """Change an item; when it does change, the write maps carry the change to the global objectives.

        None makes it unknown, there as well.
        """
        if self.local.by_item[item].get(slot) != value:
            self.write_through(slot, item, value)

    def write_through(self, slot: int, item: int, value: Any) -> None:
        """Set an item and write it to the mapped global objectives even if it does not change."""
        if self.tree.owner[slot] in self.tree.untracked:
            return
        self._set(self.local.by_item[item], slot, value)
        for number in self.tree.writes[item].get(slot, ()):
            if self.shared.by_item[item].get(number) != value:
                self._set(self.shared.by_item[item], number, value)
                self._flag(self.touched, number, True)
            self._flag(self.changed, number, True)

    def _set(self, bucket: dict[int, Any], key: int, value: Any) -> None:
        if value is None:
            self._drop(bucket, key)
        elif bucket.get(key) != value:
            self._put(bucket, key, value)

    def take_touched(self) -> list[int]:
        """The global objectives written since this was last asked."""
        touched = list(self.touched)
        for number in touched:
            self._drop(self.touched, number)
        return touched

    def forget_attempt(self, activity: int, *, objectives: bool = True, progress: bool = True) -> None:
        """Make an activity's own data unknown, as a new attempt begins; global objectives keep theirs."""
        for slot in (activity, *self.tree.other_slots[activity]):
            if progress:
                self._drop(self.local.completion, slot)
                self._drop(self.local.progress, slot)
            if objectives:
                for item in (SATISFIED, MEASURE, RAW, MINIMUM, MAXIMUM):
                    self._drop(self.local.by_item[item], slot)
        unset = self.unset.get(activity, 0)
        kept = unset & ~((UNSET_COMPLETION if progress else 0) | (UNSET_SATISFIED if objectives else 0))
        if kept != unset:
            if kept:
                self._put(self.unset, activity, kept)
            else:
                self._drop(self.unset, activity)

    def forget_global_objectives(self) -> None:
        """Make the global objectives unknown, where they belong to the attempt on the root only."""
        for bucket in self.shared.by_item:
            for number in list(bucket):
                self._drop(bucket, number)

    def note_unset(self, activity: int, bit: int, unset: bool) -> None:
        """Remember whether the content itself last set a status to unknown (see UP.4)."""
        bits = self.unset.get(activity, 0)
        wanted = bits | bit if unset else bits & ~bit
        if wanted and wanted != bits:
            self._put(self.unset, activity, wanted)
        elif not wanted:
            self._drop(self.unset, activity)

    # Global objectives, as the floor above keeps them

    def load_globals(self, known: Mapping[str, Mapping[str, bool | float]]) -> None:
        """Take over what the learner's global objectives are known to be; those the tree does not name are ignored.

        Args:
            known: per global objective's identifier, items by the names of ``MapItem`` values.
        """
        for target, items in known.items():
            number = self.tree.global_numbers.get(target)
            if number is None:
                continue
            for name, value in items.items():
                item = ITEM_NUMBERS.get(name)
                if item is not None:
                    self._set(self.shared.by_item[item], number, checked_value(item, value))

    def globals_known(self, numbers: Iterable[int] | None = None) -> dict[str, dict[str, bool | float]]:
        """What is known of the given (default: all) global objectives, in the form ``load_globals`` takes."""
        chosen = range(len(self.tree.global_ids)) if numbers is None else numbers
        found: dict[str, dict[str, bool | float]] = {}
        for number in chosen:
            found[self.tree.global_ids[number]] = {
                name.value: bucket[number]
                for name, bucket in zip(ITEMS, self.shared.by_item, strict=True)
                if number in bucket
            }
        return found if numbers is not None else {target: items for target, items in found.items() if items}

    @property
    def changed_globals(self) -> dict[str, dict[str, bool | float]]:
        """The global objectives written since this object was made, with all that is now known of each.

        An empty mapping for an objective means that it has become unknown.
        """
        return self.globals_known(sorted(self.changed))
