"""Tracking states as versioned, JSON-able data that hold only what differs from the initial state.

Owns the stored form. Activities, objectives and global objectives are stored by their identifiers: a state outlives
the version of the package it was made with, and what it says about activities that are no longer there is ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scorm_embed.core.sequencing.activity_tree import NO_ACTIVITY, ActivityTree
from scorm_embed.core.sequencing.objective_values import checked_value
from scorm_embed.core.sequencing.tracking import TrackingState

VERSION = 1

_ITEM_KEYS = ("satisfied", "measure", "raw", "min", "max", "completed", "progress")


def state_to_data(state: TrackingState) -> dict[str, Any]:
    """The state as JSON-able data: ``{"version": 1, "activities": {identifier: {…}}, …}``."""
    tree = state.tree
    activities: dict[int, dict[str, Any]] = {}
    facts_of_activities: tuple[tuple[str, Mapping[int, int]], ...] = (
        ("attempts", state.attempts),
        ("active", state.active),
        ("suspended", state.suspended),
        ("unset", state.unset),
        ("reorder", state.reorder_due),
    )
    for key, bucket in facts_of_activities:
        for activity, fact in bucket.items():
            activities.setdefault(activity, {})[key] = fact
    for cluster, children in state.available.items():
        activities.setdefault(cluster, {})["children"] = [tree.identifiers[child] for child in children]
    count = len(tree)
    for item_key, values in zip(_ITEM_KEYS, state.local.by_item, strict=True):
        for slot, value in values.items():
            if slot < count:
                activities.setdefault(slot, {})[item_key] = value
            else:
                objectives = activities.setdefault(tree.owner[slot], {}).setdefault("objectives", {})
                objectives.setdefault(tree.slot_names[slot], {})[item_key] = value
    data: dict[str, Any] = {"version": VERSION}
    if activities:
        identifiers = tree.identifiers
        data["activities"] = {identifiers[activity]: facts for activity, facts in activities.items()}
    if state.current != NO_ACTIVITY:
        data["current"] = tree.identifiers[state.current]
    if state.suspended_activity != NO_ACTIVITY:
        data["suspended_activity"] = tree.identifiers[state.suspended_activity]
    if state.prepared:
        data["prepared"] = True
    if not tree.definition.objectives_global_to_system:
        known = state.globals_known()
        if known:
            data["global_objectives"] = known
    return data


def state_from_data(tree: ActivityTree, data: Mapping[str, Any]) -> TrackingState:
    """A state from what ``state_to_data`` gave, from this version or an older one.

    Unknown activities, objectives and keys are ignored, and so are values of the wrong type.
    """
    state = TrackingState(tree)
    for identifier, facts in _mapping(data.get("activities")).items():
        activity = tree.by_id.get(identifier)
        if activity is not None:
            _restore_activity(tree, state, activity, _mapping(facts))
    current = _activity(tree, data.get("current"))
    suspended = _activity(tree, data.get("suspended_activity"))
    state.set_current(current)
    state.set_suspended_activity(suspended)
    if data.get("current") is not None and current == NO_ACTIVITY:
        _leave_lost_activity(state)
    elif data.get("prepared") is True:
        state.set_prepared(True)
    if not tree.definition.objectives_global_to_system:
        state.load_globals(_mapping(data.get("global_objectives")))
    return state


def _restore_activity(tree: ActivityTree, state: TrackingState, activity: int, facts: Mapping[str, Any]) -> None:
    attempts = facts.get("attempts")
    if isinstance(attempts, int) and attempts > 0:
        state.attempts[activity] = attempts
    if facts.get("active") is True:
        state.active[activity] = True
    if facts.get("suspended") is True:
        state.suspended[activity] = True
    if facts.get("reorder") is True:
        state.reorder_due[activity] = True
    unset = facts.get("unset")
    if isinstance(unset, int) and unset > 0:
        state.unset[activity] = unset
    _restore_objective(state, activity, facts)
    for name, values in _mapping(facts.get("objectives")).items():
        slot = tree.slot(activity, name)
        if slot is not None and slot != activity:
            _restore_objective(state, slot, _mapping(values))
    children = facts.get("children")
    if isinstance(children, list):
        own = set(tree.children[activity])
        kept = [tree.by_id[name] for name in children if isinstance(name, str) and tree.by_id.get(name, -1) in own]
        if kept:
            state.set_available_children(activity, kept)


def _restore_objective(state: TrackingState, slot: int, values: Mapping[str, Any]) -> None:
    for item, key in enumerate(_ITEM_KEYS):
        if key in values:
            value = checked_value(item, values[key])
            if value is not None:
                state.local.by_item[item][slot] = value


def _leave_lost_activity(state: TrackingState) -> None:
    """The activity the learner was on is gone from the package: the session starts anew, with everything earned."""
    state.active.clear()
    state.suspended.pop(0, None)


def _activity(tree: ActivityTree, identifier: object) -> int:
    return tree.by_id.get(identifier, NO_ACTIVITY) if isinstance(identifier, str) else NO_ACTIVITY


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
