"""Handlers after the commit: told at least once, each by itself, again when they fail, and never dropped in silence."""

from __future__ import annotations

import asyncio
import functools
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest

from scorm_embed.errors import ConfigurationError, StorageUnavailableError
from scorm_embed.service import HookEvent, Service, ServiceOptions, SessionUpdate
from scorm_embed.service.hooks import GoneError
from scorm_embed.service.outbox import RETRY_SECONDS, OutboxOptions

pytestmark = pytest.mark.anyio

NOTHING = {"delivered": 0, "failed": 0, "dead": 0}


class Recorder:
    """A hook that notes what it was told, and fails while it is told to."""

    def __init__(self, failing: int = 0) -> None:
        self.events: list[HookEvent] = []
        self.failing = failing

    async def __call__(self, event: HookEvent) -> None:
        self.events.append(event)
        if self.failing:
            self.failing -= 1
            raise ConnectionError("no answer")

    @property
    def types(self) -> list[str]:
        return [event.type for event in self.events]


async def complete(desk: Any, session: str = "s1") -> None:
    """Complete a session that exists."""
    version = (await desk.shown(session))["version"]
    await desk.service.update_session("acme", session, SessionUpdate(version, completion_status="completed"))


async def waiting(desk: Any, state: str = "waiting") -> list[Any]:
    return list((await desk.storage.list_events("acme", state)).items)


def same(desk: Any) -> Service:
    """Another worker on the same database."""
    return Service(desk.storage, desk.service.content, desk.options, clock=desk.clock)


async def test_without_handlers_nothing_is_stored_and_nobody_is_asked(desk: Any, monkeypatch: Any) -> None:
    async def refuse(*arguments: Any) -> None:
        raise AssertionError("the outbox was asked")

    inside: list[str] = []
    desk.service.hooks.add("completed", lambda event: inside.append(event.type), transaction=True)
    await desk.launch(await desk.course())
    monkeypatch.setattr(desk.storage, "take_events", refuse)
    monkeypatch.setattr(desk.storage, "settle_events", refuse)
    await complete(desk)
    assert await desk.service.deliver_events() == NOTHING
    assert inside == ["completed"]
    assert await waiting(desk) == []


async def test_the_answer_does_not_wait_for_a_handler(desk: Any) -> None:
    may_end = asyncio.Event()
    told: list[str] = []

    async def slow(event: HookEvent) -> None:
        await may_end.wait()
        told.append(event.type)

    desk.service.hooks.add("completed", slow)
    await desk.launch(await desk.course())
    await complete(desk)
    (event,) = await waiting(desk)
    assert (event.pending, event.attempts, event.due_at > desk.clock.now, told) == (
        (f"{__name__}.test_the_answer_does_not_wait_for_a_handler.<locals>.slow",),
        1,
        True,
        [],
    )
    may_end.set()
    assert await desk.service.deliver_events() == {**NOTHING, "delivered": 1}
    assert (told, await waiting(desk)) == (["completed"], [])


async def test_a_handler_is_shown_the_session_as_it_was_then(desk: Any) -> None:
    recorder = Recorder(failing=1)
    desk.service.hooks.add("completed", recorder)
    await desk.launch(await desk.course())
    await complete(desk)
    then = await desk.shown()
    await desk.service.deliver_events()
    await desk.service.update_session("acme", "s1", SessionUpdate(2, success_status="passed"))
    desk.clock.move(10)
    await desk.service.deliver_events()
    first, second = recorder.events
    assert first == second
    package, at = then["package_id"], then["updated_at"]
    assert first == HookEvent("completed", "acme", "s1", "u1", package, then, at, id=first.id)
    assert first.id.startswith("evt_")
    assert isinstance(first.session["updated_at"], datetime)
    assert first.session["success_status"] == "unknown"


async def test_events_of_one_session_come_in_order(desk: Any) -> None:
    recorder = Recorder()
    for name in ("ended", "completed", "progress", "launched", "passed"):
        desk.service.hooks.add(name, recorder)
    player = await desk.play(await desk.course())
    await complete(desk)
    await player.close()
    await desk.service.deliver_events()
    assert recorder.types == ["launched", "progress", "progress", "completed", "ended"]


