"""All ADL cases, replayed through the service without a browser: manifest, data model, engine, storage."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import anyio
import pytest

from scorm_embed.content import MemoryContent
from scorm_embed.core.datamodel import Strictness
from scorm_embed.service import Service, ServiceOptions
from scorm_embed.storage import MemoryStorage
from scorm_embed.testing.player import FakePlayer

pytestmark = pytest.mark.shared


def _matcher(folder: Path) -> Any:
    spec = importlib.util.spec_from_file_location("adl_match", folder / "adl_match.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Replay:
    """Plays cases for one learner against one service."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.match = _matcher(folder)
        options = ServiceOptions(strictness=Strictness.CONFORMANT)
        self.service = Service(MemoryStorage(), MemoryContent(), options)
        self.player: FakePlayer | None = None

    async def play(self, name: str) -> None:
        case = json.loads((self.folder / "cases" / f"{name}.json").read_text())
        learner = f"urn:scorm:learner:{case['learner']}"
        packages = {
            entry["package"]: (await self.service.import_package("t", self.folder / "zips" / entry["zip"]))["id"]
            for entry in case["packages"]
        }
        for visit in case["visits"]:
            where = f"{name} visit {visit['index']} ({visit['label']})"
            arrival = visit["arrival"]
            if arrival["by"] == "launch":
                package = packages[arrival["package"]]
                session = f"{name}-{arrival['package']}"
                launched = await self.service.launch(
                    "t", package, learner, session_id=session, learner_name="Learner, Test"
                )
                self.player = await FakePlayer(self.service, launched).open()
                if arrival.get("choose"):
                    assert self.player.state == "choosing", where
                    await self._act({"action": "choice", "target": arrival["choose"]}, where)
            assert self.player is not None
            await self._visit(visit, learner, where)

    async def _visit(self, visit: dict[str, Any], learner: str, where: str) -> None:
        player = self.player
        assert player is not None
        assert player.activity_id == visit["item"], f"{where}: {player.view['problem']}"
        ui = visit["ui"]
        if ui and ui["when"] == "before_initialize":
            self._check_all(ui["checks"], where)
        assert player.sco is not None
        for command in visit["commands"]:
            self._run(command, learner, where)
        terminate = visit["terminate"]["when"]
        if terminate == "after_commands":
            player.sco.call("Terminate", "")
        if terminate == "after_commands" or visit["commands"]:
            await player.sync()
        if ui and ui["when"] == "after_terminate":
            self._check_all(ui["checks"], where)
        after = visit["after"]
        if after["content_taken_away"]:
            assert player.sco is None or player.view["activity"]["id"] != visit["item"], f"{where}: not taken away"
        if after["learner"]:
            if terminate == "on_unload" or visit["on_unload"]:
                self._unload(visit)
            await self._act(after["learner"], where)
        if after["session_ends"] and not (after["learner"] and after["learner"]["action"] == "leave"):
            assert player.state == "ended", f"{where}: {player.state} {player.view['problem']}"

    def _unload(self, visit: dict[str, Any]) -> None:
        assert self.player is not None
        assert self.player.sco is not None
        for call in visit["on_unload"]:
            self.player.sco.call(call["method"], *(call["args"] or []))
        if visit["terminate"]["when"] == "on_unload" and not self.player.terminated:
            self.player.sco.call("Terminate", "")

    async def _act(self, action: dict[str, Any], where: str) -> None:
        player = self.player
        assert player is not None
        name = action["action"]
        if name == "leave":
            name = "exit_all" if player.tree is not None and player.can("exit-all") else "close"
        if name == "close":
            await player.close()
        elif name == "choice":
            item = action["target"]["item"]
            assert player.entry(item) == "choosable", f"{where}: {item} is {player.entry(item)}"
            await player.click("choice", item)
        else:
            control = name.replace("_", "-")
            assert player.can(control), f"{where}: {control} cannot be used"
            await player.click(control)

    def _run(self, command: dict[str, Any], learner: str, where: str) -> None:
        assert self.player is not None
        assert self.player.sco is not None
        call = self.player.sco.call
        args = list(command["args"] or [])
        where = f"{where} {command['key']} {command['method']}{args}"
        if command["method"] == "CompareObjectiveIds":
            count = int(call("GetValue", "cmi.objectives._count")[0])
            answer: Any = [call("GetValue", f"cmi.objectives.{n}.id")[0] for n in range(count)]
            assert self.match.matches(command["matcher"], answer, learner), f"{where} = {answer}"
            return
        if command.get("find"):
            args[0] = args[0].replace("{index}", str(self._find(command["find"], where)))
        value, code = call(command["method"], *args)
        expected = command["expected_return"]
        assert self.match.matches(command["matcher"], value, learner), f"{where} = {value!r} ({code}), not {expected!r}"
        assert self.match.error_matches(command, code), f"{where}: error {code}, not {command['expected_error']}"

    def _find(self, find: dict[str, str], where: str) -> int:
        assert self.player is not None
        assert self.player.sco is not None
        call = self.player.sco.call
        count = int(call("GetValue", f"{find['collection']}._count")[0])
        for index in range(count):
            if call("GetValue", f"{find['collection']}.{index}.id")[0] == find["id"]:
                return index
        raise AssertionError(f"{where}: no record with the id {find['id']!r}")

    def _check_all(self, checks: list[dict[str, Any]], where: str) -> None:
        player = self.player
        assert player is not None
        for check in checks:
            control = check["control"]
            if control == "none":
                continue
            if control in ("continue", "previous"):
                seen = {"enabled": player.tree is not None and player.can(control)}
            elif control == "toc":
                closed = player.view["navigation"]["closed"]
                absent = player.view["navigation"]["absent"]
                names = _names(player.tree) if player.tree else []
                seen = {"enabled": any(n not in closed and n not in absent for n in names)}
            else:
                state = player.entry(check["target"]["item"])
                seen = {"selectable": state == "choosable", "visible": state != "absent"}
            for key, value in check["expect"].items():
                assert seen[key] == value, f"{where}: {check['question']}: {key} is {seen[key]}"


def _names(tree: dict[str, Any]) -> list[str]:
    return [tree["id"], *(name for child in tree["children"] for name in _names(child))]


def test_the_case_replays_through_the_service(case_chain: tuple[str, ...], conformance_folder: Path) -> None:
    async def run() -> None:
        replay = Replay(conformance_folder)
        for name in case_chain:
            await replay.play(name)

    anyio.run(run)
