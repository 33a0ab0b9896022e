"""How the content wants its visit to end: what it asked for, and whether it wants to come back.

In browse and review mode nothing else of its data is kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from scorm_embed.core.datamodel import CmiState
from scorm_embed.core.sequencing.vocabulary import NavigationRequest
from scorm_embed.engine.events import Committed
from scorm_embed.engine.outcome import single_activity

if TYPE_CHECKING:
    from scorm_embed.engine.session import Play

_EXIT = {True: "cmi.exit", False: "cmi.core.exit"}
_TARGET = re.compile(r"\{target=(.*)\}(choice|jump)", re.DOTALL)


def hear(play: Play, event: Committed) -> None:
    """Keep of a visit that does not count what decides how it ends."""
    current = play.state.open
    if current is None:
        return
    heard = CmiState(play.model, current.said)
    for element, value in event.elements:
        row = play.model.elements.get(element)
        if row is not None and row.per_session and value is not None:
            heard.set(element, value)
    current.said = heard.values


def _ending(play: Play) -> Mapping[str, str]:
    """The data that say how the visit ends."""
    if play.counts and play.cmi is not None:
        return play.cmi.values
    return {} if play.state.open is None else play.state.open.said


def content_request(play: Play) -> tuple[NavigationRequest, str | None] | None:
    """What the content asked for at Terminate: ``cmi.exit`` time-out and logout beat ``adl.nav.request``. SCORM 1.2
    content can ask for nothing but to be logged out of the course, and that is obeyed by the letter only: a wrapper in
    wide use writes logout whenever a lesson is completed, which would throw the learner out after each of several."""
    values = _ending(play)
    if not play.course.standard.is_2004:
        is_asked = values.get("cmi.core.exit") == "logout" and not play.tolerant
        return (NavigationRequest.EXIT_ALL, None) if is_asked else None
    if values.get("cmi.exit") in ("time-out", "logout"):
        return NavigationRequest.EXIT_ALL, None
    request = values.get("adl.nav.request", "_none_")
    if request == "_none_":
        return None
    if match := _TARGET.fullmatch(request):
        return NavigationRequest(match[2]), match[1]
    if request == "exitAll" and play.tolerant and single_activity(play.course) and exit_is_suspend(play):
        # A tool writes exitAll before every Terminate; a course of one activity that asks to be resumed is not over.
        return NavigationRequest.SUSPEND_ALL, None
    return NavigationRequest(request), None


def exit_is_suspend(play: Play) -> bool:
    """Whether the content asked to be resumed. SCORM 1.2 content often forgets to, but has left data to resume from."""
    values = _ending(play)
    is_2004 = play.course.standard.is_2004
    chosen = values.get(_EXIT[is_2004], "")
    if chosen == "suspend":
        return True
    if is_2004 or not play.tolerant or chosen:
        return False
    unfinished = values.get("cmi.core.lesson_status", "not attempted") in ("incomplete", "not attempted")
    return unfinished and bool(values.get("cmi.suspend_data") or values.get("cmi.core.lesson_location"))
