"""Origins and base URLs: reading them strictly, comparing them, and finding where a request came to.

Only what the ASGI server puts into the scope is believed: whether ``X-Forwarded-*`` counts is the server's decision.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from scorm_embed.errors import RequestError

_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"(?i)([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?|\[[0-9a-f:.]+\])")
_HOST_CHARS_MAX = 255


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port of a URL, in lower case; the port is None where it is the scheme's own."""

    scheme: str
    host: str
    port: int | None

    @property
    def authority(self) -> str:
        """The host with its port, as in a ``Host`` header."""
        return self.host if self.port is None else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"


def parse_origin(url: str) -> Origin | None:
    """Read the origin of an absolute http or https URL; None when it is something else, or names a user."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or "@" in parts.netloc:
        return None
    # ``hostname`` drops the brackets of an IPv6 address.
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname
    if not host or len(host) > _HOST_CHARS_MAX or not _HOST.fullmatch(host):
        return None
    return Origin(parts.scheme, host.lower(), None if port == _DEFAULT_PORTS[parts.scheme] else port)


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    return host in {"localhost", "127.0.0.1", "[::1]"}


def origin_of_scope(scope: Any) -> Origin | None:
    """Give the origin that a request was sent to, from its scheme and ``Host``; None when the host is malformed."""
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if len(hosts) > 1:
        return None
    if hosts:
        host = hosts[0].decode("latin-1")
    elif scope.get("server"):
        name, port = scope["server"]
        host = str(name) if port is None else f"{name}:{port}"
    else:
        return None
    if any(character in host for character in "/\\?#@ \t"):
        return None
    return parse_origin(f"{scope.get('scheme', 'http')}://{host}")


def same_host(first: Origin | None, second: Origin | None) -> bool:
    """Compare host and port, not the scheme: behind a proxy that ends TLS the server may see http only."""
    if first is None or second is None:
        return False
    return first.host == second.host and _port_to_compare(first) == _port_to_compare(second)


def _port_to_compare(origin: Origin) -> int | None:
    return None if origin.port in _DEFAULT_PORTS.values() else origin.port


def base_url_of_scope(scope: Any) -> str:
    """Give the URL of the mount that a request was sent to, without a slash at the end.

    Raises:
        RequestError: the ``Host`` header is missing or malformed.
    """
    origin = origin_of_scope(scope)
    if origin is None:
        raise RequestError("The Host header is missing or malformed.")
    return str(origin) + quote(scope.get("root_path", "").rstrip("/"))
