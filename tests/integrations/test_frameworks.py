"""What each framework's integration gives besides the mount: its users, dependencies, description, and end."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import fastapi
import flask
import flask_login
import litestar
import pytest
import quart
import quart_auth
from litestar.middleware.session.client_side import CookieBackendConfig
from litestar.security.session_auth import SessionAuth
from openapi_spec_validator import validate
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.authentication import AuthCredentials, AuthenticationBackend, BaseUser, SimpleUser, UnauthenticatedUser
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import HTTPConnection, Request

from scorm_embed import ApiKey, ConfigurationError, Learner, ScormEmbed
from scorm_embed.integrations import fastapi as scorm_fastapi
from scorm_embed.integrations import flask as scorm_flask
from scorm_embed.integrations import litestar as scorm_litestar
from scorm_embed.integrations import quart as scorm_quart
from scorm_embed.integrations import starlette as scorm_starlette
from scorm_embed.testing import FakeLearner, PlayerRefusedError, course_12
from scorm_embed.web.openapi import openapi_document

Factory = Callable[..., ScormEmbed]
API_KEY = {"X-API-Key": "KEY"}


def test_the_package_imports_no_framework_but_starlette_and_no_kit() -> None:
    program = """
import sys
import scorm_embed
scorm_embed.ScormEmbed(secret_key="x" * 32)
frameworks = {"fastapi", "flask", "django", "litestar", "quart", "quart_auth", "flask_login", "werkzeug", "pytest"}
assert not frameworks & set(sys.modules), frameworks & set(sys.modules)
assert not [name for name in sys.modules if name.startswith("scorm_embed.testing")]
import scorm_embed.testing
assert not frameworks & set(sys.modules), frameworks & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def by_header(connection: HTTPConnection) -> Learner | None:
    name = connection.headers.get("x-user")
    return Learner(name, name.title()) if name else None


# -- Starlette


class NamedUser(BaseUser):
    is_authenticated = True
    display_name = "Lovelace, Ada"
    identity = "user-7"


@pytest.mark.parametrize(
    ("user", "learner"),
    [
        (NamedUser(), Learner("user-7", "Lovelace, Ada")),
        (SimpleUser("ada"), Learner("ada", "ada")),
        (UnauthenticatedUser(), None),
    ],
)
def test_starlettes_user_is_the_learner(user: Any, learner: Learner | None) -> None:
    assert scorm_starlette.current_learner(HTTPConnection({"type": "http", "user": user})) == learner


@pytest.mark.parametrize(
    ("kept", "learner"),
    [
        ("ada", Learner("ada")),
        (7, Learner("7")),
        ({"id": 7, "name": "Ada"}, Learner("7", "Ada")),
        ({"id": 7}, Learner("7")),
        (None, None),
    ],
)
def test_the_user_in_starlettes_session_is_the_learner(kept: Any, learner: Learner | None) -> None:
    connection = HTTPConnection({"type": "http", "session": {"who": kept}})
    assert scorm_starlette.session_learner("who")(connection) == learner
    assert scorm_starlette.session_learner()(connection) is None


def test_a_mount_in_starlette_ends_with_the_app_and_keeps_its_lifespan(scorm_factory: Factory) -> None:
    import contextlib

    seen: list[str] = []

    @contextlib.asynccontextmanager
    async def lifespan(app: Any) -> Any:
        seen.append("up")
        yield {"pool": 1}
        seen.append("down")

    class Backend(AuthenticationBackend):
        async def authenticate(self, connection: HTTPConnection) -> Any:
            return AuthCredentials([]), SimpleUser("ada")

    middleware = [Middleware(AuthenticationMiddleware, backend=Backend())]
    app = Starlette(lifespan=lifespan, middleware=middleware)
    scorm = scorm_factory(learner=scorm_starlette.current_learner)
    scorm_starlette.mount(app, scorm)

    async def aclose() -> None:
        seen.append("closed")

    scorm.aclose = aclose  # type: ignore[method-assign]
    with FakeLearner(app) as learner:
        assert learner.get("/scorm/api/v1/health").json() == {"status": "ok"}
    assert seen == ["up", "closed", "down"]


# -- FastAPI


