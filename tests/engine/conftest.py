"""The engine alone: courses from definitions, a chance that is none, and events handed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from scorm_embed.core.datamodel import CmiState, data_model
from scorm_embed.core.manifest.model import Course, Launchable
from scorm_embed.core.sequencing.activity_tree import ActivityTree
from scorm_embed.core.sequencing.definition import (
    ActivityDefinition,
    ControlMode,
    SequencingDefinition,
    TreeDefinition,
)
from scorm_embed.core.sequencing.scorm12 import scorm12_defaults
from scorm_embed.core.sequencing.tracking import TrackingState
from scorm_embed.core.standard import Standard
from scorm_embed.engine.delivery import Learner, Opening, open_activity
from scorm_embed.engine.effects import Effects
from scorm_embed.engine.events import Committed, Event
from scorm_embed.engine.session import Play, handle
from scorm_embed.engine.state import Launch, SessionState, from_snapshot, to_snapshot

START = datetime(2025, 1, 15, 10, 0, tzinfo=UTC)


class First:
    """Always the first."""

    def randrange(self, stop: int, /) -> int:
        return 0


def make_course(standard: Standard, *names: str) -> Course:
    """A course of leaves below the root: flow and choice."""
    if standard.is_2004:
        definition = SequencingDefinition(control_mode=ControlMode(choice=True, flow=True))
    else:
        definition = scorm12_defaults()
    leaf = SequencingDefinition() if standard.is_2004 else definition
    leaves = tuple(ActivityDefinition(name, name.title(), leaf, deliverable=True) for name in names)
    root = ActivityDefinition("course", "Course", definition, leaves)
    tree = TreeDefinition(root, free_choice=not standard.is_2004, edition=standard.edition)
    return Course(standard, "Course", tree, {name: Launchable(name, f"{name}.html") for name in names})


@dataclass
class Table:
    """One session on the table: events go in, what is stored comes along."""

    course: Course
    state: SessionState
    tree: ActivityTree
    now: datetime = START
    stored: dict[tuple[str, int], dict[str, str]] = field(default_factory=dict)
    number: int = 0
    tolerant: bool = True

    def send(self, event: Event) -> Effects:
        key = self.state.current_key
        model = data_model(self.course.standard)
        cmi = CmiState(model, self.stored.get(key, {})) if key else None
        play = Play(self.course, self.tree, model, self.state, cmi, tolerant=self.tolerant)
        effects = handle(play, event, now=self.now, draw=First())
        if effects.before is not None:
            self._merge(effects.before, effects.runtime)
        if effects.delivery is not None:
            delivered = (effects.delivery.activity_id, effects.delivery.activity_attempt)
            known = None if effects.delivery.fresh else self.stored.get(delivered)
            opening = Opening(self.course, self.tree, model, self.state, Learner("u1"), {})
            self.stored[delivered] = open_activity(opening, effects.delivery.activity_id, known)
        return effects

    def _merge(self, key: tuple[str, int], changes: dict[str, str | None]) -> None:
        values = self.stored.setdefault(key, {})
        for name, value in changes.items():
            if value is None:
                values.pop(name, None)
            else:
                values[name] = value

    def commit(self, *elements: tuple[str, str], terminated: bool = False, initialized: bool = True) -> Effects:
        self.number += 1
        return self.send(Committed(self.number, self.state.current, elements, initialized, terminated))

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def reload(self) -> None:
        """Go through the stored form."""
        self.state = from_snapshot(self.tree, to_snapshot(self.state))


@pytest.fixture
def table() -> Callable[..., Table]:
    def make(standard: Standard = Standard.SCORM_2004_4TH, *names: str) -> Table:
        course = make_course(standard, *(names or ("one",)))
        tree = ActivityTree(course.tree)
        state = SessionState(TrackingState(tree), launch=Launch("L"))
        return Table(course, state, tree)

    return make
