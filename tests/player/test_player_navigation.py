"""The states of the page, the learner's buttons, and requests of the course itself."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

ALL = ["previous", "continue", "suspend-all", "exit", "exit-all", "abandon", "abandon-all"]


@pytest.fixture
def course(wire, make_node, make_navigation):
    """Three activities, of which the second is shown."""
    wire.tree = make_node("org", "A course", *(make_node(f"item_{n}", f"Part {n}") for n in (1, 2, 3)))
    wire.first = "item_2"
    wire.navigation = make_navigation(valid=[*ALL, "choice"])
    return wire


def navigates(wire, **views):
    """Answer the learner's requests with views by name."""
    wire.on_commit = lambda body: views[body["navigate"]["request"].replace("-", "_")]() if body["navigate"] else None


def test_a_single_activity_has_nothing_around_it_but_the_bar(wire, player):
    player.open()
    assert player.html("activity-id") == "item_1"
    assert player.page.locator('[role="tree"]').is_visible() is False
    assert [player.nav(name).is_visible() for name in ALL] == [False] * 7
    player.page.get_by_role("button", name="Full screen").wait_for()
    bar, box = player.page.locator("#bar").bounding_box(), player.page.locator("iframe").bounding_box()
    assert bar["height"] <= 48
    assert box == {"x": 0, "y": bar["height"], "width": 1200, "height": 800 - bar["height"]}
    loaded = player.page.evaluate(
        "performance.getEntriesByType('resource').map((entry) => entry.name.split('/').pop())"
    )
    assert not {"menu.js", "navigation.js"} & set(loaded)


def test_several_activities_have_their_controls_in_plain_view(course, player):
    player.open()
    for name, label in [
        ("previous", "Previous"),
        ("continue", "Continue"),
        ("suspend-all", "Suspend"),
        ("exit-all", "Exit all"),
    ]:
        button = player.page.get_by_role("button", name=label, exact=True)
        assert button.get_attribute("data-nav") == name
        assert button.is_visible()
        assert button.is_enabled()
    assert player.nav("abandon").is_visible() is False
    player.page.get_by_role("button", name="More").click()
    for name, label in [("exit", "Exit"), ("abandon", "Abandon"), ("abandon-all", "Abandon all")]:
        assert player.page.get_by_role("button", name=label, exact=True).get_attribute("data-nav") == name
        assert player.nav(name).is_visible()
    assert player.errors == []


def test_hidden_controls_are_hidden_and_invalid_ones_disabled(course, player, make_navigation):
    course.hidden = ["continue", "exit", "abandon", "abandon-all"]
    course.navigation = make_navigation(valid=["continue", "exit-all"])
    player.open()
    assert [player.nav(name).get_attribute("hidden") is not None for name in ALL] == [
        False, True, False, True, False, True, True,
    ]  # fmt: skip
    assert [player.nav(name).is_disabled() for name in ALL] == [True, False, True, True, False, True, True]


def test_what_can_be_done_follows_each_answer(course, player, make_navigation):
    player.open()
    course.current["navigation"] = make_navigation(
        valid=["previous"], current="item_2", closed={"item_3": {"code": "x"}}
    )
    player.sco("sco.begin(); sco.commit()", "item_2")
    player.page.wait_for_selector('button[data-nav="continue"]:disabled')
    assert player.nav("previous").is_enabled()
    assert player.entry("item_3").get_attribute("aria-disabled") == "true"


def test_the_course_is_told_what_the_server_said_last(course, player, make_navigation):
    course.navigation = make_navigation(valid=["continue"], closed={"item_3": {"code": "x"}}, jump=["item_3"])
    player.open()
    names = ["continue", "previous", "choice.{target=item_1}", "choice.{target=item_3}", "choice.{target=item_9}",
             "jump.{target=item_3}", "jump.{target=item_1}"]  # fmt: skip
    asked = f"sco.begin(); {names}.map((name) => sco.get('adl.nav.request_valid.' + name))"
    assert player.sco(asked, "item_2") == ["true", "false", "true", "false", "false", "true", "false"]
    course.current["navigation"] = make_navigation(valid=["previous"], current="item_2")
    player.sco("sco.commit()", "item_2")
    player.page.wait_for_selector('button[data-nav="previous"]:enabled')
    assert player.sco(f"{names}.slice(0, 2).map((name) => sco.get('adl.nav.request_valid.' + name))", "item_2") == [
        "false",
        "true",
    ]


