"""Objectives, their maps, and what the content reads and reports."""

from __future__ import annotations

from typing import Any

import pytest

from scorm_embed.core.sequencing.definition import (
    CompletionThreshold,
    DeliveryControls,
    MapItem,
    Objective,
    ObjectiveMap,
)
from scorm_embed.core.sequencing.transfer import (
    activity_status,
    read_objective,
    record_completion,
    record_measure,
    record_objective_completion,
    record_objective_progress,
    record_progress_measure,
    record_satisfied,
    record_scores,
)

EVERYTHING = frozenset(MapItem)
BOTH = (ObjectiveMap("G", reads=EVERYTHING, writes=EVERYTHING),)


@pytest.fixture
def shared(activity: Any, begin: Any) -> Any:
    """Two activities whose secondary objective is the same global one, in both directions."""
    objectives = (Objective("o", maps=BOTH),)
    return begin(activity("root", activity("a", objectives=objectives), activity("b", objectives=objectives)))


def test_what_one_activity_writes_another_one_reads(shared: Any) -> None:
    record_satisfied(shared.state, "a", True, "o")
    record_measure(shared.state, "a", 0.25, "o")
    record_scores(shared.state, "a", 5, 0, 20, "o")
    record_objective_completion(shared.state, "a", "o", False)
    record_objective_progress(shared.state, "a", "o", 0.5)
    reading = read_objective(shared.state, "b", "o")
    assert reading is not None
    assert (reading.satisfied, reading.measure, reading.completion, reading.progress) == (True, 0.25, False, 0.5)
    assert (reading.raw, reading.minimum, reading.maximum) == (5, 0, 20)
    assert reading.mapped == EVERYTHING
    assert shared.state.changed_globals["G"]["RawScore"] == 5


def test_unknown_said_by_the_content_makes_the_global_objective_unknown(shared: Any) -> None:
    record_satisfied(shared.state, "a", True, "o")
    record_satisfied(shared.state, "b", None, "o")
    reading = read_objective(shared.state, "a", "o")
    assert reading is not None
    assert (reading.satisfied, reading.mapped) == (None, frozenset())
    assert shared.state.changed_globals == {"G": {}}


def test_each_item_is_mapped_for_itself(activity: Any, begin: Any) -> None:
    writes = ObjectiveMap("G", writes=frozenset({MapItem.NORMALIZED_MEASURE, MapItem.MAX_SCORE}))
    reads = ObjectiveMap("G", reads=frozenset({MapItem.NORMALIZED_MEASURE, MapItem.RAW_SCORE}))
    course = begin(
        activity(
            "root",
            activity("a", objectives=(Objective("o", maps=(writes,)),)),
            activity("b", objectives=(Objective("o", maps=(reads,)),)),
        )
    )
    record_measure(course.state, "a", 0.5, "o")
    record_scores(course.state, "a", 1, 2, 3, "o")
    reading = read_objective(course.state, "b", "o")
    assert reading is not None
    assert (reading.measure, reading.raw, reading.maximum) == (0.5, None, None)


def test_a_status_that_is_read_from_a_global_objective_is_unknown_with_it(activity: Any, begin: Any) -> None:
    reads = ObjectiveMap("G", reads=frozenset({MapItem.SATISFIED_STATUS}))
    course = begin(activity("root", activity("a", primary_objective=Objective("o", maps=(reads,))), activity("b")))
    course.start_at("a")
    course.go("exit")
    assert activity_status(course.state, "a").satisfied is None
    course.state.load_globals({"G": {"SatisfiedStatus": False}})
    assert activity_status(course.state, "a").satisfied is False


def test_a_measure_that_is_read_from_an_unknown_global_objective_is_the_activity_s_own(shared: Any) -> None:
    course = shared
    course.state.local.measure[course.tree.slot(course.tree.by_id["a"], "o")] = 0.75
    reading = read_objective(course.state, "a", "o")
    assert reading is not None
    assert (reading.measure, reading.mapped) == (0.75, frozenset())


def test_a_read_measure_decides_where_satisfaction_is_by_measure(activity: Any, begin: Any) -> None:
    reads = ObjectiveMap("G", reads=EVERYTHING)
    objective = Objective("o", satisfied_by_measure=True, min_normalized_measure=0.6, maps=(reads,))
    course = begin(activity("root", activity("a", objectives=(objective,)), activity("b")))
    course.state.load_globals({"G": {"NormalizedMeasure": 0.7, "SatisfiedStatus": False}})
    reading = read_objective(course.state, "a", "o")
    assert reading is not None
    assert reading.satisfied is True
    assert MapItem.SATISFIED_STATUS in reading.mapped


