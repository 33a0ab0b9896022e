"""Launching: making the right to play a session, and the session itself where there is none."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from scorm_embed.engine.state import Launch, new_snapshot
from scorm_embed.errors import (
    AccessError,
    DuplicateEntryError,
    LaunchSupersededError,
    NotFoundError,
    StorageUnavailableError,
)
from scorm_embed.service.base import Desk
from scorm_embed.service.changes import change_session, end_expired, load_work
from scorm_embed.service.model import Launched, Mode, PlayerPage
from scorm_embed.service.work import Work
from scorm_embed.storage.base import Score, SessionChange, SessionRecord


class LaunchCalls(Desk):
    """The part of the service that launches."""

    async def launch(
        self,
        tenant_id: str,
        package_id: str,
        user_id: str,
        *,
        session_id: str | None = None,
        learner_name: str | None = None,
        mode: Mode = Mode.NORMAL,
        return_url: str | None = None,
        ttl_seconds: int | None = None,
    ) -> Launched:
        """Make a launch, and the session if there is none; the TTL is clamped to the configured range.

        Raises:
            NotFoundError: PACKAGE_NOT_FOUND.
            DuplicateEntryError: the session exists for another user or package.
        """
        package = await self.package_record(tenant_id, package_id)
        launch = self._new_launch(mode, learner_name, return_url, ttl_seconds)
        if session_id is None:
            session_id = self.new_id("ses_")

        async def relaunch(work: Work) -> None:
            if (work.record.user_id, work.record.package_id) != (user_id, package_id):
                raise DuplicateEntryError("The session exists for another user or package.", {"session_id": session_id})
            await end_expired(work)
            self._own(work, launch)

        for _ in range(2):
            try:
                _, work = await change_session(self, tenant_id, session_id, relaunch, rows=())
                return self._launched(work.record, launch)
            except NotFoundError as error:
                if error.code != "SESSION_NOT_FOUND":
                    raise
            record = self._new_session(tenant_id, session_id, user_id, package_id, package.version, launch)
            try:
                await self.storage.save_session(tenant_id, SessionChange(record, None))
                return self._launched(record, launch)
            except DuplicateEntryError:
                pass  # made by somebody else just now: go on with it
        raise StorageUnavailableError("The session came and went; try again.", {"session_id": session_id})

    async def launch_session(
        self, tenant_id: str, session_id: str, user_id: str, *, learner_name: str | None = None
    ) -> Launched:
        """Make a launch for the learner's own session, as the signed-in user opens its clean player URL.

        A launch that was made for the session and that nobody has opened yet is taken as it is.
        """

        async def relaunch(work: Work) -> Launch:
            if work.record.user_id != user_id:
                raise NotFoundError("There is no such session.", {"session_id": session_id}, code="SESSION_NOT_FOUND")
            last = work.state.launch
            if last is not None and not self._is_over(work.record):
                if last.run == 0:
                    if learner_name and learner_name != last.learner_name:
                        last.learner_name, work.dirty = learner_name, True
                    return last
                launch = self._new_launch(
                    Mode(last.mode), learner_name or last.learner_name, last.return_url, last.ttl_seconds
                )
            else:
                await end_expired(work)
                launch = self._new_launch(Mode.NORMAL, learner_name, None, None)
            self._own(work, launch)
            return launch

        launch, work = await change_session(self, tenant_id, session_id, relaunch, rows=())
        return self._launched(work.record, launch)

    async def player_page(self, tenant_id: str, session_id: str, launch_id: str) -> PlayerPage:
        """Give what the page needs; ``LaunchSupersededError``, ``AccessError`` (EXPIRED_TOKEN), ``NotFoundError``."""
        work = await load_work(self, tenant_id, session_id, rows=())
        launch = self.owning_launch(work, launch_id)
        assert work.record.expires_at is not None
        return PlayerPage(
            tenant_id,
            session_id,
            launch_id,
            work.opened.course.title,
            work.opened.course.standard.value,
            launch.return_url,
            launch.ends_at or work.record.expires_at,
            launch.ttl_seconds,
            last_run(launch),
        )

    def owning_launch(self, work: Work, launch_id: str) -> Launch:
        """The launch, if it still owns the session."""
        launch = work.state.launch
        if launch is None or launch.id != launch_id:
            raise superseded()
        if self._is_over(work.record):
            raise expired()
        return launch

    def _is_over(self, record: SessionRecord) -> bool:
        return record.expires_at is None or record.expires_at <= self.clock()

    def _new_launch(
        self, mode: Mode, learner_name: str | None, return_url: str | None, ttl_seconds: int | None
    ) -> Launch:
        options = self.options
        wanted = options.launch_ttl_seconds if ttl_seconds is None else ttl_seconds
        ttl = max(options.launch_ttl_seconds_min, min(wanted, options.launch_ttl_seconds_max))
        ends_at = self.clock() + timedelta(seconds=max(ttl, options.launch_max_seconds))
        return Launch(self.new_id("L"), mode.value, learner_name, return_url, ttl, ends_at)

    def _own(self, work: Work, launch: Launch) -> None:
        """Let the launch own the session; what an earlier one sends from now on is late."""
        last = work.state.launch
        if last is not None:
            launch.previous = last_run(last)
            launch.leftover = last.leftover or bool(last.held)
        work.state.launch = launch
        work.state.scratch = None
        work.scratch = None
        work.record = replace(work.record, launched_at=work.now)
        work.renew()

    def _new_session(
        self, tenant_id: str, session_id: str, user_id: str, package_id: str, version: int, launch: Launch
    ) -> SessionRecord:
        now = self.clock()
        return SessionRecord(
            tenant_id,
            session_id,
            user_id,
            package_id,
            version,
            version=1,
            completion_status="not attempted",
            success_status="unknown",
            state="not_attempted",
            score=Score(),
            progress_measure=None,
            time_spent_seconds=0.0,
            attempts=0,
            attempt_number=1,
            activity_id=None,
            activity_attempt=0,
            snapshot=new_snapshot(launch),
            created_at=now,
            updated_at=now,
            launched_at=now,
            expires_at=now + timedelta(seconds=launch.ttl_seconds),
        )

    def _launched(self, record: SessionRecord, launch: Launch) -> Launched:
        assert record.expires_at is not None
        seconds = round((record.expires_at - self.clock()).total_seconds())
        return Launched(
            record.tenant_id,
            record.id,
            record.package_id,
            record.user_id,
            launch.id,
            record.expires_at,
            seconds,
        )


def last_run(launch: Launch) -> str | None:
    """The run that owned the session last, before the launch starts anew: what its journal still holds is applied.

    Runs in browse and review mode are passed over: what they did does not count, and they change nothing that does.
    """
    has_owned = launch.run and not launch.recovering and Mode(launch.mode) is Mode.NORMAL
    return launch.key if has_owned else launch.previous


def expired() -> AccessError:
    """The error for a launch whose time is over."""
    return AccessError("The launch has expired; launch the course again.", code="EXPIRED_TOKEN")


def superseded() -> LaunchSupersededError:
    """The error for a launch, or a run of it, that owns the session no more."""
    return LaunchSupersededError("The course was opened in another window; this one has stopped.")
