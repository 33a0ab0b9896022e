"""Packages: importing, listing, deleting."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from anyio import CancelScope, to_thread

from scorm_embed.content.base import on_disk
from scorm_embed.content.build import BuiltBlob, Progress, build_blob
from scorm_embed.content.schemas import schema_versions
from scorm_embed.core.manifest import ReadManifest, read_manifest
from scorm_embed.errors import DuplicateEntryError, StorageUnavailableError
from scorm_embed.service.base import Desk
from scorm_embed.service.courses import course_facts
from scorm_embed.service.documents import activity_tree, package_document, versions_document
from scorm_embed.service.model import Document
from scorm_embed.service.versions import structural_changes
from scorm_embed.storage.base import PackageRecord

_VERSION_TRIES = 5
_WORKSPACE = "The folder in which packages are unpacked"


class PackageCalls(Desk):
    """The part of the service about packages."""

    async def import_package(
        self, tenant_id: str, source: Path, *, package_id: str | None = None, progress: Progress | None = None
    ) -> Document:
        """Import the zip at ``source``; gives a package with ``warnings``.

        Args:
            package_id: an existing package that gets a new version.
            progress: is told, in a worker thread, how many of how many unpacked bytes are done.

        Raises:
            PackageError: the file is no usable package; nothing was stored.
            NotFoundError: PACKAGE_NOT_FOUND for ``package_id``.
        """
        before = await self.package_record(tenant_id, package_id) if package_id is not None else None
        with _folder_in(self.content.workspace()) as folder:
            target = folder / "blob.zip"
            built, manifest = await to_thread.run_sync(self._read, source, target, progress)
            spare = await to_thread.run_sync(_spare_of, target)
            async with self.blob_gate:
                await self.content.put(built.digest, target, consume=spare != target)
                record = await self._add(tenant_id, built, manifest, before)
            # Another process may have deleted the last package with these bytes before it could see the record. From
            # now on it does, so that what is there now stays; what went is stored once more.
            await self.content.put(built.digest, spare, consume=spare != target)
        return package_document(record)

    async def _add(
        self, tenant_id: str, built: BuiltBlob, manifest: ReadManifest, before: PackageRecord | None
    ) -> PackageRecord:
        record = self._record(tenant_id, built, manifest, before)
        for _ in range(_VERSION_TRIES):
            try:
                await self.storage.add_package(record)
                return record
            except DuplicateEntryError:
                before = await self.storage.load_package(tenant_id, record.id)
                record = self._record(tenant_id, built, manifest, before)
        raise StorageUnavailableError("Too many versions are imported at once; try again.", {"package_id": record.id})

    def _read(self, source: Path, target: Path, progress: Progress | None) -> tuple[BuiltBlob, ReadManifest]:
        with on_disk(_WORKSPACE):
            built = build_blob(source, target, self.options.archive_limits, progress=progress)
        manifest = read_manifest(
            built.manifest,
            set(built.index.names()),
            limits=self.options.manifest_limits,
            schema_versions=schema_versions(target),
        )
        return built, manifest

    def _record(
        self, tenant_id: str, built: BuiltBlob, manifest: ReadManifest, before: PackageRecord | None
    ) -> PackageRecord:
        course = manifest.course
        activities = activity_tree(course, course.root)
        changes = structural_changes(before.activities, activities) if before else []
        warnings = [
            {"code": warning.code.value, "message": warning.message, "path": warning.path} for warning in built.warnings
        ]
        return PackageRecord(
            tenant_id,
            before.id if before else self.new_id("pkg_"),
            before.version + 1 if before else 1,
            manifest.title,
            manifest.standard,
            built.digest,
            built.manifest,
            {**course_facts(manifest), **({"changes": changes} if changes else {})},
            activities,
            [*warnings, *(problem.as_dict() for problem in manifest.problems)],
            built.size_bytes,
            len(built.index),
            self.clock(),
        )

    async def package(self, tenant_id: str, package_id: str) -> Document:
        """Give a package; ``NotFoundError`` with PACKAGE_NOT_FOUND."""
        return package_document(await self.package_record(tenant_id, package_id))

    async def package_versions(self, tenant_id: str, package_id: str) -> list[Document]:
        """Give the versions of a package, newest first: ``{"version", "created_at", "sessions"}`` each."""
        return versions_document(await self.storage.list_versions(tenant_id, package_id))

    async def packages(self, tenant_id: str, *, limit: int = 50, cursor: str | None = None) -> Document:
        """List packages, newest first: ``{"packages": […], "next_cursor"}``."""
        page = await self.storage.list_packages(tenant_id, limit, cursor)
        return {"packages": [package_document(record) for record in page.items], "next_cursor": page.next_cursor}

    async def delete_package(self, tenant_id: str, package_id: str, *, force: bool = False) -> Sequence[str]:
        """Remove a package; ``PackageInUseError`` while sessions exist, unless forced. Gives the blobs that went."""
        await self.package_record(tenant_id, package_id)
        async with self.blob_gate:
            # Not left half done when the request is cancelled: nobody else knows which blobs to look at.
            with CancelScope(shield=True):
                digests = await self.storage.delete_package(tenant_id, package_id, with_sessions=force)
                self.courses.forget()
                unused = await self.storage.unused_digests(digests)
                for digest in unused:
                    # Another process may be importing the same bytes: what it has recorded by now keeps them, and
                    # what it records later it stores anew, because it finds them gone.
                    await self.content.delete(digest, is_needed=partial(self._is_used, digest))
        return unused

    async def _is_used(self, digest: str) -> bool:
        return not await self.storage.unused_digests([digest])


@contextmanager
def _folder_in(workspace: Path | None) -> Iterator[Path]:
    """Give a folder where the store keeps its blobs, so that keeping what is built there is a rename and not a copy."""
    with ExitStack() as stack:
        with on_disk(_WORKSPACE):
            if workspace is not None:
                workspace.mkdir(parents=True, exist_ok=True)
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="scorm-import-", dir=workspace))
        yield Path(folder)


def _spare_of(blob: Path) -> Path:
    """Give a second name of a file, which stays when the store takes the first; the file itself where none can be."""
    spare = blob.with_name("spare.zip")
    try:
        os.link(blob, spare)
    except OSError:
        return blob
    return spare
