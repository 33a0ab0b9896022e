"""The ADL cases API, DMI, DMB and DDM, as far as the data model alone decides them: every call of every visit.

What lies between visits (which data are kept, what the manifest gives) is done here by the few rules in ``Lms``.
The cases are not part of the project; see ``shared_conformance``.
"""

from __future__ import annotations

import importlib.util
import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from scorm_embed.core.manifest import Launchable, ReadManifest, read_manifest
from scorm_embed.core.values import format_iso_duration, parse_duration

pytestmark = pytest.mark.shared

LEARNER = "urn:example:learner-2"
PER_SESSION = ("cmi.exit", "cmi.session_time", "adl.nav.request")


@pytest.fixture(scope="module")
def shared_conformance() -> Path:
    """The folder with the cases, beside the checkout; a run in CI must have it."""
    folder = Path(__file__).resolve().parents[4] / "shared" / "conformance"
    if not folder.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"no conformance data at {folder}")
        pytest.skip(f"no conformance data at {folder}")
    return folder


@pytest.fixture(scope="module")
def adl_match(shared_conformance: Path) -> ModuleType:
    """The suite's own comparison."""
    spec = importlib.util.spec_from_file_location("adl_match", shared_conformance / "adl_match.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass
class Lms:
    """What stays between visits."""

    manifests: dict[str, ReadManifest]
    kept: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    """Data of suspended attempts, by package and activity."""
    stores: dict[str, str] = field(default_factory=dict)
    private_stores: dict[str, dict[str, str]] = field(default_factory=dict)
    """Shared data of the packages that keep them to themselves, until their session ends."""

    def open(self, visit: dict[str, Any]) -> dict[str, str]:
        """The first values of a visit."""
        package, item = visit["package"], visit["item"]
        course = self.manifests[package].course
        launchable = course.launchables[item]
        kept = self.kept.get((package, item))
        values = dict(kept or {})
        values |= {"cmi.learner_id": LEARNER, "cmi.learner_name": "Learner, Test"}
        values["cmi.entry"] = "ab-initio" if kept is None else "resume"
        values |= _from_manifest(launchable)
        stores = self._stores(package)
        for index, shared in enumerate(launchable.shared_data):
            name = f"adl.data.{index}"
            values[f"{name}.id"] = shared.target
            if shared.target in stores:
                values[f"{name}.store"] = stores[shared.target]
            values |= {} if shared.read else {f"{name}._read": "false"}
            values |= {} if shared.write else {f"{name}._write": "false"}
        if kept is None:
            for index, identifier in enumerate(launchable.objective_ids):
                values[f"cmi.objectives.{index}.id"] = identifier
        return values

    def close(self, visit: dict[str, Any], values: dict[str, str]) -> None:
        """Keep what the exit asks to keep."""
        package, item, after = visit["package"], visit["item"], visit["after"]
        for index in range(sum(name.startswith("adl.data.") and name.endswith(".id") for name in values)):
            store = values.get(f"adl.data.{index}.store")
            if store is not None:
                self._stores(package)[values[f"adl.data.{index}.id"]] = store
        total = sum(parse_duration(values.get(name, "PT0S")) or 0 for name in ("cmi.total_time", "cmi.session_time"))
        self.kept.pop((package, item), None)
        if after["sco_exit"] == "suspend" or after["ended_by"] == "suspend_all":
            kept = {name: value for name, value in values.items() if name not in PER_SESSION}
            kept = {name: value for name, value in kept.items() if not name.startswith("adl.")}
            self.kept[package, item] = {**kept, "cmi.total_time": format_iso_duration(total)}
        if after["session_ends"] and after["ended_by"] != "suspend_all":
            self.private_stores.pop(package, None)

    def _stores(self, package: str) -> dict[str, str]:
        is_global = self.manifests[package].course.shared_data_global_to_system
        return self.stores if is_global else self.private_stores.setdefault(package, {})


def _from_manifest(launchable: Launchable) -> dict[str, str]:
    facts = {
        "cmi.launch_data": launchable.launch_data,
        "cmi.time_limit_action": launchable.time_limit_action,
        "cmi.max_time_allowed": launchable.max_time_allowed,
        "cmi.completion_threshold": launchable.completion_threshold,
        "cmi.scaled_passing_score": launchable.scaled_passing_score,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _manifests(folder: Path, case: dict[str, Any]) -> dict[str, ReadManifest]:
    manifests = {}
    for package in case["packages"]:
        with zipfile.ZipFile(folder / "zips" / package["zip"]) as archive:
            manifests[package["package"]] = read_manifest(archive.read("imsmanifest.xml"), archive.namelist())
    return manifests


def _arguments(command: dict[str, Any], values: dict[str, str]) -> list[str]:
    """A command's arguments, with ``{index}`` as the position of the identifier that it looks for."""
    arguments = list(command["args"])
    if command.get("find"):
        collection, identifier = command["find"]["collection"], command["find"]["id"]
        names = {values.get(f"{collection}.{index}.id"): index for index in range(100)}
        arguments[0] = arguments[0].replace("{index}", str(names[identifier]))
    return arguments


@pytest.mark.parametrize("interpreter", ["play_python", "play_javascript"])
@pytest.mark.parametrize(("name", "commands"), [("API", 30), ("DMI", 8161), ("DMB", 235), ("DDM", 120)])
def test_every_call_of_the_case_answers_as_the_suite_expects(
    name: str,
    commands: int,
    interpreter: str,
    shared_conformance: Path,
    adl_match: ModuleType,
    request: pytest.FixtureRequest,
) -> None:
    play: Callable[[dict[str, Any]], dict[str, Any]] = request.getfixturevalue(interpreter)
    case = json.loads((shared_conformance / "cases" / f"{name}.json").read_text("utf-8"))
    lms = Lms(_manifests(shared_conformance, case))
    wrong, count = [], 0
    for visit in case["visits"]:
        if visit["sco"]["scorm_type"] == "asset":
            continue
        values = lms.open(visit)
        calls = [[command["method"], *_arguments(command, values)] for command in visit["commands"]]
        ending = [["Terminate", ""]] if visit["terminate"]["when"] == "after_commands" else []
        standard = lms.manifests[visit["package"]].standard.value
        played = play({"standard": standard, "strictness": "conformant", "values": values, "calls": calls + ending})
        for command, (value, error, diagnostic) in zip(visit["commands"], played["answers"], strict=False):
            count += 1
            fits = command["matcher"] is None or adl_match.matches(command["matcher"], value, LEARNER)
            if not fits or not adl_match.error_matches(command, error):
                wrong.append((visit["label"], command["key"], command["method"], value[:80], error, diagnostic))
        lms.close(visit, played["values"])
    assert wrong == []
    assert count == commands
