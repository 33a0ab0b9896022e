"""Three ways into an ASGI host: a mount, the middleware, and the root path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import Depends, FastAPI, HTTPException
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Mount, Route

from scorm_embed import ApiKey, ConfigurationError, Learner, ScormEmbed, ScormMiddleware

pytestmark = pytest.mark.anyio

MakeScorm = Callable[..., ScormEmbed]


def client(app: Any, **arguments: Any) -> httpx.AsyncClient:
    options = {"base_url": "http://host", "headers": {"X-API-Key": "KEY"}, **arguments}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), **options)


async def play(browser: httpx.AsyncClient, base: str, course: Path, boot_from: Any) -> None:
    """Import, launch, open, start, and read a file of the course: everything below one base."""
    package = (await browser.post(f"{base}/api/v1/packages", files={"file": course.read_bytes()})).json()["id"]
    body = {"user_id": "u", "session_id": "s/1"}
    launched = (await browser.post(f"{base}/api/v1/packages/{package}/launch", json=body)).json()
    assert launched["player_url"].startswith(f"http://host{base}/player/s%2F1?token=")
    page = await browser.get(launched["player_url"])
    assert page.status_code == 200
    boot = boot_from(page.text)
    assert boot["run"].startswith(f"{base}/player/s%2F1/run/")
    view = (await browser.post(boot["run"] + "start", json={})).json()["view"]
    assert view["activity"]["url"].startswith(f"{base}/player/s%2F1/content/")
    assert (await browser.get(view["activity"]["url"])).status_code == 200
    assert (await browser.get(f"{base}/api/v1/sessions/s%2F1")).json()["id"] == "s/1"


@pytest.mark.parametrize("prefix", ["/scorm", "/a/very/deep/path", "/mit leer", "/ü"])
async def test_a_mount_works_under_any_prefix(make_scorm: MakeScorm, course: Path, boot_from: Any, prefix: str) -> None:
    scorm = make_scorm()
    app = Starlette(routes=[Mount(prefix, scorm)])
    quoted = httpx.URL(f"http://host{prefix}").raw_path.decode()
    async with client(app) as browser:
        await play(browser, quoted, course, boot_from)


async def test_a_mount_works_in_fastapi_and_behind_its_root_path(
    make_scorm: MakeScorm, course: Path, boot_from: Any
) -> None:
    app = FastAPI()
    app.mount("/scorm", make_scorm())
    transport = httpx.ASGITransport(app, root_path="/proxy")
    async with httpx.AsyncClient(transport=transport, base_url="http://host", headers={"X-API-Key": "KEY"}) as browser:
        # The proxy has taken its prefix away, or it has left it there.
        assert (await browser.get("/scorm/api/v1/health")).status_code == 200
        assert (await browser.get("/scorm/api/v1/sessions/a%2Fb")).json()["code"] == "SESSION_NOT_FOUND"
        await play(browser, "/proxy/scorm", course, boot_from)


async def test_the_app_works_at_the_root_path(make_scorm: MakeScorm, course: Path, boot_from: Any) -> None:
    async with client(make_scorm()) as browser:
        await play(browser, "", course, boot_from)


async def test_several_players_live_in_one_app_without_meeting(make_scorm: MakeScorm, course: Path) -> None:
    one, two = make_scorm(), make_scorm(secret_key="another secret of at least 32 bytes", api_keys=[ApiKey("TWO")])
    app = Starlette(routes=[Mount("/one", one), Mount("/two", two)])
    package = (await one.import_package(course))["id"]
    async with client(app) as browser:
        assert (await browser.get(f"/one/api/v1/packages/{package}")).status_code == 200
        assert (await browser.get(f"/two/api/v1/packages/{package}")).status_code == 401
        other = await browser.get(f"/two/api/v1/packages/{package}", headers={"X-API-Key": "TWO"})
        assert other.status_code == 404
        launched = (await browser.post(f"/one/api/v1/packages/{package}/launch", json={"user_id": "u"})).json()
        moved = launched["launch_url"].replace("/one/", "/two/")
        assert (await browser.get(moved)).status_code == 401


async def test_the_hosts_own_session_signs_the_learner_in(make_scorm: MakeScorm, course: Path) -> None:
    def current_learner(connection: HTTPConnection) -> Learner | None:
        user = connection.session.get("user")
        return Learner(user) if user else None

    scorm = make_scorm(learner=current_learner)

    async def sign_in(request: Request) -> PlainTextResponse:
        request.session["user"] = "ada"
        return PlainTextResponse("hello")

    async def open_course(request: Request) -> JSONResponse:
        package = (await scorm.packages())["packages"][0]["id"]
        return JSONResponse(await scorm.launch(package, request.session["user"], session_id="s", request=request))

    app = Starlette(
        routes=[Route("/login", sign_in), Route("/course", open_course), Mount("/scorm", scorm)],
        middleware=[Middleware(SessionMiddleware, secret_key="host secret")],
    )
    await scorm.import_package(course)
    async with client(app, headers={}) as browser:
        assert (await browser.get("/scorm/player/s")).status_code == 401
        await browser.get("/login")
        launched = (await browser.get("/course")).json()
        assert launched["player_url"] == "http://host/scorm/player/s"
        assert (await browser.get(launched["player_url"])).status_code == 200
        assert (await browser.get("/scorm/api/v1/sessions/s")).json()["user_id"] == "ada"


async def test_a_fastapi_dependency_can_be_the_login(make_scorm: MakeScorm, course: Path) -> None:
    def current_user(request: HTTPConnection) -> str:
        user = request.headers.get("x-user")
        if user is None:
            raise HTTPException(401)
        return user

    scorm = make_scorm(learner=lambda connection: Learner(current_user(connection)))
    app = FastAPI()
    app.mount("/scorm", scorm)

    @app.get("/me")
    def me(user: str = Depends(current_user)) -> str:
        return user

    async with client(app, headers={}) as browser:
        assert (await browser.get("/me", headers={"X-User": "ada"})).json() == "ada"
        assert (await browser.get("/scorm/api/v1/sessions", headers={"X-User": "ada"})).status_code == 200
        assert (await browser.get("/scorm/api/v1/sessions")).status_code == 401


# -- the middleware


class Host:
    """An ASGI host that notes what reaches it."""

    def __init__(self) -> None:
        self.scopes: list[Any] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scopes.append(scope)
        if scope["type"] == "lifespan":
            for name in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{name}.complete"})
            return
        await PlainTextResponse("the host")(scope, receive, send)


@pytest.mark.parametrize("root_path", ["", "/site"])
async def test_the_middleware_answers_below_its_path(
    make_scorm: MakeScorm, course: Path, boot_from: Any, root_path: str
) -> None:
    app = ScormMiddleware(Host(), make_scorm(), path="/learn/scorm")
    outer = Starlette(routes=[Mount(root_path, app)]) if root_path else app
    async with client(outer) as browser:
        await play(browser, f"{root_path}/learn/scorm", course, boot_from)


async def test_requests_outside_the_path_reach_the_host_untouched(make_scorm: MakeScorm) -> None:
    host = Host()
    app = ScormMiddleware(host, make_scorm())

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    for path in ("/", "/scormx", "/x/scorm", "/scor", "/SCORM/api/v1/health"):
        scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": [], "query_string": b""}
        before = dict(scope)
        await app(scope, receive, send)
        assert host.scopes[-1] is scope
        assert scope == before
    assert len(host.scopes) == 5


async def test_the_middleware_leaves_the_hosts_scope_as_it_was(make_scorm: MakeScorm) -> None:
    host = Host()
    app = ScormMiddleware(host, make_scorm())
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "GET", "path": "/scorm/api/v1/health", "root_path": "", "headers": [],
        "query_string": b"", "scheme": "http",
    }  # fmt: skip
    before = dict(scope)
    await app(scope, receive, send)
    assert sent[0]["status"] == 200
    assert scope == before
    assert host.scopes == []


async def test_the_end_of_the_hosts_lifespan_closes_the_player(make_scorm: MakeScorm) -> None:
    scorm = make_scorm()
    closed: list[bool] = []

    async def aclose() -> None:
        closed.append(True)

    scorm._parts().service.aclose = aclose  # type: ignore[method-assign]
    for app in (ScormMiddleware(Host(), scorm), scorm):
        messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
        sent: list[str] = []

        async def receive(messages: Any = messages) -> Any:
            return next(messages)

        async def send(message: Any, sent: list[str] = sent) -> None:
            sent.append(message["type"])

        await app({"type": "lifespan"}, receive, send)
        assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert closed == [True, True]


async def test_websockets_are_refused(make_scorm: MakeScorm) -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/scorm/player/s", "root_path": "", "headers": []}
    await ScormMiddleware(Host(), make_scorm())(scope, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1000}]


async def test_a_view_beside_the_middleware_finds_the_mount(make_scorm: MakeScorm, course: Path) -> None:
    scorm = make_scorm()
    package = (await scorm.import_package(course))["id"]

    async def view(request: Request) -> JSONResponse:
        return JSONResponse(await scorm.launch(package, "u", request=request))

    app = ScormMiddleware(Starlette(routes=[Route("/course", view)]), scorm, "/learn")
    async with client(app) as browser:
        launched = (await browser.get("/course")).json()
        assert launched["launch_url"].startswith("http://host/learn/player/")
        assert (await browser.get(launched["launch_url"])).status_code == 200


@pytest.mark.parametrize("path", ["scorm", "", "/a?b", "/a#b", "/a%20b", "//a", "/a b"])
def test_a_path_that_is_none_is_refused(make_scorm: MakeScorm, path: str) -> None:
    with pytest.raises(ConfigurationError):
        ScormMiddleware(Host(), make_scorm(), path)
