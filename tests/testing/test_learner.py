"""A learner without a browser: what a host's tests can do with one, and what it refuses as a browser would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse
from starlette.routing import Mount, Route

from scorm_embed import HookEvent, Learner, ScormEmbed
from scorm_embed.core.sequencing.definition import ControlMode, SequencingDefinition
from scorm_embed.testing import FakeLearner, FrozenClock, Item, PlayerRefusedError, Score, course_12, course_2004
from scorm_embed.testing.package_builder import Defect, build_package
from scorm_embed.testing.playing import memory_scorm

Play = Callable[..., FakeLearner]
Factory = Callable[..., ScormEmbed]


# -- the content


def test_a_passed_lesson_is_shown_as_passed(scorm_play: Play) -> None:
    learner = scorm_play(course_12())
    sco = learner.sco
    sco.initialize()
    sco.set("cmi.core.lesson_status", "passed")
    sco.set("cmi.core.score.raw", 85)
    assert learner.session.success_status == "unknown"
    sco.terminate()
    assert (learner.session.success_status, learner.session.state) == ("passed", "passed")
    assert learner.session.score == Score(scaled=0.85, raw=85)


def test_a_refused_call_names_the_call_and_the_error(scorm_play: Play) -> None:
    sco = scorm_play(course_12()).sco
    with pytest.raises(
        AssertionError, match=r"LMSSetValue\('cmi.core.lesson_status', 'passed'\) failed with 301: Call L"
    ):
        sco.set("cmi.core.lesson_status", "passed")
    sco.initialize()
    with pytest.raises(AssertionError, match=r"LMSSetValue\('cmi.core.lesson_status', 'finished'\) failed with 405"):
        sco.set("cmi.core.lesson_status", "finished")
    assert sco.last_error == "405"
    assert sco.call("LMSSetValue", "cmi.core.student_id", "x") == ("false", "403")
    assert sco.get("cmi.core.student_id") == "ada"
    assert sco.last_error == "0"


def test_what_is_committed_is_saved_and_what_is_only_set_is_not(scorm_play: Play) -> None:
    learner = scorm_play(course_2004())
    learner.sco.initialize()
    learner.sco.set("cmi.location", "p1")
    learner.sco.commit()
    learner.sco.set("cmi.location", "p2")
    learner.crash()
    again = scorm_play(course_2004())
    again.sco.initialize()
    assert again.sco.get("cmi.location") == "p1"


def test_a_window_that_is_closed_keeps_what_was_set_and_the_place(scorm_play: Play) -> None:
    learner = scorm_play(course_12())
    learner.sco.initialize()
    learner.sco.set("cmi.core.lesson_location", "page 7")
    learner.sco.set("cmi.core.exit", "suspend")
    learner.close_window()
    assert learner.state == "closed"
    with pytest.raises(AssertionError, match="No content is on screen: the player is closed"):
        learner.sco.initialize()
    sco = scorm_play(course_12()).sco
    sco.initialize()
    assert (sco.get("cmi.core.entry"), sco.get("cmi.core.lesson_location")) == ("resume", "page 7")


def test_content_that_is_gone_cannot_call_any_more(scorm_play: Play) -> None:
    learner = scorm_play(course_12("one", "two"))
    first = learner.sco
    first.initialize()
    learner.click("continue")
    with pytest.raises(AssertionError, match="does not show 'one' any more"):
        first.set("cmi.core.lesson_status", "passed")


# -- the learner's controls


def test_buttons_and_menu_are_those_of_the_player(scorm_play: Play) -> None:
    learner = scorm_play(course_12("one", Item("two", hidden_controls=()), title="Ropes"))
    assert learner.buttons == ("continue", "suspend-all", "exit", "exit-all", "abandon", "abandon-all")
    assert [(entry.id, entry.level, entry.current) for entry in learner.menu.values()] == [
        ("course-organization", 1, False),
        ("one", 2, True),
        ("two", 2, False),
    ]
    learner.sco.initialize()
    learner.sco.set("cmi.core.lesson_status", "completed")
    learner.choose("two")
    assert (learner.activity_id, learner.menu["one"].status, learner.menu["two"].current) == ("two", "completed", True)
    learner.click("exit-all")
    assert (learner.state, learner.reason, learner.buttons) == ("ended", "exited", ())


def test_a_button_that_is_closed_unknown_or_not_there_fails_and_says_what_there_is(scorm_play: Play) -> None:
    learner = scorm_play(course_12("one", "two"))
    can = "The learner can use: continue, suspend-all, exit, exit-all, abandon, abandon-all."
    with pytest.raises(AssertionError) as closed:
        learner.click("previous")
    assert str(closed.value) == f"The button 'previous' cannot be used now (running). {can}"
    with pytest.raises(AssertionError) as unknown:
        learner.click("next")
    assert str(unknown.value) == f"There is no button 'next'. {can}"
    with pytest.raises(AssertionError, match="a course of one activity has none; its learner closes the window"):
        scorm_play(course_12("alone")).click("continue")


def test_an_entry_that_is_closed_says_what_comes_first(scorm_play: Play) -> None:
    learner = scorm_play(course_12("one", Item("two", prerequisites="one")))
    learner.sco.initialize()
    learner.sco.set("cmi.core.lesson_status", "incomplete")
    learner.sco.commit()
    with pytest.raises(AssertionError) as closed:
        learner.choose("two")
    assert str(closed.value) == ("'two' is closed (running). Complete first: one. Choosable: course-organization, one.")
    with pytest.raises(AssertionError, match="The menu has no entry 'three'"):
        learner.choose("three")
    with pytest.raises(AssertionError, match="a course of one activity has no menu"):
        scorm_play(course_12("alone")).choose("alone")


def test_a_button_that_content_hides_cannot_be_used(scorm_play: Play) -> None:
    learner = scorm_play(course_2004(Item("one", hidden_controls=("continue",)), "two"))
    assert "continue" not in learner.buttons


def test_content_can_ask_for_the_way_on(scorm_play: Play) -> None:
    learner = scorm_play(course_2004("one", "two"))
    sco = learner.sco
    sco.initialize()
    assert sco.get("adl.nav.request_valid.continue") == "true"
    assert sco.get("adl.nav.request_valid.choice.{target=two}") == "true"
    assert sco.get("adl.nav.request_valid.choice.{target=three}") == "false"
    sco.set("adl.nav.request", "continue")
    sco.terminate()
    assert learner.activity_id == "two"


def test_a_course_can_be_built_without_choice_and_flow(scorm_play: Play) -> None:
    flowing = scorm_play(course_2004("one", "two", choice=False))
    assert (flowing.activity_id, flowing.menu["two"].choosable) == ("one", False)
    chosen = scorm_play(course_2004("one", "two", flow=False, edition=3))
    chosen.choose("two")
    assert "continue" not in chosen.buttons
    forward = SequencingDefinition(control_mode=ControlMode(flow=True, forward_only=True))
    learner = scorm_play(course_2004("one", "two", sequencing=forward, title="Only forward"))
    learner.click("continue")
    assert "previous" not in learner.buttons
    with pytest.raises(ValueError, match="edition"):
        course_2004(edition=5)


def test_a_mastery_score_counts_for_items_that_say_none(scorm_play: Play) -> None:
    learner = scorm_play(course_12("one", Item("two", mastery_score=30), mastery_score=80))
    sco = learner.sco
    sco.initialize()
    assert sco.get("cmi.student_data.mastery_score") == "80"
    learner.choose("two")
    learner.sco.initialize()
    assert learner.sco.get("cmi.student_data.mastery_score") == "30"


# -- network, windows, time


def test_work_without_a_network_arrives_when_it_is_back(scorm_play: Play) -> None:
    learner = scorm_play(course_2004())
    learner.go_offline()
    sco = learner.sco
    sco.initialize()
    sco.set("cmi.completion_status", "completed")
    sco.terminate()
    assert learner.session.completion_status == "incomplete"
    learner.go_online()
    assert learner.session.completion_status == "completed"


def test_a_crashed_window_leaves_its_commits_to_the_next_one(scorm_factory: Factory, scorm_play: Play) -> None:
    scorm = scorm_factory()
    learner = scorm_play(course_2004(), scorm=scorm)
    learner.sco.initialize()
    learner.go_offline()
    learner.sco.set("cmi.location", "p9")
    learner.sco.commit()
    learner.crash()
    learner.go_online()
    package = scorm.sync.packages()["packages"][0]["id"]
    again = scorm.sync.launch(package, "ada", session_id=f"ada-{package}", base_url="http://testserver")
    learner.open(again["launch_url"])
    learner.sco.initialize()
    assert learner.sco.get("cmi.location") == "p9"


def test_the_older_of_two_windows_is_told_that_it_is_over(scorm_factory: Factory, scorm_play: Play) -> None:
    scorm = scorm_factory()
    older = scorm_play(course_2004(), scorm=scorm)
    older.sco.initialize()
    newer = scorm_play(course_2004(), scorm=scorm)
    older.sco.set("cmi.location", "p1")
    with pytest.raises(PlayerRefusedError, match="409 LAUNCH_SUPERSEDED") as refused:
        older.sco.commit()
    assert (refused.value.status, refused.value.code) == (409, "LAUNCH_SUPERSEDED")
    assert (older.state, newer.state) == ("superseded", "running")


def test_a_second_window_of_one_browser_takes_over_what_the_first_kept(
    scorm_factory: Factory, scorm_play: Play
) -> None:
    scorm = scorm_factory()
    first = scorm_play(course_2004(), scorm=scorm)
    package = scorm.sync.packages()["packages"][0]["id"]
    first.sco.initialize()
    first.go_offline()
    first.sco.set("cmi.location", "p3")
    first.sco.commit()
    launched = scorm.sync.launch(package, "ada", session_id=f"ada-{package}", base_url="http://testserver")
    second = first.new_window().open(launched["launch_url"])
    second.sco.initialize()
    assert second.sco.get("cmi.location") == "p3"


def test_time_passes_only_when_the_clock_is_moved(
    scorm_clock: FrozenClock, scorm_factory: Factory, scorm_play: Play
) -> None:
    scorm = scorm_factory()
    learner = scorm_play(course_12(), scorm=scorm)
    learner.sco.initialize()
    scorm_clock.move(minutes=12, seconds=5)
    learner.close_window()
    (session,) = scorm.sync.sessions()["sessions"]
    assert session["time_spent_seconds"] == 725
    assert session["launched_at"] == "2025-01-15T10:00:00.000Z"
    assert session["updated_at"] == "2025-01-15T10:12:05.000Z"


def test_a_launch_that_nobody_renews_expires(
    scorm_clock: FrozenClock, scorm_factory: Factory, scorm_play: Play
) -> None:
    scorm = scorm_factory(launch_ttl_seconds=600)
    learner = scorm_play(course_12(), scorm=scorm)
    learner.sco.initialize()
    scorm_clock.move(seconds=601)
    learner.sco.set("cmi.core.lesson_location", "p1")
    with pytest.raises(PlayerRefusedError, match="401 EXPIRED_TOKEN"):
        learner.sco.commit()
    assert (learner.state, learner.reason) == ("error", "EXPIRED_TOKEN")


def test_a_hook_that_fails_fails_the_test_and_loses_nothing(scorm_factory: Factory, scorm_play: Play) -> None:
    scorm = scorm_factory()
    fails = [True]

    @scorm.on("passed", transaction=True)
    async def write_grade(event: HookEvent) -> None:
        if fails:
            raise RuntimeError("no room in the grade book")

    learner = scorm_play(course_12(), scorm=scorm)
    sco = learner.sco
    sco.initialize()
    sco.set("cmi.core.lesson_status", "passed")
    with pytest.raises(PlayerRefusedError, match="500 INTERNAL_ERROR"):
        sco.terminate()
    assert scorm.sync.sessions()["sessions"][0]["success_status"] == "unknown"
    fails.clear()
    learner.go_online()
    assert scorm.sync.sessions()["sessions"][0]["success_status"] == "passed"


def test_a_course_whose_page_is_not_there_does_not_play(scorm_play: Play) -> None:
    course = build_package(items=[Item("gone"), Item("here")], defects=[Defect.MISSING_LAUNCH_FILE])
    with pytest.raises(PlayerRefusedError, match="The page of the activity 'gone' does not load: 404 NOT_FOUND"):
        scorm_play(course)


# -- hosts


def site(scorm_factory: Factory, **options: Any) -> tuple[Starlette, str]:
    """A host with a login; gives its app and a package."""

    def current_learner(connection: Any) -> Learner | None:
        name = connection.session.get("user")
        return Learner(name, name.title()) if name else None

    scorm = scorm_factory(learner=current_learner, **options)
    package = str(scorm.sync.import_package(course_12())["id"])

    async def login(request: Request) -> PlainTextResponse:
        form = (await request.body()).decode()
        request.session["user"] = form.partition("=")[2]
        return PlainTextResponse("hello")

    async def course(request: Request) -> HTMLResponse | RedirectResponse:
        user = request.session.get("user")
        if user is None:
            return RedirectResponse("/closed")
        launch = await scorm.launch(package, user, session_id=f"{user}-1", request=request)
        if "direct" in request.query_params:
            return RedirectResponse(launch["player_url"])
        return HTMLResponse(f'<h1>Course</h1><iframe src="{launch["player_url"]}"></iframe>')

    async def closed(request: Request) -> HTMLResponse:
        return HTMLResponse("<title>Please sign in</title>", 401)

    routes = [Route("/login", login, methods=["POST"]), Route("/course", course), Route("/closed", closed)]
    middleware = [Middleware(SessionMiddleware, secret_key="host secret")]
    return Starlette(routes=[*routes, Mount("/scorm", scorm)], middleware=middleware), package


@pytest.mark.parametrize("path", ["/course", "/course?direct=1"])
def test_the_hosts_own_page_leads_to_the_player(scorm_factory: Factory, scorm_learner: Any, path: str) -> None:
    app, _ = site(scorm_factory)
    learner = scorm_learner(app)
    assert learner.post("/login", {"user": "ada"}).text == "hello"
    learner.open(path)
    learner.sco.initialize()
    assert learner.sco.get("cmi.core.student_name") == "Ada"


def test_a_stranger_and_another_user_are_refused_by_code(scorm_factory: Factory, scorm_learner: Any) -> None:
    app, _ = site(scorm_factory)
    ada, eve = scorm_learner(app), scorm_learner(app)
    ada.post("/login", {"user": "ada"})
    ada.open("/course")
    with pytest.raises(PlayerRefusedError, match="/scorm/player/ada-1 opens no player: 401 UNAUTHORIZED"):
        eve.open("/scorm/player/ada-1")
    with pytest.raises(PlayerRefusedError, match="/course opens no player: 401 Please sign in"):
        eve.open("/course")
    eve.post("/login", {"user": "eve"})
    with pytest.raises(PlayerRefusedError) as refused:
        eve.open("/scorm/player/ada-1")
    assert (refused.value.status, refused.value.code) == (404, "SESSION_NOT_FOUND")


def test_a_page_without_a_player_is_said_to_have_none(scorm_factory: Factory, scorm_learner: Any) -> None:
    app, _ = site(scorm_factory)
    app.routes.append(Route("/plain", lambda request: HTMLResponse("<p>nothing</p>")))
    with pytest.raises(PlayerRefusedError, match="/plain opens no player: 200 The page holds no player"):
        scorm_learner(app).open("/plain")


def test_an_app_is_started_and_stopped() -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "lifespan"
        for what in ("startup", "shutdown"):
            assert (await receive())["type"] == f"lifespan.{what}"
            seen.append(what)
            await send({"type": f"lifespan.{what}.complete"})

    with FakeLearner(app):
        assert seen == ["startup"]
    assert seen == ["startup", "shutdown"]


def test_an_app_whose_startup_fails_says_so() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    with pytest.raises(AssertionError, match="startup failed: no database"):
        FakeLearner(app)


def test_what_is_no_host_is_refused() -> None:
    with pytest.raises(TypeError, match="AsyncClient is an asynchronous client: give the app"):
        FakeLearner(httpx.AsyncClient())
    with pytest.raises(TypeError, match="str is no test client and no ASGI or WSGI app"):
        FakeLearner("http://host")


def test_items_keep_what_they_say_themselves() -> None:
    item = Item("one", mastery_score=10)
    assert course_12(item, mastery_score=90) == course_12(replace(item, mastery_score=10))


@pytest.mark.anyio
async def test_it_can_be_asked_from_a_test_that_runs_on_a_loop() -> None:
    with FakeLearner(memory_scorm()) as learner, pytest.raises(PlayerRefusedError, match="401"):
        learner.open("/player/none")


@pytest.mark.parametrize("course", [course_12, course_2004])
@pytest.mark.parametrize(
    ("status", "completion", "success"),
    [
        ("completed", "completed", "unknown"),
        ("incomplete", "incomplete", "unknown"),
        ("passed", "completed", "passed"),
        ("failed", "completed", "failed"),
    ],
)
def test_a_whole_visit_is_reported_in_the_words_of_the_standard(
    scorm_play: Play, course: Callable[..., bytes], status: str, completion: str, success: str
) -> None:
    learner = scorm_play(course())
    learner.sco.finish(status, score=0.5)
    session = learner.session
    assert (session.completion_status, session.success_status) == (completion, success)
    assert session.score is not None
    assert session.score.scaled == 0.5
    with pytest.raises(ValueError, match="status must be one of"):
        scorm_play(course()).sco.finish("done")
