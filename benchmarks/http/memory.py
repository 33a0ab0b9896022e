"""Memory of a worker while it takes many commits: flat, whatever number of sessions they belong to.

    python benchmarks/http/memory.py [URL] [--commits 100000] [--sessions 2000]

What the process holds (resident pages, from /proc) is read ten times. The first tenth fills what is kept on purpose: a
parsed package, the sessions stored last, compiled statements. From there on nothing may grow.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from pathlib import Path

from rates import Bench

PARTS = 10
TASKS = 8


def resident_mb() -> float:
    """Resident memory of this process, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def run(url: str, commits: int, sessions: int) -> None:
    print(f"{url.partition(':')[0]}: {commits} commits to {sessions} sessions")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(url.replace("FOLDER", folder), sessions=sessions)
        try:
            await bench.prepare(Path(folder))
            print(f"  before the first: {resident_mb():.1f} MB")
            read: list[float] = []
            for part in range(PARTS):
                began = time.perf_counter()
                each = commits // PARTS // TASKS

                async def work(task: int, first: int = part * each * TASKS, count: int = each) -> None:
                    for number in range(first + task, first + task + count * TASKS, TASKS):
                        await bench.commit(number)

                await asyncio.gather(*(work(task) for task in range(TASKS)))
                read.append(resident_mb())
                took = time.perf_counter() - began
                print(f"  after {(part + 1) * each * TASKS:7}: {read[-1]:.1f} MB  ({each * TASKS / took:.0f}/s)")
            print(f"  the last against the first tenth: {read[-1] / read[0]:.3f} times")
        finally:
            await bench.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", nargs="?", default="postgresql+asyncpg://postgres@127.0.0.1/test")
    parser.add_argument("--commits", type=int, default=100_000)
    parser.add_argument("--sessions", type=int, default=2000)
    options = parser.parse_args()
    asyncio.run(run(options.url, options.commits, options.sessions))


if __name__ == "__main__":
    main()
