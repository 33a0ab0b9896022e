"""Utility processes that ask and change nothing: conditions, rule checks, limits (UP.1, UP.2, UP.2.1, UP.5).

Conditions have three values: True, False and None for unknown.
"""

from __future__ import annotations

from typing import Any

from scorm_embed.core.sequencing.activity_tree import MEASURE, ActivityTree
from scorm_embed.core.sequencing.compiled_rules import NO_SLOT, CompiledCondition, CompiledRule
from scorm_embed.core.sequencing.definition import Condition, RuleAction
from scorm_embed.core.sequencing.prerequisites import prerequisites_met
from scorm_embed.core.sequencing.tracking import TrackingState

_SATISFIED = Condition.SATISFIED
_COMPLETED = Condition.COMPLETED
_ALWAYS = Condition.ALWAYS
_STATUS_KNOWN = Condition.OBJECTIVE_STATUS_KNOWN
_PROGRESS_KNOWN = Condition.ACTIVITY_PROGRESS_KNOWN
_ATTEMPTED = Condition.ATTEMPTED
_LIMIT_EXCEEDED = Condition.ATTEMPT_LIMIT_EXCEEDED
_MEASURE_KNOWN = Condition.OBJECTIVE_MEASURE_KNOWN
_MEASURE_GREATER = Condition.OBJECTIVE_MEASURE_GREATER_THAN
_MEASURE_LESS = Condition.OBJECTIVE_MEASURE_LESS_THAN

SKIPPED_HEADING = CompiledRule(RuleAction.SKIP, True, ())
"""Stands for the rule that a leaf without a resource and a closed SCORM 1.2 item have in flow."""


def condition_value(
    tree: ActivityTree, state: TrackingState, activity: int, condition: Condition, slot: int, threshold: float
) -> bool | None:
    """One condition without its operator, about an activity and one of its objectives (SM.2, SM.5).

    Conditions about time limits are optional for an LMS and stay unknown.
    """
    if condition is _ALWAYS:
        return True
    if condition is _ATTEMPTED:
        return activity in state.attempts
    if condition is _LIMIT_EXCEEDED:
        limit = tree.attempt_limit.get(activity)
        return limit is not None and activity not in tree.untracked and state.attempts.get(activity, 0) >= limit
    if slot == NO_SLOT or activity in tree.untracked:
        return None  # an untracked activity's maps serve its content only
    if condition is _SATISFIED:
        return state.satisfied(slot)
    if condition is _STATUS_KNOWN:
        return state.satisfied(slot) is not None
    if condition is _COMPLETED:
        return state.completed(slot)
    if condition is _PROGRESS_KNOWN:
        return state.completed(slot) is not None
    measure = state.value(slot, MEASURE)
    if condition is _MEASURE_KNOWN:
        return measure is not None
    if condition is _MEASURE_GREATER:
        return None if measure is None else measure > threshold
    if condition is _MEASURE_LESS:
        return None if measure is None else measure < threshold
    return None


def combine(
    tree: ActivityTree,
    state: TrackingState,
    activity: int,
    conditions: tuple[CompiledCondition, ...],
    needs_all: bool,
    child_slot: int = NO_SLOT,
) -> bool | None:
    """The conditions with their operators, combined; no condition at all is unknown.

    Args:
        child_slot: for rollup conditions, the slot they are about, in place of the one each condition names.
    """
    if not conditions:
        return None
    unknown = False
    for condition, negated, slot, threshold in conditions:
        value = condition_value(
            tree, state, activity, condition, slot if child_slot == NO_SLOT else child_slot, threshold
        )
        if value is None:
            unknown = True
        elif (value is not negated) is not needs_all:
            return not needs_all
    return None if unknown else needs_all


def sequencing_rule_check_subprocess(
    tree: ActivityTree, state: TrackingState, activity: int, rule: CompiledRule
) -> bool:
    """Sequencing Rule Check Subprocess [UP.2.1]: whether the rule applies; an unknown result is a no."""
    return combine(tree, state, activity, rule.conditions, rule.needs_all) is True


