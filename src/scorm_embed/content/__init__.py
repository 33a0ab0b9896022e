"""Course files: from an uploaded zip to bytes that can be served. Imports core and errors only."""

from scorm_embed.content.archive import MANIFEST_NAME, Archive, read_archive
from scorm_embed.content.archive_warnings import ArchiveWarning, ArchiveWarningCode
from scorm_embed.content.base import ContentStore
from scorm_embed.content.blob import Blob, BlobCache
from scorm_embed.content.blob_index import BlobIndex, Entry
from scorm_embed.content.build import BuiltBlob, build_blob
from scorm_embed.content.directory import DirectoryContent
from scorm_embed.content.limits import DEFAULT_LIMITS, ArchiveLimits
from scorm_embed.content.memory import MemoryContent
from scorm_embed.content.zip_records import Compression

__all__ = [
    "DEFAULT_LIMITS",
    "MANIFEST_NAME",
    "Archive",
    "ArchiveLimits",
    "ArchiveWarning",
    "ArchiveWarningCode",
    "Blob",
    "BlobCache",
    "BlobIndex",
    "BuiltBlob",
    "Compression",
    "ContentStore",
    "DirectoryContent",
    "Entry",
    "MemoryContent",
    "build_blob",
    "read_archive",
]
