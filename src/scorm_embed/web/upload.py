"""Receiving a package: a form or a raw body, streamed to a temporary file and never whole in memory."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import anyio
import anyio.to_thread
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from scorm_embed.content.base import on_disk
from scorm_embed.errors import RequestError
from scorm_embed.web.body import media_type, pieces
from scorm_embed.web.operations import missing_file

ZIP_TYPES = frozenset(
    {"application/zip", "application/x-zip-compressed", "application/x-zip", "application/octet-stream"}
)
WRITE_BYTES = 1024 * 1024
"""Gathered before a thread writes them."""
FORM_BYTES = 64 * 1024
"""Allowed beyond the file for the form around it."""
FIELD_BYTES_MAX = 4 * 1024
HEADER_BYTES_MAX = 8 * 1024
PARTS_MAX = 16
_FOLDER = "The folder for uploads"


@dataclass(slots=True)
class Upload:
    """What came: the file's bytes are at ``path``."""

    path: Path
    fields: dict[str, str] = field(default_factory=dict)


@asynccontextmanager
async def receive_upload(request: Request, bytes_max: int) -> AsyncIterator[Upload]:
    """Receive the package; its file goes when the context ends.

    Raises:
        RequestError: FILE_TOO_LARGE, MISSING_FILE, UNSUPPORTED_MEDIA_TYPE, INVALID_REQUEST.
    """
    kind = media_type(request)
    if kind != "multipart/form-data" and kind not in ZIP_TYPES:
        if not kind and request.headers.get("content-length", "0") == "0":
            raise missing_file()
        raise RequestError(
            "Send the package as multipart/form-data or application/zip.", code="UNSUPPORTED_MEDIA_TYPE", status=415
        )
    with on_disk(_FOLDER):
        descriptor, name = await anyio.to_thread.run_sync(
            lambda: tempfile.mkstemp(prefix="scorm-upload-", suffix=".zip")
        )
    path = Path(name)
    try:
        with on_disk(_FOLDER), os.fdopen(descriptor, "wb") as file:
            target = _Target(file, bytes_max)
            if kind == "multipart/form-data":
                upload = await _receive_form(request, target, path)
            else:
                await _receive_raw(request, target)
                upload = Upload(path)
            await target.flush()
        if not target.received:
            raise missing_file()
        yield upload
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(lambda: path.unlink(missing_ok=True))


class _Target:
    """The temporary file, written by threads in large pieces."""

    def __init__(self, file: BinaryIO, bytes_max: int) -> None:
        self._file = file
        self._pending = bytearray()
        self.bytes_max = bytes_max
        self.received = 0

    def add(self, data: bytes) -> None:
        self.received += len(data)
        if self.received > self.bytes_max:
            raise too_large(self.bytes_max)
        self._pending += data

    async def write_full(self) -> None:
        if len(self._pending) >= WRITE_BYTES:
            await self._write()

    async def _write(self) -> None:
        pending, self._pending = self._pending, bytearray()
        await anyio.to_thread.run_sync(self._file.write, pending)

    async def flush(self) -> None:
        await self._write()
        await anyio.to_thread.run_sync(self._file.flush)


def too_large(bytes_max: int) -> RequestError:
    """Say that the upload is over the limit."""
    return RequestError(
        f"The package may have at most {bytes_max} bytes.", {"bytes_max": bytes_max}, code="FILE_TOO_LARGE", status=413
    )


async def _receive_raw(request: Request, target: _Target) -> None:
    async for piece in pieces(request, target.bytes_max, too_large(target.bytes_max)):
        target.add(piece)
        await target.write_full()


async def _receive_form(request: Request, target: _Target, path: Path) -> Upload:
    _, parameters = parse_options_header(request.headers["content-type"])
    boundary = parameters.get(b"boundary")
    if not boundary or len(boundary) > 200:
        raise RequestError("The form's boundary is missing.")
    form = _Form(target)
    try:
        parser = MultipartParser(boundary, form.callbacks())  # type: ignore[arg-type]
        async for piece in pieces(request, target.bytes_max + FORM_BYTES, too_large(target.bytes_max)):
            parser.write(piece)
            await target.write_full()
        parser.finalize()
    except FormParserError:
        raise RequestError("The form is malformed.") from None
    if not form.finished:
        raise RequestError("The form is cut off.")
    try:
        fields = {name: value.decode("utf-8") for name, value in form.fields.items()}
    except UnicodeDecodeError:
        raise RequestError("The form is not UTF-8.") from None
    return Upload(path, fields)


class _Form:
    """Takes the parser's events: the part ``file`` goes to the target, small fields are kept."""

    def __init__(self, target: _Target) -> None:
        self._target = target
        self._header_name = bytearray()
        self._header_value = bytearray()
        self._headers: dict[bytes, bytes] = {}
        self._header_bytes = 0
        self._part: str | None = ""
        self._parts = 0
        self._has_file = False
        self.fields: dict[str, bytes] = {}
        self.finished = False

    def callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._on_header_name,
            "on_header_value": self._on_header_value,
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._on_headers,
            "on_part_data": self._on_data,
            "on_end": self._on_end,
        }

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > PARTS_MAX:
            raise RequestError("The form has too many parts.")
        self._headers = {}
        self._header_bytes = 0
        self._part = ""

    def _count_header(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > HEADER_BYTES_MAX:
            raise RequestError("The form's headers are too long.")

    def _on_header_name(self, data: bytes, start: int, end: int) -> None:
        self._count_header(end - start)
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._count_header(end - start)
        self._header_value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[bytes(self._header_name).lower()] = bytes(self._header_value)
        self._header_name.clear()
        self._header_value.clear()

    def _on_headers(self) -> None:
        _, parameters = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._part = parameters.get(b"name", b"").decode("utf-8", "replace")
        if self._part == "file":
            if self._has_file:
                raise RequestError("The form holds more than one file.")
            self._has_file = True
        elif b"filename" in parameters:
            self._part = None  # a file of another name is none that was asked for
        else:
            self.fields[self._part] = b""

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._part == "file":
            self._target.add(data[start:end])
            return
        if self._part is None:
            return
        value = self.fields[self._part] + data[start:end]
        if len(value) > FIELD_BYTES_MAX:
            fault = {"path": self._part, "error": "is too long"}
            raise RequestError("A field of the form is too long.", {"fields": [fault]})
        self.fields[self._part] = value

    def _on_end(self) -> None:
        self.finished = True
