"""The stored form of a tracking state."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scorm_embed.core.sequencing.definition import MapItem, Objective, ObjectiveMap
from scorm_embed.core.sequencing.snapshot import state_from_data, state_to_data
from scorm_embed.core.sequencing.tracking import TrackingState
from scorm_embed.core.sequencing.transfer import activity_status, mark_suspended, read_objective, record_satisfied

MAPS = (ObjectiveMap("G", reads=frozenset(MapItem), writes=frozenset(MapItem)),)


@pytest.fixture
def course(activity: Any, begin: Any) -> Any:
    leaf = activity("a", objectives=(Objective("o", maps=MAPS),))
    return begin(
        activity("root", activity("one", leaf, activity("b")), activity("c")), objectives_global_to_system=False
    )


def reload(course: Any, tree: Any = None) -> TrackingState:
    return state_from_data(tree or course.tree, json.loads(json.dumps(state_to_data(course.state))))


def test_a_state_nothing_has_happened_to_is_next_to_nothing(course: Any) -> None:
    assert state_to_data(course.state) == {"version": 1}


def test_only_what_differs_from_the_beginning_is_kept(course: Any) -> None:
    course.go("start")
    assert state_to_data(course.state) == {
        "version": 1,
        "activities": {name: {"attempts": 1, "active": True} for name in ("root", "one", "a")},
        "current": "a",
        "prepared": True,
    }


def test_everything_comes_back(course: Any) -> None:
    course.go("start")
    course.say(satisfied=True, completed=True, measure=0.5)
    record_satisfied(course.state, "a", False, "o")
    mark_suspended(course.state, "a")
    course.go("suspendAll")
    course.state.set_available_children(1, (3, 2))
    again = reload(course)
    assert state_to_data(again) == state_to_data(course.state)
    assert activity_status(again, "a") == activity_status(course.state, "a")
    assert read_objective(again, "a", "o") == read_objective(course.state, "a", "o")
    assert again.changed_globals == {}
    assert again.available_children(1) == (3, 2)


def test_global_objectives_of_the_system_are_not_part_of_it(activity: Any, begin: Any) -> None:
    course = begin(activity("root", activity("a", objectives=(Objective("o", maps=MAPS),)), activity("b")))
    course.go("start")
    record_satisfied(course.state, "a", True, "o")
    assert "global_objectives" not in state_to_data(course.state)


def test_what_a_newer_package_no_longer_has_is_ignored(course: Any, activity: Any, begin: Any) -> None:
    course.start_at("c")
    course.say(satisfied=True)
    course.go("choice", "b")
    newer = begin(activity("root", activity("one", activity("b")), activity("d")))
    again = reload(course, newer.tree)
    newer.state = again
    assert newer.current == "b"
    assert activity_status(again, "b").attempts == 1
    assert newer.go("continue").delivered == "d"


def test_a_learner_whose_activity_is_gone_begins_again_with_what_was_earned(
    course: Any, activity: Any, begin: Any
) -> None:
    course.start_at("c", "b")
    newer = begin(activity("root", activity("a"), activity("c")))
    newer.state = reload(course, newer.tree)
    assert newer.current is None
    assert not newer.state.active
    assert activity_status(newer.state, "c").completed is True
    assert newer.go("start").delivered == "a"


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"version": 1, "activities": None, "current": 7, "suspended_activity": [], "global_objectives": 3},
        {"version": 99, "unheard": {}, "activities": {"a": 1, "zzz": {"attempts": 3}}},
        {"activities": {"a": {"attempts": "x", "active": 1, "satisfied": 1, "measure": True, "objectives": {"o": []}}}},
        {"activities": {"one": {"children": ["zzz", 3], "unset": -1}, "a": {"objectives": {"p": {"raw": 1}}}}},
    ],
)
def test_data_of_the_wrong_kind_count_as_absent(course: Any, data: dict[str, Any]) -> None:
    assert state_to_data(state_from_data(course.tree, data)) == {"version": 1}
