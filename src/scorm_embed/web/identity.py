"""Who may ask: the host's learners, the keys of back ends, and what a key allows.

Owns the values only. Who is asking is found out in ``auth``; what a caller may do with a thing is decided in
``permissions``. Secrets are kept hashed and never shown by ``repr``.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from scorm_embed.errors import ConfigurationError
from scorm_embed.web.calling import RunHost, run_host
from scorm_embed.web.identifiers import problem_of_identifier


class Scope(Enum):
    """What an API key allows; each allows what the ones before it do."""

    READ = "read"
    """GET."""
    WRITE = "write"
    """Launch, create, update."""
    ADMIN = "admin"
    """Delete, import packages, look after events."""


class Action(Enum):
    """What a signed-in user wants to do; ``authorize`` gets the value."""

    READ = "read"
    LAUNCH = "launch"
    UPDATE = "update"
    DELETE = "delete"
    IMPORT = "import"


_RANKS = {Scope.READ: 1, Scope.WRITE: 2, Scope.ADMIN: 3}


@dataclass(frozen=True, slots=True)
class Learner:
    """A signed-in user of the host, as the host's ``learner`` callable gives them.

    Args:
        id: the host's identifier of the user, as text.
        name: shown to the course as ``cmi.learner_name``.
        tenant_id: whose packages and sessions the user sees.
    """

    id: str
    name: str = ""
    tenant_id: str = "default"

    def __post_init__(self) -> None:
        for name, value in (("id", self.id), ("tenant_id", self.tenant_id)):
            if problem := problem_of_identifier(value):
                raise ConfigurationError(f"Learner.{name} {problem}.")
        if not isinstance(self.name, str):
            raise ConfigurationError("Learner.name must be text.")


def hash_key(key: str | bytes) -> str:
    """Give the SHA-256 of an API key in lower-case hex, as ``ApiKey.key_hash`` and a key look-up hold it."""
    return hashlib.sha256(key.encode() if isinstance(key, str) else key).hexdigest()


@dataclass(frozen=True, slots=True, init=False)
class ApiKey:
    """An API key of one tenant; only its hash is kept.

    Args:
        key: the key itself, or None when ``key_hash`` is given.
        tenant_id: the only tenant that the key sees.
        scopes: of ``read``, ``write``, ``admin``; each allows what the ones before it do.
        expires_at: an aware datetime, or None for a key that does not expire.
        key_hash: what ``hash_key`` gives for the key.
    """

    key_hash: str = field(repr=False)
    tenant_id: str
    scopes: frozenset[Scope]
    expires_at: datetime | None

    def __init__(
        self,
        key: str | None = None,
        tenant_id: str = "default",
        scopes: Collection[str | Scope] = frozenset({"read", "write", "admin"}),
        expires_at: datetime | None = None,
        *,
        key_hash: str | None = None,
    ) -> None:
        if (key is None) == (key_hash is None):
            raise ConfigurationError("ApiKey needs either the key or its key_hash.")
        if key is not None:
            if not isinstance(key, str) or not key or any(not "!" <= character <= "~" for character in key):
                raise ConfigurationError("ApiKey.key must be visible ASCII characters without spaces.")
            key_hash = hash_key(key)
        if not isinstance(key_hash, str) or len(key_hash) != 64 or not set(key_hash) <= set("0123456789abcdef"):
            raise ConfigurationError("ApiKey.key_hash must be a SHA-256 in lower-case hex.")
        if problem := problem_of_identifier(tenant_id):
            raise ConfigurationError(f"ApiKey.tenant_id {problem}.")
        if expires_at is not None and (not isinstance(expires_at, datetime) or expires_at.tzinfo is None):
            raise ConfigurationError("ApiKey.expires_at must be an aware datetime or None.")
        object.__setattr__(self, "key_hash", key_hash)
        object.__setattr__(self, "tenant_id", tenant_id)
        object.__setattr__(self, "scopes", _scopes_of(scopes))
        object.__setattr__(self, "expires_at", expires_at)

    def allows(self, scope: Scope) -> bool:
        """Tell whether one of the key's scopes includes ``scope``."""
        return any(_RANKS[own] >= _RANKS[scope] for own in self.scopes)

    def matches(self, key_hash: str) -> bool:
        """Compare with the hash of a presented key in constant time."""
        return hmac.compare_digest(self.key_hash, key_hash)

    def expired(self, now: float) -> bool:
        """Tell whether the key is over at ``now``, in seconds since the epoch."""
        return self.expires_at is not None and self.expires_at.timestamp() <= now


def _scopes_of(scopes: Collection[str | Scope]) -> frozenset[Scope]:
    if isinstance(scopes, (str, bytes)):
        raise ConfigurationError("ApiKey.scopes must be a collection of scopes, not one text.")
    try:
        found = frozenset(scope if isinstance(scope, Scope) else Scope(scope) for scope in scopes)
    except (TypeError, ValueError):
        raise ConfigurationError("ApiKey.scopes may hold 'read', 'write' and 'admin' only.") from None
    if not found:
        raise ConfigurationError("ApiKey.scopes is empty: the key would allow nothing.")
    return found


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever asks, once known.

    ``learner`` is None for those who are trusted with everything of their tenant: the host's own code and API keys,
    whose scope is checked before.
    """

    tenant_id: str
    learner: Learner | None = None
    connection: Any = None
    """The request, for ``authorize`` under hosts that need one."""
    run_host: RunHost = run_host
    key_hash: str = field(default="", repr=False)
    """Of the API key that was sent."""
