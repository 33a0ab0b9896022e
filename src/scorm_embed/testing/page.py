"""The player's page without a browser: what it keeps between two calls to the server, and what it would send next.

Owns the page's own part of docs/architecture.md, as the player's scripts have it: the content's API instance, numbered
commits, the journal, the learner's controls. Does no IO: ``FakePlayer`` and ``FakeLearner`` carry its messages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from scorm_embed.core.datamodel import CmiState, data_model
from scorm_embed.storage.base import Score
from scorm_embed.testing.sco import FakeSCO, Setting
from scorm_embed.testing.shown import MenuEntry, SessionShown, identifiers_of, menu_entries

Document = dict[str, Any]

CONTROLS = ("previous", "continue", "suspend-all", "exit", "exit-all", "abandon", "abandon-all")
"""The buttons of the player."""


class Journal:
    """What the browser keeps until the server has it: commits by launch."""

    def __init__(self) -> None:
        self._launches: dict[str, list[Document]] = {}

    def write(self, launch: str, commit: Document) -> None:
        """Keep a commit."""
        self._launches.setdefault(launch, []).append(commit)

    def read(self, launch: str) -> list[Document]:
        """Give the commits of one launch that are kept, in order."""
        return list(self._launches.get(launch, []))

    def forget(self, launch: str, up_to: int) -> None:
        """Drop what was acknowledged."""
        left = [commit for commit in self._launches.pop(launch, []) if commit["number"] > up_to]
        if left:
            self._launches[launch] = left

    def launches(self) -> list[Document]:
        """Give everything as ``start`` sends it."""
        return [{"launch": launch, "commits": list(commits)} for launch, commits in self._launches.items()]


class FakePage:
    """One opening of the player's page.

    Args:
        setting: what the page was told.
        journal: the browser's, which outlives the page.
        after_call: runs after each call of the content to its API.
    """

    def __init__(
        self, setting: Setting, journal: Journal | None = None, after_call: Callable[[], None] = lambda: None
    ) -> None:
        self.setting = setting
        self.journal = journal or Journal()
        self.state = "loading"
        """``loading``, ``running``, ``choosing``, ``ended``, ``superseded``, ``error``; ``closed`` for a page left."""
        self.reason: str | None = None
        self.tree: Document | None = None
        self.view: Document = {}
        self.summary: Document = {}
        self.sco: FakeSCO | None = None
        self.refused: list[Document] = []
        self._after_call = after_call
        self._number = 0

    # -- the two calls

    def start_body(self) -> Document:
        """What ``start`` sends."""
        return {"recover": self.journal.launches(), "language": self.setting.language}

    def started(self, answer: Mapping[str, Any]) -> None:
        """Take the answer to ``start``."""
        for entry in answer["recovered"]:
            self.journal.forget(entry["launch"], entry["acknowledged"])
        self.tree = answer["tree"]
        self._number = 0
        self._show(answer["view"])

    def commit_body(self, request: str | None = None, target: str | None = None, *, leave: bool = False) -> Document:
        """What ``commit`` sends now. With the learner's own event, and when the page goes, the content goes first."""
        if request is not None or leave:
            self._take_away()
        return {
            "launch": self.view["launch"],
            "view": self.view["number"],
            "commits": self.journal.read(self.view["launch"]),
            "navigate": None if request is None else {"request": request, "target": target},
            "leave": leave,
        }

    def answered(self, answer: Mapping[str, Any], *, navigated: bool = False) -> bool:
        """Take the answer to ``commit``; False where the page must start again to learn where it is."""
        self.journal.forget(self.view["launch"], answer["acknowledged"])
        self.refused += answer["refused"]
        self.summary = answer["summary"]
        view = answer["view"]
        if view is not None and (navigated or view["number"] != self.view["number"]):
            self._show(view)
        elif navigated:
            return False
        elif answer["navigation"] is not None:
            self.view["navigation"] = answer["navigation"]
        return True

    def failed(self, code: str) -> None:
        """The server's answer ends the launch."""
        self._take_away()
        self.state = "superseded" if code == "LAUNCH_SUPERSEDED" else "error"
        self.reason = None if self.state == "superseded" else code

    def gone(self) -> None:
        """The page is not there any more."""
        self._drop()
        self.state = "closed"
        self.reason = None

    # -- the content

    def collect(self, initialized: bool = False, terminated: bool = False) -> None:
        """Put what has changed into a commit of the journal."""
        sco = self.sco
        if sco is None:
            return
        cmi = sco.api.cmi
        elements = [[name, value] for name, value in cmi.take_changes().items()]
        tolerated = [[entry.element, entry.rule] for entry in cmi.tolerated]
        if not elements and not initialized and not terminated:
            return
        cmi.tolerated.clear()
        self._number += 1
        commit = {
            "number": self._number,
            "sent_at": datetime.now(UTC).isoformat(timespec="milliseconds"),  # noqa: TID251 - the browser's own clock
            "activity": sco.activity_id,
            "view": self.view["number"],
            "initialized": initialized,
            "terminated": terminated,
            "elements": elements,
            "tolerated": tolerated,
        }
        self.journal.write(self.view["launch"], commit)

    @property
    def waiting(self) -> bool:
        """Whether the server has not acknowledged everything that is in a commit."""
        return bool(self.view) and bool(self.journal.read(self.view["launch"]))

    def _show(self, view: Document) -> None:
        self._take_away()
        self.view = view
        self.summary = view["summary"]
        self.state, self.reason = view["state"], view["reason"]
        activity = view["activity"]
        if activity is not None:
            cmi = CmiState(
                data_model(self.setting.standard),
                activity["data"],
                strictness=self.setting.strictness,
                limits=self.setting.limits,
                navigation_valid=self.request_valid,
            )
            self.sco = FakeSCO(activity["id"], self.setting, cmi, self.collect, self._after_call)

    def _take_away(self) -> None:
        self.collect()
        self._drop()

    def _drop(self) -> None:
        if self.sco is not None:
            self.sco.shown = False
        self.sco = None

    # -- what the learner sees

    @property
    def activity_id(self) -> str | None:
        """The activity delivered."""
        return self.view["activity"]["id"] if self.view and self.view["activity"] else None

    @property
    def session(self) -> SessionShown:
        """The session as the server last told it."""
        facts = {name: self.summary.get(name) for name in SessionShown.__slots__}
        score = facts["score"]
        return SessionShown(**{**facts, "score": None if score is None else Score(**score)})  # type: ignore[arg-type]

    def can(self, control: str) -> bool:
        """Whether a control is valid now, and content does not hide it."""
        activity = self.view["activity"]
        hidden = activity["hidden"] if activity else []
        return control in self.view["navigation"]["valid"] and control not in hidden

    @property
    def buttons(self) -> tuple[str, ...]:
        """The buttons that the learner can use; a course of one activity has none."""
        if self.tree is None or self.state not in ("running", "choosing"):
            return ()
        return tuple(control for control in CONTROLS if self.can(control))

    @property
    def menu(self) -> dict[str, MenuEntry]:
        """The menu's entries by activity, in the order of the course; empty for a course of one activity."""
        if self.tree is None or not self.view:
            return {}
        return {entry.id: entry for entry in menu_entries(self.tree, self.view["navigation"], 1)}

    def request_valid(self, name: str) -> str:
        """What ``adl.nav.request_valid.*`` answers."""
        request, _, target = name.removeprefix("adl.nav.request_valid.").partition(".")
        navigation = self.view["navigation"]
        if request in ("continue", "previous"):
            return "true" if request in navigation["valid"] else "false"
        target = target.removeprefix("{target=").removesuffix("}")
        if request == "jump":
            return "true" if target in navigation["jump"] else "false"
        known = self.tree is not None and target in identifiers_of(self.tree)
        return "true" if known and target not in navigation["closed"] else "false"

    def check_button(self, control: str) -> None:
        """AssertionError where the learner has no such button, or it is closed."""
        if self.buttons and control in self.buttons:
            return
        if self.tree is None:
            raise AssertionError(
                f"There is no button {control!r}: a course of one activity has none; its learner closes the window."
            )
        known = f"The learner can use: {', '.join(self.buttons) or 'none'}."
        if control not in CONTROLS:
            raise AssertionError(f"There is no button {control!r}. {known}")
        raise AssertionError(f"The button {control!r} cannot be used now ({self.state}). {known}")

    def check_choice(self, activity_id: str) -> None:
        """AssertionError where the learner cannot choose an entry of the menu."""
        menu = self.menu
        entry = menu.get(activity_id)
        if entry is not None and entry.choosable and self.state in ("running", "choosing"):
            return
        open_ = ", ".join(name for name, other in menu.items() if other.choosable) or "nothing"
        if not menu:
            raise AssertionError(f"{activity_id!r} cannot be chosen: a course of one activity has no menu.")
        if entry is None:
            raise AssertionError(f"The menu has no entry {activity_id!r}. Choosable: {open_}.")
        first = f" Complete first: {', '.join(entry.first)}." if entry.first else ""
        raise AssertionError(f"{activity_id!r} is closed ({self.state}).{first} Choosable: {open_}.")