async def test_a_handler_that_works_is_not_told_again_because_another_fails(desk: Any) -> None:
    good, bad = Recorder(), Recorder(failing=2)
    desk.service.hooks.add("completed", good)
    desk.service.hooks.add("completed", bad)
    await desk.launch(await desk.course())
    await complete(desk)
    assert await desk.service.deliver_events() == {**NOTHING, "failed": 1}
    (event,) = await waiting(desk)
    assert event.pending == (f"{__name__}.Recorder#2",)
    assert event.last_error == f"{__name__}.Recorder#2: ConnectionError: no answer"
    assert await desk.service.deliver_events() == NOTHING
    desk.clock.move(RETRY_SECONDS[0] * 1.2)
    assert await desk.service.deliver_events() == {**NOTHING, "failed": 1}
    desk.clock.move(RETRY_SECONDS[1] * 1.2)
    assert await desk.service.deliver_events() == {**NOTHING, "delivered": 1}
    assert (len(good.events), len(bad.events), await waiting(desk)) == (1, 3, [])


async def test_pauses_grow_for_a_day_and_then_the_event_is_dead_and_kept(desk: Any, caplog: Any) -> None:
    recorder = Recorder(failing=100)
    desk.service.hooks.add("completed", recorder)
    await desk.launch(await desk.course())
    start = desk.clock.now
    await complete(desk)
    await desk.service.deliver_events()
    pauses = []
    while found := await waiting(desk):
        pause = (found[0].due_at - desk.clock.now).total_seconds()
        pauses.append(pause)
        desk.clock.now = found[0].due_at - timedelta(microseconds=1)
        assert await desk.service.deliver_events() == NOTHING
        desk.clock.now = found[0].due_at
        await desk.service.deliver_events()
    assert all(least <= pause <= least * 1.2 for least, pause in zip(RETRY_SECONDS, pauses, strict=True))
    assert timedelta(hours=23) < desk.clock.now - start < timedelta(hours=29)
    (event,) = await waiting(desk, "dead")
    assert (event.attempts, event.state, len(recorder.events)) == (11, "dead", 11)
    assert "no answer" in event.last_error
    assert "was given up" in caplog.text
    desk.clock.move(10**6)
    assert await desk.service.deliver_events() == NOTHING
    assert await waiting(desk, "dead") == [event]


async def test_what_says_that_it_is_gone_is_not_tried_again(desk: Any) -> None:
    async def gone(event: HookEvent) -> None:
        raise GoneError("410 Gone")

    other = Recorder(failing=1)
    desk.service.hooks.add("completed", gone)
    desk.service.hooks.add("completed", other)
    await desk.launch(await desk.course())
    await complete(desk)
    assert await desk.service.deliver_events() == {**NOTHING, "failed": 1}
    desk.clock.move(10)
    assert await desk.service.deliver_events() == {**NOTHING, "dead": 1}
    (event,) = await waiting(desk, "dead")
    assert event.last_error.endswith("gone: 410 Gone")


async def test_what_a_worker_left_behind_is_taken_by_another_when_its_lease_has_run_out(desk: Any) -> None:
    never = asyncio.Event()
    first, recorder = desk.service, Recorder()

    async def hang(event: HookEvent) -> None:
        await never.wait()

    hang.__module__, hang.__qualname__ = "site", "Recorder"
    recorder.__module__, recorder.__qualname__ = "site", "Recorder"  # type: ignore[attr-defined]
    first.hooks.add("completed", hang)
    await desk.launch(await desk.course())
    await complete(desk)
    second = same(desk)
    second.hooks.add("completed", recorder)
    desk.clock.move(second.options.outbox.lease_seconds - 1)
    assert await second.deliver_events() == NOTHING
    desk.clock.move(1)
    assert await second.deliver_events() == {**NOTHING, "delivered": 1}
    assert recorder.types == ["completed"]
    await first.outbox.aclose(0)


