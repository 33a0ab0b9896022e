"""Every element, read and written through both interpreters: the cases are tests/vectors/elements-*.json.

A vector says of each element what it reads as, which values it takes, which it refuses and with what code, and which
only the tolerant reading takes. ``x*5`` stands for five times x.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scorm_embed.core.datamodel import data_model
from scorm_embed.core.standard import Standard

VECTORS = [
    json.loads(path.read_text("utf-8"))
    for path in sorted((Path(__file__).parents[2] / "vectors").glob("elements-*.json"))
]
LISTS = ("accept", "refuse", "range")
OVERLONG = {True: 351, False: 405}

Play = Callable[[dict[str, Any]], dict[str, Any]]
Element = tuple[Standard, str, dict[str, Any]]


def _merged(vector: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    """An element's facts with those of its kind; what ``except`` names is left out."""
    kind = vector["kinds"].get(facts.get("kind"), {})
    merged = {**kind, **facts, "refused": vector["refused"]}
    for name in LISTS:
        values = [*kind.get(name, []), *facts.get(name, [])]
        merged[name] = [value for value in values if value not in facts.get("except", [])]
    tolerated = {**kind.get("tolerate", {}), **facts.get("tolerate", {})}
    merged["tolerate"] = {value: rule for value, rule in tolerated.items() if value not in facts.get("except", [])}
    return merged


def _elements() -> Iterator[Element]:
    for vector in VECTORS:
        for standard in map(Standard, vector["standards"]):
            elements = {name: _merged(vector, facts) for name, facts in vector["elements"].items()}
            for name, facts in elements.items():
                siblings = [other for other in elements if _collection(other) == _collection(name) and other != name]
                yield (
                    standard,
                    name,
                    {**facts, "sibling": elements[siblings[0]] if siblings else None, "by": siblings[:1]},
                )


def _collection(name: str) -> str:
    return name.rpartition(".n.")[0]


def _newest(elements: Iterator[Element]) -> list[Element]:
    """The elements of SCORM 1.2 and of the newest edition of SCORM 2004."""
    return [element for element in elements if element[0] in (Standard.SCORM_12, Standard.SCORM_2004_4TH)]


def _names(element: Element) -> str:
    return f"{element[0].value}-{element[1]}"


def _text(value: str) -> str:
    repeated = re.fullmatch(r"(.)\*([0-9]+)", value)
    return repeated[1] * int(repeated[2]) if repeated else value


def _full(name: str, facts: dict[str, Any]) -> str:
    return str(facts.get("name", name.replace(".n.", ".0.")))


def _needed(name: str, facts: dict[str, Any]) -> dict[str, str]:
    """What must be there before the element can be set."""
    record = ".".join(name.split(".")[:2]) + ".0."
    values = {"id": "record_1", "type": facts.get("type", "other")}
    return {record + need: values[need] for need in facts.get("needs", [])} | facts.get("record", {})


def _existing(name: str, facts: dict[str, Any]) -> dict[str, str]:
    """What makes the element's record exist without the element itself."""
    values = _needed(name, facts)
    if ".n." in name and facts["by"]:
        sibling = facts["sibling"]
        value = sibling.get("seed") or next(value for value in sibling["accept"] if value and "*" not in value)
        values[_full(facts["by"][0], sibling)] = value
    return values


def _session(element: Element, strictness: str, values: dict[str, str], *calls: list[str]) -> dict[str, Any]:
    prefix = "" if element[0].is_2004 else "LMS"
    named = [[f"{prefix}{method}", *arguments] for method, *arguments in (["Initialize", ""], *calls)]
    return {"standard": element[0].value, "strictness": strictness, "values": values, "calls": named}


@pytest.fixture(params=["play_python", "play_javascript"])
def play(request: pytest.FixtureRequest) -> Play:
    """One of the two interpreters."""
    answer: Play = request.getfixturevalue(request.param)
    return answer


def _unread(element: Element) -> list[str]:
    """What GetValue answers for an element of a record that exists, while it has no value."""
    standard, name, facts = element
    if "write_only" in facts:
        return ["", str(facts["write_only"])]
    if "get" in facts:
        return [facts["get"], "0"]
    exists = ".n." not in name or facts["by"] or "record" in facts
    assert standard.is_2004, "every readable element of SCORM 1.2 reads as something"
    return ["", "403" if exists else "301"]


