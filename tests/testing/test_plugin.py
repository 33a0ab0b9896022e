"""The pytest plugin: there for every host that has the package, and cheap for those that use none of it."""

from __future__ import annotations

import inspect
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

import scorm_embed_pytest
from scorm_embed import ScormEmbed, testing


def test_loading_the_plugin_imports_nothing_of_the_package() -> None:
    program = """
import sys, pytest, contextlib
before = set(sys.modules)
import scorm_embed_pytest
assert {name.partition(".")[0] for name in set(sys.modules) - before} == {"scorm_embed_pytest"}
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_every_fixture_has_the_prefix_and_says_what_it_is() -> None:
    fixtures = [
        name for name, value in vars(scorm_embed_pytest).items() if type(value).__name__ == "FixtureFunctionDefinition"
    ]
    wanted = {"scorm_clock", "scorm_factory", "scorm_in_memory", "scorm_learner", "scorm_package", "scorm_play"}
    assert set(fixtures) == wanted
    for name in fixtures:
        assert getattr(scorm_embed_pytest, name).__doc__, name


def test_a_hosts_test_finds_the_fixtures_without_importing_a_plugin(tmp_path: Path) -> None:
    test = """
        from scorm_embed.testing import course_12


        def test_it(scorm_play):
            sco = scorm_play(course_12()).sco
            sco.initialize()
            sco.set("cmi.core.lesson_status", "passed")
            sco.terminate()
    """
    (tmp_path / "test_host.py").write_text(textwrap.dedent(test))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_packages_of_a_test_are_in_memory_together_and_go_with_it(scorm_package: Callable[..., str]) -> None:
    scorm = ScormEmbed(secret_key="a secret that is long enough for the test")
    first, second = scorm_package(scorm), scorm_package(scorm, testing.course_2004("a", "b"))
    standards = [scorm.sync.package(package)["standard"] for package in (first, second)]
    assert standards == ["scorm_1_2", "scorm_2004_4th"]
    assert {package["id"] for package in scorm.sync.packages()["packages"]} == {first, second}


@pytest.mark.parametrize("name", testing.__all__)
def test_every_name_of_the_kit_is_documented(name: str) -> None:
    assert inspect.getdoc(getattr(testing, name)), name


def test_every_name_of_the_kit_is_on_its_page() -> None:
    page = (Path(__file__).parents[2] / "docs" / "testing.md").read_text("utf-8")
    assert [name for name in testing.__all__ if f"`{name}" not in page and f"    {name}" not in page] == []
