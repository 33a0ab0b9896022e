"""Answers one GET or HEAD with one file of a blob, as HTTP wants it (RFC 9110, RFC 9111).

Owns encodings, ranges, validators and content types. It does no routing and asks nobody for permission; what pages
may do (CSP and the like) is added to the answer's headers by the caller.

A deflated file goes out as ``Content-Encoding: gzip``: ten bytes, the file's bytes as they lie in the blob, its CRC and
size. Nothing is compressed here, and nothing is unpacked unless the client cannot take gzip.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import lru_cache

import anyio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from scorm_embed.content.blob import Blob
from scorm_embed.content.blob_index import Entry
from scorm_embed.content.media_types import OCTETS, content_encoding_of, media_type_of
from scorm_embed.content.zip_records import Compression

CACHE_IMMUTABLE = "private, max-age=31536000, immutable"
"""For URLs that name the blob's digest: what is behind them never changes."""

_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_GZIP_FRAME_BYTES = len(_GZIP_HEADER) + 8
_AT_ONCE_BYTES = 1024 * 1024
"""Answers up to this size are read and sent in one piece; larger ones are streamed."""
_SNIFFED_BYTES = 512
# Every quantifier is possessive: a file of nothing but comments must not make the match try all ways to read them.
_HTML_START = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*+(?:<!--(?>.*?-->)\s*+)*+<(?:!doctype\s++html|html|head|body|script|title)\b", re.I | re.S
)
_RANGE = re.compile(r"bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*", re.I)
_ENTITY_TAG = re.compile(r'(?:W/)?"[^"]*"')
_RELEVANT = {b"accept-encoding", b"if-match", b"if-none-match", b"if-range", b"range"}


