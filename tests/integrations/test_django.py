"""Django hosts, under WSGI and ASGI: its users, its session, its settings, its database."""

from __future__ import annotations

import io
import re
import sys
import threading
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import django
import pytest
from django.conf import settings

from scorm_embed import ApiKey, ConfigurationError, Learner, MemoryStorage, ScormEmbed, SQLStorage
from scorm_embed.testing import FakeLearner, PlayerRefusedError, build_package, course_12, run_async

URLS = "urls_of_the_django_tests"
KEY = {"X-API-Key": "KEY"}


class Authorizing:
    """The host's ``authorize``, which a test can set."""

    def __init__(self) -> None:
        self.answer: Callable[..., bool] = lambda *_: False

    def __call__(self, learner: Learner, action: str, subject: Any) -> bool:
        return self.answer(learner, action, subject)


authorizing = Authorizing()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """A Django site with its database in a file; the module of its URLconf."""
    folder = tmp_path_factory.mktemp("django")
    settings.configure(
        SECRET_KEY="django-insecure-and-long-enough-for-the-tests",
        SECRET_KEY_FALLBACKS=["an older secret that is long enough, too"],
        DEBUG=False,
        ALLOWED_HOSTS=["testserver", "lms.example"],
        ROOT_URLCONF=URLS,
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"),
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "site.db", "ATOMIC_REQUESTS": True},
            "memory": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"},
        },
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.auth.middleware.LoginRequiredMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        SCORM_EMBED={"api_keys": [ApiKey("KEY")], "launch_ttl_seconds": 900, "authorize": authorizing},
    )
    django.setup()

    from django.contrib.auth import login
    from django.contrib.auth.decorators import login_not_required
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.db import connection, models, transaction
    from django.http import HttpRequest, HttpResponse, JsonResponse
    from django.urls import path
    from django.views.decorators.csrf import csrf_exempt

    from scorm_embed import DirectoryContent
    from scorm_embed.integrations.django import make_scorm, open_course, scorm_urls, table_of

    class Grade(models.Model):
        user = models.ForeignKey(User, models.CASCADE)
        course = models.CharField(max_length=100)
        state = models.CharField(max_length=20)

        class Meta:
            app_label = "lms"

    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        editor.create_model(Grade)

    scorm = make_scorm(content=DirectoryContent(folder / "courses"), launch_ttl_seconds=1200)
    refuse: list[str] = []

    @scorm.on("passed", transaction=True)
    async def write_grade(event: Any) -> None:
        from sqlalchemy import insert

        row = {"user_id": int(event.user_id), "course": event.package_id, "state": event.session["state"]}
        await event.connection.execute(insert(table_of(Grade)).values(row))
        if refuse:
            raise RuntimeError(refuse[0])

    async def find_async(connection: Any) -> Learner | None:
        user = await connection.scope["django.request"].auser()
        return Learner(str(user.pk), await User.objects.values_list("last_name", flat=True).aget(pk=user.pk))

    second = make_scorm(content=DirectoryContent(folder / "courses"), learner=find_async)
    told: list[Any] = []

    @scorm.on("completed")
    def look_up(event: Any) -> None:
        told.append(
            (User.objects.get(pk=event.user_id).username, threading.current_thread() is threading.main_thread())
        )

    @csrf_exempt
    @login_not_required
    def sign_in(request: HttpRequest) -> HttpResponse:
        login(request, User.objects.get(username=request.POST["user"]))
        return HttpResponse("hello")

    def course(request: HttpRequest, package_id: str) -> HttpResponse:
        return HttpResponse(f'<iframe src="{open_course(scorm, request, package_id)}"></iframe>')

    @login_not_required
    def demo(request: HttpRequest, package_id: str) -> HttpResponse:
        learner = Learner("guest") if "as" in request.GET else None
        return HttpResponse(open_course(scorm, request, package_id, learner, mode="browse"))

    def course_of_second(request: HttpRequest, package_id: str) -> HttpResponse:
        return HttpResponse(open_course(second, request, package_id))

    @transaction.non_atomic_requests
    async def course_async(request: HttpRequest, package_id: str) -> JsonResponse:
        user = await request.auser()
        launch = await scorm.launch(package_id, str(user.pk), session_id=f"{user.pk}-{package_id}", request=request)
        return JsonResponse(launch)

    urls = ModuleType(URLS)
    urls.__dict__.update(
        urlpatterns=[
            path("sign-in", sign_in),
            path("courses/<package_id>", course),
            path("demo/<package_id>", demo),
            path("async/<package_id>", course_async),
            path("second-courses/<package_id>", course_of_second),
            path("learn/scorm/", scorm_urls(scorm)),
            path("second/", scorm_urls(second, "second")),
        ],
        scorm=scorm,
        Grade=Grade,
        refuse=refuse,
        told=told,
        second=second,
    )
    sys.modules[URLS] = urls
    yield urls
    run_async(scorm.aclose())
    connection.close()