def sequencing_rules_check_process(
    tree: ActivityTree, state: TrackingState, activity: int, rules: dict[int, tuple[CompiledRule, ...]]
) -> CompiledRule | None:
    """Sequencing Rules Check Process [UP.2]: the first rule of one kind that applies, in the author's order."""
    for rule in rules.get(activity, ()):
        if sequencing_rule_check_subprocess(tree, state, activity, rule):
            return rule
    return None


def skipped(tree: ActivityTree, state: TrackingState, activity: int) -> CompiledRule | None:
    """UP.2 for skip, remembered; SCORM 1.2 items with unmet prerequisites and headings are passed over as well."""
    if activity not in tree.skippable:
        return None
    memo = state.memo.skip
    if activity in memo:
        found: CompiledRule | None = memo[activity]
        return found
    if activity in tree.headings or prerequisites_unmet(tree, state, activity):
        rule: CompiledRule | None = SKIPPED_HEADING
    else:
        rule = sequencing_rules_check_process(tree, state, activity, tree.skip_rules)
    memo[activity] = rule
    return rule


def hidden(tree: ActivityTree, state: TrackingState, activity: int) -> CompiledRule | None:
    """UP.2 for hiddenFromChoice, remembered."""
    return _remembered(tree, state, activity, tree.hidden_rules, state.memo.hidden) if tree.hidden_rules else None


def stops_forward(tree: ActivityTree, state: TrackingState, activity: int) -> CompiledRule | None:
    """UP.2 for stopForwardTraversal, remembered."""
    return _remembered(tree, state, activity, tree.stop_rules, state.memo.stop) if tree.stop_rules else None


def _remembered(
    tree: ActivityTree,
    state: TrackingState,
    activity: int,
    rules: dict[int, tuple[CompiledRule, ...]],
    memo: dict[int, Any],
) -> CompiledRule | None:
    if activity not in rules:
        return None
    if activity not in memo:
        memo[activity] = sequencing_rules_check_process(tree, state, activity, rules)
    found: CompiledRule | None = memo[activity]
    return found


def limit_conditions_check_process(tree: ActivityTree, state: TrackingState, activity: int) -> bool:
    """Limit Conditions Check Process [UP.1]: whether a new attempt would exceed the attempt limit.

    An attempt that is under way or suspended goes on whatever the limit. The time limits are optional and not judged.
    """
    limit = tree.attempt_limit.get(activity)
    if limit is None or activity in tree.untracked or activity in state.active or activity in state.suspended:
        return False
    return state.attempts.get(activity, 0) >= limit


def check_activity_process(tree: ActivityTree, state: TrackingState, activity: int) -> bool:
    """Check Activity Process [UP.5]: whether the activity must not be delivered, by a disabled rule or by a limit.

    SCORM 1.2 items whose prerequisites are not met count as disabled.
    """
    if activity not in tree.restricted:
        return False
    memo = state.memo.disabled
    if activity not in memo:
        memo[activity] = (
            sequencing_rules_check_process(tree, state, activity, tree.disabled_rules) is not None
            or limit_conditions_check_process(tree, state, activity)
            or prerequisites_unmet(tree, state, activity)
        )
    closed: bool = memo[activity]
    return closed


def prerequisites_unmet(tree: ActivityTree, state: TrackingState, activity: int) -> bool:
    """Whether a SCORM 1.2 item is closed by its prerequisites; an attempt under way is not."""
    expression = tree.prerequisites.get(activity)
    if expression is None or activity in state.active:
        return False
    return not prerequisites_met(expression, lambda identifier: lesson_status(tree, state, identifier))


def lesson_status(tree: ActivityTree, state: TrackingState, identifier: str) -> str | None:
    """An activity's SCORM 1.2 status word, None for an unknown identifier; a block is what its children make it."""
    activity = tree.by_id.get(identifier)
    if activity is None:
        return None
    if not tree.is_leaf[activity]:
        statuses = [
            lesson_status(tree, state, tree.identifiers[c]) for c in tree.children[activity] if c not in tree.headings
        ]
        if statuses and all(status in ("passed", "completed") for status in statuses):
            return "completed"
        return "not attempted" if activity not in state.attempts else "incomplete"
    satisfied, completed = state.satisfied(activity), state.completed(activity)
    if satisfied is False:
        return "failed"
    if completed is False or (completed is satisfied is None):
        return "incomplete" if activity in state.attempts else "not attempted"
    return "passed" if satisfied else "completed"
