"""Rollup: what a cluster's status and measure follow from its children (RB.1.1 to RB.1.5).

Owns the rollup processes. They read children through ``TrackingState`` and write only the cluster's own data; write
maps may carry that to global objectives, and then whatever reads those is rolled up as well.
"""

from __future__ import annotations

from heapq import heappop, heappush

from scorm_embed.core.sequencing.activity_tree import COMPLETION, MEASURE, PROGRESS, SATISFIED, ActivityTree
from scorm_embed.core.sequencing.compiled_rules import CompiledRollupRule
from scorm_embed.core.sequencing.definition import ChildSet, RequiredFor, RollupAction
from scorm_embed.core.sequencing.rules import combine, skipped
from scorm_embed.core.sequencing.tracking import TrackingState

_ROUNDS_MAX = 8
"""How often one activity may be rolled up in one overall rollup: maps that lead in a circle must not spin."""

_DIGITS = 9

_OBJECTIVE_ACTIONS = (RollupAction.SATISFIED, RollupAction.NOT_SATISFIED)


def overall_rollup_process(tree: ActivityTree, state: TrackingState, activity: int) -> None:
    """Overall Rollup Process [RB.1.5]: roll up the activity and its ancestors, deepest first.

    The rollup set is extended by the ancestors of every activity that reads a global objective written meanwhile, as
    Addendum 1.2 to the 2nd Edition asks.
    """
    waiting: list[tuple[int, int]] = []
    queued: set[int] = set()
    rounds: dict[int, int] = {}

    def queue_path(start: int) -> None:
        for member in tree.path_to_root(start):
            if member in queued:
                return  # its ancestors are queued with it, or come after it anyway
            if rounds.get(member, 0) < _ROUNDS_MAX:
                queued.add(member)
                heappush(waiting, (-tree.depth[member], member))

    queue_path(activity)
    while waiting or state.touched:
        for number in state.take_touched() if state.touched else ():
            for reader in tree.readers.get(number, ()):
                queue_path(reader)
        if not waiting:
            return
        _, member = heappop(waiting)
        queued.discard(member)
        rounds[member] = rounds.get(member, 0) + 1
        _roll_up(tree, state, member)


def _roll_up(tree: ActivityTree, state: TrackingState, activity: int) -> None:
    """The steps of RB.1.5 for one activity."""
    if activity in tree.untracked:
        return
    if not tree.is_leaf[activity]:
        measure_rollup_process(tree, state, activity)
        completion_measure_rollup_process(tree, state, activity)
    if activity in tree.satisfied_by_measure:
        objective_rollup_using_measure_process(tree, state, activity)
    elif not tree.is_leaf[activity]:
        objective_rollup_using_rules_process(tree, state, activity)
    if activity in tree.completed_by_measure:
        activity_progress_rollup_using_measure_process(tree, state, activity)
    elif not tree.is_leaf[activity]:
        activity_progress_rollup_using_rules_process(tree, state, activity)


def measure_rollup_process(tree: ActivityTree, state: TrackingState, cluster: int) -> None:
    """Measure Rollup Process [RB.1.1a]: the weighted mean of the children's measures, unknown ones counting as 0."""
    _weighted_mean(tree, state, cluster, MEASURE, tree.measure_weight)


def completion_measure_rollup_process(tree: ActivityTree, state: TrackingState, cluster: int) -> None:
    """Completion Measure Rollup Process [RB.1.1b]: the same for Attempt Completion Amount, by progress weight."""
    _weighted_mean(tree, state, cluster, PROGRESS, tree.progress_weight)


def _weighted_mean(tree: ActivityTree, state: TrackingState, cluster: int, item: int, weights: list[float]) -> None:
    total = weight_sum = 0.0
    any_known = False
    local, reads, untracked = state.local.by_item[item], tree.reads[item], tree.untracked
    for child in state.available_children(cluster):
        if child in untracked:
            continue
        weight = weights[child]
        weight_sum += weight
        measure = state.value(child, item) if child in reads else local.get(child)
        if measure is not None:
            total += measure * weight
            any_known = True
    # Two digits more than the data model has: binary fractions must not keep 0.6 / 3 from reaching 0.2.
    state.set_local(cluster, item, round(total / weight_sum, _DIGITS) if any_known and weight_sum > 0 else None)


