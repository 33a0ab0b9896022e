"""A program that plays a course and dies in the middle, again and again, and compares what it left behind.

The grade book is written by a hook in the transaction, as docs/events.md shows. Each round plays in a child process
that ends without a word at a chosen point between two statements (``exit``), is killed at any moment (``kill``), or
loses its connections at a chosen point and goes on (``cut``). Then the session and its grade must say the same, and
what was acknowledged must be there. Writes one JSON document: what was done, and every disagreement.

    python crashing_grades.py URL SCHEMA FOLDER ROUNDS SEED [apart]

With ``apart`` the grade is written on a connection of its own, which is what the comparison must find out, once.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import select
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Float, MetaData, String, Table, delete, event, insert, text
from sqlalchemy import select as select_rows

from scorm_embed.content import DirectoryContent
from scorm_embed.core.standard import Standard
from scorm_embed.errors import ScormEmbedError
from scorm_embed.service import HookEvent, Hooks, Service
from scorm_embed.storage import SQLStorage
from scorm_embed.testing.package_builder import Item, build_package
from scorm_embed.testing.player import FakePlayer

TENANT, SESSION, USER = "default", "s1", "ada"
COMMITS = 4
CUT_NAME = "crashing_grades"
"""The application's name on PostgreSQL, by which its connections are found."""


class Site:
    """The host: a service on a database, and a grade book beside it."""

    def __init__(self, url: str, schema: str | None, folder: Path, *, apart: bool = False) -> None:
        self.apart = apart
        arguments = {"server_settings": {"application_name": CUT_NAME}} if schema else {}
        self.storage = SQLStorage(url, schema=schema, engine_options={"connect_args": arguments})
        self.metadata = MetaData()
        self.grades = Table(
            "grades",
            self.metadata,
            Column("session_id", String(100), primary_key=True),
            Column("state", String(20), nullable=False),
            Column("score", Float),
            Column("seconds", Float, nullable=False),
            schema=schema,
        )
        hooks = Hooks()
        for name in ("progress", "ended"):
            hooks.add(name, self.write_grade, transaction=True)
        self.service = Service(self.storage, DirectoryContent(folder / "content"), hooks=hooks)

    async def write_grade(self, told: HookEvent) -> None:
        score = told.session["score"]
        row = {
            "session_id": told.session_id,
            "state": told.session["state"],
            "score": score["scaled"] if score else None,
            "seconds": told.session["time_spent_seconds"],
        }
        statements = (delete(self.grades).where(self.grades.c.session_id == told.session_id), insert(self.grades))
        if self.apart:
            async with self.storage._connections.get().engine.begin() as connection:
                await connection.execute(statements[0])
                await connection.execute(statements[1], row)
        else:
            await told.connection.execute(statements[0])
            await told.connection.execute(statements[1], row)

    async def prepare(self, folder: Path) -> str:
        """Make the tables and import a course."""
        path = folder / "course.zip"
        path.write_bytes(build_package(Standard.SCORM_2004_4TH, (Item("item_1"),)))
        package = await self.service.import_package(TENANT, path)
        async with self.storage._connections.get().engine.begin() as connection:
            await connection.run_sync(self.metadata.create_all)
        return str(package["id"])

    def watch(self, at_point: Callable[[], None]) -> None:
        """Call a function before and after each statement, before each commit, and when a connection is given back."""
        opened = self.storage._connections.get()
        for engine in (opened.engine.sync_engine, opened.single.sync_engine):
            for name in ("before_cursor_execute", "after_cursor_execute", "begin", "commit"):
                event.listen(engine, name, lambda *_: at_point())
        event.listen(opened.engine.sync_engine.pool, "checkin", lambda *_: at_point())

    async def play(self, package: str, scores: list[float], say: Callable[[str], None]) -> None:
        """Open the course, report scores, leave."""
        launched = await self.service.launch(TENANT, package, USER, session_id=SESSION)
        player = await FakePlayer(self.service, launched).open()
        assert player.sco is not None
        player.sco.initialize()
        for score in scores:
            say(f"try {score}")
            player.sco.set("cmi.score.scaled", str(score))
            player.sco.set("cmi.session_time", "PT1M")
            await player.sync()
            say(f"ack {score}")
        await player.close()

    async def compare(self) -> tuple[Any, Any]:
        """Give what the session shows and what the grade book says; None for either where there is nothing."""
        found = await self.storage.load_session(TENANT, SESSION)
        async with self.storage._connections.get().engine.connect() as connection:
            row = (await connection.execute(select_rows(self.grades))).one_or_none()
        shown = None
        if found is not None and found[0].state != "not_attempted":
            record = found[0]
            shown = (record.state, record.score.scaled, round(record.time_spent_seconds, 2))
        return shown, None if row is None else (row.state, row.score, row.seconds)


