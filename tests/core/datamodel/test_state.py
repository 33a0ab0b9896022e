"""What the LMS does with the data of one SCO: seeds, partial records, its own writing, and the statuses it reads."""

from __future__ import annotations

import pytest

from scorm_embed.core.datamodel import (
    Answer,
    CmiState,
    DataLimits,
    DataModel,
    Status,
    Strictness,
    data_model,
    effective_status,
    natural_order,
    split_element,
)
from scorm_embed.core.datamodel.api import ApiInstance
from scorm_embed.core.standard import Standard
from scorm_embed.errors import ConfigurationError

SCORM_12 = data_model(Standard.SCORM_12)
FOURTH = data_model(Standard.SCORM_2004_4TH)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("cmi.interactions.3.objectives.0.id", ("cmi.interactions", 3, "objectives.0.id")),
        ("cmi.objectives.12.score.raw", ("cmi.objectives", 12, "score.raw")),
        ("adl.data.0.store", ("adl.data", 0, "store")),
        ("cmi.location", None),
        ("cmi.core.lesson_status", None),
        ("cmi.interactions.3", None),
        ("adl.nav.request_valid.choice.{target=a.1.b}", None),
        ("", None),
    ],
)
def test_a_name_is_split_at_its_outermost_record(name: str, parts: tuple[str, int, str] | None) -> None:
    assert split_element(name) == parts


def test_names_sort_by_number_and_put_what_others_depend_on_first() -> None:
    names = ["cmi.interactions.10.id", "cmi.interactions.2.result", "cmi.interactions.2.type", "cmi.interactions.2.id"]
    assert sorted(names, key=natural_order) == [names[3], names[2], names[1], names[0]]


def test_counts_follow_from_the_values_at_every_depth() -> None:
    state = CmiState(
        FOURTH, {"cmi.interactions.1.objectives.2.id": "o", "cmi.objectives.0.id": "a", "cmi.location": "1"}
    )
    assert state.counts == {"cmi.interactions": 2, "cmi.interactions.1.objectives": 3, "cmi.objectives": 1}


def test_a_collection_may_be_loaded_in_part() -> None:
    counts = {"cmi.interactions": 500, "cmi.interactions.3.objectives": 2}
    state = CmiState(FOURTH, {"cmi.interactions.3.id": "q"}, counts=counts)
    assert state.get("cmi.interactions._count") == Answer("500", 0)
    assert state.set("cmi.interactions.3.objectives.2.id", "o") == Answer("true", 0)
    assert state.set("cmi.interactions.501.id", "q").code == 351
    assert state.set("cmi.interactions.500.id", "q") == Answer("true", 0)
    assert state.counts == {"cmi.interactions": 501, "cmi.interactions.3.objectives": 3}


def test_another_type_clears_patterns_that_were_not_loaded() -> None:
    values = {"cmi.interactions.3.id": "q", "cmi.interactions.3.type": "choice"}
    state = CmiState(FOURTH, values, counts={"cmi.interactions": 5, "cmi.interactions.3.correct_responses": 2})
    assert state.set("cmi.interactions.3.type", "numeric").value == "true"
    assert list(state.take_changes().items()) == [
        ("cmi.interactions.3.type", "numeric"),
        ("cmi.interactions.3.correct_responses.0.pattern", None),
        ("cmi.interactions.3.correct_responses.1.pattern", None),
    ]


def test_taken_changes_are_gone_and_the_values_stay() -> None:
    state = CmiState(FOURTH, {})
    state.set("cmi.location", "1")
    state.set("cmi.suspend_data", "a")
    state.set("cmi.location", "2")
    assert list(state.take_changes().items()) == [("cmi.location", "2"), ("cmi.suspend_data", "a")]
    assert state.take_changes() == {}
    assert state.get("cmi.location").value == "2"


def test_replaying_the_changes_gives_the_same_values() -> None:
    content = CmiState(FOURTH, {})
    for name, value in [
        ("cmi.interactions.0.id", "q"),
        ("cmi.interactions.0.type", "choice"),
        ("cmi.interactions.0.learner_response", "a[,]b"),
        ("cmi.interactions.0.type", "numeric"),
        ("cmi.interactions.0.learner_response", "4"),
        ("cmi.objectives.0.id", "o"),
        ("cmi.objectives.0.success_status", "passed"),
    ]:
        assert content.set(name, value).value == "true"
    server = CmiState(FOURTH, {}, strictness=Strictness.CONFORMANT)
    answers = [server.set(name, value).value for name, value in content.take_changes().items() if value is not None]
    assert answers == ["true"] * 5
    assert server.values == content.values


@pytest.mark.parametrize("model", [SCORM_12, FOURTH])
@pytest.mark.parametrize("time", ["PT15M30S", "00:15:30", "PT15M30.123S", "0:15:30,5"])
def test_the_lms_writes_a_session_time_in_either_form(model: DataModel, time: str) -> None:
    name = "cmi.session_time" if model is FOURTH else "cmi.core.session_time"
    state = CmiState(model, {}, strictness=Strictness.CONFORMANT)
    assert state.write(name, time) == Answer("true", 0)
    assert state.values[name] == time
    assert state.tolerated == []