def fastapi_site(scorm_factory: Factory, **options: Any) -> tuple[fastapi.FastAPI, ScormEmbed]:
    app = fastapi.FastAPI()
    scorm = scorm_factory(learner=by_header, api_keys=[ApiKey("KEY")])
    scorm_fastapi.mount(app, scorm, **options)

    @app.get("/me")
    async def me(learner: scorm_fastapi.CurrentLearner, scorm: scorm_fastapi.Scorm) -> dict[str, Any]:
        return {"id": learner.id, "packages": len((await scorm.packages())["packages"])}

    @app.get("/maybe")
    async def maybe(learner: scorm_fastapi.OptionalLearner) -> str:
        return learner.name if learner else "nobody"

    return app, scorm


def test_dependencies_give_the_learner_and_the_player(scorm_factory: Factory, scorm_learner: Any) -> None:
    app, scorm = fastapi_site(scorm_factory)
    scorm.sync.import_package(course_12())
    fetch = scorm_learner(app).client.fetch
    assert fetch("GET", "/me", headers={"X-User": "ada"}).json() == {"id": "ada", "packages": 1}
    refused = fetch("GET", "/me")
    assert (refused.status, refused.json()) == (401, {"detail": "Sign in first."})
    assert fetch("GET", "/maybe").json() == "nobody"
    assert fetch("GET", "/maybe", headers={"X-User": "ada"}).json() == "Ada"


def test_a_fastapi_course_opens_in_one_line_for_whom_is_signed_in(scorm_package: Any, scorm_learner: Any) -> None:
    app = fastapi.FastAPI()
    scorm = scorm_fastapi.make_scorm(app, "/learn", openapi=True, secret_key="x" * 32, learner=by_header)

    @app.get("/courses/{package_id}")
    async def course(package_id: str, open_course: scorm_fastapi.OpenCourse) -> str:
        return await open_course(package_id)

    @app.get("/previews/{package_id}")
    async def preview(package_id: str, open_course: scorm_fastapi.OpenCourse) -> str:
        return await open_course(package_id, session_id="preview", mode="browse")

    assert "/learn/api/v1/sessions" in app.openapi()["paths"]
    package = scorm_package(scorm)
    fetch, ada = scorm_learner(app).client.fetch, {"X-User": "ada"}
    first = fetch("GET", f"/courses/{package}", headers=ada).json()
    again = fetch("GET", f"/courses/{package}", headers=ada).json()
    assert {first, again} == {f"http://testserver/learn/player/ada-{package}"}
    assert fetch("GET", f"/previews/{package}", headers=ada).json().endswith("/player/preview")
    assert fetch("GET", f"/courses/{package}").status == 401
    assert fetch("GET", "/courses/none", headers=ada).status == 404
    assert {session["id"] for session in scorm.sync.sessions()["sessions"]} == {f"ada-{package}", "preview"}


def test_a_dependency_of_an_app_with_two_players_says_that_there_are_two(scorm_factory: Factory) -> None:
    app, _ = fastapi_site(scorm_factory)
    scorm_fastapi.mount(app, scorm_factory(), "/other")
    scope = {"type": "http", "app": app, "headers": []}
    with pytest.raises(ConfigurationError, match="mounts 2 ScormEmbed objects"):
        scorm_fastapi.get_scorm(Request(scope))
    with pytest.raises(ConfigurationError, match="mounts 0 ScormEmbed objects"):
        scorm_fastapi.get_scorm(Request({**scope, "app": fastapi.FastAPI()}))


