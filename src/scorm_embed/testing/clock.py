"""A clock that stands still until a test moves it."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

from scorm_embed.web.app import ScormEmbed


class FrozenClock:
    """Tells one time, UTC, until it is moved.

    Args:
        now: where it begins; an aware datetime.
    """

    def __init__(self, now: datetime = datetime(2025, 1, 15, 10, 0, tzinfo=UTC)) -> None:
        self.now = now
        self._frozen = ExitStack()

    def __call__(self) -> datetime:
        """Give the time."""
        return self.now

    def move(self, *, seconds: float = 0, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds, minutes=minutes, hours=hours, days=days)

    def freeze(self, scorm: ScormEmbed) -> None:
        """Let a host's ``ScormEmbed`` read this clock: times of records, launches, tokens, keys."""
        self._frozen.enter_context(scorm.replacing(clock=self))

    def thaw(self) -> None:
        """Give every ``ScormEmbed`` its own clock back; the fixture does it."""
        self._frozen.close()
