"""The communication session of one SCO: data in, time, exit, and what closing it means.

Owns everything between Initialize and Terminate on the server's side. Whether it was the content or the host that
closed makes no difference to what is kept.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING

from scorm_embed.core.datamodel import natural_order
from scorm_embed.core.datamodel.replay import replay
from scorm_embed.core.sequencing.transfer import activity_status, mark_suspended
from scorm_embed.core.values import parse_duration
from scorm_embed.engine.delivery import add_time
from scorm_embed.engine.effects import Effects, Refusal
from scorm_embed.engine.ending import exit_is_suspend, hear
from scorm_embed.engine.events import Committed, Written
from scorm_embed.engine.lesson_status import LESSON_STATUS, judge, recall_status
from scorm_embed.engine.state import Communication
from scorm_embed.engine.transfer import transfer

if TYPE_CHECKING:
    from scorm_embed.engine.session import Play

_SESSION_TIME = {True: "cmi.session_time", False: "cmi.core.session_time"}
_TOTAL_TIME = {True: "cmi.total_time", False: "cmi.core.total_time"}
_STATUS = re.compile(
    r"cmi\.(completion_status|success_status|progress_measure|score\.(scaled|raw|min|max)"
    r"|core\.lesson_status|core\.score\.(raw|min|max)"
    r"|objectives\.\d+\.(success_status|completion_status|progress_measure|score\.(scaled|raw|min|max)))"
)
"""Elements of which it matters whether the content itself has set them."""
_STATED_BY = {
    "completion_status": ("completion_status", "lesson_status", "progress_measure"),
    "success_status": ("success_status", "lesson_status", "score.scaled", "score.raw"),
    "score": ("score.scaled", "score.raw", "score.min", "score.max"),
    "progress_measure": ("progress_measure",),
}
"""Which elements' last words replace what a PUT stated outright."""


def receive(play: Play, event: Committed, effects: Effects, now: datetime) -> None:
    """Check and keep what the content reported, and take it into tracking."""
    state, cmi = play.state, play.cmi
    assert cmi is not None
    if event.initialized:
        _note_initialize(play, now)
    if not play.counts:
        hear(play, event)
        return
    taken: list[str] = []
    for (element, value), answer in zip(event.elements, replay(cmi, event.elements), strict=True):
        if answer.value != "true":
            effects.refused.append(Refusal(event.number, element, answer.code, answer.diagnostic))
            continue
        if value is not None:
            taken.append(element)
            _note(play, element, value, effects)
            if element == _SESSION_TIME[play.course.standard.is_2004]:
                _note_time(play, (parse_duration(value) or 0) / 100)
    effects.tolerated.extend((entry.element, entry.rule, entry.sentence) for entry in cmi.tolerated)
    cmi.tolerated.clear()
    assert play.activity_id is not None
    if state.open is None:
        _judge_late(play, event, taken)
    spoke = any(_STATUS.fullmatch(element) for element, _ in event.elements)
    if spoke or state.open is None or state.record(play.activity_id).completion == "not attempted":
        _transfer(play, taken)
        effects.tracking_changed = True


def _note(play: Play, element: str, value: str, effects: Effects) -> None:
    """What else follows from an element that was set."""
    state = play.state
    if state.open is not None and _STATUS.fullmatch(element):
        if element in state.open.set_by_content:
            state.open.set_by_content.remove(element)
        state.open.set_by_content.append(element)
    if element.startswith("adl.data.") and element.endswith(".store") and play.cmi is not None:
        identifier = play.cmi.values.get(element[: -len("store")] + "id")
        if identifier is not None:
            effects.stores[identifier] = value
    if state.stated and element.startswith("cmi.") and not element.startswith("cmi.objectives."):
        for name in [name for name in state.stated if element.endswith(_STATED_BY[name])]:
            del state.stated[name]


def _note_time(play: Play, seconds: float) -> None:
    """The content has said how long the visit took so far."""
    if play.state.open is not None:
        play.state.open.reported_seconds = seconds
    elif play.state.closed is not None:
        _correct_time(play, seconds)


def _note_initialize(play: Play, now: datetime) -> None:
    """The content has begun a communication session: that of the delivery, or, as several tools do within one launch,
    another after Terminate. Of content that was left it is the one that we closed, if nothing of it had arrived."""
    state, cmi, current = play.state, play.cmi, play.state.open
    assert cmi is not None
    assert play.activity_id is not None
    if play.counts:
        state.record(play.activity_id).unopened = False
    if current is not None:
        if current.terminated:
            current.terminated, current.since, current.reported_seconds, current.said = False, now, None, {}
            if LESSON_STATUS in current.set_by_content:
                current.set_by_content.remove(LESSON_STATUS)  # what it says in this session alone beats its last word
            _forget_session(play)
        current.initialized = True
    elif state.closed is not None and not state.closed["initialized"]:
        state.closed["initialized"] = True
    else:
        _forget_session(play)
        total = cmi.values.get(_TOTAL_TIME[play.course.standard.is_2004])
        state.closed = {"seconds": 0.0, "total": total, "initialized": True}


def _forget_session(play: Play) -> None:
    """Remove what belongs to one communication session: the exit, its time, the navigation request."""
    assert play.cmi is not None
    for row in play.model.elements.values():
        if row.per_session:
            play.cmi.write(row.name, None)


