"""The page about conformance lists the cases that there are, and claims no result that a run did not give."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def script(script_module: Callable[[str], ModuleType]) -> ModuleType:
    return script_module("conformance_page")


@pytest.fixture
def page(script: ModuleType) -> str:
    return str(script.PAGE.read_text("utf-8"))


@pytest.mark.shared
def test_the_page_names_exactly_the_cases_that_there_are(
    script: ModuleType, page: str, conformance_folder: Path
) -> None:
    cases = sorted(path.stem for path in (conformance_folder / "cases").glob("*.json") if path.stem[0] != "_")
    assert sorted(script.cases_of(page)) == cases


def test_the_page_is_what_a_run_without_failures_gives(script: ModuleType, page: str) -> None:
    assert script.differences(page, dict.fromkeys(script.cases_of(page), True)) == ""


def test_a_case_that_failed_and_one_that_was_not_played_are_differences(script: ModuleType, page: str) -> None:
    passed = dict.fromkeys(script.cases_of(page), True)
    found = script.differences(page, {**passed, "CT-06": False})
    assert "+| CT | 2 of 3 | CT-04, **CT-06**, CT-07 |" in found
    del passed["API"]
    assert "-| API | 1 of 1 | API |" in script.differences(page, passed)


def test_what_is_written_from_a_report_is_on_the_page_and_nothing_else_changes(
    script: ModuleType, page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report, copy = tmp_path / "report.json", tmp_path / "page.md"
    copy.write_text(page, "utf-8")
    monkeypatch.setattr(script, "PAGE", copy)
    report.write_text(json.dumps([{"case": "T-01a", "passed": True}, {"case": "T-01b", "passed": False}]))
    assert script.main(["check", str(report)]) == 1
    assert script.main(["write", str(report)]) == 0
    assert script.main(["check", str(report)]) == 0
    written = copy.read_text("utf-8")
    assert "in a browser: 1 of 2 cases passed." in written
    assert script.cases_of(written) == ["T-01a", "T-01b"]
    assert written.replace(script.shown(written), "") == page.replace(script.shown(page), "")
