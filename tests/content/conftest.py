"""Writes zips byte by byte, so that tests can make what no zip program would."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

MANIFEST = b'<?xml version="1.0"?><manifest identifier="m"/>'


@dataclass
class File:
    """One file as the zip is to describe it; what is None is filled in truly."""

    name: str | bytes
    content: bytes = b""
    deflate: bool = False
    flags: int | None = None
    method: int | None = None
    mode: int = 0
    crc: int | None = None
    size: int | None = None
    compressed_size: int | None = None
    packed: bytes | None = None
    trailing: bytes = b""
    offset: int | None = None
    unicode_path: bytes | None = None
    zip64: bool = False


class Forge:
    """Makes zips below a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made = 0

    def __call__(
        self, *files: File | tuple[str | bytes, bytes], manifest: bool = True, prefix: bytes = b"", comment: bytes = b""
    ) -> Path:
        listed = [file if isinstance(file, File) else File(*file) for file in files]
        if manifest:
            listed.insert(0, File("imsmanifest.xml", MANIFEST))
        self.made += 1
        path = self.folder / f"forged-{self.made}.zip"
        path.write_bytes(prefix + forge_bytes(listed, comment))
        return path


def forge_bytes(files: list[File], comment: bytes = b"") -> bytes:
    body, directory = bytearray(), bytearray()
    for file in files:
        raw = file.name.encode() if isinstance(file.name, str) else file.name
        flags = file.flags if file.flags is not None else (0x800 if isinstance(file.name, str) else 0)
        method = file.method if file.method is not None else (8 if file.deflate else 0)
        packed = file.packed
        if packed is None:
            packed = zlib.compress(file.content, 9, -15) if file.deflate else file.content
        crc = zlib.crc32(file.content) if file.crc is None else file.crc
        size = len(file.content) if file.size is None else file.size
        compressed = len(packed) + len(file.trailing) if file.compressed_size is None else file.compressed_size
        offset = len(body) if file.offset is None else file.offset
        extra = b""
        sizes = (compressed, size)
        if file.zip64 or max(sizes) > 0xFFFFFFFF:
            extra += struct.pack("<2H3Q", 1, 24, size, compressed, offset)
            sizes = (0xFFFFFFFF, 0xFFFFFFFF)
        if file.unicode_path is not None:
            extra += struct.pack("<2HBL", 0x7075, 5 + len(file.unicode_path), 1, zlib.crc32(raw)) + file.unicode_path
        common = struct.pack("<4H3L2H", flags, method, 0, 33, crc, *sizes, len(raw), len(extra))
        shown_offset = 0xFFFFFFFF if file.zip64 else offset
        directory += b"PK\x01\x02" + struct.pack("<2H", 0x0314, 20) + common
        directory += struct.pack("<3H2L", 0, 0, 0, file.mode << 16, shown_offset) + raw + extra
        if file.offset is None:
            body += b"PK\x03\x04" + struct.pack("<H", 20) + common + raw + extra + packed + file.trailing
    count = min(len(files), 0xFFFF)
    end = b""
    if any(file.zip64 for file in files):
        end += b"PK\x06\x06" + struct.pack(
            "<Q2H2L4Q", 44, 45, 45, 0, 0, len(files), len(files), len(directory), len(body)
        )
        end += b"PK\x06\x07" + struct.pack("<LQL", 0, len(body) + len(directory), 1)
        end += b"PK\x05\x06" + struct.pack("<4H2LH", 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
        return bytes(body + directory) + end
    end = b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, count, count, len(directory), len(body), len(comment))
    return bytes(body + directory) + end + comment


@pytest.fixture
def forge(tmp_path: Path) -> Forge:
    """Give a maker of zips."""
    return Forge(tmp_path)


@pytest.fixture
def zip_file() -> type[File]:
    """Give the class that describes one file of a forged zip."""
    return File


@pytest.fixture
def forged_bytes() -> Callable[..., bytes]:
    """Give the function that makes a zip in memory."""
    return forge_bytes
