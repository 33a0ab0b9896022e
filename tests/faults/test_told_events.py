"""Two servers on one database, killed again and again while learners' results come in: every event is told.

``SCORM_EMBED_KILLS`` sets the number of kills, 100 for the figures of a release.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from scorm_embed.core.standard import Standard
from scorm_embed.testing.package_builder import build_package

HERE = Path(__file__).parent
KILLS = int(os.environ.get("SCORM_EMBED_KILLS", "5"))
WRITERS = 4
WAIT_SECONDS = 30

pytestmark = pytest.mark.postgresql


class Site:
    """One server process, and another in its place when it was killed."""

    def __init__(self, url: str, schema: str, folder: Path) -> None:
        self._command = [sys.executable, str(HERE / "told_site.py"), url, schema, str(folder)]
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.base_url = f"http://127.0.0.1:{int(self.process.stdout.readline())}"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def stop(self) -> None:
        self.process.terminate()
        assert self.process.wait(WAIT_SECONDS) in (0, -15)


class Writer(threading.Thread):
    """Changes the score of one session through whichever server answers; notes what was acknowledged."""

    def __init__(self, sites: list[Site], session: str, acknowledged: list[tuple[str, int]]) -> None:
        super().__init__()
        self._sites = sites
        self._session = session
        self._acknowledged = acknowledged
        self.ending = threading.Event()
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            with httpx.Client(headers={"X-API-Key": "KEY"}, timeout=10) as client:
                self._write(client)
        except BaseException as error:
            self.error = error

    def _write(self, client: httpx.Client) -> None:
        version: int | None = None
        number = 0
        while not self.ending.is_set():
            number += 1
            path = f"{self._sites[number % len(self._sites)].base_url}/api/v1/sessions/{self._session}"
            try:
                if version is None:
                    version = client.get(path).raise_for_status().json()["version"]
                body = {"version": version, "score": {"scaled": number % 1000 / 1000}}
                response = client.put(path, json=body)
            except httpx.TransportError:
                version = None
                continue
            if response.status_code in (409, 503):
                version = None
                continue
            version = response.raise_for_status().json()["version"]
            self._acknowledged.append((self._session, version))


def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        threading.Event().wait(0.05)


def prepare(site: Site, folder: Path) -> list[str]:
    """Import a course and make the sessions."""
    course = folder / "course.zip"
    course.write_bytes(build_package(Standard.SCORM_2004_4TH))
    sessions = [f"s{number}" for number in range(WRITERS)]
    with httpx.Client(base_url=site.base_url, headers={"X-API-Key": "KEY"}) as client:
        with course.open("rb") as file:
            package = client.post("/api/v1/packages", files={"file": file}).raise_for_status().json()["id"]
        for session in sessions:
            body = {"user_id": session, "session_id": session}
            client.post(f"/api/v1/packages/{package}/launch", json=body).raise_for_status()
    return sessions


def test_every_event_is_told_however_often_servers_are_killed(
    postgresql_schema: tuple[str, str], tmp_path: Path, query: Callable[..., list[tuple[Any, ...]]]
) -> None:
    url, schema = postgresql_schema
    query(url, f"CREATE TABLE {schema}.told (event_id TEXT, session_id TEXT, version INTEGER)")
    acknowledged: list[tuple[str, int]] = []
    with ExitStack() as stack:
        sites = [Site(url, schema, tmp_path) for _ in range(2)]
        for site in sites:
            stack.callback(lambda site=site: site.kill())
        writers = [Writer(sites, session, acknowledged) for session in prepare(sites[0], tmp_path)]
        for writer in writers:
            stack.callback(writer.ending.set)
            writer.start()
        for number in range(KILLS):
            enough = len(acknowledged) + random.randrange(1, 40)
            until(lambda enough=enough: len(acknowledged) >= enough)  # type: ignore[misc]
            sites[number % 2].kill()
            sites[number % 2].start()
        for writer in writers:
            writer.ending.set()
        for writer in writers:
            writer.join()
            assert writer.error is None
        for site in sites:  # from its first request on, a server looks for what others left
            httpx.get(f"{site.base_url}/api/v1/health").raise_for_status()
        until(lambda: query(url, f"SELECT count(*) FROM {schema}.scorm_outbox") == [(0,)])
        for site in sites:
            site.stop()
    happened = query(
        url,
        f"SELECT s.id, c.number FROM {schema}.scorm_commits c JOIN {schema}.scorm_sessions s USING (session_key)"
        " WHERE c.kind = 'put'",
    )
    told = query(url, f"SELECT event_id, session_id, version FROM {schema}.told")
    kept = {(session, version) for _, session, version in told}
    print(
        f"{KILLS} kills: {len(acknowledged)} acknowledged, {len(happened)} happened, {len(kept)} told,"
        f" {len(told) - len(kept)} told again"
    )
    assert set(acknowledged) - set(happened) == set(), "acknowledged, and not in the database"
    assert set(happened) - kept == set(), "happened, and never told"
    assert kept - set(happened) == set(), "told, and never happened"
    assert len({event for event, _, _ in told}) == len(kept), "an event has one id however often it is told"
    assert len(happened) > KILLS
