"""A site that limits how often each launch may call, under a server that writes an access log."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount

from scorm_embed import ApiKey, DirectoryContent, RateLimits, ScormEmbed, SQLStorage
from scorm_embed.integrations.access_log import TokenFilter

FOLDER = Path(os.environ["SITE_FOLDER"])

logging.getLogger("uvicorn.access").addFilter(TokenFilter())
scorm = ScormEmbed(
    secret_key=os.environ["SITE_SECRET"],
    storage=SQLStorage(f"sqlite:///{FOLDER / 'site.db'}"),
    content=DirectoryContent(FOLDER / "content"),
    api_keys=[ApiKey(os.environ["SITE_KEY"])],
    rate_limits=RateLimits(launch=os.environ.get("SITE_LAUNCH_LIMIT")),
)
app = Starlette(routes=[Mount("/scorm", scorm)])
