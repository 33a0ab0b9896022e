"""The statements for packages."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import and_, delete, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from scorm_embed.errors import PackageInUseError
from scorm_embed.storage.base import PackageRecord, PackageVersion, Page
from scorm_embed.storage.checking import NUMBER_MAX
from scorm_embed.storage.cursor import read_cursor, write_cursor
from scorm_embed.storage.encoding import from_microseconds, is_storable, to_microseconds
from scorm_embed.storage.rows import PACKAGE_COLUMNS, package_from_row, package_to_row
from scorm_embed.storage.schema import Tables
from scorm_embed.storage.writing import SessionWriter


async def add_package(connection: AsyncConnection, tables: Tables, record: PackageRecord) -> None:
    """Write a package version."""
    await connection.execute(insert(tables.packages), package_to_row(record))


async def load_package(
    connection: AsyncConnection, tables: Tables, tenant_id: str, package_id: str, version: int | None
) -> PackageRecord | None:
    """Read one version, or the newest."""
    packages = tables.packages
    if not is_storable(tenant_id, package_id) or (version is not None and not 0 <= version <= NUMBER_MAX):
        return None
    statement = select(*(packages.c[name] for name in PACKAGE_COLUMNS)).where(
        packages.c.tenant_id == tenant_id, packages.c.id == package_id
    )
    if version is not None:
        statement = statement.where(packages.c.version == version)
    row = (await connection.execute(statement.order_by(packages.c.version.desc()).limit(1))).one_or_none()
    return None if row is None else package_from_row(tuple(row))


async def list_packages(
    connection: AsyncConnection, tables: Tables, tenant_id: str, limit: int, cursor: str | None
) -> Page[PackageRecord]:
    """Read a page of the newest versions.

    The cursor remembers the last key of the first page's moment: a version added later must not pull its package out
    of the pages still to come.
    """
    packages = tables.packages
    newer = packages.alias("newer")
    scope = ("packages", tenant_id)
    behind = []
    if cursor is None:
        bound = (await connection.execute(select(func.max(packages.c.package_key)))).scalar() or 0
    else:
        microseconds, package_id, until = read_cursor(scope, cursor, (int, str, int))
        bound, moment = int(until), from_microseconds(int(microseconds))
        behind = [
            packages.c.created_at <= moment,
            or_(packages.c.created_at < moment, packages.c.id < str(package_id)),
        ]
    superseded = (
        select(newer.c.package_key)
        .where(
            newer.c.tenant_id == packages.c.tenant_id,
            newer.c.id == packages.c.id,
            newer.c.version > packages.c.version,
            newer.c.package_key <= bound,
        )
        .exists()
    )
    statement = (
        select(*(packages.c[name] for name in PACKAGE_COLUMNS))
        .where(packages.c.tenant_id == tenant_id, packages.c.package_key <= bound, ~superseded, *behind)
        .order_by(packages.c.created_at.desc(), packages.c.id.desc())
        .limit(limit + 1)
    )
    found = [package_from_row(tuple(row)) for row in await connection.execute(statement)]
    items = found[:limit]
    if len(found) <= limit:
        return Page(items)
    return Page(items, write_cursor(scope, (to_microseconds(items[-1].created_at), items[-1].id, bound)))


async def list_versions(
    connection: AsyncConnection, tables: Tables, tenant_id: str, package_id: str
) -> Sequence[PackageVersion]:
    """Read which versions there are, newest first, and count the sessions of each."""
    packages, sessions = tables.packages, tables.sessions
    counted = (
        select(sessions.c.package_version, func.count().label("sessions"))
        .where(sessions.c.tenant_id == tenant_id, sessions.c.package_id == package_id)
        .group_by(sessions.c.package_version)
        .subquery()
    )
    statement = (
        select(packages.c.version, packages.c.created_at, func.coalesce(counted.c.sessions, 0))
        .select_from(packages.outerjoin(counted, counted.c.package_version == packages.c.version))
        .where(packages.c.tenant_id == tenant_id, packages.c.id == package_id)
        .order_by(packages.c.version.desc())
    )
    return [PackageVersion(*row) for row in await connection.execute(statement)]


async def delete_package(
    connection: AsyncConnection,
    tables: Tables,
    writer: SessionWriter,
    tenant_id: str,
    package_id: str,
    with_sessions: bool,
) -> Sequence[str]:
    """Remove all versions of a package, its learners' data of its scope and, if asked for, its sessions."""
    packages, sessions = tables.packages, tables.sessions
    found = and_(packages.c.tenant_id == tenant_id, packages.c.id == package_id)
    digests = {
        digest for (digest,) in await connection.execute(select(packages.c.digest).where(found).with_for_update())
    }
    if not digests:
        return []
    used_by = and_(sessions.c.tenant_id == tenant_id, sessions.c.package_id == package_id)
    if with_sessions:
        await writer.delete_sessions(connection, used_by)
    else:
        count = (await connection.execute(select(func.count()).select_from(sessions).where(used_by))).scalar_one()
        if count:
            raise PackageInUseError("Sessions of the package exist.", {"sessions": count})
    for table in (tables.learner_objectives, tables.learner_stores):
        await connection.execute(delete(table).where(table.c.tenant_id == tenant_id, table.c.scope == package_id))
    await connection.execute(delete(packages).where(found))
    return sorted(digests)


async def unused_digests(connection: AsyncConnection, tables: Tables, digests: Collection[str]) -> Sequence[str]:
    """Give those of these digests that no package uses."""
    used = select(tables.packages.c.digest).where(tables.packages.c.digest.in_(sorted(set(digests))))
    return sorted(set(digests) - {digest for (digest,) in await connection.execute(used)})
