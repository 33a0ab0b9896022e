"""The site's menu holds every page once, and its references leave nothing out."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

import scorm_embed
import scorm_embed.testing
from scorm_embed.web.openapi import openapi_document

pytest.importorskip("mkdocs", reason="the extra docs is not installed")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def hooks(script_module: Callable[[str], ModuleType]) -> ModuleType:
    return script_module("docs_hooks")


def test_the_menu_is_the_overview_with_the_generated_references(hooks: ModuleType) -> None:
    menu = hooks.menu((ROOT / "docs" / "index.md").read_text("utf-8"))
    assert menu[0] == {"Overview": "index.md"}
    sections = {title: pages for entry in menu[1:] for title, pages in entry.items()}
    listed = [path for pages in sections.values() for page in pages for path in page.values()]
    written = {page.relative_to(ROOT / "docs").as_posix() for page in (ROOT / "docs").rglob("*.md")} - {"index.md"}
    assert sorted(listed) == sorted(written | {"reference/http.md", "reference/python.md"})
    assert {"HTTP API, every call": "reference/http.md"} in sections["Reference"]


def test_the_reference_of_the_http_api_holds_each_call_parameter_error_and_shape(hooks: ModuleType) -> None:
    document = openapi_document()
    page = hooks.http_reference(document)
    for path, item in document["paths"].items():
        for method in set(item) - {"parameters"}:
            section = page.split(f"`{method.upper()} {path}`\n")[1].split("\n## ")[0]
            operation = item[method]
            assert f"`{operation['operationId']}`" in section
            for parameter in [*item.get("parameters", []), *operation.get("parameters", [])]:
                assert f"| `{parameter['name']}` | {parameter['in']} |" in section
            for status, answer in operation["responses"].items():
                assert re.search(rf"^\| `{status}` \| .*{re.escape(answer['description'])} \|$", section, re.M)
    assert all(f"\n### {name}\n" in page for name in document["components"]["schemas"])
    targets = set(re.findall(r"\]\(#([a-z]+)\)", page))
    assert targets <= {title.lower() for title in re.findall(r"^### (\w+)$", page, re.M)}


def test_the_reference_of_python_holds_each_public_name(hooks: ModuleType) -> None:
    directives = set(re.findall(r"^::: .*\.(\w+)$", hooks.python_reference(), re.M))
    assert set(scorm_embed.__all__) | set(scorm_embed.testing.__all__) <= directives
