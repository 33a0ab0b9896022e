"""Every storage of this package keeps every promise of the protocol."""

from __future__ import annotations

from typing import Any

import pytest

from scorm_embed.storage import SQLStorage
from scorm_embed.storage.direct import Direct
from scorm_embed.testing.storage import STORAGE_CHECKS, check_storage

STORAGES = [
    "memory",
    "sqlite",
    pytest.param("postgresql", marks=pytest.mark.postgresql),
    pytest.param("mariadb", marks=pytest.mark.mariadb),
]


@pytest.mark.parametrize("name", STORAGE_CHECKS)
@pytest.mark.parametrize("database", STORAGES, indirect=True)
def test_a_storage_keeps_its_promise(database: Any, name: str) -> None:
    database.run(lambda storage: check_storage(storage, [name]))


@pytest.mark.postgresql
@pytest.mark.parametrize("name", STORAGE_CHECKS)
def test_postgresql_keeps_its_promise_through_sqlalchemy_as_with_other_drivers(
    postgresql: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Direct, "serves", staticmethod(lambda engine: False))
    postgresql.run(lambda storage: check_storage(storage, [name]))


@pytest.mark.postgresql
@pytest.mark.parametrize("name", STORAGE_CHECKS)
def test_postgresql_keeps_its_promise_by_the_statements_of_all_databases(
    postgresql: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def storage(**options: Any) -> SQLStorage:
        made = SQLStorage(postgresql.url, schema=postgresql.schema, **options)
        made._short = None
        return made

    monkeypatch.setattr(type(postgresql), "storage", lambda self, **options: storage(**options))
    postgresql.run(lambda held: check_storage(held, [name]))
