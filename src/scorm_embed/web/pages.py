"""The HTML pages: the player and the page that stands in its place when it cannot open.

Owns filling in the templates. Everything is escaped, and each place is filled once.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from scorm_embed.errors import ScormEmbedError
from scorm_embed.web.options import Options
from scorm_embed.web.responses import error_headers, player_headers
from scorm_embed.web.static_files import StaticFiles

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
DEFAULT_LANGUAGE = "en"
_PLACE = re.compile(r"\{\{(\w+)\}\}")
_LANGUAGE = re.compile(r"\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*|\*)\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*")
_ACCEPT_CHARS_MAX = 500


class Pages:
    """Makes the pages of one ``ScormEmbed``."""

    def __init__(self, static: StaticFiles, options: Options) -> None:
        self._static = static
        self._theme = options.styling
        self._origins = options.message_targets
        self._headers = player_headers(options.frame_ancestors, self._theme.source)

    def player(self, boot: Mapping[str, Any], language: str, player_path: str) -> Response:
        """Answer with the player's page.

        Args:
            boot: what the page's script needs to know (``Boot`` in the player's types).
            language: of the controls.
            player_path: where the player's routes are.
        """
        standard = "12" if boot["standard"] == "scorm_1_2" else "2004"
        text = self._fill(
            "player/page.html",
            language,
            player_path,
            {"title": html.escape(str(boot["title"])), "standard": standard, "boot": script_json(boot)},
        )
        return Response(text, headers=self._headers, media_type="text/html")

    def error(self, error: ScormEmbedError, player_path: str, language: str) -> Response:
        """Answer with the page that says why the player does not open, in words for learners."""
        texts = self._static.errors[language]
        text = self._fill(
            "player/error.html",
            language,
            player_path,
            {
                "title": html.escape(texts["title"]),
                "message": html.escape(texts.get(error.code, texts["text"])),
                "code": html.escape(error.code),
                "boot": script_json({"origins": self._origins, "session_id": None, "reason": error.code}),
            },
        )
        headers = {**self._headers, **error_headers(error)}
        return Response(text, error.status, headers, media_type="text/html")

    def _fill(self, name: str, language: str, player_path: str, values: Mapping[str, str]) -> str:
        filled = {
            **values,
            "theme": self._theme.element,
            "lang": html.escape(language),
            "dir": "rtl" if language.partition("-")[0] in RIGHT_TO_LEFT else "ltr",
            "static": html.escape(f"{player_path}/static/{self._static.build}/"),
        }
        return _PLACE.sub(lambda place: filled[place[1]], self._static.templates[name])

    def language_of(self, request: Request) -> str:
        """Choose the language that the browser likes best of those that the player speaks."""
        known = {language.lower(): language for language in self._static.languages}
        wishes: list[tuple[float, str]] = []
        for part in request.headers.get("accept-language", "")[:_ACCEPT_CHARS_MAX].split(","):
            wish = _LANGUAGE.fullmatch(part)
            if wish:
                wishes.append((float(wish[2] or 1), wish[1].lower()))
        for weight, tag in sorted(wishes, key=lambda wish: -wish[0]):
            found = known.get(tag) or known.get(tag.partition("-")[0])
            if found and weight > 0:
                return found
        return DEFAULT_LANGUAGE


def script_json(document: Mapping[str, Any]) -> str:
    """Write JSON that may stand within a script element."""
    text = json.dumps(document, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