def test_content_cannot_satisfy_an_objective_that_goes_by_its_measure(activity: Any, begin: Any) -> None:
    objective = Objective("o", satisfied_by_measure=True, min_normalized_measure=0.6)
    course = begin(activity("root", activity("a", objectives=(objective,)), activity("b")))
    record_satisfied(course.state, "a", True, "o")
    assert read_objective(course.state, "a", "o").satisfied is None  # type: ignore[union-attr]
    record_measure(course.state, "a", 0.5, "o")
    assert read_objective(course.state, "a", "o").satisfied is False  # type: ignore[union-attr]


@pytest.mark.parametrize(("progress", "expected"), [(0.5, True), (0.4, False), (None, None)])
def test_completion_by_measure_follows_the_progress_that_is_read(
    activity: Any, begin: Any, progress: float | None, expected: bool | None
) -> None:
    reads = ObjectiveMap("G", reads=EVERYTHING)
    threshold = CompletionThreshold(completed_by_measure=True, min_progress_measure=0.5)
    leaf = activity("a", primary_objective=Objective("o", maps=(reads,)), completion_threshold=threshold)
    course = begin(activity("root", leaf, activity("b")))
    known: dict[str, bool | float] = {"CompletionStatus": not expected}
    if progress is not None:
        known["ProgressMeasure"] = progress
    course.state.load_globals({"G": known})
    assert activity_status(course.state, "a").completed is expected


def test_the_primary_objective_has_the_activity_s_completion(activity: Any, begin: Any) -> None:
    course = begin(activity("root", activity("a", primary_objective=Objective("p")), activity("b")))
    record_objective_completion(course.state, "a", "p", True)
    record_progress_measure(course.state, "a", 0.5)
    reading = read_objective(course.state, "a", "p")
    assert reading is not None
    assert (reading.completion, reading.progress) == (True, 0.5)
    assert activity_status(course.state, "a").completed is True


def test_objectives_the_manifest_does_not_define_are_not_recorded(shared: Any) -> None:
    record_satisfied(shared.state, "a", True, "unheard")
    record_measure(shared.state, "a", 1.0, "unheard")
    record_scores(shared.state, "a", 1, objective="unheard")
    record_objective_completion(shared.state, "a", "unheard", True)
    assert read_objective(shared.state, "a", "unheard") is None
    assert shared.state.changed_globals == {}


def test_an_untracked_activity_reads_global_objectives_but_writes_nothing(activity: Any, begin: Any) -> None:
    leaf = activity("a", objectives=(Objective("o", maps=BOTH),), delivery=DeliveryControls(tracked=False))
    course = begin(activity("root", leaf, activity("b")))
    course.state.load_globals({"G": {"SatisfiedStatus": True}})
    record_satisfied(course.state, "a", False, "o")
    record_completion(course.state, "a", True)
    assert read_objective(course.state, "a", "o").satisfied is True  # type: ignore[union-attr]
    assert activity_status(course.state, "a").completed is None
    assert course.state.changed_globals == {}


def test_a_new_attempt_forgets_the_activity_s_own_data_and_keeps_the_global_ones(shared: Any) -> None:
    shared.start_at("a")
    record_satisfied(shared.state, "a", True, "o")
    shared.say(satisfied=True, measure=0.5)
    shared.go("choice", "a")
    assert activity_status(shared.state, "a").measure is None
    assert read_objective(shared.state, "a", "o").satisfied is True  # type: ignore[union-attr]


@pytest.mark.parametrize(("to_system", "kept"), [(True, True), (False, None)])
def test_a_new_attempt_on_the_course_forgets_global_objectives_that_belong_to_it(
    activity: Any, begin: Any, to_system: bool, kept: bool | None
) -> None:
    leaf = activity("a", objectives=(Objective("o", maps=BOTH),))
    course = begin(activity("root", leaf, activity("b")), objectives_global_to_system=to_system)
    course.go("start")
    record_satisfied(course.state, "a", True, "o")
    course.go("exitAll")
    course.go("start")
    assert read_objective(course.state, "a", "o").satisfied is kept  # type: ignore[union-attr]


def test_global_objectives_of_other_courses_and_wrong_values_are_ignored(shared: Any) -> None:
    shared.state.load_globals(
        {"elsewhere": {"SatisfiedStatus": True}, "G": {"SatisfiedStatus": 1, "RawScore": True, "MaxScore": 3, "x": 1}}
    )
    assert shared.state.globals_known() == {"G": {"MaxScore": 3.0}}
    assert shared.state.changed_globals == {}
