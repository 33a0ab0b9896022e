"""What a session shows: status, score, progress and time, for courses of one activity and of many.

One activity: what its content reported, and what the standards conclude at the end of an attempt where it reported
nothing. Several: what rollup gives the root. Success is shown only where some content spoke of success or a measure;
that an activity without any objective counts as satisfied (UP.4) says nothing about the learner.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace

from scorm_embed.core.manifest.model import Course
from scorm_embed.core.sequencing.activity_tree import ActivityTree
from scorm_embed.core.sequencing.transfer import activity_status
from scorm_embed.engine.state import ActivityRecord, AttemptSummary, SessionState

_COMPLETION_ORDER = {"not attempted": 0, "unknown": 1, "incomplete": 2, "completed": 3}
_SUCCESS_ORDER = {"unknown": 0, "failed": 1, "passed": 2}


@dataclass(frozen=True, slots=True)
class Shown:
    """What a session shows; ``score`` has the known ones of scaled, raw, min, max."""

    completion_status: str = "not attempted"
    success_status: str = "unknown"
    score: dict[str, float] = field(default_factory=dict)
    progress_measure: float | None = None

    @property
    def state(self) -> str:
        """not_attempted, incomplete, completed, passed or failed."""
        if self.success_status in ("passed", "failed"):
            return self.success_status
        if self.completion_status == "completed":
            return "completed"
        return "not_attempted" if self.completion_status == "not attempted" else "incomplete"


def single_activity(course: Course) -> str | None:
    """The only activity that can be delivered, or None when there are several."""
    return next(iter(course.launchables)) if len(course.launchables) == 1 else None


def current_attempt(course: Course, tree: ActivityTree, state: SessionState) -> Shown:
    """Derive what the attempt now current came to, without what a PUT stated."""
    if not state.opened and not state.activities:
        return Shown()
    only = single_activity(course)
    shown = _of_activity(state.activities.get(only)) if only is not None else _of_tree(course, tree, state)
    if not state.success_reported:
        shown = replace(shown, success_status="unknown")
    if shown.completion_status in ("not attempted", "unknown"):
        shown = replace(shown, completion_status="incomplete")
    return shown


def concluded(course: Course, tree: ActivityTree, state: SessionState) -> Shown:
    """Say what the attempt now current came to; what a PUT stated wins."""
    return replace(current_attempt(course, tree, state), **state.stated)


def shown(course: Course, tree: ActivityTree, state: SessionState, *, best: bool) -> Shown:
    """Derive what the session shows: the best of all attempts, or the newest; what a PUT stated wins."""
    newest = current_attempt(course, tree, state)
    if best and (state.earlier or state.earned):
        earned = [Shown(**state.earned)] if state.earned else []
        newest = best_of([*map(of_summary, state.earlier), *earned, newest])
    return replace(newest, **state.stated)


def note_earned(course: Course, tree: ActivityTree, state: SessionState) -> None:
    """Remember what the launches so far came to: SCORM 1.2 content may write over it in the next one.

    Some tools write "incomplete" whenever they open, also after "passed".
    """
    shown = concluded(course, tree, state)
    if state.earned:
        shown = best_of([Shown(**state.earned), shown])
    state.earned = asdict(shown)


def best_of(attempts: Iterable[Shown]) -> Shown:
    """Completed over incomplete, passed over failed over unknown, the highest scaled score."""
    entries = list(attempts)
    completion = max((e.completion_status for e in entries), key=lambda s: _COMPLETION_ORDER.get(s, 0))
    success = max((e.success_status for e in entries), key=lambda s: _SUCCESS_ORDER.get(s, 0))
    score = max((e.score for e in entries), key=_rank)
    measures = [e.progress_measure for e in entries if e.progress_measure is not None]
    return Shown(completion, success, score, max(measures, default=None))


def of_summary(summary: AttemptSummary) -> Shown:
    """What an earlier attempt showed."""
    return Shown(summary.completion_status, summary.success_status, dict(summary.score), summary.progress_measure)


def _rank(score: dict[str, float]) -> tuple[float, float]:
    return score.get("scaled", float("-inf")), score.get("raw", float("-inf"))


def _of_activity(record: ActivityRecord | None) -> Shown:
    if record is None:
        return Shown()
    return Shown(record.completion, record.success, dict(record.score), record.progress)


def _of_tree(course: Course, tree: ActivityTree, state: SessionState) -> Shown:
    root = activity_status(state.tracking, course.root.identifier)
    completed, satisfied, measure, progress = root.completed, root.satisfied, root.measure, root.progress
    if completed and satisfied is None and not course.standard.is_2004:
        # Rollup leaves it open, because lessons without a word on success are neither: those that spoke decide.
        spoken = {record.success for record in state.activities.values()} - {"unknown"}
        satisfied = spoken == {"passed"} if spoken else None
    scored = [record.score for record in state.activities.values() if record.score]
    score: dict[str, float] = {}
    if course.standard.is_2004:
        if measure is not None:
            score["scaled"] = measure
        if len(scored) == 1 and scored[0].get("scaled", measure) == measure:
            score = dict(scored[0]) | score
        elif len(scored) == 1 and measure is None:
            score = dict(scored[0])
    elif len(scored) == 1:
        score = dict(scored[0])
    elif scored:
        scaled = [entry["scaled"] for entry in scored if "scaled" in entry]
        if scaled:
            score["scaled"] = sum(scaled) / len(scaled)
    if progress is None and course.launchables:
        done = sum(
            state.activities[key].completion == "completed" for key in state.activities if key in course.launchables
        )
        progress = done / len(course.launchables)
    return Shown(
        "unknown" if completed is None else "completed" if completed else "incomplete",
        "unknown" if satisfied is None else "passed" if satisfied else "failed",
        score,
        progress,
    )
