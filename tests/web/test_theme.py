"""The host's colours reach the player's pages, and nothing else does."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

import pytest

from scorm_embed import ConfigurationError, ScormEmbed
from scorm_embed.web.theme import COLOURS, THEME_NAMES, VALUE_CHARS_MAX, parse_theme

STATIC = Path(__file__).parents[2] / "src" / "scorm_embed" / "web" / "static" / "player"
SECRET = "theme" * 8


def test_a_colour_may_differ_in_the_dark() -> None:
    theme = parse_theme({"accent": "#00695c", "page": ("white", "rgb(10 12 20 / 90%)"), "color-scheme": "light dark"})
    assert theme.css == (
        ":root:root{--scorm-accent:#00695c;--scorm-page:light-dark(white,rgb(10 12 20 / 90%));color-scheme:light dark}"
    )


def test_fonts_and_corners_are_the_hosts_too() -> None:
    theme = parse_theme({"font": "Inter, 'Noto Sans', sans-serif", "radius": "0.25rem"})
    assert theme.css == ":root:root{--scorm-font:Inter, 'Noto Sans', sans-serif;--scorm-radius:0.25rem}"


def test_without_a_theme_there_is_no_style() -> None:
    theme = parse_theme({})
    assert (theme.css, theme.element, theme.source) == ("", "", "")


@pytest.mark.parametrize(
    "theme",
    [
        {"accent": "red;}body{display:none"},
        {"accent": "url(https://elsewhere.example/x)"},
        {"accent": "</style><script>"},
        {"accent": "rgb(url(x))"},
        {"accent": "var(--x)"},
        {"accent": "#12345"},
        {"accent": "red\n"},
        {"accent": ""},
        {"accent": 7},
        {"accent": ("red",)},
        {"accent": ("red", "blue", "green")},
        {"accent": ("red", 3)},
        {"accent": "a" * (VALUE_CHARS_MAX + 1)},
        {"font": "Inter; color: red"},
        {"font": "url(x)"},
        {"font": ("Inter", "Arial")},
        {"radius": "8"},
        {"radius": "calc(1px)"},
        {"color-scheme": "sepia"},
        {"acent": "red"},
        ["accent"],
        "accent",
    ],
)
def test_what_is_no_colour_length_or_font_is_refused_at_once(theme: Any) -> None:
    with pytest.raises(ConfigurationError, match="theme"):
        ScormEmbed(secret_key=SECRET, theme=theme)


def test_the_longest_value_is_taken() -> None:
    assert parse_theme({"accent": "a" * VALUE_CHARS_MAX}).css.count("a") > VALUE_CHARS_MAX


def test_every_name_is_a_property_with_a_default() -> None:
    css = (STATIC / "player.css").read_text("utf-8") + (STATIC / "controls.css").read_text("utf-8")
    defined = set(re.findall(r"--scorm-([\w-]+):", css))
    assert defined == set(COLOURS) | {"font", "radius"}
    assert set(THEME_NAMES) - defined == {"color-scheme"}


def test_every_name_is_documented_and_no_other() -> None:
    page = (Path(__file__).parents[2] / "docs" / "embedding.md").read_text("utf-8")
    table = page.partition("| name | of |")[2]
    assert sorted(re.findall(r"`([\w-]+)`(?=[^|\n]*\|[^|\n]*\|$)", table, re.M)) == sorted(THEME_NAMES)


@pytest.mark.anyio
async def test_the_pages_carry_the_theme_and_their_policy_allows_that_style_alone(make_host: Any) -> None:
    host = make_host(theme={"accent": "#00695c"})
    launched = await host.launch(await host.course())
    css = ":root:root{--scorm-accent:#00695c}"
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    async with host.client(None) as client:
        for url, status in ((launched["launch_url"], 200), ("/player/unknown?token=wrong", 401)):
            page = await client.get(url)
            assert page.status_code == status
            assert f"<style>{css}</style>" in page.text
            assert f"style-src 'self' 'sha256-{digest}';" in page.headers["content-security-policy"]


@pytest.mark.anyio
async def test_the_page_that_says_why_the_player_does_not_open_tells_the_embedding_page(
    make_host: Any, boot_from: Any
) -> None:
    host = make_host(message_origins=["https://lms.example"])
    async with host.client(None) as client:
        page = await client.get("/player/unknown?token=wrong")
    told = {"origins": ["self", "https://lms.example"], "session_id": None, "reason": "INVALID_TOKEN"}
    assert boot_from(page.text) == told
    assert "This link is not valid." in page.text
