"""Random calls to both interpreters, which must agree call by call.

SCORM_EMBED_DIFFERENTIAL_CALLS sets how many calls each standard and reading gets (default 1,500).
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from scorm_embed.core.datamodel import Collection, Element, data_model
from scorm_embed.core.standard import Standard

CALLS_EACH = 25
CALLS = int(os.environ.get("SCORM_EMBED_DIFFERENTIAL_CALLS", "1500"))

_VALUES = [
    "",
    " ",
    "0",
    "1",
    "-1",
    "0.5",
    "1.0000999",
    "-0.0",
    "+3",
    "1e-7",
    ".5",
    "5.",
    "100",
    "101",
    "-100",
    "3,5",
    "NaN",
    "Infinity",
    "0x10",
    "9" * 30,
    "true",
    "false",
    "t",
    "F",
    "0.1.2",
    "٣",
    "１",
    "passed",
    "failed",
    "completed",
    "incomplete",
    "browsed",
    "not attempted",
    "unknown",
    "Passed",
    "suspend",
    "logout",
    "time-out",
    "normal",
    "correct",
    "wrong",
    "incorrect",
    "neutral",
    "choice",
    "numeric",
    "matching",
    "performance",
    "sequencing",
    "likert",
    "fill-in",
    "long-fill-in",
    "true-false",
    "other",
    "continue",
    "exitAll",
    "_none_",
    "{target=item_1}choice",
    "{target=item.1}jump",
    "{target=}choice",
    "PT1H",
    "PT1H30M5.25S",
    "P1Y2M3DT4H5M6S",
    "P",
    "PT",
    "P1DT",
    "PT5.123S",
    "PT5,5S",
    "PT5.S",
    "1:2:3",
    "01:02:03",
    "0001:02:03.45",
    "00:00:1.5",
    "12345:00:00",
    "00:00:00.123",
    "00:00:00,5",
    "23:59:59",
    "24:00:00",
    "9:05:03",
    "12:60:00",
    "pt1h",
    "-PT1H",
    "2025",
    "2025-02",
    "2025-02-29",
    "2024-02-29",
    "2025-01-31T14:30:00",
    "2025-01-31T14:30:00Z",
    "2025-01-31T14:30:00.123Z",
    "2025-01-31T14:30:00.5+02:30",
    "2025-01-31T24:00",
    "2025-13",
    "1969",
    "2039-01-01",
    "2025-01-31T14:30:00.1-24",
    "2025-01-31T14:30+02",
    "2025-01-31T",
    "q1",
    "q 1",
    "urn:",
    "URN:",
    "urn:x:y",
    "urn:x",
    "http://a/b?c#d",
    "http:",
    "a:b",
    "1:b",
    "a#b#c",
    "%zz",
    "%41",
    "a/b:c",
    "ümlaut",
    "a\u00a0b",
    "\u3000",
    "[x]",
    "{lang=en}",
    "{lang=en}text",
    "{lang=en-US}x",
    "{lang=frl}x",
    "{lang=}",
    "{lang=en",
    "{lang=en_US}x",
    "{lang=x-any}",
    "{lang=qaa}",
    "{lang=en-XX}",
    "de-1996",
    "zh-min-nan",
    "i",
    "x-",
    "sgn-BE-fr",
    "a[,]b",
    "b[,]a",
    "a[,]a",
    "[,]",
    "a[,]",
    "a[.]b",
    "a[.]b[,]c[.]d",
    "a[.]b[.]c",
    "[.]",
    "a[.]",
    "[.]b",
    "a[.]1[:]2",
    "a[.]2[:]1",
    "1[:]5",
    "5[:]1",
    "[:]",
    "1[:]",
    "[:]x",
    "1e1[:]5",
    "a b[.]c",
    "{case_matters=true}a",
    "{case_matters=yes}a",
    "{order_matters=false}{case_matters=true}a[,]{lang=fr}b",
    "{order_matters=true}a[.]b",
    "{case_matters=true}{case_matters=true}a",
    "{case_matters=true",
    "a,b",
    "{a,b}",
    "{a.1,b.2}",
    "a.1",
    "{}",
    "a\nb",
    "x" * 255,
    "x" * 256,
    "x" * 4096,
    "x" * 4097,
    "😀" * 200,
    "exit,message",
    "$& $1",
    "{e} {d}",
]
_STRAY = [
    "",
    "cmi",
    "cmi.core",
    "cmi.score",
    "cmi.objectives",
    "cmi.objectives.0",
    "cmi.bogus",
    "cmi.core.bogus",
    "xyz.score",
    "cmi.objectives.0.bogus",
    "cmi.objectives.7.bogus",
    "cmi.objectives.x.id",
    "cmi.objectives.-1.id",
    "cmi.objectives.id",
    "cmi.objectives.01.id",
    "cmi.objectives.00.id",
    "cmi.objectives.99999999999999999999.id",
    "cmi.interactions.n.id",
    "cmi.interactions.n",
    "cmi.n.id",
    "cmi.location.x",
    "cmi..x",
    ".",
    "cmi.",
    "_children",
    "_version",
    "adl.nav.request_valid",
    "adl.nav.request_valid.exit",
    "adl.nav.request_valid.choice.{target=item_1}",
    "adl.nav.request_valid.choice.{target=a.b}",
    "adl.nav.request_valid.choice.x",
    "adl.nav.request_valid.choice.{target=}",
    "adl.nav.request_valid.choice._count",
    "adl.nav.request_valid.jump.{target=item_1}",
    "adl.nav.request_valid.jump.{target=_x._y}",
    "nav.event",
    "constructor",
    "__proto__",
    "cmi.__proto__",
    "toString",
    "cmi.objectives.0.__proto__",
    "cmi.objectives_0.id",
    "CMI.location",
    "adl.data.0._read",
    "cmi.😀." + "y" * 300,
]
_INDICES = ["0", "0", "0", "1", "1", "2", "3", "5"]


def _names(standard: Standard) -> st.SearchStrategy[str]:
    model = data_model(standard)
    known = [row.name for row in model.rows if isinstance(row, Element)]
    indexed = [name for name in known if ".n." in name]
    keywords = [
        f"{row.name}.{word}" for row in model.rows if isinstance(row, Collection) for word in ("_count", "_children")
    ]
    keywords += [
        f"{name}.{word}"
        for name in [*known, "cmi.score", "cmi.core", "cmi.core.score", "cmi.objectives.n.score", "cmi", "adl.nav"]
        for word in ("_children", "_count", "_version")
    ]
    pattern = st.one_of(
        st.sampled_from(known),
        st.sampled_from(indexed),
        st.sampled_from(indexed),
        st.sampled_from(keywords),
        st.sampled_from(_STRAY),
    )
    return st.builds(_indexed, pattern, st.lists(st.sampled_from(_INDICES), min_size=2, max_size=2))


def _indexed(name: str, indices: list[str]) -> str:
    if name in _STRAY:
        return name
    for index in indices:
        name = name.replace(".n.", f".{index}.", 1)
    return name


def _typical(standard: Standard, name: str) -> st.SearchStrategy[str]:
    """A value that often fits, so that random calls get beyond the first check."""
    parts = ["n" if part.isdigit() else part for part in name.split(".")]
    row = data_model(standard).elements.get(".".join(parts))
    words = list(row.vocabulary) if row else []
    if name.endswith(".id"):
        words += ["q1", "q2", "q3"]
    return st.sampled_from(words or _VALUES)


@st.composite
def _cases(draw: st.DrawFn, standard: Standard, strictness: str) -> dict[str, Any]:
    prefix = "" if standard.is_2004 else "LMS"
    names = _names(standard)
    values = (
        {
            "cmi.learner_id": "l1",
            "cmi.objectives.0.id": "obj",
            "adl.data.0.id": "d0",
            "adl.data.1.id": "d1",
            "adl.data.1._read": "false",
            "adl.data.2.id": "d2",
            "adl.data.2._write": "false",
        }
        if standard.edition == 4
        else {}
    )
    if standard.is_2004 and draw(st.booleans()):
        values |= {
            "cmi.completion_threshold": draw(st.sampled_from(["0.6", "1", "x"])),
            "cmi.scaled_passing_score": "0.5",
        }
    case: dict[str, Any] = {"standard": standard.value, "strictness": strictness, "values": values, "calls": []}
    if draw(st.booleans()):
        case["validities"] = {
            "adl.nav.request_valid.continue": "true",
            "adl.nav.request_valid.choice.{target=a.b}": "false",
        }
    if draw(st.integers(0, 3)) == 0:
        case["limits"] = {"value_chars_max": 4200, "records_max": 2} | (
            {} if standard.is_2004 else {"suspend_data_chars_max": 4100}
        )
    finish = "Terminate" if standard.is_2004 else "LMSFinish"
    if draw(st.integers(0, 9)) > 0:
        case["calls"].append([f"{prefix}Initialize", ""])
    for _ in range(CALLS_EACH - 1):
        kind = draw(st.integers(0, 99))
        if kind < 62:
            name = draw(names)
            value = draw(st.one_of(st.sampled_from(_VALUES), _typical(standard, name), st.text(max_size=6)))
            case["calls"].append([f"{prefix}SetValue", name, value])
        elif kind < 92:
            case["calls"].append([f"{prefix}GetValue", draw(names)])
        else:
            method = draw(
                st.sampled_from(
                    [
                        f"{prefix}Initialize",
                        finish,
                        f"{prefix}Commit",
                        f"{prefix}GetErrorString",
                        f"{prefix}GetDiagnostic",
                        f"{prefix}SetValue",
                    ]
                )
            )
            arguments = draw(st.lists(st.sampled_from(["", "x", "0", "201", "301", "401", "999", None]), max_size=2))
            case["calls"].append([method, *arguments])
    if draw(st.integers(0, 9)) == 0:
        case["hooks"] = {draw(st.sampled_from(["initialize", "commit", "terminate"])): False}
    return case


@pytest.mark.parametrize("strictness", ["conformant", "tolerant"])
@pytest.mark.parametrize("standard", list(Standard))
def test_both_interpreters_answer_every_call_alike(
    standard: Standard, strictness: str, play_python: Any, play_javascript: Any
) -> None:
    @settings(
        max_examples=max(1, CALLS // CALLS_EACH),
        deadline=None,
        database=None,
        derandomize="SCORM_EMBED_DIFFERENTIAL_CALLS" not in os.environ,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.function_scoped_fixture,
            HealthCheck.data_too_large,
            HealthCheck.large_base_example,
        ],
    )
    @given(_cases(standard, strictness))
    def agree(case: dict[str, Any]) -> None:
        python, javascript = play_python(case), play_javascript(case)
        for call, expected, answer in zip(case["calls"], python["answers"], javascript["answers"], strict=True):
            assert answer == expected, call
        assert javascript == python

    agree()
