"""A player and its content on the service itself: for tests of the package, and of hosts that have no web app.

``FakePlayer`` is asynchronous and sends when it is told to. ``FakeLearner`` is for the tests of a host: it goes through
the host's own app.
"""

from __future__ import annotations

from typing import Any

from scorm_embed.core.standard import Standard
from scorm_embed.service import Service
from scorm_embed.service.model import Launched
from scorm_embed.testing.page import FakePage
from scorm_embed.testing.sco import FakeSCO, Setting


class FakePlayer:
    """The player's page of one launch.

    Args:
        service: the service under test.
        launched: what ``service.launch`` gave.
    """

    def __init__(self, service: Service, launched: Launched) -> None:
        self.service = service
        self.launched = launched
        self._page: FakePage | None = None

    # -- what a test asks

    @property
    def page(self) -> FakePage:
        """The page that is open."""
        assert self._page is not None, "The player is not open."
        return self._page

    @property
    def sco(self) -> FakeSCO | None:
        """The content of the activity delivered."""
        return self.page.sco

    @property
    def view(self) -> dict[str, Any]:
        """What is shown, as the server says it."""
        return self.page.view

    @property
    def tree(self) -> dict[str, Any] | None:
        """The course's menu; None for a course of one activity."""
        return self.page.tree

    @property
    def state(self) -> str:
        """running, choosing or ended."""
        return str(self.view["state"])

    @property
    def activity_id(self) -> str | None:
        """The activity delivered."""
        return self.page.activity_id

    @property
    def refused(self) -> list[dict[str, Any]]:
        """What the server refused."""
        return self.page.refused

    @property
    def terminated(self) -> bool:
        """Whether the content has terminated."""
        return self.sco is not None and self.sco.terminated

    def can(self, control: str) -> bool:
        """Whether a control (``continue``, ``exit-all`` …) is valid, and content does not hide it."""
        return self.page.can(control)

    def entry(self, activity_id: str) -> str:
        """How an entry of the menu stands: ``choosable``, ``blocked`` or ``absent``."""
        if self.tree is None or activity_id in self.view["navigation"]["absent"]:
            return "absent"
        return "blocked" if activity_id in self.view["navigation"]["closed"] else "choosable"

    # -- what learner and page do

    async def open(self) -> FakePlayer:
        """Load the page: the course starts, resumes, or begins anew."""
        opened = await self.service.player_page(
            self.launched.tenant_id, self.launched.session_id, self.launched.launch_id
        )
        options = self.service.options
        self._page = FakePage(Setting(Standard(opened.standard), options.strictness, options.data_limits))
        await self._start()
        return self

    async def sync(self) -> None:
        """Send what the content has set since the last time; what follows from Terminate happens now."""
        self.page.collect()
        await self._send()

    async def click(self, control: str, target: str | None = None) -> None:
        """Use one of the learner's controls, or ``choice`` with the activity chosen; AssertionError when closed."""
        if control == "choice":
            assert self.entry(target or "") != "blocked", f"{target} cannot be chosen"
        else:
            assert self.can(control), f"{control} cannot be used"
        await self._send(control, target)

    async def close(self) -> None:
        """Close the page."""
        await self._send(leave=True)

    async def _start(self) -> None:
        where = (self.launched.tenant_id, self.launched.session_id, self.launched.launch_id)
        self.page.started(await self.service.start(*where, self.page.start_body(), _url))

    async def _send(self, request: str | None = None, target: str | None = None, *, leave: bool = False) -> None:
        where = (self.launched.tenant_id, self.launched.session_id, self.launched.launch_id)
        body = self.page.commit_body(request, target, leave=leave)
        answer = await self.service.commit(*where, body, _url)
        if not self.page.answered(answer, navigated=request is not None):
            await self._start()


def _url(digest: str, path: str) -> str:
    return f"content/{digest}/{path}"
