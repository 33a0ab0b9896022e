#!/usr/bin/env python3
"""Time SetValue and GetValue beside scorm-again in one Chromium page.

    benchmarks/datamodel/run.py [--pages 51] [--rounds 1] [--calls 20000] [--version 3.3.1 --version 3.3.2]

Installs the first version of scorm-again that npm can find into a folder that is removed afterwards. Each row is timed
in parts, in each of many new pages, and prints microseconds a call twice: typical, the median over the pages of each
part, summed (a browser is interrupted for milliseconds now and then, which a sum over whole pages would not forget);
and those of the best page. Exits 1 where ours takes more than a fifth of scorm-again's time by either.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Route, sync_playwright

HERE = Path(__file__).parent
PLAYER = HERE.parent.parent / "src/scorm_embed/web/static/player"
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ORIGIN = "https://bench.invalid"
SETTLE_MS = 200
"""Until the browser has done with loading a page and with what came before, which would take a core from it."""
PARTS = 20
ISOLATED = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}
"""Without these a page's clock counts in tenths of a millisecond."""
CALLS = {"500 interactions of 4 elements": 2000}


def install(folder: Path, versions: list[str]) -> str:
    """The version of scorm-again that was installed into a folder."""
    for version in versions:
        command = ["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", f"scorm-again@{version}"]
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            return version
        print(f"npm cannot install scorm-again {version}", file=sys.stderr)
    sys.exit("no version of scorm-again could be installed")


Taken = dict[tuple[str, str], list[list[float]]]
"""Microseconds of each part in each page, by row and by script."""


def measure(folder: Path, pages: int, rounds: int, calls: int) -> Taken:
    """Let pages measure, each a new one, both scripts in turn; the first round of a page is what a course meets."""
    roots = {"player": PLAYER, "scorm-again": folder / "node_modules/scorm-again/dist/esm", "bench": HERE}
    taken: Taken = {}

    def serve(route: Route) -> None:
        root, _, name = route.request.url.removeprefix(f"{ORIGIN}/").partition("/")
        if name:
            route.fulfill(path=roots[root] / name, content_type="text/javascript", headers=ISOLATED)
        else:
            route.fulfill(body="<!doctype html><title>bench</title>", content_type="text/html", headers=ISOLATED)

    script = "async (given) => (await import('/bench/page.js')).measure(...given)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for number in range(pages):
            page = browser.new_page()
            page.route("**/*", serve)
            page.goto(f"{ORIGIN}/")
            order = ["scorm_embed", "scorm-again"]
            for _ in range(rounds):
                result = page.evaluate(script, [order if number % 2 else order[::-1], calls, PARTS, SETTLE_MS])
            for label, by in result.items():
                for name, times in by.items():
                    taken.setdefault((label, name), []).append(times)
            page.close()
        browser.close()
    return taken


def typical(pages: list[list[float]]) -> float:
    """What a page takes that nothing interrupts: the median of each part, summed."""
    return sum(statistics.median(part) for part in zip(*pages, strict=True))


def best(pages: list[list[float]]) -> float:
    """What the fastest page takes."""
    return min(sum(parts) for parts in pages)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=51)
    parser.add_argument("--rounds", type=int, default=1, help="in each page; the last one counts")
    parser.add_argument("--calls", type=int, default=20_000, help="of SetValue and of GetValue")
    parser.add_argument("--version", action="append", help="of scorm-again; the first that npm finds")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        version = install(folder, options.version or ["3.3.1", "3.3.2"])
        taken = measure(folder, options.pages, options.rounds, options.calls)
    print(f"microseconds a call in {options.pages} pages; scorm-again {version}, ES module, minified")
    slow = False
    for title, of in (("typical", typical), ("best page", best)):
        print(f"{title:32}{'scorm_embed':>12}{'scorm-again':>12}{'share':>8}")
        for label in dict.fromkeys(label for label, _ in taken):
            count = CALLS.get(label, options.calls)
            ours, theirs = (of(taken[label, name]) / count for name in ("scorm_embed", "scorm-again"))
            slow = slow or ours > theirs / 5
            print(f"{label:32}{ours:12.2f}{theirs:12.2f}{ours / theirs:8.0%}")
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
