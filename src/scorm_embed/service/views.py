"""What the player is shown: the view, navigation and summary of docs/architecture.md."""

from __future__ import annotations

from scorm_embed.core.sequencing.definition import ActivityDefinition
from scorm_embed.core.sequencing.lookahead import ValidRequests, valid_requests
from scorm_embed.core.sequencing.reasons import ClosedReason, ReasonKind
from scorm_embed.core.sequencing.transfer import activity_status
from scorm_embed.engine import outcome
from scorm_embed.engine.state import Phase
from scorm_embed.service.documents import score_document
from scorm_embed.service.model import ContentUrl, Document
from scorm_embed.service.work import Work

CONTROLS = {
    "previous": "previous",
    "continue": "continue",
    "exit": "exit",
    "exitAll": "exit-all",
    "abandon": "abandon",
    "abandonAll": "abandon-all",
    "suspendAll": "suspend-all",
}
"""hideLMSUI tokens to the player's controls."""


def tree_document(work: Work) -> Document | None:
    """The static menu; None where the course is a single activity."""
    if outcome.single_activity(work.opened.course) is not None:
        return None
    return _tree(work, work.opened.course.root)


def _tree(work: Work, definition: ActivityDefinition) -> Document:
    return {
        "id": definition.identifier,
        "title": definition.title,
        "visible": definition.visible,
        "deliverable": definition.identifier in work.opened.course.launchables,
        "children": [_tree(work, child) for child in definition.children],
    }


def view_document(work: Work, content_url: ContentUrl) -> Document:
    """Everything that is shown now."""
    state = work.played
    launch = work.state.launch
    over = state.phase is not Phase.ACTIVE
    kind = "ended" if over else "running" if state.open is not None else "choosing"
    return {
        "launch": launch.key if launch else "",
        "number": state.view,
        "state": kind,
        "reason": state.reason if over else None,
        "problem": {"code": work.problem[0], "message": work.problem[1]} if work.problem else None,
        "activity": _activity(work, content_url) if kind == "running" else None,
        "navigation": navigation_document(work),
        "summary": summary_document(work),
    }


def _activity(work: Work, content_url: ContentUrl) -> Document:
    state = work.played
    assert state.current is not None
    item = work.opened.course.launchables[state.current]
    definition = work.opened.tree[state.current].definition
    external = item.href.startswith(("http://", "https://"))
    return {
        "id": item.identifier,
        "title": definition.title,
        "url": item.href if external else content_url(work.opened.digest, item.href),
        "sco": item.sco,
        "hidden": sorted(CONTROLS[token] for token in definition.hidden_controls if token in CONTROLS),
        "data": dict(work.values),
    }


def navigation_document(work: Work) -> Document:
    """What the learner may do next, from the sequencing processes themselves.

    A course of a single activity has no entries, and so nothing is said of any.
    """
    state = work.played
    document: Document = {
        "valid": [],
        "current": None,
        "closed": {},
        "reasons": {},
        "absent": [],
        "jump": [],
        "status": {},
    }
    has_menu = outcome.single_activity(work.opened.course) is None
    if has_menu:
        document["status"] = _statuses(work)
    if state.phase is Phase.ACTIVE:
        requests = valid_requests(work.opened.tree, state.tracking)
        document["valid"] = _valid(requests)
        document["current"] = state.current if state.open is not None else None
        document["jump"] = sorted(requests.jump)
        if has_menu:
            document |= _entries(requests)
    return document


def _valid(requests: ValidRequests) -> list[str]:
    allowed = {
        "previous": requests.previous,
        "continue": requests.continue_,
        "exit": requests.exit,
        "exit-all": requests.exit_all,
        "abandon": requests.abandon,
        "abandon-all": requests.abandon_all,
        "suspend-all": requests.suspend_all,
    }
    return [name for name, valid in allowed.items() if valid]


def _entries(requests: ValidRequests) -> Document:
    steps = (("continue", requests.continue_reason), ("previous", requests.previous_reason))
    return {
        "closed": {key: _reason(entry.reason) for key, entry in requests.choice.items() if not entry.choosable},
        "reasons": {name: _reason(reason) for name, reason in steps if reason is not None},
        "absent": [key for key, entry in requests.choice.items() if not entry.visible],
    }


def _statuses(work: Work) -> dict[str, str]:
    """One word for each activity that was attempted in the attempt now current.

    A leaf shows what was recorded of it, a cluster what was rolled up to it, the course what the attempt came to.
    Success is shown where some content in it has spoken of success or a score, as for sessions.
    """
    state, tree = work.played, work.opened.tree
    # A session that was moved to another version of its course may know activities that are no more.
    attempted = {
        key: record
        for key, record in state.activities.items()
        if record.completion != "not attempted" and key in tree.by_id
    }
    shown = {key: outcome.Shown(record.completion, record.success) for key, record in attempted.items()}
    spoken = {
        index
        for key, record in attempted.items()
        if record.success != "unknown" or record.score
        for index in tree.path_to_root(tree.by_id[key])
    }
    for index in state.tracking.attempts:
        if tree.is_leaf[index]:
            continue
        identifier = tree.identifiers[index]
        status = activity_status(state.tracking, identifier)
        shown[identifier] = outcome.Shown(
            "completed" if status.completed else "incomplete",
            _SUCCESS[status.satisfied if index in spoken else None],
        )
    shown[tree.root.identifier] = outcome.current_attempt(work.opened.course, tree, state)
    words = {key: entry.state.replace("_", " ") for key, entry in shown.items()}
    return {key: word for key, word in words.items() if word != "not attempted"}


_SUCCESS = {True: "passed", False: "failed", None: "unknown"}
_RULES = (ReasonKind.STOPPED, ReasonKind.DISABLED, ReasonKind.NOTHING_TO_DELIVER, ReasonKind.PREREQUISITES)


def _reason(reason: ClosedReason | None) -> Document:
    """Why an entry is closed: a stable word, and the activities that would open it, or that cause it."""
    if reason is None:
        return {"code": "other", "activities": []}
    activities = [identifier for requirement in reason.requirements for identifier in requirement.activities]
    # What causes a rule is no help, and must not be taken for what lifts it.
    if not activities and reason.activity is not None and reason.kind not in _RULES:
        activities = [reason.activity]
    return {"code": reason.kind.value, "activities": list(dict.fromkeys(activities))}


def summary_document(work: Work) -> Document:
    """What the session shows, in short."""
    shown = work.shown()
    return {
        "state": shown.state,
        "completion_status": shown.completion_status,
        "success_status": shown.success_status,
        "score": score_document(shown.score),
        "progress_measure": shown.progress_measure,
        "version": work.record.version,
    }