@pytest.mark.parametrize("element", list(_elements()), ids=_names)
def test_an_element_without_a_value_reads_as_its_default_or_not_at_all(element: Element, play: Play) -> None:
    standard, name, facts = element
    full = _full(name, facts)
    played = play(_session(element, "tolerant", _existing(name, facts), ["GetValue", full]))
    absent = standard.edition < facts.get("since", 0)
    no_record = ".n." in name and not facts["by"] and "record" not in facts
    if absent:
        assert played["answers"][1][:2] == ["", "401"]
    elif no_record:
        assert played["answers"][1][:2] == ["", "301" if standard.is_2004 else "201"]
    else:
        assert played["answers"][1][:2] == _unread(element)


@pytest.mark.parametrize(
    "element", [e for e in _newest(_elements()) if ".n." in e[1] and "record" not in e[2]], ids=_names
)
def test_an_element_of_a_record_that_does_not_exist_cannot_be_read(element: Element, play: Play) -> None:
    standard, name, facts = element
    played = play(_session(element, "tolerant", {}, ["GetValue", _full(name, facts)]))
    assert played["answers"][1][:2] == ["", "301" if standard.is_2004 else "201"]


@pytest.mark.parametrize("element", [e for e in _elements() if e[0].edition < e[2].get("since", 0)], ids=_names)
def test_an_element_that_is_newer_than_the_edition_is_undefined(element: Element, play: Play) -> None:
    _, name, facts = element
    full = _full(name, facts)
    played = play(_session(element, "tolerant", _existing(name, facts), ["SetValue", full, "1"], ["GetValue", full]))
    assert [answer[:2] for answer in played["answers"][1:]] == [["false", "401"], ["", "401"]]


@pytest.mark.parametrize("strictness", ["conformant", "tolerant"])
@pytest.mark.parametrize("element", _newest(_elements()), ids=_names)
def test_a_value_that_fits_is_stored_as_it_was_written(element: Element, strictness: str, play: Play) -> None:
    _, name, facts = element
    full = _full(name, facts)
    for value in map(_text, facts["accept"]):
        played = play(
            _session(element, strictness, _needed(name, facts), ["SetValue", full, value], ["GetValue", full])
        )
        read = ["", str(facts["write_only"])] if "write_only" in facts else [value, "0"]
        assert [answer[:2] for answer in played["answers"]] == [["true", "0"], ["true", "0"], read], value[:50]
        assert played["values"][full] == value
        assert played["changes"] == [[full, value]]
        assert played["changed"] == 1


@pytest.mark.parametrize("strictness", ["conformant", "tolerant"])
@pytest.mark.parametrize("element", [e for e in _newest(_elements()) if "read_only" not in e[2]], ids=_names)
def test_a_value_that_does_not_fit_is_refused_and_changes_nothing(
    element: Element, strictness: str, play: Play
) -> None:
    standard, name, facts = element
    full = _full(name, facts)
    refused = dict.fromkeys(facts["refuse"], facts["refused"])
    refused |= dict.fromkeys(facts["range"], 407)
    refused |= dict.fromkeys(facts.get("overlong", []), OVERLONG[standard.is_2004])
    for value, code in refused.items():
        played = play(_session(element, strictness, _needed(name, facts), ["SetValue", full, _text(value)]))
        assert played["answers"][1][:2] == ["false", str(code)], value
        assert 0 < len(played["answers"][1][2]) < 255, value
        assert full not in played["values"]
        assert played["changes"] == []
        assert played["tolerated"] == []


@pytest.mark.parametrize("element", [e for e in _newest(_elements()) if e[2]["tolerate"]], ids=_names)
def test_a_known_deviation_is_kept_and_noted_in_the_tolerant_reading_only(element: Element, play: Play) -> None:
    _, name, facts = element
    full = _full(name, facts)
    for value, rule in facts["tolerate"].items():
        call = ["SetValue", full, _text(value)]
        strict = play(_session(element, "conformant", _needed(name, facts), call))
        assert strict["answers"][1][:2] == ["false", str(facts["refused"])], value
        assert strict["changes"] == []
        tolerant = play(_session(element, "tolerant", _needed(name, facts), call))
        assert tolerant["answers"][1][:2] == ["true", "0"], value
        assert tolerant["values"][full] == _text(value)
        assert tolerant["tolerated"] == [[full, rule]]