@pytest.fixture
def users(site: ModuleType) -> Any:
    """Two users, made anew."""
    from django.contrib.auth.models import User

    site.Grade.objects.all().delete()
    User.objects.all().delete()
    authorizing.answer = lambda *_: False
    site.refuse.clear()
    site.told.clear()
    ada = User.objects.create_user("ada", first_name="Ada", last_name="Lovelace")
    return SimpleNamespace(ada=ada, eve=User.objects.create_user("eve"))


@pytest.fixture
def package(site: ModuleType) -> str:
    return str(site.scorm.sync.import_package(course_12())["id"])


@pytest.fixture(params=["wsgi", "asgi"])
def client(request: pytest.FixtureRequest, users: Any) -> Iterator[Callable[[str], FakeLearner]]:
    """Gives a learner with a browser, signed in, under either kind of server."""
    from django.test import Client

    opened: list[FakeLearner] = []

    def make(name: str) -> FakeLearner:
        if request.param == "wsgi":
            learner = FakeLearner(Client(enforce_csrf_checks=True))
        else:
            from django.core.asgi import get_asgi_application

            learner = FakeLearner(get_asgi_application())
        opened.append(learner)
        if name:
            assert learner.post("/sign-in", {"user": name}).text == "hello"
        return learner

    yield make
    for learner in opened:
        learner.close()


def passed(learner: FakeLearner) -> None:
    learner.sco.initialize()
    learner.sco.set("cmi.core.lesson_status", "passed")
    learner.sco.terminate()


def test_a_user_of_django_takes_a_course(client: Any, site: ModuleType, users: Any, package: str) -> None:
    learner = client("ada").open(f"/courses/{package}")
    learner.sco.initialize()
    assert learner.sco.get("cmi.core.student_name") == "Ada Lovelace"
    learner.close_window()
    (session,) = site.scorm.sync.sessions(package_id=package)["sessions"]
    assert (session["user_id"], session["completion_status"]) == (str(users.ada.pk), "completed")


def test_nobody_else_opens_it(client: Any, users: Any, package: str) -> None:
    client("ada").open(f"/courses/{package}")
    player = f"/learn/scorm/player/{users.ada.pk}-{package}"
    with pytest.raises(PlayerRefusedError, match="404 SESSION_NOT_FOUND"):
        client("eve").open(player)
    with pytest.raises(PlayerRefusedError, match="401 UNAUTHORIZED"):
        client("").open(player)
    users.ada.is_active = False
    users.ada.save()


def test_a_course_that_is_not_there_is_404_and_nobody_signed_in_is_403(client: Any, users: Any, package: str) -> None:
    learner = client("ada")
    assert learner.get("/courses/none").status == 404
    assert client("").get(f"/demo/{package}").status == 403
    assert client("").get(f"/demo/{package}?as=guest").text.endswith(f"/player/guest-{package}")


