"""What a crash leaves behind: a grade book that agrees with the tracking, and events that are told all the same.

``SCORM_EMBED_CRASHES`` sets the number of rounds, 200 for the figures of a release.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROUNDS = int(os.environ.get("SCORM_EMBED_CRASHES", "6"))
SEED = int(os.environ.get("SCORM_EMBED_SEED", "1"))


def crash(url: str, schema: str, folder: Path, rounds: int, *more: str) -> Any:
    """Play and crash in a process of its own; gives what it found."""
    command = [sys.executable, HERE / "crashing_grades.py", url, schema, folder, str(rounds), str(SEED), *more]
    result = subprocess.run(command, capture_output=True, text=True, timeout=30 + rounds * 5, check=False)
    assert result.returncode == 0, result.stderr
    print(f"{url.partition(':')[0]}: {result.stdout}")
    return json.loads(result.stdout)


@pytest.fixture
def sqlite_file(tmp_path: Path) -> tuple[str, str]:
    return f"sqlite:///{tmp_path / 'site.db'}", ""


@pytest.mark.parametrize(
    "database",
    [
        "sqlite_file",
        pytest.param("postgresql_schema", marks=pytest.mark.postgresql),
        pytest.param("mariadb_database", marks=pytest.mark.mariadb),
    ],
)
def test_grade_book_and_session_agree_after_a_crash_between_any_two_statements(
    database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url, schema = request.getfixturevalue(database)
    found = crash(url, schema, tmp_path, ROUNDS)
    assert found["wrong"] == []
    assert found["rounds"] == ROUNDS
    assert found["points"] > 20


@pytest.mark.postgresql
def test_a_grade_book_outside_the_transaction_does_not_agree(
    postgresql_schema: tuple[str, str], tmp_path: Path
) -> None:
    assert crash(*postgresql_schema, tmp_path, 40, "apart")["wrong"] != []
