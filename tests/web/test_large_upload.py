"""While a large package is imported, the event loop goes on serving everybody else."""

from __future__ import annotations

import asyncio
import io
import os
import time
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from scorm_embed import DirectoryContent
from scorm_embed.core.standard import Standard
from scorm_embed.testing.package_builder import build_package

pytestmark = pytest.mark.anyio

MEDIA_FILES, MEDIA_BYTES = 8, 32 * 1024**2
SMALL_FILES = 3_000
STRETCH_SECONDS_MAX = 0.25
"""Of the loop's own work at once; what other threads and processes take meanwhile is not counted."""


def _large_package(path: Path) -> None:
    path.write_bytes(build_package(Standard.SCORM_12))
    piece = os.urandom(1024**2)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_STORED) as package:
        for number in range(MEDIA_FILES):
            package.writestr(f"media/{number}.mp4", bytes([number]) + piece * (MEDIA_BYTES // len(piece)))
        for number in range(SMALL_FILES):
            package.writestr(f"texts/{number}.js", f"var n{number} = {list(range(40))};" * 4)


async def _pieces(file: io.BufferedReader) -> AsyncIterator[bytes]:
    while piece := file.read(64 * 1024):
        yield piece


class _Watched:
    """Measures how long the loop is at work without a pause, in the time of its own thread."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.longest = 0.0
        run: Callable[[Any], None] = asyncio.Handle._run

        def measured(handle: Any) -> None:
            began = time.thread_time()
            run(handle)
            self.longest = max(self.longest, time.thread_time() - began)

        monkeypatch.setattr(asyncio.Handle, "_run", measured)


async def test_a_large_upload_never_holds_the_loop(
    make_host: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = make_host(content=DirectoryContent(tmp_path / "content"))
    path = tmp_path / "large.zip"
    _large_package(path)
    watched = _Watched(monkeypatch)
    answered = 0

    async with host.client() as client, host.client() as other:
        with path.open("rb") as file:
            upload = asyncio.create_task(
                client.post("/api/v1/packages", content=_pieces(file), headers={"Content-Type": "application/zip"})
            )
            while not upload.done():
                answered += (await other.get("/api/v1/health")).status_code == 200
                await asyncio.sleep(0.01)
            response: httpx.Response = await upload
    assert response.status_code == 201, response.text
    assert response.json()["size_bytes"] > MEDIA_FILES * MEDIA_BYTES
    assert answered > 20
    assert watched.longest < STRETCH_SECONDS_MAX
