"""The host's colours: what may be set, the checks, and the style that the player's pages carry.

Owns the list of names; player.css has the same as custom properties, with the defaults. A value is checked so that it
can be nothing but a colour, a length or fonts: it ends no declaration and loads nothing.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scorm_embed.errors import ConfigurationError

VALUE_CHARS_MAX = 200
COLOURS = ("accent", "on-accent", "surface", "page", "text", "muted", "line", "done", "failed")
COLOR_SCHEMES = ("light", "dark", "light dark")
_COLOUR = re.compile(
    r"#(?:[0-9A-Fa-f]{3,4}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})|[A-Za-z]+"
    r"|(?:rgb|rgba|hsl|hsla|hwb|lab|lch|oklab|oklch)\([0-9A-Za-z.,%/ +-]+\)"
)
_FONT = re.compile(r"""[\w ,"'-]+""", re.ASCII)
_LENGTH = re.compile(r"0|\d{1,4}(?:\.\d{1,4})?(?:px|rem|em)")


@dataclass(frozen=True, slots=True)
class Theme:
    """A checked theme, written as CSS."""

    css: str = ""
    """Empty where the host sets nothing."""

    @property
    def source(self) -> str:
        """What the page's policy must allow for this style and no other: its hash; empty where there is none."""
        if not self.css:
            return ""
        return f"'sha256-{base64.b64encode(hashlib.sha256(self.css.encode()).digest()).decode()}'"

    @property
    def element(self) -> str:
        """The style element for the page's head."""
        return f"<style>{self.css}</style>" if self.css else ""


def parse_theme(given: object) -> Theme:
    """Check the option ``theme``.

    Args:
        given: names to values; a colour may be a pair, for light and for dark.

    Raises:
        ConfigurationError: a name is unknown or a value is not of its kind.
    """
    if not isinstance(given, Mapping):
        raise ConfigurationError("theme must be a mapping of names to values.")
    declarations = []
    for name, value in given.items():
        if name in COLOURS:
            declarations.append(f"--scorm-{name}:{_colour(name, value)}")
        elif name == "font":
            declarations.append(f"--scorm-font:{_matching(name, value, _FONT, 'a list of font families')}")
        elif name == "radius":
            declarations.append(f"--scorm-radius:{_matching(name, value, _LENGTH, 'a length such as 8px')}")
        elif name == "color-scheme":
            if value not in COLOR_SCHEMES:
                raise ConfigurationError(f"theme: color-scheme must be one of {', '.join(map(repr, COLOR_SCHEMES))}.")
            declarations.append(f"color-scheme:{value}")
        else:
            raise ConfigurationError(f"theme: {name!r} is unknown; known are {', '.join(THEME_NAMES)}.")
    # As specific as twice :root, so that it wins over player.css wherever it stands.
    return Theme(f":root:root{{{';'.join(declarations)}}}" if declarations else "")


THEME_NAMES = (*COLOURS, "font", "radius", "color-scheme")


def _colour(name: str, value: object) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        if len(value) != 2:
            raise ConfigurationError(f"theme: {name} must be a colour, or two: for light and for dark.")
        light, dark = (_matching(name, one, _COLOUR, "a colour") for one in value)
        return f"light-dark({light},{dark})"
    return _matching(name, value, _COLOUR, "a colour")


def _matching(name: str, value: object, form: re.Pattern[str], kind: str) -> str:
    if not isinstance(value, str) or len(value) > VALUE_CHARS_MAX or not form.fullmatch(value):
        raise ConfigurationError(f"theme: {name} must be {kind}.")
    return value
