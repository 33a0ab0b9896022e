"""Choice [SB.2.9] with SB.2.4, SB.2.9.1 and SB.2.9.2: the five cases and what stands in the way."""

from __future__ import annotations

from typing import Any

import pytest

from scorm_embed.core.sequencing.choice import choice_flow_subprocess
from scorm_embed.core.sequencing.definition import ConstrainedChoice
from scorm_embed.core.sequencing.flow import BACKWARD, FORWARD

CONSTRAIN = ConstrainedChoice(constrain_choice=True)
PREVENT = ConstrainedChoice(prevent_activation=True)


def closed(course: Any) -> dict[str, str]:
    """What cannot be chosen now, with the exception."""
    return {name: entry.reason.exception.value for name, entry in course.valid().choice.items() if not entry.choosable}


def test_everything_is_open_where_nothing_forbids_it(activity: Any, begin: Any) -> None:
    course = begin(activity("root", activity("one", activity("a"), activity("b")), activity("c")))
    assert closed(course) == {}
    course.start_at("c", "a", "b", "c")
    assert closed(course) == {}
    assert course.go("choice", "one").delivered == "a"


def test_a_clusters_children_need_its_choice_and_the_cluster_itself_its_parents(activity: Any, begin: Any) -> None:
    course = begin(activity("root", activity("one", activity("a"), choice=False), activity("b")))
    course.start_at("b")
    assert closed(course) == {"a": "NB.2.1-10"}


def test_a_hiding_rule_closes_and_hides_the_whole_subtree(activity: Any, begin: Any, rule: Any) -> None:
    one = activity("one", activity("a"), rules=(rule("hiddenFromChoice", "always"),))
    course = begin(activity("root", one, activity("b"), activity("c")))
    course.start_at("b")
    assert closed(course) == {"one": "SB.2.9-3", "a": "SB.2.9-3"}
    assert [name for name, entry in course.valid().choice.items() if not entry.visible] == ["one", "a"]
    assert course.go("choice", "a").exception.value == "SB.2.9-3"


def test_an_unselected_child_is_not_available(activity: Any, begin: Any) -> None:
    course = begin(activity("root", activity("a"), activity("b"), activity("c")))
    course.start_at("a")
    course.state.set_available_children(0, (1, 3))
    assert closed(course) == {"b": "SB.2.9-2"}


def test_choosing_the_current_activity_again_meets_nothing_on_the_way(activity: Any, begin: Any, rule: Any) -> None:
    course = begin(activity("root", activity("a", rules=(rule("stopForwardTraversal", "always"),)), activity("b")))
    course.start_at("a")
    assert course.go("choice", "a").delivered == "a"


def test_a_sibling_that_stops_forward_traversal_closes_those_after_it(activity: Any, begin: Any, rule: Any) -> None:
    stop = activity("b", rules=(rule("stopForwardTraversal", "not completed"),))
    course = begin(activity("root", activity("a"), stop, activity("c"), activity("d")))
    course.start_at("a")
    assert closed(course) == {}  # an unknown status is not a "not completed"
    course.start_at("b")
    course.say(completed=False)
    assert closed(course) == {"c": "SB.2.4-1", "d": "SB.2.4-1"}
    course.say(completed=True)
    assert closed(course) == {}


def test_the_current_sibling_itself_may_stop_forward_traversal(activity: Any, begin: Any, rule: Any) -> None:
    course = begin(activity("root", activity("a", rules=(rule("stopForwardTraversal", "always"),)), activity("b")))
    course.start_at("a")
    assert closed(course) == {"b": "SB.2.4-1"}


def test_forward_only_closes_the_siblings_before(activity: Any, begin: Any) -> None:
    course = begin(activity("root", activity("a"), activity("b"), activity("c"), forward_only=True))
    course.start_at("b")
    assert closed(course) == {"a": "SB.2.4-2"}


def test_a_cluster_that_stops_forward_traversal_closes_its_inside_from_before(
    activity: Any, begin: Any, rule: Any
) -> None:
    one = activity("one", activity("b"), activity("c"), rules=(rule("stopForwardTraversal", "always"),))
    course = begin(activity("root", activity("a"), one, activity("d")))
    course.start_at("a")
    assert closed(course) == {"b": "SB.2.4-1", "c": "SB.2.4-1", "d": "SB.2.4-1"}
    assert course.go("choice", "one").delivered == "b"


def test_backward_a_stopping_rule_stops_nothing(activity: Any, begin: Any, rule: Any) -> None:
    one = activity("one", activity("a"), activity("b"), rules=(rule("stopForwardTraversal", "always"),))
    course = begin(activity("root", one, activity("two", activity("c"))))
    course.go("start")
    assert course.go("jump", "c").delivered == "c"
    assert closed(course) == {}


