"""The published suite for storages: what ``scorm_embed.storage.base`` promises, as checks that any storage must pass.

It needs no test framework. With pytest, one test for each promise::

    @pytest.mark.parametrize("name", STORAGE_CHECKS)
    def test_storage(name, url):
        async def run():
            storage = MyStorage(url)
            try:
                await check_storage(storage, [name])
            finally:
                await storage.aclose()

        asyncio.run(run())

Checks may share one database: each works in tenants that nobody else uses. ``take_events``, ``prune_commits`` and
``list_expired`` know no tenants, so checks that name events, the log or launches in their names must not run at once on
the same database, nor beside anything else that takes events, prunes logs or ends launches.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from scorm_embed.storage.base import Storage
from scorm_embed.testing.storage_checks import lists, races, sessions, upkeep
from scorm_embed.testing.storage_checks.scene import BrokenPromise, Check, Scene

__all__ = ["STORAGE_CHECKS", "BrokenPromise", "check_storage"]

STORAGE_CHECKS: Mapping[str, Check] = {
    check.__name__: check for check in (*sessions.CHECKS, *lists.CHECKS, *races.CHECKS, *upkeep.CHECKS)
}
"""Every check by its name, which says the promise in one sentence."""


async def check_storage(storage: Storage, names: Iterable[str] = tuple(STORAGE_CHECKS)) -> None:
    """Run checks, one after the other; all of them unless names are given.

    Raises:
        BrokenPromise: the storage did not keep a promise; an ``AssertionError`` whose message says which, what was
            expected and what came. Errors that the storage raises where none is promised pass as they are.
    """
    for name in names:
        await STORAGE_CHECKS[name](Scene(storage))
