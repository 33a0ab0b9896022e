"""The bar above a course: how far the learner is, and full screen."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 760}


@pytest.fixture
def course(wire, make_node, make_navigation):
    """Two of three activities are done."""
    wire.tree = make_node("org", "A course", *(make_node(f"item_{n}", f"Part {n}") for n in (1, 2, 3)))
    wire.navigation = make_navigation(
        valid=["exit", "suspend-all", "exit-all"],
        status={"org": "incomplete", "item_1": "completed", "item_2": "passed"},
    )
    return wire


def framed(wire, player, allow):
    """Open the player in a frame of a host's page; gives the frame once the course runs."""
    source = f"{wire.path}/player/S"
    wire.pages["page.html"] = f'<!doctype html><title>Host</title><iframe height="600" allow="{allow}" src="{source}">'
    player.page.goto(f"{wire.url}/host/page.html")
    frame = player.page.frame_locator("iframe")
    frame.locator('html[data-player-state="running"]').wait_for(state="attached")
    return frame


# -- the room that it takes


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("size", [{"width": 1280, "height": 800}, {"width": 1000, "height": 400}])
def test_the_course_keeps_its_size_when_what_is_around_it_arrives(wire, course, player, several, size):
    wire.tree = wire.tree if several else None
    player.page.set_viewport_size(size)
    held = []
    player.page.route("**/controls.css", lambda route: held.append(route))
    frame = player.page.locator('iframe[name="scorm-content"]')
    with player.page.expect_request("**/controls.css"):
        player.page.goto(f"{wire.url}/player/S")
    before = frame.bounding_box()
    held.pop().continue_()
    player.page.wait_for_selector("#done", state="attached")
    assert frame.bounding_box() == before


# -- full screen


@pytest.mark.parametrize("several", [False, True])
def test_full_screen_is_one_click_away_and_the_button_says_what_it_does_next(wire, course, player, several):
    wire.tree = wire.tree if several else None
    player.open()
    player.page.get_by_role("button", name="Full screen", exact=True).click()
    leave = player.page.get_by_role("button", name="Exit full screen", exact=True)
    leave.wait_for()
    assert player.page.evaluate("document.fullscreenElement.localName") == "html"
    assert leave.get_attribute("title") == "Exit full screen"
    leave.click()
    player.page.get_by_role("button", name="Full screen", exact=True).wait_for()
    assert player.page.evaluate("document.fullscreenElement") is None


def test_a_frame_that_may_not_fill_the_screen_has_no_button_and_a_single_activity_all_the_room(wire, player):
    frame = framed(wire, player, "fullscreen 'none'")
    assert frame.locator("#full").is_visible() is False
    assert frame.locator("#bar").is_visible() is False
    room = "(e) => [e.getBoundingClientRect().top, e.getBoundingClientRect().height - innerHeight]"
    assert frame.locator('iframe[name="scorm-content"]').evaluate(room) == [0, 0]


def test_a_frame_that_may_fill_the_screen_has_the_button(wire, player):
    framed(wire, player, "fullscreen").get_by_role("button", name="Full screen").wait_for()


def test_the_button_goes_where_the_browser_refuses(wire, player):
    player.open()
    button = player.page.get_by_role("button", name="Full screen")
    player.page.evaluate(
        "void (document.documentElement.requestFullscreen = () => Promise.reject(new TypeError('no')))"
    )
    button.click()
    button.wait_for(state="hidden")
    assert player.errors == []


def test_a_single_activity_keeps_its_room_where_height_is_scarce(wire, player):
    player.page.set_viewport_size({"width": 800, "height": 360})
    player.open()
    player.page.wait_for_selector("#full[title]", state="attached")
    assert player.page.locator("#bar").is_visible() is False
    assert player.page.locator("iframe").bounding_box()["height"] == 360


# -- progress


@pytest.mark.parametrize("size", [{"width": 1200, "height": 800}, PHONE])
def test_a_course_of_several_activities_counts_them(course, player, size):
    player.page.set_viewport_size(size)
    player.open()
    assert player.page.locator("#count").inner_text() == "2 of 3 completed"
    assert player.page.locator("#count").is_visible()
    bar = player.page.get_by_role("progressbar", name="2 of 3 completed")
    assert bar.is_visible()
    assert bar.get_attribute("aria-valuenow") == "67"
    assert player.page.locator("#done").evaluate("(e) => Math.round(e.position * 100)") == 67


def test_progress_follows_the_answers(course, player):
    player.open()
    status = {"org": "completed", "item_1": "completed", "item_2": "passed", "item_3": "failed"}
    course.current["navigation"] = course.navigation | {"status": status}
    player.sco("sco.begin(); sco.commit()")
    bar = player.page.get_by_role("progressbar", name="Course completed")
    bar.wait_for()
    assert bar.get_attribute("aria-valuenow") == "100"


def test_a_single_activity_shows_its_own_measure(wire, player):
    wire.summary["progress_measure"] = 0.4
    player.open()
    player.page.get_by_role("progressbar", name="40% completed").wait_for()
    assert player.page.locator("#count").inner_text() == "40% completed"
    wire.summary = wire.summary | {"progress_measure": 1.0, "completion_status": "completed"}
    player.sco("sco.begin(); sco.commit()")
    player.page.get_by_role("progressbar", name="Course completed").wait_for()


def test_where_nothing_is_known_nothing_is_shown(wire, player):
    player.open()
    player.page.get_by_role("button", name="Full screen").wait_for()
    assert player.page.get_by_role("progressbar").count() == 0
    assert player.page.locator("#done").is_visible() is False


def test_progress_is_said_in_the_learners_language(course, player):
    player.open(query="?lang=de")
    player.page.get_by_role("progressbar", name="2 von 3 abgeschlossen").wait_for()
    player.page.get_by_role("button", name="Vollbild", exact=True).wait_for()


# -- what has no room in the bar


@pytest.mark.parametrize("query", ["", "?lang=ar"])
def test_what_is_under_more_opens_below_its_button(course, player, query):
    player.open(query=query)
    player.page.locator("#more").click()
    more, rest = (player.page.locator(name).bounding_box() for name in ("#more", "#rest"))
    side = 0 if query else 1
    assert abs(more["x"] + side * more["width"] - rest["x"] - side * rest["width"]) < 1
    assert more["y"] + more["height"] <= rest["y"] < more["y"] + more["height"] + 12


def test_a_phone_keeps_its_bar_for_the_title_and_has_every_control_under_more(course, player):
    player.page.set_viewport_size(PHONE)
    player.open()
    assert [player.nav(name).is_visible() for name in ("suspend-all", "exit-all", "exit")] == [False] * 3
    player.page.get_by_role("button", name="More").click()
    assert [player.nav(name).is_visible() for name in ("suspend-all", "exit-all", "exit")] == [True] * 3
    player.page.keyboard.press("Escape")
    player.page.set_viewport_size({"width": 700, "height": 700})
    player.nav("exit-all").wait_for()
    assert player.nav("exit").is_visible() is False


def test_on_a_phone_the_menus_button_stays_in_reach_and_closes_it(course, player):
    player.page.set_viewport_size(PHONE)
    player.open()
    toggle = player.page.get_by_role("button", name="Course menu")
    toggle.click()
    assert player.page.get_by_role("tree").is_visible()
    toggle.click()
    assert player.page.get_by_role("tree").count() == 0
    toggle.click()
    player.page.locator("#shade").click(position={"x": 380, "y": 300})
    assert player.page.get_by_role("tree").count() == 0
