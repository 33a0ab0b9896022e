"""Small courses in one line: ``activity`` defines, ``begin`` gives a course that a learner can walk through."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from scorm_embed.core.sequencing.activity_tree import ActivityTree
from scorm_embed.core.sequencing.definition import (
    ActivityDefinition,
    Condition,
    ControlMode,
    RuleAction,
    RuleCondition,
    SequencingDefinition,
    SequencingRule,
    TreeDefinition,
)
from scorm_embed.core.sequencing.lookahead import ValidRequests, valid_requests
from scorm_embed.core.sequencing.overall import Outcome, overall_sequencing
from scorm_embed.core.sequencing.tracking import TrackingState
from scorm_embed.core.sequencing.transfer import record_completion, record_measure, record_satisfied, rollup
from scorm_embed.core.sequencing.vocabulary import NavigationRequest

CONTROLS = set(ControlMode.__dataclass_fields__)


def define(name: str, *children: ActivityDefinition, **options: Any) -> ActivityDefinition:
    """An activity; clusters flow unless told otherwise. Options are control modes, parts of the definition, or the
    activity's own fields."""
    controls = {key: options.pop(key) for key in list(options) if key in CONTROLS}
    sequencing = SequencingDefinition(control_mode=ControlMode(**{"flow": bool(children), **controls}))
    parts = {key: options.pop(key) for key in list(options) if key in SequencingDefinition.__dataclass_fields__}
    return ActivityDefinition(
        name, name, replace(sequencing, **parts), children, **{"deliverable": not children, **options}
    )


def when(action: str, *conditions: str, objective: str | None = None, threshold: float = 0.0) -> SequencingRule:
    """A rule whose conditions must all hold; a condition in the form ``"not satisfied"`` is negated."""
    return SequencingRule(
        RuleAction(action),
        tuple(
            RuleCondition(Condition(c.removeprefix("not ")), c.startswith("not "), objective, threshold)
            for c in conditions
        ),
    )


class Play:
    """One learner on one course."""

    def __init__(self, root: ActivityDefinition, **options: Any) -> None:
        self.tree = ActivityTree(TreeDefinition(root, **options))
        self.state = TrackingState(self.tree)
        self.draw = random.Random(4)

    def go(self, request: str, target: str | None = None) -> Outcome:
        """Carry out a request."""
        return overall_sequencing(self.tree, self.state, NavigationRequest(request), target, draw=self.draw)

    def start_at(self, *targets: str) -> None:
        """Choose activities one after the other; each must be delivered."""
        for target in targets:
            assert self.go("choice", target).delivered is not None

    def say(self, satisfied: bool | None = None, completed: bool | None = None, measure: float | None = None) -> None:
        """Let the current content report what is not None, and roll up."""
        name = self.current
        assert name is not None
        if satisfied is not None:
            record_satisfied(self.state, name, satisfied)
        if completed is not None:
            record_completion(self.state, name, completed)
        if measure is not None:
            record_measure(self.state, name, measure)
        rollup(self.tree, self.state, name)

    @property
    def current(self) -> str | None:
        """The Current Activity's identifier."""
        return None if self.state.current < 0 else self.tree.identifiers[self.state.current]

    def valid(self) -> ValidRequests:
        """What may be requested now."""
        return valid_requests(self.tree, self.state)

    def names(self, numbers: Any) -> list[str]:
        """Activities by their numbers, in tree order."""
        return [self.tree.identifiers[number] for number in sorted(numbers)]


@pytest.fixture
def activity() -> Callable[..., ActivityDefinition]:
    return define


@pytest.fixture
def rule() -> Callable[..., SequencingRule]:
    return when


@pytest.fixture
def begin() -> Callable[..., Play]:
    return Play
