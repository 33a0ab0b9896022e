"""The pages about this floor name what there is, and nothing that there is not."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from pathlib import Path

import pytest

from scorm_embed.engine.effects import Happening
from scorm_embed.web.identity import Action, Scope
from scorm_embed.web.methods import Methods
from scorm_embed.web.openapi.document import STATUSES
from scorm_embed.web.options import Options
from scorm_embed.web.routes.table import ROUTES
from scorm_embed.web.routing import Access, Route, Side

DOCS = Path(__file__).parents[2] / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def table(text: str, heading: str) -> str:
    return text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]


def test_every_option_is_explained_once() -> None:
    rows = [line.split("|")[1] for line in table(page("mounting.md"), "Options").splitlines() if line.startswith("| `")]
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(named) == sorted(option.name for option in fields(Options))


def test_every_method_is_listed() -> None:
    text = table(page("mounting.md"), "Calling it from your own code")
    for name, _ in inspect.getmembers(Methods, inspect.iscoroutinefunction):
        assert f"`{name}`" in text, name


def test_every_event_is_listed() -> None:
    text = table(page("mounting.md"), "Being told what happens")
    for event in Happening:
        assert f"`{event.value}`" in text


def test_every_error_code_stands_beside_its_status() -> None:
    listed: dict[str, int] = {}
    for line in table(page("http-api.md"), "Errors").splitlines():
        if row := re.match(r"\| (\d{3}) \|(.*)", line):
            listed |= {code: int(row[1]) for code in re.findall(r"`([A-Z_]+)`", row[2])}
    assert listed == STATUSES


API_ROUTES = [route for route in ROUTES if route.side is Side.API]


@pytest.mark.parametrize("route", API_ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_route_is_listed_with_its_scope(route: Route) -> None:
    start = f"| `{route.method} {route.path}` |"
    found = [line for line in page("http-api.md").splitlines() if line.startswith(start)]
    assert len(found) == 1
    if route.access is Access.CALLER:
        assert found[0].split("|")[2].strip() == route.scope.value


def test_every_action_and_scope_is_explained() -> None:
    text = page("users-and-permissions.md")
    for word in [*Action, *Scope]:
        assert f"| `{word.value}` |" in text