def test_a_session_cookie_that_django_did_not_make_signs_nobody_in(users: Any, package: str) -> None:
    from django.test import Client

    browser = Client()
    browser.force_login(users.ada)
    FakeLearner(browser).open(f"/courses/{package}")
    browser.cookies["sessionid"] = "x" * 32
    with pytest.raises(PlayerRefusedError, match="401 UNAUTHORIZED"):
        FakeLearner(browser).open(f"/learn/scorm/player/{users.ada.pk}-{package}")


def test_a_grade_in_djangos_table_is_written_in_the_same_transaction(
    client: Any, site: ModuleType, users: Any, package: str
) -> None:
    learner = client("ada").open(f"/courses/{package}")
    site.refuse.append("no room in the grade book")
    with pytest.raises(PlayerRefusedError, match="500 INTERNAL_ERROR"):
        passed(learner)
    assert not site.Grade.objects.exists()
    assert site.scorm.sync.sessions(package_id=package)["sessions"][0]["success_status"] == "unknown"
    site.refuse.clear()
    learner.go_online()
    assert list(site.Grade.objects.values_list("user__username", "course", "state")) == [("ada", package, "passed")]


def test_a_function_that_is_called_after_the_commit_may_use_the_orm(
    client: Any, site: ModuleType, users: Any, package: str
) -> None:
    client("ada").open(f"/courses/{package}").sco.finish("completed")
    site.scorm.sync.deliver_events()
    assert site.told == [("ada", False)]


def test_the_hosts_functions_use_the_orm_in_the_thread_of_the_request(client: Any, package: str, users: Any) -> None:
    from django.contrib.auth.models import User

    threads: list[str] = []

    def answer(learner: Learner, action: str, subject: Any) -> bool:
        threads.append(threading.current_thread().name)
        return action == "read" and User.objects.get(pk=learner.id).username == "eve"

    client("ada").open(f"/courses/{package}")
    authorizing.answer = answer
    session = client("eve").get(f"/learn/scorm/api/v1/sessions/{users.ada.pk}-{package}")
    assert (session.status, session.json()["user_id"]) == (200, str(users.ada.pk))
    assert threads
    assert "scorm_embed" not in threads[0]


def test_what_another_site_makes_a_browser_send_is_refused_and_needs_no_csrf_token(
    client: Any, package: str, users: Any
) -> None:
    authorizing.answer = lambda *_: True
    learner = client("ada")
    send = learner.client.fetch
    url = f"/learn/scorm/api/v1/packages/{package}/launch"
    body = f'{{"user_id": "{users.ada.pk}"}}'.encode()
    evil = send("POST", url, headers={"Origin": "https://evil.example"}, body=body, kind="application/json")
    assert (evil.status, evil.json()["code"]) == (403, "FORBIDDEN")
    good = send("POST", url, headers={"Origin": "http://testserver"}, body=body, kind="application/json")
    assert good.status == 200


def test_the_player_may_be_framed_and_the_hosts_own_pages_may_not(client: Any, package: str, users: Any) -> None:
    learner = client("ada")
    page = learner.get(f"/courses/{package}")
    assert page.headers["x-frame-options"] == "DENY"
    player = learner.get(re.findall(r'src="([^"]+)"', page.text)[0])
    assert "x-frame-options" not in player.headers
    assert "frame-ancestors 'self'" in player.headers["content-security-policy"]
    assert player.headers["content-type"].startswith("text/html")


