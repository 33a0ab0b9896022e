"""The published test kit: courses in one line, a learner without a browser, a clock that stands still.

For the tests of a host; docs/testing.md shows it at work. With pytest there are fixtures, whose names begin with
``scorm_``.
"""

from scorm_embed.storage.base import Score
from scorm_embed.testing.clients import run_async
from scorm_embed.testing.clock import FrozenClock
from scorm_embed.testing.courses import course_12, course_2004
from scorm_embed.testing.learner import FakeLearner, PlayerRefusedError
from scorm_embed.testing.package_builder import Item, build_package
from scorm_embed.testing.player import FakePlayer
from scorm_embed.testing.playing import in_memory, memory_scorm
from scorm_embed.testing.sco import FakeSCO
from scorm_embed.testing.shown import MenuEntry, SessionShown

__all__ = [
    "FakeLearner",
    "FakePlayer",
    "FakeSCO",
    "FrozenClock",
    "Item",
    "MenuEntry",
    "PlayerRefusedError",
    "Score",
    "SessionShown",
    "build_package",
    "course_12",
    "course_2004",
    "in_memory",
    "memory_scorm",
    "run_async",
]