@pytest.mark.parametrize("strictness", ["conformant", "tolerant"])
@pytest.mark.parametrize("element", [e for e in _newest(_elements()) if "read_only" in e[2]], ids=_names)
def test_an_element_that_only_the_lms_writes_keeps_its_value(element: Element, strictness: str, play: Play) -> None:
    _, name, facts = element
    full = _full(name, facts)
    values = _existing(name, facts) | ({full: facts["seed"]} if "seed" in facts else {})
    value = facts.get("seed", facts.get("get"))
    for attempt in (value, "not a value of any type", ""):
        played = play(_session(element, strictness, values, ["SetValue", full, attempt], ["GetValue", full]))
        assert [answer[:2] for answer in played["answers"][1:]] == [["false", str(facts["read_only"])], [value, "0"]]


@pytest.mark.parametrize("element", [e for e in _newest(_elements()) if e[2].get("needs")], ids=_names)
def test_an_element_cannot_be_set_before_what_it_depends_on(element: Element, play: Play) -> None:
    _, name, facts = element
    needed = _needed(name, facts)
    for missing in needed:
        values = {other: value for other, value in needed.items() if other != missing}
        played = play(_session(element, "tolerant", values, ["SetValue", _full(name, facts), facts["accept"][0]]))
        assert played["answers"][1][:2] == ["false", "408"], missing
        assert missing in played["answers"][1][2]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["standards"][0])
def test_keywords_answer_for_collections_and_groups_and_cannot_be_set(vector: dict[str, Any], play: Play) -> None:
    standard = Standard(vector["standards"][-1])
    records = {"cmi.objectives.0.id": "o", "cmi.interactions.0.id": "i", "cmi.interactions.0.objectives.0.id": "o"}
    records["cmi.interactions.0.correct_responses.0.pattern"] = "a"
    if standard.is_2004:
        records |= {"cmi.comments_from_learner.0.comment": "c", "cmi.comments_from_lms.0.comment": "c"}
    for name, (value, code) in vector["keywords"].items():
        element = (standard, name, {})
        played = play(_session(element, "tolerant", records, ["GetValue", name], ["SetValue", name, "1"]))
        set_code = 401 if code == 401 and not name.endswith("_version") else vector["keyword_set"]
        assert played["answers"][1][:2] == [value, str(code)], name
        assert played["answers"][2][:2] == ["false", str(set_code)], name


def _interactions() -> Iterator[tuple[str, str, dict[str, Any]]]:
    vector = next(vector for vector in VECTORS if "responses" in vector)
    for part, leaf in (("responses", "learner_response"), ("patterns", "correct_responses.0.pattern")):
        for kind, facts in vector[part].items():
            yield kind, f"cmi.interactions.0.{leaf}", _merged(vector, facts)


@pytest.mark.parametrize(
    ("kind", "name", "facts"), list(_interactions()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_response_is_checked_by_the_type_of_its_interaction(
    kind: str, name: str, facts: dict[str, Any], play: Play
) -> None:
    element = (Standard.SCORM_2004_4TH, name, facts)
    values = {"cmi.interactions.0.id": "q", "cmi.interactions.0.type": kind}
    outcomes = {value: ("true", "true", []) for value in facts["accept"]}
    outcomes |= {value: ("false", "false", []) for value in [*facts["refuse"], *facts["range"]]}
    outcomes |= {value: ("false", "true", [[name, rule]]) for value, rule in facts["tolerate"].items()}
    for value, (conformant, tolerant, noted) in outcomes.items():
        call = ["SetValue", name, value]
        strict, kept = (play(_session(element, reading, values, call)) for reading in ("conformant", "tolerant"))
        assert strict["answers"][1][:2] == [conformant, "0" if conformant == "true" else "406"], value
        assert kept["answers"][1][:2] == [tolerant, "0" if tolerant == "true" else "406"], value
        assert kept["tolerated"] == noted, value


@pytest.mark.parametrize("standard", list(Standard))
def test_the_vectors_name_every_row_of_the_table(standard: Standard) -> None:
    named = {
        name for other, name, facts in _elements() if other is standard and standard.edition >= facts.get("since", 0)
    }
    assert named == set(data_model(standard).elements)