def test_a_course_is_uploaded_and_its_files_are_read_whole_and_in_parts(client: Any, site: ModuleType) -> None:
    picture = b"\x89PNG" + bytes(range(256)) * 12_000
    course = build_package(files={"big.js": "console.log('again');" * 120_000, "a.png": picture})
    learner = client("")
    send = learner.client.fetch
    created = send("POST", "/learn/scorm/api/v1/packages", headers=KEY, body=course, kind="application/zip")
    assert created.status == 201, created.text
    url = f"/learn/scorm/api/v1/packages/{created.json()['id']}/launch"
    launched = send("POST", url, headers=KEY, body=b'{"user_id": "x"}', kind="application/json").json()
    learner.open(launched["launch_url"])
    folder = learner.page.view["activity"]["url"].rsplit("/", 1)[0]
    assert learner.get(f"{folder}/big.js").text == "console.log('again');" * 120_000
    part = send("GET", f"{folder}/a.png", headers={"Range": "bytes=1-3"})
    assert (part.status, part.text, part.headers["content-range"]) == (206, "PNG", f"bytes 1-3/{len(picture)}")
    assert send("HEAD", f"{folder}/a.png").headers["content-length"] == str(len(picture))
    assert learner.get(f"{folder}/nothing.png").status == 404


def test_launches_are_where_django_says_the_request_is(client: Any, package: str, users: Any) -> None:
    learner = client("ada")
    headers = {"X-Forwarded-Proto": "https", "Host": "lms.example"}
    page = learner.client.fetch("GET", f"/courses/{package}", headers=headers)
    assert page.text.startswith('<iframe src="https://')
    assert f"/learn/scorm/player/{users.ada.pk}-{package}" in page.text
    unknown = learner.client.fetch("GET", "/learn/scorm/api/v1/health", headers={"Host": "evil.example"})
    assert unknown.status == 400


def test_an_async_view_launches_as_well(client: Any, package: str, users: Any) -> None:
    learner = client("ada")
    launched = learner.get(f"/async/{package}").json()
    assert launched["player_url"] == f"http://testserver/learn/scorm/player/{users.ada.pk}-{package}"
    learner.open(launched)
    assert learner.state == "running"


def test_a_second_player_with_an_asynchronous_login_lives_beside_the_first(
    client: Any, site: ModuleType, users: Any, package: str
) -> None:
    from django.test import RequestFactory

    learner = client("ada")
    request = RequestFactory().get("/")
    launched = site.second.sync.launch(package, str(users.ada.pk), session_id=f"second-{package}", request=request)
    assert launched["player_url"] == f"http://testserver/second/player/second-{package}"
    assert learner.open(launched).state == "running"
    with pytest.raises(PlayerRefusedError, match="404 SESSION_NOT_FOUND"):
        client("eve").open(launched)
    learner.open(learner.get(f"/second-courses/{package}").text).sco.initialize()
    assert learner.sco.get("cmi.core.student_name") == "Lovelace"


def test_a_script_name_is_part_of_every_url(site: ModuleType, users: Any, package: str) -> None:
    from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "/app",
        "PATH_INFO": "/",
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "HTTP_X_API_KEY": "KEY",
    }
    launched = site.scorm.sync.launch(package, "x", session_id=f"x-{package}", request=WSGIRequest(environ))
    assert launched["player_url"] == f"http://testserver/app/learn/scorm/player/x-{package}"
    statuses: list[str] = []
    path = f"/learn/scorm/player/x-{package}"
    answer = WSGIHandler()(
        {**environ, "PATH_INFO": path, "QUERY_STRING": launched["launch_url"].partition("?")[2]},
        lambda status, headers: statuses.append(status),
    )
    assert f'"run":"/app{path}/run/'.encode() in b"".join(answer)
    assert statuses == ["200 OK"]


def test_options_come_from_the_call_the_settings_and_django_in_this_order(site: ModuleType) -> None:
    from scorm_embed.integrations.django import current_learner, make_scorm

    options = site.scorm._options
    assert options.launch_ttl_seconds == 1200
    assert make_scorm()._options.launch_ttl_seconds == 900
    assert options.learner is current_learner
    assert options.secrets == [
        b"django-insecure-and-long-enough-for-the-tests",
        b"an older secret that is long enough, too",
    ]
    assert make_scorm(learner=None, secret_key="x" * 32)._options.learner is None


