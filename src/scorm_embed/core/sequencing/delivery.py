"""Delivery: Delivery Request [DB.1.1], Content Delivery Environment [DB.2], Clear Suspended Activity [DB.2.1]."""

from __future__ import annotations

from scorm_embed.core.sequencing.activity_tree import NO_ACTIVITY, ActivityTree
from scorm_embed.core.sequencing.ending import terminate_descendent_attempts_process
from scorm_embed.core.sequencing.obstacle import Obstacle, first_on_path
from scorm_embed.core.sequencing.rules import check_activity_process
from scorm_embed.core.sequencing.tracking import TrackingState
from scorm_embed.core.sequencing.vocabulary import SequencingExceptionCode as Code


def delivery_request_process(tree: ActivityTree, state: TrackingState, activity: int) -> Obstacle | None:
    """Delivery Request Process [DB.1.1]: what forbids to deliver the activity, if anything."""
    if not tree.is_leaf[activity] or activity in tree.headings:
        return Obstacle(Code.DB_1_1_1, activity)
    if not tree.restricted:
        return None

    def check(member: int) -> Obstacle | None:
        return Obstacle(Code.DB_1_1_3, member) if check_activity_process(tree, state, member) else None

    return first_on_path(tree, state.memo.unavailable, 0, activity, check)


def content_delivery_environment_process(tree: ActivityTree, state: TrackingState, activity: int) -> bool | Code:
    """Content Delivery Environment Process [DB.2]: begin or resume the attempts on the way to the activity.

    Returns:
        Whether the activity's own attempt was suspended and goes on; or DB.2-1 while the Current Activity is active.
    """
    if state.current != NO_ACTIVITY:
        if state.current in state.active:
            return Code.DB_2_1
        terminate_descendent_attempts_process(tree, state, activity)
    if state.suspended_activity not in (activity, NO_ACTIVITY):
        clear_suspended_activity_subprocess(tree, state, activity)
    resumed = activity in state.suspended
    for member in reversed(tree.path_to_root(activity)):
        if member not in state.active:
            if member in state.suspended:
                state.set_suspended(member, False)
            elif member not in tree.untracked:
                make_room_for_new_attempt(tree, state, member)
                state.forget_attempt(member)
                state.count_attempt(member)
            state.set_active(member, True)
    state.set_current(activity)
    state.set_suspended_activity(NO_ACTIVITY)
    return resumed


def clear_suspended_activity_subprocess(tree: ActivityTree, state: TrackingState, activity: int) -> None:
    """Clear Suspended Activity Subprocess [DB.2.1]: another activity than the suspended one is delivered.

    The common ancestor stays suspended, so that its attempt goes on when the activity is delivered. The letter clears
    it as well, which would begin a new attempt on the whole course for a learner who comes back and chooses where to
    go on, and forget what every activity has earned; the reference implementation leaves it, too.
    """
    suspended = state.suspended_activity
    common = tree.common_ancestor(activity, suspended)
    member = suspended
    while member != common:
        if tree.is_leaf[member] or not any(child in state.suspended for child in state.available_children(member)):
            state.set_suspended(member, False)
        member = tree.parent[member]
    state.set_suspended_activity(NO_ACTIVITY)


def make_room_for_new_attempt(tree: ActivityTree, state: TrackingState, cluster: int) -> None:
    """Forget what earlier attempts on a cluster left with its descendants, as a new attempt on it begins.

    That is what useCurrentAttemptObjectiveInfo and useCurrentAttemptProgressInfo mean while the children have not been
    attempted anew; where one is false, what it names stays. Suspended children go on later and keep theirs. Global
    objectives that belong to the organization are forgotten with the root's attempt.
    """
    if cluster not in state.attempts:
        return
    if not cluster and not tree.definition.objectives_global_to_system:
        state.forget_global_objectives()
    waiting = [(cluster, True, True)]
    while waiting:
        parent, objectives, progress = waiting.pop()
        objectives = objectives and tree.current_objectives_only[parent]
        progress = progress and tree.current_progress_only[parent]
        if not objectives and not progress:
            continue
        for child in tree.children[parent]:
            if child not in state.attempts or child in state.suspended:
                continue
            state.forget_attempt(child, objectives=objectives, progress=progress)
            if not tree.is_leaf[child]:
                waiting.append((child, objectives, progress))
