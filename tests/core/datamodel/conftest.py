"""Both interpreters behind one call: a case in, everything observable out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scorm_embed.core.datamodel import CmiState, DataLimits, Strictness, data_model
from scorm_embed.core.datamodel.api import ApiInstance, Hooks
from scorm_embed.core.standard import Standard

Case = dict[str, Any]
Play = Callable[[Case], dict[str, Any]]


@pytest.fixture(scope="session")
def play_python() -> Play:
    """Play a case with the Python interpreter."""

    def play(case: Case) -> dict[str, Any]:
        hooks = case.get("hooks", {})
        validities = case.get("validities")
        accepted = 0
        cmi = CmiState(
            data_model(Standard(case["standard"])),
            case["values"],
            strictness=Strictness(case["strictness"]),
            limits=DataLimits(**case.get("limits", {})),
            navigation_valid=None if validities is None else lambda name: validities.get(name, "unknown"),
        )
        api = ApiInstance(
            cmi,
            Hooks(
                initialize=lambda: hooks.get("initialize", True),
                commit=lambda: hooks.get("commit", True),
                terminate=lambda: hooks.get("terminate", True),
            ),
        )
        prefix = "" if cmi.model.standard.is_2004 else "LMS"
        answers = []
        for method, *arguments in case["calls"]:
            value = api.call(method, *arguments)
            accepted += method == f"{prefix}SetValue" and value == "true"
            answers.append([value, api.last_error, api.call(f"{prefix}GetDiagnostic", "")])
        return {
            "answers": answers,
            "values": cmi.values,
            "changes": [list(change) for change in cmi.take_changes().items()],
            "tolerated": [[noted.element, noted.rule] for noted in cmi.tolerated],
            "changed": accepted,
        }

    return play


@pytest.fixture(scope="session")
def play_javascript() -> Iterator[Play]:
    """Play a case with the browser's interpreter, in one node process for the whole run."""
    node = shutil.which("node")
    if node is None:
        if os.environ.get("CI"):
            pytest.fail("node is not installed")
        pytest.skip("node is not installed")
    process = subprocess.Popen(
        [node, str(Path(__file__).with_name("run_calls.mjs"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stdin is not None
    assert process.stdout is not None
    writer, reader = process.stdin, process.stdout

    def play(case: Case) -> dict[str, Any]:
        writer.write(json.dumps(case) + "\n")
        writer.flush()
        answer: dict[str, Any] = json.loads(reader.readline())
        return answer

    yield play
    writer.close()
    assert process.wait(timeout=10) == 0
    reader.close()
