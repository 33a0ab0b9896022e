"""Storage: the protocol and its records, a storage in memory, and one in SQL databases."""

from __future__ import annotations

from scorm_embed.storage.base import Storage
from scorm_embed.storage.memory import MemoryStorage
from scorm_embed.storage.sql import SQLStorage

__all__ = ["MemoryStorage", "SQLStorage", "Storage"]
