"""Runs the benchmarks one after the other and prints their tables.

    python benchmarks/run.py [PART …]

Parts: player, requests, storage, sequencing, datamodel, serving, memory, importing. None runs all but the two that take
minutes: ``memory`` sends 100,000 commits, ``importing`` makes and reads a package of 1 GB.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PARTS = {
    "player": ["player/size.py"],
    "requests": ["http/rates.py"],
    "storage": ["storage/commits.py", "postgresql://postgres@127.0.0.1/test"],
    "sequencing": ["sequencing/navigation.py"],
    "datamodel": ["datamodel/run.py"],
    "serving": ["content/serving.py"],
    "memory": ["http/memory.py"],
    "importing": ["content/importing.py"],
}
SLOW = ("memory", "importing")


def main() -> int:
    wanted = sys.argv[1:] or [part for part in PARTS if part not in SLOW]
    if unknown := [part for part in wanted if part not in PARTS]:
        print(f"unknown: {', '.join(unknown)}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    failed = []
    for part in wanted:
        print(f"== {part}", flush=True)
        script, *arguments = PARTS[part]
        if subprocess.run([sys.executable, str(HERE / script), *arguments], check=False).returncode:
            failed.append(part)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
