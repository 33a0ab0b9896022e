"""What docs/sequencing.md and the docstrings promise."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from scorm_embed.core import sequencing

ROOT = Path(__file__).resolve().parents[3]
SOURCES = sorted(Path(next(iter(sequencing.__path__))).glob("*.py"))
PROCESSES = [
    "OP.1",
    "NB.2.1",
    "TB.2.1",
    "TB.2.2",
    "TB.2.3",
    "RB.1.1a",
    "RB.1.1b",
    "RB.1.2a",
    "RB.1.2b",
    "RB.1.3a",
    "RB.1.3b",
    "RB.1.4",
    "RB.1.4.1",
    "RB.1.4.2",
    "RB.1.5",
    "SR.1",
    "SR.2",
    "SB.2.1",
    "SB.2.2",
    "SB.2.3",
    "SB.2.4",
    "SB.2.5",
    "SB.2.6",
    "SB.2.7",
    "SB.2.8",
    "SB.2.9",
    "SB.2.9.1",
    "SB.2.9.2",
    "SB.2.10",
    "SB.2.11",
    "SB.2.12",
    "SB.2.13",
    "DB.1.1",
    "DB.2",
    "DB.2.1",
    "UP.1",
    "UP.2",
    "UP.2.1",
    "UP.3",
    "UP.4",
    "UP.5",
]


@pytest.mark.parametrize("process", PROCESSES)
def test_each_process_of_the_book_is_one_public_function(process: str) -> None:
    found = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                first = (ast.get_docstring(node) or "").split("\n")[0]
                if f"[{process}]" in first and first.split(" [")[0].endswith(("Process", "Subprocess")):
                    found.append(node.name)
    assert [
        name for name in found if name.endswith(("_process", "_subprocess")) or name == "overall_sequencing"
    ] == found
    assert len(found) == 1


def test_the_example_of_the_documentation_runs() -> None:
    text = (ROOT / "docs" / "sequencing.md").read_text(encoding="utf-8")
    example = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert example is not None
    exec(compile(example[1], "docs/sequencing.md", "exec"), {})


def test_the_documentation_names_every_file() -> None:
    text = (ROOT / "docs" / "sequencing.md").read_text(encoding="utf-8")
    internal = {"__init__.py", "memo.py", "objective_values.py", "obstacle.py", "vocabulary.py"}
    assert [path.name for path in SOURCES if path.name not in internal and f"`{path.name}`" not in text] == []
