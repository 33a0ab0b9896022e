"""What can go wrong between a course and the database, against a real server in Chromium: nothing is lost.

The course writes as fast as it can and remembers in ``confirmed`` every element whose SetValue answered "true" before a
Commit that answered "true". After each fault all of them are in the session, or are once it was launched again.
``SCORM_EMBED_FAULT_ROUNDS`` says how often each fault is repeated, ``SCORM_EMBED_FAULT_SECONDS`` how long the network
is away after the player has noticed, 10 for the figures of a release.
"""

from __future__ import annotations

import contextlib
import os
import random
import secrets
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from playwright.sync_api import APIResponse, Error, Frame, Page, Request, Route

from scorm_embed.core.standard import Standard
from scorm_embed.testing.package_builder import Item, build_package

ROUNDS = int(os.environ.get("SCORM_EMBED_FAULT_ROUNDS", "2"))
AWAY_SECONDS = float(os.environ.get("SCORM_EMBED_FAULT_SECONDS", "0"))
POSTGRESQL = os.environ.get("SCORM_EMBED_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/test")
RECOVERY_MS = 90_000
"""The player's pauses grow to 30 seconds while the server does not answer."""
AWAY_UNTIL = "seconds => performance.now() + 1000 * seconds"
WRITER = """
  sco.call("Initialize", "");
  var pending = {}, confirmed = {}, commits = 0, ending = 0, timer = 0;
  function put(name, value) { if (sco.call("SetValue", name, value).value === "true") pending[name] = value; }
  function confirm(method) {
    if (sco.call(method, "").value !== "true") return;
    Object.assign(confirmed, pending);
    pending = {};
    commits++;
  }
  function write() {
    var at = Number(sco.call("GetValue", "cmi.interactions._count").value), place = "cmi.interactions." + at;
    put(place + ".id", "q" + at);
    put(place + ".type", "other");
    put(place + ".learner_response", "answer " + at + " " + new Array(30).join("äöü "));
    put("cmi.location", "p" + at);
    put("cmi.suspend_data", new Array(at + 2).join("x") + at);
    confirm("Commit");
  }
  function run() { timer = setInterval(write, 10); }
  function stop() { clearInterval(timer); return confirmed; }
  function end() {
    if (ending++) return;
    put("cmi.location", "end " + commits);
    put("cmi.exit", "suspend");
    confirm("Terminate");
    localStorage.setItem("end", confirmed["cmi.location"]);
  }
"""
COURSE = build_package(Standard.SCORM_2004_4TH, [Item("lesson", script=WRITER)])
ENDING_COURSE = build_package(
    Standard.SCORM_2004_4TH, [Item("lesson", script=WRITER + "addEventListener('pagehide', end);")]
)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def package(site: Any) -> str:
    return str(site.course(COURSE))


def _course(desk: Any, page: Page) -> Frame:
    frame: Frame = desk.content(page, "typeof confirmed === 'object'")
    return frame


def _commits(frame: Frame, count: int) -> None:
    """Wait until the course has committed so often."""
    frame.wait_for_function("count => commits >= count", arg=count)


def _write(site: Any, desk: Any, package: str, session: str | None = None) -> tuple[str, Page, Frame]:
    """Launch a course that writes without end and has committed ten times: the session, its player, the course."""
    session, url = site.launch(package, session)
    page = desk.open(url)
    course = _course(desk, page)
    course.evaluate("run()")
    _commits(course, 10)
    return session, page, course


def _stop(page: Page, course: Frame) -> dict[str, str]:
    """Stop the course and wait until its player has saved everything: what was confirmed."""
    confirmed: dict[str, str] = course.evaluate("stop()")
    _is_saved(page)
    return confirmed


def _missing(site: Any, session: str, confirmed: dict[str, str]) -> dict[str, tuple[str, str | None]]:
    """What was confirmed and is not in the session: what it should be, and what is there."""
    assert confirmed
    kept = site.read(session)["cmi_data"]
    return {name: (value, kept.get(name)) for name, value in confirmed.items() if kept.get(name) != value}


def _is_saved(page: Page) -> None:
    page.wait_for_selector('html[data-save-state="saved"]', state="attached", timeout=RECOVERY_MS)


