"""Test clients of hosts: each is found out and brings its login along."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import flask
import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.middleware.sessions import SessionMiddleware

from scorm_embed import Learner, ScormEmbed
from scorm_embed.integrations import flask as scorm_flask
from scorm_embed.testing import FakeLearner, PlayerRefusedError, course_12

Factory = Callable[..., ScormEmbed]


def flask_site(scorm_factory: Factory) -> flask.Flask:
    """A Flask site whose users are in its session."""
    app = flask.Flask("site")
    app.secret_key = "host secret"

    def current_learner(_: Any) -> Learner | None:
        return Learner(flask.session["user"]) if "user" in flask.session else None

    scorm = scorm_factory(learner=current_learner)
    scorm_flask.mount(app, scorm)
    package = scorm.sync.import_package(course_12())["id"]

    @app.post("/login")
    def login() -> str:
        flask.session["user"] = flask.request.form["user"]
        return "hello"

    @app.get("/course")
    def course() -> str:
        user = flask.session["user"]
        launch = scorm.sync.launch(package, user, session_id=f"{user}-1", request=flask.request)
        return f'<iframe src="{launch["player_url"]}"></iframe>'

    return app


def complete(learner: FakeLearner) -> None:
    """Pass the course."""
    learner.open("/course")
    learner.sco.initialize()
    learner.sco.set("cmi.core.lesson_status", "passed")
    learner.sco.terminate()
    assert learner.session.state == "passed"


def test_flasks_test_client_with_its_session(scorm_factory: Factory, scorm_learner: Any) -> None:
    client = flask_site(scorm_factory).test_client()
    with client.session_transaction() as session:
        session["user"] = "ada"
    complete(scorm_learner(client))


def test_a_wsgi_app(scorm_factory: Factory, scorm_learner: Any) -> None:
    learner = scorm_learner(flask_site(scorm_factory))
    learner.post("/login", {"user": "ada"})
    complete(learner)
    with pytest.raises(PlayerRefusedError, match="/nothing opens no player: 404 404 Not Found"):
        learner.open("/nothing")


def test_an_httpx_client_with_cookies(scorm_factory: Factory, scorm_learner: Any) -> None:
    transport = httpx.WSGITransport(flask_site(scorm_factory))
    with httpx.Client(transport=transport, base_url="http://lms.test") as client:
        client.post("/login", data={"user": "ada"})
        complete(scorm_learner(client))


def test_a_fastapi_app_with_a_lifespan_and_a_login(scorm_factory: Factory, scorm_learner: Any) -> None:
    def current_learner(connection: Any) -> Learner | None:
        return Learner(connection.session["user"]) if "user" in connection.session else None

    scorm = scorm_factory(learner=current_learner)
    package = scorm.sync.import_package(course_12())["id"]
    app = FastAPI()
    app.mount("/scorm", scorm)
    app.add_middleware(SessionMiddleware, secret_key="host secret")

    @app.post("/login/{user}")
    async def login(user: str, request: Request) -> str:
        request.session["user"] = user
        return user

    @app.get("/course")
    async def course(request: Request) -> Any:
        launch = await scorm.launch(package, request.session["user"], session_id="s", request=request)
        return launch["player_url"]

    learner = scorm_learner(app)
    learner.post("/login/ada")
    learner.open(learner.get("/course").json())
    learner.sco.initialize()
    learner.close_window()
    assert learner.session.completion_status == "completed"
    assert scorm.sync.session("s")["user_id"] == "ada"


@pytest.mark.parametrize("entered", [True, False])
@pytest.mark.filterwarnings("ignore")  # Starlette's and Litestar's own words on the client that they are built on
def test_the_test_client_of_fastapi_and_starlette(scorm_factory: Factory, entered: bool) -> None:
    from starlette.testclient import TestClient

    def current_learner(connection: Any) -> Learner | None:
        return Learner(connection.session["user"]) if "user" in connection.session else None

    scorm = scorm_factory(learner=current_learner)
    app = FastAPI()
    app.mount("/scorm", scorm)
    app.add_middleware(SessionMiddleware, secret_key="host secret")
    package = scorm.sync.import_package(course_12())["id"]

    @app.post("/login/{user}")
    async def login(user: str, request: Request) -> str:
        request.session["user"] = user
        return user

    @app.get("/course")
    async def course(request: Request) -> Any:
        return await scorm.launch(package, request.session["user"], session_id="s", request=request)

    client = TestClient(app)
    with client if entered else contextlib.nullcontext():
        client.post("/login/ada")
        learner = FakeLearner(client).open(client.get("/course").json())
        learner.sco.finish("passed")
        assert scorm.sync.session("s")["state"] == "passed"


@pytest.mark.filterwarnings("ignore")
def test_the_test_client_of_litestar(scorm_factory: Factory) -> None:
    import litestar
    from litestar.testing import TestClient

    from scorm_embed.integrations.litestar import ScormPlugin

    scorm = scorm_factory()
    package = scorm.sync.import_package(course_12())["id"]
    app = litestar.Litestar(plugins=[ScormPlugin(scorm)])
    launched = scorm.sync.launch(package, "ada", session_id="s", base_url="http://testserver.local/scorm")
    with TestClient(app) as client:
        learner = FakeLearner(client).open(launched)
        learner.sco.finish("passed")
    assert scorm.sync.session("s")["state"] == "passed"
