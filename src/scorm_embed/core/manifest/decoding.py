"""Bytes of a manifest to text: byte order marks, the declared encoding, and what to do when it is not true.

Owns the choice of encoding. Knows nothing of elements; lines keep their numbers.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from scorm_embed.core.manifest import problems
from scorm_embed.core.manifest.problems import ProblemLog

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UNMARKED = ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
_DECLARATION = re.compile(r"<\?xml\b[^>]{0,200}?encoding\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_HEAD_LENGTH = 400

# A positive list: Python knows codecs that are slow or not meant for text from strangers (punycode, utf-7).
_TRUSTED = re.compile(
    r"utf-8|ascii|iso8859-\d+|cp\d{3,4}|koi8-[rut]|mac-(roman|cyrillic|greek|latin2|turkish)|shift_jis|euc_jp|"
    r"iso2022_jp|gb2312|gbk|gb18030|big5|big5hkscs|euc_kr|johab|tis-620"
)
_MULTIPLE_BYTES = {"shift_jis", "cp932", "euc_jp", "iso2022_jp", "gb2312", "gbk", "gb18030", "big5", "big5hkscs",
                   "euc_kr", "cp949", "cp950", "johab"}  # fmt: skip
_C1_CONTROL = re.compile("[\x80-\x9f]")


@dataclass(frozen=True, slots=True)
class DecodedManifest:
    """Text from the first '<' on, without its XML declaration."""

    text: str
    first_line: int
    """Line of the original in which the text begins."""


def decode_manifest(data: bytes, log: ProblemLog) -> DecodedManifest:
    """Turn the bytes of a manifest into text; every byte sequence has an answer."""
    text = _decode(data, log)
    start = text.find("<")
    if start < 0:
        return DecodedManifest("", 1)
    before = text[:start].lstrip("\ufeff")
    if before.strip("\0\ufeff") and (before.strip() or text.startswith("<?xml", start)):
        log.add(problems.LEADING_TEXT, line=1)
    first_line = 1 + before.count("\n")
    text = text[start:]
    if text[:5].lower() == "<?xml" and not text[5:6].isalnum():
        end = text.find("?>")
        if end >= 0:
            # The declaration has done its work: the text is decoded, and XML 1.1 or a wrong "standalone" is no matter.
            first_line += text.count("\n", 0, end)
            text = text[end + 2 :]
    return DecodedManifest(text, first_line)


def _decode(data: bytes, log: ProblemLog) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            body = data[len(mark) :]
            try:
                return body.decode(encoding)
            except UnicodeDecodeError:
                return _guess(body, encoding, log)
    for start, encoding in _UNMARKED:
        if data.lstrip(b" \t\r\n").startswith(start):
            return data.decode(encoding, errors="replace")
    match = _DECLARATION.search(data[:_HEAD_LENGTH].decode("latin-1"))
    return _decode_declared(data, match[1] if match else "UTF-8", log)


def _decode_declared(data: bytes, declared: str, log: ProblemLog) -> str:
    """Decode as declared unless the bytes prove the declaration wrong."""
    try:
        name = codecs.lookup(declared).name
    except (LookupError, ValueError):
        name = ""
    if name.startswith(("utf-16", "utf-32")):
        # The declaration itself could be read byte by byte, so the file is not in a wide encoding.
        return _guess(data, declared, log)
    if not _TRUSTED.fullmatch(name):
        return _guess(data, declared, log, kind=problems.ENCODING_UNKNOWN)
    try:
        text = data.decode(name)
    except UnicodeDecodeError:
        return _guess(data, declared, log)
    if name == "utf-8" or data.isascii() or name in _MULTIPLE_BYTES:
        return text
    try:
        # Text in a one-byte encoding is never valid UTF-8 by chance once it holds more than a letter or two.
        utf8 = data.decode("utf-8")
    except UnicodeDecodeError:
        if name == "iso8859-1" and _C1_CONTROL.search(text):
            return _guess(data, declared, log)
        return text
    log.add(problems.ENCODING_MISMATCH, line=1, declared=declared, actual="UTF-8")
    return utf8


def _guess(data: bytes, declared: str, log: ProblemLog, kind: problems.ProblemKind = problems.ENCODING_MISMATCH) -> str:
    for name, shown in (("utf-8", "UTF-8"), ("cp1252", "Windows-1252"), ("latin-1", "ISO-8859-1")):
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        log.add(kind, line=1, declared=declared, actual=shown)
        return text
    raise AssertionError("latin-1 decodes every byte")