def test_a_server_that_is_killed_while_a_course_writes_loses_nothing(
    serve: Callable[..., Any], site_of: Any, desk: Any
) -> None:
    server = serve()
    port = int(server.url.rpartition(":")[2])
    package = site_of(server).course(COURSE)
    for number in range(ROUNDS):
        site = site_of(server)
        session, url = site.launch(package, f"killed-{number}")
        page = desk.open(url)
        course = _course(desk, page)
        course.evaluate("run()")
        _commits(course, 5 + 13 * number % 40)
        server.kill()
        _commits(course, course.evaluate("commits") + 20)
        page.wait_for_selector('html[data-save-state="offline"]', state="attached", timeout=RECOVERY_MS)
        server = serve(port=port)
        site = site_of(server)
        _commits(course, course.evaluate("commits") + 5)
        confirmed = _stop(page, course)
        assert _missing(site, session, confirmed) == {}
        numbers = [row["number"] for row in site.log(session) if row["kind"] == "commit"]
        assert sorted(numbers) == list(range(1, len(numbers) + 1))
        desk.leave(page, "navigate")
        assert _missing(site, session, confirmed) == {}


@pytest.fixture
def postgresql_database() -> Iterator[tuple[str, psycopg.Connection[Any]]]:
    """The URL of a database of its own, and a connection to another on the same server."""
    name = f"faults_{secrets.token_hex(4)}"
    try:
        connection = psycopg.connect(POSTGRESQL, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip("no PostgreSQL server")
    with connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield POSTGRESQL.rpartition("/")[0] + f"/{name}", connection
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


class Cutter(threading.Thread):
    """Lets the database end every connection to one of its databases, at random moments."""

    def __init__(self, connection: psycopg.Connection[Any], database: str) -> None:
        super().__init__()
        self._connection, self._database = connection, database
        self.ending = threading.Event()
        self.cut = 0

    def run(self) -> None:
        while not self.ending.wait(random.uniform(0.02, 0.4)):
            found = self._connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [self._database]
            )
            self.cut += len(found.fetchall())


@pytest.mark.postgresql
def test_a_database_that_cuts_its_connections_while_a_course_writes_loses_nothing(
    serve: Callable[..., Any], site_of: Any, desk: Any, postgresql_database: tuple[str, psycopg.Connection[Any]]
) -> None:
    url, connection = postgresql_database
    server = serve(database=url)
    site = site_of(server)
    package = site.course(COURSE)
    for number in range(ROUNDS):
        session, page, course = _write(site, desk, package, f"cut-{number}")
        cutter = Cutter(connection, url.rpartition("/")[2])
        cutter.start()
        try:
            _commits(course, course.evaluate("commits") + 60)
        finally:
            cutter.ending.set()
            cutter.join()
        assert cutter.cut > 0
        _commits(course, course.evaluate("commits") + 5)
        confirmed = _stop(page, course)
        assert server.process.poll() is None
        assert _missing(site, session, confirmed) == {}
        numbers = [row["number"] for row in site.log(session) if row["kind"] == "commit"]
        assert sorted(numbers) == list(range(1, len(numbers) + 1))
        desk.leave(page, "navigate")


def test_a_network_that_is_away_for_a_while_loses_nothing(site: Any, desk: Any, package: str) -> None:
    for _ in range(ROUNDS):
        session, page, course = _write(site, desk, package)
        desk.context.set_offline(True)
        page.wait_for_selector('html[data-save-state="offline"]', state="attached")
        course.wait_for_function("end => performance.now() > end", arg=course.evaluate(AWAY_UNTIL, AWAY_SECONDS))
        _commits(course, course.evaluate("commits") + 20)
        desk.context.set_offline(False)
        _commits(course, course.evaluate("commits") + 5)
        confirmed = _stop(page, course)
        assert _missing(site, session, confirmed) == {}
        desk.leave(page, "close")


def test_a_network_that_never_comes_back_loses_nothing_that_the_next_launch_does_not_bring(
    site: Any, desk: Any, package: str
) -> None:
    for number in range(ROUNDS):
        session, page, course = _write(site, desk, package)
        desk.context.set_offline(True)
        _commits(course, course.evaluate("commits") + 30)
        confirmed = course.evaluate("stop()")
        if number % 2:
            page.wait_for_selector('html[data-save-state="offline"]', state="attached")
        desk.leave(page, "close")
        desk.context.set_offline(False)
        assert _missing(site, session, confirmed) != {}
        page = desk.open(site.launch(package, session)[1])
        assert _missing(site, session, confirmed) == {}
        course = _course(desk, page)
        assert course.evaluate("sco.call('GetValue', 'cmi.location').value") == confirmed["cmi.location"]
        assert site.read(session)["attempt_number"] == 1
        desk.leave(page, "navigate")


