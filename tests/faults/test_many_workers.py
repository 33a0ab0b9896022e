"""Several workers on one PostgreSQL database, and a crowd whose requests go to any of them: nothing is lost.

``SCORM_EMBED_CROWD`` sets learners and commits of each, ``200x100`` for the figures of a release.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from scorm_embed.core.standard import Standard
from scorm_embed.testing.package_builder import build_package

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from crowd import CrowdLearner, Seen  # noqa: E402 - beside this file, which is no package

LEARNERS, COMMITS = (int(part) for part in os.environ.get("SCORM_EMBED_CROWD", "20x10").split("x"))
KEY = "crowd-key-crowd-key-crowd-key-0123"
WAIT_SECONDS = 300
BIND = ("--host", "127.0.0.1", "--port", "{port}")
SERVERS = {
    "uvicorn": (4, "/", ["uvicorn", "crowded_site:app", *BIND, "--workers", "4", "--log-level", "warning"]),
    "granian": (2, "/", ["granian", "--interface", "asgi", "crowded_site:app", *BIND, "--workers", "2"]),
    # Preloaded: the app is made once and forked, as hosts do to save memory.
    "gunicorn": (
        2,
        "/scorm/",
        [
            "gunicorn",
            "crowded_site:wsgi",
            "--bind",
            "127.0.0.1:{port}",
            "--workers",
            "2",
            "--threads",
            "8",
            "--preload",
        ],
    ),
}

pytestmark = pytest.mark.postgresql


@contextlib.contextmanager
def serving(command: list[str], url: str, schema: str, folder: Path) -> Iterator[tuple[int, Path]]:
    """Run a server; gives its port and its log."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    program, *arguments = (part.replace("{port}", str(port)) for part in command)
    environ = {**os.environ, "SITE_DATABASE": url, "SITE_SCHEMA": schema, "SITE_FOLDER": str(folder)}
    environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(HERE), os.environ.get("PYTHONPATH"))))
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name(program)), *arguments],
            cwd=HERE,
            env=environ,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield port, log
        assert process.poll() is None, log.read_text()
    finally:
        process.terminate()
        try:
            process.wait(WAIT_SECONDS)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


async def until_ready(client: httpx.AsyncClient, workers: int, log: Path) -> None:
    """Wait until every worker has answered."""
    seen: set[str] = set()
    end = time.monotonic() + WAIT_SECONDS

    async def ask() -> None:
        with contextlib.suppress(httpx.TransportError):
            seen.add((await client.get("api/v1/health")).raise_for_status().headers["x-worker"])

    while len(seen) < workers:
        assert time.monotonic() < end, f"{len(seen)} workers answer:\n{log.read_text()[-3000:]}"
        await asyncio.gather(*(ask() for _ in range(8)))


def new_client(base_url: str) -> httpx.AsyncClient:
    """A client whose every request has a connection of its own. A pool for a whole crowd would be the slowest part."""
    transport = httpx.AsyncHTTPTransport(verify=False, limits=httpx.Limits(max_keepalive_connections=0))
    return httpx.AsyncClient(
        base_url=base_url, headers={"X-API-Key": KEY}, transport=transport, timeout=WAIT_SECONDS, trust_env=False
    )


async def play(base_url: str, workers: int, log: Path) -> tuple[list[CrowdLearner], Seen, dict[str, Any]]:
    """Let everybody take the course at once; gives what is kept of each session."""
    seen = Seen()
    async with contextlib.AsyncExitStack() as stack:
        client, *clients = [await stack.enter_async_context(new_client(base_url)) for _ in range(LEARNERS + 1)]
        await until_ready(client, workers, log)
        course = {"content": build_package(Standard.SCORM_2004_4TH), "headers": {"Content-Type": "application/zip"}}
        package = (await client.post("api/v1/packages", **course)).raise_for_status().json()["id"]
        learners = [CrowdLearner(own, seen, number, COMMITS) for number, own in enumerate(clients)]
        began = time.perf_counter()
        await asyncio.gather(*(learner.take(package) for learner in learners))
        seconds = time.perf_counter() - began
        kept = {learner.session: await learner.kept() for learner in learners}
    times = sorted(seen.commit_seconds)
    print(
        f"{len(seen.workers)} workers, {LEARNERS} learners: {len(times)} requests to commit in {seconds:.1f} s,"
        f" {len(times) / seconds:.0f}/s; median {times[len(times) // 2] * 1000:.0f} ms,"
        f" 99 % {times[len(times) * 99 // 100] * 1000:.0f} ms; {len(seen.errors)} errors;"
        f" requests of the workers: {sorted(seen.workers.values())}"
    )
    return learners, seen, kept


@pytest.mark.parametrize("server", SERVERS)
def test_what_a_crowd_commits_through_several_workers_is_kept_exactly_and_told(
    server: str, postgresql_schema: tuple[str, str], tmp_path: Path, query: Callable[..., list[tuple[Any, ...]]]
) -> None:
    url, schema = postgresql_schema
    workers, mount, command = SERVERS[server]
    query(url, f"CREATE TABLE {schema}.told (event_id TEXT, session_id TEXT, score FLOAT)")

    async def run() -> tuple[list[CrowdLearner], Seen, dict[str, Any]]:
        with serving(command, url, schema, tmp_path) as (port, log):
            found = await play(f"http://127.0.0.1:{port}{mount}", workers, log)
            end = time.monotonic() + WAIT_SECONDS
            waiting = f"SELECT count(*) FROM {schema}.scorm_outbox"
            while await asyncio.to_thread(query, url, waiting) != [(0,)]:
                assert time.monotonic() < end, "an event is never told"
            return found

    learners, seen, kept = asyncio.run(run())
    assert seen.errors == []
    assert len(seen.workers) == workers
    told: dict[str, list[float]] = {learner.session: [] for learner in learners}
    for session, score in query(url, f"SELECT DISTINCT session_id, score FROM {schema}.told"):
        told[session].append(score)
    for learner in learners:
        session, commits = kept[learner.session]
        data = session["cmi_data"]
        assert learner.acknowledged == COMMITS
        assert len(learner.workers) > 1, "a learner's requests went to one worker only"
        # The log is in the order of arrival, which a bad network mixes up.
        every_commit = [(number, "applied") for number in range(1, COMMITS + 1)]
        assert (sorted(commits) if learner.bad_network else commits) == every_commit
        assert {name: data.get(name) for name in learner.expected()} == learner.expected()
        assert {name for name in data if ".interactions." in name} <= set(learner.expected())
        assert session["score"]["scaled"] == 1.0
        every_score = [number / COMMITS for number in range(1, COMMITS + 1)]
        if not learner.bad_network:  # of several commits that arrive at once, the last result is told
            assert sorted(told[learner.session]) == every_score
        assert max(told[learner.session]) == 1.0
