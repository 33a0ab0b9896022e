"""Which children of a cluster are there, and in which order: Select Children [SR.1], Randomize Children [SR.2].

The book leaves the moment to the LMS. Ours: when a sequencing session is prepared, every cluster that has not been
attempted; and after each attempt on a cluster whose timing is onEachNewAttempt, so that the next one finds the new
order. The result is part of the state.
"""

from __future__ import annotations

from scorm_embed.core.sequencing.activity_tree import ActivityTree
from scorm_embed.core.sequencing.definition import Timing
from scorm_embed.core.sequencing.tracking import TrackingState
from scorm_embed.core.sequencing.vocabulary import Draw


def select_children_process(tree: ActivityTree, state: TrackingState, cluster: int, draw: Draw) -> None:
    """Select Children Process [SR.1]: keep ``selectCount`` children by chance, in the author's order.

    "onEachNewAttempt", which the book leaves undefined, selects anew each time.
    """
    controls = tree.activities[cluster].definition.sequencing.randomization
    if not _may_change(tree, state, cluster, controls.selection_timing) or controls.select_count is None:
        return
    children = list(tree.children[cluster])
    count = max(0, controls.select_count)
    if count < len(children):
        for at in range(count):  # the first steps of a shuffle choose without replacement
            other = at + draw.randrange(len(children) - at)
            children[at], children[other] = children[other], children[at]
        children = sorted(children[:count])
    state.set_available_children(cluster, children)


def randomize_children_process(tree: ActivityTree, state: TrackingState, cluster: int, draw: Draw) -> None:
    """Randomize Children Process [SR.2]: shuffle the available children."""
    controls = tree.activities[cluster].definition.sequencing.randomization
    if not _may_change(tree, state, cluster, controls.randomization_timing) or not controls.reorder_children:
        return
    children = list(state.available_children(cluster))
    for at in range(len(children) - 1, 0, -1):
        other = draw.randrange(at + 1)
        children[at], children[other] = children[other], children[at]
    state.set_available_children(cluster, children)


def _may_change(tree: ActivityTree, state: TrackingState, cluster: int, timing: Timing) -> bool:
    """Steps 1 and 2 of both processes: never for leaves, nor in the middle of an attempt."""
    if tree.is_leaf[cluster] or cluster in state.active or cluster in state.suspended:
        return False
    return timing is Timing.ON_EACH_NEW_ATTEMPT or (timing is Timing.ONCE and cluster not in state.attempts)


def renewed_after_each_attempt(tree: ActivityTree, cluster: int) -> bool:
    """Whether the next attempt on the cluster gets its children selected or randomized anew."""
    controls = tree.activities[cluster].definition.sequencing.randomization
    return Timing.ON_EACH_NEW_ATTEMPT in (controls.selection_timing, controls.randomization_timing)


def arrange_new_clusters(tree: ActivityTree, state: TrackingState, draw: Draw) -> None:
    """Apply SR.1 and SR.2 to every cluster that no attempt has arranged yet."""
    for cluster in sorted(tree.selecting):
        if cluster not in state.attempts and cluster not in state.available:
            select_children_process(tree, state, cluster, draw)
            randomize_children_process(tree, state, cluster, draw)


def arrange_due_clusters(tree: ActivityTree, state: TrackingState, draw: Draw) -> None:
    """Apply SR.1 and SR.2 to the clusters whose attempt has ended and whose next one shall differ."""
    for cluster in sorted(state.reorder_due):
        state.set_reorder_due(cluster, False)
        select_children_process(tree, state, cluster, draw)
        randomize_children_process(tree, state, cluster, draw)
