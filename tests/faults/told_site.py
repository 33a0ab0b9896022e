"""A site whose hook after the commit writes down what it is told, as a server of its own.

    python told_site.py URL SCHEMA FOLDER

Prints the port when requests can be answered.
"""

from __future__ import annotations

import logging
import random
import socket
import sys
from pathlib import Path

import uvicorn
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from scorm_embed import ApiKey, DirectoryContent, HookEvent, ScormEmbed, SQLStorage
from scorm_embed.storage.connections import read_url

url, schema, folder = sys.argv[1:]
logging.getLogger("scorm_embed.hooks").setLevel(logging.CRITICAL)  # the hook fails on purpose
engine = create_async_engine(read_url(url))
scorm = ScormEmbed(
    secret_key="x" * 32,
    storage=SQLStorage(url, schema=schema),
    content=DirectoryContent(Path(folder) / "content"),
    api_keys=[ApiKey("KEY")],
    event_timeout_seconds=1,
    event_retry_seconds=[0.1] * 100,
    maintenance_seconds=0.2,
)


@scorm.on("progress")
async def write_down(event: HookEvent) -> None:
    if random.random() < 0.1:
        raise ConnectionError("the other system has its bad days")
    async with engine.begin() as connection:
        await connection.execute(
            text(f"INSERT INTO {schema}.told (event_id, session_id, version) VALUES (:event, :session, :version)"),
            {"event": event.id, "session": event.session_id, "version": event.session["version"]},
        )


class Server(uvicorn.Server):
    """Says when it is ready."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print(self.servers[0].sockets[0].getsockname()[1], flush=True)


if __name__ == "__main__":
    Server(uvicorn.Config(scorm, port=0, log_level="critical", lifespan="on")).run()
