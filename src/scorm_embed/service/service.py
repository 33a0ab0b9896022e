"""The service: everything the HTTP API does, as methods, with the same rules and errors. Knows nothing of HTTP."""

from __future__ import annotations

from typing import Any

from scorm_embed.service.events import EventCalls
from scorm_embed.service.packages import PackageCalls
from scorm_embed.service.player import PlayerCalls
from scorm_embed.service.sessions import SessionCalls
from scorm_embed.service.upkeep import CLOSE_SECONDS, Upkeep, UpkeepCalls


class Service(PackageCalls, SessionCalls, PlayerCalls, EventCalls, UpkeepCalls):
    """All that can be done with packages, sessions and the player, for one storage and one content store."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.upkeep = Upkeep(self, self.options.maintenance_seconds)

    async def aclose(self) -> None:
        """End what is at work, and release what was opened; it opens again when it is used."""
        await self.upkeep.aclose()
        await self.outbox.aclose(CLOSE_SECONDS)
        await self.storage.aclose()
        await self.content.aclose()
