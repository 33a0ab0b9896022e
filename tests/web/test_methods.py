"""The host's own code: the same rules, errors and answers without HTTP."""

from __future__ import annotations

import asyncio
import inspect
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from scorm_embed import (
    AccessError,
    CmiDataError,
    ConfigurationError,
    DuplicateEntryError,
    HookEvent,
    NotFoundError,
    PackageError,
    PackageInUseError,
    RequestError,
    SQLStorage,
    VersionConflictError,
)
from scorm_embed.web.loop_thread import background_loop, run_blocking
from scorm_embed.web.methods import Methods
from scorm_embed.web.sync import SyncMethods

pytestmark = pytest.mark.anyio

BASE = "https://lms.example/scorm"


async def test_every_answer_is_the_one_that_http_gives(host: Any) -> None:
    scorm = host.scorm
    package = await scorm.import_package(host.package_file())
    launched = await scorm.launch(package["id"], "u", session_id="s", base_url=BASE)
    assert launched["launch_url"].startswith(f"{BASE}/player/s?token=")
    updated = await scorm.update_session("s", version=1, cmi_data={"cmi.core.lesson_location": "p2"})
    assert updated["version"] == 2
    async with host.client() as client:

        async def http(path: str) -> Any:
            return (await client.get(path)).json()

        assert await scorm.package(package["id"]) == await http(f"/api/v1/packages/{package['id']}")
        assert await scorm.packages() == await http("/api/v1/packages")
        assert await scorm.session("s") == await http("/api/v1/sessions/s") == updated
        assert await scorm.sessions(user_id="u", limit=5) == await http("/api/v1/sessions?user_id=u&limit=5")
        assert await scorm.attempts("s") == await http("/api/v1/sessions/s/attempts")
        assert await scorm.activities("s", attempt=1) == await http("/api/v1/sessions/s/activities?attempt=1")
        assert await scorm.activity("s", "item_1") == await http("/api/v1/sessions/s/activities/item_1")
        assert await scorm.interactions("s") == await http("/api/v1/sessions/s/interactions")
        assert await scorm.commits("s", limit=1) == await http("/api/v1/sessions/s/commits?limit=1")
    since = datetime(2999, 1, 1, tzinfo=UTC)
    assert (await scorm.sessions(updated_since=since))["sessions"] == []
    assert (await scorm.new_attempt("s"))["id"] == "s"
    await scorm.delete_session("s")
    await scorm.delete_package(package["id"])
    assert await scorm.packages() == {"packages": [], "next_cursor": None}


async def test_the_errors_are_the_same_too(host: Any) -> None:
    scorm = host.scorm
    package = await host.course()
    await scorm.launch(package, "u", session_id="s", base_url=BASE)
    bad = host.folder / "bad.zip"
    bad.write_text("no zip")
    for error, code, call in [
        (NotFoundError, "PACKAGE_NOT_FOUND", scorm.package("pkg_0")),
        (NotFoundError, "PACKAGE_NOT_FOUND", scorm.launch("pkg_0", "u", base_url=BASE)),
        (NotFoundError, "SESSION_NOT_FOUND", scorm.session("s", tenant_id="other")),
        (NotFoundError, "ACTIVITY_NOT_FOUND", scorm.activity("s", "zz")),
        (PackageError, "INVALID_FILE_TYPE", scorm.import_package(bad)),
        (RequestError, "MISSING_FILE", scorm.import_package(host.folder / "missing.zip")),
        (RequestError, "INVALID_REQUEST", scorm.launch(package, "", base_url=BASE)),
        (RequestError, "INVALID_REQUEST", scorm.launch(package, 7, base_url=BASE)),
        (RequestError, "INVALID_REQUEST", scorm.sessions(limit=0)),
        (RequestError, "INVALID_REQUEST", scorm.sessions(updated_since=5)),
        (DuplicateEntryError, "DUPLICATE_ENTRY", scorm.launch(package, "v", session_id="s", base_url=BASE)),
        (PackageInUseError, "PACKAGE_IN_USE", scorm.delete_package(package)),
        (VersionConflictError, "VERSION_CONFLICT", scorm.update_session("s", version=9)),
        (CmiDataError, "INVALID_CMI_DATA", scorm.update_session("s", version=1, cmi_data={"cmi.x": "1"})),
        (AccessError, "INVALID_TOKEN", scorm.launch_external("a.b.c", package, base_url=BASE)),
    ]:
        with pytest.raises(error) as raised:
            await call
        assert raised.value.code == code