def objective_rollup_using_measure_process(tree: ActivityTree, state: TrackingState, activity: int) -> None:
    """Objective Rollup Using Measure Process [RB.1.2a]."""
    state.set_local(activity, SATISFIED, state.satisfied_by_own_measure(activity))


def objective_rollup_using_rules_process(tree: ActivityTree, state: TrackingState, cluster: int) -> None:
    """Objective Rollup Using Rules Process [RB.1.2b]: satisfied wins over not satisfied."""
    if rollup_rule_check_subprocess(tree, state, cluster, RollupAction.SATISFIED):
        state.set_local(cluster, SATISFIED, True)
    elif rollup_rule_check_subprocess(tree, state, cluster, RollupAction.NOT_SATISFIED):
        state.set_local(cluster, SATISFIED, False)


def activity_progress_rollup_using_measure_process(tree: ActivityTree, state: TrackingState, activity: int) -> None:
    """Activity Progress Rollup Using Measure Process [RB.1.3a]."""
    amount = state.value(activity, PROGRESS)
    completed = None if amount is None else amount >= tree.completed_by_measure[activity]
    state.set_local(activity, COMPLETION, completed)


def activity_progress_rollup_using_rules_process(tree: ActivityTree, state: TrackingState, cluster: int) -> None:
    """Activity Progress Rollup Using Rules Process [RB.1.3b]: completed wins over incomplete."""
    if rollup_rule_check_subprocess(tree, state, cluster, RollupAction.COMPLETED):
        state.set_local(cluster, COMPLETION, True)
    elif rollup_rule_check_subprocess(tree, state, cluster, RollupAction.INCOMPLETE):
        state.set_local(cluster, COMPLETION, False)


def rollup_rule_check_subprocess(tree: ActivityTree, state: TrackingState, cluster: int, action: RollupAction) -> bool:
    """Rollup Rule Check Subprocess [RB.1.4]: whether a rule with the action applies to the cluster."""
    return any(_rule_applies(tree, state, cluster, action, rule) for rule in tree.rollup_rules[action][cluster])


def _rule_applies(
    tree: ActivityTree, state: TrackingState, cluster: int, action: RollupAction, rule: CompiledRollupRule
) -> bool:
    child_set, _, _, needs_all, conditions = rule
    silent = tree.silent_objective if action in _OBJECTIVE_ACTIONS else tree.silent_progress
    required = tree.required_for[action]
    considered = met = 0
    for child in state.available_children(cluster):
        if child in silent:
            continue
        if child in required and not check_child_for_rollup_subprocess(tree, state, child, action):
            continue
        considered += 1
        value = evaluate_rollup_conditions_subprocess(tree, state, child, needs_all, conditions)
        # The bag need not be filled to the end where one child decides.
        if value:
            if child_set is ChildSet.ANY:
                return True
            met += 1
        elif child_set is ChildSet.ALL:
            return False
        if child_set is ChildSet.NONE and value is not False:
            return False
    if child_set is ChildSet.AT_LEAST_COUNT:
        return considered > 0 and met >= rule.minimum_count
    if child_set is ChildSet.AT_LEAST_PERCENT:
        return considered > 0 and met / considered >= rule.minimum_percent
    # "All" and "none" hold where no child counts (suite: RU-11); the book would leave the status as it is.
    return child_set is not ChildSet.ANY


def evaluate_rollup_conditions_subprocess(
    tree: ActivityTree, state: TrackingState, child: int, needs_all: bool, conditions: tuple[object, ...]
) -> bool | None:
    """Evaluate Rollup Conditions Subprocess [RB.1.4.1]: the rule's conditions for one child."""
    return combine(tree, state, child, conditions, needs_all, child)  # type: ignore[arg-type]


def check_child_for_rollup_subprocess(
    tree: ActivityTree, state: TrackingState, child: int, action: RollupAction
) -> bool:
    """Check Child for Rollup Subprocess [RB.1.4.2]: whether the child counts for the action."""
    silent = tree.silent_objective if action in _OBJECTIVE_ACTIONS else tree.silent_progress
    if child in silent:
        return False
    match tree.required_for[action].get(child, RequiredFor.ALWAYS):
        case RequiredFor.IF_NOT_SUSPENDED:
            return child in state.attempts and child not in state.suspended
        case RequiredFor.IF_ATTEMPTED:
            return child in state.attempts
        case RequiredFor.IF_NOT_SKIPPED:
            return skipped(tree, state, child) is None
        case RequiredFor.ALWAYS:
            return True