@pytest.mark.parametrize("way", ["close", "navigate"])
def test_a_tab_that_is_closed_right_after_commit_has_sent_it(site: Any, desk: Any, package: str, way: str) -> None:
    for _ in range(ROUNDS):
        session, url = site.launch(package)
        page = desk.open(url)
        confirmed = _course(desk, page).evaluate("(write(), write(), stop())")
        desk.leave(page, way)
        site.until(session, lambda _, of=session, all_of=confirmed: _missing(site, of, all_of) == {})


def test_a_tab_that_is_killed_right_after_commit_is_recovered_by_the_next_launch(
    site: Any, desk: Any, package: str
) -> None:
    for _ in range(ROUNDS):
        session, url = site.launch(package)
        page = desk.open(url)
        confirmed = _course(desk, page).evaluate("(write(), write(), stop())")
        with page.expect_event("crash"), contextlib.suppress(Error):
            page.goto("chrome://crash")  # the tab's process itself; no handler runs
        page.close()
        page = desk.open(site.launch(package, session)[1])
        assert _missing(site, session, confirmed) == {}
        desk.leave(page, "close")


def _readable(log: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(name, value) for row in log for name, value in row["elements"]}


@pytest.mark.parametrize("again", ["new launch", "same launch"])
def test_of_two_windows_the_older_stops_and_says_so_and_what_it_sent_late_can_be_read(
    site: Any, desk: Any, package: str, again: str
) -> None:
    for _ in range(ROUNDS):
        session, url = site.launch(package)
        older = desk.open(url)
        course = _course(desk, older)
        course.evaluate("run()")
        _commits(course, 10)
        newer = desk.open(site.launch(package, session)[1] if again == "new launch" else url)
        newest = _course(desk, newer).evaluate("(write(), write(), stop())")
        # What the older window confirms until it knows; reading it stops with its course.
        older.bring_to_front()
        confirmed: dict[str, str] = {}
        with contextlib.suppress(Error):
            while older.get_attribute("html", "data-player-state") == "running":
                confirmed = course.evaluate("confirmed")
        older.wait_for_selector('html[data-player-state="superseded"]', state="attached")
        older.get_by_role("heading", name="Opened in another window").wait_for()
        assert older.locator("iframe").count() == 0
        _is_saved(newer)
        assert _missing(site, session, newest) == {}
        # What was waiting when the window stopped goes with one last request; what does not fit stays in the journal.
        newer.reload()
        newer.wait_for_selector('html[data-player-state="running"]', state="attached")
        written = {pair for pair in confirmed.items() if "interactions" in pair[0]}
        site.until(session, lambda _, of=session, all_of=written: all_of <= _readable(site.log(of)))
        rows = [row for row in site.log(session) if row["kind"] == "commit"]
        launches = list(dict.fromkeys(row["launch"] for row in rows))
        assert len(launches) == 2
        assert {row["status"] for row in rows if row["launch"] == launches[1]} == {"applied"}
        # What the newer window found in the shared journal when it started is applied; the rest came too late.
        assert {row["status"] for row in rows if row["launch"] == launches[0]} <= {"applied", "late"}
        desk.leave(older, "close")
        desk.leave(newer, "close")


def test_a_tab_with_more_to_say_than_fits_its_last_request_brings_the_rest_at_the_next_launch(
    site: Any, desk: Any, package: str
) -> None:
    for _ in range(ROUNDS):
        session, url = site.launch(package)
        page = desk.open(url)
        confirmed = _course(desk, page).evaluate("() => { for (let n = 0; n < 200; n++) write(); return stop() }")
        desk.leave(page, "close")
        site.until(session, lambda found: "cmi.interactions.9.id" in found["cmi_data"])
        page = desk.open(site.launch(package, session)[1])
        assert _missing(site, session, confirmed) == {}
        desk.leave(page, "close")


