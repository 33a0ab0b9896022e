"""From an uploaded zip to a list of checked files and the manifest among them.

Owns what an upload may be: its limits, its names, its layout, and which folder is the package. It writes nothing and
does not read the manifest's XML. An upload that is refused answers with one sentence that says what to do.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import BinaryIO

from scorm_embed.content.archive_warnings import ArchiveWarning, ArchiveWarningCode, WarningList
from scorm_embed.content.entry_reader import ArchiveEntry, unpack
from scorm_embed.content.limits import ArchiveLimits
from scorm_embed.content.names import guess_encoding, is_system_file, manifest_text, safe_path
from scorm_embed.content.zip_records import (
    END_BYTES_MAX,
    FLAG_ENCRYPTED,
    FLAG_MASKED_DIRECTORY,
    FLAG_STRONG_ENCRYPTION,
    FLAG_UTF8,
    LOCAL_HEADER_BYTES,
    METHOD_NAMES,
    CentralRecord,
    Compression,
    data_offset,
    find_directory,
    iter_directory,
    read_exactly,
)
from scorm_embed.errors import InvalidFileTypeError, ManifestNotFoundError

MANIFEST_NAME = "imsmanifest.xml"
_AES_METHOD = 99
_OTHER_FORMATS = (
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"%PDF", "a PDF document"),
    (b"<", "an HTML or XML page"),
)
_REFUSED_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
}


@dataclass(frozen=True, slots=True)
class Archive:
    """What is in an upload."""

    entries: tuple[ArchiveEntry, ...]
    """The package's files, ordered by path; the manifest is ``imsmanifest.xml`` whatever its case was."""
    manifest: bytes
    """The manifest's bytes."""
    warnings: tuple[ArchiveWarning, ...]


@dataclass(slots=True)
class _Found:
    """A file of the upload before it is known to which folder it belongs."""

    record: CentralRecord
    offset: int
    path: str = ""


def read_archive(file: BinaryIO, limits: ArchiveLimits) -> Archive:
    """Check an upload and list its files.

    Args:
        file: the upload, open for reading and seekable.
        limits: what is allowed.

    Raises:
        InvalidFileTypeError: it is no zip, is damaged, is unsafe, or goes beyond a limit.
        ManifestNotFoundError: it holds no imsmanifest.xml.
    """
    records, files_end = _read_records(file, limits)
    _check_records(records, limits, file.seek(0, 2))
    found = _locate(file, records, files_end)
    warnings = WarningList()
    _name(file, found, limits, warnings)
    by_path = _without_duplicates(found, warnings)
    manifest_path = _find_manifest(by_path, warnings)
    entries = _package_entries(by_path, manifest_path, warnings)
    manifest = next(entry for entry in entries if entry.path == MANIFEST_NAME)
    return Archive(entries, _read_manifest(file, manifest, limits), warnings.result())


def _read_records(file: BinaryIO, limits: ArchiveLimits) -> tuple[list[CentralRecord], int]:
    """Give the table of contents and the offset where it begins, before which all files must end."""
    size = file.seek(0, 2)
    if size > limits.archive_bytes_max:
        raise _beyond("archive_bytes_max", f"The zip file has {size:,} bytes", limits.archive_bytes_max)
    head = read_exactly(file, 0, min(size, 4))
    for signature, kind in _OTHER_FORMATS:
        if head.startswith(signature):
            raise InvalidFileTypeError(f"The file is {kind}; upload the course as a zip file.")
    tail_start = max(0, size - END_BYTES_MAX)
    directory = find_directory(read_exactly(file, tail_start, size - tail_start), tail_start)
    if directory.length > limits.directory_bytes_max:
        raise _beyond(
            "directory_bytes_max",
            f"The zip file's table of contents has {directory.length:,} bytes",
            limits.directory_bytes_max,
        )
    start, shift = directory.start, directory.shift
    data = read_exactly(file, start, directory.length)
    if shift and not data.startswith(b"PK\x01\x02"):
        # Something stands between the table and the end record (a signature, say), not before the archive.
        start, shift = start - shift, 0
        data = read_exactly(file, start, directory.length)
    records: list[CentralRecord] = []
    for record in iter_directory(data):
        if len(records) == limits.entries_max:
            raise _beyond("entries_max", "The zip file has more entries", limits.entries_max)
        records.append(replace(record, header_offset=record.header_offset + shift) if shift else record)
    return records, start


def _beyond(limit: str, what: str, allowed: int) -> InvalidFileTypeError:
    return InvalidFileTypeError(
        f"{what}; {allowed:,} is the most that is allowed here. Make the package smaller, or ask for a higher limit.",
        {"limit": limit, "allowed": allowed},
    )


def _shown(record: CentralRecord) -> str:
    return record.raw_name.decode("utf-8", "replace").encode("unicode_escape").decode("ascii")[:200]