def _correct_time(play: Play, seconds: float) -> None:
    """Count what the content says about the visit instead of what was counted when we closed it."""
    state, cmi = play.state, play.cmi
    assert state.closed is not None
    assert cmi is not None
    assert play.activity_id is not None
    difference = seconds - state.closed["seconds"]
    state.record(play.activity_id).seconds += difference
    state.seconds += difference
    state.attempt.seconds += difference
    state.closed["seconds"] = seconds
    is_2004 = play.course.standard.is_2004
    cmi.write(_TOTAL_TIME[is_2004], add_time(is_2004, state.closed["total"], seconds))


def _transfer(play: Play, said: Collection[str] = ()) -> None:
    """Take the data into tracking. ``said`` are the elements just set; of those that were set before, an open
    communication session knows."""
    assert play.cmi is not None
    assert play.activity_id is not None
    current = play.state.open
    content = [element for element in said if _STATUS.fullmatch(element)] if current is None else current.set_by_content
    transfer(play.state, play.tree, play.tree[play.activity_id], play.cmi, content)
    if current is None:
        conclude(play, play.activity_id)  # the attempt may have ended


def _judge_late(play: Play, event: Committed, taken: Collection[str]) -> None:
    """Judge a lesson anew that we closed before its content had said everything (SCORM 1.2)."""
    cmi, closed = play.cmi, play.state.closed
    if play.course.standard.is_2004 or cmi is None or closed is None or not closed["initialized"]:
        return
    assert play.activity_id is not None
    record = play.state.record(play.activity_id)
    recall_status(record, cmi, LESSON_STATUS in taken)
    if event.terminated:
        record.suspended = exit_is_suspend(play)
    judge(record, cmi)


def close(play: Play, effects: Effects, now: datetime, *, by_content: bool = False) -> None:
    """Close the communication session, if one is open: time, status, exit (once, whoever closes)."""
    state, cmi = play.state, play.cmi
    current = state.open
    if current is None or current.terminated or cmi is None or play.activity_id is None:
        return
    current.terminated = True
    if not play.counts:
        return
    is_2004 = play.course.standard.is_2004
    clock = max(0.0, (min(now, current.seen) - current.since).total_seconds())
    record = state.record(play.activity_id)
    record.clock_seconds += clock
    effects.clock_seconds = clock
    seconds = clock if current.reported_seconds is None else current.reported_seconds
    record.seconds += seconds
    state.seconds += seconds
    state.attempt.seconds += seconds
    current.reported_seconds = None
    total = _TOTAL_TIME[is_2004]
    state.closed = None
    if not by_content:
        state.closed = {"seconds": seconds, "total": cmi.values.get(total), "initialized": current.initialized}
    if is_2004 or _SESSION_TIME[is_2004] in cmi.values:
        cmi.write(total, add_time(is_2004, cmi.values.get(total), seconds))
    is_visited = current.initialized or is_looked_at(play, current)
    is_judged = is_visited and not is_2004
    if is_judged:
        recall_status(record, cmi, LESSON_STATUS in current.set_by_content)
    # A SCO that never began has not been attempted: moving on must not complete it (UP.4).
    record.suspended = exit_is_suspend(play) or not is_visited
    if is_judged:
        judge(record, cmi)
    _transfer(play)
    effects.tracking_changed = True
    if is_2004 or not is_visited:
        state.tracking.set_suspended(play.tree.by_id[play.activity_id], record.suspended)


def is_looked_at(play: Play, current: Communication) -> bool:
    """Whether what is delivered is an asset, which says nothing; one that talks to the API is taken for a SCO."""
    return not current.initialized and not play.course.launchables[current.activity_id].sco


def keep_for_resume(play: Play) -> None:
    """Suspend all counts as an exit of suspend whatever the content said (suite: DMB). SCORM 1.2 has no such request:
    there the exit of content that has finished itself stands."""
    if play.activity_id is not None and play.state.open is not None:
        if play.course.standard.is_2004 or play.state.closed is not None:
            play.state.record(play.activity_id).suspended = True
        if play.counts:
            mark_suspended(play.state.tracking, play.activity_id)


def conclude(play: Play, identifier: str) -> None:
    """An attempt on an activity has ended: where the content said nothing, show what the standards conclude (UP.4)."""
    record = play.state.activities.get(identifier)
    if record is None or record.completion == "completed":
        return
    if activity_status(play.state.tracking, identifier).completed:
        record.completion = "completed"


def forget_abandoned(play: Play) -> None:
    """What content has reported in an attempt that was abandoned does not count (2004; SCORM 1.2 data simply stay)."""
    current = play.state.open
    if current is not None and play.counts and play.course.standard.is_2004:
        record = play.state.record(current.activity_id)
        record.completion, record.success, record.score, record.progress = "incomplete", "unknown", {}, None


def write(play: Play, event: Written, effects: Effects, now: datetime) -> None:
    """Apply a change of the host's: elements that content may only read can be written."""
    state, cmi = play.state, play.cmi
    if cmi is not None:
        # The members of a JSON object have no order; records and types have.
        for element in sorted(event.elements, key=natural_order):
            value = event.elements[element]
            answer = cmi.write(element, value)
            if answer.value != "true":
                effects.refused.append(Refusal(0, element, answer.code, answer.diagnostic))
            elif value is not None:
                _note(play, element, value, effects)
    if effects.refused:
        return
    if event.session_seconds is not None:
        if state.open is not None and not state.open.terminated:
            state.open.reported_seconds = event.session_seconds
        else:
            state.pending_seconds = event.session_seconds
    if event.elements and cmi is not None:
        assert play.activity_id is not None
        if LESSON_STATUS in event.elements:
            state.record(play.activity_id).said_status = None
        _transfer(play, event.elements)
    state.stated |= dict(event.stated)