async def test_an_event_that_kills_every_worker_is_given_up(desk: Any) -> None:
    recorder = Recorder()
    desk.service.hooks.add("completed", recorder)
    await desk.launch(await desk.course())
    desk.service.outbox.deliver_soon = lambda records: None  # the worker dies
    await complete(desk)
    for _ in range(10):
        desk.clock.move(1000)
        await desk.storage.take_events(1, desk.clock.now, 1)
    desk.clock.move(1000)
    assert await desk.service.deliver_events() == {**NOTHING, "dead": 1}
    (event,) = await waiting(desk, "dead")
    assert (event.last_error, recorder.events) == ("No worker came to an end.", [])


async def test_a_handler_that_nobody_knows_any_more_keeps_its_event(desk: Any) -> None:
    desk.service.hooks.add("completed", Recorder(failing=1))
    await desk.launch(await desk.course())
    await complete(desk)
    await desk.service.deliver_events()
    new = same(desk)
    new.hooks.add("passed", lambda event: None)
    desk.clock.move(10)
    assert await new.deliver_events() == {**NOTHING, "failed": 1}
    (event,) = await waiting(desk)
    assert event.last_error == f"{__name__}.Recorder: This process knows no such handler."


async def test_functions_that_are_not_async_run_in_a_thread_and_in_the_hosts_context(desk: Any) -> None:
    threads: list[tuple[threading.Thread, bool]] = []
    entered: list[str] = []

    class Context:
        def __enter__(self) -> None:
            entered.append("in")

        def __exit__(self, *arguments: object) -> None:
            entered.append("out")

    def blocking(event: HookEvent) -> None:
        threads.append((threading.current_thread(), entered == ["in"]))

    async def on_the_loop(event: HookEvent, more: str) -> None:
        threads.append((threading.current_thread(), False))

    desk.service.hooks.within = Context
    desk.service.hooks.add("completed", blocking)
    desk.service.hooks.add("completed", functools.partial(on_the_loop, more="x"))
    await desk.launch(await desk.course())
    await complete(desk)
    await desk.service.deliver_events()
    main = threading.current_thread()
    assert [(thread is main, within) for thread, within in threads] == [(False, True), (True, False)]
    assert entered == ["in", "out"]


async def test_a_handler_that_takes_too_long_is_stopped_and_tried_again(desk: Any) -> None:
    desk.service.outbox.options = OutboxOptions(timeout_seconds=0.05)
    calls: list[int] = []

    async def hang(event: HookEvent) -> None:
        calls.append(1)
        await asyncio.Event().wait()

    quick = Recorder()
    desk.service.hooks.add("completed", quick)
    desk.service.hooks.add("completed", hang)
    await desk.launch(await desk.course())
    await complete(desk)
    assert await desk.service.deliver_events() == {**NOTHING, "failed": 1}
    (event,) = await waiting(desk)
    assert (len(event.pending), event.last_error.endswith("It took too long."), len(quick.events)) == (1, True, 1)


async def test_closing_waits_for_what_is_told_and_gives_back_what_was_not_begun(desk: Any) -> None:
    started, begun = asyncio.Event(), asyncio.Event()
    told: list[str] = []

    async def slow(event: HookEvent) -> None:
        started.set()
        for _ in range(10):
            await asyncio.sleep(0)
        told.append(event.type)

    async def endless(event: HookEvent) -> None:
        begun.set()
        await asyncio.Event().wait()

    desk.service.hooks.add("completed", slow)
    await desk.launch(await desk.course())
    await complete(desk)
    await started.wait()
    await desk.service.aclose()
    assert told == ["completed"]
    other = same(desk)
    other.hooks.add("progress", endless)
    await other.update_session("acme", "s1", SessionUpdate(2, success_status="passed"))
    await other.update_session("acme", "s1", SessionUpdate(3, success_status="failed"))
    await begun.wait()
    await other.outbox.aclose(0)
    first, second = sorted(await waiting(desk), key=lambda event: -event.attempts)
    assert [(event.attempts, event.due_at) for event in (first, second)] == [(1, desk.clock.now), (0, desk.clock.now)]


