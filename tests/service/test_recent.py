"""The next commit of a course does not read what this process stored itself, and never believes it."""

from __future__ import annotations

from typing import Any

import pytest

from scorm_embed.core.standard import Standard
from scorm_embed.errors import LaunchSupersededError
from scorm_embed.service import Service
from scorm_embed.service.model import SessionUpdate
from scorm_embed.service.recent import CHARACTERS_KEPT, SESSIONS_KEPT, WRITES_ELSEWHERE
from scorm_embed.testing.player import FakePlayer

pytestmark = pytest.mark.anyio


class Reads:
    """Counts how often a storage is asked for a session, and sees what is kept of it."""

    def __init__(self, service: Service) -> None:
        self.count = 0
        self.service = service
        self.storage = service.storage
        self._load = self.storage.load_session
        self.storage.load_session = self._counted  # type: ignore[method-assign]

    async def _counted(self, *arguments: Any, **options: Any) -> Any:
        self.count += 1
        return await self._load(*arguments, **options)

    async def of(self, player: FakePlayer, elements: dict[str, str]) -> int:
        """How many reads a commit of these elements costs."""
        before = self.count
        await _commit(player, elements)
        return self.count - before


async def _commit(player: FakePlayer, elements: dict[str, str]) -> None:
    for name, value in elements.items():
        player.sco.set(name, value)
    await player.sync()


async def _two_workers(desk: Any) -> tuple[FakePlayer, Reads, Service]:
    package = await desk.course(Standard.SCORM_2004_4TH)
    player = await desk.play(package)
    player.sco.initialize()
    other = Service(desk.storage, desk.service.content, desk.options, clock=desk.clock)
    return player, Reads(desk.service), other


async def test_a_commit_of_what_this_process_stored_last_reads_nothing(desk):
    player, reads, _ = await _two_workers(desk)
    assert await reads.of(player, {"cmi.location": "1"}) == 0
    assert await reads.of(player, {"cmi.interactions.0.id": "a", "cmi.interactions.0.type": "choice"}) == 0
    assert await reads.of(player, {"cmi.interactions.0.result": "correct"}) == 0
    shown = await desk.shown()
    assert shown["cmi_data"]["cmi.interactions.0.result"] == "correct"
    assert shown["cmi_data"]["cmi.location"] == "1"


async def test_what_another_worker_wrote_is_found_by_the_write_and_nothing_is_lost(desk):
    player, reads, other = await _two_workers(desk)
    await _commit(player, {"cmi.location": "1"})
    version = (await other.session("acme", "s1"))["version"]
    await other.update_session("acme", "s1", SessionUpdate(version, {"cmi.suspend_data": "theirs"}))
    assert await reads.of(player, {"cmi.location": "2"}) == 1
    data = (await desk.shown())["cmi_data"]
    assert (data["cmi.location"], data["cmi.suspend_data"]) == ("2", "theirs")


async def test_a_session_that_wanders_between_workers_is_read_for_a_while_instead_of_tried(desk):
    player, reads, other = await _two_workers(desk)
    await _commit(player, {"cmi.location": "1"})
    version = (await other.session("acme", "s1"))["version"]
    await other.update_session("acme", "s1", SessionUpdate(version, {"cmi.suspend_data": "theirs"}))
    costs = [await reads.of(player, {"cmi.location": str(number)}) for number in range(WRITES_ELSEWHERE + 2)]
    assert costs == [1] * WRITES_ELSEWHERE + [0, 0]


async def test_a_session_deleted_and_made_again_under_its_id_and_version_is_another_one(desk):
    player, _, other = await _two_workers(desk)
    await _commit(player, {"cmi.location": "old"})
    version = (await other.session("acme", "s1"))["version"]
    package = (await desk.shown())["package_id"]
    await other.delete_session("acme", "s1")
    desk.clock.move(1)
    again = await FakePlayer(other, await other.launch("acme", package, "u1", session_id="s1")).open()
    again.sco.initialize()
    while (await other.session("acme", "s1"))["version"] < version:
        await _commit(again, {"cmi.location": "new"})
    assert (await other.session("acme", "s1"))["version"] == version
    player.sco.set("cmi.location", "late")
    with pytest.raises(LaunchSupersededError):
        await player.sync()
    assert (await desk.shown())["cmi_data"]["cmi.location"] == "new"


async def test_a_launch_superseded_at_another_worker_is_refused_although_it_is_still_kept_here(desk):
    player, _, other = await _two_workers(desk)
    await _commit(player, {"cmi.location": "1"})
    package = (await desk.shown())["package_id"]
    await FakePlayer(other, await other.launch("acme", package, "u1", session_id="s1")).open()
    player.sco.set("cmi.location", "late")
    with pytest.raises(LaunchSupersededError):
        await player.sync()
    late = [row for row in (await desk.service.commits("acme", "s1"))["commits"] if row["status"] == "late"]
    assert [row["elements"] for row in late] == [[["cmi.location", "late"]]]


@pytest.mark.parametrize(("length", "reads_next"), [(0, 0), (CHARACTERS_KEPT + 1, 1)])
async def test_only_small_run_time_data_are_kept(desk, length, reads_next):
    player, reads, _ = await _two_workers(desk)
    await _commit(player, {"cmi.suspend_data": "x" * length})
    assert await reads.of(player, {"cmi.location": "1"}) == reads_next


async def test_the_session_not_written_for_the_longest_time_is_forgotten_first(desk):
    package = await desk.course(Standard.SCORM_2004_4TH)
    players = []
    for number in range(SESSIONS_KEPT + 1):
        player = await desk.play(package, session=f"s{number}", user=f"u{number}")
        player.sco.initialize()
        players.append(player)
    reads = Reads(desk.service)
    assert await reads.of(players[0], {"cmi.location": "1"}) == 1
    assert await reads.of(players[-1], {"cmi.location": "1"}) == 0
