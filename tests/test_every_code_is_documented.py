"""Whatever import and ``check`` can report is explained in the docs."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from scorm_embed import PackageError
from scorm_embed.cli.run_time import RUN_TIME_FINDINGS
from scorm_embed.content import ArchiveWarningCode
from scorm_embed.core.manifest.problems import PROBLEM_KINDS
from scorm_embed.storage import base

DOCS = Path(__file__).resolve().parents[1] / "docs"
ROW = re.compile(r"^\| `([A-Z0-9_]+)` \|(.*)\|$", re.MULTILINE)


def explained(page: str) -> dict[str, str]:
    """The codes of a page's tables, with what stands behind them."""
    return {code: rest.rsplit("|", 1)[-1].strip() for code, rest in ROW.findall((DOCS / page).read_text("utf-8"))}


@pytest.mark.parametrize(
    ("page", "codes"),
    [
        ("manifests.md", set(PROBLEM_KINDS)),
        ("content.md", {code.value for code in ArchiveWarningCode}),
        ("command-line.md", set(RUN_TIME_FINDINGS)),
    ],
)
def test_every_code_has_a_sentence_on_its_page(page: str, codes: set[str]) -> None:
    found = explained(page)
    assert codes - set(found) == set()
    assert [code for code in codes if len(found[code].split()) < 3] == []


def test_the_page_about_content_names_every_error_that_refuses_a_package() -> None:
    text = (DOCS / "content.md").read_text("utf-8") + (DOCS / "manifests.md").read_text("utf-8")
    names = {each.__name__ for each in PackageError.__subclasses__()}
    assert names == {"InvalidFileTypeError", "ManifestNotFoundError", "ManifestParseError"}
    assert {name for name in names if f"`{name}`" not in text} == set()


def test_the_page_about_storage_names_every_list_of_a_storage() -> None:
    text = (DOCS / "storage.md").read_text("utf-8")
    lists = {name for name, _ in inspect.getmembers(base.Storage, inspect.isfunction) if name.startswith("list_")}
    assert "list_versions" in lists
    assert {name for name in lists if f"`{name}`" not in text} == set()
