"""Reading what a player sends: every shape is checked before anything is done with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from scorm_embed.core.limits import check_limits
from scorm_embed.core.sequencing.vocabulary import NavigationRequest
from scorm_embed.errors import RequestError
from scorm_embed.storage.base import BY_API
from scorm_embed.storage.checking import NUMBER_MAX

REQUESTS = {
    "continue": NavigationRequest.CONTINUE,
    "previous": NavigationRequest.PREVIOUS,
    "choice": NavigationRequest.CHOICE,
    "exit": NavigationRequest.EXIT,
    "exit-all": NavigationRequest.EXIT_ALL,
    "suspend-all": NavigationRequest.SUSPEND_ALL,
    "abandon": NavigationRequest.ABANDON,
    "abandon-all": NavigationRequest.ABANDON_ALL,
}
"""The learner's events, as the player's controls are called."""


PAGE_CHARS_KEPT = 40
"""Of the name that a page gives itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLimits:
    """How much one message of the player may bring. A worker answers nobody else while it applies it; the player halves
    what is refused as too much."""

    commits_max: int = 2_000
    elements_max: int = 60_000
    """Elements of all commits together."""

    def __post_init__(self) -> None:
        check_limits(self)


@dataclass(frozen=True, slots=True)
class SentCommit:
    """One numbered commit."""

    number: int
    sent_at: datetime | None
    activity: str | None
    elements: tuple[tuple[str, str | None], ...]
    """None where a change of type took a value away."""
    initialized: bool
    terminated: bool
    tolerated: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a journal still held of an earlier run."""

    launch: str
    commits: tuple[SentCommit, ...]


@dataclass(frozen=True, slots=True)
class SentStart:
    """A ``start`` call."""

    recovered: tuple[Recovered, ...]
    more: bool
    """Whether more of the journal follows in another call: nothing starts before that."""
    page: str | None
    """Tells the page that starts from others: the same page that asks again gets the same run."""


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A ``commit`` call."""

    launch: str
    view: int
    commits: tuple[SentCommit, ...]
    request: NavigationRequest | None
    target: str | None
    leave: bool


class _Reader:
    """Collects every fault, so that the answer names all of them."""

    def __init__(self, limits: MessageLimits | None) -> None:
        limits = limits or MessageLimits()
        self.faults: list[dict[str, str]] = []
        self._limits = limits
        self._commits_left = limits.commits_max
        self._elements_left = limits.elements_max

    def fault(self, path: str, problem: str) -> None:
        self.faults.append({"path": path, "error": problem})

    def get(self, data: Mapping[str, Any], name: str, kind: type | tuple[type, ...], path: str, default: Any) -> Any:
        value = data.get(name, default)
        wrong = isinstance(value, bool) and kind is int
        if value is not default and (wrong or not isinstance(value, kind)):
            self.fault(f"{path}{name}", f"must be {_NAMES.get(kind, 'of another type')}")
            return default
        return value

    def done(self) -> None:
        if self.faults:
            raise RequestError("The request is not understood.", {"fields": self.faults[:50]})

    def launch(self, data: Mapping[str, Any], path: str) -> str:
        """Read who sent the data. Rows of the host's own changes cannot be written, nor their numbers taken."""
        launch = data.get("launch")
        if not isinstance(launch, str) or launch == BY_API:
            self.fault(f"{path}launch", "must be the name of a launch")
            return ""
        return launch

    def commit(self, data: Any, path: str) -> SentCommit | None:
        if not isinstance(data, Mapping):
            self.fault(path, "must be an object")
            return None
        number = self.get(data, "number", int, f"{path}.", 0)
        if not 1 <= number <= NUMBER_MAX:
            self.fault(f"{path}.number", f"must be a whole number from 1 to {NUMBER_MAX}")
        return SentCommit(
            number,
            self.moment(data.get("sent_at")),
            self.get(data, "activity", str, f"{path}.", None),
            self.elements(data.get("elements", []), f"{path}.elements"),
            bool(self.get(data, "initialized", bool, f"{path}.", False)),
            bool(self.get(data, "terminated", bool, f"{path}.", False)),
            self.tolerated(data.get("tolerated", [])),
        )

    def commits(self, data: Any, path: str) -> tuple[SentCommit, ...]:
        if not isinstance(data, list):
            self.fault(path, "must be a list")
            return ()
        self._commits_left -= len(data)
        self._check_amount()
        found = [self.commit(entry, f"{path}[{at}]") for at, entry in enumerate(data)]
        return _once(c for c in found if c is not None)

    def _check_amount(self) -> None:
        if self._commits_left < 0 or self._elements_left < 0:
            raise RequestError(
                "There is too much in one message; send it in parts.",
                asdict(self._limits),
                code="PAYLOAD_TOO_LARGE",
                status=413,
            )

    def elements(self, data: Any, path: str) -> tuple[tuple[str, str | None], ...]:
        if not isinstance(data, list):
            self.fault(path, "must be a list")
            return ()
        self._elements_left -= len(data)
        self._check_amount()
        found = []
        for at, pair in enumerate(data):
            is_pair = isinstance(pair, list) and len(pair) == 2
            if is_pair and isinstance(pair[0], str) and isinstance(pair[1], str | None):
                found.append((pair[0], pair[1]))
            else:
                self.fault(f"{path}[{at}]", "must be an element's name and its value, a text or null")
        return tuple(found)

    def tolerated(self, data: Any) -> tuple[tuple[str, ...], ...]:
        if not isinstance(data, list):
            return ()
        return tuple(tuple(map(str, entry)) for entry in data if isinstance(entry, list))[:1000]

    def moment(self, data: Any) -> datetime | None:
        """The browser's clock; what cannot be read is no reason to refuse a commit."""
        if not isinstance(data, str):
            return None
        try:
            moment = datetime.fromisoformat(data)
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            return None


