#!/usr/bin/env python3
"""Time SetValue and GetValue beside scorm-again in one Chromium page.

    benchmarks/datamodel/run.py [--pages 25] [--rounds 1] [--calls 20000] [--version 3.3.1 --version 3.3.2]

Installs the first version of scorm-again that npm can find into a folder that is removed afterwards. Prints a table of
microseconds a call: the best of the pages, so that what else the machine does matters little, and with them the median
of the pages' own shares, since the best page of the shorter one may be one without garbage collection. Exits 1 where
the best of ours takes more than a fifth of scorm-again's best.
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
ORIGIN = "http://bench.invalid"
SETTLE_MS = 200
"""Until the process of the page before is gone, which would take a core from this one."""


def install(folder: Path, versions: list[str]) -> str:
    """The version of scorm-again that was installed into a folder."""
    for version in versions:
        command = ["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", f"scorm-again@{version}"]
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            return version
        print(f"npm cannot install scorm-again {version}", file=sys.stderr)
    sys.exit("no version of scorm-again could be installed")


def measure(folder: Path, pages: int, rounds: int, calls: int) -> dict[tuple[str, str], list[float]]:
    """Let pages measure, each a new one, both scripts in turn; the first round of a page is what a course meets."""
    roots = {"player": PLAYER, "scorm-again": folder / "node_modules/scorm-again/dist/esm", "bench": HERE}
    taken: dict[tuple[str, str], list[float]] = {}

    def serve(route: Route) -> None:
        root, _, name = route.request.url.removeprefix(f"{ORIGIN}/").partition("/")
        if name:
            route.fulfill(path=roots[root] / name, content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html><title>bench</title>", content_type="text/html")

    script = "async ([order, calls]) => (await import('/bench/page.js')).measure(order, calls)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for number in range(pages):
            page = browser.new_page()
            page.route("**/*", serve)
            page.goto(f"{ORIGIN}/")
            page.wait_for_timeout(SETTLE_MS)
            order = ["scorm_embed", "scorm-again"]
            for _ in range(rounds):
                result = page.evaluate(script, [order if number % 2 else order[::-1], calls])
            for label, by in result.items():
                for name, microseconds in by.items():
                    taken.setdefault((label, name), []).append(microseconds)
            page.close()
        browser.close()
    return taken


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=25)
    parser.add_argument("--rounds", type=int, default=1, help="in each page; the last one counts")
    parser.add_argument("--calls", type=int, default=20_000, help="of SetValue and of GetValue")
    parser.add_argument("--version", action="append", help="of scorm-again; the first that npm finds")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        version = install(folder, options.version or ["3.3.1", "3.3.2"])
        taken = measure(folder, options.pages, options.rounds, options.calls)
    print(f"microseconds a call, best of {options.pages} pages; scorm-again {version}, ES module, minified")
    print(f"{'':32}{'scorm_embed':>12}{'scorm-again':>12}{'share':>8}{'median':>8}")
    slow = False
    for label in dict.fromkeys(label for label, _ in taken):
        both = taken[label, "scorm_embed"], taken[label, "scorm-again"]
        ours, theirs = (min(times) for times in both)
        median = statistics.median(one / other for one, other in zip(*both, strict=True))
        slow = slow or ours > theirs / 5
        print(f"{label:32}{ours:12.2f}{theirs:12.2f}{ours / theirs:8.0%}{median:8.0%}")
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