def test_the_learners_request_carries_the_last_words_of_the_content(course, player):
    course.scripts["item_2"] = (
        "onunload = function () { sco.set('adl.nav.request', 'exitAll'); sco.set('cmi.location', 'last'); sco.end() }"
    )
    navigates(course, **{"continue": lambda: course.deliver("item_3")})
    player.open()
    player.sco("sco.begin()", "item_2")
    player.wait(save="saved")
    player.nav("continue").click()
    player.wait(state="running", activity="item_3")
    [body] = [body for body in course.requests if body["navigate"]]
    assert body["navigate"] == {"request": "continue", "target": None}
    assert body["view"] == 1
    assert body["commits"][-1]["terminated"] is True
    assert dict(body["commits"][-1]["elements"]) == {"adl.nav.request": "exitAll", "cmi.location": "last"}
    assert player.html("activity-id") == "item_3"


def test_a_course_that_finishes_in_beforeunload_is_served_by_the_buttons_too(course, player):
    course.scripts["item_2"] = (
        "onbeforeunload = function () { sco.set('cmi.location', 'last'); sco.end(); return 'Stay?' }"
    )
    navigates(course, **{"continue": lambda: course.deliver("item_3")})
    player.open()
    player.sco("sco.begin()", "item_2")
    player.nav("continue").click()
    player.wait(state="running", activity="item_3")
    assert course.elements == {"cmi.location": "last"}


def test_every_control_sends_its_own_request(course, player):
    for number, name in enumerate(ALL):
        navigates(course, **{name.replace("-", "_"): lambda: course.deliver("item_2")})
        player.open()
        if not player.nav(name).is_visible():
            player.page.locator("#more").click()
        player.nav(name).click()
        course.until(lambda number=number: len([body for body in course.requests if body["navigate"]]) == number + 1)
        assert course.requests[-1]["navigate"] == {"request": name, "target": None}
        player.wait(state="running")


def test_nothing_can_be_chosen_while_the_server_is_asked(course, player):
    course.faults = ["hold"]
    player.open()
    player.nav("continue").click()
    player.wait(state="loading")
    assert player.html("activity-id") is None
    assert [player.nav(name).is_disabled() for name in ALL] == [True] * 7
    assert player.page.locator("iframe").count() == 0
    player.entry("item_3").click()
    course.until(lambda: course.requests)
    navigates(course, **{"continue": lambda: course.deliver("item_3")})
    course.release()
    player.wait(state="running", activity="item_3")
    assert {body["navigate"]["request"] for body in course.requests} == {"continue"}


def test_a_request_without_network_waits_and_loses_nothing(course, player):
    navigates(course, **{"continue": lambda: course.deliver("item_3")})
    player.open()
    player.sco("typeof sco", "item_2")
    player.page.context.set_offline(True)
    player.sco("sco.begin(); sco.set('cmi.location', 'p3')", "item_2")
    player.nav("continue").click()
    player.page.get_by_role("heading", name="No connection").wait_for()
    assert player.html("save-state") == "offline"
    assert len(player.stored()) == 2
    player.page.context.set_offline(False)
    player.wait(state="running", activity="item_3", save="saved")
    assert course.elements == {"cmi.location": "p3"}


def test_the_learner_can_try_again(course, player):
    course.faults = [(503, "STORAGE_UNAVAILABLE")] * 3
    navigates(course, **{"continue": lambda: course.deliver("item_3")})
    player.open()
    player.nav("continue").click()
    player.page.get_by_role("button", name="Try again").click()
    player.wait(state="running", activity="item_3")


def test_the_course_may_ask_to_go_on_itself(course, player):
    course.on_commit = lambda body: course.deliver("item_3") if any(c["terminated"] for c in body["commits"]) else None
    player.open()
    player.sco("sco.begin(); sco.set('adl.nav.request', 'continue'); sco.end()", "item_2")
    player.wait(state="running", activity="item_3")
    assert player.page.locator("iframe").count() == 1


def test_content_stays_after_terminate_without_a_request(course, player):
    player.open()
    player.sco("sco.begin(); sco.end()", "item_2")
    player.wait(save="saved", state="running", activity="item_2")
    assert player.page.locator("iframe").count() == 1
    assert player.nav("continue").is_enabled()


def test_a_view_of_the_course_makes_the_learners_request_void(course, player):
    course.faults = ["hold"]
    player.open()
    player.sco("sco.begin(); sco.set('adl.nav.request', 'continue'); sco.end()", "item_2")
    course.until(lambda: course.requests)
    player.nav("previous").click()
    course.on_commit = lambda body: course.deliver("item_3") if course.number == 1 else None
    course.release()
    player.wait(state="running", activity="item_3", save="saved")
    assert [body["navigate"] for body in course.requests] == [None]


def test_what_arises_while_content_is_replaced_belongs_to_the_view_before(course, player):
    course.scripts["item_2"] = "onunload = function () { sco.set('cmi.location', 'last'); sco.end() }"
    course.on_commit = lambda body: course.deliver("item_3") if body["view"] == 1 and course.number == 1 else None
    player.open()
    player.sco("sco.begin(); sco.set('adl.nav.request', 'continue'); sco.commit()", "item_2")
    player.wait(activity="item_3")
    course.until(lambda: course.elements.get("cmi.location") == "last")
    last = course.commits[-1]
    assert (last["view"], last["activity"], last["terminated"]) == (1, "item_2", True)


