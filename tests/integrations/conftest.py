"""Players in memory, for mounting into hosts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scorm_embed import ApiKey, MemoryContent, MemoryStorage, ScormEmbed
from scorm_embed.testing.package_builder import build_package


@pytest.fixture
def make_scorm() -> Callable[..., ScormEmbed]:
    """Give a maker of players; its arguments are options."""

    def make(**options: Any) -> ScormEmbed:
        defaults: dict[str, Any] = {
            "secret_key": "a secret that is long enough for the test",
            "storage": MemoryStorage(),
            "content": MemoryContent(),
            "api_keys": [ApiKey("KEY")],
        }
        return ScormEmbed(**{**defaults, **options})

    return make


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A small course on disk, with a script that is served packed and a picture that is not."""
    path = tmp_path / "course.zip"
    path.write_bytes(
        build_package(files={"big.js": "console.log('again and again');" * 20_000, "a.png": b"\x89PNG" * 50_000})
    )
    return path


@pytest.fixture
def boot_from() -> Callable[[str], dict[str, Any]]:
    """Reads what a player page tells its script."""

    def read(page: str) -> dict[str, Any]:
        found = re.search(r'id="boot">(.*?)</script>', page)
        assert found is not None, page
        return dict(json.loads(found[1]))

    return read
