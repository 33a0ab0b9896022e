"""A player in memory, and a learner in it, in one line each: what the pytest fixtures give."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

from scorm_embed.content import MemoryContent
from scorm_embed.storage import MemoryStorage
from scorm_embed.testing.clients import BASE_URL, HostClient, run_async
from scorm_embed.testing.clock import FrozenClock
from scorm_embed.testing.learner import FakeLearner
from scorm_embed.web.app import ScormEmbed

SECRET = "a secret that is long enough, for tests only"


def memory_scorm(clock: FrozenClock | None = None, **options: Any) -> ScormEmbed:
    """Give a ``ScormEmbed`` that keeps everything in memory.

    Args:
        clock: what it reads the time from; the system's clock when absent.
        options: of ``ScormEmbed``.
    """
    scorm = ScormEmbed(
        **{"secret_key": SECRET, "storage": MemoryStorage(), "content": MemoryContent(), **options},
    )
    if clock is not None:
        clock.freeze(scorm)
    return scorm


@contextmanager
def in_memory(scorm: ScormEmbed) -> Iterator[ScormEmbed]:
    """Let a host's own ``ScormEmbed`` keep everything in memory within a block: records and courses.

    There is no database then, so that a hook with ``transaction=True`` gets no connection.
    """
    with scorm.replacing(storage=MemoryStorage(), content=MemoryContent()):
        try:
            yield scorm
        finally:
            run_async(scorm.aclose())


class Playground:
    """Plays courses on ``ScormEmbed`` objects without a host; everything is closed with ``close``."""

    def __init__(self, make_scorm: Callable[[], ScormEmbed]) -> None:
        self._make_scorm = make_scorm
        self._scorm: ScormEmbed | None = None
        self._packages: dict[tuple[int, bytes], str] = {}
        self._hosts: dict[int, HostClient] = {}

    def play(
        self,
        course: bytes | str,
        *,
        scorm: ScormEmbed | None = None,
        user_id: str = "ada",
        session_id: str | None = None,
        **launch: Any,
    ) -> FakeLearner:
        """Import a course, launch it and open the player.

        The same course and user give the same session: playing again is coming back.

        Args:
            course: the zip, or the id of a package that ``scorm`` has.
            scorm: where it is played; one in memory when absent.
            user_id: the learner.
            session_id: of the session; made from user and package when absent.
            launch: more arguments of ``ScormEmbed.launch``.
        """
        if scorm is None:
            scorm = self._scorm = self._scorm or self._make_scorm()
        package = course if isinstance(course, str) else self._import(scorm, course)
        launched = scorm.sync.launch(
            package,
            user_id,
            **{"session_id": session_id or f"{user_id}-{package}", "base_url": BASE_URL, **launch},
        )
        host = self._hosts.setdefault(id(scorm), HostClient(scorm))
        return FakeLearner(host).open(launched["launch_url"])

    def close(self) -> None:
        """Close everything."""
        for host in self._hosts.values():
            host.close()

    def _import(self, scorm: ScormEmbed, course: bytes) -> str:
        key = (id(scorm), sha256(course).digest())
        if key not in self._packages:
            self._packages[key] = str(scorm.sync.import_package(course)["id"])
        return self._packages[key]
