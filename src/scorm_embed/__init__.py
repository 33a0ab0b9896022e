"""Plays SCORM courses inside the host's own web application. These names are the public ones."""

from __future__ import annotations

from scorm_embed.content import ArchiveLimits, DirectoryContent, MemoryContent
from scorm_embed.content.base import ContentStore
from scorm_embed.core.datamodel import DataLimits
from scorm_embed.core.manifest import ManifestLimits
from scorm_embed.errors import (
    AccessError,
    CmiDataError,
    ConfigurationError,
    ConflictError,
    DuplicateEntryError,
    ForbiddenError,
    InvalidFileTypeError,
    LaunchSupersededError,
    ManifestNotFoundError,
    ManifestParseError,
    NotFoundError,
    PackageError,
    PackageInUseError,
    RequestError,
    ScormEmbedError,
    StorageUnavailableError,
    VersionConflictError,
)
from scorm_embed.integrations.asgi import ScormMiddleware
from scorm_embed.integrations.wsgi import ScormWSGIMiddleware
from scorm_embed.service.hooks import HookEvent
from scorm_embed.service.wire import MessageLimits
from scorm_embed.storage import MemoryStorage, SQLStorage, Storage
from scorm_embed.web.app import ScormEmbed
from scorm_embed.web.external import ExternalIssuer
from scorm_embed.web.identity import ApiKey, Learner, hash_key
from scorm_embed.web.rate_limits import RateLimits
from scorm_embed.web.signatures import verify_webhook
from scorm_embed.web.webhooks import Webhook

__version__ = "0.1.0"

__all__ = [
    "AccessError",
    "ApiKey",
    "ArchiveLimits",
    "CmiDataError",
    "ConfigurationError",
    "ConflictError",
    "ContentStore",
    "DataLimits",
    "DirectoryContent",
    "DuplicateEntryError",
    "ExternalIssuer",
    "ForbiddenError",
    "HookEvent",
    "InvalidFileTypeError",
    "LaunchSupersededError",
    "Learner",
    "ManifestLimits",
    "ManifestNotFoundError",
    "ManifestParseError",
    "MemoryContent",
    "MemoryStorage",
    "MessageLimits",
    "NotFoundError",
    "PackageError",
    "PackageInUseError",
    "RateLimits",
    "RequestError",
    "SQLStorage",
    "ScormEmbed",
    "ScormEmbedError",
    "ScormMiddleware",
    "ScormWSGIMiddleware",
    "Storage",
    "StorageUnavailableError",
    "VersionConflictError",
    "Webhook",
    "hash_key",
    "verify_webhook",
]
