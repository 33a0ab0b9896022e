"""Fixtures for the tests of a host; docs/testing.md shows them at work.

A module of its own beside the package: pytest loads it at every start, and it imports nothing of the package before a
fixture is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from scorm_embed import ScormEmbed
    from scorm_embed.testing import FakeLearner, FrozenClock


@pytest.fixture
def scorm_clock() -> Iterator[FrozenClock]:
    """A clock that stands still until it is moved; ``scorm_clock.freeze(scorm)`` for a host's own object."""
    from scorm_embed.testing import FrozenClock

    clock = FrozenClock()
    yield clock
    clock.thaw()


@pytest.fixture
def scorm_factory(scorm_clock: FrozenClock) -> Callable[..., ScormEmbed]:
    """Makes a ``ScormEmbed`` in memory that reads ``scorm_clock``; arguments are its options."""
    from scorm_embed.testing.playing import memory_scorm

    def make(**options: Any) -> ScormEmbed:
        return memory_scorm(scorm_clock, **options)

    return make


@pytest.fixture
def scorm_in_memory() -> Iterator[Callable[[ScormEmbed], ScormEmbed]]:
    """Lets a host's own object keep everything in memory until the test is over: ``scorm_in_memory(scorm)``."""
    from scorm_embed.testing import in_memory

    with ExitStack() as stack:
        kept: dict[int, ScormEmbed] = {}

        def keep(scorm: ScormEmbed) -> ScormEmbed:
            if id(scorm) not in kept:
                kept[id(scorm)] = stack.enter_context(in_memory(scorm))
            return scorm

        yield keep


@pytest.fixture
def scorm_package(scorm_in_memory: Callable[[ScormEmbed], ScormEmbed]) -> Callable[..., str]:
    """Imports a course into a host's own object, in memory, and gives the package's id: ``scorm_package(scorm)``.

    A second argument is the course, as the bytes of its zip; without it, a SCORM 1.2 course of one lesson.
    """
    from scorm_embed.testing import course_12

    def add(scorm: ScormEmbed, course: bytes | None = None) -> str:
        package = scorm_in_memory(scorm).sync.import_package(course_12() if course is None else course)
        return str(package["id"])

    return add


@pytest.fixture
def scorm_play(scorm_factory: Callable[..., ScormEmbed]) -> Iterator[Callable[..., FakeLearner]]:
    """Plays a course without a host: ``scorm_play(course_12())`` gives a learner with the player open."""
    from scorm_embed.testing.playing import Playground

    playground = Playground(scorm_factory)
    yield playground.play
    playground.close()


@pytest.fixture
def scorm_learner() -> Iterator[Callable[..., FakeLearner]]:
    """Makes a learner of a host: ``scorm_learner(client)`` or ``scorm_learner(app)``; what was started is stopped."""
    from scorm_embed.testing import FakeLearner

    made: list[FakeLearner] = []

    def make(host: Any, **options: Any) -> FakeLearner:
        made.append(FakeLearner(host, **options))
        return made[-1]

    yield make
    for learner in made:
        learner.close()
