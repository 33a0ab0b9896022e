"""The sites of the framework pages under real servers: the host's login, its launch page, its own reading back."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from playwright.sync_api import Page
from sqlalchemy.engine import URL, make_url

from scorm_embed.testing import FakeLearner, PlayerRefusedError, course_12, course_2004

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
BLOCK = re.compile(r"<!-- (file|append): (\S+) -->\n```python\n(.*?)^```$", re.S | re.M)
IMPORT = 'print(scorm.sync.import_package("course.zip")["id"])'

UVICORN = ["uvicorn", "lms:app", "--port", "{port}"]
SERVERS = {
    "fastapi": UVICORN,
    "starlette": UVICORN,
    "litestar": UVICORN,
    "quart": UVICORN,
    "flask": ["gunicorn", "lms:app", "--bind", "127.0.0.1:{port}", "--workers", "2", "--threads", "4"],
    "django-runserver": ["python", "manage.py", "runserver", "--noreload", "{port}"],
    "django-wsgi": ["gunicorn", "lms.wsgi", "--bind", "127.0.0.1:{port}", "--workers", "2", "--threads", "4"],
    "django-asgi": ["uvicorn", "lms.asgi:application", "--port", "{port}"],
}
POSTGRESQL = os.environ.get("SCORM_EMBED_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/test")
DJANGO_ON_POSTGRESQL = """
DATABASES["default"] = {{
    "ENGINE": "django.db.backends.postgresql",
    "NAME": "{database}", "USER": "{username}", "PASSWORD": "{password}", "HOST": "{host}", "PORT": "{port}",
    "ATOMIC_REQUESTS": True,
}}
"""
STRICT_DJANGO = """
MIDDLEWARE += ["django.contrib.auth.middleware.LoginRequiredMiddleware"]
DATABASES["default"]["ATOMIC_REQUESTS"] = True
"""


def run(folder: Path, *command: str) -> str:
    """Run a command of this environment in a site's folder; gives what it printed last."""
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]], cwd=folder, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip().rpartition("\n")[2]


def make_site(name: str, folder: Path, more_settings: str = "") -> str:
    """Make the site of a page with a course in it; gives the package's id."""
    page, _, kind = name.partition("-")
    if page == "django":
        run(folder, "django-admin", "startproject", "lms", ".")
    for how, file, code in BLOCK.findall((ROOT / "docs" / "frameworks" / f"{page}.md").read_text("utf-8")):
        path = folder / file
        path.write_text((path.read_text("utf-8") if how == "append" else "") + code, "utf-8")
    (folder / "course.zip").write_bytes(course_12("one", "two", title="Ropes"))
    if page != "django":
        return run(folder, "python", "-c", f"from lms import scorm; {IMPORT}")
    if kind != "runserver":
        with (folder / "lms" / "settings.py").open("a") as settings:
            settings.write(STRICT_DJANGO + more_settings)
    run(folder, "python", "manage.py", "migrate", "-v", "0")
    users = "from django.contrib.auth.models import User; "
    users += "[User.objects.create_user(name, password='learn') for name in ('ada', 'eve')]"
    run(folder, "python", "manage.py", "shell", "-v", "0", "-c", users)
    return run(folder, "python", "manage.py", "shell", "-v", "0", "-c", f"from lms.urls import scorm; {IMPORT}")


@pytest.fixture
def postgresql() -> Iterator[URL]:
    """A database of its own on the PostgreSQL server."""
    url = make_url(POSTGRESQL)
    name = f"django_{secrets.token_hex(4)}"

    async def ask(statement: str) -> None:
        connection = await asyncpg.connect(POSTGRESQL, timeout=10)
        await connection.execute(statement)
        await connection.close()

    try:
        asyncio.run(ask(f"CREATE DATABASE {name}"))
    except OSError:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip("no PostgreSQL server")
    yield url.set(database=name)
    asyncio.run(ask(f"DROP DATABASE {name} WITH (FORCE)"))


