"""What a manifest allows and a learner will regret: prerequisites on nothing, items that cannot be reached.

Looks at a finished tree and reports; it changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from scorm_embed.core.manifest import problems
from scorm_embed.core.manifest.elements import Element
from scorm_embed.core.manifest.identifiers import Identifiers
from scorm_embed.core.manifest.problems import ProblemLog
from scorm_embed.core.sequencing.definition import ActivityDefinition
from scorm_embed.core.sequencing.prerequisites import named_activities, parse_prerequisites


def check_prerequisites(identifier: str, script: str, item: Element, known: Identifiers, log: ProblemLog) -> None:
    """Report expressions that nobody can evaluate, and names in them that are no item: those are never done."""
    expression = parse_prerequisites(script)
    if expression is None:
        log.add(problems.PREREQUISITE_INVALID, item, identifier=identifier)
        return
    for name in named_activities(expression):
        if name not in known:
            log.add(problems.PREREQUISITE_UNKNOWN, item, identifier=identifier, name=name)


def check_reachable(root: ActivityDefinition, places: Mapping[str, Element], log: ProblemLog) -> None:
    """Report clusters whose leaves neither choice nor flow can reach; the only leaf of a course is always reached."""
    clusters = [root]
    while clusters:
        activity = clusters.pop()
        mode = activity.sequencing.control_mode
        only_leaf = activity is root and len(root.children) == 1
        if not mode.choice and not mode.flow and not only_leaf and any(each.deliverable for each in activity.children):
            place = places.get(activity.identifier)
            log.add(problems.UNREACHABLE_ITEMS, place, identifier=activity.identifier)
        clusters.extend(each for each in reversed(activity.children) if each.children)
