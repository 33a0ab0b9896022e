"""What the service takes and gives: plain values, free of HTTP.

Answers that the HTTP API shows are dictionaries in the API's own shapes (``api.md`` calls them a package, a session),
with aware datetimes; the web floor adds URLs and writes JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any


class Mode(Enum):
    """How a course is opened: what is done counts in ``normal`` only."""

    NORMAL = "normal"
    BROWSE = "browse"
    REVIEW = "review"


class Outcome(Enum):
    """What a session shows: the best that was earned over all attempts, or the newest attempt."""

    BEST = "best"
    LATEST = "latest"


@dataclass(frozen=True, slots=True)
class Launched:
    """A launch that was made: the right to run the player of one session."""

    tenant_id: str
    session_id: str
    package_id: str
    user_id: str
    launch_id: str
    expires_at: datetime
    expires_in_seconds: int


@dataclass(frozen=True, slots=True)
class PlayerPage:
    """What the player's page is made from."""

    tenant_id: str
    session_id: str
    launch_id: str
    title: str
    standard: str
    return_url: str | None
    expires_at: datetime
    ttl_seconds: int
    """How long the launch lasts without being renewed."""
    last_run: str | None = None
    """The run whose journal ``start`` would apply."""


@dataclass(frozen=True, slots=True)
class SessionUpdate:
    """A PUT: ``version`` must be what is stored; None leaves a thing as it is, or derived from ``cmi_data``."""

    version: int
    cmi_data: Mapping[str, str | None] = field(default_factory=dict)
    completion_status: str | None = None
    success_status: str | None = None
    score: Mapping[str, float | None] | None = None
    session_time: str | None = None
    progress_measure: float | None = None


@dataclass(frozen=True, slots=True)
class ContentFile:
    """Which blob the files of a session's course come from."""

    digest: str
    session_id: str


ContentUrl = Callable[[str, str], str]
"""Makes the URL of one file for the player from a blob's digest and a path within the package."""

Document = dict[str, Any]
"""An answer in the HTTP API's own shape; times are aware datetimes."""