_NAMES: dict[Any, str] = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}


def _once(commits: Iterable[SentCommit]) -> tuple[SentCommit, ...]:
    """Each number once, as it came first, in order."""
    found: dict[int, SentCommit] = {}
    for commit in commits:
        found.setdefault(commit.number, commit)
    return tuple(found[number] for number in sorted(found))


def read_start(body: Mapping[str, Any], limits: MessageLimits | None = None) -> SentStart:
    """Read the body of ``start``; ``RequestError`` names every fault, or is PAYLOAD_TOO_LARGE."""
    reader = _Reader(limits)
    found: dict[str, tuple[SentCommit, ...]] = {}
    recover = reader.get(body, "recover", list, "", [])
    for at, entry in enumerate(recover):
        path = f"recover[{at}]"
        if not isinstance(entry, Mapping):
            reader.fault(path, "must be an object")
            continue
        launch = reader.launch(entry, f"{path}.")
        commits = reader.commits(entry.get("commits"), f"{path}.commits")
        found[launch] = _once((*found.get(launch, ()), *commits))
    more = reader.get(body, "more", bool, "", False)
    page = reader.get(body, "page", str, "", None)
    reader.done()
    recovered = tuple(Recovered(launch, commits) for launch, commits in found.items())
    return SentStart(recovered, bool(more), None if page is None else page[:PAGE_CHARS_KEPT])


def read_message(body: Mapping[str, Any], limits: MessageLimits | None = None) -> SentMessage:
    """Read the body of ``commit``; ``RequestError`` names every fault, or is PAYLOAD_TOO_LARGE."""
    reader = _Reader(limits)
    launch = reader.launch(body, "")
    view = reader.get(body, "view", int, "", 0)
    commits = reader.commits(body.get("commits", []), "commits")
    request: NavigationRequest | None = None
    target: str | None = None
    navigate = reader.get(body, "navigate", dict, "", None)
    if navigate is not None:
        name = reader.get(navigate, "request", str, "navigate.", "")
        request = REQUESTS.get(name)
        if request is None:
            reader.fault("navigate.request", f"must be one of {', '.join(REQUESTS)}")
        target = reader.get(navigate, "target", str, "navigate.", None)
    leave = reader.get(body, "leave", bool, "", False)
    reader.done()
    return SentMessage(launch, view, commits, request, target, bool(leave))