def test_the_lms_writes_what_content_may_only_read() -> None:
    state = CmiState(FOURTH, {"cmi.objectives.0.id": "a"})
    assert state.write("cmi.total_time", "PT1H") == Answer("true", 0)
    assert state.write("cmi.objectives.0.id", "b") == Answer("true", 0)
    assert state.write("cmi.comments_from_lms.0.comment", "Well done") == Answer("true", 0)
    assert state.write("cmi.interactions.0.learner_response", "before its id and type") == Answer("true", 0)
    assert state.get("cmi.comments_from_lms._count").value == "1"
    assert CmiState(SCORM_12, {}).write("cmi.core.lesson_status", "not attempted") == Answer("true", 0)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("cmi.bogus", "1", 401),
        ("cmi.score", "1", 401),
        ("", "1", 351),
        ("cmi.objectives._count", "1", 404),
        ("cmi.objectives.1.id", "a", 351),
        ("cmi.score.scaled", "2", 407),
        ("cmi.completion_status", "done", 406),
        ("cmi.completion_status", "", 406),
        ("cmi.suspend_data", "x" * 1_000_001, 351),
        ("adl.data.0._write", "true", 401),
    ],
)
def test_the_lms_cannot_write_a_wrong_name_or_a_value_of_the_wrong_type(name: str, value: str, code: int) -> None:
    state = CmiState(FOURTH, {})
    answer = state.write(name, value)
    assert (answer.value, answer.code) == ("false", code)
    assert state.values == {}
    assert state.changed == {}


def test_the_lms_removes_a_value() -> None:
    state = CmiState(FOURTH, {"cmi.location": "1"})
    assert state.write("cmi.location", None) == Answer("true", 0)
    assert state.write("cmi.suspend_data", None) == Answer("true", 0)
    assert state.get("cmi.location").code == 403
    assert state.changed == {"cmi.location": None}


def test_the_lms_replaces_comments() -> None:
    state = CmiState(SCORM_12, {"cmi.comments": "old"})
    assert state.write("cmi.comments", "new").value == "true"
    assert state.values == {"cmi.comments": "new"}


def test_validities_come_from_the_values_where_nobody_answers_for_them() -> None:
    state = CmiState(FOURTH, {"adl.nav.request_valid.choice.{target=a.0.b}": "true"})
    assert state.get("adl.nav.request_valid.choice.{target=a.0.b}") == Answer("true", 0)
    assert state.get("adl.nav.request_valid.continue") == Answer("unknown", 0)
    assert state.counts == {}


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({}, Status("unknown", "unknown")),
        ({"cmi.completion_status": "incomplete", "cmi.success_status": "passed"}, Status("incomplete", "passed")),
        ({"cmi.completion_threshold": "0.5", "cmi.completion_status": "completed"}, Status("unknown", "unknown")),
        ({"cmi.completion_threshold": "0.5", "cmi.progress_measure": "0.5"}, Status("completed", "unknown")),
        ({"cmi.completion_threshold": "0.5", "cmi.progress_measure": "0.4"}, Status("incomplete", "unknown")),
        ({"cmi.scaled_passing_score": "0.7", "cmi.score.scaled": "0.7"}, Status("unknown", "passed")),
        ({"cmi.scaled_passing_score": "0.7", "cmi.score.scaled": "0.69"}, Status("unknown", "failed")),
        ({"cmi.scaled_passing_score": "0.7", "cmi.success_status": "passed"}, Status("unknown", "unknown")),
        ({"cmi.core.lesson_status": "passed"}, Status("completed", "passed")),
        ({"cmi.core.lesson_status": "failed"}, Status("completed", "failed")),
        ({"cmi.core.lesson_status": "browsed"}, Status("completed", "unknown")),
        ({"cmi.core.lesson_status": "incomplete"}, Status("incomplete", "unknown")),
        ({"cmi.core.lesson_status": "not attempted"}, Status("not attempted", "unknown")),
    ],
)
def test_a_status_is_what_a_reading_would_answer(values: dict[str, str], status: Status) -> None:
    assert effective_status(values) == status


@pytest.mark.parametrize("name", ["suspend_data_chars_max", "comments_chars_max", "value_chars_max", "records_max"])
def test_a_limit_below_one_is_refused(name: str) -> None:
    assert getattr(DataLimits(**{name: 1}), name) == 1
    with pytest.raises(ConfigurationError, match=f"^{name} must be a positive whole number, not 0.$"):
        DataLimits(**{name: 0})


def test_a_method_of_the_other_standard_does_not_exist() -> None:
    with pytest.raises(LookupError):
        ApiInstance(CmiState(FOURTH, {})).call("LMSInitialize", "")


def test_the_model_of_a_standard_is_made_once() -> None:
    assert data_model(Standard.SCORM_2004_3RD) is data_model(Standard.SCORM_2004_3RD)
