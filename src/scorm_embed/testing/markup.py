"""The smallest way to write XML by hand: elements as text, every value escaped.

Owns escaping and nesting. Prefixes are written as given; who builds a document declares them on its root.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape, quoteattr

Attribute = str | int | float | bool | None


def element(name: str, attributes: Mapping[str, Attribute] | None = None, children: Iterable[str] = ()) -> str:
    """Return one element as text.

    Args:
        name: The element's name with its prefix.
        attributes: Values are written as XML Schema writes them; None leaves the attribute out.
        children: Markup, already escaped (see `text`).
    """
    given = {key: value for key, value in (attributes or {}).items() if value is not None}
    written = "".join(f" {key}={quoteattr(_lexical(value))}" for key, value in given.items())
    inner = "".join(children)
    return f"<{name}{written}>{inner}</{name}>" if inner else f"<{name}{written}/>"


def text(value: object) -> str:
    """Return a value as escaped character data."""
    return escape(_lexical(value))


def _lexical(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
