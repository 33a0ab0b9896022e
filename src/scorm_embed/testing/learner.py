"""A learner's browser without a browser: opens the player through the host's own app, and takes the course.

Every step goes through the host's login, the player's page and its two calls, as in a browser; what the content calls
is answered by the same data model. No network, and milliseconds a test.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

from scorm_embed.core.datamodel import DataLimits, Strictness
from scorm_embed.core.standard import Standard
from scorm_embed.testing.clients import Answer, HostClient, form_body, origin_of
from scorm_embed.testing.page import FakePage, Journal
from scorm_embed.testing.sco import FakeSCO, Setting
from scorm_embed.testing.shown import MenuEntry, SessionShown


class PlayerRefusedError(AssertionError):
    """The server did not take what the player asked.

    Attributes:
        status: of HTTP.
        code: the stable code, such as ``SESSION_NOT_FOUND``; empty where the answer was not one of ours.
    """

    def __init__(self, what: str, answer: Answer) -> None:
        self.status = answer.status
        self.code, sentence = _error_of(answer)
        super().__init__(f"{what}: " + " ".join(filter(None, (str(self.status), self.code, sentence))))


class FakeLearner:
    """A learner with a browser.

    Args:
        host: the host's test client, signed in as the learner (Starlette, FastAPI, Litestar, Flask, Django), an
            ``httpx.Client`` of a running server, or the host's ASGI or WSGI app.
        load_content: load each activity's page, as a browser would, and refuse a course whose page is not there.
    """

    def __init__(self, host: Any, *, load_content: bool = True) -> None:
        self.client = host if isinstance(host, HostClient) else HostClient(host)
        self._load_content = load_content
        self._journals: dict[str, Journal] = {}
        self._page: FakePage | None = None
        self._run = ""
        self._offline = False

    def __enter__(self) -> FakeLearner:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop an app that was given as an object; a client of the host's is its own to close."""
        self.client.close()

    def new_window(self) -> FakeLearner:
        """Give a second window of the same browser: the same login, the same journal."""
        other = FakeLearner(self.client, load_content=self._load_content)
        other._journals = self._journals
        return other

    # -- pages of the host

    def get(self, url: str) -> Answer:
        """Open a page of the host."""
        return self.client.fetch("GET", url, headers=_navigating("document"))

    def post(self, url: str, form: Mapping[str, str] | None = None) -> Answer:
        """Send a form to the host, such as its login's."""
        headers = {**_navigating("document"), "Sec-Fetch-Site": "same-origin"}
        kind = "application/x-www-form-urlencoded"
        return self.client.fetch("POST", url, headers=headers, body=form_body(form or {}), kind=kind)

    # -- the player

    def open(self, where: str | Mapping[str, Any]) -> FakeLearner:
        """Open the player.

        Args:
            where: the player's URL; a page of the host that frames it or leads to it; or what ``launch`` gave.

        Raises:
            PlayerRefusedError: the learner may not open it, or the host's page has no player.
        """
        url = where if isinstance(where, str) else str(where["player_url"])
        answer = self.get(url)
        found = _Found(answer)
        if found.boot is None and found.frame is not None:
            answer = self.client.fetch("GET", urljoin(answer.url, found.frame), headers=_navigating("iframe"))
            found = _Found(answer)
        if found.boot is None or answer.status != 200:
            raise PlayerRefusedError(f"{url} opens no player", answer)
        boot = json.loads(found.boot)
        setting = Setting(
            Standard(boot["standard"]), Strictness(boot["strictness"]), DataLimits(**boot["limits"]), boot["language"]
        )
        self._run = urljoin(answer.url, boot["run"])
        journal = self._journals.setdefault(self._run.partition("/run/")[0], Journal())
        self._page = FakePage(setting, journal, self._send_commits)
        self._start()
        return self

    @property
    def page(self) -> FakePage:
        """The player's page."""
        assert self._page is not None, "The player is not open: learner.open(…) first."
        return self._page

    @property
    def sco(self) -> FakeSCO:
        """The content on screen."""
        sco = self.page.sco
        assert sco is not None, f"No content is on screen: the player is {self.state} ({self.page.reason})."
        return sco

    @property
    def state(self) -> str:
        """``running``, ``choosing``, ``ended``, ``superseded``, ``error``, or ``closed`` for a window that is shut."""
        return self.page.state

    @property
    def reason(self) -> str | None:
        """Why it ended (``suspended``, ``exited``, ``completed``, ``abandoned``), or the error's code."""
        return self.page.reason

    @property
    def activity_id(self) -> str | None:
        """The activity on screen."""
        return self.page.activity_id

    @property
    def session(self) -> SessionShown:
        """The session as the server last told it."""
        return self.page.session

    @property
    def menu(self) -> dict[str, MenuEntry]:
        """The course menu: entries by activity, in the order of the course."""
        return self.page.menu

    @property
    def buttons(self) -> tuple[str, ...]:
        """The buttons that can be used now."""
        return self.page.buttons

    # -- what the learner does

    def click(self, button: str) -> None:
        """Use one of the player's buttons; AssertionError, naming those that work, where it is closed."""
        self.page.check_button(button)
        self._navigate(button)

    def choose(self, activity_id: str) -> None:
        """Choose an entry of the menu; AssertionError, saying what comes first, where it is closed."""
        self.page.check_choice(activity_id)
        self._navigate("choice", activity_id)

    def close_window(self) -> None:
        """Close the player's window; what the content has set is sent with it."""
        body = self.page.commit_body(leave=self.state in ("running", "choosing"))
        try:
            if (body["leave"] or body["commits"]) and self.state not in ("superseded", "error") and not self._offline:
                self.page.answered(self._call("commit", body))
        finally:
            self.page.gone()

    def crash(self) -> None:
        """Lose the window without a word: what was committed and not acknowledged stays in the browser's journal."""
        self.page.gone()

    def go_offline(self) -> None:
        """Lose the network: the content goes on, and the journal keeps what it commits."""
        self._offline = True

    def go_online(self) -> None:
        """Get the network back: everything that waits is sent."""
        self._offline = False
        self._send_commits()

    # -- the calls

    def _start(self) -> None:
        self.page.started(self._call("start", self.page.start_body()))
        self._load()

    def _navigate(self, request: str, target: str | None = None) -> None:
        assert not self._offline, "The learner is offline: go_online() first."
        body = self.page.commit_body(request, target)
        if self.page.answered(self._call("commit", body), navigated=True):
            self._load()
        else:
            self._start()

    def _send_commits(self) -> None:
        if self._offline or not self.page.waiting:
            return
        before = self.page.view["number"]
        self.page.answered(self._call("commit", self.page.commit_body()))
        if self.page.view["number"] != before:
            self._load()

    def _call(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        origin = origin_of(self._run)
        headers = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
        answer = self.client.fetch(
            "POST",
            self._run + name,
            headers={**headers, **({"Origin": origin} if origin else {})},
            body=json.dumps(body).encode(),
            kind="application/json",
        )
        if answer.status == 200:
            return dict(answer.json())
        error = PlayerRefusedError(f"The player's {name} was not taken", answer)
        # As the player's script does: an error that our server names ends the launch, anything else is tried again.
        if 400 <= error.status < 500 and error.status != 429 and error.code:
            self.page.failed(error.code)
        raise error

    def _load(self) -> None:
        activity = self.page.view["activity"] if self.state == "running" else None
        if activity is None or not self._load_content:
            return
        answer = self.client.fetch("GET", urljoin(self._run, activity["url"]), headers=_navigating("iframe"))
        if answer.status != 200:
            raise PlayerRefusedError(f"The page of the activity {activity['id']!r} does not load", answer)


def _navigating(destination: str) -> dict[str, str]:
    site = "none" if destination == "document" else "same-origin"
    return {
        "Accept": "text/html",
        "Sec-Fetch-Dest": destination,
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Site": site,
    }


class _Found(HTMLParser):
    """What a page holds: the player's own data, a frame with a player, the code of a refusal."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.boot: str | None = None
        self.frame: str | None = None
        self.code = ""
        self.title = ""
        self._inside = ""
        if "html" in answer.headers.get("content-type", ""):
            self.feed(answer.text)
            self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "html":
            self.code = given.get("data-player-reason") or ""
        if tag == "script" and given.get("id") == "boot":
            self._inside, self.boot = "boot", ""
        elif tag == "title":
            self._inside = "title"
        source = given.get("src")
        if tag in ("iframe", "scorm-player") and source and "/player/" in source and self.frame is None:
            self.frame = source

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "boot":
            self.boot = (self.boot or "") + data
        elif self._inside == "title":
            self.title += data


def _error_of(answer: Answer) -> tuple[str, str]:
    """Give the code and the sentence of an answer that is no success."""
    if "json" in answer.headers.get("content-type", ""):
        try:
            document = answer.json()
        except ValueError:
            document = None
        if isinstance(document, dict) and isinstance(document.get("code"), str):
            return document["code"], f"{document.get('error', '')} {document.get('details') or ''}".strip()
        return "", answer.text[:200]
    found = _Found(answer)
    if found.code:
        return found.code, ""
    return "", "The page holds no player and no frame with one." if answer.status == 200 else found.title
