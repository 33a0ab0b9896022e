"""Situations in which a course leaves its learner stuck, found by playing it with the very processes that will run it.

Owns no rule of sequencing. From the start, every situation is tried with a few things that content may report and with
every request that is open then, until nothing new appears or a bound is met. What is found did happen while playing;
that something never happens is only said where everything was tried.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from scorm_embed.core.sequencing.activity_tree import NO_ACTIVITY, ActivityTree
from scorm_embed.core.sequencing.definition import Condition
from scorm_embed.core.sequencing.lookahead import ValidRequests, valid_requests
from scorm_embed.core.sequencing.overall import overall_sequencing
from scorm_embed.core.sequencing.snapshot import state_from_data, state_to_data
from scorm_embed.core.sequencing.tracking import TrackingState
from scorm_embed.core.sequencing.transfer import record_completion, record_measure, record_satisfied, rollup
from scorm_embed.core.sequencing.vocabulary import NavigationRequest, SequencingExceptionCode

SITUATIONS_MAX = 2_000
"""Situations that are looked at."""
STEPS_MAX = 20_000
"""Requests that are tried, in a small course."""
STEP_ACTIVITIES_MAX = 250_000
"""Requests times activities: in a large course fewer are tried, because each costs more."""
CHOICES_MAX = 20
"""Entries of the menu that are tried in one situation."""


class TrapKind(Enum):
    """What goes wrong."""

    NOTHING_OPENS = "nothing opens"
    """At the start nothing is delivered and nothing can be chosen."""
    START_OPENS_NOTHING = "start opens nothing"
    """At the start nothing is delivered; the learner has to choose."""
    DEAD_END = "dead end"
    """Something is left to do, but nothing can be opened any more."""
    ENDLESS = "endless"
    """Whatever the content reports and wherever the learner goes, the same activity is opened again."""
    UNENDING_FLOW = "unending flow"
    """Rules contradict each other, so that looking for the next activity comes back to where it was."""
    UNREACHABLE = "unreachable"
    """The activity is never opened; everything was tried."""


@dataclass(frozen=True, slots=True)
class Trap:
    """One situation that goes wrong."""

    kind: TrapKind
    activity: str | None = None
    """The activity that is never opened, opened for ever, or after which nothing can be opened."""
    reported: str = ""
    """What the content had reported before a dead end."""


@dataclass(frozen=True, slots=True)
class Exploration:
    """What playing the course showed."""

    traps: tuple[Trap, ...]
    situations: int
    is_complete: bool
    """Whether everything was tried that the content and the learner can do."""


@dataclass(frozen=True, slots=True)
class _Report:
    words: str
    completed: bool
    satisfied: bool | None
    measure: float | None


_REPORTS = (
    _Report("completed and passed", True, True, 1.0),
    _Report("completed and failed", True, False, 0.0),
    _Report("incomplete", False, None, None),
)
_MEASURED = frozenset({Condition.OBJECTIVE_MEASURE_GREATER_THAN, Condition.OBJECTIVE_MEASURE_LESS_THAN})


class _First:
    """No chance: always the first."""

    def randrange(self, stop: int, /) -> int:
        return 0


@dataclass(slots=True)
class _Situation:
    data: str
    shared: str
    after: str | None = None
    """The activity that ended just before."""
    reported: str = ""
    activity: str | None = None
    """The activity that is delivered."""
    is_tried: bool = False
    leads_to: set[str] = field(default_factory=set)
    """Keys of the situations that follow, without those after leaving."""


class _Player:
    """Plays one course in every way, within the bounds."""

    def __init__(self, tree: ActivityTree) -> None:
        self.tree = tree
        self.steps_left = min(STEPS_MAX, max(1, STEP_ACTIVITIES_MAX // len(tree)))
        self.known: dict[str, _Situation] = {}
        self.waiting: deque[str] = deque()
        self.opened: set[str] = set()
        self.traps: dict[tuple[TrapKind, str | None], Trap] = {}
        self.reports = _REPORTS if _looks_at_statuses(tree) else _REPORTS[:1]
        self.leaves = [a.identifier for a in tree.activities if a.is_leaf and a.index not in tree.headings]
        self.is_complete = _is_exhaustible(tree)

    def play(self) -> Exploration:
        """Try everything, then say what was found."""
        self._begin()
        while self.waiting and self.steps_left > 0:
            self._try(self.known[self.waiting.popleft()])
        if self.waiting or self.steps_left <= 0:
            self.is_complete = False
        self._find_endless()
        for leaf in self.leaves:
            if self.is_complete and leaf not in self.opened and (TrapKind.NOTHING_OPENS, None) not in self.traps:
                self._found(Trap(TrapKind.UNREACHABLE, leaf))
        return Exploration(tuple(self.traps.values()), len(self.known), self.is_complete)

    def _found(self, trap: Trap) -> None:
        self.traps.setdefault((trap.kind, trap.activity), trap)

    def _begin(self) -> None:
        state = TrackingState(self.tree)
        first = self._step(state, NavigationRequest.START, None, None, "")
        if first is None or first.activity is not None:
            return
        valid = valid_requests(self.tree, state)
        choosable = any(entry.choosable and entry.visible for entry in valid.choice.values())
        self._found(Trap(TrapKind.START_OPENS_NOTHING if choosable else TrapKind.NOTHING_OPENS))

    def _try(self, situation: _Situation) -> None:
        state = state_from_data(self.tree, json.loads(situation.data))
        state.load_globals(json.loads(situation.shared))
        situation.is_tried = True
        if situation.activity is None and state.current == NO_ACTIVITY:
            # Before the beginning, or after the end: the next session starts; where it opens nothing there is a menu.
            mark = state.begin()
            following = self._step(state, NavigationRequest.START, None, None, "")
            state.rollback(mark)
            if following is not None and following.activity is not None:
                return
        if situation.activity is None:
            self._try_requests(state, situation, None)
            return
        for report in self.reports:
            mark = state.begin()
            self._report(state, situation.activity, report)
            self._try_requests(state, situation, report)
            state.rollback(mark)

    def _report(self, state: TrackingState, activity: str, report: _Report) -> None:
        record_completion(state, activity, report.completed)
        names = [None, *(self.tree.slot_names[slot] for slot in self.tree.other_slots[self.tree.by_id[activity]])]
        for objective in names:
            record_satisfied(state, activity, report.satisfied, objective)
            record_measure(state, activity, report.measure, objective)
        rollup(self.tree, state, activity)

    def _try_requests(self, state: TrackingState, situation: _Situation, report: _Report | None) -> None:
        valid = valid_requests(self.tree, state)
        if situation.activity is not None:
            self.opened |= valid.jump  # content may ask for it (4th Edition)
        if situation.activity is None and state.current != NO_ACTIVITY and self._is_stuck(state, valid):
            self._found(Trap(TrapKind.DEAD_END, situation.after, situation.reported))
        for request, target in self._requests(valid):
            mark = state.begin()
            about = situation.activity or situation.after
            following = self._step(state, request, target, about, report.words if report else situation.reported)
            state.rollback(mark)
            if following is not None and request not in _LEAVING:
                situation.leads_to.add(following.data + following.shared)
            if self.steps_left <= 0:
                return

    def _requests(self, valid: ValidRequests) -> Iterator[tuple[NavigationRequest, str | None]]:
        if valid.continue_:
            yield NavigationRequest.CONTINUE, None
        if valid.previous:
            yield NavigationRequest.PREVIOUS, None
        choosable = [identifier for identifier, entry in valid.choice.items() if entry.choosable]
        choosable.sort(key=lambda identifier: identifier in self.opened)
        if len(choosable) > CHOICES_MAX:
            self.is_complete = False
        for identifier in choosable[:CHOICES_MAX]:
            yield NavigationRequest.CHOICE, identifier
        if valid.exit:
            yield NavigationRequest.EXIT, None
        if valid.exit_all:
            yield NavigationRequest.EXIT_ALL, None

    def _step(
        self, state: TrackingState, request: NavigationRequest, target: str | None, after: str | None, reported: str
    ) -> _Situation | None:
        """Carry one request out; gives the situation that follows, None where nothing changes."""
        self.steps_left -= 1
        result = overall_sequencing(self.tree, state, request, target, draw=_First())
        if result.exception is SequencingExceptionCode.UNENDING_FLOW:
            self._found(Trap(TrapKind.UNENDING_FLOW, result.obstacle))
        if result.delivered is None and state.current != NO_ACTIVITY and state.current in state.active:
            return None
        following = _Situation(_written(state), json.dumps(state.globals_known(), sort_keys=True), after, reported)
        following.activity = result.delivered
        is_new = result.delivered is not None and result.delivered not in self.opened
        if result.delivered is not None:
            self.opened.add(result.delivered)
        key = following.data + following.shared
        if key in self.known:
            return self.known[key]
        if len(self.known) >= SITUATIONS_MAX:
            self.is_complete = False
            return following
        self.known[key] = following
        # What leads to something new is followed first, so that the end of a course is reached within the bounds.
        (self.waiting.appendleft if is_new else self.waiting.append)(key)
        return following

    def _is_stuck(self, state: TrackingState, valid: ValidRequests) -> bool:
        """Whether nothing can be opened although something is left to do."""
        # A jump is asked for by content, of which there is none now.
        goes_on = (valid.continue_ and valid.continue_reason is None) or valid.previous
        if goes_on or any(entry.choosable for entry in valid.choice.values()) or len(self.leaves) < 2:
            return False
        tree = self.tree
        left = any(
            state.completed(index) is not True
            for index in map(tree.by_id.__getitem__, self.leaves)
            if index not in tree.untracked
        )
        return left and state.completed(0) is not True

    def _find_endless(self) -> None:
        """Of the situations with an activity, take away all that lead anywhere else, until none is taken away."""
        stuck = {
            key for key, each in self.known.items() if each.activity is not None and each.leads_to and each.is_tried
        }
        if len(self.leaves) < 2 or self.steps_left <= 0:
            return
        while True:
            free = {
                key
                for key in stuck
                if any(
                    other not in stuck or self.known[other].activity != self.known[key].activity
                    for other in self.known[key].leads_to
                )
            }
            if not free:
                break
            stuck -= free
        for key in stuck:
            self._found(Trap(TrapKind.ENDLESS, self.known[key].activity))


_LEAVING = frozenset({NavigationRequest.EXIT, NavigationRequest.EXIT_ALL})


def find_traps(tree: ActivityTree) -> Exploration:
    """Play a course in every way, within the bounds above, and say where its learner would be stuck."""
    return _Player(tree).play()


def _written(state: TrackingState) -> str:
    """The situation as text: equal for those that no rule can tell apart."""
    data = state_to_data(state)
    limits = state.tree.attempt_limit
    for identifier, facts in data.get("activities", {}).items():
        if "attempts" in facts:
            facts["attempts"] = min(facts["attempts"], max(1, limits.get(state.tree.by_id[identifier], 1)))
    return json.dumps(data, sort_keys=True)


def _looks_at_statuses(tree: ActivityTree) -> bool:
    """Whether anything in the course depends on what was reported."""
    return bool(
        any(tree.preconditions.values())
        or tree.exit_rules
        or tree.post_rules
        or tree.prerequisites
        or tree.attempt_limit
        or tree.selecting
    )


def _is_exhaustible(tree: ActivityTree) -> bool:
    """Whether the few reports that are tried stand for everything that can be reported, and nothing is left to chance
    or to other courses."""
    measured = any(
        condition.condition in _MEASURED
        for activity in tree.activities
        for rule in activity.definition.sequencing.rules
        for condition in rule.conditions
    )
    several = any(len(slots) > 1 for slots in tree.other_slots)
    foreign = any(number not in tree.writers for number in tree.readers)
    return not (measured or several or foreign or tree.selecting)
