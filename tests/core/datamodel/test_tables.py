"""The browser's tables: fresh, small, and complete; the browser's checks name no rule that Python does not know."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from scorm_embed.core.datamodel import DataLimits, Element, data_model
from scorm_embed.core.datamodel.error_codes import DIAGNOSTIC_CHARS_MAX, EXPECTS, Reason, codes, error_strings, explain
from scorm_embed.core.datamodel.export import export_table
from scorm_embed.core.standard import Standard
from scorm_embed.core.values import Rule

ROOT = Path(__file__).parents[3]
PLAYER = ROOT / "src/scorm_embed/web/static/player"


def test_the_generated_tables_are_fresh() -> None:
    command = [sys.executable, str(ROOT / "scripts/generate-tables"), "--check"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (answer.stdout, answer.returncode) == ("", 0)


def test_the_browser_knows_every_tolerated_rule_and_no_other() -> None:
    scripts = ("values.js", "checks12.js", "checks2004.js", "cmi.js")
    source = "".join((PLAYER / name).read_text("utf-8") for name in scripts)
    named = {
        rule for rule in re.findall(r'"([a-z]+(?:-[a-z]+)*)"', source) if rule in {member.value for member in Rule}
    }
    assert named == {member.value for member in Rule}


@pytest.mark.parametrize("is_2004", [False, True])
def test_every_type_of_the_table_has_a_check_in_the_browser(is_2004: bool) -> None:
    source = (PLAYER / f"checks{'2004' if is_2004 else '12'}.js").read_text("utf-8")
    checks = source[source.index("export default") :]
    model = data_model(Standard.SCORM_2004_4TH if is_2004 else Standard.SCORM_12)
    types = {row.type.value for row in model.elements.values()}
    assert {kind for kind in types if not re.search(rf"^  {kind}[:,]", checks, re.MULTILINE)} == set()


@pytest.mark.parametrize("is_2004", [False, True])
def test_the_export_holds_all_rows_in_their_order(is_2004: bool) -> None:
    standard = Standard.SCORM_2004_4TH if is_2004 else Standard.SCORM_12
    rows = export_table(is_2004=is_2004)["rows"]
    assert isinstance(rows, list)
    assert [row[0] for row in rows if isinstance(row, list)] == [row.name for row in data_model(standard).rows]


@pytest.mark.parametrize(
    ("table", "checks", "kilobytes"), [("tables12.js", "checks12.js", 11), ("tables2004.js", "checks2004.js", 13)]
)
def test_what_a_course_loads_of_the_data_model_stays_small(table: str, checks: str, kilobytes: int) -> None:
    files = (table, checks, "values.js", "cmi.js")
    assert sum(len(gzip.compress((PLAYER / name).read_bytes(), 9)) for name in files) < kilobytes * 1000


@pytest.mark.parametrize("standard", [Standard.SCORM_12, Standard.SCORM_2004_4TH])
def test_every_reason_has_codes_that_the_standard_knows(standard: Standard) -> None:
    known = error_strings(standard)
    assert all(code in known for pair in codes(standard).values() for code in pair)


def test_every_diagnostic_names_the_element_and_fits() -> None:
    for reason in set(Reason) - {Reason.EMPTY}:
        told = explain(reason, "cmi.interactions.3.id", "detail")
        assert "cmi.interactions.3.id" in told
        assert len(explain(reason, "e" * 5000, "d" * 5000)) <= DIAGNOSTIC_CHARS_MAX
    assert set(EXPECTS) >= {row.type for row in data_model(Standard.SCORM_12).elements.values()}


def test_the_documentation_lists_every_rule_and_every_limit() -> None:
    page = (ROOT / "docs/data-model.md").read_text("utf-8")
    names = {rule.value for rule in Rule} | {field.name for field in fields(DataLimits)}
    assert {name for name in names if f"| `{name}` |" not in page} == set()


@pytest.mark.parametrize("standard", list(Standard))
def test_rows_refer_only_to_rows_that_exist(standard: Standard) -> None:
    model = data_model(standard)
    for row in model.rows:
        if isinstance(row, Element):
            outermost = ".n.".join(row.name.split(".n.")[:1])
            assert all(f"{outermost}.n.{needed}" in model.elements for needed in row.requires)
            assert set(row.reserved) <= set(row.vocabulary)
            if row.override:
                assert {row.override.threshold, row.override.measure} <= set(model.elements)


@pytest.mark.parametrize("standard", list(Standard))
def test_every_list_of_requirements_begins_like_every_longer_one(standard: Standard) -> None:
    """The browser counts how many are met."""
    lists: dict[str, list[tuple[str, ...]]] = {}
    for row in data_model(standard).elements.values():
        if row.requires:
            lists.setdefault(row.name.split(".n.")[0], []).append(row.requires)
    for requirements in lists.values():
        longest = max(requirements, key=len)
        assert all(longest[: len(some)] == some for some in requirements)
    assert bool(lists) is standard.is_2004
