"""Nobody is shut out: axe-core finds nothing wrong with the player in any of its states, sizes and directions."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 760}


@pytest.fixture
def course(wire, make_node, make_navigation):
    """Entries of each status, closed ones, and one that must wait for others."""
    wire.tree = make_node(
        "org", "A course",
        make_node("m1", "Module one", *(make_node(f"item_{n}", f"Part {n}") for n in range(1, 5))),
        make_node("item_5", "Appendix"), make_node("item_6", "Final test"),
    )  # fmt: skip
    wire.navigation = make_navigation(
        valid=["continue", "choice", "suspend-all", "exit-all"],
        closed={"item_5": {"code": "no_choice"}, "item_6": {"code": "prerequisites", "activities": ["item_3"]}},
        reasons={"previous": {"code": "prerequisites", "activities": ["item_3"]}},
        status={"item_1": "completed", "item_2": "incomplete", "item_3": "failed", "item_4": "passed"},
    )
    return wire


def test_the_check_sees_what_is_wrong(wire, player, violations):
    player.open()
    player.page.evaluate("document.getElementById('content').insertAdjacentHTML('beforeend', '<button></button>')")
    found = violations(player.page)
    assert [text.split(" | ")[:3] for text in found] == [
        [scheme, "button-name", "<button></button>"] for scheme in ("light", "dark")
    ]


@pytest.mark.parametrize("query", ["", "?lang=ar"])
def test_a_running_course_with_its_menu(course, player, violations, query):
    player.open(query=query)
    assert violations(player.page) == []
    player.page.locator("#more").click()
    assert player.page.locator("#rest").is_visible()
    assert violations(player.page) == []


def test_a_menu_that_is_put_away(course, player, violations):
    player.open()
    player.page.locator("#toggle").click()
    assert violations(player.page) == []


@pytest.mark.parametrize("query", ["", "?lang=ar"])
def test_a_running_course_of_a_single_activity(wire, player, violations, query):
    wire.summary["progress_measure"] = 0.4
    player.open(query=query)
    player.page.locator("#full").wait_for()
    assert violations(player.page) == []


@pytest.mark.parametrize("query", ["", "?lang=ar"])
def test_a_phone_with_the_menu_shut_and_open(course, player, violations, query):
    player.page.set_viewport_size(PHONE)
    player.open(query=query)
    assert violations(player.page) == []
    player.page.locator("#toggle").click()
    assert player.page.get_by_role("tree").is_visible()
    assert violations(player.page) == []


@pytest.mark.parametrize("query", ["", "?lang=ar"])
def test_a_course_that_lets_the_learner_choose(course, player, violations, query):
    course.first = None
    player.open(state="choosing", query=query)
    assert violations(player.page) == []


@pytest.mark.parametrize("query", ["", "?lang=ar"])
def test_a_course_that_has_ended(wire, player, violations, query):
    wire.on_commit = lambda body: wire.finish() if body["commits"] else None
    player.open(query=query)
    player.sco("sco.begin(); sco.end()")
    player.wait(state="ended")
    assert violations(player.page) == []


@pytest.mark.parametrize("query", ["", "?lang=ar"])
def test_a_course_that_was_opened_in_another_window(course, player, violations, query):
    course.faults = [(409, "LAUNCH_SUPERSEDED"), (409, "LAUNCH_SUPERSEDED")]
    player.open(query=query)
    player.sco("sco.begin(); sco.commit()")
    player.wait(state="superseded")
    assert violations(player.page) == []


@pytest.mark.parametrize("query", ["", "?lang=ar"])
def test_a_launch_that_is_over(course, player, violations, query):
    course.start_faults = [(401, "EXPIRED_TOKEN")]
    player.open(state="error", query=query)
    assert violations(player.page) == []


def test_a_course_without_network(course, player, violations):
    player.open()
    player.page.context.set_offline(True)
    player.sco("sco.begin(); sco.commit()")
    player.wait(save="offline", state="running")
    assert player.page.get_by_role("status").inner_text() != ""
    assert violations(player.page) == []
    player.nav("continue").click()
    player.page.locator("#panel button").wait_for()
    assert violations(player.page) == []
    player.page.context.set_offline(False)


def test_a_server_that_cannot_be_reached_at_the_start(course, player, violations):
    course.start_faults = ["drop"] * 20
    player.open(state="loading")
    player.page.locator("#panel button").wait_for()
    assert violations(player.page) == []


def test_a_course_that_is_loading(wire, player, violations):
    wire.start_faults = ["hang"]
    player.open(state="loading")
    player.page.locator("#panel h2:not(:empty)").wait_for()
    assert violations(player.page) == []