# -- where the mount is


async def test_a_view_of_the_host_finds_the_mount_by_itself(make_host: Any) -> None:
    host = make_host()
    package = await host.course()

    async def view(request: Request) -> JSONResponse:
        return JSONResponse(await host.scorm.launch(package, "u", session_id="s", request=request))

    inner = Starlette(
        routes=[
            Route("/course", view),
            Mount("/pages", routes=[Route("/course", view)]),
            Mount("/learn", routes=[Mount("/scorm", host.scorm)]),
        ]
    )
    for app, prefix in ((inner, ""), (Starlette(routes=[Mount("/site", inner)]), "/site")):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="https://lms.example") as client:
            for page in ("/course", "/pages/course"):
                launched = (await client.get(prefix + page)).json()
                expected = f"https://lms.example{prefix}/learn/scorm/player/s?token="
                assert launched["launch_url"].startswith(expected)
                assert (await client.get(launched["launch_url"])).status_code == 200


async def test_a_wsgi_request_tells_where_the_mount_is(host: Any) -> None:
    package = await host.course()
    host.scorm.answers_at("/scorm")
    environ = {
        "wsgi.url_scheme": "https",
        "HTTP_HOST": "lms.example:8443",
        "SERVER_NAME": "x",
        "SERVER_PORT": "80",
        "SCRIPT_NAME": "/app",
    }
    for request in (environ, SimpleNamespace(environ=environ), SimpleNamespace(META=environ)):
        launched = await host.scorm.launch(package, "u", session_id="s", request=request)
        assert launched["launch_url"].startswith("https://lms.example:8443/app/scorm/player/s?token=")


async def test_without_any_hint_the_host_is_asked_for_one(make_host: Any) -> None:
    host = make_host()
    package = await host.course()
    other = Starlette(routes=[])
    foreign = Request({"type": "http", "app": other, "headers": [(b"host", b"h")], "root_path": "", "scheme": "http"})
    for arguments in ({}, {"base_url": "lms.example"}, {"request": object()}, {"request": foreign}, {"request": {}}):
        with pytest.raises(ConfigurationError):
            await host.scorm.launch(package, "u", **arguments)
    assert (await host.scorm.sessions())["sessions"] == []
    with_option = make_host(base_url=BASE)
    package = await with_option.course()
    assert (await with_option.scorm.launch(package, "u"))["player_url"].startswith(BASE)


# -- without an event loop


def test_the_blocking_methods_are_the_same_ones() -> None:
    for name, method in inspect.getmembers(Methods, inspect.iscoroutinefunction):
        assert inspect.signature(getattr(SyncMethods, name)) == inspect.signature(method), name


def test_scripts_use_the_blocking_methods(make_host: Any) -> None:
    host = make_host(base_url=BASE)
    package = host.scorm.sync.import_package(host.package_file())
    launched = host.scorm.sync.launch(package["id"], "u", session_id="s")
    assert launched["session_id"] == "s"
    assert host.scorm.sync.session("s")["user_id"] == "u"
    with pytest.raises(NotFoundError):
        host.scorm.sync.session("t")
    host.scorm.sync.aclose()


async def test_on_an_event_loop_the_blocking_methods_refuse_to_block(host: Any) -> None:
    with pytest.raises(RuntimeError, match="await"):
        host.scorm.sync.packages()


async def test_threads_of_an_async_host_use_its_own_loop(host: Any) -> None:
    loops: list[Any] = []
    service = host.scorm._parts().service
    original: Callable[..., Any] = service.packages

    async def watch(*args: Any, **kwargs: Any) -> Any:
        loops.append(asyncio.get_running_loop())
        return await original(*args, **kwargs)

    service.packages = watch
    async with host.client() as client:
        await client.get("/api/v1/packages")
    await asyncio.to_thread(host.scorm.sync.packages)
    assert loops == [asyncio.get_running_loop()] * 2