def test_histories_do_not_grow_with_the_course(course, player):
    navigates(course, **{"continue": lambda: course.deliver("item_3"), "previous": lambda: course.deliver("item_2")})
    player.open()
    before = player.page.evaluate("history.length")
    player.nav("continue").click()
    player.wait(activity="item_3")
    player.nav("previous").click()
    player.wait(activity="item_2")
    player.sco("1", "item_2")
    assert player.page.evaluate("history.length") == before


def test_the_learner_is_put_into_the_new_content(course, player):
    navigates(course, **{"continue": lambda: course.deliver("item_3")})
    player.open()
    player.nav("continue").click()
    player.wait(activity="item_3")
    assert player.page.evaluate("document.activeElement.name") == "scorm-content"
    assert player.page.locator("iframe").get_attribute("title") == "Title of item_3"


def test_choosing_shows_the_menu_and_nothing_else(course, player):
    course.first = None
    player.open(state="choosing")
    assert player.html("activity-id") is None
    assert player.page.locator("iframe").count() == 0
    assert player.page.get_by_role("heading", name="Choose where to go on").is_visible()
    navigates(course, choice=lambda: course.deliver("item_3"))
    player.entry("item_3").click()
    player.wait(state="running", activity="item_3")
    assert course.requests[-1]["navigate"] == {"request": "choice", "target": "item_3"}


def test_a_request_that_led_nowhere_says_so(course, player):
    problem = {"code": "SB.2.9-3", "message": "not possible"}
    navigates(course, **{"continue": lambda: course.deliver("item_2", problem=problem)})
    player.open()
    player.nav("continue").click()
    player.page.get_by_text("That is not possible right now.").wait_for()
    player.wait(state="running", activity="item_2")


def test_a_request_that_led_nowhere_says_what_to_do_first(course, player, make_navigation):
    course.navigation |= {"reasons": {"continue": {"code": "stopped", "activities": ["item_1", "item_2"]}}}
    problem = {"code": "SB.2.4-1", "message": "not possible"}
    navigates(course, **{"continue": lambda: course.deliver("item_2", problem=problem)})
    player.open()
    player.nav("continue").click()
    player.page.get_by_text("That is not possible right now. First complete: Part 1, Part 2").wait_for()
    closed = {"item_3": {"code": "prerequisites", "activities": ["item_1"]}}
    choosing = make_navigation(valid=ALL, closed=closed)
    navigates(course, choice=lambda: course.deliver("item_2", problem=problem, navigation=choosing))
    player.entry("item_3").click()
    player.page.get_by_text("That is not possible right now. First complete: Part 1", exact=True).wait_for()


def test_buttons_say_why_they_are_closed_or_lead_nowhere(course, player, make_navigation):
    stopped = {"code": "stopped", "activities": ["item_2"]}
    start = {"code": "at_start", "activities": ["item_1"]}
    course.navigation = make_navigation(valid=["continue", "exit"], reasons={"continue": stopped, "previous": start})
    player.open()
    said = [[player.nav(name).get_attribute(key) for key in ("title", "aria-description")] for name in ALL[:3]]
    assert said == [["There is nothing before this."] * 2, ["First complete: Part 2"] * 2, ["", ""]]
    course.current["navigation"] = make_navigation(valid=["continue"], reasons={"continue": {"code": "other"}})
    player.sco("sco.begin(); sco.commit()", "item_2")
    player.page.wait_for_selector('button[data-nav="continue"][title=""]')
    assert player.nav("previous").get_attribute("title") == ""


@pytest.mark.parametrize(
    ("reason", "heading"),
    [("suspended", "Your place is saved"), ("completed", "Course completed"), ("exited", "You have left the course"),
     ("abandoned", "You have abandoned the course")],
)  # fmt: skip
def test_the_end_says_how_it_ended(course, player, reason, heading):
    score = {"scaled": 0.85, "raw": 85, "min": 0, "max": 100}
    navigates(course, exit_all=lambda: course.finish(reason, summary=course.summary | {"score": score}))
    player.open()
    player.nav("exit-all").click()
    player.wait(state="ended", reason=reason)
    title = player.page.get_by_role("heading", name=heading)
    assert title.is_visible()
    assert title.evaluate("(e) => e === document.activeElement")
    assert player.page.get_by_text("Score: 85%").is_visible()
    assert [player.nav(name).is_disabled() for name in ALL] == [True] * 7
    assert player.page.locator("iframe").count() == 0
    assert player.page.get_by_role("tree").get_attribute("aria-disabled") == "true"
