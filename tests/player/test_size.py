"""What the player loads before the course stays within its budget."""

from __future__ import annotations

import asyncio
import importlib.util
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scorm_embed.core.standard import Standard

MEASURE = Path(__file__).parents[2] / "benchmarks" / "player" / "size.py"


@pytest.fixture(scope="module")
def size():
    """The benchmark that measures."""
    spec = importlib.util.spec_from_file_location("player_size", MEASURE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(work, *arguments):
    """Run in a thread of its own, because the browser's fixtures keep an event loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(work(*arguments))).result()


def before_the_course(size, standard):
    """Bytes of the larger of a course of one activity and a course of several."""
    return max(run(size.before, standard, items) for items in (1, 5))


def test_scorm_2004_stays_within_25_kilobytes_and_scorm_12_below_it(size):
    scorm_2004 = before_the_course(size, Standard.SCORM_2004_4TH)
    assert scorm_2004 <= 25_000
    assert 15_000 < before_the_course(size, Standard.SCORM_12) < scorm_2004


def test_everything_the_page_loads_is_counted_and_nothing_of_the_other_standard(size):
    for standard, own, foreign in ((Standard.SCORM_2004_4TH, "2004", "12"), (Standard.SCORM_12, "12", "2004")):
        names = run(size.loaded, standard, 1)
        assert {"page.html", "index.js", "cmi.js", f"tables{own}.js", f"checks{own}.js", "texts/en.json"} <= set(names)
        assert not {f"tables{foreign}.js", f"checks{foreign}.js", "languages.js", "menu.js"} & set(names)
