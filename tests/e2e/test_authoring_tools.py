"""Pages that speak to the player as the courses of authoring tools do: nothing is lost, time counts, resume is right.

The pages are in ``tools``, each with the habits of one tool and ``window.tool`` for the learner. A call that the player
refuses makes most of them call ``alert``, as the real ones do; no test lets that happen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Frame, Page

from scorm_embed.core.standard import Standard
from scorm_embed.testing.package_builder import Item, build_package

TOOLS = Path(__file__).with_name("tools")
OLD, NEW = Standard.SCORM_12, Standard.SCORM_2004_3RD
# Chromium shows no alert of a page that goes away, so each one is kept where the next page can read it.
ALERT = "window.alert = (text) => localStorage.setItem(`alert ${performance.timeOrigin + performance.now()}`, text)"

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Tool:
    """What is different about one tool."""

    standard: Standard
    seconds: float
    """Session time that it reports on each visit."""
    state: str
    """What it keeps in suspend_data on slide ``{}``."""
    more: tuple[str, ...] = ()
    """Further pages."""
    parameters: str | None = None
    page: str | None = None


RESUMING = {
    "storyline": Tool(NEW, 150.5, "|{}", ("storyline_lms.html",)),
    "rise": Tool(OLD, 75, '{{"v":2,"d":"' + "abcdé" * 2000 + '","at":"{}"}}'),
    "captivate": Tool(OLD, 42.5, "A1Enone%24cp{}"),
    "ispring": Tool(NEW, 61, "slides:{}"),
    "lectora": Tool(OLD, 120, "seen {}", ("lectora_page.html",)),
    "exelearning": Tool(OLD, 200, "exe:{}"),
    "golf": Tool(NEW, 20, "at {}"),
    "handlers on top for unload": Tool(OLD, 11, "left at {}", page="top_handlers"),
    "handlers on top for pagehide": Tool(OLD, 11, "left at {}", page="top_handlers", parameters="?pagehide"),
}


@pytest.fixture
def desk(desk: Any, site: Any) -> Iterator[Any]:
    """A browser that keeps the alerts of pages that go away."""
    desk.context.add_init_script(ALERT)
    yield desk
    page = desk.context.new_page()
    page.goto(f"{site.server.url}/api/v1/health")
    kept = page.evaluate("Object.entries(localStorage)")
    assert [value for name, value in kept if name.startswith("alert")] == []


def _course(site: Any, name: str, tool: Tool) -> str:
    def text(page: str) -> str:
        return (TOOLS / page).read_text(encoding="utf-8")

    item = Item("lesson", html=text(f"{tool.page or name}.html"), parameters=tool.parameters)
    return str(site.course(build_package(tool.standard, [item], files={page: text(page) for page in tool.more})))


def _visit(desk: Any, url: str) -> tuple[Page, Frame]:
    page = desk.open(url)
    return page, desk.content(page, "window.ready === true")


@pytest.mark.parametrize("name", RESUMING)
def test_what_the_learner_did_is_there_after_leaving_and_the_course_resumes(site: Any, desk: Any, name: str) -> None:
    tool = RESUMING[name]
    package = _course(site, name, tool)
    session, url = site.launch(package)
    slides, expected = [], ["ab-initio", "", ""]
    for visit, way in enumerate(("close", "navigate", "close"), start=1):
        page, course = _visit(desk, url)
        assert course.evaluate("[tool.entry, tool.location, tool.state]") == expected
        slides.append(f"p{visit}")
        course.evaluate("name => tool.slide(name)", slides[-1])
        if name == "lectora":
            course.wait_for_function("tool.pages === 1")
        desk.leave(page, way)
        state = tool.state.format("|".join(slides) if name == "storyline" else slides[-1])
        found = site.until(
            session,
            lambda found, state=state, visit=visit: (
                found["cmi_data"].get("cmi.suspend_data") == state
                and found["time_spent_seconds"] == visit * tool.seconds
            ),
        )
        assert (found["completion_status"], found["state"]) == ("incomplete", "incomplete")
        assert (found["attempts"], found["attempt_number"]) == (visit, 1)
        expected = ["resume", slides[-1], state]
        url = site.launch(package, session)[1]
    refused = [entry for row in site.log(session) for entry in row["refused"]]
    assert refused == []


def test_too_long_suspend_data_is_kept_and_noted(site: Any, desk: Any) -> None:
    package = _course(site, "rise", RESUMING["rise"])
    session, url = site.launch(package)
    page, course = _visit(desk, url)
    course.evaluate("tool.slide('p1')")
    site.until(session, lambda found: len(found["cmi_data"].get("cmi.suspend_data", "")) > 10_000)
    tolerated = [entry[:2] for row in site.log(session) for entry in row["tolerated"]]
    assert tolerated == [["cmi.suspend_data", "text-length"]]
    desk.leave(page, "close")


@pytest.mark.parametrize("end", ["tool.bye()", "tool.finish()"])
def test_a_course_that_asks_to_be_taken_away_is(site: Any, desk: Any, end: str) -> None:
    package = _course(site, "golf", RESUMING["golf"])
    session, url = site.launch(package)
    page, course = _visit(desk, url)
    course.evaluate("tool.slide('p5')")
    course.evaluate(end)
    reason = "suspended" if "bye" in end else "completed"
    page.wait_for_selector(f'html[data-player-state="ended"][data-player-reason="{reason}"]', state="attached")
    found = site.read(session)
    assert found["completion_status"] == ("incomplete" if "bye" in end else "completed")
    assert found["time_spent_seconds"] == 20
    assert found["cmi_data"]["cmi.location"] == "p5"
    desk.leave(page, "navigate")
    page, course = _visit(desk, site.launch(package, session)[1])
    assert course.evaluate("[tool.entry, tool.location]") == (["resume", "p5"] if "bye" in end else ["ab-initio", ""])
    assert site.read(session)["completion_status"] == ("incomplete" if "bye" in end else "completed")
    desk.leave(page, "close")
    site.until(session, lambda found: found["time_spent_seconds"] == 40)


def test_a_course_that_asks_for_exit_all_when_it_is_completed_has_ended(site: Any, desk: Any) -> None:
    package = _course(site, "ispring", RESUMING["ispring"])
    session, url = site.launch(package)
    page, course = _visit(desk, url)
    course.evaluate("tool.complete()")
    course.evaluate("tool.end()")
    page.wait_for_selector('html[data-player-state="ended"][data-player-reason="completed"]', state="attached")
    found = site.read(session)
    assert (found["completion_status"], found["success_status"], found["score"]["scaled"]) == (
        "completed",
        "passed",
        0.9,
    )
    assert found["time_spent_seconds"] == 61
    desk.leave(page, "close")


@pytest.mark.parametrize("way", ["close", "navigate"])
def test_a_result_that_is_followed_by_terminate_in_unload_only_ends_the_course(site: Any, desk: Any, way: str) -> None:
    package = _course(site, "h5p", Tool(NEW, 33.33, ""))
    session, url = site.launch(package)
    page, course = _visit(desk, url)
    course.evaluate("tool.complete()")
    desk.leave(page, way)
    found = site.until(session, lambda found: found["time_spent_seconds"] == 33.33)
    assert (found["completion_status"], found["success_status"]) == ("completed", "passed")
    assert found["score"] == {"scaled": 0.7, "raw": 7, "max": 10, "min": 0}
    page, course = _visit(desk, site.launch(package, session)[1])
    assert course.evaluate("tool.entry") == "ab-initio"
    desk.leave(page, "close")
    found = site.until(session, lambda found: found["time_spent_seconds"] > 33.33)
    assert (found["completion_status"], found["success_status"], found["attempt_number"]) == ("completed", "passed", 2)


@pytest.mark.parametrize("name", ["lectora", "top_handlers"])
def test_a_course_that_closes_the_top_window_has_left(site: Any, desk: Any, name: str) -> None:
    tool = RESUMING[name] if name in RESUMING else RESUMING["handlers on top for unload"]
    package = _course(site, name, tool)
    session, url = site.launch(package)
    page, course = _visit(desk, url)
    course.evaluate("tool.slide('p1')")
    if name == "lectora":
        course.wait_for_function("tool.pages === 1")
    course.evaluate("tool.exit()")
    page.wait_for_selector('html[data-player-state="ended"]', state="attached")
    found = site.until(session, lambda found: found["time_spent_seconds"] == tool.seconds)
    assert found["completion_status"] == ("completed" if name == "lectora" else "incomplete")
    assert found["cmi_data"]["cmi.core.lesson_location"] == "p1"
    desk.leave(page, "close")


RAW = "(calls) => calls.map(([method, ...given]) => Object.values(sco.call(method, ...given)))"


def _say(frame: Frame, *calls: tuple[str, ...]) -> list[list[str]]:
    """Make raw calls; gives value and error code of each."""
    return list(frame.evaluate(RAW, [list(call) for call in calls]))


def _raw(site: Any, desk: Any, standard: Standard, session: str | None = None, package: str = "") -> Any:
    package = package or site.course(build_package(standard))
    session, url = site.launch(package, session)
    page = desk.open(url)
    return session, page, desk.content(page, "document.documentElement.dataset.sco === 'ready'"), package


OK = ["true", "0"]


@pytest.mark.parametrize("standard", [OLD, NEW])
def test_a_course_may_initialise_again_after_it_has_finished(site: Any, desk: Any, standard: Standard) -> None:
    location, time = (
        ("cmi.core.lesson_location", "cmi.core.session_time")
        if standard is OLD
        else ("cmi.location", "cmi.session_time")
    )
    spans = ("00:00:10", "00:00:05") if standard is OLD else ("PT10S", "PT5S")
    session, page, course, _ = _raw(site, desk, standard)
    for place, span in zip("ab", spans, strict=True):
        said = _say(
            course,
            ("Initialize", ""),
            ("SetValue", location, place),
            ("SetValue", time, span),
            ("Commit", ""),
            ("Terminate", ""),
        )
        assert said == [OK] * 5
    desk.saved(page)
    found = site.read(session)
    assert found["cmi_data"][location] == "b"
    assert found["time_spent_seconds"] == 15
    tolerated = [entry[:2] for row in site.log(session) for entry in row["tolerated"]]
    assert tolerated == [["LMSInitialize" if standard is OLD else "Initialize", "initialize-again"]]
    desk.leave(page, "close")


def test_what_the_standard_forbids_is_refused_with_its_code_and_the_course_goes_on(site: Any, desk: Any) -> None:
    session, page, course, package = _raw(site, desk, OLD)
    said = _say(
        course,
        ("Initialize", ""),
        ("SetValue", "cmi.core.lesson_status", "incomplete"),
        ("SetValue", "cmi.core.lesson_status", "unknown"),
        ("SetValue", "cmi.core.score.scaled", "0.5"),
        ("SetValue", "cmi.core.lesson_location", "p2"),
        ("Commit", ""),
    )
    assert said == [OK, OK, ["false", "405"], ["false", "401"], OK, OK]
    desk.leave(page, "close")
    found = site.until(session, lambda found: "cmi.core.lesson_location" in found["cmi_data"])
    assert found["cmi_data"]["cmi.core.lesson_status"] == "incomplete"
    assert "cmi.core.score.scaled" not in found["cmi_data"]
    session, page, course, _ = _raw(site, desk, OLD, session, package)
    assert _say(course, ("Initialize", ""), ("GetValue", "cmi.core.lesson_location")) == [OK, ["p2", "0"]]
    desk.leave(page, "close")


@pytest.mark.parametrize(
    ("written", "seconds"), [("PT1H2M3S", 3723), ("00:01:02,5", 62.5), ("0:1:2", 62), ("12:34:56.789", 45296.78)]
)
def test_session_times_in_other_forms_count_in_scorm_12(site: Any, desk: Any, written: str, seconds: float) -> None:
    session, page, course, package = _raw(site, desk, OLD)
    said = _say(
        course,
        ("Initialize", ""),
        ("SetValue", "cmi.core.session_time", written),
        ("SetValue", "cmi.core.exit", "suspend"),
        ("Terminate", ""),
    )
    assert said == [OK] * 4
    desk.leave(page, "close")
    found = site.until(session, lambda found: found["time_spent_seconds"] > 0)
    assert found["time_spent_seconds"] == pytest.approx(seconds, abs=0.011)
    session, page, course, _ = _raw(site, desk, OLD, session, package)
    total = _say(course, ("Initialize", ""), ("GetValue", "cmi.core.total_time"))[1][0]
    hours, minutes, rest = total.split(":")
    assert int(hours) * 3600 + int(minutes) * 60 + float(rest) == pytest.approx(seconds, abs=0.011)
    desk.leave(page, "close")


def test_timestamps_as_browsers_write_them_are_kept(site: Any, desk: Any) -> None:
    session, page, course, _ = _raw(site, desk, NEW)
    said = _say(
        course,
        ("Initialize", ""),
        ("SetValue", "cmi.interactions.0.id", "q1"),
        ("SetValue", "cmi.interactions.0.type", "true-false"),
        ("SetValue", "cmi.interactions.0.timestamp", "2025-01-15T10:15:30.123Z"),
        ("SetValue", "cmi.interactions.0.learner_response", "true"),
        ("SetValue", "cmi.interactions.0.result", "correct"),
        ("Commit", ""),
    )
    assert said == [OK] * 7
    desk.leave(page, "close")
    site.until(session, lambda found: found["cmi_data"].get("cmi.interactions.0.result") == "correct")
    [interaction] = site.read(session, "/interactions")["interactions"]
    assert interaction["timestamp"] == "2025-01-15T10:15:30.123Z"
    assert (interaction["id"], interaction["learner_response"]) == ("q1", "true")


def test_incomplete_on_every_launch_takes_nothing_away(site: Any, desk: Any) -> None:
    session, page, course, package = _raw(site, desk, OLD)
    said = _say(
        course,
        ("Initialize", ""),
        ("SetValue", "cmi.core.score.raw", "90"),
        ("SetValue", "cmi.core.lesson_status", "passed"),
        ("Terminate", ""),
    )
    assert said == [OK] * 4
    desk.leave(page, "close")
    site.until(session, lambda found: found["state"] == "passed")
    session, page, course, _ = _raw(site, desk, OLD, session, package)
    assert (
        _say(course, ("Initialize", ""), ("SetValue", "cmi.core.lesson_status", "incomplete"), ("Commit", ""))
        == [OK] * 3
    )
    desk.leave(page, "close")
    found = site.until(session, lambda found: found["cmi_data"]["cmi.core.lesson_status"] == "incomplete")
    assert (found["completion_status"], found["success_status"], found["state"]) == ("completed", "passed", "passed")
    assert found["score"]["raw"] == 90


@pytest.mark.parametrize("standard", [OLD, NEW])
def test_the_api_is_one_level_up_even_within_a_page_of_the_host(site: Any, desk: Any, standard: Standard) -> None:
    find = """<script>
      var found = null, levels = 0;
      for (var at = window; levels <= 7; levels++, at = at.parent) {
        found = at.API_1484_11 || at.API || null;
        if (found || at.parent === at) break;
      }
    </script>"""
    package = site.course(build_package(standard, [Item("lesson", html=f"<!doctype html>{find}")]))
    _, url = site.launch(package)
    page = desk.context.new_page()
    host = f"{site.server.url}/host-page"
    page.route(host, lambda route: route.fulfill(content_type="text/html", body=f"<iframe src='{url}'></iframe>"))
    page.goto(host)
    handle = page.wait_for_selector("iframe")
    assert handle is not None
    player = handle.content_frame()
    assert player is not None
    course = desk.content(player)
    assert course.evaluate("[found !== null, levels]") == [True, 1]
    page.close()
