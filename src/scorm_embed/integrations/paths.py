"""The path below which a middleware answers."""

from __future__ import annotations

from scorm_embed.errors import ConfigurationError


def checked_path(path: str) -> str:
    """Give the path without a slash at its end; ``ConfigurationError`` for one that is no plain path."""
    if not isinstance(path, str) or not path.startswith("/") or "//" in path or any(c in path for c in "?#%\\ "):
        raise ConfigurationError("path must be a plain path such as '/scorm'.")
    return path.rstrip("/")


def path_below(path: str, root_path: str, mount: str) -> str | None:
    """Give what follows ``mount`` in the path of a request, or None when the request is for somebody else.

    Args:
        path: the path of the request; with ``root_path`` in front where the server puts it there.
        root_path: where the host's app itself is mounted.
    """
    if root_path and path.startswith(root_path) and path[len(root_path) :][:1] in {"", "/"}:
        path = path[len(root_path) :]
    if not path.startswith(mount):
        return None
    rest = path[len(mount) :]
    return rest if rest[:1] in {"", "/"} else None
