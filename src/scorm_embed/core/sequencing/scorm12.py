"""SCORM 1.2 courses as sequencing sees them: free choice, Continue and Previous along the tree."""

from __future__ import annotations

from scorm_embed.core.sequencing.definition import ControlMode, DeliveryControls, SequencingDefinition


def scorm12_defaults() -> SequencingDefinition:
    """The definition of every activity of a SCORM 1.2 course, which knows no sequencing of its own.

    A lesson that sets no status counts as completed when it is left (RTE 1.2, lesson_status), but passed or failed
    only ever come from the content or its mastery score.
    """
    return SequencingDefinition(
        control_mode=ControlMode(choice=True, flow=True),
        delivery=DeliveryControls(objective_set_by_content=True),
    )
