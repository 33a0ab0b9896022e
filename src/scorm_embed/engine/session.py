"""One session as a state machine: ``handle`` takes an event, changes the state, and says what the host must do.

Owns what happens between sequencing and run-time data: when a communication session opens and closes, whose
navigation request counts, what leaving means. Sequencing itself is in ``core.sequencing``; no rule of it is here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from scorm_embed.core.datamodel import CmiState, DataModel
from scorm_embed.core.manifest.model import Course
from scorm_embed.core.sequencing.activity_tree import NO_ACTIVITY, ActivityTree
from scorm_embed.core.sequencing.overall import Outcome, overall_sequencing
from scorm_embed.core.sequencing.vocabulary import Draw, NavigationRequest
from scorm_embed.engine import communication, outcome
from scorm_embed.engine.effects import Delivery, Effects, Happening, Refusal
from scorm_embed.engine.ending import content_request, exit_is_suspend
from scorm_embed.engine.events import AttemptRequested, Committed, Event, Left, Requested, Started, Written
from scorm_embed.engine.state import AttemptSummary, Communication, Phase, SessionState


@dataclass(slots=True)
class Play:
    """Everything one event is handled with."""

    course: Course
    tree: ActivityTree
    model: DataModel
    state: SessionState
    cmi: CmiState | None
    """Run-time data of the activity last delivered; None when nothing was delivered yet."""
    tolerant: bool = True
    best: bool = True

    @property
    def activity_id(self) -> str | None:
        """The activity that ``cmi`` belongs to."""
        return self.state.current

    @property
    def counts(self) -> bool:
        """Whether what is done counts: not in browse and review mode."""
        return self.state.launch is None or self.state.launch.mode == "normal"


def handle(play: Play, event: Event, *, now: datetime, draw: Draw) -> Effects:
    """Handle one event; ``play.state`` is changed in place.

    Args:
        now: aware, UTC.
        draw: the source of chance for selection and randomization.
    """
    effects = Effects(before=play.state.current_key)
    if play.state.open is not None and not play.state.open.terminated and _is_heard(event):
        play.state.open.seen = now
    before = outcome.shown(play.course, play.tree, play.state, best=play.best)
    match event:
        case Started():
            _start(play, effects, now, draw)
        case Committed():
            _commit(play, event, effects, now, draw)
        case Requested():
            _learner_request(play, event, effects, now, draw)
        case Left():
            _leave(play, effects, now, draw)
        case Written():
            communication.write(play, event, effects, now)
        case AttemptRequested():
            _request_attempt(play, effects, now, draw)
        case _:
            assert_never(event)
    if play.cmi is not None:
        effects.runtime = play.cmi.take_changes()
        if "cmi.comments" in effects.runtime:
            effects.runtime["cmi.comments"] = play.cmi.values.get("cmi.comments")  # the whole, not what was appended
    _tell(play, before, effects, now)
    return effects


def _is_heard(event: Event) -> bool:
    """Whether the event proves that the learner was there until now."""
    if isinstance(event, Committed):
        return not event.recovered
    return isinstance(event, Requested) or (isinstance(event, Left) and event.noticed)


def _start(play: Play, effects: Effects, now: datetime, draw: Draw) -> None:
    """Resume what was suspended, or begin: a course that ended starts a new attempt (2004)."""
    state = play.state
    if state.phase is Phase.ACTIVE:
        _leave(play, effects, now, draw)
        effects.view_changed = False
    if state.opened and play.counts and not play.course.standard.is_2004:
        outcome.note_earned(play.course, play.tree, state)
    state.opened += 1
    state.reason = None
    _close_pending(state)
    effects.happenings.append(Happening.LAUNCHED)
    resume = state.phase is Phase.SUSPENDED and state.tracking.suspended_activity != NO_ACTIVITY
    if state.phase is Phase.ENDED:
        _begin_attempt(play, effects)
    if state.attempt.started_at is None:
        state.attempt.started_at = now
    state.phase = Phase.ACTIVE
    request = NavigationRequest.RESUME_ALL if resume else NavigationRequest.START
    result = _sequence(play, request, None, draw)
    if resume and result.delivered is None and not result.ended:
        # Nothing was delivered any more when the course was left: there is no activity to go on with.
        result = _sequence(play, NavigationRequest.START, None, draw)
    _show(play, result, effects, now, draw)


def _close_pending(state: SessionState) -> None:
    """Count the time that the host reported for the attempt now current."""
    state.seconds += state.pending_seconds
    state.attempt.seconds += state.pending_seconds
    state.pending_seconds = 0.0


def _begin_attempt(play: Play, effects: Effects) -> None:
    """Put the current attempt among the earlier ones and begin the next."""
    state = play.state
    shown = outcome.concluded(play.course, play.tree, state)
    summary = state.attempt
    summary.completion_status, summary.success_status = shown.completion_status, shown.success_status
    summary.score, summary.progress_measure = dict(shown.score), shown.progress_measure
    state.earlier.append(summary)
    state.attempt = AttemptSummary(summary.number + 1)
    state.success_reported = False
    state.stated = {}
    effects.put_away, state.activities = state.activities, {}
    state.stores = {}
    state.closed = None


def _commit(play: Play, event: Committed, effects: Effects, now: datetime, draw: Draw) -> None:
    state = play.state
    if play.cmi is None or event.activity_id != play.activity_id:
        code = 351 if play.course.standard.is_2004 else 101
        sentence = f"The activity {event.activity_id} was left already."
        effects.refused.extend(Refusal(event.number, element, code, sentence) for element, _ in event.elements)
        return
    communication.receive(play, event, effects, now)
    if not event.terminated:
        return
    request = content_request(play)
    communication.close(play, effects, now, by_content=True)
    if state.phase is not Phase.ACTIVE:
        # The page had said goodbye before its content did: what that leaving meant is decided again.
        _after_leaving(play, effects, now, draw)
    elif event.act and request is not None:
        _request(play, request[0], request[1], effects, now, draw)


def _learner_request(play: Play, event: Requested, effects: Effects, now: datetime, draw: Draw) -> None:
    if play.state.phase is not Phase.ACTIVE:
        return
    communication.close(play, effects, now)
    _request(play, event.request, event.target, effects, now, draw)


def _request(
    play: Play, request: NavigationRequest, target: str | None, effects: Effects, now: datetime, draw: Draw
) -> None:
    if request is NavigationRequest.SUSPEND_ALL or (
        not play.course.standard.is_2004 and request is NavigationRequest.EXIT_ALL
    ):
        # SCORM 1.2 knows no end of an attempt on the course: its data simply stay.
        suspends = request is NavigationRequest.SUSPEND_ALL
        if suspends:
            communication.keep_for_resume(play)
        _sequence(play, NavigationRequest.SUSPEND_ALL, None, draw)
        _finish(play, "suspended" if suspends else "exited", effects, now)
        return
    result = _sequence(play, request, target, draw)
    if request in (NavigationRequest.ABANDON, NavigationRequest.ABANDON_ALL) and result.valid:
        communication.forget_abandoned(play)
    if request is NavigationRequest.ABANDON_ALL and result.valid:
        _finish(play, "abandoned", effects, now)
        return
    _show(play, result, effects, now, draw)


def _sequence(play: Play, request: NavigationRequest, target: str | None, draw: Draw) -> Outcome:
    result = overall_sequencing(play.tree, play.state.tracking, request, target, draw=draw)
    for identifier in result.ended_activities:
        communication.conclude(play, identifier)
    return result


def _show(play: Play, result: Outcome, effects: Effects, now: datetime, draw: Draw) -> None:
    """Turn what sequencing decided into a view."""
    state = play.state
    if result.ended:
        _finish(play, "exited", effects, now)
        return
    active = None if result.delivered is not None else _still_active(play)
    is_over = result.delivered is None and result.exception is None and active is None
    if is_over and outcome.single_activity(play.course) is not None:
        # Exit or Abandon has ended the only activity: nothing is left to choose from, so the course has ended.
        _request(play, NavigationRequest.EXIT_ALL, None, effects, now, draw)
        return
    if result.exception is not None:
        effects.problem = (result.exception.value, result.exception.meaning)
    effects.view_changed = True
    state.view += 1
    if result.delivered is not None:
        _deliver(play, result.delivered, result.resumed, effects, now)
    elif active is not None:
        # The request led nowhere and nothing has ended, so the same activity is shown again.
        state.tracking.set_suspended(play.tree.by_id[active], False)
        _deliver(play, active, True, effects, now)
    else:
        state.open = None


def _still_active(play: Play) -> str | None:
    tracking = play.state.tracking
    if tracking.current == NO_ACTIVITY or tracking.current not in tracking.active:
        return None
    identifier = play.tree.identifiers[tracking.current]
    return identifier if identifier == play.state.current else None


def _deliver(play: Play, activity_id: str, resumed: bool, effects: Effects, now: datetime) -> None:
    state = play.state
    record = state.record(activity_id)
    goes_on = resumed or record.prepared or not play.course.standard.is_2004 or not play.counts
    fresh = not record.attempt or not goes_on
    record.prepared = False
    if fresh:
        record.attempt += 1
        record.unopened = True
        if play.course.standard.is_2004 and record.attempt > 1:
            record.completion, record.success, record.score, record.progress = "not attempted", "unknown", {}, None
    effects.delivery = Delivery(activity_id, record.attempt, fresh)
    state.current = activity_id
    state.open = Communication(activity_id, now, now)
    state.closed = None


def _finish(play: Play, reason: str, effects: Effects, now: datetime) -> None:
    """The course is over for now."""
    state = play.state
    state.open = None
    state.view += 1
    state.phase = Phase.SUSPENDED if reason == "suspended" or not play.course.standard.is_2004 else Phase.ENDED
    if reason == "exited" and _is_completed(play):
        reason = "completed"
    state.reason = reason
    effects.view_changed = True
    effects.happenings.append(Happening.ENDED)
    if state.phase is Phase.ENDED:
        state.attempt.ended_at = now


def _is_completed(play: Play) -> bool:
    return outcome.current_attempt(play.course, play.tree, play.state).completion_status == "completed"


def _leave(play: Play, effects: Effects, now: datetime, draw: Draw) -> None:
    """The learner is gone: suspend all, so that everything comes back; see ``_after_leaving`` for the exception."""
    if play.state.phase is not Phase.ACTIVE:
        return
    current = play.state.open
    # An asset has nothing to come back to: to be looked at is all that is to be done with it.
    is_over = current is not None and (current.terminated or communication.is_looked_at(play, current))
    communication.close(play, effects, now)
    if is_over and _ends_on_leaving(play):
        _request(play, NavigationRequest.EXIT_ALL, None, effects, now, draw)
        return
    _request(play, NavigationRequest.SUSPEND_ALL, None, effects, now, draw)


def _ends_on_leaving(play: Play) -> bool:
    """A course that is a single activity ends when its SCO has terminated with an exit other than suspend."""
    return outcome.single_activity(play.course) is not None and not exit_is_suspend(play)


def _after_leaving(play: Play, effects: Effects, now: datetime, draw: Draw) -> None:
    if play.state.phase is not Phase.SUSPENDED or not _ends_on_leaving(play):
        return
    play.state.phase = Phase.ACTIVE
    _sequence(play, NavigationRequest.RESUME_ALL, None, draw)
    _request(play, NavigationRequest.EXIT_ALL, None, effects, now, draw)


def _request_attempt(play: Play, effects: Effects, now: datetime, draw: Draw) -> None:
    """End what is going on, so that the next launch begins a new attempt."""
    state = play.state
    if state.phase is Phase.ACTIVE:
        communication.close(play, effects, now)
    if state.phase is Phase.SUSPENDED and state.tracking.suspended_activity != NO_ACTIVITY:
        _sequence(play, NavigationRequest.RESUME_ALL, None, draw)
    if state.tracking.current != NO_ACTIVITY:
        _sequence(play, NavigationRequest.EXIT_ALL, None, draw)
    is_touched = bool(state.activities or state.stated or state.pending_seconds)
    _close_pending(state)
    if state.phase is not Phase.FRESH or is_touched:
        state.attempt.ended_at = state.attempt.ended_at or now
        _begin_attempt(play, effects)
    state.phase = Phase.FRESH
    state.open = None
    state.view += 1
    effects.view_changed = True


def _tell(play: Play, before: outcome.Shown, effects: Effects, now: datetime) -> None:
    """Find out what hooks want to hear, from what the session showed before and shows now."""
    after = outcome.shown(play.course, play.tree, play.state, best=play.best)
    if after == before:
        return
    effects.happenings.append(Happening.PROGRESS)
    if after.completion_status == "completed" != before.completion_status:
        play.state.completed_at = play.state.completed_at or now
        effects.happenings.append(Happening.COMPLETED)
    if after.success_status != before.success_status:
        if after.success_status == "passed":
            effects.happenings.append(Happening.PASSED)
        elif after.success_status == "failed":
            effects.happenings.append(Happening.FAILED)
