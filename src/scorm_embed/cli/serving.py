"""Serving one app until the process is told to stop."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import secrets
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import click
import uvicorn

from scorm_embed.integrations.access_log import TokenFilter
from scorm_embed.web.app import ScormEmbed

GRACE_SECONDS = 10
KEEP_ALIVE_SECONDS = 30


def bind(host: str, port: int, *, or_any: bool = False) -> socket.socket:
    """Take a port before anything else is done.

    Args:
        or_any: take a free one where the port is in use.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        if not or_any:
            listener.close()
            raise click.ClickException(f"Port {port} of {host} cannot be used: {error.strerror}.") from error
        listener.bind((host, 0))
    return listener


def address_of(listener: socket.socket) -> str:
    """Give the URL under which a port answers."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def secret_beside(content: Path) -> str:
    """Give the secret that is kept beside a content folder, and make it the first time.

    Launches then survive a restart.
    """
    path = content.with_name(content.name + ".secret")
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # Appears whole: a server that starts at the same time must not read an empty one.
        descriptor, name = tempfile.mkstemp(prefix=path.name, dir=path.parent)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(name)
        Path(name).unlink()
    return path.read_text().strip()


def load_target(target: str) -> ScormEmbed:
    """Give the object that ``module:name`` names, as servers find an application: the current folder counts."""
    module_name, _, names = target.partition(":")
    if not module_name or not names:
        raise click.UsageError(f"{target!r} is not of the form MODULE:NAME.")
    sys.path.insert(0, str(Path.cwd()))
    try:
        found: object = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise
        raise click.UsageError(f"There is no module {module_name!r}.") from error
    for name in names.split("."):
        found = getattr(found, name, None)
    if not isinstance(found, ScormEmbed):
        raise click.UsageError(f"{target} is no ScormEmbed.")
    return found


class _Server(uvicorn.Server):
    """A server that says when it is ready, and for which being told to stop is no failure."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGINT and SIGTERM; uvicorn's own way raises the signal again in the end."""
        before = {number: signal.signal(number, self._stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.handle_exit(number, frame)


async def serve_until_stopped(scorm: ScormEmbed, listener: socket.socket, on_ready: Callable[[], None]) -> None:
    """Serve at the root path until SIGINT or SIGTERM comes; open requests are finished."""
    config = uvicorn.Config(
        scorm,
        log_level="warning",
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        server_header=False,
    )
    for name in ("uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).addFilter(TokenFilter())
    await _Server(config, on_ready).serve(sockets=[listener])
