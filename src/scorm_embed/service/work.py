"""What one change of a session works on: the records as they were read, the engine's state, and all that changes.

Owns the way between records and the engine's state. What an event means is the engine's; what is stored how is the
storage's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from scorm_embed.core.datamodel import CmiState, Strictness
from scorm_embed.engine import outcome
from scorm_embed.engine.delivery import Learner, Opening, open_activity
from scorm_embed.engine.effects import Effects, Happening
from scorm_embed.engine.events import Event
from scorm_embed.engine.session import Play, handle
from scorm_embed.engine.state import Phase, SessionState, to_snapshot
from scorm_embed.service.base import Desk
from scorm_embed.service.courses import OpenCourse
from scorm_embed.service.documents import score_record
from scorm_embed.service.earlier import MARK, record_text
from scorm_embed.service.model import Outcome
from scorm_embed.storage.base import (
    CommitRecord,
    LearnerData,
    RuntimeKey,
    RuntimeRecord,
    SessionRecord,
)
from scorm_embed.storage.elements import SHAPES, is_loaded, merged

Rows = Collection[tuple[str, int]] | None
"""The records of collections to load, by collection and position; None for all."""


@dataclass(slots=True)
class Work:
    """One session in the hands of one request."""

    desk: Desk
    record: SessionRecord
    runtime: RuntimeRecord | None
    opened: OpenCourse
    state: SessionState
    """What counts."""
    now: datetime
    learner_data: LearnerData
    scratch: SessionState | None = None
    """What a launch in browse or review mode plays on instead."""
    changes: dict[RuntimeKey, dict[str, str | None]] = field(default_factory=dict)
    objectives: dict[tuple[str, str], object] = field(default_factory=dict)
    stores: dict[tuple[str, str], str | None] = field(default_factory=dict)
    commits: list[CommitRecord] = field(default_factory=list)
    settled: list[tuple[str, int]] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)
    delivered: dict[str, str] | None = None
    """Run-time data of the activity delivered within this work."""
    view_changed: bool = False
    tracking_changed: bool = False
    problem: tuple[str, str] | None = None
    dirty: bool = False
    rows: Rows = None
    """The records of collections that were asked for; None for all."""

    @property
    def played(self) -> SessionState:
        """The state that the launch plays on."""
        return self.state if self.scratch is None else self.scratch

    @property
    def values(self) -> Mapping[str, str]:
        """Run-time data of the current activity, as they are now."""
        return self.delivered if self.delivered is not None else self.runtime.values if self.runtime else {}

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Let what is handled meanwhile count, also within a launch in browse or review mode: a real visit said it, or
        the host."""
        scratch, launch = self.scratch, self.state.launch
        self.scratch = None
        self.state.launch = None if launch is None else replace(launch, mode="normal")
        yield
        self.scratch, self.state.launch = scratch, launch
        if scratch is not None:
            begin_copy(self.state, scratch)

    async def handle(self, event: Event) -> Effects:
        """Let the engine handle an event and collect what it changes."""
        state = self.played
        play = Play(
            self.opened.course,
            self.opened.tree,
            self.opened.model,
            state,
            self._cmi(),
            tolerant=self.desk.options.strictness is Strictness.TOLERANT,
            best=self.desk.options.outcome is Outcome.BEST,
        )
        attempt_number = self.state.attempt.number
        effects = handle(play, event, now=self.now, draw=self.desk.draw)
        self.dirty = True
        if effects.before is not None and effects.runtime and self.scratch is None:
            # The event may have begun a new attempt: what the content said belongs to the one it was said in.
            self._keep(effects, attempt_number)
        self._keep_records(effects, attempt_number)
        self._keep_learner_data(effects)
        self.view_changed = self.view_changed or effects.view_changed
        self.tracking_changed = self.tracking_changed or effects.tracking_changed
        if effects.view_changed:
            self.problem = effects.problem
        if self.scratch is None or Happening.LAUNCHED in effects.happenings:
            self.happenings.extend(effects.happenings)
        if effects.delivery is not None:
            await self._deliver(effects)
        return effects

    def _key(self, activity_id: str, activity_attempt: int) -> RuntimeKey:
        return RuntimeKey(self.state.attempt.number, activity_id, activity_attempt)

    def _cmi(self) -> CmiState | None:
        """The data-model state of the current activity; what was written so far in this work is in it."""
        current = self.played.current_key
        if current is None:
            return None
        return CmiState(
            self.opened.model,
            self.values,
            strictness=self.desk.options.strictness,
            limits=self.desk.options.data_limits,
            counts=self.runtime.counts if self.runtime is not None and self.delivered is None else None,
        )

    def _keep(self, effects: Effects, attempt_number: int) -> None:
        assert effects.before is not None
        key = RuntimeKey(attempt_number, *effects.before)
        changed = effects.runtime
        values = merged(self.values, changed)
        self.changes.setdefault(key, {}).update(changed)
        counts = self._counts_after(changed)
        if self.delivered is not None:
            self.delivered = values
        else:
            self.runtime = RuntimeRecord(key, values, counts)

    def _keep_records(self, effects: Effects, attempt_number: int) -> None:
        if self.scratch is not None:
            return
        for activity_id, record in effects.put_away.items():
            if record.attempt:
                key = RuntimeKey(attempt_number, activity_id, record.attempt)
                self.changes.setdefault(key, {})[MARK] = record_text(record)

    def _counts_after(self, changed: Mapping[str, str | None]) -> dict[str, int]:
        """Collections grow by what was set; only what was loaded in part needs counting."""
        counts = dict(self.runtime.counts) if self.runtime is not None else {}
        for name in changed:
            parts = name.split(".")
            for at, part in enumerate(parts):
                if part.isdigit():
                    collection = ".".join(parts[:at])
                    counts[collection] = max(counts.get(collection, 0), int(part) + 1)
        return counts

    def _keep_learner_data(self, effects: Effects) -> None:
        if self.scratch is not None:
            return
        if (scope := self.opened.objective_scope) is not None:
            for identifier, items in self.state.tracking.changed_globals.items():
                self.objectives[scope, identifier] = items or None
        for identifier, value in effects.stores.items():
            if self.opened.course.shared_data_global_to_system:
                self.stores["", identifier] = value
            else:
                self.state.stores[identifier] = value

    async def _deliver(self, effects: Effects) -> None:
        """Make the run-time data of what sequencing delivered, from what is stored of the attempt that goes on."""
        assert effects.delivery is not None
        key = self._key(effects.delivery.activity_id, effects.delivery.activity_attempt)
        stored: dict[str, str] | None = None
        if not effects.delivery.fresh:
            stored = await self._stored(key)
        self.delivered = self.open_activity(effects.delivery.activity_id, stored, self._known_stores())
        if self.scratch is not None:
            return
        before = stored or {}
        change: dict[str, str | None] = {n: v for n, v in self.delivered.items() if before.get(n) != v}
        change |= {name: None for name in before if name not in self.delivered}
        self.changes.setdefault(key, {}).update(change)

    async def complete(self) -> None:
        """Load all run-time data of the activity that is shown once more: this work may have loaded only what was
        asked for, and what a launch in browse or review mode plays on is made anew each time."""
        current = self.played.current_key
        if current is None or self.delivered is not None or (self.scratch is None and self.rows is None):
            return
        key = self._key(*current)
        stored = await self._stored(key)
        if self.scratch is not None:
            self.delivered = self.open_activity(key.activity_id, stored, self._known_stores())
        elif stored is not None:
            self.runtime = RuntimeRecord(key, stored)

    def _known_stores(self) -> dict[str, str]:
        """The learner's shared data by identifier, as they are now."""
        stores = {identifier: value for (_, identifier), value in self.learner_data.stores.items() if value is not None}
        stores |= self.state.stores
        return stores | {identifier: value for (_, identifier), value in self.stores.items() if value is not None}

    def open_activity(
        self, activity_id: str, stored: Mapping[str, str] | None, stores: Mapping[str, str]
    ) -> dict[str, str]:
        """Make the first run-time data of an activity for the session's learner."""
        launch = self.state.launch
        learner = Learner(self.record.user_id, (launch.learner_name if launch else None) or "")
        opening = Opening(self.opened.course, self.opened.tree, self.opened.model, self.played, learner, stores)
        return open_activity(opening, activity_id, stored)

    async def _stored(self, key: RuntimeKey) -> dict[str, str] | None:
        """What is stored of a learner attempt on an activity, with what this work has changed already."""
        found = await self.desk.storage.load_runtime(
            self.record.tenant_id,
            self.record.id,
            attempt_number=key.attempt_number,
            activity_id=key.activity_id,
            activity_attempt=key.activity_attempt,
        )
        changed = self.changes.get(key)
        if not found and not changed:
            return None
        return merged(found[0].values if found else {}, changed or {})

    def renew(self) -> None:
        """The launch is alive: it ends later, but never after its last moment."""
        launch = self.state.launch
        if launch is None:
            return
        expires_at = self.now + timedelta(seconds=launch.ttl_seconds)
        if launch.ends_at is not None:
            expires_at = min(expires_at, launch.ends_at)
        self.record = replace(self.record, expires_at=expires_at)
        self.dirty = True

    def hear(self) -> None:
        """The player is there, whether or not its content has anything to say: the visit lasts until now."""
        current = self.played.open
        if current is not None and not current.terminated:
            current.seen = self.now

    def shown(self) -> outcome.Shown:
        """What the session shows now."""
        best = self.desk.options.outcome is Outcome.BEST
        return outcome.shown(self.opened.course, self.opened.tree, self.state, best=best)

    def finished(self) -> SessionRecord:
        """The record as it must be stored."""
        shown, state = self.shown(), self.state
        key = state.current_key
        if self.scratch is not None:
            state.scratch = to_snapshot(replace(self.scratch, launch=None))
            state.view = self.scratch.view
        return replace(
            self.record,
            version=self.record.version + 1,
            completion_status=shown.completion_status,
            success_status=shown.success_status,
            state=shown.state,
            score=score_record(shown.score),
            progress_measure=shown.progress_measure,
            time_spent_seconds=state.seconds + state.unclosed_seconds,
            attempts=state.opened,
            attempt_number=state.attempt.number,
            activity_id=key[0] if key else None,
            activity_attempt=key[1] if key else 0,
            is_playing=state.phase is Phase.ACTIVE,
            snapshot=to_snapshot(state),
            updated_at=self.now,
            completed_at=state.completed_at,
        )

    def current_runtime(self) -> RuntimeRecord | None:
        """The run-time data that the session shows."""
        key = self.state.current_key
        if key is None:
            return None
        if self.delivered is not None and self.scratch is None:
            return RuntimeRecord(self._key(*key), self.delivered)
        return self.runtime if self.runtime is not None and self.runtime.key == self._key(*key) else None

    async def whole_runtime(self) -> RuntimeRecord | None:
        """The same with all records of its collections: those that were not asked for are read now."""
        runtime = self.current_runtime()
        if runtime is None or all(
            is_loaded(collection, position, self.rows)
            for collection, count in runtime.counts.items()
            if collection in SHAPES
            for position in range(count)
        ):
            return runtime
        return RuntimeRecord(runtime.key, await self._stored(runtime.key) or {})


def begin_copy(state: SessionState, scratch: SessionState) -> None:
    """Let a copy on which nothing was played yet start from what counts."""
    if state.scratch is None:
        scratch.activities = {key: replace(entry) for key, entry in state.activities.items()}