class EntryResponse(Response):
    """An answer whose body is one piece, or comes in pieces that end when the client goes away."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes | AsyncIterator[bytes] = b"") -> None:
        self.status_code = status
        self.background = None
        self.raw_headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        self._pieces: AsyncIterator[bytes] | None = None
        if isinstance(body, bytes):
            self.body = body
        else:
            self.body = b""
            self._pieces = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if self._pieces is None:
            await send({"type": "http.response.body", "body": self.body})
            return
        version = tuple(int(part) for part in scope.get("asgi", {}).get("spec_version", "2.0").split("."))
        if version >= (2, 4):  # a send() to nobody raises
            await self._stream(self._pieces, send)
            return
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._stream_then_cancel, self._pieces, send, tasks.cancel_scope)
            while (await receive())["type"] != "http.disconnect":
                pass
            tasks.cancel_scope.cancel()

    async def _stream_then_cancel(
        self, pieces: AsyncIterator[bytes], send: Send, cancel_scope: anyio.CancelScope
    ) -> None:
        await self._stream(pieces, send)
        cancel_scope.cancel()

    async def _stream(self, pieces: AsyncIterator[bytes], send: Send) -> None:
        async for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


@dataclass(frozen=True, slots=True)
class _Range:
    """Bytes ``start`` up to and without ``end``; a range that has none of the file has ``start == end``."""

    start: int
    end: int


async def blob_response(scope: Scope, blob: Blob, entry: Entry, *, cache: str = CACHE_IMMUTABLE) -> EntryResponse:
    """Answer a request for one file.

    Args:
        scope: the ASGI scope of a GET or HEAD request.
        blob: where the file is.
        entry: which file.
        cache: the Cache-Control header of answers that may be kept.

    Returns:
        200, 206, 304, 412 or 416. Its ``headers`` may be added to before it is sent.
    """
    asked = _relevant_headers(scope)
    deflated = entry.method is Compression.DEFLATED
    gzip = deflated and accepts_gzip(asked.get(b"accept-encoding", ""))
    tag = entity_tag(entry, gzip=gzip)
    headers = {"etag": tag, "cache-control": cache, "x-content-type-options": "nosniff"}
    if deflated:
        headers["vary"] = "Accept-Encoding"
    refused = _precondition(asked, tag)
    if refused == 304:
        return EntryResponse(304, headers)
    if refused == 412:
        return EntryResponse(412, headers | {"cache-control": "no-store", "content-length": "0"})
    head = scope["method"] == "HEAD"
    asked_range = None
    if not deflated:
        headers["accept-ranges"] = "bytes"
        asked_range = None if head else _asked_range(asked, tag, entry.size)
    if asked_range is not None and asked_range.start == asked_range.end:
        refusal = {"cache-control": "no-store", "content-length": "0", "content-range": f"bytes */{entry.size}"}
        return EntryResponse(416, headers | refusal)
    headers["content-type"] = media_type_of(entry.name) or await _sniffed_type(blob, entry)
    encoding = "gzip" if gzip else content_encoding_of(entry.name)
    if encoding is not None:
        headers["content-encoding"] = encoding
    return await _answer(blob, entry, headers, asked_range, gzip=gzip, head=head)


async def _answer(
    blob: Blob, entry: Entry, headers: dict[str, str], asked_range: _Range | None, *, gzip: bool, head: bool
) -> EntryResponse:
    if gzip:
        headers["content-length"] = str(entry.compressed_size + _GZIP_FRAME_BYTES)
        if head:
            return EntryResponse(200, headers)
        if entry.compressed_size > _AT_ONCE_BYTES:
            return EntryResponse(200, headers, _gzip_pieces(blob, entry))
        packed = await blob.read_packed(entry)
        return EntryResponse(200, headers, b"".join((_GZIP_HEADER, packed, _gzip_trailer(entry))))
    status, start, end = 200, 0, entry.size
    if asked_range is not None:
        status, start, end = 206, asked_range.start, asked_range.end
        headers["content-range"] = f"bytes {start}-{end - 1}/{entry.size}"
    headers["content-length"] = str(end - start)
    if head or start == end:
        return EntryResponse(status, headers)
    pieces = blob.stream(entry, start, end - start)
    if end - start > _AT_ONCE_BYTES:
        return EntryResponse(status, headers, pieces)
    return EntryResponse(status, headers, b"".join([piece async for piece in pieces]))


async def _gzip_pieces(blob: Blob, entry: Entry) -> AsyncIterator[bytes]:
    yield _GZIP_HEADER
    async for piece in blob.stream_packed(entry):
        yield piece
    yield _gzip_trailer(entry)


def _gzip_trailer(entry: Entry) -> bytes:
    # RFC 1952: CRC-32 and size modulo 2^32 of what was packed, which is what a zip's directory keeps too.
    return entry.crc.to_bytes(4, "little") + (entry.size & 0xFFFFFFFF).to_bytes(4, "little")


def entity_tag(entry: Entry, *, gzip: bool) -> str:
    """Give the strong ETag of a file, or of its gzip form, whose bytes are others."""
    if gzip:
        return f'"{entry.crc:08x}-{entry.size:x}-{entry.compressed_size:x}-gzip"'
    return f'"{entry.crc:08x}-{entry.size:x}"'


def _relevant_headers(scope: Scope) -> dict[bytes, str]:
    found: dict[bytes, str] = {}
    for name, value in scope["headers"]:
        if name in _RELEVANT:
            text = value.decode("latin-1")
            found[name] = f"{found[name]}, {text}" if name in found else text
    return found


@lru_cache(maxsize=256)
def accepts_gzip(accept_encoding: str) -> bool:
    """Tell whether an Accept-Encoding header allows gzip (RFC 9110, 12.5.3); an absent one is taken for a no."""
    weights: dict[str, float] = {}
    for part in accept_encoding.split(","):
        coding, _, parameters = part.partition(";")
        name, _, value = parameters.partition("=")
        weight = 1.0
        if name.strip().lower() == "q":
            try:
                weight = float(value)
            except ValueError:
                weight = 0.0
        weights[coding.strip().lower()] = weight
    explicit = weights.get("gzip", weights.get("x-gzip"))
    return (weights.get("*", 0.0) if explicit is None else explicit) > 0


def _precondition(asked: dict[bytes, str], tag: str) -> int | None:
    """Evaluate If-Match and If-None-Match (RFC 9110, 13.2.2); the dates do not occur, because nothing here has one."""
    if b"if-match" in asked and not _lists(asked[b"if-match"], tag, weakly=False):
        return 412
    if b"if-none-match" in asked and _lists(asked[b"if-none-match"], tag, weakly=True):
        return 304
    return None


def _lists(header: str, tag: str, *, weakly: bool) -> bool:
    if header.strip() == "*":
        return True
    listed: list[str] = _ENTITY_TAG.findall(header)
    return tag in ((item.removeprefix("W/") for item in listed) if weakly else listed)


def _asked_range(asked: dict[bytes, str], tag: str, size: int) -> _Range | None:
    """Give the one range that is asked for, or None for the whole file: several ranges are answered with it."""
    if b"range" not in asked or asked.get(b"if-range", tag) != tag:
        return None
    match = _RANGE.fullmatch(asked[b"range"].strip())
    if match is None or not any(match.groups()) or any(len(digits) > 18 for digits in match.groups()):
        return None
    first, last = match.groups()
    if not first:
        return _Range(max(0, size - int(last)), size)
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        return _Range(size, size)
    return _Range(int(first), min(int(last) + 1, size) if last else size)


async def _sniffed_type(blob: Blob, entry: Entry) -> str:
    """Tell HTML from everything else by its beginning, for names that tell nothing."""
    start = b"".join([piece async for piece in blob.stream(entry, 0, _SNIFFED_BYTES)])
    return "text/html" if _HTML_START.match(start) else OCTETS
