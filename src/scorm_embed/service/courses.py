"""Courses as they are played: manifests read again from their records, kept per process because they never change."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from scorm_embed.core.datamodel import DataModel, data_model
from scorm_embed.core.manifest import ReadManifest, read_manifest
from scorm_embed.core.manifest.model import Course
from scorm_embed.core.sequencing.activity_tree import ActivityTree
from scorm_embed.storage.base import Json, PackageRecord

COURSES_KEPT = 64
"""Laid-out courses a process keeps; the least recently used one is forgotten first."""
RECORDS_KEPT = 512

K = TypeVar("K")
V = TypeVar("V")


class _Recent(Generic[K, V]):
    """A dictionary that forgets what was not asked for in a long time."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._entries: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        if (value := self._entries.get(key)) is not None:
            self._entries.move_to_end(key)
        return value

    def put(self, key: K, value: V) -> None:
        self._entries[key] = value
        self._entries.move_to_end(key)
        if len(self._entries) > self._size:
            self._entries.popitem(last=False)


@dataclass(frozen=True, slots=True)
class OpenCourse:
    """A course, its tree laid out, and its data model."""

    course: Course
    tree: ActivityTree
    model: DataModel
    digest: str

    @property
    def objective_scope(self) -> str | None:
        """Where the learner's global objectives are kept; None when the course has none or keeps them to itself."""
        shared = self.course.tree.objectives_global_to_system and self.tree.global_ids
        return "" if shared else None

    @property
    def store_scope(self) -> str | None:
        """Where the learner's shared data are kept; None when the course has none or keeps them to itself."""
        used = any(item.shared_data for item in self.course.launchables.values())
        return "" if used and self.course.shared_data_global_to_system else None


class Courses:
    """The courses that this process has opened, and the records they came from."""

    def __init__(self) -> None:
        self._courses: _Recent[tuple[str, str], OpenCourse] = _Recent(COURSES_KEPT)
        self._records: _Recent[tuple[str, str, int], PackageRecord] = _Recent(RECORDS_KEPT)

    def record(self, tenant_id: str, package_id: str, version: int) -> PackageRecord | None:
        """A record that is known already; versions never change, so it is still right."""
        return self._records.get((tenant_id, package_id, version))

    def remember(self, record: PackageRecord) -> None:
        """Keep a record that was loaded."""
        self._records.put((record.tenant_id, record.id, record.version), record)

    def forget(self) -> None:
        """Drop all records: a package was deleted."""
        self._records = _Recent(RECORDS_KEPT)

    def open(self, record: PackageRecord) -> OpenCourse:
        """Read a record's manifest and lay out its tree, once."""
        key = (record.digest, record.standard.value)
        found = self._courses.get(key)
        if found is None:
            found = open_course(record)
            self._courses.put(key, found)
        return found


def course_facts(manifest: ReadManifest) -> dict[str, Json]:
    """What import found out about files, so that the manifest can be read again without them."""
    course = manifest.courses[manifest.default]
    return {
        "organization": manifest.default,
        "launch": {item.identifier: item.href for item in course.launchables.values()},
    }


def open_course(record: PackageRecord) -> OpenCourse:
    """Read the course of a package version from its record alone."""
    facts = record.facts
    manifest = read_manifest(record.manifest, (), standard=record.standard)
    course = manifest.courses[facts["organization"]]
    launch = facts["launch"]
    course = replace(
        course,
        launchables={key: replace(item, href=launch[key]) for key, item in course.launchables.items() if key in launch},
    )
    return OpenCourse(course, ActivityTree(course.tree), data_model(record.standard), record.digest)
