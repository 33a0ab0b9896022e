"""A site for several workers: each answer says which process gave it, and a hook writes down what it is told.

``app`` is for ASGI servers, ``wsgi`` for WSGI servers. SITE_DATABASE, SITE_SCHEMA and SITE_FOLDER say where it keeps
things.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from starlette.types import Message, Receive, Scope, Send

from scorm_embed import ApiKey, DirectoryContent, HookEvent, ScormEmbed, SQLStorage
from scorm_embed.integrations.wsgi import ScormWSGIMiddleware
from scorm_embed.storage.connections import read_url

KEY = "crowd-key-crowd-key-crowd-key-0123"
URL, SCHEMA = os.environ["SITE_DATABASE"], os.environ["SITE_SCHEMA"]
engine = create_async_engine(read_url(URL), pool_size=2, max_overflow=0)
scorm = ScormEmbed(
    secret_key="x" * 32,
    # Four workers must fit into the 100 connections that PostgreSQL allows by default, and leave room for others.
    storage=SQLStorage(URL, schema=SCHEMA, engine_options={"pool_size": 5, "max_overflow": 3}),
    content=DirectoryContent(Path(os.environ["SITE_FOLDER"]) / "content"),
    api_keys=[ApiKey(KEY)],
    maintenance_seconds=1,
)


@scorm.on("progress")
async def write_down(event: HookEvent) -> None:
    """Take note of what was told, and in which process."""
    if event.session["score"] is None:
        return  # the course has only started
    values = {"event": event.id, "session": event.session_id, "score": event.session["score"]["scaled"]}
    async with engine.begin() as connection:
        await connection.execute(
            text(f"INSERT INTO {SCHEMA}.told (event_id, session_id, score) VALUES (:event, :session, :score)"), values
        )


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """The player under ASGI."""

    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], (b"x-worker", str(os.getpid()).encode())]}
        await send(message)

    await scorm(scope, receive, marked)


def _host(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("404 Not Found", [])
    return []


_mounted = ScormWSGIMiddleware(_host, scorm, path="/scorm")


def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The player under WSGI, below /scorm."""

    def marked(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
        return start_response(status, [*headers, ("x-worker", str(os.getpid()))], *more)

    return _mounted(environ, marked)