class Repeater:
    """A network that brings each commit three times, twice whenever chance wants it: before or after later ones."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._copies: list[str] = []
        self.sent: list[Request] = []
        self.acknowledged: list[int] = []
        """What each copy was answered."""

    def bring(self, route: Route) -> None:
        self.sent.append(route.request)
        late = [self._copy() for _ in range(min(len(self._copies), self._chance.randrange(5)))]
        turn = self._chance.randrange(len(late) + 1)
        for copy in late[:turn]:
            self._note(route.fetch(post_data=copy))
        answer = route.fetch()
        for copy in late[turn:]:
            self._note(route.fetch(post_data=copy))
        self._copies += [route.request.post_data or ""] * 2
        route.fulfill(response=answer)

    def bring_the_rest(self, page: Page) -> None:
        while self._copies:
            headers = self.sent[-1].headers
            self._note(page.request.post(self.sent[-1].url, data=self._copy(), headers=headers))

    def _copy(self) -> str:
        return self._copies.pop(self._chance.randrange(len(self._copies)))

    def _note(self, answer: APIResponse) -> None:
        assert answer.status == 200, answer.text()
        self.acknowledged.append(int(answer.json()["acknowledged"]))


def _interactions(data: dict[str, str]) -> set[str]:
    return {name for name in data if name.startswith("cmi.interactions.")}


def test_a_network_that_brings_every_commit_three_times_and_out_of_order_changes_nothing(
    site: Any, desk: Any, package: str
) -> None:
    for number in range(ROUNDS):
        session, url = site.launch(package)
        page = desk.open(url)
        course = _course(desk, page)
        network = Repeater(number)
        page.route("**/commit", network.bring)
        course.evaluate("run()")
        _commits(course, 40)
        confirmed = _stop(page, course)
        page.unroute("**/commit")
        network.bring_the_rest(page)
        assert len(network.acknowledged) == 2 * len(network.sent)
        # A commit of long ago is answered with what is acknowledged by now.
        assert network.acknowledged == sorted(network.acknowledged)
        rows = [row for row in site.log(session) if row["kind"] == "commit"]
        assert [(row["number"], row["status"]) for row in rows] == [(n + 1, "applied") for n in range(len(rows))]
        assert _missing(site, session, confirmed) == {}
        assert _interactions(site.read(session)["cmi_data"]) == _interactions(confirmed)
        desk.leave(page, "close")


@pytest.fixture
def own_site(start: Callable[..., Any], tmp_path: Path) -> Iterator[tuple[Any, httpx.Client]]:
    """``scorm-embed play``: the learner is known without a token, so the player's URL is clean."""
    course = tmp_path / "course.zip"
    course.write_bytes(ENDING_COURSE)
    command = [str(Path(sys.executable).with_name("scorm-embed")), "play", str(course), "--port", "{port}", "--no-open"]
    server = start(command, ready="/api/v1/health")
    with httpx.Client(base_url=server.url, timeout=60) as client:
        yield server, client


def test_a_reload_of_the_clean_url_in_the_middle_of_a_lesson_loses_nothing(
    own_site: tuple[Any, httpx.Client], desk: Any
) -> None:
    server, client = own_site
    page = desk.open(f"{server.url}/player/play")
    confirmed: dict[str, str] = {}
    for number in range(2 * ROUNDS):
        course = _course(desk, page)
        if number:
            end = course.evaluate("localStorage.getItem('end')")
            confirmed["cmi.location"] = end
            assert course.evaluate("sco.call('GetValue', 'cmi.location').value") == end
            assert course.evaluate("sco.call('GetValue', 'cmi.entry').value") == "resume"
            kept = client.get("/api/v1/sessions/play").json()["cmi_data"]
            assert {name: kept.get(name) for name in confirmed if not name.endswith("exit")} == confirmed
        confirmed |= course.evaluate("(write(), write(), confirmed)")
        page.reload()
        page.wait_for_selector('html[data-player-state="running"]', state="attached")
    desk.leave(page, "close")


@pytest.mark.parametrize(
    "blocked",
    ["get localStorage() { throw new DOMException('', 'SecurityError') }", "get localStorage() { return null }"],
)
def test_without_storage_everything_is_sent_and_a_network_that_comes_back_is_enough(
    site: Any, desk: Any, package: str, blocked: str
) -> None:
    desk.context.add_init_script(f"Object.defineProperties(window, Object.getOwnPropertyDescriptors({{ {blocked} }}))")
    for _ in range(ROUNDS):
        session, page, course = _write(site, desk, package)
        desk.context.set_offline(True)
        page.wait_for_selector('html[data-save-state="offline"]', state="attached")
        desk.context.set_offline(False)
        _commits(course, course.evaluate("commits") + 5)
        confirmed = _stop(page, course)
        assert _missing(site, session, confirmed) == {}
        confirmed = course.evaluate("(write(), confirmed)")
        desk.leave(page, "close")
        site.until(session, lambda _, of=session, all_of=confirmed: _missing(site, of, all_of) == {})
