"""Sequencing and rollup rules in the form in which they are evaluated: tuples with objectives already looked up.

Owns the translation from ``definition`` only; ``rules`` and ``rollup`` evaluate. Rollup rules that the author did not
write are the book's defaults (RB.1.2b, RB.1.3b), one per action.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from scorm_embed.core.sequencing.definition import (
    ChildSet,
    Combination,
    Condition,
    RollupAction,
    RollupCondition,
    RollupRule,
    RuleAction,
    SequencingRule,
)

PRECONDITION_ACTIONS = (
    RuleAction.SKIP,
    RuleAction.DISABLED,
    RuleAction.HIDDEN_FROM_CHOICE,
    RuleAction.STOP_FORWARD_TRAVERSAL,
)
NO_SLOT = -1
"""A referenced objective that the activity does not define; its data is unknown."""


class CompiledCondition(NamedTuple):
    """One condition; ``slot`` is that of the objective it is about, ignored for rollup, where it is the child's own."""

    condition: Condition
    negated: bool
    slot: int
    threshold: float


class CompiledRule(NamedTuple):
    """A precondition, exit or post condition rule."""

    action: RuleAction
    needs_all: bool
    conditions: tuple[CompiledCondition, ...]


class CompiledRollupRule(NamedTuple):
    """A rollup rule."""

    child_set: ChildSet
    minimum_count: int
    minimum_percent: float
    needs_all: bool
    conditions: tuple[CompiledCondition, ...]


def compile_rules(
    rules: Iterable[SequencingRule], actions: frozenset[RuleAction], activity: int, slots: Mapping[str, int]
) -> tuple[CompiledRule, ...]:
    """The rules with one of the actions, in document order; ``slots`` are the activity's objectives by identifier."""
    return tuple(
        CompiledRule(
            rule.action,
            rule.combination is Combination.ALL,
            tuple(
                CompiledCondition(
                    c.condition,
                    c.negated,
                    activity if c.referenced_objective is None else slots.get(c.referenced_objective, NO_SLOT),
                    c.measure_threshold,
                )
                for c in rule.conditions
            ),
        )
        for rule in rules
        if rule.action in actions
    )


_DEFAULTS = {
    RollupAction.SATISFIED: Condition.SATISFIED,
    RollupAction.NOT_SATISFIED: Condition.OBJECTIVE_STATUS_KNOWN,
    RollupAction.COMPLETED: Condition.COMPLETED,
    RollupAction.INCOMPLETE: Condition.ACTIVITY_PROGRESS_KNOWN,
}
_PAIRS = (
    frozenset({RollupAction.SATISFIED, RollupAction.NOT_SATISFIED}),
    frozenset({RollupAction.COMPLETED, RollupAction.INCOMPLETE}),
)


def compile_rollup_rules(rules: tuple[RollupRule, ...], action: RollupAction) -> tuple[CompiledRollupRule, ...]:
    """The rules with the action; the default rule where the author wrote none of the pair it belongs to."""
    pair = next(pair for pair in _PAIRS if action in pair)
    if not any(rule.action in pair for rule in rules):
        rules = (RollupRule(action, (RollupCondition(_DEFAULTS[action]),)),)
    return tuple(
        CompiledRollupRule(
            rule.child_set,
            rule.minimum_count,
            rule.minimum_percent,
            rule.combination is Combination.ALL,
            tuple(CompiledCondition(c.condition, c.negated, NO_SLOT, 0.0) for c in rule.conditions),
        )
        for rule in rules
        if rule.action is action
    )
