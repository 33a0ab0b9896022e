"""A host on one port and the player on another: what the tests of embedding pages start with uvicorn.

``player`` and ``host`` are two programs. The host serves the pages in ``HOST_PAGES`` under a strict policy.
"""

from __future__ import annotations

import os
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route

from scorm_embed import ApiKey, MemoryContent, MemoryStorage, ScormEmbed

HOST = os.environ.get("HOST_ORIGIN", "http://localhost:1")
PLAYER = os.environ.get("PLAYER_ORIGIN", "http://127.0.0.1:1")

player = Starlette(
    routes=[
        Mount(
            "/scorm",
            ScormEmbed(
                secret_key="embedding" * 5,
                storage=MemoryStorage(),
                content=MemoryContent(),
                api_keys=[ApiKey("end-to-end-key-end-to-end-key-0123", scopes={"read", "write", "admin"})],
                frame_ancestors=[HOST],
                message_origins=[HOST],
                theme={"accent": ("#00695c", "#80cbc4")},
            ),
        )
    ]
)


async def page(request: Request) -> HTMLResponse:
    text = (Path(os.environ["HOST_PAGES"]) / request.path_params["name"]).read_text("utf-8")
    # The player's server has two names, and so two origins, of which only the first is the player's.
    frames = f"{PLAYER} {PLAYER.replace('127.0.0.1', 'localhost')}"
    policy = f"default-src 'none'; script-src {PLAYER} 'nonce-host'; frame-src {frames}; style-src 'nonce-host'"
    return HTMLResponse(text, headers={"Content-Security-Policy": policy})


host = Starlette(routes=[Route("/{name}", page)])