@pytest.mark.parametrize(("first", "where"), [("a", "before"), ("d", "behind")])
def test_a_cluster_that_prevents_activation_is_entered_by_itself(
    activity: Any, begin: Any, first: str, where: str
) -> None:
    inner = activity("inner", activity("b"), activity("c"), constrained_choice=PREVENT)
    course = begin(activity("root", activity("a"), activity("outer", inner), activity("d")))
    course.start_at(first)
    assert closed(course) == {"b": "SB.2.9-6", "c": "SB.2.9-6"}, where
    course.start_at("inner")
    assert closed(course) == {}


def test_an_ended_cluster_that_prevents_activation_is_closed_again(activity: Any, begin: Any) -> None:
    inner = activity("inner", activity("b"), activity("c"), constrained_choice=PREVENT)
    course = begin(activity("root", inner, activity("d")))
    course.go("start")
    assert closed(course) == {}
    course.start_at("d")
    assert closed(course) == {"b": "SB.2.9-6", "c": "SB.2.9-6"}


def test_choice_exit_false_closes_what_is_outside_the_cluster(activity: Any, begin: Any) -> None:
    one = activity("one", activity("a"), activity("b"), choice_exit=False)
    course = begin(activity("root", one, activity("c")))
    course.start_at("a")
    assert closed(course) == {"root": "NB.2.1-8", "c": "NB.2.1-8"}
    assert course.go("choice", "c").exception.value == "NB.2.1-8"


def test_choice_exit_false_still_holds_after_the_activity_has_ended(activity: Any, begin: Any) -> None:
    one = activity("one", activity("a"), activity("b"), choice_exit=False)
    course = begin(activity("root", activity("outer", one, activity("c")), activity("d")))
    course.start_at("a")
    course.go("exit")
    course.state.set_active(course.tree.by_id["one"], False)
    assert closed(course)["d"] == "SB.2.9-7"
    assert closed(course)["outer"] == "SB.2.9-7"


def test_constrain_choice_opens_only_the_neighbours(activity: Any, begin: Any) -> None:
    modules = [
        activity(name, activity(f"{name}1"), activity(f"{name}2"), constrained_choice=CONSTRAIN) for name in "abcd"
    ]
    course = begin(activity("root", *modules))
    course.go("start")
    course.start_at("b1")
    assert closed(course) == {"d": "SB.2.9-8", "d1": "SB.2.9-8", "d2": "SB.2.9-8"}
    course.start_at("c1")
    assert closed(course) == {"a": "SB.2.9-8", "a1": "SB.2.9-8", "a2": "SB.2.9-8"}


def test_constrain_choice_on_a_leaf_or_the_root_constrains_nothing(activity: Any, begin: Any) -> None:
    leaf = activity("a", constrained_choice=CONSTRAIN)
    one = activity("one", leaf, activity("b"))
    course = begin(activity("root", one, activity("c"), activity("d"), constrained_choice=CONSTRAIN))
    course.start_at("a")
    assert closed(course) == {}


def test_choice_flow_steps_over_the_tree_whatever_the_rules_say(activity: Any, begin: Any) -> None:
    course = begin(activity("root", activity("one", activity("a")), activity("two", activity("b"))))
    number = course.tree.by_id
    assert choice_flow_subprocess(course.tree, course.state, number["one"], FORWARD) == number["two"]
    assert choice_flow_subprocess(course.tree, course.state, number["two"], BACKWARD) == number["one"]
    assert choice_flow_subprocess(course.tree, course.state, number["b"], BACKWARD) == number["one"]
    assert choice_flow_subprocess(course.tree, course.state, number["two"], FORWARD) == number["two"]


def test_a_cluster_out_of_which_nothing_flows_cannot_be_chosen(activity: Any, begin: Any) -> None:
    one = activity("one", activity("a"), flow=False)
    course = begin(activity("root", one, activity("b")))
    course.start_at("b")
    assert closed(course) == {"root": "SB.2.9-9", "one": "SB.2.9-9"}


def test_a_choice_that_delivers_nothing_leaves_the_learner_at_the_target(activity: Any, begin: Any) -> None:
    one = activity("one", activity("a"), activity("c"), flow=False)
    course = begin(activity("root", one, activity("two", activity("b"), activity("d"))))
    course.start_at("b")
    outcome = course.go("choice", "one")
    assert (outcome.exception.value, outcome.delivered, outcome.terminated) == ("SB.2.9-9", None, True)
    assert outcome.ended_activities == ("b", "two", "root")
    assert course.current == "one"
    assert course.go("choice", "a").delivered == "a"


def test_a_disabled_ancestor_closes_what_is_in_it(activity: Any, begin: Any, rule: Any) -> None:
    one = activity("one", activity("a"), rules=(rule("disabled", "always"),))
    course = begin(activity("root", activity("b"), one))
    course.start_at("b")
    assert closed(course) == {"one": "DB.1.1-3", "a": "DB.1.1-3"}


def test_an_invisible_item_is_not_shown_but_may_be_chosen_by_content(activity: Any, begin: Any) -> None:
    course = begin(activity("root", activity("a"), activity("b", visible=False)))
    course.start_at("a")
    entry = course.valid().choice["b"]
    assert (entry.choosable, entry.visible) == (True, False)
    assert course.go("choice", "b").delivered == "b"
