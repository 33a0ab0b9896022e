"""The ADL cases about sequencing, replayed against the sequencing core alone.

The run-time here is the least that can carry the cases: values by name, seeded objectives, statuses computed from
thresholds. The engine's own replay goes through the real data model; this one finds out which floor is at fault.
"""

from __future__ import annotations

import importlib.util
import json
import random
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from scorm_embed.core.manifest.model import Course
from scorm_embed.core.manifest.reader import read_manifest
from scorm_embed.core.sequencing.activity_tree import NO_ACTIVITY, ActivityTree
from scorm_embed.core.sequencing.definition import MapItem
from scorm_embed.core.sequencing.lookahead import ValidRequests, valid_requests
from scorm_embed.core.sequencing.overall import Outcome, overall_sequencing
from scorm_embed.core.sequencing.snapshot import state_from_data, state_to_data
from scorm_embed.core.sequencing.tracking import TrackingState
from scorm_embed.core.sequencing.transfer import (
    mark_suspended,
    read_objective,
    record_completion,
    record_measure,
    record_objective_completion,
    record_objective_progress,
    record_progress_measure,
    record_satisfied,
    record_scores,
    rollup,
)
from scorm_embed.core.sequencing.vocabulary import NavigationRequest

pytestmark = pytest.mark.shared

CATEGORIES = {"CM", "CO", "CT", "MS", "OB", "RU", "SX", "T"}

_COMPLETION = {"completed": True, "incomplete": False, "not attempted": False}
_SUCCESS = {"passed": True, "failed": False}
_LEAVES = {
    MapItem.SATISFIED_STATUS: "success_status",
    MapItem.NORMALIZED_MEASURE: "score.scaled",
    MapItem.RAW_SCORE: "score.raw",
    MapItem.MIN_SCORE: "score.min",
    MapItem.MAX_SCORE: "score.max",
    MapItem.COMPLETION_STATUS: "completion_status",
    MapItem.PROGRESS_MEASURE: "progress_measure",
}
_REQUESTS = {request.value: request for request in NavigationRequest}
_LEARNER_REQUESTS = {
    "continue": NavigationRequest.CONTINUE,
    "previous": NavigationRequest.PREVIOUS,
    "choice": NavigationRequest.CHOICE,
    "exit_all": NavigationRequest.EXIT_ALL,
    "suspend_all": NavigationRequest.SUSPEND_ALL,
    "leave": NavigationRequest.EXIT_ALL,
}


@dataclass
class Package:
    """One package as one learner plays it."""

    course: Course
    tree: ActivityTree
    state: TrackingState
    saved: dict[str, dict[str, str]] = field(default_factory=dict)
    """Run-time values per activity, of the newest attempt."""


