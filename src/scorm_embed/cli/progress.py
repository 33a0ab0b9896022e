"""How far a large package is, for whoever sits at the terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from scorm_embed.content.build import Progress

LARGE_BYTES = 16 * 1024**2
"""A smaller package is done before anybody could read how far it is."""


@contextmanager
def shown_progress(course: Path) -> Iterator[Progress | None]:
    """Give what shows progress on stderr; None for a small package, and where nobody looks."""
    if not sys.stderr.isatty() or course.stat().st_size < LARGE_BYTES:
        yield None
        return
    with click.progressbar(length=1, label=f"Reading {course.name}", file=sys.stderr) as bar:

        def show(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield show
