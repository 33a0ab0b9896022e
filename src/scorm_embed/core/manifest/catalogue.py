"""What a manifest's metadata tells a catalogue: title, description, language; and its schemaversion.

Metadata is informational: it is read by local names whatever its namespace, and nothing in it is an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scorm_embed.core.manifest import problems
from scorm_embed.core.manifest.elements import Element
from scorm_embed.core.manifest.hrefs import PackageFiles, resolve
from scorm_embed.core.manifest.problems import ProblemLog
from scorm_embed.core.manifest.tolerant import collapsed


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Facts of one metadata element; "" where it says nothing."""

    schema_version: str = ""
    schema_version_place: Element | None = None
    title: str = ""
    description: str = ""
    language: str = ""


def read_catalogue(owner: Element, files: PackageFiles, log: ProblemLog) -> Catalogue:
    """The facts that an element's own metadata holds."""
    place: Element | None = None
    version = title = description = language = ""
    for metadata in owner.named("metadata"):
        for child in metadata.children:
            if child.key == "schemaversion":
                place = place or child
                version = version or collapsed(child.all_text())
            elif child.key == "location":
                _check_location(child, files, log)
        for general in _named(metadata, "general"):
            found, found_language = _text(general, "title")
            title = title or found
            language = language or found_language
            description = description or _text(general, "description")[0]
            language = next((collapsed(each.text) for each in _named(general, "language")), "") or language
    return Catalogue(version, place, title, description, language)


def _named(element: Element, key: str) -> Iterator[Element]:
    """Children of a name, looking through a <lom> around them."""
    for child in element.children:
        if child.key == key:
            yield child
        elif child.key in ("lom", "record"):
            yield from _named(child, key)


def _text(general: Element, key: str) -> tuple[str, str]:
    """The first text of a language-tagged element, and its language."""
    for each in _named(general, key):
        for string in each.children:
            if string.key in ("langstring", "string") and collapsed(string.all_text()):
                return collapsed(string.all_text()), string.get("xml:lang") or string.get("language") or ""
        if collapsed(each.all_text()):
            return collapsed(each.all_text()), ""
    return "", ""


def _check_location(location: Element, files: PackageFiles, log: ProblemLog) -> None:
    href = collapsed(location.text)
    if not href or not files.known:
        return
    target = resolve("", href, files, location, log)
    if target is not None and not target.found:
        log.add_once(problems.METADATA_FILE_MISSING, target.name, location, name=target.name)