def test_a_loop_that_ends_leaves_its_events_to_others_at_once(desk: Any) -> None:
    """As a test client that makes a loop for each request, or a server that was told to stop."""
    recorder = Recorder()

    async def request() -> None:
        await desk.launch(await desk.course())
        desk.service.hooks.add("completed", recorder)
        await complete(desk)

    asyncio.run(request())
    assert recorder.events == []
    assert asyncio.run(desk.service.deliver_events()) == {**NOTHING, "delivered": 1}
    assert recorder.types == ["completed"]


async def test_a_database_that_cannot_be_reached_costs_no_event(desk: Any, monkeypatch: Any, caplog: Any) -> None:
    recorder = Recorder()
    desk.service.hooks.add("completed", recorder)
    await desk.launch(await desk.course())

    async def fail(ids: Any) -> None:
        raise StorageUnavailableError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(desk.storage, "settle_events", fail)
        await complete(desk)
        assert await desk.service.deliver_events() == {**NOTHING, "failed": 1}
    desk.clock.move(desk.options.outbox.lease_seconds)
    assert await desk.service.deliver_events() == {**NOTHING, "delivered": 1}
    assert [event.id for event in recorder.events] == [recorder.events[0].id] * 2


async def test_one_function_for_several_events_is_one_handler(desk: Any) -> None:
    recorder = Recorder()
    for name in ("completed", "progress", "completed"):
        desk.service.hooks.add(name, recorder)
    assert desk.service.hooks.handlers_of("completed", "acme") == (f"{__name__}.Recorder",)
    assert desk.service.hooks.handlers_of("progress", "acme") == (f"{__name__}.Recorder",)
    assert desk.service.hooks.handlers_of("failed", "acme") == ()


def test_two_handlers_of_one_name_are_refused(desk: Any) -> None:
    desk.service.hooks.add("completed", Recorder())
    handler = desk.service.hooks.handler(f"{__name__}.Recorder")
    with pytest.raises(ConfigurationError, match="twice"):
        desk.service.hooks.add_handler(handler)


async def test_what_waits_in_memory_is_bounded(desk: Any) -> None:
    options = ServiceOptions(outbox=OutboxOptions(retry_seconds=(1,)))
    service = Service(desk.storage, desk.service.content, options, clock=desk.clock)
    service.hooks.add("completed", Recorder())
    await desk.launch(await desk.course())
    event = HookEvent("completed", "acme", "s1", "u", "p", {}, datetime(2025, 1, 1, tzinfo=UTC), id="e")
    (record,) = service.outbox.records([event])
    service.outbox.deliver_soon([replace(record, id=f"e{n}", session_id=f"s{n}") for n in range(1500)])
    courier = service.outbox._courier()
    assert len(courier._lanes) == 1000
    await service.outbox.deliver_due()
    assert service.outbox.counts["delivered"] == 1000


def test_a_handler_has_one_name_whether_its_module_was_started_or_imported(tmp_path: Path) -> None:
    (tmp_path / "lms_site.py").write_text(
        "from scorm_embed.service import Hooks\n"
        "hooks = Hooks()\n"
        "class Site:\n"
        "    def note(self, event): ...\n"
        "hooks.add('completed', Site().note)\n"
        "hooks.add('completed', lambda event: None)\n"
        "print(*hooks.handlers_of('completed', 't'))\n"
    )
    commands = (["lms_site.py"], ["-m", "lms_site"], ["-c", "import lms_site"])
    names = {
        subprocess.run([sys.executable, *command], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        for command in commands
    }
    assert names == {"lms_site.Site.note lms_site.<lambda>\n"}


async def test_hooks_that_block_leave_threads_for_everybody_else(desk: Any) -> None:
    may_end = threading.Event()
    desk.service.hooks.add("completed", lambda event: may_end.wait(20))
    package = await desk.course()
    for number in range(45):  # more than there are threads
        await desk.launch(package, f"s{number}")
        await complete(desk, f"s{number}")
    try:
        await anyio.wait_all_tasks_blocked()
        with anyio.fail_after(5):
            assert await anyio.to_thread.run_sync(lambda: "free") == "free"
    finally:
        may_end.set()
    assert (await desk.service.deliver_events())["failed"] == 0