def _check_records(records: Iterable[CentralRecord], limits: ArchiveLimits, archive_bytes: int) -> None:
    total = 0
    for record in records:
        _check_kind(record)
        if record.size > limits.entry_bytes_max:
            what = f'The file "{_shown(record)}" unpacks to {record.size:,} bytes'
            raise _beyond("entry_bytes_max", what, limits.entry_bytes_max)
        if record.size > limits.ratio_bytes_min and record.size > limits.ratio_max * record.compressed_size:
            raise _beyond(
                "ratio_max",
                f'The file "{_shown(record)}" unpacks to {record.size:,} bytes from {record.compressed_size:,}, '
                "which is more times than a course needs",
                limits.ratio_max,
            )
        total += record.size
    if total > limits.total_bytes_max:
        raise _beyond("total_bytes_max", f"The zip file unpacks to {total:,} bytes", limits.total_bytes_max)
    if total > limits.ratio_bytes_min and total > limits.ratio_max * archive_bytes:
        raise _beyond(
            "ratio_max",
            f"The zip file unpacks to {total:,} bytes from {archive_bytes:,}, which is more times than a course needs",
            limits.ratio_max,
        )


def _check_kind(record: CentralRecord) -> None:
    details = {"path": _shown(record)}
    masked = FLAG_ENCRYPTED | FLAG_STRONG_ENCRYPTION | FLAG_MASKED_DIRECTORY
    if record.flags & masked or record.method == _AES_METHOD:
        raise InvalidFileTypeError("The zip file is protected by a password; make it again without one.", details)
    kind = _REFUSED_KINDS.get(stat.S_IFMT(record.mode))
    if kind is not None:
        raise InvalidFileTypeError(
            f'"{_shown(record)}" in the zip is {kind}; replace it by the file itself and make the zip again.', details
        )
    if record.method not in (Compression.STORED, Compression.DEFLATED):
        method = METHOD_NAMES.get(record.method, f"number {record.method}")
        raise InvalidFileTypeError(
            f'The file "{_shown(record)}" is compressed with the method {method}; '
            "make the zip again with the usual method, Deflate.",
            details,
        )
    if record.method == Compression.STORED and record.compressed_size != record.size:
        raise InvalidFileTypeError(
            f'The sizes of the file "{_shown(record)}" contradict each other; make the zip again.', details
        )


def _locate(file: BinaryIO, records: list[CentralRecord], files_end: int) -> list[_Found]:
    """Find where each file's bytes lie, and refuse bytes that belong to two files: so small bombs become large."""
    offsets = [0] * len(records)
    end_before = 0
    for number in sorted(range(len(records)), key=lambda index: records[index].header_offset):
        record = records[number]
        if record.header_offset < end_before:
            raise InvalidFileTypeError(
                "Files in the zip lie over each other, as they do in a zip bomb; make the zip again.",
                {"path": _shown(record)},
            )
        header = read_exactly(file, record.header_offset, LOCAL_HEADER_BYTES)
        offsets[number] = data_offset(header, record.header_offset)
        end_before = offsets[number] + record.compressed_size
    if end_before > files_end:
        raise InvalidFileTypeError("A file in the zip runs into the table of contents; make the zip again.")
    return [_Found(record, offset) for record, offset in zip(records, offsets, strict=True)]


def _is_folder(record: CentralRecord) -> bool:
    return stat.S_ISDIR(record.mode) or record.raw_name.endswith(b"/")


def _name(file: BinaryIO, found: list[_Found], limits: ArchiveLimits, warnings: WarningList) -> None:
    """Decode and check every name; ``path`` stays empty for folders and the operating systems' own files."""
    encoding = ""
    unlabelled = [item.record.raw_name for item in found if _is_unlabelled(item.record)]
    if unlabelled:
        encoding = guess_encoding(unlabelled, _manifest_evidence(file, found, limits))
    for item in found:
        record = item.record
        if _is_unlabelled(record):
            name = record.raw_name.decode(encoding, "replace")
            if encoding != "utf-8":
                message = f"The names of {{count}} do not say their encoding and were read as {encoding}."
                warnings.count(ArchiveWarningCode.NAME_ENCODING, message, name)
        else:
            name = record.unicode_name or record.raw_name.decode("utf-8")
        if "\\" in name:
            message = "The names of {count} have \\ where the zip format has / between folders; they were read so."
            warnings.count(ArchiveWarningCode.NAME_BACKSLASH, message, name)
        path = safe_path(name, chars_max=limits.name_chars_max, depth_max=limits.depth_max)
        if path and not path.endswith("/") and not is_system_file(path) and not _is_folder(record):
            item.path = path


