"""What the host wants to be told: hooks, inside the transaction or after it.

A hook registered with ``transaction=True`` runs inside the database transaction of the change and gets its
connection, so that the host's row and the session are committed together or not at all; an exception in it undoes
both. The others run after the commit; an exception in one is logged and disturbs nobody.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from scorm_embed.engine.effects import Happening
from scorm_embed.errors import ConfigurationError
from scorm_embed.service.model import Document
from scorm_embed.storage.base import Inside

logger = logging.getLogger("scorm_embed.hooks")


@dataclass(frozen=True, slots=True)
class HookEvent:
    """What a hook is called with."""

    type: str
    """launched, progress, completed, passed, failed or ended."""
    tenant_id: str
    session_id: str
    user_id: str
    package_id: str
    session: Document
    """The session as ``GET /api/v1/sessions/{id}`` shows it, after the change."""
    at: datetime
    connection: Any = None
    """The storage's connection inside its transaction; None for a hook that runs after the commit."""


Hook = Callable[[HookEvent], Awaitable[None] | None]


class Hooks:
    """The hooks of one ScormEmbed."""

    def __init__(self) -> None:
        self._inside: dict[str, list[Hook]] = {}
        self._after: dict[str, list[Hook]] = {}

    def add(self, event: str, hook: Hook, *, transaction: bool = False) -> None:
        """Register a hook; ``ConfigurationError`` for an event that never happens."""
        known = [happening.value for happening in Happening]
        if event not in known:
            raise ConfigurationError(f"There is no event {event!r}; there are {', '.join(known)}.")
        (self._inside if transaction else self._after).setdefault(event, []).append(hook)

    def wanted(self, happenings: Sequence[Happening]) -> bool:
        """Whether any hook wants to hear of these."""
        return any(h.value in self._inside or h.value in self._after for h in happenings)

    def inside(self, events: Sequence[HookEvent]) -> Inside | None:
        """What to run inside the transaction; None when there is nothing."""
        calls = [(hook, event) for event in events for hook in self._inside.get(event.type, ())]
        if not calls:
            return None

        async def run(connection: Any) -> None:
            for hook, event in calls:
                await _call(hook, replace(event, connection=connection))

        return run

    async def after(self, events: Sequence[HookEvent]) -> None:
        """Call the hooks that run after the commit."""
        for event in events:
            for hook in self._after.get(event.type, ()):
                try:
                    await _call(hook, event)
                except Exception:
                    logger.exception("A hook for %r failed.", event.type)


async def _call(hook: Hook, event: HookEvent) -> None:
    result = hook(event)
    if inspect.isawaitable(result):
        await result
