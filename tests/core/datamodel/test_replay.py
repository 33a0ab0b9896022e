"""What the browser has accepted is accepted again when its commit is replayed on the stored values."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from scorm_embed.core.datamodel import CmiState, Strictness, data_model
from scorm_embed.core.datamodel.replay import replay
from scorm_embed.core.standard import Standard

S2004 = Standard.SCORM_2004_4TH
FIRST = "cmi.interactions.0."
STORED = {
    f"{FIRST}id": "q1",
    f"{FIRST}type": "choice",
    f"{FIRST}correct_responses.0.pattern": "a",
    f"{FIRST}correct_responses.1.pattern": "b",
    f"{FIRST}correct_responses.2.pattern": "c",
    f"{FIRST}objectives.0.id": "o1",
    f"{FIRST}objectives.1.id": "o2",
    "cmi.objectives.0.id": "o1",
    "cmi.objectives.1.id": "o2",
}


def said(play: Any, calls: list[list[str]], stored: dict[str, str] = STORED) -> dict[str, Any]:
    """What an interpreter makes of SetValue calls, all accepted."""
    case = {"standard": S2004.value, "strictness": "conformant", "values": stored}
    outcome: dict[str, Any] = play(case | {"calls": [["Initialize", ""], *(["SetValue", *call] for call in calls)]})
    assert [answer[0] for answer in outcome["answers"]] == ["true"] * (len(calls) + 1)
    return outcome


def replayed(changes: list[list[Any]], stored: dict[str, str] = STORED) -> tuple[list[str], dict[str, str]]:
    """The elements refused, and the values after the replay."""
    cmi = CmiState(data_model(S2004), stored)
    sent = [(name, value) for name, value in changes]
    answers = replay(cmi, sent)
    refused = [name for (name, _), answer in zip(sent, answers, strict=True) if answer.value != "true"]
    return refused, cmi.values


@pytest.mark.parametrize("leaf", ["correct_responses.{}.pattern", "objectives.{}.id"])
@pytest.mark.parametrize(
    "steps",
    [
        [(0, "tmp"), (1, "FIRST"), (0, "SECOND")],
        [(2, "x"), (0, "y"), (2, "FIRST")],
        [(0, "y"), (2, "FIRST"), (1, "z"), (0, "SECOND")],
    ],
    ids=["swapped", "moved to the end", "moved in a row"],
)
def test_values_that_changed_places_within_one_commit_are_kept(
    play_javascript: Any, leaf: str, steps: list[tuple[int, str]]
) -> None:
    words = {"FIRST": STORED[FIRST + leaf.format(0)], "SECOND": STORED[FIRST + leaf.format(1)]}
    stored = STORED | {FIRST + leaf.format(2): "third"}
    calls = [[FIRST + leaf.format(index), words.get(value, value)] for index, value in steps]
    outcome = said(play_javascript, calls, stored)
    refused, values = replayed(outcome["changes"], stored)
    assert refused == []
    assert values == outcome["values"]


def test_a_new_record_may_take_what_another_gave_up_before_it_and_others_may_follow(play_javascript: Any) -> None:
    calls = [["0", "x"], ["3", "a"], ["4", "d"], ["0", "b2"], ["3", "e"], ["0", "a"]]
    outcome = said(play_javascript, [[f"{FIRST}correct_responses.{at}.pattern", value] for at, value in calls])
    assert replayed(outcome["changes"]) == ([], outcome["values"])


def test_a_type_that_is_changed_and_changed_back_within_one_commit_takes_the_old_answers_away(
    play_javascript: Any,
) -> None:
    calls = [["type", "sequencing"], ["type", "choice"], ["correct_responses.0.pattern", "b"]]
    outcome = said(play_javascript, [[FIRST + leaf, value] for leaf, value in calls])
    assert [name for name in outcome["values"] if "pattern" in name] == [f"{FIRST}correct_responses.0.pattern"]
    assert replayed(outcome["changes"]) == ([], outcome["values"])


@pytest.mark.parametrize("leaf", ["student_response", "correct_responses.0.pattern"])
@pytest.mark.parametrize("stored", [{}, {f"{FIRST}type": "numeric"}])
def test_a_12_answer_outlives_another_type_within_the_same_commit(stored: dict[str, str], leaf: str) -> None:
    model, reading = data_model(Standard.SCORM_12), Strictness.CONFORMANT
    content, server = CmiState(model, stored, strictness=reading), CmiState(model, stored, strictness=reading)
    for name, value in (("type", "choice"), (leaf, "a"), ("type", "true-false")):
        assert content.set(FIRST + name, value).value == "true"
    sent = list(content.take_changes().items())
    assert sent == [(f"{FIRST}type", "true-false"), (FIRST + leaf, "a")]
    assert [answer.value for answer in replay(server, sent)] == ["true", "true"]
    assert server.values == content.values
    assert replay(server, [(FIRST + leaf, "b")])[0].value == "false"


@pytest.mark.parametrize("name", [f"{FIRST}type", "cmi.location", "cmi.interactions._count", "cmi.nothing", "cmi"])
def test_a_replay_removes_nothing_but_answers_and_patterns(name: str) -> None:
    assert replayed([[name, None]]) == ([name], STORED)


def test_a_replay_that_removes_what_is_not_there_changes_nothing() -> None:
    assert replayed([["cmi.interactions.7.correct_responses.9.pattern", None]]) == ([], STORED)


def test_a_replay_that_leaves_two_records_alike_is_refused_and_changes_nothing() -> None:
    names = [f"{FIRST}correct_responses.{at}.pattern" for at in (0, 1)]
    refused, values = replayed([[names[0], "c"], [names[1], "a"]])
    assert refused == names
    assert values == STORED


def test_what_an_earlier_element_has_not_made_possible_is_refused_in_a_replay_too() -> None:
    late = [["cmi.interactions.1.type", "choice"], ["cmi.interactions.1.id", "q2"]]
    assert replayed(late)[0] == ["cmi.interactions.1.type"]


NAMES = [
    "cmi.location",
    "cmi.completion_status",
    *(
        f"cmi.interactions.{n}.{leaf}"
        for n in (0, 1)
        for leaf in (
            "id",
            "type",
            "learner_response",
            "result",
            *(f"{many}" for at in (0, 1, 2) for many in (f"correct_responses.{at}.pattern", f"objectives.{at}.id")),
        )
    ),
    *(f"cmi.objectives.{n}.{leaf}" for n in (0, 1, 2) for leaf in ("id", "score.raw")),
]
VALUES = ["a", "b", "c", "a[,]b", "b[,]a", "choice", "sequencing", "likert", "completed", "correct", "1", "true"]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example([(f"{FIRST}type", "sequencing"), (f"{FIRST}type", "choice")], [])
@given(
    st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES)), max_size=60),
    st.lists(st.integers(0, 60), max_size=3),
)
def test_commits_of_random_calls_end_in_the_same_values_with_nothing_refused(
    calls: list[tuple[str, str]], commits: list[int]
) -> None:
    model = data_model(S2004)
    content, server = CmiState(model, STORED), CmiState(model, STORED)
    for at, (name, value) in enumerate(calls):
        content.set(name, value)
        if at in commits or at == len(calls) - 1:
            sent = list(content.take_changes().items())
            assert [answer.value for answer in replay(server, sent)] == ["true"] * len(sent)
            assert server.values == content.values
            assert server.counts == content.counts
