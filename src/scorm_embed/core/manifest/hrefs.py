"""Hrefs of a manifest to files of the package and addresses to launch.

Owns base addresses, percent-encoding, the repairs of paths, and how an item's parameters join its resource's href
(CAM 3.4.2.1). It knows names of files only, never their content.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from scorm_embed.core.manifest import problems
from scorm_embed.core.manifest.problems import Place, ProblemLog
from scorm_embed.core.manifest.tolerant import collapsed

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_OTHER_HOST = re.compile(r"//[^/]")
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PATH_SAFE = "/~!$&'()*+,;=@"
# No colon: a file named "javascript:…" must never look like a scheme.
_QUERY_SAFE = "/?#~!$&'()*+,;=:@%[]{}|^`\\"
_INDEX_PAGES = ("index.html", "index.htm")
_CANDIDATES_MAX = 100
"""More files of one name than this are not searched: no path could single one out, and the search costs."""
_ENCODED_WELL = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@%/?#]*")


class PackageFiles:
    """The names of a package's files, relative to the manifest's folder, and the ways to find one."""

    __slots__ = ("_by_fold", "_by_last_name", "_exact", "known")

    def __init__(self, names: Collection[str]) -> None:
        self._exact = frozenset(names)
        self.known = bool(self._exact)
        """False where the caller did not say which files there are: nothing is then checked."""
        self._by_fold: dict[str, list[str]] = {}
        self._by_last_name: dict[str, list[tuple[str, str]]] = {}
        for name in names:
            folded = _fold(name)
            self._by_fold.setdefault(folded, []).append(name)
            self._by_last_name.setdefault(folded.rpartition("/")[2], []).append((folded, name))

    def __contains__(self, name: str) -> bool:
        return name in self._exact

    @property
    def names(self) -> frozenset[str]:
        """Every name."""
        return self._exact

    def in_other_case(self, name: str) -> str | None:
        """The one file that differs from ``name`` only in letter case or Unicode composition."""
        found = self._by_fold.get(_fold(name), ())
        return found[0] if len(found) == 1 else None

    def elsewhere(self, name: str) -> str | None:
        """The index page of the folder ``name``, else the one file whose path ends with ``name``."""
        for index in _INDEX_PAGES:
            page = self.in_other_case(f"{name}/{index}".lstrip("/"))
            if page is not None:
                return page
        folded = _fold(name)
        same_last_name = self._by_last_name.get(folded.rpartition("/")[2], [])
        if len(same_last_name) > _CANDIDATES_MAX:
            return None
        found = [each for known, each in same_last_name if known.endswith("/" + folded)]
        return found[0] if len(found) == 1 else None


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


@dataclass(frozen=True, slots=True)
class Target:
    """Where an href leads."""

    name: str
    """Name of the file in the package; "" for another site."""
    address: str
    """What a browser opens: the encoded path in the package, or an absolute http(s) URL; query and fragment kept."""
    found: bool
    """Whether the package has the file (True where that is not known)."""


def address_of(name: str) -> str:
    """The launch address of a file, encoded for a browser."""
    return quote(name, safe=_PATH_SAFE)


def join_bases(bases: Iterable[str | None], place: Place, log: ProblemLog) -> str:
    """The chain of xml:base values, outermost first, as one prefix that is empty or ends with '/'."""
    prefix = ""
    for base in bases:
        text = collapsed(base).replace("\\", "/")
        if not text or text in (".", "./"):
            continue
        if not text.endswith("/"):
            # A URI would lose its last step here; every importer we know joins with '/'.
            log.add_once(problems.XML_BASE_WITHOUT_SLASH, text, place, base=text)
            text += "/"
        scheme = _SCHEME.match(text)
        if _OTHER_HOST.match(text) or (scheme and scheme[1].lower() in ("http", "https")):
            prefix = text
        elif scheme:
            log.add_once(problems.XML_BASE_IGNORED, text, place, base=text)
        elif text.startswith("/"):
            log.add_once(problems.HREF_LEADING_SLASH, text, place, href=text)
            prefix = text.lstrip("/")
        else:
            prefix += text
    return prefix


def resolve(base: str, href: str, files: PackageFiles, place: Place, log: ProblemLog) -> Target | None:
    """Find what an href means.

    Args:
        base: answer of ``join_bases``.
        href: as the author wrote it.
        files: the package.
        place: for the problems.
        log: receives every repair.

    Returns:
        None where the href can never be launched (empty, ``javascript:``, a file of the author's computer).
    """
    text = collapsed(href)
    if "\\" in text:
        log.add_once(problems.HREF_BACKSLASH, text, place, href=text)
        text = text.replace("\\", "/")
    if not text:
        return None
    scheme = _SCHEME.match(text)
    if scheme and scheme[1].lower() in ("http", "https"):
        return Target("", _encoded(text), True)
    if _OTHER_HOST.match(text):
        return Target("", _encoded("https:" + text), True)
    if scheme and (base + text) not in files:
        return _local_file(text, files, place, log)
    if _OTHER_HOST.match(base) or _SCHEME.match(base):
        return Target("", _encoded(("https:" if base.startswith("//") else "") + base + text), True)
    if text.startswith("/"):
        log.add_once(problems.HREF_LEADING_SLASH, text, place, href=text)
        text = text.lstrip("/")
        return _in_package(text, files, place, log)
    return _in_package(base + text, files, place, log)


def _in_package(text: str, files: PackageFiles, place: Place, log: ProblemLog) -> Target | None:
    """Find a relative path: decoded, then as it is written, because file names may hold '%', '#' and '?'."""
    path, query, fragment = split_href(text)
    decoded = _decoded(path)
    name = _normalised(decoded, text, place, log)
    if not name:
        return None
    tail = _tail(query, fragment)
    if not files.known or name in files:
        _report_encoding(path, place, log)
        return Target(name, address_of(name) + tail, True)
    raw = _normalised(path, text, place, log)
    for literal, rest in ((raw, tail), (_normalised(text, text, place, log), "")):
        if literal in files:
            log.add_once(problems.HREF_NOT_ENCODED, text, place, href=text)
            return Target(literal, address_of(literal) + rest, True)
    other = files.in_other_case(name) or files.in_other_case(raw)
    if other is not None:
        log.add_once(problems.HREF_CASE, text, place, href=path, name=other)
        return Target(other, address_of(other) + tail, True)
    return Target(name, address_of(name) + tail, False)


def _local_file(text: str, files: PackageFiles, place: Place, log: ProblemLog) -> Target | None:
    """``file:///C:/work/course/a/index.html``: the longest end of it that is a file of the package."""
    path, query, fragment = split_href(text)
    steps = [step for step in _decoded(path.partition(":")[2]).split("/") if step]
    for first in range(len(steps)):
        name = "/".join(steps[first:])
        found = name if name in files else files.in_other_case(name)
        if found is not None:
            log.add_once(problems.HREF_LOCAL_FILE, text, place, href=text, name=found)
            return Target(found, address_of(found) + _tail(query, fragment), True)
    log.add_once(problems.HREF_SCHEME, text, place, href=text)
    return None


def split_href(text: str) -> tuple[str, str | None, str | None]:
    """Path, query and fragment; None where there is none."""
    rest, mark, fragment = text.partition("#")
    path, asked, query = rest.partition("?")
    return path, (query if asked else None), (fragment if mark else None)


def _tail(query: str | None, fragment: str | None) -> str:
    tail = ""
    if query is not None:
        tail += "?" + _encoded(query)
    if fragment is not None:
        tail += "#" + _encoded(fragment)
    return tail


def _encoded(text: str) -> str:
    """Encode only what may not stand in a query or fragment; what is encoded already stays."""
    return quote(text, safe=_QUERY_SAFE)


def _decoded(path: str) -> str:
    if "%" not in path:
        return path
    raw = unquote_to_bytes(path)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _normalised(path: str, written: str, place: Place, log: ProblemLog) -> str:
    """Path without '.', '..', doubled and leading slashes; it cannot leave the package."""
    steps: list[str] = []
    outside = False
    for step in path.replace("\\", "/").replace("\0", "").split("/"):
        if step in ("", "."):
            continue
        if step != "..":
            steps.append(step)
        elif steps:
            steps.pop()
        else:
            outside = True
    name = "/".join(steps)
    if outside:
        log.add_once(problems.HREF_OUTSIDE, written, place, href=written, name=name)
    return name


def _report_encoding(path: str, place: Place, log: ProblemLog) -> None:
    if _ENCODED_WELL.fullmatch(path) is None or _ESCAPE.search(path):
        log.add_once(problems.HREF_NOT_ENCODED, path, place, href=path)


def with_parameters(address: str, parameters: str, place: Place, log: ProblemLog) -> str:
    """Join an item's parameters to a launch address (CAM 3.4.2.1.2).

    The book appends a query behind a fragment, where browsers take it for part of the fragment and content never
    sees it; here it goes before the '#'.
    """
    text = parameters.strip()
    while text[:1] in ("?", "&") and text:
        text = text[1:]
    if not text:
        return address
    head, mark, fragment = address.partition("#")
    if text.startswith("#"):
        if mark:
            log.add(problems.PARAMETERS_DISCARDED, place, parameters=parameters, href=address)
            return address
        return address + "#" + _encoded(text[1:])
    own, own_mark, own_fragment = text.partition("#")
    joined = head + ("&" if "?" in head else "?") + _encoded(own)
    if mark:
        return joined + "#" + fragment
    return joined + ("#" + _encoded(own_fragment) if own_mark else "")
