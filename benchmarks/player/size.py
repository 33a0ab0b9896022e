"""What the player loads before the course, over the wire: page, scripts, style, texts, state of a fresh session.

    python benchmarks/player/size.py [--check]

Asks the app for everything that a browser would, gzip accepted, and counts the bytes of the bodies.
``--check`` exits with 1 where a standard is over its budget: 25 KB for SCORM 2004, less than that for SCORM 1.2.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import re
import sys
import tempfile
from pathlib import Path

import httpx

from scorm_embed import MemoryContent, MemoryStorage, ScormEmbed
from scorm_embed.core.standard import Standard
from scorm_embed.testing.package_builder import Item, build_package

BUDGET_BYTES = 25_000
_IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["'](\./[^"']+\.js)["']""")
_CONDITIONAL = re.compile(r"languages\.js")
"""Loaded only where the standard is taken by the letter, which no published course needs."""
_AFTER = re.compile(r"(bar|navigation|menu|tidy)\.js|controls\.css|texts/controls/")
"""What is around the course: loaded once the course itself is on its way."""


async def loaded(standard: Standard, items: int) -> dict[str, int]:
    """Bytes over the wire by name, for a course of so many activities."""
    app = ScormEmbed(secret_key="size" * 8, storage=MemoryStorage(), content=MemoryContent())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "course.zip"
        path.write_bytes(build_package(standard, [Item(f"item_{n}") for n in range(items)]))
        package = await app.import_package(path)
    launched = await app.launch(package["id"], "learner", base_url="http://size.test")
    sizes: dict[str, int] = {}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://size.test") as client:

        async def fetch(url: str, name: str) -> str:
            async with client.stream("GET", url, headers={"accept-encoding": "gzip"}) as answer:
                answer.raise_for_status()
                raw = b"".join([piece async for piece in answer.aiter_raw()])
                packed = answer.headers.get("content-encoding") == "gzip"
            sizes[name] = len(raw) if packed else len(gzip.compress(raw))
            return (gzip.decompress(raw) if packed else raw).decode()

        page = await fetch(launched["launch_url"], "page.html")
        boot = json.loads(re.search(r'id="boot">(.*?)</script>', page, re.DOTALL)[1])  # type: ignore[index]
        names = re.findall(r'(?:href|src)="([^"]+\.(?:js|css|json))"', page)
        base = names[0].rsplit("/", 1)[0]
        waiting = [name.rsplit("/player/", 1)[-1] for name in names]
        waiting.append(f"texts/{boot['language']}.json")
        if items > 1:
            waiting += ["controls.css", f"texts/controls/{boot['language']}.json"]
        foreign = re.compile(r"(tables|checks)12\.js" if standard.is_2004 else r"(tables|checks)2004\.js")
        while waiting:
            name = waiting.pop()
            if (
                name in sizes
                or _CONDITIONAL.search(name)
                or foreign.search(name)
                or (items == 1 and _AFTER.search(name))
            ):
                continue
            text = await fetch(f"{base}/{name}", name)
            if name.endswith(".js"):
                waiting += [found.removeprefix("./") for found in _IMPORT.findall(text)]
        answer = await client.post(f"{boot['run']}start", json={"recover": []})
        sizes["state of a fresh session"] = len(gzip.compress(answer.content))
    await app.aclose()
    return sizes


def counted(sizes: dict[str, int]) -> int:
    """Bytes of what is loaded before the course."""
    return sum(size for name, size in sizes.items() if not _AFTER.search(name))


async def before(standard: Standard, items: int) -> int:
    """Bytes over the wire before a course of so many activities."""
    return counted(await loaded(standard, items))


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    totals: dict[Standard, int] = {}
    for standard in (Standard.SCORM_2004_4TH, Standard.SCORM_12):
        for items in (1, 5):
            sizes = await loaded(standard, items)
            first = counted(sizes)
            totals[standard] = max(first, totals.get(standard, 0))
            rest = f", then {sum(sizes.values()) - first} for the menu" if items > 1 else ""
            print(f"{standard.value}, {items} activities: {first} bytes gzip before the course{rest}")
            if items > 1:
                for name, size in sorted(sizes.items(), key=lambda entry: -entry[1]):
                    print(f"  {size:6}  {name}")
    over = (
        totals[Standard.SCORM_2004_4TH] > BUDGET_BYTES or totals[Standard.SCORM_12] >= totals[Standard.SCORM_2004_4TH]
    )
    return 1 if options.check and over else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
