"""The service floor: the only meeting place of clock, randomness, storage, content and engine."""

from scorm_embed.service.base import Desk, ServiceOptions
from scorm_embed.service.hooks import HookEvent, Hooks
from scorm_embed.service.model import Launched, Mode, Outcome, PlayerPage, SessionUpdate
from scorm_embed.service.service import Service

__all__ = [
    "Desk",
    "HookEvent",
    "Hooks",
    "Launched",
    "Mode",
    "Outcome",
    "PlayerPage",
    "Service",
    "ServiceOptions",
    "SessionUpdate",
]
