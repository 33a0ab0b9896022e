"""The two calls of the player: ``start`` and ``commit`` (docs/architecture.md).

Owns once-only application: each number of a run is applied once and in order, whatever is sent twice or late, and
acknowledged only after the storage has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from scorm_embed.core.datamodel import split_element
from scorm_embed.core.datamodel.api import METHODS_12, METHODS_2004
from scorm_embed.core.values import SENTENCES, Rule
from scorm_embed.engine.effects import Refusal
from scorm_embed.engine.events import Committed, Left, Requested, Started
from scorm_embed.engine.state import Launch
from scorm_embed.service.changes import change_session
from scorm_embed.service.launches import LaunchCalls, expired, last_run, superseded
from scorm_embed.service.model import ContentUrl, Document, Mode
from scorm_embed.service.views import navigation_document, summary_document, tree_document, view_document
from scorm_embed.service.wire import Recovered, SentCommit, SentMessage, SentStart, read_message, read_start
from scorm_embed.service.work import Rows, Work
from scorm_embed.storage.base import LOOK, OPENING, CommitRecord

_CALL_RULES = {rule.value: SENTENCES[rule] for rule in (Rule.ARGUMENT, Rule.INITIALIZE_AGAIN)}
_CALLS = {call.name for m in (METHODS_12, METHODS_2004) for call in (m.initialize, m.terminate, m.commit)}


class PlayerCalls(LaunchCalls):
    """The part of the service that the player talks to."""

    async def start(
        self, tenant_id: str, session_id: str, launch_id: str, body: Mapping[str, Any], content_url: ContentUrl
    ) -> Document:
        """Answer the player's ``start``: recover what the journal held, then start, resume, or begin anew.

        Where more of the journal follows, ``tree`` and ``view`` are None and nothing starts.
        """
        sent = read_start(body, self.options.message_limits)

        async def change(work: Work) -> Document:
            launch = self.owning_launch(work, launch_id)
            owner = last_run(launch)
            is_answered = _is_answered(launch, sent)
            answers = [await self._recover(work, entry, owner, more=sent.more) for entry in sent.recovered]
            work.renew()
            if is_answered:
                await work.complete()
            else:
                await self._recover_log(work, launch, sent, owner)
                await self._begin(work, launch, sent, owner)
            return {"recovered": answers}

        answer, work = await change_session(self, tenant_id, session_id, change)
        if sent.more:
            return answer | {"tree": None, "view": None}
        return answer | {"tree": tree_document(work), "view": view_document(work, content_url)}

    async def _begin(self, work: Work, launch: Launch, sent: SentStart, owner: str | None) -> None:
        """Begin a run, and start the course in it when its page has handed over everything."""
        if not launch.recovering:
            launch.previous = owner
            launch.run += 1
            launch.applied, launch.held = 0, []
        launch.recovering, launch.page = sent.more, sent.page
        if not sent.more:
            await work.handle(Started())
            kind = OPENING if Mode(launch.mode) is Mode.NORMAL else LOOK
            work.commits.append(_row(work, launch.key, 0, kind, details={"mode": launch.mode}))

    async def commit(
        self, tenant_id: str, session_id: str, launch_id: str, body: Mapping[str, Any], content_url: ContentUrl
    ) -> Document:
        """Answer the player's ``commit``: apply, navigate, leave; all in one transaction.

        Raises:
            LaunchSupersededError: a newer launch owns the session; the data are kept in the log as late.
            AccessError: EXPIRED_TOKEN; the data are applied if no other launch came, the launch is not renewed.
        """
        message = read_message(body, self.options.message_limits)

        async def change(work: Work) -> tuple[bool, list[tuple[int, Refusal]], bool]:
            launch = work.state.launch
            if launch is None or launch.id != launch_id or launch.key != message.launch:
                await self._keep_late(work, message.launch, message.commits)
                return False, [], False
            over = self._is_over(work.record)
            refused = await self._receive(work, launch, message)
            if not over:
                work.renew()
                work.hear()
                if message.request is not None and message.view == work.played.view and not work.view_changed:
                    await work.handle(Requested(message.request, message.target))
            if message.leave:
                await work.handle(Left())
            return True, refused, over

        rows = _touched(message.commits)
        (owner, refused, over), work = await change_session(self, tenant_id, session_id, change, rows=rows, recent=True)
        if not owner:
            raise superseded()
        if over:
            raise expired()
        assert work.state.launch is not None
        changed = work.view_changed or message.view != work.played.view
        if changed:
            await work.complete()
        return {
            "acknowledged": work.state.launch.applied,
            "refused": [
                {"number": number, "element": r.element, "code": str(r.code), "reason": r.reason}
                for number, r in refused
            ],
            "summary": summary_document(work),
            "navigation": navigation_document(work) if work.tracking_changed and not changed else None,
            "view": view_document(work, content_url) if changed else None,
        }

    async def _receive(self, work: Work, launch: Launch, message: SentMessage) -> list[tuple[int, Refusal]]:
        """Apply what follows on what was applied, hold what came too early, skip what came before."""
        refused: list[tuple[int, Refusal]] = []
        waiting = {commit.number: (commit, False) for commit in message.commits if commit.number > launch.applied}
        if launch.held and launch.applied + 1 in waiting:
            for record in await self.storage.find_commits(work.record.tenant_id, work.record.id, launch.key):
                if record.status == "held":
                    waiting[record.number] = (_sent(record), True)
        act = message.request is None and not message.leave
        while (entry := waiting.pop(launch.applied + 1, None)) is not None:
            commit, was_held = entry
            is_last = commit.number + 1 not in waiting
            refused += await self._apply(work, launch.key, commit, act=act and is_last, settle=was_held)
            launch.applied = commit.number
            if was_held and commit.number in launch.held:
                launch.held.remove(commit.number)
        for number in sorted(waiting):
            commit, was_held = waiting[number]
            if not was_held and number not in launch.held:
                launch.held.append(number)
                work.commits.append(_row(work, launch.key, number, "commit", commit, status="held"))
                work.dirty = True
        return refused

    async def _apply(
        self, work: Work, key: str, commit: SentCommit, *, act: bool, settle: bool = False, recovered: bool = False
    ) -> list[tuple[int, Refusal]]:
        event = Committed(
            commit.number,
            commit.activity,
            commit.elements,
            commit.initialized,
            commit.terminated,
            act=act,
            recovered=recovered,
        )
        effects = await work.handle(event)
        if settle:
            work.settled.append((key, commit.number))
        else:
            row = _row(work, key, commit.number, "commit", commit)
            refused = [[r.element, str(r.code), r.reason] for r in effects.refused]
            tolerated = [list(entry) for entry in (*effects.tolerated, *_tolerated_calls(commit))]
            work.commits.append(replace(row, refused=refused, tolerated=tolerated))
        return [(commit.number, refusal) for refusal in effects.refused]

    async def _recover_log(self, work: Work, launch: Launch, sent: SentStart, owner: str | None) -> None:
        """Apply what the log alone has of the last owner, once the whole journal is there.

        The browser that left it may have no storage, or be another one.
        """
        launch.leftover = launch.leftover or bool(launch.held)
        if not sent.more:
            if owner is not None and launch.leftover and all(entry.launch != owner for entry in sent.recovered):
                await self._recover(work, Recovered(owner, ()), owner)
            launch.leftover = False

    async def _recover(self, work: Work, entry: Recovered, owner: str | None, *, more: bool = False) -> Document:
        """Apply what is left of the last owner, in its journal and in the log; what is left of others is kept as late.

        What the leaving page sent while the new launch was already there came too late to be applied then. Where more
        of the journal follows, what the log has waits for what comes before it.
        """
        last = max((commit.number for commit in entry.commits), default=0)
        if entry.launch != owner:
            await self._keep_late(work, entry.launch, entry.commits)
        else:
            known = await self.storage.find_commits(work.record.tenant_id, work.record.id, entry.launch)
            applied = {record.number for record in known if record.status == "applied"}
            left = [record for record in known if record.status != "applied" and (not more or record.number <= last)]
            kept = {record.number: (_sent(record), True) for record in left}
            commits = {commit.number: (commit, False) for commit in entry.commits} | kept
            with work.counted():
                for number in sorted(commits):
                    commit, was_held = commits[number]
                    if number not in applied:
                        await self._apply(work, entry.launch, commit, act=False, settle=was_held, recovered=True)
        return {"launch": entry.launch, "acknowledged": last}

    async def _keep_late(self, work: Work, key: str, commits: tuple[SentCommit, ...]) -> None:
        """Put the data of a superseded run into the log, once."""
        known: set[int] = set()
        if commits:
            found = await self.storage.find_commits(work.record.tenant_id, work.record.id, key)
            known = {record.number for record in found}
        for commit in commits:
            if commit.number not in known:
                work.commits.append(_row(work, key, commit.number, "commit", commit, status="late"))
        launch = work.state.launch
        if commits and launch is not None and key == last_run(launch):
            launch.leftover = work.dirty = True


def _is_answered(launch: Launch, sent: SentStart) -> bool:
    """Whether the page has started already and asks again, because it gave up waiting: a slow server may answer both
    calls, the later one first, and its own start must not supersede the page."""
    return sent.page is not None and launch.page == sent.page and not launch.recovering


def _touched(commits: tuple[SentCommit, ...]) -> Rows:
    """The records of collections that a message speaks of: no others need to be loaded."""
    rows = set()
    for commit in commits:
        for name, _ in commit.elements:
            if (parts := split_element(name)) is not None:
                rows.add((parts[0], parts[1]))
    return rows


def _row(
    work: Work,
    launch: str,
    number: int,
    kind: str,
    commit: SentCommit | None = None,
    *,
    status: str = "applied",
    details: Mapping[str, Any] | None = None,
) -> CommitRecord:
    key = work.played.current_key
    return CommitRecord(
        launch,
        number,
        work.now,
        commit.sent_at if commit else None,
        commit.activity if commit else None,
        work.state.attempt.number,
        key[1] if key else 0,
        kind,
        status,
        [list(pair) for pair in commit.elements] if commit else [],
        details=(dict(details) if details else None)
        if commit is None
        else {"initialized": commit.initialized, "terminated": commit.terminated},
    )


def _tolerated_calls(commit: SentCommit) -> list[tuple[str, str, str]]:
    """What only the browser can have seen: calls that the letter of the standard refuses. Values are judged here."""
    found = dict.fromkeys(entry[:2] for entry in commit.tolerated if len(entry) > 1)
    return [(call, rule, _CALL_RULES[rule]) for call, rule in found if rule in _CALL_RULES and call in _CALLS]


def _sent(record: CommitRecord) -> SentCommit:
    """A held row as it was sent."""
    details = record.details or {}
    return SentCommit(
        record.number,
        record.sent_at,
        record.activity_id,
        tuple((name, value) for name, value in record.elements),
        bool(details.get("initialized")),
        bool(details.get("terminated")),
        (),
    )
