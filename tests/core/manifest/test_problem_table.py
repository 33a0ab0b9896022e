"""The problem table: codes, sentences, the page that documents them, and the log that collects them."""

from __future__ import annotations

import html
import re
from pathlib import Path

from scorm_embed.core.manifest import problems
from scorm_embed.core.manifest.problems import (
    FILE_MISSING,
    PROBLEM_KINDS,
    SAME_CODE_MAX,
    TITLE_MISSING,
    ProblemLog,
    Severity,
    make_problem,
)

PAGE = Path(__file__).resolve().parents[3] / "docs" / "manifests.md"
ROW = re.compile(r"^\| `([A-Z0-9_]+)` \| (\w+) \| (yes|no) \| (.*) \|$", re.MULTILINE)


def test_the_page_lists_every_problem_with_its_severity_and_sentence() -> None:
    listed = {
        code: (severity, repaired, html.unescape(text))
        for code, severity, repaired, text in ROW.findall(PAGE.read_text("utf-8"))
    }

    assert listed == {
        code: (kind.severity.value, "yes" if kind.repaired else "no", kind.sentence)
        for code, kind in PROBLEM_KINDS.items()
    }


def test_the_example_of_the_page_works() -> None:
    example = re.search(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)

    assert example is not None
    exec(compile(example[1], str(PAGE), "exec"), {})


def test_every_code_is_the_name_of_its_constant_and_every_sentence_ends() -> None:
    for code, kind in PROBLEM_KINDS.items():
        assert getattr(problems, code) is kind
        assert re.fullmatch(r"[A-Z][A-Z0-9_]+", code)
        assert kind.sentence.endswith((".", "tracked.")), code


def test_problems_come_worst_first_and_otherwise_as_they_were_found() -> None:
    log = ProblemLog()
    log.add(problems.BARE_AMPERSAND, line=3)
    log.add(FILE_MISSING, line=2, name="b")
    log.add(problems.LAUNCH_FILE_MISSING, line=9, name="c", identifier="i")
    log.add(FILE_MISSING, line=1, name="a")

    assert [(problem.severity, problem.line) for problem in log.problems()] == [
        (Severity.BLOCKS, 9),
        (Severity.HURTS, 2),
        (Severity.HURTS, 1),
        (Severity.UNTIDY, 3),
    ]


def test_many_problems_of_one_kind_are_counted() -> None:
    log = ProblemLog()
    for number in range(SAME_CODE_MAX + 1):
        log.add(FILE_MISSING, name=str(number))

    found = log.problems()
    assert len(found) == SAME_CODE_MAX + 1
    assert found[-1].message == "FILE_MISSING was found 1 more times."


def test_exactly_as_many_as_are_reported_leave_nothing_to_count() -> None:
    log = ProblemLog()
    for number in range(SAME_CODE_MAX):
        log.add(FILE_MISSING, name=str(number))

    assert {problem.code for problem in log.problems()} == {"FILE_MISSING"}


def test_a_problem_that_is_reported_once_is_reported_once_per_subject() -> None:
    log = ProblemLog()
    for name in ("a", "b", "a"):
        log.add_once(FILE_MISSING, name, name=name)

    assert [problem.message.split("'")[1] for problem in log.problems()] == ["a", "b"]


def test_a_long_value_is_shortened_in_the_sentence_and_the_place() -> None:
    problem = make_problem(TITLE_MISSING, path="p" * 500, name="item", title="t" * 500)

    assert problem.message == f"The item has no title; '{'t' * 199}…' is shown."
    assert problem.path == "p" * 199 + "…"


def test_a_value_with_braces_is_only_text() -> None:
    assert make_problem(TITLE_MISSING, name="item", title="{0} {name.__class__}").message == (
        "The item has no title; '{0} {name.__class__}' is shown."
    )


def test_a_problem_is_facts_for_json() -> None:
    assert make_problem(FILE_MISSING, line=4, path="a.css", name="a.css").as_dict() == {
        "code": "FILE_MISSING",
        "severity": "hurts",
        "message": "The file 'a.css' is listed but not in the package.",
        "line": 4,
        "path": "a.css",
        "repaired": False,
    }
