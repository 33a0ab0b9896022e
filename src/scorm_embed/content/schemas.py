"""What the schema files of a package say about their version: evidence for manifests that name no edition."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

SCHEMA_START_BYTES = 8 * 1024
"""The root element's tag lies within these bytes of a schema file, or nothing is read from it."""
SCHEMAS_MAX = 200
_VERSION = re.compile(rb"<(?:\w+:)?schema\b[^>]*?\sversion\s*=\s*[\"']([^\"']{1,40})[\"']")


def schema_versions(blob: Path) -> dict[str, str]:
    """Give the ``version`` attribute of the schema files beside the manifest, by file name in lower case."""
    found: dict[str, str] = {}
    with zipfile.ZipFile(blob) as archive:
        schemas = [entry for entry in archive.infolist() if entry.filename.lower().endswith(".xsd")]
        for entry in schemas[:SCHEMAS_MAX]:
            with archive.open(entry) as file:
                version = _VERSION.search(file.read(SCHEMA_START_BYTES))
            if version is not None and "/" not in entry.filename:
                found[entry.filename.lower()] = version[1].decode("ascii", "replace").strip()
    return found
