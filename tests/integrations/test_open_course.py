"""A course opened in one line of a view, for whom the option ``learner`` finds, in each framework."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import fastapi
import flask
import litestar
import pytest
import quart
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from werkzeug.exceptions import default_exceptions

from scorm_embed import Learner, ScormEmbed
from scorm_embed.integrations import fastapi as scorm_fastapi
from scorm_embed.integrations import flask as scorm_flask
from scorm_embed.integrations import litestar as scorm_litestar
from scorm_embed.integrations import quart as scorm_quart
from scorm_embed.integrations import starlette as scorm_starlette

GUEST = Learner("guest")


def by_header(connection: HTTPConnection) -> Learner | None:
    name = connection.headers.get("x-user")
    return Learner(name, name.title()) if name else None


async def by_header_async(connection: HTTPConnection) -> Learner | None:
    return by_header(connection)


class ByHeader:
    async def __call__(self, connection: HTTPConnection) -> Learner | None:
        return by_header(connection)


def by_header_later(connection: HTTPConnection) -> Any:
    return by_header_async(connection)


def starlette_site(scorm: ScormEmbed) -> Any:
    async def course(request: Request) -> PlainTextResponse:
        return PlainTextResponse(await scorm_starlette.open_course(scorm, request, request.path_params["package"]))

    async def demo(request: Request) -> PlainTextResponse:
        package = request.path_params["package"]
        return PlainTextResponse(await scorm_starlette.open_course(scorm, request, package, GUEST, mode="browse"))

    app = Starlette(routes=[Route("/courses/{package}", course), Route("/demo/{package}", demo)])
    scorm_starlette.mount(app, scorm)
    return app


def fastapi_site(scorm: ScormEmbed) -> Any:
    app = fastapi.FastAPI(default_response_class=fastapi.responses.PlainTextResponse)
    scorm_fastapi.mount(app, scorm)

    @app.get("/courses/{package}")
    async def course(package: str, open_course: scorm_fastapi.OpenCourse) -> str:
        return await open_course(package)

    @app.get("/demo/{package}")
    async def demo(package: str, request: Request) -> str:
        return await scorm_starlette.open_course(scorm, request, package, GUEST, mode="browse")

    return app


def flask_site(scorm: ScormEmbed) -> Any:
    app = flask.Flask("site")
    scorm_flask.mount(app, scorm)
    app.add_url_rule("/courses/<package>", "course", lambda package: scorm_flask.open_course(scorm, package))
    app.add_url_rule(
        "/demo/<package>", "demo", lambda package: scorm_flask.open_course(scorm, package, GUEST, mode="browse")
    )
    return app.test_client()


def quart_site(scorm: ScormEmbed) -> Any:
    app = quart.Quart("site")
    scorm_quart.mount(app, scorm)

    @app.get("/courses/<package>")
    async def course(package: str) -> str:
        return await scorm_quart.open_course(scorm, package)

    @app.get("/demo/<package>")
    async def demo(package: str) -> str:
        return await scorm_quart.open_course(scorm, package, GUEST, mode="browse")

    return app


def litestar_site(scorm: ScormEmbed) -> Any:
    @litestar.get("/courses/{package:str}", media_type="text/plain")
    async def course(request: litestar.Request[Any, Any, Any]) -> str:
        return await scorm_litestar.open_course(scorm, request, request.path_params["package"])

    @litestar.get("/demo/{package:str}", media_type="text/plain")
    async def demo(request: litestar.Request[Any, Any, Any]) -> str:
        package = request.path_params["package"]
        return await scorm_litestar.open_course(scorm, request, package, GUEST, mode="browse")

    return litestar.Litestar([course, demo], plugins=[scorm_litestar.ScormPlugin(scorm)])


SITES = [starlette_site, fastapi_site, flask_site, quart_site, litestar_site]


@pytest.mark.parametrize("learner", [by_header, by_header_async, ByHeader(), by_header_later])
@pytest.mark.parametrize("site", SITES)
def test_a_course_opens_in_one_line_for_whom_the_option_learner_finds(
    scorm_factory: Callable[..., ScormEmbed], scorm_learner: Any, scorm_package: Any, site: Any, learner: Any
) -> None:
    scorm = scorm_factory(learner=learner)
    package, fetch = scorm_package(scorm), scorm_learner(site(scorm)).client.fetch
    ada = {"X-User": "ada"}
    first = fetch("GET", f"/courses/{package}", headers=ada)
    again = fetch("GET", f"/courses/{package}", headers=ada)
    assert (first.status, again.status) == (200, 200)
    assert {first.text, again.text} == {first.text.partition("/scorm/")[0] + f"/scorm/player/ada-{package}"}
    assert fetch("GET", first.text, headers=ada).status == 200
    assert fetch("GET", f"/demo/{package}").text.endswith(f"/player/guest-{package}")
    assert fetch("GET", f"/courses/{package}").status == 401
    assert [fetch("GET", f"/courses/{none}", headers=ada).status for none in ("none", "n%0Ane", "n" * 300)] == [404] * 3
    sessions = {session["id"]: session["user_id"] for session in scorm.sync.sessions()["sessions"]}
    assert sessions == {f"ada-{package}": "ada", f"guest-{package}": "guest"}


@pytest.mark.parametrize("site", SITES)
def test_a_course_opens_for_a_learner_with_the_longest_of_identifiers(
    scorm_factory: Callable[..., ScormEmbed], scorm_learner: Any, scorm_package: Any, site: Any
) -> None:
    scorm = scorm_factory(learner=lambda _: Learner("x" * 255))
    package, fetch = scorm_package(scorm), scorm_learner(site(scorm)).client.fetch
    opened = [fetch("GET", f"/courses/{package}") for _ in range(2)]
    assert [answer.status for answer in opened] == [200, 200]
    assert fetch("GET", opened[0].text).status == 200
    assert [session["user_id"] for session in scorm.sync.sessions()["sessions"]] == ["x" * 255]


REFUSALS = {
    starlette_site: HTTPException,
    fastapi_site: fastapi.HTTPException,
    flask_site: lambda status: default_exceptions[status](),
    quart_site: lambda status: default_exceptions[status](),
    litestar_site: lambda status: litestar.exceptions.HTTPException(status_code=status),
}


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("site", SITES)
def test_nobody_is_signed_in_where_the_option_learner_raises_what_the_frameworks_own_checks_raise(
    scorm_factory: Callable[..., ScormEmbed],
    scorm_learner: Any,
    scorm_package: Any,
    site: Any,
    is_async: bool,
    status: int,
) -> None:
    def refuse(connection: HTTPConnection) -> Learner:
        raise REFUSALS[site](status)

    async def refuse_async(connection: HTTPConnection) -> Learner:
        raise REFUSALS[site](status)

    scorm = scorm_factory(learner=refuse_async if is_async else refuse)
    package, fetch = scorm_package(scorm), scorm_learner(site(scorm)).client.fetch
    paths = (f"/courses/{package}", "/scorm/player/some", "/scorm/api/v1/sessions")
    assert [fetch("GET", path).status for path in paths] == [401, 401, 401]
