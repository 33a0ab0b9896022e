"""Sequencing rules (SM.2) and rollup rules (SM.5) from XML.

Owns which action belongs to which kind of rule. A rule with a word that the standard does not know is left out as a
whole: without one of its conditions it would say something else than its author meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from scorm_embed.core.manifest import problems
from scorm_embed.core.manifest.elements import Element
from scorm_embed.core.manifest.problems import ProblemLog
from scorm_embed.core.manifest.tolerant import (
    attribute_number,
    collapsed,
    count,
    first_of,
    objective_name,
    vocabulary,
    word,
)
from scorm_embed.core.sequencing.definition import (
    ChildSet,
    Combination,
    Condition,
    RollupAction,
    RollupCondition,
    RollupRule,
    RuleAction,
    RuleCondition,
    SequencingRule,
)


class _Operator(Enum):
    NO_OP = "noOp"
    NOT = "not"


_OPERATORS = vocabulary(_Operator)
_COMBINATIONS = vocabulary(Combination)
_CHILD_SETS = vocabulary(ChildSet)
_ROLLUP_ACTIONS = vocabulary(RollupAction)
_CONDITIONS = vocabulary(Condition)
_NOT_IN_ROLLUP = frozenset(
    {Condition.ALWAYS, Condition.OBJECTIVE_MEASURE_GREATER_THAN, Condition.OBJECTIVE_MEASURE_LESS_THAN}
)
_RULE_ACTIONS = {
    "preconditionrule": (
        RuleAction.SKIP,
        RuleAction.DISABLED,
        RuleAction.HIDDEN_FROM_CHOICE,
        RuleAction.STOP_FORWARD_TRAVERSAL,
    ),
    "exitconditionrule": (RuleAction.EXIT,),
    "postconditionrule": (
        RuleAction.EXIT_PARENT,
        RuleAction.EXIT_ALL,
        RuleAction.RETRY,
        RuleAction.RETRY_ALL,
        RuleAction.CONTINUE,
        RuleAction.PREVIOUS,
    ),
}
_ACTIONS_BY_RULE = {
    rule: {action.value.lower(): action for action in actions} for rule, actions in _RULE_ACTIONS.items()
}


class _DroppedError(Exception):
    """The rule at hand makes no sense; the argument says why."""


def read_sequencing_rules(
    element: Element | None, objectives: frozenset[str], log: ProblemLog
) -> tuple[SequencingRule, ...]:
    """The rules of imsss:sequencingRules in document order; ``objectives`` are the names the activity defines."""
    if element is None:
        return ()
    rules = []
    for rule in element.children:
        actions = _ACTIONS_BY_RULE.get(rule.key)
        if actions is None:
            continue
        try:
            action = actions[_required(rule, "ruleaction", "action")]
            rules.append(_sequencing_rule(rule, action, objectives, log))
        except KeyError as error:
            log.add(problems.RULE_DROPPED, rule, name=rule.name, reason=f"it cannot have the action '{error.args[0]}'")
        except _DroppedError as error:
            log.add(problems.RULE_DROPPED, rule, name=rule.name, reason=error.args[0])
    return tuple(rules)


def _sequencing_rule(rule: Element, action: RuleAction, objectives: frozenset[str], log: ProblemLog) -> SequencingRule:
    container = first_of(rule.named("ruleconditions"), log)
    conditions = []
    for each in container.named("rulecondition") if container else ():
        objective = objective_name(each.get("referencedobjective")) or None
        if objective is not None and objective not in objectives:
            log.add(problems.OBJECTIVE_UNKNOWN, each, identifier=objective)
        conditions.append(
            RuleCondition(
                condition=_condition(each, "condition"),
                negated=word(each, "operator", _OPERATORS, _Operator.NO_OP, log) is _Operator.NOT,
                referenced_objective=objective,
                measure_threshold=attribute_number(each, "measurethreshold", -1.0, 1.0, 0.0, log),
            )
        )
    if container is None or not conditions:
        raise _DroppedError("it has no condition")
    combination = word(container, "conditioncombination", _COMBINATIONS, Combination.ALL, log)
    return SequencingRule(action, tuple(conditions), combination)


def read_rollup_rules(element: Element, log: ProblemLog) -> tuple[RollupRule, ...]:
    """The rules of imsss:rollupRules in document order."""
    return tuple(_rollup_rules(element, log))


def _rollup_rules(element: Element, log: ProblemLog) -> Iterator[RollupRule]:
    for rule in element.named("rolluprule"):
        try:
            yield _rollup_rule(rule, log)
        except _DroppedError as error:
            log.add(problems.RULE_DROPPED, rule, name=rule.name, reason=error.args[0])


def _rollup_rule(rule: Element, log: ProblemLog) -> RollupRule:
    written = _required(rule, "rollupaction", "action")
    action = _ROLLUP_ACTIONS.get(written)
    if action is None:
        raise _DroppedError(f"it cannot have the action '{written}'")
    container = first_of(rule.named("rollupconditions"), log)
    conditions = []
    for each in container.named("rollupcondition") if container else ():
        condition = _condition(each, "condition")
        if condition in _NOT_IN_ROLLUP:
            raise _DroppedError(f"rollup knows no condition '{condition.value}'")
        negated = word(each, "operator", _OPERATORS, _Operator.NO_OP, log) is _Operator.NOT
        conditions.append(RollupCondition(condition, negated))
    if container is None or not conditions:
        raise _DroppedError("it has no condition")
    return RollupRule(
        action=action,
        conditions=tuple(conditions),
        combination=word(container, "conditioncombination", _COMBINATIONS, Combination.ANY, log),
        child_set=word(rule, "childactivityset", _CHILD_SETS, ChildSet.ALL, log),
        minimum_count=count(rule, "minimumcount", 0, log) or 0,
        minimum_percent=attribute_number(rule, "minimumpercent", 0.0, 1.0, 0.0, log),
    )


def _required(rule: Element, child: str, key: str) -> str:
    """A word that a rule must have, in lower case."""
    element = rule.child(child)
    written = collapsed(element.get(key)).lower() if element else ""
    if not written:
        raise _DroppedError("it has no action")
    return written


def _condition(element: Element, key: str) -> Condition:
    written = collapsed(element.get(key))
    found = _CONDITIONS.get(written.lower())
    if found is None:
        raise _DroppedError(f"'{written}' is no condition" if written else "one of its conditions is empty")
    return found