def test_many_threads_share_one_background_loop() -> None:
    found: list[Any] = []

    async def running() -> Any:
        return asyncio.get_running_loop()

    threads = [threading.Thread(target=lambda: found.append(run_blocking(running()))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [background_loop()] * 8


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_worker_has_a_loop_and_connections_of_its_own(make_host: Any, tmp_path: Path) -> None:
    storage = SQLStorage(f"sqlite:///{tmp_path / 'lms.db'}")
    host = make_host(storage=storage, base_url=BASE)
    package = host.scorm.sync.import_package(host.package_file())
    parent_loop = background_loop()
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            found = host.scorm.sync.launch(package["id"], "child", session_id="from-child")["user_id"]
            own = background_loop() is not parent_loop
            os.write(writer, f"{found} {own}".encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        assert answer.read() == "child True"
    os.waitpid(pid, 0)
    assert host.scorm.sync.session("from-child")["user_id"] == "child"
    host.scorm.sync.aclose()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_worker_looks_after_events_by_itself(make_host: Any, tmp_path: Path) -> None:
    """The parent has served requests already, as with a server that loads the app before it forks."""
    storage = SQLStorage(f"sqlite:///{tmp_path / 'lms.db'}")
    host = make_host(storage=storage, base_url=BASE, maintenance_seconds=0.05, event_retry_seconds=[0.01] * 9)
    told_reader, told_writer = os.pipe()
    go_reader, go_writer = os.pipe()
    failing: list[int] = [1]

    @host.scorm.on("completed")
    def note(event: HookEvent) -> None:
        if failing:
            failing.pop()
            raise ConnectionError("not yet")
        os.write(told_writer, f"{os.getpid()} {event.session_id}\n".encode())

    async def serve() -> None:
        async with host.client() as client:
            assert (await client.get("/api/v1/packages")).status_code == 200

    async def complete() -> None:
        await serve()
        await host.scorm.launch(package["id"], "u", session_id="s")
        await host.scorm.update_session("s", version=1, completion_status="completed")

    package = host.scorm.sync.import_package(host.package_file())
    run_blocking(serve())
    pid = os.fork()
    if pid == 0:
        try:
            os.read(go_reader, 1)
            run_blocking(complete())
            os.read(go_reader, 1)  # meanwhile comes the second try, which only the timer of this process makes
            host.scorm.sync.aclose()
        finally:
            os._exit(0)
    host.scorm.sync.aclose()  # the parent looks after nothing any more
    os.write(go_writer, b"x")
    with os.fdopen(told_reader) as lines:
        assert lines.readline() == f"{pid} s\n"
    os.write(go_writer, b"x")
    os.waitpid(pid, 0)
    for end in (told_writer, go_reader, go_writer):
        os.close(end)
    assert host.scorm.sync.events(state="waiting")["events"] == []
    host.scorm.sync.aclose()


# -- hooks


async def test_hooks_are_told_what_happened(make_host: Any) -> None:
    host = make_host(base_url=BASE)
    told: list[tuple[str, str, bool]] = []

    @host.scorm.on("completed")
    async def completed(event: HookEvent) -> None:
        told.append((event.type, event.session["completion_status"], event.connection is None))

    @host.scorm.on("passed")
    def passed(event: HookEvent) -> None:
        told.append((event.type, event.session["success_status"], event.connection is None))

    package = await host.course()
    await host.scorm.launch(package, "u", session_id="s")
    await host.scorm.update_session("s", version=1, completion_status="completed", success_status="passed")
    assert await host.scorm.deliver_events() == {"delivered": 2, "failed": 0, "dead": 0}
    assert sorted(told) == [("completed", "completed", True), ("passed", "passed", True)]


async def test_a_hook_in_the_transaction_can_undo_the_change(make_host: Any, tmp_path: Path) -> None:
    storage = SQLStorage(f"sqlite:///{tmp_path / 'lms.db'}")
    host = make_host(storage=storage, base_url=BASE)

    @host.scorm.on("completed", transaction=True)
    async def completed(event: HookEvent) -> None:
        assert event.connection is not None
        raise LookupError("the gradebook is full")

    package = await host.course()
    await host.scorm.launch(package, "u", session_id="s")
    with pytest.raises(LookupError):
        await host.scorm.update_session("s", version=1, completion_status="completed")
    assert (await host.scorm.session("s"))["version"] == 1
    await host.scorm.aclose()


def test_there_is_no_unknown_event(host: Any) -> None:
    with pytest.raises(ConfigurationError, match="completed"):
        host.scorm.on("finished")(lambda event: None)


def test_closing_without_a_loop_closes_what_closing_on_one_does(host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[str] = []

    async def aclose(self: Any) -> None:
        closed.append("all")

    monkeypatch.setattr(type(host.scorm), "aclose", aclose)
    host.scorm.sync.aclose()
    assert closed == ["all"]
