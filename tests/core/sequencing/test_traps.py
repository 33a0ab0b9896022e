"""Courses in which a learner would be stuck, and courses in which nobody would."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scorm_embed.core.sequencing import traps
from scorm_embed.core.sequencing.activity_tree import ActivityTree
from scorm_embed.core.sequencing.definition import (
    ActivityDefinition,
    Condition,
    ControlMode,
    LimitConditions,
    MapItem,
    Objective,
    ObjectiveMap,
    RuleAction,
    RuleCondition,
    SequencingDefinition,
    SequencingRule,
    TreeDefinition,
)
from scorm_embed.core.sequencing.traps import Exploration, Trap, TrapKind, find_traps

FLOW = SequencingDefinition(control_mode=ControlMode(choice=False, flow=True))
MENU = SequencingDefinition(control_mode=ControlMode(choice=True, flow=False))
LOCKED = SequencingDefinition(control_mode=ControlMode(choice=False, flow=False))


def rule(action: RuleAction, condition: Condition = Condition.ALWAYS, negated: bool = False) -> SequencingDefinition:
    return SequencingDefinition(rules=(SequencingRule(action, (RuleCondition(condition, negated),)),))


def leaf(identifier: str, sequencing: SequencingDefinition | None = None, **more: object) -> ActivityDefinition:
    return ActivityDefinition(
        identifier,
        identifier,
        sequencing or SequencingDefinition(),
        deliverable=True,
        **more,  # type: ignore[arg-type]
    )


def explored(control: SequencingDefinition, *children: ActivityDefinition, **tree: object) -> Exploration:
    root = ActivityDefinition("root", "Course", control, tuple(children))
    return find_traps(ActivityTree(TreeDefinition(root, **tree)))  # type: ignore[arg-type]


def kinds(found: Exploration) -> list[tuple[TrapKind, str | None]]:
    return [(trap.kind, trap.activity) for trap in found.traps]


@pytest.mark.parametrize("control", [FLOW, replace(FLOW, control_mode=ControlMode(choice=True, flow=True))])
def test_a_course_that_can_be_walked_through_has_no_trap(control: SequencingDefinition) -> None:
    found = explored(control, leaf("a"), leaf("b"), leaf("c"))
    assert (found.traps, found.is_complete) == ((), True)


def test_a_course_of_one_activity_has_no_trap() -> None:
    assert explored(SequencingDefinition(), leaf("only")).traps == ()


def test_a_menu_only_course_starts_with_its_menu_and_has_no_other_trap() -> None:
    found = explored(MENU, leaf("a"), leaf("b"))
    assert (kinds(found), found.is_complete) == ([(TrapKind.START_OPENS_NOTHING, None)], True)


def test_without_choice_and_flow_nothing_opens() -> None:
    assert kinds(explored(LOCKED, leaf("a"), leaf("b"))) == [(TrapKind.NOTHING_OPENS, None)]


def test_a_first_activity_that_is_always_disabled_lets_nothing_open() -> None:
    assert kinds(explored(FLOW, leaf("a", rule(RuleAction.DISABLED)), leaf("b"))) == [(TrapKind.NOTHING_OPENS, None)]


def test_an_activity_that_is_always_skipped_is_never_reached() -> None:
    children = (leaf("a"), leaf("b", rule(RuleAction.SKIP)), leaf("c"))
    found = explored(FLOW, *children, edition=3)
    assert (kinds(found), found.is_complete) == ([(TrapKind.UNREACHABLE, "b")], True)
    # In the 4th Edition content may jump there.
    assert explored(FLOW, *children, edition=4).traps == ()


def test_prerequisites_that_wait_for_each_other_are_never_met() -> None:
    tree = {"free_choice": True, "edition": 0}
    children = (leaf("a"), leaf("b", prerequisites="c"), leaf("c", prerequisites="b"))
    control = SequencingDefinition(control_mode=ControlMode(choice=True, flow=True))
    unreachable = {(TrapKind.UNREACHABLE, "b"), (TrapKind.UNREACHABLE, "c")}
    assert unreachable <= set(kinds(explored(control, *children, **tree)))


def test_a_way_that_one_report_closes_for_good_is_a_dead_end() -> None:
    earned = frozenset({MapItem.SATISFIED_STATUS})
    exam = SequencingDefinition(
        limits=LimitConditions(attempt_limit=1),
        primary_objective=Objective("earned", maps=(ObjectiveMap("global", writes=earned),)),
    )
    certificate = replace(
        rule(RuleAction.DISABLED, Condition.SATISFIED, negated=True),
        primary_objective=Objective("earned", maps=(ObjectiveMap("global", reads=earned),)),
    )
    forward = SequencingDefinition(control_mode=ControlMode(choice=False, flow=True, forward_only=True))
    found = explored(forward, leaf("exam", exam), leaf("certificate", certificate))
    assert Trap(TrapKind.DEAD_END, "exam", "completed and failed") in found.traps
    assert (TrapKind.UNREACHABLE, "certificate") not in kinds(found)


def test_a_retry_rule_that_always_applies_is_endless() -> None:
    found = explored(FLOW, leaf("a", rule(RuleAction.RETRY)), leaf("b"), edition=3)
    assert kinds(found) == [(TrapKind.ENDLESS, "a"), (TrapKind.UNREACHABLE, "b")]


def test_a_retry_until_passed_is_no_trap() -> None:
    found = explored(FLOW, leaf("a", rule(RuleAction.RETRY, Condition.SATISFIED, negated=True)), leaf("b"))
    assert (found.traps, found.is_complete) == ((), True)


def test_beyond_a_bound_nothing_is_said_to_be_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    children = [leaf("a"), leaf("b", rule(RuleAction.SKIP)), leaf("c")]
    whole = explored(FLOW, *children, edition=3)
    assert kinds(whole) == [(TrapKind.UNREACHABLE, "b")]
    for name, value in (("SITUATIONS_MAX", whole.situations - 1), ("STEPS_MAX", 2), ("STEP_ACTIVITIES_MAX", 1)):
        with monkeypatch.context() as patch:
            patch.setattr(traps, name, value)
            found = explored(FLOW, *children, edition=3)
            assert (found.traps, found.is_complete) == ((), False), name
    monkeypatch.setattr(traps, "SITUATIONS_MAX", whole.situations)
    assert explored(FLOW, *children, edition=3) == whole


def test_a_course_of_a_thousand_activities_is_looked_at_within_the_bounds() -> None:
    found = explored(
        SequencingDefinition(control_mode=ControlMode(choice=True, flow=True)), *(leaf(f"n{at}") for at in range(1000))
    )
    assert (found.traps, found.is_complete) == ((), False)
