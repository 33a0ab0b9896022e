"""The course menu: what it shows, how it is worked with mouse, keyboard and screen reader, how quick it is."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

BETWEEN = [(3, "Gamma"), (4, "Delta"), (5, "Epsilon")]
FOCUS = "document.activeElement.dataset.activityId"


@pytest.fixture
def course(wire, make_node, make_navigation):
    """Two modules of two and three activities, and one activity beside them."""
    wire.tree = make_node(
        "org", "A course",
        make_node("m1", "Module one", make_node("item_1", "Alpha"), make_node("item_2", "Beta")),
        make_node("m2", "Module two", *(make_node(f"item_{n}", name) for n, name in BETWEEN)),
        make_node("item_6", "Final test"),
    )  # fmt: skip
    wire.navigation = make_navigation(
        valid=["continue", "choice"],
        closed={"item_6": {"code": "prerequisites", "activities": ["m1", "item_3"]}, "item_5": {"code": "no_choice"}},
        status={
            "item_1": "completed",
            "item_2": "incomplete",
            "item_3": "failed",
            "item_4": "passed",
            "m1": "incomplete",
        },
    )
    wire.on_commit = lambda body: wire.deliver(body["navigate"]["target"]) if body["navigate"] else None
    return wire


def test_the_menu_is_a_tree_of_all_activities(course, player):
    player.open()
    facts = player.page.evaluate(
        """[...document.querySelectorAll('[role=tree] [role=treeitem]')].map((e) => [e.dataset.activityId,
        ...['level', 'expanded', 'current', 'disabled'].map((name) => e.getAttribute(`aria-${name}`))])"""
    )
    assert facts == [
        ["org", "1", "true", None, "false"],
        ["m1", "2", "true", None, "false"],
        ["item_1", "3", None, "true", "false"],
        ["item_2", "3", None, None, "false"],
        ["m2", "2", "true", None, "false"],
        ["item_3", "3", None, None, "false"],
        ["item_4", "3", None, None, "false"],
        ["item_5", "3", None, None, "true"],
        ["item_6", "2", None, None, "true"],
    ]
    assert player.page.get_by_role("tree", name="Course menu").is_visible()


def test_each_entry_says_its_status_in_words(course, player):
    player.open()
    names = ["Alpha completed", "Beta in progress", "Gamma failed", "Delta passed", "Epsilon not started"]
    for name in names:
        assert player.page.get_by_role("treeitem", name=name, exact=True).count() == 1


def test_a_closed_entry_says_why(course, player):
    player.open()
    entry = player.entry("item_6")
    described = entry.evaluate("(e) => document.getElementById(e.getAttribute('aria-describedby')).textContent")
    assert described == "First complete: Module one, Gamma"
    assert entry.get_attribute("title") == described
    entry.click(force=True)
    assert player.page.get_by_role("status").inner_text() == "Final test: First complete: Module one, Gamma"
    assert player.entry("item_5").get_attribute("title") == "This part is gone through in order."
    assert all(body["navigate"] is None for body in course.requests)


def test_each_reason_that_a_learner_can_act_on_has_its_words(course, player, make_navigation):
    words = {
        "enter_first": "First open: Final test",
        "at_start": "There is nothing before this.",
        "forward_only": "You can only go forward here.",
        "neighbours_only": "Only the next and the previous activity can be chosen from here.",
        "no_flow": "Select an activity in the course menu.",
        "attempts_used_up": "No attempts are left.",
        "other": "Not available now",
    }
    entries = ["m1", "item_2", "m2", "item_3", "item_4", "item_5", "item_6"]
    closed = {entry: {"code": code, "activities": ["item_6"]} for entry, code in zip(entries, words, strict=True)}
    course.navigation = make_navigation(closed=closed)
    player.open()
    assert [player.entry(entry).get_attribute("title") for entry in entries] == list(words.values())


def test_a_heading_shows_neither_status_nor_lock(course, player, make_navigation):
    course.tree["children"][2]["deliverable"] = False
    course.navigation = make_navigation(closed={"item_6": {"code": "nothing_to_deliver"}})
    player.open()
    assert player.entry("item_6").locator(".mark").count() == 0
    assert player.page.get_by_role("treeitem", name="Final test", exact=True).count() == 1


def test_a_script_may_click_an_entry(course, player):
    player.open()
    player.entry("item_4").evaluate("(e) => e.click()")
    player.wait(state="running", activity="item_4")
    assert course.requests[-1]["navigate"] == {"request": "choice", "target": "item_4"}
    assert player.entry("item_4").get_attribute("aria-current") == "true"
    assert player.entry("item_1").get_attribute("aria-current") is None


@pytest.mark.parametrize("identifier", ["org", "m2"])
def test_the_course_itself_and_its_modules_can_be_chosen(course, player, identifier):
    course.on_commit = lambda body: course.deliver("item_3") if body["navigate"] else None
    player.open()
    player.entry(identifier).locator(".name").click()
    player.wait(state="running", activity="item_3")
    assert course.requests[-1]["navigate"] == {"request": "choice", "target": identifier}


def test_the_arrow_folds_a_module_and_its_entries_stay_in_the_page(course, player):
    player.open()
    player.entry("m2").locator(".toggle").click()
    assert player.entry("m2").get_attribute("aria-expanded") == "false"
    assert player.entry("item_3").is_visible() is False
    assert player.entry("item_3").count() == 1
    assert course.requests == [] or all(body["navigate"] is None for body in course.requests)


def test_absent_and_invisible_entries_are_not_in_the_page(course, player, make_navigation):
    course.tree["children"][1]["visible"] = False
    course.navigation = make_navigation(absent=["item_2"])
    player.open()
    assert player.entry("item_2").count() == 0
    assert player.entry("m2").count() == 0
    assert player.entry("item_3").get_attribute("aria-level") == "2"
    course.current["navigation"] = make_navigation(absent=[], current="item_1")
    player.sco("sco.begin(); sco.commit()")
    player.page.wait_for_selector('[role="treeitem"][data-activity-id="item_2"]')


def test_there_is_no_menu_where_only_the_course_itself_is_left(course, player, make_navigation):
    course.navigation = make_navigation(absent=["m1", "item_1", "item_2", "m2", "item_3", "item_4", "item_5", "item_6"])
    player.open()
    assert player.page.get_by_role("tree").count() == 0
    assert player.page.locator("#toggle").is_visible() is False
    assert player.page.locator("#content").bounding_box()["x"] == 0


def test_the_keyboard_goes_everywhere(course, player):
    player.open()
    player.entry("item_1").focus()
    assert player.page.locator('[role="treeitem"][tabindex="0"]').count() == 1
    steps = [
        ("ArrowDown", "item_2"), ("ArrowDown", "m2"), ("ArrowLeft", "m2"), ("ArrowDown", "item_6"), ("ArrowUp", "m2"),
        ("ArrowRight", "m2"), ("ArrowRight", "item_3"), ("ArrowLeft", "m2"), ("ArrowLeft", "m2"),
        ("ArrowLeft", "org"), ("End", "item_6"), ("ArrowDown", "item_6"), ("Home", "org"), ("ArrowUp", "org"),
        ("f", "item_6"),
    ]  # fmt: skip
    for key, identifier in steps:
        player.page.keyboard.press(key)
        assert player.page.evaluate(FOCUS) == identifier, key
    assert player.page.locator('[role="treeitem"][tabindex="0"]').get_attribute("data-activity-id") == "item_6"


def test_typing_finds_an_entry_by_the_beginning_of_its_title(course, player):
    player.open()
    player.entry("item_1").focus()
    player.page.keyboard.type("module t")
    assert player.page.evaluate(FOCUS) == "m2"


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_enter_and_space_choose(course, player, key):
    player.open()
    player.entry("item_4").focus()
    player.page.keyboard.press(key)
    player.wait(state="running", activity="item_4")


def test_a_closed_entry_is_reached_but_not_chosen_by_the_keyboard(course, player):
    player.open()
    player.entry("item_6").focus()
    player.page.keyboard.press("Enter")
    assert player.page.get_by_role("status").inner_text() == "Final test: First complete: Module one, Gamma"
    assert player.html("player-state") == "running"


def test_arrows_are_mirrored_from_right_to_left(course, player):
    player.open(query="?lang=ar")
    assert player.page.evaluate("document.dir") == "rtl"
    player.entry("m1").focus()
    player.page.keyboard.press("ArrowRight")
    assert player.entry("m1").get_attribute("aria-expanded") == "false"
    player.page.keyboard.press("ArrowLeft")
    assert player.entry("m1").get_attribute("aria-expanded") == "true"
    menu, content = player.page.locator("#menu").bounding_box(), player.page.locator("#content").bounding_box()
    assert menu["x"] >= content["x"] + content["width"] - 1
    assert player.nav("continue").inner_text() == "متابعة"


def test_the_menu_can_be_put_away(course, player):
    player.open()
    toggle = player.page.get_by_role("button", name="Course menu")
    assert toggle.get_attribute("aria-expanded") == "true"
    toggle.click()
    assert toggle.get_attribute("aria-expanded") == "false"
    assert player.page.get_by_role("tree").count() == 0
    assert player.page.locator("iframe").bounding_box()["width"] == 1200


def test_on_a_phone_the_menu_is_a_drawer(course, player):
    player.page.set_viewport_size({"width": 390, "height": 760})
    player.open()
    assert player.page.get_by_role("tree").count() == 0
    player.page.get_by_role("button", name="Course menu").click()
    assert player.page.evaluate(FOCUS) == "item_1"
    assert player.page.locator("iframe").evaluate("(e) => e.inert") is True
    player.page.keyboard.press("Escape")
    assert player.page.get_by_role("tree").count() == 0
    assert player.page.evaluate("document.activeElement.id") == "toggle"
    player.page.keyboard.press("Enter")
    player.entry("item_4").click()
    player.wait(state="running", activity="item_4")
    assert player.page.get_by_role("tree").count() == 0
    assert player.page.locator("iframe").evaluate("(e) => e.inert") is False


def test_a_thousand_entries_stay_quick(course, player, make_node, make_navigation):
    modules = [
        make_node(f"m{m}", f"Module {m}", *(make_node(f"item_{m * 50 + n}", f"Part {n}") for n in range(50)))
        for m in range(20)
    ]
    course.tree = make_node("org", "A long course", *modules)
    course.first = "item_500"
    course.navigation = make_navigation(valid=["choice"])
    player.open()
    assert player.page.locator('[role="treeitem"]').count() == 1021
    assert player.entry("item_500").is_visible()
    assert player.entry("item_1").is_visible() is False
    tenth = course.tree | {"children": modules[:2]}
    times = player.page.evaluate(
        """async (trees) => {
        const { createMenu } = await import('/static/player/menu.js');
        const open = { valid: [], current: 'item_1', closed: {}, absent: [], jump: [], status: {} };
        const closed = Object.fromEntries([...Array(500).keys()].map((n) => [`item_${n}`, { code: 'x' }]));
        const best = trees.map(() => [Infinity, Infinity]);
        for (let round = 0; round < 5; round++) {
          trees.forEach((tree, at) => {
            const host = document.createElement('ul');
            document.body.append(host);
            const menu = createMenu(host, tree, () => {}, () => {});
            [open, { ...open, closed, current: 'item_2' }].forEach((now, step) => {
              const from = performance.now();
              menu.update(now);
              const took = host.offsetHeight && performance.now() - from;
              best[at][step] = Math.min(best[at][step], took);
            });
            host.remove();
          });
        }
        return best;
        }""",
        [course.tree, tenth],
    )
    # Ten times the entries may cost ten times as much, and as much again for the tree's size; not their square.
    (built, updated), (tenth_built, tenth_updated) = times
    assert built < 20 * tenth_built
    assert updated < 20 * tenth_updated
