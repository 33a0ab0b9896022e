"""Select Children [SR.1] and Randomize Children [SR.2]."""

from __future__ import annotations

from typing import Any

import pytest

from scorm_embed.core.sequencing.definition import RandomizationControls, Timing


class Fixed:
    """Draws what it was told, then zeros; a draw outside its range fails."""

    def __init__(self, *numbers: int) -> None:
        self.numbers = list(numbers)
        self.asked: list[int] = []

    def randrange(self, stop: int, /) -> int:
        self.asked.append(stop)
        number = self.numbers.pop(0) if self.numbers else 0
        assert 0 <= number < stop
        return number


def course_with(activity: Any, begin: Any, draw: Fixed, **controls: Any) -> Any:
    one = activity("one", *(activity(name) for name in "abcd"), randomization=RandomizationControls(**controls))
    course = begin(activity("root", one, activity("e")))
    course.draw = draw
    return course


def children(course: Any) -> list[str]:
    return [course.tree.identifiers[child] for child in course.state.available_children(1)]


def test_selection_keeps_the_author_s_order(activity: Any, begin: Any) -> None:
    draw = Fixed(3, 0)
    course = course_with(activity, begin, draw, selection_timing=Timing.ONCE, select_count=2)
    assert course.go("start").delivered == "b"
    assert children(course) == ["b", "d"]
    assert draw.asked == [4, 3]


def test_what_was_not_selected_is_walked_past_and_not_shown(activity: Any, begin: Any) -> None:
    course = course_with(activity, begin, Fixed(3, 0), selection_timing=Timing.ONCE, select_count=2)
    course.go("start")
    assert course.go("continue").delivered == "d"
    assert course.go("continue").delivered == "e"
    assert [name for name, entry in course.valid().choice.items() if not entry.visible] == ["a", "c"]


def test_children_that_were_not_selected_do_not_count_in_rollup(activity: Any, begin: Any) -> None:
    course = course_with(activity, begin, Fixed(3, 0), selection_timing=Timing.ONCE, select_count=2)
    course.go("start")
    course.go("continue")
    course.go("continue")
    assert course.state.completed(1) is True


@pytest.mark.parametrize("count", [4, 9])
def test_selecting_as_many_as_there_are_draws_nothing(activity: Any, begin: Any, count: int) -> None:
    draw = Fixed()
    course = course_with(activity, begin, draw, selection_timing=Timing.ONCE, select_count=count)
    course.go("start")
    assert (children(course), draw.asked) == (["a", "b", "c", "d"], [])


def test_randomization_gives_every_order_the_same_chance(activity: Any, begin: Any) -> None:
    draw = Fixed(0, 0, 0)
    course = course_with(activity, begin, draw, randomization_timing=Timing.ONCE, reorder_children=True)
    assert course.go("start").delivered == "b"
    assert (children(course), draw.asked) == (["b", "c", "d", "a"], [4, 3, 2])


@pytest.mark.parametrize(
    "controls",
    [
        {"selection_timing": Timing.NEVER, "select_count": 1},
        {"selection_timing": Timing.ONCE, "select_count": None},
        {"randomization_timing": Timing.NEVER, "reorder_children": True},
        {"randomization_timing": Timing.ONCE, "reorder_children": False},
    ],
)
def test_nothing_changes_without_both_a_timing_and_something_to_do(
    activity: Any, begin: Any, controls: dict[str, Any]
) -> None:
    draw = Fixed()
    course = course_with(activity, begin, draw, **controls)
    course.go("start")
    assert (children(course), draw.asked) == (["a", "b", "c", "d"], [])


def test_once_means_once(activity: Any, begin: Any) -> None:
    draw = Fixed(0, 0, 0)
    course = course_with(activity, begin, draw, randomization_timing=Timing.ONCE, reorder_children=True)
    course.go("start")
    course.go("exitAll")
    course.go("start")
    assert (children(course), draw.asked) == (["b", "c", "d", "a"], [4, 3, 2])


def test_each_new_attempt_means_after_the_last_one_has_ended(activity: Any, begin: Any) -> None:
    draw = Fixed(0, 0, 0, 0, 0, 0)
    course = course_with(activity, begin, draw, randomization_timing=Timing.ON_EACH_NEW_ATTEMPT, reorder_children=True)
    course.go("start")
    course.go("choice", "e")
    assert draw.asked == [4, 3, 2]
    assert course.go("previous").delivered == "b"
    assert (children(course), len(draw.asked)) == (["c", "d", "a", "b"], 6)


def test_a_suspended_attempt_keeps_its_order(activity: Any, begin: Any) -> None:
    draw = Fixed(0, 0, 0)
    course = course_with(activity, begin, draw, randomization_timing=Timing.ON_EACH_NEW_ATTEMPT, reorder_children=True)
    course.go("start")
    course.go("suspendAll")
    course.go("resumeAll")
    assert (children(course), draw.asked) == (["b", "c", "d", "a"], [4, 3, 2])
