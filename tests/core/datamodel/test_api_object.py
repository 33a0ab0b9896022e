"""The browser's API object as JavaScript sees it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def test_the_api_object_has_the_standards_methods_and_takes_any_value() -> None:
    node = shutil.which("node")
    if node is None:
        if os.environ.get("CI"):
            pytest.fail("node is not installed")
        pytest.skip("node is not installed")
    script = Path(__file__).with_name("api_object.mjs")
    answer = subprocess.run([node, str(script)], capture_output=True, text=True, check=False)
    assert (answer.stderr, answer.returncode) == ("", 0)
