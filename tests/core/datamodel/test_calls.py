"""Whole sequences of calls through both interpreters: the cases are tests/vectors/calls-*.json.

A call is a method, its arguments, ``=`` and the answer, with the error code after it where the call sets one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Case = dict[str, Any]


def _cases() -> Iterator[Case]:
    for path in sorted((Path(__file__).parents[2] / "vectors").glob("calls-*.json")):
        vector = json.loads(path.read_text("utf-8"))
        for case in vector["cases"]:
            yield {"strictness": "tolerant", "values": {}, "standard": vector["standard"], **case}


def _text(value: str | None) -> str | None:
    repeated = re.fullmatch(r"(.)\*([0-9]+)", value or "")
    return repeated[1] * int(repeated[2]) if repeated else value


@pytest.mark.parametrize("interpreter", ["play_python", "play_javascript"])
@pytest.mark.parametrize("case", list(_cases()), ids=lambda case: f"{case['standard']}: {case['name']}")
def test_calls_answer_in_their_order(case: Case, interpreter: str, request: pytest.FixtureRequest) -> None:
    play: Callable[[Case], dict[str, Any]] = request.getfixturevalue(interpreter)
    ends = [call.index("=") for call in case["calls"]]
    calls = [[call[0], *map(_text, call[1:end])] for call, end in zip(case["calls"], ends, strict=True)]
    values = {name: _text(value) for name, value in case["values"].items()}
    played = play({**case, "calls": calls, "values": values})
    for call, end, answer in zip(case["calls"], ends, played["answers"], strict=True):
        expected = call[end + 1 :]
        assert answer[: len(expected)] == expected, call
    for part, left in (("values_after", "values"), ("changes", "changes"), ("tolerated", "tolerated")):
        if part in case:
            assert played[left] == case[part]
