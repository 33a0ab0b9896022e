"""File names in uploaded archives: which characters the bytes mean, and which names are refused.

Owns the decoding of names and the rules of a safe path. It opens nothing.

A zip says of each name that it is UTF-8, or says nothing, and then the name is in whatever code page the author's
computer had. The course's own manifest is the best witness: the code page under which the names are found in it is
the right one. Only when it does not tell, the code page is taken under which the names look like words.
"""

from __future__ import annotations

import codecs
import html
import re
import unicodedata
from collections.abc import Iterable, Sequence
from urllib.parse import unquote

from scorm_embed.errors import InvalidFileTypeError

CODE_PAGES = ("cp437", "cp850", "cp1252", "cp932", "cp949", "gbk", "cp866", "big5")
"""Tried in this order where UTF-8 does not fit; of equals the first counts, which is what the zip format prescribes.

Korean stands before Chinese: all Korean names make common Chinese characters, few Chinese names make Korean ones.
"""

_WITNESS_BYTES_MAX = 2 * 1024 * 1024
_DECLARATION_BYTES_MAX = 1024
_SAMPLE_NAMES_MAX = 200
_SAMPLE_NAME_CHARS_MAX = 1000
_CHARACTER_SETS = ("iso8859", "cp", "shift_jis", "gb", "big5", "euc_", "koi8", "iso2022", "utf-16", "ascii", "mac-")
_SINGLE_BYTE_LATIN = frozenset({"cp437", "cp850", "cp1252"})
_COMMON_CHARACTERS = {"cp932": "shift_jis", "gbk": "gb2312", "cp949": "euc_kr", "big5": "big5"}
_COMMON_LEAD_BYTES = {
    "cp932": range(0x81, 0x98),
    "gbk": range(0xB0, 0xD8),
    "cp949": range(0xB0, 0xC9),
    "big5": range(0xA4, 0xC7),
}
_WORD = re.compile(r"[^\W\d_]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_DRIVE = re.compile(r"[A-Za-z]:")
_XML_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")


def manifest_text(data: bytes) -> str:
    """Give a manifest's characters well enough to look for file names in them; it is not parsed."""
    data = data[:_WITNESS_BYTES_MAX]
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-16", "replace")
    else:
        declared = _XML_ENCODING.match(data[:_DECLARATION_BYTES_MAX])
        text = _decode_text(data, declared.group(1).decode("ascii") if declared else "")
    text = html.unescape(text)
    return text + "\n" + unquote(text) if "%" in text else text


def _decode_text(data: bytes, declared: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        codec = codecs.lookup(declared).name
    except LookupError:
        codec = ""
    # Python has codecs that are no character sets, some of them slow without bound: only real ones are used.
    return data.decode(codec if codec.startswith(_CHARACTER_SETS) else "cp1252", "replace")


def guess_encoding(raw_names: Sequence[bytes], manifest: str) -> str:
    """Give the encoding of names that do not say it themselves.

    Args:
        raw_names: the names that are not plain ASCII; all are taken to be in one encoding.
        manifest: the manifest's characters, empty when there is none.
    """
    if _decodes(raw_names, "utf-8"):
        return "utf-8"
    candidates = [page for page in CODE_PAGES if _decodes(raw_names, page)]
    if not candidates:
        return CODE_PAGES[0]
    sample = raw_names[:: len(raw_names) // _SAMPLE_NAMES_MAX + 1]

    def merit(page: str) -> tuple[int, float]:
        names = [raw.decode(page)[-_SAMPLE_NAME_CHARS_MAX:] for raw in sample]
        return _named_in(names, manifest), _plausibility(names, page)

    # max() keeps the first of equals, which is the order of CODE_PAGES.
    return max(candidates, key=merit)


def _decodes(raw_names: Iterable[bytes], encoding: str) -> bool:
    try:
        for raw in raw_names:
            raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _named_in(names: Iterable[str], manifest: str) -> int:
    if not manifest:
        return 0
    last_parts = (name.replace("\\", "/").rstrip("/").rpartition("/")[2] for name in names)
    return sum(1 for part in last_parts if not part.isascii() and _occurs(part, manifest))


def _occurs(name: str, manifest: str) -> bool:
    # Both forms of the name are looked for, because normalizing a long text may take time that grows with its square.
    return any(unicodedata.normalize(form, name) in manifest for form in ("NFC", "NFD"))


def _plausibility(names: Iterable[str], page: str) -> float:
    """Tell from -1 to 1 how much the names look like words of the languages that use the code page."""
    total, count = 0.0, 0
    for name in names:
        foreign_in_words = 0
        for word in _WORD.findall(name):
            foreign = [character for character in word if ord(character) > 0x7F]
            foreign_in_words += len(foreign)
            count += len(foreign)
            total += sum(_word_character_merit(character, word, page) for character in foreign)
        symbols = sum(1 for character in name if ord(character) > 0x7F) - foreign_in_words
        count += symbols
        total -= symbols
    return total / count if count else 0.0


def _word_character_merit(character: str, word: str, page: str) -> float:
    script = unicodedata.name(character, "").partition(" ")[0]
    if page in _SINGLE_BYTE_LATIN:
        if script != "LATIN":
            return -1.0
        return 1.0 if any(other.isascii() for other in word) or len(word) == 1 else -0.5
    if page == "cp866":
        pure = all(unicodedata.name(other, "").startswith("CYRILLIC") for other in word)
        mixed_case = not (word.islower() or word.isupper() or word.istitle())
        return -1.0 if not pure else 0.2 if mixed_case else 1.0
    if script == "HALFWIDTH" or any(other.isascii() for other in word):
        return -1.0 if script == "HALFWIDTH" else 0.3
    try:
        lead = character.encode(_COMMON_CHARACTERS[page])[0]
    except UnicodeEncodeError:
        return -1.0
    return 1.0 if lead in _COMMON_LEAD_BYTES[page] or script in ("HIRAGANA", "KATAKANA", "HANGUL") else 0.3


def safe_path(name: str, *, chars_max: int, depth_max: int) -> str:
    """Give the path that a decoded name means, with ``/`` between its parts and in composed Unicode (NFC).

    Returns:
        The path; it ends with ``/`` for a folder, and is empty when nothing is left of the name.

    Raises:
        InvalidFileTypeError: the name leads out of the package, or is too long or too deep.
    """
    if len(name) > chars_max:
        raise InvalidFileTypeError(
            f"A file name in the zip has {len(name):,} characters and {chars_max:,} are allowed; shorten it.",
            {"path": name[:200], "limit": "name_chars_max"},
        )
    path = unicodedata.normalize("NFC", name.replace("\\", "/"))
    if _CONTROL.search(path):
        raise _unsafe(path, "has control characters in it; rename the file and make the zip again")
    if path.startswith("/") or _DRIVE.match(path):
        raise _unsafe(path, "is an absolute path; make the zip again with names relative to its folder")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if (".." in path or "%" in path) and any(_climbs(part) for part in parts):
        raise _unsafe(path, 'leads out of the package; make the zip again without ".." in names')
    if len(parts) > depth_max:
        raise InvalidFileTypeError(
            f"A file in the zip lies {len(parts):,} folders deep and {depth_max:,} are allowed; move it up.",
            {"path": _shown(path), "limit": "depth_max"},
        )
    folder = path.endswith(("/", "/."))
    return "/".join(parts) + ("/" if folder and parts else "")


def _shown(path: str) -> str:
    return path.encode("unicode_escape").decode("ascii")[:200]


def _unsafe(path: str, why: str) -> InvalidFileTypeError:
    return InvalidFileTypeError(f'The file name "{_shown(path)}" {why}.', {"path": _shown(path)})


def _climbs(part: str) -> bool:
    # "%2e%2e", ".. " and "..;x" become ".." in some server or file system on the way; no honest course has them.
    plain = unquote(part).replace("\\", "/")
    return any(piece.partition(";")[0].strip() == ".." for piece in plain.split("/"))


def is_system_file(path: str) -> bool:
    """Tell whether a path is what macOS or Windows leaves behind in archives: never a part of a course."""
    parts = path.rstrip("/").split("/")
    last = parts[-1].lower()
    return "__MACOSX" in parts or last in (".ds_store", "thumbs.db") or last.startswith("._")
