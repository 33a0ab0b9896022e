"""The route table: a path, a method, who may come in, and the handler.

Owns matching. Paths are split before they are decoded, so that an identifier may hold a slash. A route cannot be
written down without saying who may use it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from starlette.responses import Response
from starlette.types import ASGIApp

from scorm_embed.errors import NotFoundError, RequestError
from scorm_embed.web.identity import Scope

if TYPE_CHECKING:
    from scorm_embed.web.call import Call


class Side(Enum):
    """Which half of the app a route belongs to: with an origin of its own, the player answers nowhere else."""

    API = "api"
    PLAYER = "player"
    BOTH = "both"
    """What embedding pages load, wherever they look for it."""


class Access(Enum):
    """How a request proves that it may come in."""

    PUBLIC = "public"
    CALLER = "caller"
    """An API key with the route's scope, or the host's signed-in user."""
    PLAYER_PAGE = "player page"
    """A launch token, or the host's signed-in user."""
    RUN = "run"
    """The signed segment of the player's calls."""
    CONTENT = "content"
    """The signed segment of the course's files."""


Handler = Callable[["Call"], Awaitable[Response | ASGIApp]]


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one path. ``{name}`` takes a segment, ``{name*}`` at the end takes the rest."""

    method: str
    path: str
    access: Access
    handler: Handler
    scope: Scope = Scope.READ
    """What an API key needs."""

    @property
    def side(self) -> Side:
        """Which half of the app the route belongs to."""
        if self.path.startswith("/api/"):
            return Side.API
        return Side.PLAYER if self.path.startswith("/player/") else Side.BOTH

    @property
    def segments(self) -> tuple[str, ...]:
        """The path's segments, as ``split_path`` gives those of a request."""
        return tuple(self.path.split("/")[1:])


@dataclass(frozen=True, slots=True)
class Match:
    """A route and what its path named."""

    route: Route
    values: Mapping[str, str]


class Router:
    """Finds the route of a request."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = [(route, route.segments) for route in routes]

    def find(self, method: str, segments: Sequence[str], serves: Callable[[Side], bool]) -> Match:
        """Give the route; ``NotFoundError`` for an unknown path, METHOD_NOT_ALLOWED for a known one.

        Args:
            serves: tells whether a side answers on the origin that was asked; for the other one nothing exists.
        """
        allowed: list[str] = []
        for route, pattern in self._routes:
            values = _match(pattern, segments)
            if values is None or not serves(route.side):
                continue
            if route.method == method or (method == "HEAD" and "HEAD" in _methods(route)):
                return Match(route, values)
            allowed += _methods(route)
        if not allowed:
            raise NotFoundError("There is nothing here.")
        raise RequestError(
            f"{method if method.isalpha() else 'This method'} is not allowed here.",
            {"allowed": sorted(set(allowed))},
            code="METHOD_NOT_ALLOWED",
            status=405,
        )


def _methods(route: Route) -> list[str]:
    """HEAD goes where GET goes, except to the player's page: opening that makes a launch."""
    return ["GET", "HEAD"] if route.method == "GET" and route.access is not Access.PLAYER_PAGE else [route.method]


def _match(pattern: Sequence[str], segments: Sequence[str]) -> dict[str, str] | None:
    takes_rest = pattern[-1].endswith("*}")
    if len(segments) < len(pattern) if takes_rest else len(segments) != len(pattern):
        return None
    values: dict[str, str] = {}
    for index, part in enumerate(pattern):
        if not part.startswith("{"):
            if part != segments[index]:
                return None
        elif part.endswith("*}"):
            values[part[1:-2]] = "/".join(segments[index:])
        elif segments[index]:
            values[part[1:-1]] = segments[index]
        else:
            return None
    return values


def split_path(scope: Any) -> list[str]:
    """Give the decoded segments of the path below the mount.

    They come from ``raw_path``, where an encoded slash is still one; where the server gives none, or one that does
    not belong to ``path``, from ``path``.
    """
    path = _path_below(scope)
    raw_path = scope.get("raw_path")
    if raw_path and b"%2" in raw_path:
        parts = [unquote(part) for part in raw_path.decode("latin-1").partition("?")[0].split("/")]
        for start in range(1, len(parts)):
            if "/" + "/".join(parts[start:]) == path:
                return parts[start:]
    return path.split("/")[1:]


def _path_below(scope: Any) -> str:
    path: str = scope["path"]
    root_path = scope.get("root_path", "")
    # Where the host's app was told its prefix, and the proxy has taken it away, the path has only what we are
    # mounted at within the app.
    for prefix in (root_path, root_path.removeprefix(scope.get("app_root_path", ""))):
        if prefix and path.startswith(prefix) and path[len(prefix) :][:1] in {"", "/"}:
            path = path[len(prefix) :]
            break
    return path if path.startswith("/") else "/" + path
