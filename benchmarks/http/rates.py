"""Requests per second of the HTTP API and the player, against a bare Starlette app on the same database.

    python benchmarks/http/rates.py [sqlite | postgresql://postgres@127.0.0.1/test …] [--seconds 2] [--tasks 8]

The bare handler does what every handler that saves or shows something must do, and nothing else: one UPDATE (or, for a
request that only reads, one SELECT) in one transaction, through the same engine. Both apps are called in this process
by the same driver, in turns, so that what else the machine does falls on both. What is printed of statements was
counted on a second app with an engine of its own, because an engine that somebody listens to is a slower one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from scorm_embed import ApiKey, MemoryContent, ScormEmbed, SQLStorage
from scorm_embed.core.standard import Standard
from scorm_embed.storage.preparing import version_table
from scorm_embed.testing.package_builder import Item, build_package

KEY = "benchmark-key-benchmark-key-benchmark"
PREFIX = "bench_http_"
Step = Callable[[int], Awaitable[Any]]


async def call(app: Any, method: str, path: str, body: object = None, headers: dict[str, str] | None = None) -> Any:
    """Call an ASGI app as a server would; gives the JSON of its answer."""
    return json.loads(await fetch(app, method, path, body, headers))


async def fetch(app: Any, method: str, url: str, body: object = None, headers: dict[str, str] | None = None) -> bytes:
    """Call an ASGI app as a server would; gives the body of its answer."""
    path, _, query = url.partition("?")
    data = json.dumps(body).encode() if body is not None else b""
    names = {"host": "bench.test", "content-type": "application/json", "content-length": str(len(data))}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "server": ("bench.test", 80),
        "client": ("127.0.0.1", 1),
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(k.encode(), v.encode()) for k, v in {**names, **(headers or {})}.items()],
    }
    parts: list[bytes] = []
    status = 0

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": data, "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, send)
    answer = b"".join(parts)
    if status >= 400:
        raise RuntimeError(f"{method} {path}: {status} {answer!r}")
    return answer


def bare_app(engine: AsyncEngine, *, writes: bool) -> Starlette:
    """A handler that does one statement and nothing else."""

    async def handler(request: Request) -> JSONResponse:
        number = int(request.path_params["number"]) % 1000
        if not writes:
            async with engine.connect() as connection:
                row = (await connection.execute(_READ, {"id": number})).one()
            return JSONResponse({"id": number, "value": row[0]})
        value = (await request.json())["elements"][0][1]
        async with engine.begin() as connection:
            await connection.execute(_WRITE, {"id": number, "value": value})
        return JSONResponse({"id": number})

    return Starlette(routes=[Route("/{number}", handler, methods=["GET", "POST"])])


_READ = text("SELECT value FROM bench_bare WHERE id = :id")
_WRITE = text("UPDATE bench_bare SET value = :value WHERE id = :id")


async def rate(step: Step, tasks: int, seconds: float) -> float:
    """Completed steps per second with so many tasks at once."""
    end = time.perf_counter() + seconds
    done = 0

    async def work(task: int) -> None:
        nonlocal done
        number = task
        while time.perf_counter() < end:
            await step(number)
            number += tasks
            done += 1

    await asyncio.gather(*(work(task) for task in range(tasks)))
    return done / seconds


class Bench:
    """One database, one mounted app, some sessions that are being played."""

    def __init__(self, url: str, sessions: int) -> None:
        self.engine = create_async_engine(url)
        self.counting_engine = create_async_engine(url)
        self.statements: Counter[str] = Counter()
        event.listen(self.counting_engine.sync_engine, "before_cursor_execute", self._count)
        self.content = MemoryContent()
        self.app, self.counted = self._mount(self.engine), self._mount(self.counting_engine)
        self.sessions = sessions
        self.headers = {"x-api-key": KEY}
        self.runs: list[dict[str, Any]] = []

    def _mount(self, engine: AsyncEngine) -> ScormEmbed:
        return ScormEmbed(
            secret_key="bench" * 8,
            storage=SQLStorage(engine=engine, prefix=PREFIX),
            content=self.content,
            api_keys=[ApiKey(KEY, scopes={"read", "write", "admin"})],
        )

    async def count(self, step: Step) -> tuple[int, int]:
        """Reads and writes of one step."""
        self.app, self.counted = self.counted, self.app
        await step(0)
        self.statements.clear()
        await step(0)
        self.app, self.counted = self.counted, self.app
        return self.statements["read"], self.statements["write"]

    def _count(self, _c: Any, _cur: Any, statement: str, *_: Any) -> None:
        kind = "read" if statement.lstrip().upper().startswith("SELECT") else "write"
        self.statements[kind] += 1

    async def prepare(self, folder: Path) -> None:
        path = folder / "course.zip"
        path.write_bytes(build_package(Standard.SCORM_2004_4TH, [Item("item_1")]))
        self.package = (await self.app.import_package(path))["id"]
        async with self.engine.begin() as connection:
            await connection.execute(text("DROP TABLE IF EXISTS bench_bare"))
            await connection.execute(text("CREATE TABLE bench_bare (id INTEGER PRIMARY KEY, value TEXT)"))
            rows = [{"id": n, "value": "v"} for n in range(1000)]
            await connection.execute(text("INSERT INTO bench_bare VALUES (:id, :value)"), rows)
        for number in range(self.sessions):
            page = await self._page(number)
            view = (await call(self.app, "POST", f"{page}start", {"recover": []}))["view"]
            self.runs.append({"path": f"{page}commit", "view": view, "number": 0})

    async def _page(self, number: int) -> str:
        """The signed path of the player's calls, as its page has it."""
        launched = await self.launch(number)
        page = await fetch(self.app, "GET", launched["launch_url"].removeprefix("http://bench.test"))
        boot = re.search(rb'<script type="application/json" id="boot">(.*?)</script>', page, re.DOTALL)
        assert boot is not None
        return str(json.loads(boot[1])["run"])

    async def launch(self, number: int) -> Any:
        body = {"user_id": "u", "session_id": f"session-{number % self.sessions}"}
        return await call(self.app, "POST", f"/api/v1/packages/{self.package}/launch", body, self.headers)

    async def commit(self, number: int) -> None:
        run = self.runs[number % self.sessions]
        run["number"] += 1
        commit = {
            "number": run["number"],
            "activity": "item_1",
            "view": 1,
            "elements": [["cmi.location", f"p{number}"]],
        }
        body = {"launch": run["view"]["launch"], "view": run["view"]["number"], "commits": [commit]}
        await call(self.app, "POST", run["path"], body)

    async def read(self, number: int) -> None:
        await call(self.app, "GET", f"/api/v1/sessions/session-{number % self.sessions}", None, self.headers)

    async def measure(self, name: str, step: Step, seconds: float, tasks: int) -> None:
        reads, writes = await self.count(step)
        for number in range(self.sessions):
            await step(number)
        bare = bare_app(self.engine, writes=bool(writes))
        method, body = ("GET", None) if not writes else ("POST", {"elements": [["cmi.location", "p1"]]})

        async def bare_step(number: int) -> None:
            await call(bare, method, f"/{number}", body)

        ours = theirs = 0.0
        rounds = 5
        for _ in range(rounds):
            ours += await rate(step, tasks, seconds / rounds) / rounds
            theirs += await rate(bare_step, tasks, seconds / rounds) / rounds
        print(
            f"  {name:8} {reads} reads {writes} writes {ours:8.0f}/s   bare {theirs:8.0f}/s   ratio {ours / theirs:.2f}"
        )

    async def close(self) -> None:
        async with self.engine.begin() as connection:
            await connection.execute(text("DROP TABLE IF EXISTS bench_bare"))
            names = [table.name for table in reversed(self.app._parts().service.storage.metadata.sorted_tables)]
            for name in [*names, version_table(PREFIX, None).name]:
                await connection.execute(text(f"DROP TABLE IF EXISTS {name}"))
        for app, engine in ((self.app, self.engine), (self.counted, self.counting_engine)):
            await app.aclose()
            await engine.dispose()


async def run(url: str, seconds: float, tasks: int) -> None:
    print(f"{url.partition(':')[0]}: {tasks} requests at once")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(url.replace("FOLDER", folder), sessions=tasks)
        try:
            await bench.prepare(Path(folder))
            await bench.measure("commit", bench.commit, seconds, tasks)
            await bench.measure("read", bench.read, seconds, tasks)
            await bench.measure("launch", bench.launch, seconds, tasks)
        finally:
            await bench.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("urls", nargs="*", default=["sqlite", "postgresql+asyncpg://postgres@127.0.0.1/test"])
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--tasks", type=int, default=8)
    options = parser.parse_args()
    for url in options.urls:
        asyncio.run(
            run("sqlite+aiosqlite:///FOLDER/bench.db" if url == "sqlite" else url, options.seconds, options.tasks)
        )


if __name__ == "__main__":
    main()
