"""Import, launch and serving over HTTP while the courses lie in S3."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from scorm_embed.testing.package_builder import build_package

pytestmark = pytest.mark.anyio

FILM = random.Random(7).randbytes(9 * 1024 * 1024)
"""More than one part of an upload, and many pieces of an answer."""
SCRIPT = "console.log('a longer script, so that it is packed');" * 200


async def test_a_course_in_s3_is_imported_launched_and_served_by_ranges(
    make_host: Any, s3_endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("obstore", reason="obstore is not installed")
    from scorm_embed.content.object_store import ObjectContent

    content = ObjectContent(
        "s3://courses/one",
        endpoint=s3_endpoint,
        region="us-east-1",
        access_key_id="test",
        secret_access_key="test",
        client_options={"allow_http": True},
    )
    host = make_host(content=content)
    file = tmp_path / "course.zip"
    file.write_bytes(build_package(files={"film.mp4": FILM, "app.js": SCRIPT}))

    async def pieces() -> AsyncIterator[bytes]:
        with file.open("rb") as opened:
            while piece := opened.read(65_536):
                yield piece

    read: list[int] = []
    read_range = ObjectContent.read

    async def watched(self: ObjectContent, digest: str, start: int, length: int) -> bytes:
        read.append(length)
        return await read_range(self, digest, start, length)

    monkeypatch.setattr(ObjectContent, "read", watched)
    async with host.client() as client:
        headers = {"Content-Type": "application/zip"}
        package = (await client.post("/api/v1/packages", content=pieces(), headers=headers)).json()["id"]
        view = (await host.start(await host.open((await host.launch(package))["launch_url"])))["view"]
    folder = "http://host" + view["activity"]["url"].rsplit("/", 1)[0]
    async with host.client(None) as client:
        assert (await client.get("http://host" + view["activity"]["url"])).status_code == 200
        script = await client.get(f"{folder}/app.js", headers={"Accept-Encoding": "gzip"})
        assert (script.headers["content-encoding"], script.text) == ("gzip", SCRIPT)
        whole = await client.get(f"{folder}/film.mp4")
        assert whole.content == FILM
        seek = await client.get(f"{folder}/film.mp4", headers={"Range": "bytes=5000000-5000999"})
        assert (seek.status_code, seek.content) == (206, FILM[5_000_000:5_001_000])
        kept = await client.get(f"{folder}/film.mp4", headers={"If-None-Match": whole.headers["etag"]})
        assert (kept.status_code, kept.content) == (304, b"")
        assert (await client.get(f"{folder}/missing.js")).status_code == 404
    assert max(read) <= 1024 * 1024  # larger files come as a stream
    async with host.client() as client:
        assert (await client.delete(f"/api/v1/packages/{package}?force=true")).status_code == 204
    await content.aclose()
