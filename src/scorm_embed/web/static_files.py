"""The player's own files: read once, packed once, and named by the hash of all of them.

Because the address changes with any file, browsers may keep them for ever.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from scorm_embed.errors import NotFoundError
from scorm_embed.web.blob import accepts_gzip

FOLDER = Path(__file__).parent / "static"
MEDIA_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
"""What is served; templates and the types of the player's own scripts are not."""
IMMUTABLE = "public, max-age=31536000, immutable"
CLIENT = "client.js"
CLIENT_FILES = {CLIENT: MEDIA_TYPES[".js"], "client.d.ts": "text/plain; charset=utf-8"}
"""For pages that embed the player, on whatever origin they are."""
OWN_PAGES_ONLY = {"Cross-Origin-Resource-Policy": "same-origin"}
ANY_PAGE = {"Cross-Origin-Resource-Policy": "cross-origin", "Access-Control-Allow-Origin": "*"}
"""Module scripts of another origin are fetched with CORS. The files hold nothing that is anybody's."""
CLIENT_CACHE = "public, max-age=3600, stale-while-revalidate=86400"
"""Where the address does not say which build it means."""


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file, plain and packed."""

    body: bytes
    packed: bytes | None
    """None where packing gains nothing."""
    media_type: str
    tag: str


@dataclass(frozen=True, slots=True)
class StaticFiles:
    """All files by their path, the templates by their name, and the build that they are."""

    build: str
    files: dict[str, StaticFile]
    templates: dict[str, str]
    errors: dict[str, dict[str, str]]
    """The error page's words: of each language the title, the text, and the texts of some codes."""

    @property
    def languages(self) -> list[str]:
        """The languages that the player has texts in."""
        prefix = "player/texts/"
        names = [name.removeprefix(prefix) for name in self.files if name.startswith(prefix)]
        return sorted(name.removesuffix(".json") for name in names if "/" not in name)

    def respond(self, request: Request, build: str, name: str) -> Response:
        """Answer with a file; ``NotFoundError`` when there is none.

        A page of another build, during an update for example, gets this build's file, but must not keep it.
        """
        return self._respond(request, name, IMMUTABLE if build == self.build else "no-store", OWN_PAGES_ONLY)

    def respond_to_any_page(self, request: Request, name: str) -> Response:
        """Answer with a file for embedding pages; those that name this build may keep it for ever."""
        return self._respond(request, name, IMMUTABLE if request.url.query == self.build else CLIENT_CACHE, ANY_PAGE)

    def _respond(self, request: Request, name: str, cache: str, who: Mapping[str, str]) -> Response:
        file = self.files.get(name)
        if file is None:
            raise NotFoundError("There is nothing here.")
        packs = file.packed is not None and accepts_gzip(request.headers.get("accept-encoding", ""))
        tag = f'"{file.tag}-gzip"' if packs else f'"{file.tag}"'
        headers = {
            "Cache-Control": cache,
            "ETag": tag,
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
            **who,
        }
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        headers["Content-Type"] = file.media_type
        if packs and file.packed is not None:
            return Response(file.packed, headers={**headers, "Content-Encoding": "gzip"})
        return Response(file.body, headers=headers)


@lru_cache(maxsize=1)
def static_files() -> StaticFiles:
    """Read the folder; the same for every ``ScormEmbed`` of the process."""
    files: dict[str, StaticFile] = {}
    templates: dict[str, str] = {}
    whole = hashlib.sha256()
    for path in sorted(FOLDER.rglob("*")):
        name = path.relative_to(FOLDER).as_posix()
        if path.suffix == ".html":
            templates[name] = path.read_text("utf-8")
        elif media_type := CLIENT_FILES.get(name) or MEDIA_TYPES.get(path.suffix):
            body = path.read_bytes()
            whole.update(f"{name}\0{len(body)}\0".encode() + body)
            packed = gzip.compress(body, 9, mtime=0)
            tag = hashlib.sha256(body).hexdigest()[:16]
            smaller = packed if len(packed) < len(body) else None
            files[name] = StaticFile(body, smaller, media_type, tag)
    errors = json.loads(files["player/errors.json"].body)
    return StaticFiles(whole.hexdigest()[:16], files, templates, errors)