def test_the_hosts_description_has_the_players_calls_with_their_prefix(scorm_factory: Factory) -> None:
    app, _ = fastapi_site(scorm_factory, path="/learn/scorm", openapi=True)
    schema = app.openapi()
    assert app.openapi() is schema
    validate(schema)
    own = openapi_document()
    wanted = {f"/learn/scorm{path}" for path in own["paths"]} - {"/learn/scorm/api/v1/openapi.json"}
    assert set(schema["paths"]) == wanted | {"/me", "/maybe"}
    launch = schema["paths"]["/learn/scorm/api/v1/packages/{package_id}/launch"]["post"]
    assert launch["operationId"] == "learnScorm_launch"
    assert launch["tags"] == ["learn/scorm"]
    assert {"LearnScormApiKey": []} in launch["security"]
    answer = launch["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer == {"$ref": "#/components/schemas/LearnScormLaunch"}
    assert "LearnScormLaunch" in schema["components"]["schemas"]


class ScormSession(BaseModel):
    """A model of the host, called as the player's are where their names get a prefix."""

    mine: int


class Session(BaseModel):
    """A model of the host, called as one of the player's."""

    mine: int


def test_two_players_and_a_host_with_the_same_names_do_not_meet(scorm_factory: Factory) -> None:
    app, _ = fastapi_site(scorm_factory, path="/scorm", openapi=True)
    scorm_fastapi.mount(app, scorm_factory(), "/other", openapi=True)

    @app.get("/own")
    async def own() -> tuple[ScormSession, Session]:
        raise NotImplementedError

    schema = app.openapi()
    validate(schema)
    schemas = schema["components"]["schemas"]
    assert set(schemas["ScormSession"]["properties"]) == set(schemas["Session"]["properties"]) == {"mine"}
    assert "Scorm_Session" in schemas
    assert "OtherSession" in schemas
    operations = [
        operation["operationId"]
        for item in schema["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict)
    ]
    assert len(operations) == len(set(operations))


def test_without_being_asked_the_description_is_the_hosts_alone(scorm_factory: Factory, scorm_learner: Any) -> None:
    app, _ = fastapi_site(scorm_factory)
    assert set(app.openapi()["paths"]) == {"/me", "/maybe"}
    merged, _ = fastapi_site(scorm_factory, openapi=True)
    learner = scorm_learner(merged)
    assert "/scorm/api/v1/sessions" in json.loads(learner.get("/openapi.json").text)["paths"]
    assert learner.get("/docs").status == 200


# -- Flask with Flask-Login


@pytest.mark.parametrize(
    ("attributes", "name"),
    [({"name": "Ada"}, "Ada"), ({"username": "ada", "email": "a@b"}, "ada"), ({"email": "a@b"}, "a@b"), ({}, "")],
)
def test_flask_logins_user_is_the_learner(attributes: dict[str, str], name: str) -> None:
    app = flask.Flask("site")
    app.secret_key = "host secret"
    logins = flask_login.LoginManager(app)

    class User(flask_login.UserMixin):
        id = 7

    user = User()
    vars(user).update(attributes)
    logins.user_loader(lambda _: user)
    with app.test_request_context():
        assert scorm_flask.current_learner(None) is None
        flask_login.login_user(user)
        assert scorm_flask.current_learner(None) == Learner("7", name)


def test_a_flask_course_opens_in_one_line_for_whom_is_signed_in(scorm_package: Any) -> None:
    app = flask.Flask("site")
    app.config.update(SECRET_KEY="n" * 32, SECRET_KEY_FALLBACKS=["o" * 32])
    logins = flask_login.LoginManager(app)
    scorm = scorm_flask.make_scorm(app, "/learn")

    class User(flask_login.UserMixin):
        id = "7"

    logins.request_loader(lambda request: User() if "X-User" in request.headers else None)

    @app.get("/courses/<package_id>")
    def course(package_id: str) -> str:
        return scorm_flask.open_course(scorm, package_id)

    @app.get("/demo/<package_id>")
    def demo(package_id: str) -> str:
        return scorm_flask.open_course(scorm, package_id, Learner("guest"), mode="browse")

    package, client, ada = scorm_package(scorm), app.test_client(), {"X-User": "ada"}
    url = client.get(f"/courses/{package}", headers=ada).text
    assert url == f"http://localhost/learn/player/7-{package}"
    assert client.get(url, headers=ada).status_code == 200
    assert client.get(f"/demo/{package}").text.endswith(f"/player/guest-{package}")
    assert client.get(f"/courses/{package}").status_code == 401
    assert client.get("/courses/none", headers=ada).status_code == 404


def test_flasks_older_secrets_still_count(scorm_package: Any) -> None:
    old, new = "o" * 32, "n" * 32
    before = flask.Flask("before")
    before.secret_key = old
    player = scorm_flask.make_scorm(before)
    with before.test_request_context():
        launch = player.sync.launch(scorm_package(player), "ada", session_id="s", request=flask.request)
    after = flask.Flask("after")
    after.config.update(SECRET_KEY=new, SECRET_KEY_FALLBACKS=[old])
    token = launch["launch_url"].partition("?")[2]
    scorm_package(scorm_flask.make_scorm(after))
    # The token is good; the session is that of another database.
    assert after.test_client().get(f"/scorm/player/s?{token}").status_code == 404
    after.config.update(SECRET_KEY_FALLBACKS=None)
    scorm_package(scorm_flask.make_scorm(after, "/without"))
    assert after.test_client().get(f"/without/player/s?{token}").status_code == 401


# -- Quart


def quart_site(scorm_factory: Factory, learner: Any) -> tuple[quart.Quart, ScormEmbed, str]:
    app = quart.Quart("site")
    app.secret_key = "host secret"
    scorm = scorm_factory(learner=learner, api_keys=[ApiKey("KEY")])
    scorm_quart.mount(app, scorm)
    package = str(scorm.sync.import_package(course_12())["id"])

    @app.before_request
    async def load() -> Any:
        quart.g.user = quart.session.get("user")
        await quart.request.form
        return ("closed", 503) if quart.request.args.get("closed") else None

    @app.post("/login")
    async def login() -> str:
        quart.session["user"] = (await quart.request.form)["user"]
        return "hello"

    @app.get("/course")
    async def course() -> str:
        launch = await scorm.launch(package, quart.g.user, session_id="s1", request=quart.request)
        return f'<iframe src="{launch["player_url"]}"></iframe>'

    return app, scorm, package


def from_g(_: Any) -> Learner | None:
    return Learner(quart.g.user) if quart.g.user else None


async def from_g_async(_: Any) -> Learner | None:
    return from_g(_)


@pytest.mark.parametrize("find", [from_g, from_g_async])
def test_quarts_session_is_at_hand_for_blocking_and_asynchronous_functions(
    scorm_factory: Factory, scorm_learner: Any, find: Any
) -> None:
    app, scorm, _ = quart_site(scorm_factory, find)
    learner, other = scorm_learner(app), scorm_learner(app)
    learner.post("/login", {"user": "ada"})
    learner.open("/course")
    learner.sco.initialize()
    assert scorm.sync.session("s1")["user_id"] == "ada"
    with pytest.raises(PlayerRefusedError, match="401"):
        learner.open("/scorm/player/s1?closed=1")
    other.post("/login", {"user": "eve"})
    with pytest.raises(PlayerRefusedError, match="404 SESSION_NOT_FOUND"):
        other.open("/scorm/player/s1")
    by_key = other.client.fetch("GET", "/scorm/api/v1/sessions/s1?closed=1", headers=API_KEY)
    assert by_key.json()["user_id"] == "ada"


def test_an_upload_through_quart_keeps_its_body(scorm_factory: Factory, scorm_learner: Any) -> None:
    app, _, _ = quart_site(scorm_factory, from_g)
    send = scorm_learner(app).client.fetch
    made = send("POST", "/scorm/api/v1/packages", headers=API_KEY, body=course_12(title="Two"), kind="application/zip")
    assert (made.status, made.json()["title"]) == (201, "Two")


def test_quart_auths_user_is_the_learner(scorm_factory: Factory, scorm_learner: Any) -> None:
    app = quart.Quart("site")
    app.secret_key = "host secret"
    quart_auth.QuartAuth(app, cookie_secure=False)

    @app.get("/me")
    async def me() -> str:
        return str(await scorm_quart.current_learner(None))

    @app.post("/login")
    async def login() -> str:
        quart_auth.login_user(quart_auth.AuthUser("7"))
        return "hello"

    learner = scorm_learner(app)
    assert learner.get("/me").text == "None"
    learner.post("/login")
    assert learner.get("/me").text == str(Learner("7"))


# -- Litestar


def litestar_site(
    scorm_factory: Factory, to_learner: Any = None, path: str = "/scorm", **options: Any
) -> tuple[litestar.Litestar, ScormEmbed, str]:
    class User:
        def __init__(self, name: str) -> None:
            self.id = self.name = name

    def find(session: dict[str, Any], connection: Any) -> User | None:
        return User(session["user"]) if session.get("user") not in (None, "gone") else None

    logins = SessionAuth[Any, Any](
        retrieve_user_handler=find,  # type: ignore[arg-type]
        session_backend_config=CookieBackendConfig(secret=b"s" * 32),
        exclude=["/login"],
    )
    scorm = scorm_factory(learner=scorm_litestar.session_learner(logins, to_learner), api_keys=[ApiKey("KEY")])
    package = str(scorm.sync.import_package(course_12())["id"])

    @litestar.post("/login")
    async def login(request: litestar.Request) -> str:
        request.set_session({"user": (await request.form())["user"]})
        return "hello"

    @litestar.get("/course", media_type="text/html")
    async def course(request: litestar.Request) -> str:
        launch = await scorm.launch(package, request.user.id, session_id="a/b", request=request)
        return f'<iframe src="{launch["player_url"]}"></iframe>'

    app = litestar.Litestar(
        [login, course], on_app_init=[logins.on_app_init], plugins=[scorm_litestar.ScormPlugin(scorm, path)], **options
    )
    return app, scorm, package


@pytest.mark.parametrize("path", ["/scorm", "/a/deep/path"])
def test_litestars_session_user_is_the_learner_below_any_path(
    scorm_factory: Factory, scorm_learner: Any, path: str
) -> None:
    app, scorm, _ = litestar_site(scorm_factory, lambda user: Learner(user.id, "A Name"), path)
    learner, other = scorm_learner(app), scorm_learner(app)
    learner.post("/login", {"user": "ada"})
    learner.open("/course")
    learner.sco.initialize()
    assert learner.sco.get("cmi.core.student_name") == "A Name"
    assert scorm.sync.session("a/b")["user_id"] == "ada"
    with pytest.raises(PlayerRefusedError, match="401 UNAUTHORIZED"):
        other.open(f"{path}/player/a%2Fb")
    other.post("/login", {"user": "eve"})
    with pytest.raises(PlayerRefusedError, match="404 SESSION_NOT_FOUND"):
        other.open(f"{path}/player/a%2Fb")
    other.post("/login", {"user": "gone"})
    with pytest.raises(PlayerRefusedError, match="401 UNAUTHORIZED"):
        other.open(f"{path}/player/a%2Fb")


def test_api_keys_and_uploads_pass_litestars_login(scorm_factory: Factory, scorm_learner: Any) -> None:
    app, _, package = litestar_site(scorm_factory)
    send = scorm_learner(app).client.fetch
    made = send("POST", "/scorm/api/v1/packages", headers=API_KEY, body=course_12(title="Two"), kind="application/zip")
    assert (made.status, made.json()["title"]) == (201, "Two")
    assert send("GET", f"/scorm/api/v1/packages/{package}", headers=API_KEY).status == 200
    assert send("GET", "/scormx/api/v1/health").status == 404
    assert send("GET", "/scorm/api/v1/health").json() == {"status": "ok"}
    assert send("GET", "/course").status == 401


def test_litestars_end_is_the_players(scorm_factory: Factory) -> None:
    closed: list[bool] = []
    scorm = scorm_factory()

    async def aclose() -> None:
        closed.append(True)

    scorm.aclose = aclose  # type: ignore[method-assign]
    with FakeLearner(litestar.Litestar(plugins=[scorm_litestar.ScormPlugin(scorm)])) as learner:
        assert learner.get("/scorm/api/v1/health").status == 200
    assert closed == [True]


def test_a_starlette_session_still_signs_a_fastapi_learner_in(scorm_factory: Factory, scorm_learner: Any) -> None:
    def find(connection: HTTPConnection) -> Learner | None:
        return Learner(connection.session["user"]) if "user" in connection.session else None

    app = fastapi.FastAPI()
    app.add_middleware(SessionMiddleware, secret_key="host secret")
    scorm = scorm_factory(learner=find)
    scorm_fastapi.mount(app, scorm)
    package = scorm.sync.import_package(course_12())["id"]

    @app.post("/login/{user}")
    async def login(request: Request, user: str) -> str:
        request.session["user"] = user
        return user

    @app.get("/course")
    async def course(request: Request, learner: scorm_fastapi.CurrentLearner) -> Any:
        return await scorm.launch(package, learner, session_id="s1", request=request)

    learner = scorm_learner(app)
    learner.post("/login/ada")
    learner.open(learner.get("/course").json())
    assert learner.state == "running"
