"""WSGI hosts: the middleware below any server, and Flask with its own login."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.validate import validator

import flask
import httpx
import pytest

from scorm_embed import HookEvent, Learner, ScormEmbed, ScormWSGIMiddleware
from scorm_embed.integrations import flask as scorm_flask
from scorm_embed.integrations.wsgi import PIECES_AHEAD, build_scope

MakeScorm = Callable[..., ScormEmbed]
API = {"X-API-Key": "KEY"}


def hello(environ: Any, start_response: Any) -> Iterable[bytes]:
    """A WSGI host."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"host {environ['SCRIPT_NAME']}|{environ['PATH_INFO']}".encode()]


def client(app: Any, **arguments: Any) -> httpx.Client:
    return httpx.Client(transport=httpx.WSGITransport(app), base_url="http://host", headers=API, **arguments)


def play(browser: httpx.Client, base: str, course: Path, boot_from: Any) -> dict[str, Any]:
    """Import, launch, open and start; gives the view."""
    package = browser.post(f"{base}/api/v1/packages", files={"file": course.read_bytes()}).json()["id"]
    body = {"user_id": "u", "session_id": "s1"}
    launched = browser.post(f"{base}/api/v1/packages/{package}/launch", json=body).json()
    assert launched["player_url"].startswith(f"http://host{base}/player/s1?token=")
    boot = boot_from(browser.get(launched["player_url"]).text)
    return dict(browser.post(boot["run"] + "start", json={}).json()["view"])


def test_a_course_plays_in_a_wsgi_host(make_scorm: MakeScorm, course: Path, boot_from: Any) -> None:
    app = ScormWSGIMiddleware(hello, make_scorm())
    with client(app) as browser:
        view = play(browser, "/scorm", course, boot_from)
        page = browser.get(view["activity"]["url"])
        assert page.status_code == 200
        folder = view["activity"]["url"].rsplit("/", 1)[0]
        script = browser.get(f"{folder}/big.js", headers={"Accept-Encoding": "gzip"})
        assert script.headers["content-encoding"] == "gzip"
        assert script.text == "console.log('again and again');" * 20_000
        part = browser.get(f"{folder}/a.png", headers={"Range": "bytes=4-7"})
        assert (part.status_code, part.content) == (206, b"\x89PNG")


def test_requests_outside_the_path_reach_the_host_untouched(make_scorm: MakeScorm) -> None:
    app = ScormWSGIMiddleware(hello, make_scorm())
    with client(app) as browser:
        for path in ("/", "/scormx", "/x/scorm"):
            assert browser.get(path).text == f"host |{path}"
    environ = {"PATH_INFO": "/other", "SCRIPT_NAME": "/app"}
    before = dict(environ)
    assert b"".join(app(environ, lambda *_: None)) == b"host /app|/other"
    assert environ == before


