"""SCORM 1.2 prerequisites (aicc_script)."""

from __future__ import annotations

import pytest

from scorm_embed.core.sequencing.prerequisites import named_activities, parse_prerequisites, prerequisites_met
from scorm_embed.core.sequencing.scorm12 import scorm12_defaults

STATUSES = {"P": "passed", "C": "completed", "F": "failed", "I": "incomplete", "N": "not attempted"}


@pytest.mark.parametrize(
    ("script", "met"),
    [
        ("P", True),
        ("C", True),
        ("F", False),
        ("unheard", False),
        ("P&C", True),
        ("P&F", False),
        ("F|C", True),
        ("F|I|N", False),
        ("~F", True),
        ("~P", False),
        ("~~P", True),
        ("F&P|C", True),
        ("F&(P|C)", False),
        ("~(F|I)", True),
        ("2*{P,F,C}", True),
        ("3*{P,F,C}", False),
        ("0*{F,I}", False),
        ("1*{F,2*{P,C}}", True),
        ("2*{P&C,~F}", True),
        ('F="failed"', True),
        ("F=failed", True),
        ("F=f", True),
        ("N=not attempted", True),
        ("N='not attempted'", True),
        ("P<>passed", False),
        ("P<>failed&C", True),
        (" P  &\n C ", True),
        ("unheard<>passed", True),
    ],
)
def test_scripts_are_evaluated(script: str, met: bool) -> None:
    expression = parse_prerequisites(script)
    assert expression is not None
    assert prerequisites_met(expression, STATUSES.get) is met


@pytest.mark.parametrize(
    "script",
    [None, "", "  ", "&", "P&", "(P", "P)", "2*P", "2*{P", "{P,C}", "P=", "P Q", "~", "(" * 90 + "P" + ")" * 90],
)
def test_what_is_no_script_closes_nothing(script: str | None) -> None:
    assert parse_prerequisites(script) is None


def test_the_activities_of_a_script_can_be_named() -> None:
    expression = parse_prerequisites("~A & (B | 2*{C,D=passed})")
    assert expression is not None
    assert named_activities(expression) == ("A", "B", "C", "D")


def test_scorm_12_courses_flow_and_may_be_chosen_from() -> None:
    definition = scorm12_defaults()
    assert (definition.control_mode.choice, definition.control_mode.flow) == (True, True)
    assert definition.delivery.objective_set_by_content is True