class Replay:
    """One learner going through one chain of cases."""

    def __init__(self, folder: Path, matcher: Any) -> None:
        self.folder = folder
        self.match = matcher
        self.globals: dict[str, dict[str, bool | float]] = {}
        self.draw = random.Random(20)
        self.packages: dict[str, Package] = {}
        self.activity: str | None = None
        self.values: dict[str, str] = {}
        self.set_by_content: list[str] = []
        self.terminated = True

    # Packages and state

    def open(self, name: str) -> Package:
        if name not in self.packages:
            with zipfile.ZipFile(self.folder / "zips" / f"{name}.zip") as archive:
                read = read_manifest(archive.read("imsmanifest.xml"), archive.namelist())
            tree = ActivityTree(read.course.tree)
            self.packages[name] = Package(read.course, tree, TrackingState(tree))
        package = self.packages[name]
        data = json.loads(json.dumps(state_to_data(package.state)))
        package.state = state_from_data(package.tree, data)
        if package.tree.objectives_global_to_system:
            package.state.load_globals(self.globals)
        return package

    def close(self, package: Package) -> None:
        if package.tree.objectives_global_to_system:
            self.globals |= package.state.changed_globals

    def sequence(self, package: Package, request: NavigationRequest, target: str | None = None) -> Outcome:
        outcome = overall_sequencing(package.tree, package.state, request, target, draw=self.draw)
        self.close(package)
        if outcome.delivered is not None:
            self.deliver(package, outcome.delivered, outcome.resumed)
        return outcome

    # Run-time

    def deliver(self, package: Package, activity: str, resumed: bool) -> None:
        self.activity = activity
        self.terminated = False
        self.set_by_content = []
        values = dict(package.saved.get(activity, {})) if resumed else {}
        values["cmi.entry"] = "resume" if resumed else "ab-initio"
        for transient in ("cmi.exit", "adl.nav.request"):
            values.pop(transient, None)
        rows = {v: k[:-3] for k, v in values.items() if k.startswith("cmi.objectives.") and k.endswith(".id")}
        launchable = package.course.launchables[activity]
        for identifier in launchable.objective_ids:
            row = rows.setdefault(identifier, f"cmi.objectives.{len(rows)}")
            values[f"{row}.id"] = identifier
            reading = read_objective(package.state, activity, identifier)
            assert reading is not None, identifier
            known = {
                MapItem.SATISFIED_STATUS: _word(reading.satisfied, "passed", "failed"),
                MapItem.COMPLETION_STATUS: _word(reading.completion, "completed", "incomplete"),
                MapItem.NORMALIZED_MEASURE: _number(reading.measure),
                MapItem.RAW_SCORE: _number(reading.raw),
                MapItem.MIN_SCORE: _number(reading.minimum),
                MapItem.MAX_SCORE: _number(reading.maximum),
                MapItem.PROGRESS_MEASURE: _number(reading.progress),
            }
            for item, value in known.items():
                if value is not None and (not resumed or item in reading.mapped):
                    values[f"{row}.{_LEAVES[item]}"] = value
        if launchable.completion_threshold is not None:
            values["cmi.completion_threshold"] = launchable.completion_threshold
        if launchable.scaled_passing_score is not None:
            values["cmi.scaled_passing_score"] = launchable.scaled_passing_score
        self.values = values

    def get(self, name: str) -> tuple[str, str]:
        values = self.values
        status = self.effective(name)
        if status is not None:
            return status, "0"
        if name == "cmi.objectives._count":
            return str(sum(1 for key in values if key.startswith("cmi.objectives.") and key.endswith(".id"))), "0"
        if name in values:
            return values[name], "0"
        if name.endswith(("success_status", "completion_status")):
            return "unknown", "0"
        if name == "adl.nav.request":
            return "_none_", "0"
        return "", "403"

    def effective(self, name: str) -> str | None:
        values = self.values
        computed = {
            "cmi.success_status": ("cmi.scaled_passing_score", "cmi.score.scaled", "passed", "failed"),
            "cmi.completion_status": ("cmi.completion_threshold", "cmi.progress_measure", "completed", "incomplete"),
        }
        if name not in computed or computed[name][0] not in values:
            return None
        threshold, measure, reached, missed = computed[name]
        if measure not in values:
            return "unknown"
        return reached if float(values[measure]) >= float(values[threshold]) else missed

    def spoken(self, name: str) -> str | None:
        """What the content said about an element."""
        computed = {"cmi.success_status": "cmi.score.scaled", "cmi.completion_status": "cmi.progress_measure"}
        if name in self.set_by_content:
            return self.get(name)[0]
        if computed.get(name) in self.set_by_content and self.effective(name) is not None:
            return self.effective(name)
        return None

    def transfer(self, package: Package) -> None:
        activity = self.activity
        assert activity is not None
        state = package.state
        sequencing = package.tree[activity].definition.sequencing
        rows = {v: k[:-3] for k, v in self.values.items() if k.startswith("cmi.objectives.") and k.endswith(".id")}
        primary = rows.get(sequencing.primary_objective.identifier or "")
        leaves = list(_LEAVES.values())
        values = {leaf: self.spoken(f"cmi.{leaf}") for leaf in leaves}
        if primary is not None:
            for leaf in leaves:
                own = self.spoken(f"{primary}.{leaf}")
                if values[leaf] is None:
                    values[leaf] = own
        self.record(state, activity, None, values)
        for objective in sequencing.objectives:
            row = rows.get(objective.identifier or "")
            if row is not None:
                self.record(
                    state, activity, objective.identifier, {leaf: self.spoken(f"{row}.{leaf}") for leaf in leaves}
                )
        if self.values.get("cmi.exit") == "suspend":
            mark_suspended(state, activity)
        package.saved[activity] = dict(self.values)
        rollup(package.tree, state, activity)

    def record(self, state: TrackingState, activity: str, objective: str | None, said: dict[str, str | None]) -> None:
        if (progress := said["progress_measure"]) is not None:
            if objective is None:
                record_progress_measure(state, activity, float(progress))
            else:
                record_objective_progress(state, activity, objective, float(progress))
        if (completion := said["completion_status"]) is not None:
            if objective is None:
                record_completion(state, activity, _COMPLETION.get(completion))
            else:
                record_objective_completion(state, activity, objective, _COMPLETION.get(completion))
        if (success := said["success_status"]) is not None:
            record_satisfied(state, activity, _SUCCESS.get(success), objective)
        if (measure := said["score.scaled"]) is not None:
            record_measure(state, activity, float(measure), objective)
        scores = [None if (text := said[f"score.{leaf}"]) is None else float(text) for leaf in ("raw", "min", "max")]
        record_scores(state, activity, *scores, objective=objective)

    # Cases

    def play(self, case: dict[str, Any]) -> None:
        for visit in case["visits"]:
            where = f"{case['id']} visit {visit['index']} ({visit['label']})"
            self.visit(visit, where)

    def visit(self, visit: dict[str, Any], where: str) -> None:
        package = self.open(visit["package"])
        arrival = visit["arrival"]
        if arrival["by"] == "launch":
            request = NavigationRequest.RESUME_ALL if arrival["session"] == "resumed" else NavigationRequest.START
            outcome = self.sequence(package, request)
            if arrival.get("choose"):
                assert outcome.delivered is None, f"{where}: launch delivered {outcome.delivered}"
                target = arrival["choose"]["item"]
                entry = valid_requests(package.tree, package.state).choice[target]
                assert entry.choosable, f"{where}: {target} cannot be chosen: {entry.reason}"
                assert entry.visible
                outcome = self.sequence(package, NavigationRequest.CHOICE, target)
            assert outcome.delivered is not None, f"{where}: launch delivered nothing: {outcome}"
        assert self.activity == visit["item"], f"{where}: delivered {self.activity}, expected {visit['item']}"
        ui = visit["ui"]
        if ui and ui["when"] == "before_initialize":
            self.check_ui(package, ui["checks"], where)
        for command in visit["commands"]:
            self.run(package, command, where)
        if visit["terminate"]["when"] == "after_commands":
            self.transfer(package)
        for command in visit["on_unload"]:
            if command["method"] == "SetValue":
                self.set(*command["args"])
        if ui and ui["when"] == "after_terminate":
            self.check_ui(package, ui["checks"], where)
        if visit["terminate"]["when"] == "on_unload":
            self.transfer(package)
        self.close(package)
        self.leave(package, visit["after"], where)

    def leave(self, package: Package, after: dict[str, Any], where: str) -> None:
        learner, sco = after["learner"], after["sco_request"]
        outcome: Outcome | None = None
        self.activity = None
        if learner is not None:
            target = learner["target"]["item"] if learner["action"] == "choice" else None
            request = _LEARNER_REQUESTS[learner["action"]]
            if package.state.current == NO_ACTIVITY:
                assert learner["action"] == "leave"
                return
            self.check_enabled(package, request, target, where)
            outcome = self.sequence(package, request, target)
        elif after["sco_exit"] == "time-out":
            outcome = self.sequence(package, NavigationRequest.EXIT_ALL)
        elif sco is not None:
            target = sco["target"]["item"] if sco["target"] else None
            outcome = self.sequence(package, _REQUESTS[sco["request"]], target)
        ended = outcome is not None and outcome.ended
        assert ended == after["session_ends"], f"{where}: session ended is {ended}: {outcome}"

    def check_enabled(self, package: Package, request: NavigationRequest, target: str | None, where: str) -> None:
        valid = valid_requests(package.tree, package.state)
        if request is NavigationRequest.CONTINUE:
            assert valid.continue_, f"{where}: {valid.continue_reason}"
        elif request is NavigationRequest.PREVIOUS:
            assert valid.previous, f"{where}: {valid.previous_reason}"
        elif request is NavigationRequest.CHOICE and target is not None:
            entry = valid.choice[target]
            assert entry.choosable, f"{where}: {target}: {entry.reason}"
            assert entry.visible

    def check_ui(self, package: Package, checks: list[dict[str, Any]], where: str) -> None:
        valid = valid_requests(package.tree, package.state)
        assert self.activity is not None
        hidden = package.tree[self.activity].definition.hidden_controls
        for check in checks:
            seen = self.seen(check, valid, hidden)
            for key, value in check["expect"].items():
                assert seen[key] == value, f"{where}: {check['question']}: {key} is {seen[key]}, expected {value}"

    def seen(self, check: dict[str, Any], valid: ValidRequests, hidden: frozenset[str]) -> dict[str, bool]:
        match check["control"]:
            case "continue":
                return {"enabled": valid.continue_ and "continue" not in hidden}
            case "previous":
                return {"enabled": valid.previous and "previous" not in hidden}
            case "toc":
                return {"enabled": any(entry.choosable and entry.visible for entry in valid.choice.values())}
            case "toc_entry":
                entry = valid.choice[check["target"]["item"]]
                return {"selectable": entry.choosable and entry.visible, "visible": entry.visible}
        return dict(check["expect"])

    def run(self, package: Package, command: dict[str, Any], where: str) -> None:
        arguments = list(command["args"] or [])
        find = command.get("find")
        if find:
            rows = [k for k, v in self.values.items() if v == find["id"] and k.startswith(f"{find['collection']}.")]
            if not rows and find["collection"] != "cmi.objectives":
                return  # shared data is no matter of sequencing
            assert rows, f"{where} {command['key']}: no row {find}"
            arguments[0] = arguments[0].replace("{index}", rows[0].split(".")[2])
        if command["method"] == "SetValue" and command["expected_error"] in ("0", None):
            self.set(*arguments)
        elif command["method"] == "GetValue":
            self.check_value(package, arguments[0], command, where)

    def set(self, name: str, value: str) -> None:
        self.values[name] = value
        if name in self.set_by_content:
            self.set_by_content.remove(name)
        self.set_by_content.append(name)

    def check_value(self, package: Package, name: str, command: dict[str, Any], where: str) -> None:
        if name.startswith("adl.nav.request_valid."):
            got, error = self.request_valid(package, name.removeprefix("adl.nav.request_valid.")), "0"
        elif name.startswith(("cmi.objectives.", "cmi.success", "cmi.completion_s", "cmi.score.s", "cmi.entry")):
            got, error = self.get(name)
        else:
            return
        wanted = command["expected_error"]
        if wanted not in (None, "0") and error == "403":
            return
        assert self.match(command["matcher"], got, "learner"), (
            f"{where} {command['key']}: {name} = {got!r}, expected {command['expected_return']!r}"
        )

    def request_valid(self, package: Package, which: str) -> str:
        valid = valid_requests(package.tree, package.state)
        kind, _, rest = which.partition(".")
        target = rest.removeprefix("{target=").removesuffix("}")
        if kind == "choice":
            return str(valid.choice[target].choosable).lower()
        if kind == "jump":
            return str(target in valid.jump).lower()
        return str(valid.continue_ if kind == "continue" else valid.previous).lower()


def _word(status: bool | None, yes: str, no: str) -> str | None:
    return None if status is None else yes if status else no


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:g}"


@pytest.fixture(scope="module")
def matches(conformance_folder: Path) -> Any:
    specification = importlib.util.spec_from_file_location("adl_match", conformance_folder / "adl_match.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module.matches


def test_case_runs_as_the_suite_expects(case_chain: tuple[str, ...], conformance_folder: Path, matches: Any) -> None:
    replay = Replay(conformance_folder, matches)
    for name in case_chain:
        replay.play(json.loads((conformance_folder / "cases" / f"{name}.json").read_text(encoding="utf-8")))