def test_the_middleware_keeps_to_the_rules_of_wsgi(make_scorm: MakeScorm, course: Path) -> None:
    app = validator(ScormWSGIMiddleware(validator(hello), make_scorm()))  # type: ignore[arg-type]
    with serving(app) as base, httpx.Client(base_url=base, headers=API) as browser:
        # The server of the standard library reads no chunks, so that the body's length is told.
        created = browser.post("/scorm/api/v1/packages", files={"file": course.read_bytes()})
        assert created.status_code == 201
        assert browser.get("/scorm/api/v1/health").json() == {"status": "ok"}
        assert browser.get("/scorm/nothing").status_code == 404
        assert browser.head("/scorm/api/v1/health").content == b""
        assert browser.get("/elsewhere").text == "host |/elsewhere"


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """A real server, one request after the other."""

    class Quiet(WSGIRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    server = make_server("127.0.0.1", 0, app, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_large_upload_is_read_in_pieces(make_scorm: MakeScorm) -> None:
    reads: list[int] = []

    class Input(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            assert size is not None
            reads.append(size)
            return super().read(size)

    environ = environ_for("POST", "/scorm/api/v1/packages", body=b"x" * 300_000)
    environ["wsgi.input"] = Input(b"x" * 300_000 + b"the next request")
    statuses: list[str] = []
    app = ScormWSGIMiddleware(hello, make_scorm())
    body = app({**environ, "CONTENT_TYPE": "application/zip"}, lambda status, headers: statuses.append(status))
    assert b"INVALID_FILE_TYPE" in b"".join(body)
    assert statuses == ["400 Bad Request"]
    assert max(reads) <= 64 * 1024
    assert sum(reads) == 300_000
    assert environ["wsgi.input"].getvalue()[environ["wsgi.input"].tell() :] == b"the next request"


def environ_for(method: str, path: str, *, body: bytes = b"", **more: str) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "host",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "host",
        "HTTP_X_API_KEY": "KEY",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        **more,
    }


def test_a_slow_client_does_not_make_the_answer_pile_up(make_scorm: MakeScorm) -> None:
    sent: list[int] = []

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for number in range(1_000):
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
            sent.append(number)

    scorm = make_scorm()
    app = ScormWSGIMiddleware(hello, scorm)
    app._scorm = endless  # type: ignore[assignment]
    body = app(environ_for("GET", "/scorm/x"), lambda *_: None)
    pieces = iter(body)
    for _ in range(10):
        next(pieces)
    assert len(sent) <= 10 + PIECES_AHEAD
    body.close()  # type: ignore[attr-defined]


def test_a_client_that_goes_away_ends_the_work(make_scorm: MakeScorm) -> None:
    ended = threading.Event()

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        try:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            while True:
                await send({"type": "http.response.body", "body": b"x", "more_body": True})
        finally:
            ended.set()

    app = ScormWSGIMiddleware(hello, make_scorm())
    app._scorm = endless  # type: ignore[assignment]
    body = app(environ_for("GET", "/scorm/x"), lambda *_: None)
    next(iter(body))
    body.close()  # type: ignore[attr-defined]
    assert ended.wait(5)


def test_a_failure_reaches_the_server(make_scorm: MakeScorm) -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise LookupError("broken")

    async def silent(scope: Any, receive: Any, send: Any) -> None:
        pass

    app = ScormWSGIMiddleware(hello, make_scorm())
    app._scorm = broken  # type: ignore[assignment]
    with pytest.raises(LookupError, match="broken"):
        app(environ_for("GET", "/scorm/x"), lambda *_: None)
    app._scorm = silent  # type: ignore[assignment]
    with pytest.raises(RuntimeError, match="no answer"):
        app(environ_for("GET", "/scorm/x"), lambda *_: None)


@pytest.mark.parametrize(
    ("environ", "path", "raw_path"),
    [
        ({"PATH_INFO": "/scorm/a/b", "REQUEST_URI": "/scorm/a%2Fb?x=1"}, "/scorm/a/b", b"/scorm/a%2Fb"),
        ({"PATH_INFO": "/scorm/a/b", "RAW_URI": "/scorm/a%2Fb"}, "/scorm/a/b", b"/scorm/a%2Fb"),
        ({"PATH_INFO": "/scorm/a/b", "RAW_URI": "http://host/scorm/a%2Fb?y"}, "/scorm/a/b", b"/scorm/a%2Fb"),
        ({"PATH_INFO": "/scorm/a/b"}, "/scorm/a/b", b"/scorm/a/b"),
        ({"PATH_INFO": "/scorm/other", "REQUEST_URI": "/rewritten"}, "/scorm/other", b"/scorm/other"),
        ({"PATH_INFO": "/scorm/\xc3\xa4%", "SCRIPT_NAME": "/app"}, "/app/scorm/ä%", b"/app/scorm/%C3%A4%25"),
        ({"PATH_INFO": "/scorm/\xff"}, "/scorm/\ufffd", b"/scorm/%FF"),
    ],
)
def test_the_path_is_taken_as_it_was_sent_where_the_server_keeps_it(
    environ: dict[str, str], path: str, raw_path: bytes
) -> None:
    scope = build_scope(environ_for("GET", "", **environ), "/scorm")
    assert (scope["path"], scope["raw_path"]) == (path, raw_path)
    assert scope["root_path"] == environ.get("SCRIPT_NAME", "") + "/scorm"


def test_many_threads_are_answered_at_once(make_scorm: MakeScorm, course: Path, boot_from: Any) -> None:
    app = ScormWSGIMiddleware(hello, make_scorm())
    with client(app) as browser:
        play(browser, "/scorm", course, boot_from)
    found: list[int] = []

    def read() -> None:
        with client(app) as browser:
            found.append(browser.get("/scorm/api/v1/sessions/s1").status_code)

    threads = [threading.Thread(target=read) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert found == [200] * 16


# -- Flask


def flask_site(make_scorm: MakeScorm, course: Path, **options: Any) -> tuple[flask.Flask, ScormEmbed, list[Any]]:
    """A small site with a login in Flask's own session, loaded into ``g`` before each request."""
    seen: list[Any] = []
    app = flask.Flask("site")
    app.secret_key = "host secret"

    @app.before_request
    def load_user() -> Any:
        flask.g.user = flask.session.get("user")
        if flask.request.args.get("closed"):
            return "the site is closed", 503
        return None

    def current_learner(connection: Any) -> Learner | None:
        seen.append((threading.current_thread(), flask.request.path, flask.current_app.name))
        return Learner(flask.g.user, "A Learner") if flask.g.user else None

    scorm = make_scorm(learner=current_learner, **options)
    scorm_flask.mount(app, scorm)
    package = scorm.sync.import_package(course)["id"]

    @app.post("/login/<user>")
    def login(user: str) -> str:
        flask.session["user"] = user
        return "hello"

    @app.get("/course")
    def open_course() -> Any:
        return flask.jsonify(scorm.sync.launch(package, flask.g.user, session_id="s1", request=flask.request))

    return app, scorm, seen


def test_flask_signs_its_users_in_with_its_own_session(make_scorm: MakeScorm, course: Path, boot_from: Any) -> None:
    app, _, seen = flask_site(make_scorm, course)
    with httpx.Client(transport=httpx.WSGITransport(app), base_url="http://host") as browser:
        assert browser.get("/scorm/player/s1").status_code == 401
        browser.post("/login/ada")
        launched = browser.get("/course").json()
        assert launched["player_url"] == "http://host/scorm/player/s1"
        page = browser.get(launched["player_url"])
        assert page.status_code == 200
        boot = boot_from(page.text)
        view = browser.post(boot["run"] + "start", json={}).json()["view"]
        assert view["activity"]["data"]["cmi.core.student_name"] == "A Learner"
        assert browser.get("/scorm/api/v1/sessions/s1").json()["user_id"] == "ada"
        browser.post("/login/bob")
        assert browser.get(launched["player_url"]).status_code == 404
        assert browser.get("/scorm/api/v1/sessions/s1").status_code == 404
    # In the thread that serves the request, and in its Flask context.
    assert {entry[0] for entry in seen} == {threading.current_thread()}
    assert seen[0][1:] == ("/scorm/player/s1", "site")


def test_a_before_request_that_answers_itself_signs_nobody_in(make_scorm: MakeScorm, course: Path) -> None:
    app, _, _ = flask_site(make_scorm, course)
    with httpx.Client(transport=httpx.WSGITransport(app), base_url="http://host") as browser:
        browser.post("/login/ada")
        browser.get("/course")
        assert browser.get("/scorm/player/s1?closed=1").status_code == 401


def test_authorize_runs_in_the_flask_context_too(make_scorm: MakeScorm, course: Path) -> None:
    def authorize(learner: Learner, action: str, subject: Any) -> bool:
        return flask.session.get("user") == "teacher" and action == "read"

    app, scorm, _ = flask_site(make_scorm, course, authorize=authorize)
    package = scorm.sync.packages()["packages"][0]["id"]
    with httpx.Client(transport=httpx.WSGITransport(app), base_url="http://host") as browser:
        browser.post("/login/ada")
        assert browser.get(f"/scorm/api/v1/packages/{package}").status_code == 404
        browser.post("/login/teacher")
        assert browser.get(f"/scorm/api/v1/packages/{package}").status_code == 200
        csrf = browser.post(f"/scorm/api/v1/packages/{package}/launch", json={}, headers={"Origin": "http://evil"})
        assert (csrf.status_code, csrf.json()["code"]) == (403, "FORBIDDEN")


def test_a_hook_after_the_commit_runs_in_a_thread_within_the_apps_context(make_scorm: MakeScorm, course: Path) -> None:
    app, scorm, _ = flask_site(make_scorm, course, base_url="http://host/scorm")
    told: list[Any] = []

    @scorm.on("completed")
    def note(event: HookEvent) -> None:
        told.append((event.session_id, flask.current_app.name, flask.has_request_context(), threading.current_thread()))

    with client(app) as browser:
        scorm.sync.launch(scorm.sync.packages()["packages"][0]["id"], "ada", session_id="s1")
        body = {"version": 1, "completion_status": "completed"}
        browser.put("/scorm/api/v1/sessions/s1", headers={"X-API-Key": "KEY"}, json=body)
    assert scorm.sync.deliver_events()["dead"] == 0
    ((session, name, has_request, thread),) = told
    assert (session, name, has_request) == ("s1", "site", False)
    assert thread not in (threading.current_thread(), threading.main_thread())


def test_a_body_is_still_there_after_the_login_was_asked(make_scorm: MakeScorm, course: Path) -> None:
    app, scorm, _ = flask_site(make_scorm, course, authorize=lambda *_: True)
    with httpx.Client(transport=httpx.WSGITransport(app), base_url="http://host") as browser:
        browser.post("/login/teacher")
        created = browser.post("/scorm/api/v1/packages", files={"file": course.read_bytes()})
        assert created.status_code == 201
    assert len(scorm.sync.packages()["packages"]) == 2


def test_a_server_that_keeps_the_raw_path_serves_any_session_id(make_scorm: MakeScorm, course: Path) -> None:
    scorm = make_scorm(base_url="http://host/scorm")
    package = scorm.sync.import_package(course)["id"]
    scorm.sync.launch(package, "u", session_id="a/b")

    def with_request_uri(environ: Any, start_response: Any) -> Iterable[bytes]:
        raw = environ.pop("test.raw", None)
        return ScormWSGIMiddleware(hello, scorm)({**environ, "REQUEST_URI": raw}, start_response)

    environ = environ_for("GET", "/scorm/api/v1/sessions/a/b")
    body = b"".join(with_request_uri({**environ, "test.raw": "/scorm/api/v1/sessions/a%2Fb"}, lambda *_: None))
    assert b'"id":"a/b"' in body
