"""Manifests: imsmanifest.xml to courses that can be played."""

from scorm_embed.core.manifest.limits import ManifestLimits
from scorm_embed.core.manifest.model import Course, Launchable, SharedDataMap
from scorm_embed.core.manifest.problems import ManifestProblem, Severity
from scorm_embed.core.manifest.reader import ReadManifest, read_manifest

__all__ = [
    "Course",
    "Launchable",
    "ManifestLimits",
    "ManifestProblem",
    "ReadManifest",
    "Severity",
    "SharedDataMap",
    "read_manifest",
]