def run(site: Callable[[], Site], work: Callable[[Site], Any]) -> Any:
    """Do something on a loop and with connections of its own."""

    async def main() -> Any:
        made = site()
        try:
            return await work(made)
        finally:
            with contextlib.suppress(ScormEmbedError):
                await made.service.aclose()

    return asyncio.run(main())


Dying = tuple[str, int]
"""How the child dies, and at which point."""


def child(site: Callable[[], Site], package: str, scores: list[float], dying: Dying, out: int, back: int) -> None:
    """Play, and die at the point."""
    mode, point = dying
    count = 0

    def say(line: str) -> None:
        os.write(out, f"{line}\n".encode())

    def at_point() -> None:
        nonlocal count
        count += 1
        if count == point and mode == "exit":
            os._exit(9)
        if count == point and mode == "cut":
            say("cut")
            os.read(back, 1)

    async def work(made: Site) -> None:
        made.watch(at_point)
        with contextlib.suppress(ScormEmbedError):
            await made.play(package, scores, say)
        say(f"points {count}")

    run(site, work)
    os._exit(0)


async def cut_connections(url: str) -> None:
    """Let the server end every connection of the program."""
    storage = SQLStorage(url, create_tables=False)
    async with storage._connections.get().engine.connect() as connection:
        await connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = :name"),
            {"name": CUT_NAME},
        )
    await storage.aclose()


def play_round(
    site: Callable[[], Site], url: str, package: str, scores: list[float], mode: str, point: int, delay: float
) -> list[str]:
    """Let a child play and die; gives what it said."""
    out_read, out_write = os.pipe()
    back_read, back_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(out_read)
        os.close(back_write)
        try:
            child(site, package, scores, (mode, point), out_write, back_read)
        finally:
            os._exit(1)
    os.close(out_write)
    os.close(back_read)
    said = b""
    until = time.monotonic() + delay
    while True:
        if mode == "kill" and not select.select([out_read], [], [], max(0.0, until - time.monotonic()))[0]:
            os.kill(pid, signal.SIGKILL)
            mode = "killed"
        piece = os.read(out_read, 4096)
        if not piece:
            break
        said += piece
        if piece.endswith(b"cut\n"):
            asyncio.run(cut_connections(url))
            os.write(back_write, b"x")
    os.close(out_read)
    os.close(back_write)
    os.waitpid(pid, 0)
    return said.decode().splitlines()


def main(url: str, schema: str | None, folder: Path, rounds: int, seed: int, *, apart: bool) -> dict[str, Any]:
    """Play all rounds."""
    chance = random.Random(seed)

    def site() -> Site:
        return Site(url, schema, folder, apart=apart)

    package = run(site, lambda made: made.prepare(folder))

    began = time.monotonic()
    whole = play_round(site, url, package, [0.0] * COMMITS, "", 0, 0.0)
    seconds = time.monotonic() - began
    points = int(whole[-1].removeprefix("points "))
    wrong: list[Any] = []
    done: Counter[str] = Counter()
    places: set[int] = set()
    ahead: list[int] = []
    stored: float | None = 0.0
    for number in range(rounds):
        mode = chance.choice(("exit", "exit", "kill", "cut") if schema else ("exit", "exit", "kill"))
        if not ahead:
            ahead = chance.sample(range(1, points + 1), points)
        point = ahead.pop()
        scores = [round(chance.uniform(-1, 1), 6) for _ in range(COMMITS)]
        said = play_round(site, url, package, scores, mode, point, chance.uniform(0, seconds))
        done["ended by itself" if said[-1:] and said[-1].startswith("points") and mode != "cut" else mode] += 1
        if mode == "exit":
            places.add(point)
        shown, grade = run(site, lambda made: made.compare())
        tried = [float(line.split()[1]) for line in said if line.startswith("try")]
        acknowledged = [float(line.split()[1]) for line in said if line.startswith("ack")]
        # The last score that was acknowledged, or the one that was on its way.
        possible = {acknowledged[-1] if acknowledged else stored, *tried[len(acknowledged) :]}
        stored = None if shown is None else shown[1]
        if shown != grade or stored not in possible:
            wrong.append({"round": number, "died": [mode, point], "session": shown, "grade": grade, "said": said})
            if apart:
                break
    return {"rounds": rounds, "points": points, "places": len(places), "modes": dict(done), "wrong": wrong}


if __name__ == "__main__":
    url, schema, folder, rounds, seed, *more = sys.argv[1:]
    print(json.dumps(main(url, schema or None, Path(folder), int(rounds), int(seed), apart="apart" in more)))
