"""The URLs that the app gives out: where the mount is, as far as it is known, and where the player is.

URLs that leave the app are absolute; those within the player are paths, and the same for every page of a session.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.routing import BaseRoute, Match, Mount

from scorm_embed.errors import ConfigurationError
from scorm_embed.web.options import Options
from scorm_embed.web.origins import base_url_of_scope, origin_of_scope, parse_origin, same_host
from scorm_embed.web.routing import Side
from scorm_embed.web.static_files import CLIENT


def quote_segment(text: str) -> str:
    """Write a text as one segment of a path."""
    return quote(text, safe="")


class Urls:
    """Makes URLs for one ``ScormEmbed``."""

    def __init__(self, options: Options, app: object) -> None:
        self._base_url = options.base_url
        self._player_base_url = options.player_base_url
        self._player_origin = parse_origin(options.player_base_url) if options.player_base_url else None
        self._app = app
        self.mount_path: str | Callable[[], str] | None = None
        """Below the host's root, where an integration of ours answers; None while nobody has said."""

    def serves(self, side: Side, scope: Any) -> bool:
        """Tell whether a half of the app answers on the origin that a request was sent to."""
        if self._player_origin is None or side is Side.BOTH:
            return True
        on_player_origin = same_host(origin_of_scope(scope), self._player_origin)
        return on_player_origin == (side is Side.PLAYER)

    def base_of_scope(self, scope: Any) -> str:
        """Give the mount's URL for a request to the mount itself."""
        return self._base_url or base_url_of_scope(scope)

    def base_for(self, base_url: str | None, request: Any) -> str:
        """Give the mount's URL for a call from the host's own code.

        Args:
            base_url: the URL itself, when the host gives it.
            request: the host's request: of Starlette or FastAPI, Flask, Django, or a WSGI environment.

        Raises:
            ConfigurationError: nothing tells where the mount is.
        """
        if base_url is not None:
            if parse_origin(base_url) is None:
                raise ConfigurationError("base_url must be an http or https URL.")
            return base_url.rstrip("/")
        if self._base_url is not None:
            return self._base_url
        if request is not None:
            scope = getattr(request, "scope", None)
            if scope is None:
                scope = _scope_of_environ(
                    getattr(request, "environ", None) or getattr(request, "META", None) or request
                )
            return self._base_of_host_scope(_as_seen(request, scope))
        raise ConfigurationError(
            "Nobody told where ScormEmbed is mounted: set the option base_url, or pass base_url= or request=."
        )

    def _base_of_host_scope(self, scope: Any) -> str:
        path = self.mount_path() if callable(self.mount_path) else self.mount_path
        if path is None:
            path = self._mount_of(getattr(scope.get("app"), "routes", ()))
        if path is None:
            raise ConfigurationError(
                "The request's application does not mount this ScormEmbed itself: set the option base_url."
            )
        root_path = _root_of_app(scope)
        return base_url_of_scope({**scope, "root_path": root_path.rstrip("/") + path})

    def _mount_of(self, routes: Any) -> str | None:
        """Find the path at which Starlette routes mount this very app; None when they don't."""
        for route in routes:
            if not isinstance(route, Mount):
                continue
            if route.app is self._app or getattr(route, "_base_app", None) is self._app:
                return route.path
            inner = self._mount_of(route.routes or ())
            if inner is not None:
                return route.path + inner
        return None

    def player_url(self, base: str, session_id: str, token: str | None = None) -> str:
        """Give the absolute URL of a session's player, with a launch token or without."""
        url = f"{self._player_base_url or base}/player/{quote_segment(session_id)}"
        return url if token is None else f"{url}?token={token}"

    def client_url(self, base: str, build: str) -> str:
        """Give the absolute URL of the script for embedding pages, which browsers may keep for ever."""
        return f"{self._player_base_url or base}/{CLIENT}?{build}"

    def player_path(self, scope: Any) -> str:
        """Give the path under which the browser finds the player's routes, for a request to one of them."""
        base = self._player_base_url or self._base_url
        return f"{urlsplit(base).path if base else quote(scope.get('root_path', '').rstrip('/'))}/player"

    def run_path(self, scope: Any, session_id: str, segment: str) -> str:
        """Give the path of the calls of one player page; it ends in a slash."""
        return f"{self.player_path(scope)}/{quote_segment(session_id)}/run/{segment}/"

    def content_path(self, scope: Any, session_id: str, segment: str, path: str) -> str:
        """Give the path of one of the course's files; ``path`` is a URL reference within the package."""
        return f"{self.player_path(scope)}/{quote_segment(session_id)}/content/{segment}/{path}"


def _root_of_app(scope: Any) -> str:
    """Find where the app that answers a request is itself mounted.

    The scope tells where the outermost app is and how far routing has come; the app is at one of the steps between
    them: the first from which one of its routes leads to the request's path.
    """
    outermost, innermost = scope.get("app_root_path", scope.get("root_path", "")), scope.get("root_path", "")
    routes = [route for route in getattr(scope.get("app"), "routes", ()) if isinstance(route, BaseRoute)]
    routes = [route for route in routes if getattr(route, "path", "")]
    steps = [outermost]
    for segment in innermost[len(outermost) :].split("/")[1:]:
        steps.append(f"{steps[-1]}/{segment}")
    for step in steps:
        if any(route.matches({**scope, "root_path": step})[0] is not Match.NONE for route in routes):
            return str(step)
    return str(outermost)


def _as_seen(request: Any, scope: Any) -> Any:
    """Let a host that has its own word on scheme and host (Django, behind a proxy) have it."""
    absolute = getattr(request, "build_absolute_uri", None)
    if absolute is None:
        return scope
    parts = urlsplit(absolute("/"))
    return {**scope, "scheme": parts.scheme, "headers": [(b"host", parts.netloc.encode("latin-1"))]}


def _scope_of_environ(environ: Any) -> dict[str, Any]:
    """Give what a WSGI environment says about the URL, in the words of ASGI."""
    try:
        host = environ.get("HTTP_HOST")
        return {
            "headers": [(b"host", host.encode("latin-1"))] if host else [],
            "scheme": environ["wsgi.url_scheme"],
            "server": (environ["SERVER_NAME"], int(environ["SERVER_PORT"])),
            "root_path": environ.get("SCRIPT_NAME", "").encode("latin-1").decode("utf-8", "replace"),
        }
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ConfigurationError("request must be a request of Starlette, Flask or Django.") from None