def _is_unlabelled(record: CentralRecord) -> bool:
    if record.unicode_name is not None or record.raw_name.isascii():
        return False
    if not record.flags & FLAG_UTF8:
        return True
    try:
        record.raw_name.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def _manifest_evidence(file: BinaryIO, found: list[_Found], limits: ArchiveLimits) -> str:
    """Give the characters of the likeliest manifest, found by its ASCII name before any name is decoded."""
    likely = [item for item in found if item.record.raw_name.lower().endswith(MANIFEST_NAME.encode())]
    if not likely:
        return ""
    item = min(likely, key=lambda item: len(item.record.raw_name))
    entry = _entry(item, MANIFEST_NAME)
    if entry.size > limits.manifest_bytes_max:
        return ""
    return manifest_text(b"".join(unpack(file, entry)))


def _entry(item: _Found, path: str) -> ArchiveEntry:
    record = item.record
    method = Compression(record.method)
    return ArchiveEntry(path, record.raw_name, method, record.crc, record.compressed_size, record.size, item.offset)


def _without_duplicates(found: list[_Found], warnings: WarningList) -> dict[str, _Found]:
    by_path: dict[str, _Found] = {}
    for item in found:
        if not item.path:
            continue
        if item.path in by_path:
            message = "The zip holds this file more than once; the last one is used."
            warnings.add(ArchiveWarningCode.DUPLICATE_NAME, message, item.path)
        by_path[item.path] = item
    folded: dict[str, str] = {}
    for path in sorted(by_path):
        other = folded.setdefault(path.casefold(), path)
        if other != path:
            message = f'The file differs from "{other}" only in case; a link in any other case finds neither.'
            warnings.add(ArchiveWarningCode.CASE_DUPLICATE, message, path)
    return by_path


def _find_manifest(by_path: dict[str, _Found], warnings: WarningList) -> str:
    """Give the path of the shallowest manifest; of equals the one written in lower case, then the first by name."""

    def rank(path: str) -> tuple[int, bool, str]:
        return path.count("/"), path.rpartition("/")[2] != MANIFEST_NAME, path

    manifests = sorted((path for path in by_path if path.rpartition("/")[2].lower() == MANIFEST_NAME), key=rank)
    if not manifests:
        raise ManifestNotFoundError(_missing_manifest_sentence(by_path))
    chosen = manifests[0]
    if len({path.rpartition("/")[0] for path in manifests if path.count("/") == chosen.count("/")}) > 1:
        message = "The zip holds several packages side by side; only this one is used."
        warnings.add(ArchiveWarningCode.SEVERAL_MANIFESTS, message, chosen)
    return chosen


def _missing_manifest_sentence(paths: Iterable[str]) -> str:
    names = sorted(paths, key=lambda path: (path.count("/"), path))
    inner = next((path for path in names if path.lower().endswith(".zip")), None)
    if inner is not None:
        return f'The zip file has no imsmanifest.xml but another zip in it; upload "{inner}" by itself.'
    other = next((path for path in names if path.rpartition("/")[2].lower() in ("tincan.xml", "cmi5.xml")), None)
    if other is not None:
        return f"The package is not SCORM (it has {other} and no imsmanifest.xml); export it again as SCORM."
    return "The zip file has no imsmanifest.xml; export the course as a SCORM package and upload that zip."


def _package_entries(by_path: dict[str, _Found], manifest_path: str, warnings: WarningList) -> tuple[ArchiveEntry, ...]:
    root = manifest_path[: manifest_path.rfind("/") + 1]
    if root:
        message = f'imsmanifest.xml is not at the top of the zip; the folder "{root}" was taken for the package.'
        warnings.add(ArchiveWarningCode.MANIFEST_IN_FOLDER, message, manifest_path)
    if manifest_path != root + MANIFEST_NAME:
        message = "The manifest's name must be written imsmanifest.xml; it was read all the same."
        warnings.add(ArchiveWarningCode.MANIFEST_NAME_CASE, message, manifest_path)
    entries = []
    for path, item in by_path.items():
        if path == manifest_path:
            entries.append(_entry(item, MANIFEST_NAME))
        elif path.startswith(root) and path != root + MANIFEST_NAME:
            entries.append(_entry(item, path[len(root) :]))
        else:
            message = f'{{count}} outside the manifest\'s folder "{root}" belong to no course and were left out.'
            warnings.count(ArchiveWarningCode.OUTSIDE_MANIFEST_FOLDER, message, path)
    return tuple(sorted(entries, key=lambda entry: entry.path.encode()))


def _read_manifest(file: BinaryIO, entry: ArchiveEntry, limits: ArchiveLimits) -> bytes:
    if entry.size > limits.manifest_bytes_max:
        raise _beyond("manifest_bytes_max", f"imsmanifest.xml has {entry.size:,} bytes", limits.manifest_bytes_max)
    return b"".join(unpack(file, entry))
