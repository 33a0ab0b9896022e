"""The service: everything the HTTP API does, as methods, with the same rules and errors. Knows nothing of HTTP."""

from __future__ import annotations

from scorm_embed.service.packages import PackageCalls
from scorm_embed.service.player import PlayerCalls
from scorm_embed.service.sessions import SessionCalls


class Service(PackageCalls, SessionCalls, PlayerCalls):
    """All that can be done with packages, sessions and the player, for one storage and one content store."""

    async def aclose(self) -> None:
        """Release what was opened; it opens again when it is used."""
        await self.storage.aclose()
        await self.content.aclose()
