"""What a caller may do with one package or session of their tenant.

The host's own code and API keys may do everything (a key's scope was checked before). A signed-in user may open and
read their own sessions; for anything else the host's ``authorize`` callable decides, and without one the answer is no.
A session of somebody else answers as if it did not exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from scorm_embed.errors import ForbiddenError, NotFoundError
from scorm_embed.web.calling import answer_of_host
from scorm_embed.web.identity import Action, Caller
from scorm_embed.web.options import Authorize


class Permissions:
    """Decides with the host's ``authorize`` callable, or without one."""

    def __init__(self, authorize: Authorize | None) -> None:
        self._authorize = authorize

    async def on_session(self, caller: Caller, action: Action, session: Mapping[str, Any]) -> None:
        """Let the caller do something with a session, or raise."""
        if caller.learner is None:
            return
        own = session["user_id"] == caller.learner.id
        if own and action is Action.READ:
            return
        if await self._asks(caller, action, session):
            return
        if own:
            raise ForbiddenError("You may not do this with your session.")
        raise NotFoundError("There is no such session.", code="SESSION_NOT_FOUND")

    async def on_package(self, caller: Caller, action: Action, package: Mapping[str, Any] | None) -> None:
        """Let the caller do something with a package (None: a new one), or raise."""
        if not await self.allows_package(caller, action, package):
            raise ForbiddenError("You may not do this with the package.")

    async def allows_package(self, caller: Caller, action: Action, package: Mapping[str, Any] | None) -> bool:
        """Tell whether the caller may do something with a package."""
        return caller.learner is None or await self._asks(caller, action, package)

    async def _asks(self, caller: Caller, action: Action, subject: Mapping[str, Any] | None) -> bool:
        if self._authorize is None or caller.learner is None:
            return False
        call = partial(self._authorize, caller.learner, action.value, subject)
        return bool(await answer_of_host(caller.run_host, call))


def require_back_end(caller: Caller) -> None:
    """Refuse signed-in users where only a back end may ask."""
    if caller.learner is not None:
        raise ForbiddenError("Only a back end with an API key may do this.")
