"""Why something is closed to the learner, in a form that a player can put into words.

Owns the translation from an obstacle that a process met to a reason: its kind, the activity that causes it, and, where
a rule of the author causes it, what the learner can do about it ("complete Module 1 first"). It decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from scorm_embed.core.sequencing.activity_tree import COMPLETION, MEASURE, NO_ACTIVITY, SATISFIED, ActivityTree
from scorm_embed.core.sequencing.compiled_rules import NO_SLOT, CompiledCondition, CompiledRule
from scorm_embed.core.sequencing.definition import Condition
from scorm_embed.core.sequencing.obstacle import Obstacle
from scorm_embed.core.sequencing.prerequisites import named_activities
from scorm_embed.core.sequencing.rules import (
    lesson_status,
    limit_conditions_check_process,
    prerequisites_unmet,
    sequencing_rules_check_process,
)
from scorm_embed.core.sequencing.tracking import TrackingState
from scorm_embed.core.sequencing.vocabulary import SequencingExceptionCode as Code


class ReasonKind(Enum):
    """What kind of thing closes a request."""

    NOT_BEGUN = "not_begun"
    """The course has not begun, or is over."""
    CONTENT_HAS_ENDED = "content_has_ended"
    NO_CHOICE = "no_choice"
    """The cluster's activities are not chosen but walked through."""
    NO_FLOW = "no_flow"
    """The cluster's activities are not walked through but chosen."""
    FORWARD_ONLY = "forward_only"
    AT_START = "at_start"
    HIDDEN = "hidden"
    NOT_SELECTED = "not_selected"
    """Chance has left the activity out for this learner."""
    FINISH_FIRST = "finish_first"
    """The activity named must be finished before another one may be chosen."""
    NEIGHBOURS_ONLY = "neighbours_only"
    """From the activity named only the next and the previous one may be chosen."""
    ENTER_FIRST = "enter_first"
    """The cluster named must be chosen itself before what is in it."""
    STOPPED = "stopped"
    """A rule of the activity named stops the way forward."""
    DISABLED = "disabled"
    """A rule of the activity named closes it."""
    ATTEMPTS_USED_UP = "attempts_used_up"
    PREREQUISITES = "prerequisites"
    NOTHING_TO_DELIVER = "nothing_to_deliver"
    NO_MENU = "no_menu"
    """Only the whole course could be chosen, so there is nothing to choose between."""
    UNSUPPORTED = "unsupported"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Requirement:
    """What would lift a closing rule: that one of the activities gets into the wanted state."""

    activities: tuple[str, ...]
    wanted: Condition
    """SATISFIED, COMPLETED, ATTEMPTED, or a measure: OBJECTIVE_MEASURE_GREATER_THAN ``threshold``."""
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class ClosedReason:
    """Why something is closed."""

    kind: ReasonKind
    exception: Code | None = None
    activity: str | None = None
    """The activity that causes it; not always the one that is closed."""
    requirements: tuple[Requirement, ...] = ()
    """Empty where no rule says what would help."""


_KINDS = {
    Code.NB_2_1_2: ReasonKind.NOT_BEGUN,
    Code.NB_2_1_4: ReasonKind.NO_FLOW,
    Code.NB_2_1_6: ReasonKind.AT_START,
    Code.NB_2_1_8: ReasonKind.FINISH_FIRST,
    Code.NB_2_1_10: ReasonKind.NO_CHOICE,
    Code.NB_2_1_12: ReasonKind.CONTENT_HAS_ENDED,
    Code.NB_2_1_13: ReasonKind.UNSUPPORTED,
    Code.SB_2_1_2: ReasonKind.NOTHING_TO_DELIVER,
    Code.SB_2_1_3: ReasonKind.AT_START,
    Code.SB_2_1_4: ReasonKind.FORWARD_ONLY,
    Code.SB_2_2_1: ReasonKind.NO_FLOW,
    Code.SB_2_4_1: ReasonKind.STOPPED,
    Code.SB_2_4_2: ReasonKind.FORWARD_ONLY,
    Code.SB_2_4_3: ReasonKind.AT_START,
    Code.SB_2_7_2: ReasonKind.NO_FLOW,
    Code.SB_2_8_2: ReasonKind.NO_FLOW,
    Code.SB_2_9_2: ReasonKind.NOT_SELECTED,
    Code.SB_2_9_3: ReasonKind.HIDDEN,
    Code.SB_2_9_4: ReasonKind.NO_CHOICE,
    Code.SB_2_9_6: ReasonKind.ENTER_FIRST,
    Code.SB_2_9_7: ReasonKind.FINISH_FIRST,
    Code.SB_2_9_8: ReasonKind.NEIGHBOURS_ONLY,
    Code.SB_2_9_9: ReasonKind.NOTHING_TO_DELIVER,
    Code.DB_1_1_1: ReasonKind.NOTHING_TO_DELIVER,
}
NO_MENU = ClosedReason(ReasonKind.NO_MENU)


