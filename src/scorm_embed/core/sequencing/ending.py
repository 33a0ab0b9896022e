"""Ending attempts: Terminate Descendent Attempts [UP.3] and End Attempt [UP.4]."""

from __future__ import annotations

from scorm_embed.core.sequencing.activity_tree import COMPLETION, SATISFIED, ActivityTree
from scorm_embed.core.sequencing.rollup import overall_rollup_process
from scorm_embed.core.sequencing.selection import renewed_after_each_attempt
from scorm_embed.core.sequencing.tracking import UNSET_COMPLETION, UNSET_SATISFIED, TrackingState


def terminate_descendent_attempts_process(tree: ActivityTree, state: TrackingState, activity: int) -> None:
    """Terminate Descendent Attempts Process [UP.3]: end what lies strictly between the Current Activity and the common
    ancestor it has with the activity given, from the Current Activity upward."""
    current = state.current
    common = tree.common_ancestor(current, activity)
    if current == common:
        return
    member = tree.parent[current]
    while member != common:
        end_attempt_process(tree, state, member)
        member = tree.parent[member]


def end_attempt_process(tree: ActivityTree, state: TrackingState, activity: int) -> None:
    """End Attempt Process [UP.4]; what the content reported has been transferred before.

    A status that the content has not set is set for it, unless the author said that only content sets it, or the
    content itself set it to unknown. A suspended leaf has not ended and keeps what it has.
    """
    if tree.is_leaf[activity]:
        if activity not in tree.untracked and activity not in state.suspended:
            unset = state.unset.get(activity, 0)
            if (
                activity not in tree.completion_set_by_content
                and not unset & UNSET_COMPLETION
                and activity not in state.local.completion
                and activity not in tree.completed_by_measure
            ):
                state.set_local(activity, COMPLETION, True)
            if (
                activity not in tree.objective_set_by_content
                and not unset & UNSET_SATISFIED
                and activity not in state.local.satisfied
                and activity not in tree.satisfied_by_measure
            ):
                state.set_local(activity, SATISFIED, True)
    else:
        suspended = state.suspended
        state.set_suspended(
            activity, bool(suspended) and any(child in suspended for child in state.available_children(activity))
        )
    state.set_active(activity, False)
    if activity not in state.suspended:
        state.ended.append(activity)
        if activity in tree.selecting and renewed_after_each_attempt(tree, activity):
            state.set_reorder_due(activity, True)
    overall_rollup_process(tree, state, activity)
