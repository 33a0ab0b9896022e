"""Making the service from the options: the defaults for what the host left out."""

from __future__ import annotations

from scorm_embed.content import DirectoryContent
from scorm_embed.service.base import Clock, ServiceOptions
from scorm_embed.service.hooks import Hooks
from scorm_embed.service.model import Outcome
from scorm_embed.service.outbox import OutboxOptions
from scorm_embed.service.service import Service
from scorm_embed.storage import SQLStorage
from scorm_embed.web.options import DEFAULT_FOLDER, Options


def open_service(options: Options, hooks: Hooks, clock: Clock) -> Service:
    """Make the service; nothing is opened before it is used."""
    storage, content = options.storage, options.content
    if storage is None:
        DEFAULT_FOLDER.mkdir(parents=True, exist_ok=True)
        storage = SQLStorage(f"sqlite:///{DEFAULT_FOLDER / 'scorm.db'}")
    if content is None:
        content = DirectoryContent(DEFAULT_FOLDER / "content")
    return Service(
        storage,
        content,
        ServiceOptions(
            strictness=options.judging,
            outcome=Outcome(options.outcome),
            launch_ttl_seconds=options.launch_ttl_seconds,
            launch_ttl_seconds_min=options.launch_ttl_seconds_min,
            launch_ttl_seconds_max=options.launch_ttl_seconds_max,
            launch_max_seconds=options.launch_max_seconds,
            archive_limits=options.archive_limits,
            manifest_limits=options.manifest_limits,
            data_limits=options.data_limits,
            message_limits=options.message_limits,
            outbox=OutboxOptions(tuple(options.event_retry_seconds), options.event_timeout_seconds),
            log_retention_days=options.log_retention_days,
            maintenance_seconds=options.maintenance_seconds,
        ),
        hooks=hooks,
        clock=clock,
    )