def test_the_storage_is_in_djangos_database(site: ModuleType) -> None:
    from django.db import connection

    from scorm_embed.integrations.django import database_storage, make_scorm

    assert "scorm_sessions" in connection.introspection.table_names()
    assert isinstance(database_storage(), SQLStorage)
    assert isinstance(database_storage("memory"), MemoryStorage)
    assert isinstance(make_scorm(database="memory")._parts().service.storage, MemoryStorage)


@pytest.mark.parametrize(
    ("vendor", "given", "url"),
    [
        ("sqlite", {"NAME": "/srv/site.db"}, "sqlite:////srv/site.db"),
        ("postgresql", {"NAME": "lms"}, "postgresql:///lms"),
        (
            "postgresql",
            {
                "NAME": "lms",
                "USER": "a",
                "PASSWORD": "p@ss/w",
                "HOST": "db",
                "PORT": "5433",
                "OPTIONS": {"sslmode": "require"},
            },
            "postgresql://a:p%40ss%2Fw@db:5433/lms?ssl=require",
        ),
        ("postgresql", {"NAME": "lms", "HOST": "/run/pg"}, "postgresql:///lms?host=%2Frun%2Fpg"),
        ("mysql", {"NAME": "lms", "USER": "a", "HOST": "db", "PORT": 3306}, "mysql://a@db:3306/lms"),
    ],
)
def test_the_url_of_djangos_database(
    site: ModuleType, monkeypatch: pytest.MonkeyPatch, vendor: str, given: dict[str, Any], url: str
) -> None:
    from scorm_embed.integrations import django_database

    empty = {"USER": "", "PASSWORD": "", "HOST": "", "PORT": "", "OPTIONS": {}}
    connection = SimpleNamespace(vendor=vendor, settings_dict={**empty, **given})
    monkeypatch.setattr(django_database, "connections", {"default": connection})
    assert django_database.database_url().render_as_string(hide_password=False) == url


def test_a_database_that_is_not_supported_is_refused_by_name(site: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    from scorm_embed.integrations import django_database

    oracle = SimpleNamespace(vendor="oracle", settings_dict={})
    monkeypatch.setattr(django_database, "connections", {"default": oracle})
    with pytest.raises(ConfigurationError, match=r"DATABASES\['default'\] is oracle"):
        django_database.database_url()


def test_a_client_that_goes_away_ends_the_work_under_asgi(site: ModuleType, users: Any) -> None:
    import asyncio

    from scorm_embed.integrations.django_serving import _serve

    ended: list[bool] = []

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        try:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            while True:
                await send({"type": "http.response.body", "body": b"x", "more_body": True})
        finally:
            ended.append(True)

    async def visit() -> None:
        from django.core.handlers.asgi import ASGIRequest

        scope = {
            "type": "http",
            "method": "GET",
            "path": "/",
            "headers": [(b"host", b"testserver")],
            "query_string": b"",
        }
        response = await _serve(endless, ASGIRequest(scope, io.BytesIO()), "", {})  # type: ignore[arg-type]
        pieces = aiter(response)
        assert await anext(pieces) == b"x"
        response.close()
        while not ended:
            await asyncio.sleep(0)

    asyncio.run(visit())
    assert ended == [True]


def test_an_app_that_fails_reaches_django(site: ModuleType) -> None:
    from django.core.handlers.asgi import ASGIRequest

    from scorm_embed.integrations.django_serving import _serve

    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise LookupError("broken")

    async def silent(scope: Any, receive: Any, send: Any) -> None:
        pass

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"host", b"testserver")], "query_string": b""}
    for app, error in ((broken, LookupError), (silent, RuntimeError)):
        with pytest.raises(error):
            run_async(_serve(app, ASGIRequest(scope, io.BytesIO()), "", {}))  # type: ignore[arg-type]


def test_scorm_embed_is_what_make_scorm_gives(site: ModuleType) -> None:
    assert isinstance(site.scorm, ScormEmbed)