def closed_reason(tree: ActivityTree, state: TrackingState, obstacle: Obstacle) -> ClosedReason:
    """The reason behind an obstacle, for the state in which the obstacle was met."""
    code, activity = obstacle
    if code in (Code.DB_1_1_3, Code.SB_2_2_2):
        return _unavailable(tree, state, code, activity)
    about = None if activity == NO_ACTIVITY else tree.identifiers[activity]
    kind = _KINDS.get(code, ReasonKind.OTHER)
    if code is Code.NB_2_1_5:
        kind = ReasonKind.FORWARD_ONLY if tree.flow[activity] else ReasonKind.NO_FLOW
    requirements: tuple[Requirement, ...] = ()
    if code is Code.SB_2_9_9 and activity != NO_ACTIVITY:
        requirements = _unavailable(tree, state, code, activity).requirements
    elif code is Code.SB_2_4_1:
        requirements = _lifting(
            tree, state, activity, sequencing_rules_check_process(tree, state, activity, tree.stop_rules)
        )
    return ClosedReason(kind, code, about, requirements)


def _unavailable(tree: ActivityTree, state: TrackingState, code: Code, activity: int) -> ClosedReason:
    """The reason where UP.5 says no."""
    about = tree.identifiers[activity]
    rule = sequencing_rules_check_process(tree, state, activity, tree.disabled_rules)
    if rule is not None:
        return ClosedReason(ReasonKind.DISABLED, code, about, _lifting(tree, state, activity, rule))
    if limit_conditions_check_process(tree, state, activity):
        return ClosedReason(ReasonKind.ATTEMPTS_USED_UP, code, about)
    if prerequisites_unmet(tree, state, activity):
        unmet = dict.fromkeys(
            name
            for name in named_activities(tree.prerequisites[activity])
            if name in tree.by_id and lesson_status(tree, state, name) not in ("passed", "completed")
        )
        requirements = tuple(Requirement((name,), Condition.COMPLETED) for name in unmet)
        return ClosedReason(ReasonKind.PREREQUISITES, code, about, requirements)
    return ClosedReason(ReasonKind.OTHER, code, about)


def _lifting(
    tree: ActivityTree, state: TrackingState, activity: int, rule: CompiledRule | None
) -> tuple[Requirement, ...]:
    """What would make a rule no longer apply, as far as learners can bring it about; each activity once."""
    if rule is None:
        return ()
    found: dict[tuple[str, ...], Requirement] = {}
    for condition in rule.conditions:
        requirement = _requirement(tree, activity, condition)
        if requirement is None:
            continue
        known = found.get(requirement.activities)
        if known is None or _STRENGTH.index(requirement.wanted) < _STRENGTH.index(known.wanted):
            found[requirement.activities] = requirement
    return tuple(found.values())


_STRENGTH = (
    Condition.SATISFIED,
    Condition.OBJECTIVE_MEASURE_GREATER_THAN,
    Condition.COMPLETED,
    Condition.ATTEMPTED,
)
_LIFTED_BY = {
    Condition.SATISFIED: (Condition.SATISFIED, SATISFIED),
    Condition.OBJECTIVE_STATUS_KNOWN: (Condition.ATTEMPTED, SATISFIED),
    Condition.COMPLETED: (Condition.COMPLETED, COMPLETION),
    Condition.ACTIVITY_PROGRESS_KNOWN: (Condition.ATTEMPTED, COMPLETION),
    Condition.OBJECTIVE_MEASURE_KNOWN: (Condition.ATTEMPTED, MEASURE),
    Condition.OBJECTIVE_MEASURE_GREATER_THAN: (Condition.OBJECTIVE_MEASURE_GREATER_THAN, MEASURE),
    Condition.OBJECTIVE_MEASURE_LESS_THAN: (Condition.OBJECTIVE_MEASURE_GREATER_THAN, MEASURE),
    Condition.ATTEMPTED: (Condition.ATTEMPTED, NO_SLOT),
}


def _requirement(tree: ActivityTree, activity: int, condition: CompiledCondition) -> Requirement | None:
    """What would make one condition of a closing rule fail; None where nothing a learner does would."""
    lifted_by = _LIFTED_BY.get(condition.condition)
    # "Closed while the measure is low" is lifted by a higher one; every other condition must be a "not" to be lifted
    # by doing something.
    if lifted_by is None or condition.negated is (condition.condition is Condition.OBJECTIVE_MEASURE_LESS_THAN):
        return None
    wanted, item = lifted_by
    sources: tuple[int, ...] = (activity,)
    if item != NO_SLOT and condition.slot != NO_SLOT:
        number = tree.reads[item].get(condition.slot)
        if number is not None:
            sources = tuple(writer for writer in tree.writers.get(number, ()) if writer != activity) or sources
    threshold = condition.threshold if wanted is Condition.OBJECTIVE_MEASURE_GREATER_THAN else None
    return Requirement(tuple(tree.identifiers[source] for source in sources), wanted, threshold)
