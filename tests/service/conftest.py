"""A service in memory with a clock that stands still, and one-line ways to play."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scorm_embed.content import MemoryContent
from scorm_embed.core.standard import Standard
from scorm_embed.service import Launched, Service, ServiceOptions
from scorm_embed.storage import MemoryStorage
from scorm_embed.testing.package_builder import Item, build_package
from scorm_embed.testing.player import FakePlayer


@dataclass
class Clock:
    """Stands still until it is moved."""

    now: datetime = datetime(2025, 1, 15, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Desk:
    """What a test works with."""

    folder: Path
    clock: Clock = field(default_factory=Clock)
    options: ServiceOptions = field(default_factory=ServiceOptions)
    tenant: str = "acme"

    def __post_init__(self) -> None:
        self.storage = MemoryStorage()
        self.service = Service(self.storage, MemoryContent(), self.options, clock=self.clock)

    async def course(self, standard: Standard = Standard.SCORM_12, *items: Item, **options: Any) -> str:
        """Import a course; gives its package id."""
        path = self.folder / "course.zip"
        path.write_bytes(build_package(standard, items or (Item("item_1"),), **options))
        return str((await self.service.import_package(self.tenant, path))["id"])

    async def launch(self, package: str, session: str = "s1", user: str = "u1", **options: Any) -> Launched:
        return await self.service.launch(self.tenant, package, user, session_id=session, **options)

    async def play(self, package: str, session: str = "s1", user: str = "u1", **options: Any) -> FakePlayer:
        """Launch and open the player."""
        return await FakePlayer(self.service, await self.launch(package, session, user, **options)).open()

    async def shown(self, session: str = "s1") -> dict[str, Any]:
        """The session as the API shows it."""
        return await self.service.session(self.tenant, session)

    @staticmethod
    def commit(number: int, *elements: tuple[str, str], **more: Any) -> dict[str, Any]:
        """A commit as the player sends it."""
        return {"number": number, "activity": "item_1", "view": 1, "elements": [list(e) for e in elements], **more}

    @classmethod
    def place(cls, number: int) -> dict[str, Any]:
        """A commit of the place where the learner is: ``p`` and its number."""
        return cls.commit(number, ("cmi.location", f"p{number}"), initialized=number == 1)

    async def send(self, player: FakePlayer, *commits: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Send commits by hand, in the name of a player."""
        body = {"launch": player.view["launch"], "view": player.view["number"], "commits": list(commits), **more}
        launched = player.launched
        return await self.service.commit(self.tenant, launched.session_id, launched.launch_id, body, self.url)

    @staticmethod
    def url(digest: str, path: str) -> str:
        """Where a file of the course is."""
        return path


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)