def sign_in(client: httpx.Client, name: str, user: str) -> None:
    """Use the host's own login, with its CSRF token where it has one."""
    if not name.startswith("django"):
        assert client.post("/login", data={"user": user}).json() == {"signed in": user}
        return
    token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get("/login/?next=/progress/").text)[0]
    form = {"username": user, "password": "learn", "csrfmiddlewaretoken": token}
    answer = client.post("/login/?next=/progress/", data=form, headers={"Referer": str(client.base_url)})
    assert answer.status_code == 302, answer.text
    assert "sessionid" in client.cookies


@pytest.mark.parametrize("name", SERVERS)
def test_a_learner_of_the_host_completes_a_course_and_nobody_else_opens_it(
    name: str, start: Callable[..., Any], tmp_path: Path
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    complete_and_be_alone(name, site, make_site(name, site), start)


@pytest.mark.postgresql
@pytest.mark.parametrize("name", ["django-wsgi", "django-asgi"])
def test_a_user_of_django_on_postgresql_completes_a_course(
    name: str, start: Callable[..., Any], tmp_path: Path, postgresql: URL
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    parts = {part: getattr(postgresql, part) or "" for part in ("database", "username", "password", "host", "port")}
    complete_and_be_alone(name, site, make_site(name, site, DJANGO_ON_POSTGRESQL.format(**parts)), start)
    counts = "SELECT (SELECT count(*) FROM scorm_sessions), (SELECT count(*) FROM auth_user)"

    async def count() -> tuple[int, int]:
        connection = await asyncpg.connect(postgresql.render_as_string(hide_password=False))
        row = await connection.fetchrow(counts)
        await connection.close()
        return row[0], row[1]

    assert asyncio.run(count()) == (1, 2)


def complete_and_be_alone(name: str, site: Path, package: str, start: Callable[..., Any]) -> None:
    """Complete the course as a user of the site; nobody else can open it."""
    command = SERVERS[name]
    slash = "/" if name.startswith("django") else ""
    server = start([str(BIN / command[0]), *command[1:]], ready="/progress" + slash, cwd=site)
    course = f"/courses/{package}{slash}"
    with (
        httpx.Client(base_url=server.url, timeout=60) as browser,
        httpx.Client(base_url=server.url, timeout=60) as others,
        httpx.Client(base_url=server.url, timeout=60) as strangers,
    ):
        sign_in(browser, name, "ada")
        sign_in(others, name, "eve")
        learner = FakeLearner(browser).open(course)
        for activity in ("one", "two"):
            assert learner.activity_id == activity
            learner.sco.initialize()
            learner.sco.set("cmi.core.lesson_status", "passed")
            learner.sco.terminate()
            if activity == "one":
                learner.click("continue")
        learner.click("exit-all")
        assert learner.session.state == "passed"
        progress = browser.get(f"/progress{slash}").json()
        assert list(progress.values()) == ["passed"]

        player = f"/scorm/player/{next(iter(progress))}-{package}"
        with pytest.raises(PlayerRefusedError, match="401 UNAUTHORIZED"):
            FakeLearner(strangers).open(player)
        with pytest.raises(PlayerRefusedError, match="404 SESSION_NOT_FOUND"):
            FakeLearner(others).open(player)
        assert strangers.get(course).status_code in {302, 401}
        # Opened again, it is the same session, not a second one.
        FakeLearner(browser).open(course)
        assert len(browser.get(f"/progress{slash}").json()) == 1


@pytest.mark.browser
@pytest.mark.parametrize("name", ["django-wsgi", "django-asgi"])
def test_a_user_of_django_completes_a_course_in_a_browser(
    name: str, start: Callable[..., Any], tmp_path: Path, page: Page
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    package = make_site(name, site)
    command = SERVERS[name]
    server = start([str(BIN / command[0]), *command[1:]], ready="/progress/", cwd=site)
    page.goto(f"{server.url}/courses/{package}/")
    page.fill("input[name=username]", "ada")
    page.fill("input[name=password]", "learn")
    page.click("input[type=submit]")
    handle = page.wait_for_selector("iframe")
    assert handle is not None
    player = handle.content_frame()
    assert player is not None
    for activity in ("one", "two"):
        player.wait_for_selector(f'html[data-activity-id="{activity}"][data-player-state="running"]')
        frame = player.wait_for_selector('iframe[name="scorm-content"]').content_frame()  # type: ignore[union-attr]
        assert frame is not None
        frame.wait_for_url(re.compile(f"/content/.*{activity}"))
        frame.wait_for_selector('html[data-sco="ready"]')
        frame.evaluate("sco.call('Initialize', ''); sco.call('SetValue', 'cmi.core.lesson_status', 'passed')")
        frame.evaluate("sco.call('Terminate', '')")
        player.click(f'button[data-nav="{"continue" if activity == "one" else "exit-all"}"]')
    player.wait_for_selector('html[data-player-state="ended"]')
    page.goto(f"{server.url}/progress/")
    assert '"passed"' in page.inner_text("body")


# -- the learner without a browser says to the server what the browser says


def play_in_a_browser(page: Page, url: str) -> None:
    page.goto(url)
    for activity in ("one", "two"):
        page.wait_for_selector(f'html[data-activity-id="{activity}"][data-player-state="running"]', state="attached")
        frame = page.wait_for_selector('iframe[name="scorm-content"]').content_frame()  # type: ignore[union-attr]
        assert frame is not None
        frame.wait_for_url(re.compile(f"/content/.*{activity}"))
        frame.wait_for_selector('html[data-sco="ready"]')
        for method, *arguments in CALLS[activity]:
            frame.evaluate("([method, arguments_]) => sco.call(method, ...arguments_)", [method, arguments])
        page.wait_for_selector('html[data-save-state="saved"]', state="attached")
        if activity == "one":
            page.click('button[data-nav="continue"]')
    page.click('button[data-nav="exit-all"]')
    page.wait_for_selector('html[data-player-state="ended"]', state="attached")


def play_without(url: str, client: httpx.Client) -> None:
    learner = FakeLearner(client).open(url)
    for activity in ("one", "two"):
        for call in CALLS[activity]:
            learner.sco.call(*call)
        if activity == "one":
            learner.click("continue")
    learner.click("exit-all")
    assert learner.state == "ended"


CALLS: dict[str, list[tuple[str, ...]]] = {
    "one": [
        ("Initialize", ""),
        ("SetValue", "cmi.location", "p1"),
        ("SetValue", "cmi.location", "p2"),
        ("SetValue", "cmi.interactions.0.id", "q1"),
        ("SetValue", "cmi.interactions.0.type", "choice"),
        ("SetValue", "cmi.score.scaled", "2"),
        ("Commit", ""),
        ("SetValue", "cmi.score.scaled", "0.5"),
        ("SetValue", "cmi.interactions.0.timestamp", "2025-01-15T10:00:00.123Z"),
        ("SetValue", "cmi.completion_status", "completed"),
        ("SetValue", "cmi.exit", "suspend"),
        ("Terminate", ""),
    ],
    "two": [
        ("Initialize", ""),
        ("SetValue", "cmi.success_status", "passed"),
        ("SetValue", "cmi.session_time", "PT1H"),
    ],
}


@pytest.mark.browser
def test_the_log_of_a_learner_without_a_browser_is_that_of_the_browser(site: Any, page: Page) -> None:
    package = site.course(course_2004("one", "two"))
    _, url = site.launch(package, "browser")
    play_in_a_browser(page, url)
    _, url = site.launch(package, "fake")
    with httpx.Client(base_url=site.server.url) as client:
        play_without(url, client)
    names = ("number", "activity_id", "kind", "elements", "refused", "tolerated")
    logs = [[[row[name] for name in names] for row in site.log(session)] for session in ("browser", "fake")]
    assert logs[0] == logs[1]
    assert len(logs[0]) > 5
    # The version is not compared: the browser sends several commits at once where it can.
    names = ("state", "score", "progress_measure", "cmi_data")
    shown = [site.read(session) for session in ("browser", "fake")]
    assert [shown[0][name] for name in names] == [shown[1][name] for name in names]
