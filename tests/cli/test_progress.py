"""Whoever waits at a terminal for a large package sees how far it is; a pipe gets nothing but the findings."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from scorm_embed.cli.progress import LARGE_BYTES
from scorm_embed.core.standard import Standard
from scorm_embed.testing.package_builder import build_package

PROGRAM = str(Path(sys.executable).with_name("scorm-embed"))


def _package(path: Path, media_bytes: int) -> Path:
    path.write_bytes(build_package(Standard.SCORM_12))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_STORED) as package:
        package.writestr("film.mp4", os.urandom(media_bytes))
    return path


def _check(course: Path, *, at_terminal: bool) -> tuple[str, str]:
    """Run ``check --json``; gives stdout and stderr."""
    command = [PROGRAM, "check", "--json", str(course)]
    if not at_terminal:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        return done.stdout, done.stderr
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            shown += piece
        stdout, _ = process.communicate(timeout=60)
    os.close(ours)
    return stdout.decode(), shown.decode()


@pytest.mark.parametrize(
    ("media_bytes", "at_terminal", "shows"), [(LARGE_BYTES, True, True), (LARGE_BYTES, False, False), (9, True, False)]
)
def test_progress_is_shown_for_a_large_package_at_a_terminal_only(
    tmp_path: Path, media_bytes: int, at_terminal: bool, shows: bool
) -> None:
    stdout, stderr = _check(_package(tmp_path / "course.zip", media_bytes), at_terminal=at_terminal)
    assert json.loads(stdout)["course"] == "course.zip"
    if shows:
        assert "Reading course.zip" in stderr
        assert "100%" in stderr
    else:
        assert stderr == ""
