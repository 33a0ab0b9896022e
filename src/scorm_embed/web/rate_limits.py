"""The option ``rate_limits``: how often each may call, and where it is counted.

Counting is done by the library ``limits`` (extra ``limits``), which is imported only where the option is given.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scorm_embed.errors import ConfigurationError

if TYPE_CHECKING:
    from limits import RateLimitItem
    from limits.aio.strategies import FixedWindowRateLimiter

COUNTED = ("api_key", "learner", "launch", "content", "failures")
"""The fields that are limits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimits:
    """How often each may call, such as ``"10/second; 600/minute"``; None: as often as they like.

    A window begins with the first request in it. ``ConfigurationError`` for what is no limit, and where the extra
    ``limits`` is not installed.
    """

    api_key: str | None = "3000/minute"
    """Requests with one API key."""
    learner: str | None = "600/minute"
    """Requests of one user who is signed in to the host."""
    launch: str | None = "300/minute"
    """Openings and calls of the player within one launch; a course that saves all the time makes 60 a minute."""
    content: str | None = None
    """Files of a course within one session; some courses have thousands."""
    failures: str | None = "60/minute"
    """Requests of one address (IPv6: one /64) whose proof is refused."""
    storage: str = field(default="memory://", repr=False)
    """Where it is counted: ``memory://``, in each process for itself, or ``redis://…``, for all workers together."""

    def __post_init__(self) -> None:
        for name in COUNTED:
            self.items(name)
        open_counter(self.storage)

    def items(self, name: str) -> list[RateLimitItem]:
        """Give the limits of one field."""
        notation = getattr(self, name)
        if notation is None:
            return []
        parse_many = _library().parse_many
        try:
            found: list[RateLimitItem] = parse_many(notation)
        except (TypeError, ValueError):
            found = []
        if not found or any(item.amount < 1 or item.get_expiry() < 1 for item in found):
            raise ConfigurationError(f"RateLimits.{name} must be a text such as '600/minute', not {notation!r}.")
        return found


def _library() -> Any:
    try:
        import limits
        import limits.aio.strategies
    except ImportError:
        raise ConfigurationError("rate_limits needs the extra: pip install 'scorm-embed[limits]'.") from None
    return limits


def open_counter(storage: str) -> FixedWindowRateLimiter:
    """Open the place where it is counted; nothing is connected before the first count."""
    library = _library()
    # redis-py is what most hosts have already; the library's own choice would be another client.
    chosen = {"implementation": "redispy"} if isinstance(storage, str) and storage.startswith("redis") else {}
    try:
        store = library.storage.storage_from_string(f"async+{storage}", wrap_exceptions=True, **chosen)
    except (library.errors.ConfigurationError, ValueError, TypeError):
        # The address may hold a password, and stays out of the message.
        raise ConfigurationError(
            "RateLimits.storage must be 'memory://', or the URL of a store whose client is installed."
        ) from None
    counter: FixedWindowRateLimiter = library.aio.strategies.FixedWindowRateLimiter(store)
    return counter
