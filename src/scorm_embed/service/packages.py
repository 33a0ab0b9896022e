"""Packages: importing, listing, deleting."""

from __future__ import annotations

import tempfile
from pathlib import Path

from anyio import to_thread

from scorm_embed.content.build import BuiltBlob, build_blob
from scorm_embed.core.manifest import ReadManifest, read_manifest
from scorm_embed.errors import DuplicateEntryError
from scorm_embed.service.base import Desk
from scorm_embed.service.courses import course_facts
from scorm_embed.service.documents import activity_tree, package_document
from scorm_embed.service.model import Document
from scorm_embed.storage.base import PackageRecord

_VERSION_TRIES = 5


class PackageCalls(Desk):
    """The part of the service about packages."""

    async def import_package(self, tenant_id: str, source: Path, *, package_id: str | None = None) -> Document:
        """Import the zip at ``source``; gives a package with ``warnings``.

        Args:
            package_id: an existing package that gets a new version.

        Raises:
            PackageError: the file is no usable package; nothing was stored.
            NotFoundError: PACKAGE_NOT_FOUND for ``package_id``.
        """
        before = await self.package_record(tenant_id, package_id) if package_id is not None else None
        workspace = self.content.workspace()
        if workspace is not None:
            workspace.mkdir(parents=True, exist_ok=True)
        # Built where the store keeps its blobs, so that keeping it is a rename and not a copy.
        with tempfile.TemporaryDirectory(prefix="scorm-import-", dir=workspace) as folder:
            target = Path(folder) / "blob.zip"
            built, manifest = await to_thread.run_sync(self._read, source, target)
            await self.content.put(built.digest, target, consume=True)
        record = self._record(tenant_id, built, manifest, before)
        for _ in range(_VERSION_TRIES):
            try:
                await self.storage.add_package(record)
                break
            except DuplicateEntryError:
                before = await self.storage.load_package(tenant_id, record.id)
                record = self._record(tenant_id, built, manifest, before)
        return package_document(record)

    def _read(self, source: Path, target: Path) -> tuple[BuiltBlob, ReadManifest]:
        built = build_blob(source, target, self.options.archive_limits)
        manifest = read_manifest(built.manifest, set(built.index.names()), limits=self.options.manifest_limits)
        return built, manifest

    def _record(
        self, tenant_id: str, built: BuiltBlob, manifest: ReadManifest, before: PackageRecord | None
    ) -> PackageRecord:
        course = manifest.course
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
            course_facts(manifest),
            activity_tree(course, course.root),
            [*warnings, *(problem.as_dict() for problem in manifest.problems)],
            built.size_bytes,
            len(built.index),
            self.clock(),
        )

    async def package(self, tenant_id: str, package_id: str) -> Document:
        """Give a package; ``NotFoundError`` with PACKAGE_NOT_FOUND."""
        return package_document(await self.package_record(tenant_id, package_id))

    async def packages(self, tenant_id: str, *, limit: int = 50, cursor: str | None = None) -> Document:
        """List packages, newest first: ``{"packages": […], "next_cursor"}``."""
        page = await self.storage.list_packages(tenant_id, limit, cursor)
        return {"packages": [package_document(record) for record in page.items], "next_cursor": page.next_cursor}

    async def delete_package(self, tenant_id: str, package_id: str, *, force: bool = False) -> None:
        """Remove a package; ``PackageInUseError`` while sessions exist, unless forced."""
        await self.package_record(tenant_id, package_id)
        unused = await self.storage.delete_package(tenant_id, package_id, with_sessions=force)
        self.courses.forget()
        for digest in unused:
            await self.content.delete(digest)
