"""A player and its content without a browser: through the real service, with the checks that the browser makes.

``FakePlayer`` speaks the player's two calls; its ``sco`` is the API instance that content would find. What the browser
does around them (a numbered commit at Commit, Terminate and before the learner's own events) is done the same way, so
that a host tests its courses, grade books and permissions in milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scorm_embed.core.datamodel import CmiState, Strictness, data_model
from scorm_embed.core.datamodel.api import ApiInstance, ApiState, Hooks
from scorm_embed.core.standard import Standard
from scorm_embed.service import Service
from scorm_embed.service.model import Launched


class FakeSCO:
    """The content of one view: calls the API as a SCO would."""

    def __init__(self, standard: Standard, activity: Mapping[str, Any], player: FakePlayer) -> None:
        self.activity_id: str = activity["id"]
        self.initialized = False
        cmi = CmiState(
            data_model(standard),
            activity["data"],
            strictness=player.strictness,
            navigation_valid=player.request_valid,
        )
        self.api = ApiInstance(cmi, Hooks(initialize=self._begun, commit=player.note_commit, terminate=player.note_end))
        self._names = (
            ("Initialize", "GetValue", "SetValue", "Commit", "Terminate")
            if standard.is_2004
            else ("LMSInitialize", "LMSGetValue", "LMSSetValue", "LMSCommit", "LMSFinish")
        )

    def _begun(self) -> bool:
        self.initialized = True
        return True

    def call(self, method: str, *args: str | None) -> tuple[str, str]:
        """Call a method by its standard's name; gives what it returned and the last error after it."""
        return self.api.call(method, *args), self.api.last_error

    def _checked(self, method: str, *args: str) -> str:
        value, code = self.call(method, *args)
        if code != "0":
            raise AssertionError(f"{method}{args} failed with {code}: {self.api.diagnostic}")
        return value

    def initialize(self) -> None:
        """Begin the communication session; AssertionError when the API refuses."""
        self._checked(self._names[0], "")

    def get(self, element: str) -> str:
        """Read an element; AssertionError when the API refuses."""
        return self._checked(self._names[1], element)

    def set(self, element: str, value: str) -> None:
        """Set an element; AssertionError when the API refuses."""
        self._checked(self._names[2], element, value)

    def commit(self) -> None:
        """Ask for everything to be saved; it is sent with the player's next ``sync``."""
        self._checked(self._names[3], "")

    def terminate(self) -> None:
        """End the communication session; what follows from it happens with the player's next ``sync``."""
        self._checked(self._names[4], "")


class FakePlayer:
    """The player's page of one launch.

    Args:
        service: the service under test.
        launched: what ``service.launch`` gave.
    """

    def __init__(self, service: Service, launched: Launched) -> None:
        self.service = service
        self.launched = launched
        self.strictness: Strictness = service.options.strictness
        self.view: dict[str, Any] = {}
        self.tree: dict[str, Any] | None = None
        self.refused: list[dict[str, Any]] = []
        self.sco: FakeSCO | None = None
        self._number = 0
        self._ending = False
        self._standard: Standard | None = None

    # -- what a test asks

    @property
    def state(self) -> str:
        """running, choosing or ended."""
        return str(self.view["state"])

    @property
    def activity_id(self) -> str | None:
        """The activity delivered."""
        return self.view["activity"]["id"] if self.view["activity"] else None

    def can(self, control: str) -> bool:
        """Whether the learner can use a control (``continue``, ``exit-all`` …): it is valid, and content shows it."""
        hidden = self.view["activity"]["hidden"] if self.view["activity"] else []
        return control in self.view["navigation"]["valid"] and control not in hidden

    def entry(self, activity_id: str) -> str:
        """How an entry of the menu stands: ``choosable``, ``blocked`` or ``absent``."""
        if self.tree is None or activity_id in self.view["navigation"]["absent"]:
            return "absent"
        return "blocked" if activity_id in self.view["navigation"]["closed"] else "choosable"

    def request_valid(self, name: str) -> str:
        """What ``adl.nav.request_valid.*`` answers."""
        request, _, target = name.removeprefix("adl.nav.request_valid.").partition(".")
        navigation = self.view["navigation"]
        if request in ("continue", "previous"):
            return "true" if request in navigation["valid"] else "false"
        target = target.removeprefix("{target=").removesuffix("}")
        if request == "jump":
            return "true" if target in navigation["jump"] else "false"
        known = self.tree is not None and target in _identifiers(self.tree)
        return "true" if known and target not in navigation["closed"] else "false"

    # -- what learner and page do

    async def open(self) -> FakePlayer:
        """Load the page: the course starts, resumes, or begins anew."""
        page = await self.service.player_page(
            self.launched.tenant_id, self.launched.session_id, self.launched.launch_id
        )
        self._standard = Standard(page.standard)
        answer = await self.service.start(
            self.launched.tenant_id, self.launched.session_id, self.launched.launch_id, {"recover": []}, _url
        )
        self.tree = answer["tree"]
        self._number = 0
        self._show(answer["view"])
        return self

    async def sync(self) -> None:
        """Send what the content has set since the last time; what follows from Terminate happens now."""
        await self._send({})

    async def click(self, control: str, target: str | None = None) -> None:
        """Use one of the learner's controls, or ``choice`` with the activity chosen; AssertionError when closed."""
        if control == "choice":
            assert self.entry(target or "") != "blocked", f"{target} cannot be chosen"
        else:
            assert self.can(control), f"{control} cannot be used"
        await self._send({"navigate": {"request": control, "target": target}})

    async def close(self) -> None:
        """Close the page."""
        await self._send({"leave": True})

    async def _send(self, more: Mapping[str, Any]) -> None:
        commits = []
        if self.sco is not None:
            elements = [[name, value or ""] for name, value in self.sco.api.cmi.take_changes().items()]
            if elements or self._ending or self.sco.initialized:
                self._number += 1
                commits.append(
                    {
                        "number": self._number,
                        "activity": self.sco.activity_id,
                        "view": self.view["number"],
                        "initialized": self.sco.initialized,
                        "terminated": self._ending,
                        "elements": elements,
                    }
                )
                self.sco.initialized = False
                self._ending = False
        body = {"launch": self.view["launch"], "view": self.view["number"], "commits": commits, **more}
        answer = await self.service.commit(
            self.launched.tenant_id, self.launched.session_id, self.launched.launch_id, body, _url
        )
        self.refused += answer["refused"]
        if answer["view"] is not None:
            self._show(answer["view"])
        elif answer["navigation"] is not None:
            self.view["navigation"] = answer["navigation"]

    def _show(self, view: dict[str, Any]) -> None:
        self.view = view
        assert self._standard is not None
        self.sco = FakeSCO(self._standard, view["activity"], self) if view["activity"] else None

    def note_commit(self) -> bool:
        """Commit answers true: the journal has what it needs."""
        return True

    def note_end(self) -> bool:
        """Terminate answers true; the next message says so to the server."""
        self._ending = True
        return True

    @property
    def terminated(self) -> bool:
        """Whether the content has terminated."""
        return self.sco is not None and self.sco.api.state is ApiState.TERMINATED


def _url(digest: str, path: str) -> str:
    return f"content/{digest}/{path}"


def _identifiers(tree: Mapping[str, Any]) -> set[str]:
    found = {tree["id"]}
    for child in tree["children"]:
        found |= _identifiers(child)
    return found
