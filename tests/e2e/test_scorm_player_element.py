"""``<scorm-player>`` on a page of another origin: what it shows, what it tells, and what it believes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Frame, Page

from scorm_embed.core.standard import Standard
from scorm_embed.testing.package_builder import Item, build_package

pytestmark = pytest.mark.browser

HERE = Path(__file__).parent
KEY = "end-to-end-key-end-to-end-key-0123"
FINISH = """() => {
  sco.call("Initialize", "");
  sco.call("SetValue", "cmi.score.scaled", "0.8");
  sco.call("SetValue", "cmi.success_status", "passed");
  sco.call("SetValue", "cmi.completion_status", "completed");
  sco.call("SetValue", "adl.nav.request", "exitAll");
  sco.call("Terminate", "");
}"""
RECORD = """
const heard = [];
for (const type of ["scorm-state", "scorm-progress", "scorm-ended"])
  document.addEventListener(type, ({ target, detail }) => heard.push([target.id, type, detail]));
"""


@dataclass
class Embedding:
    """A host's server, its pages, and the player's server on another origin."""

    host: str
    player: str
    pages: Path
    client: httpx.Client
    package: str = ""
    launches: int = field(default=0)

    def launch(self, session: str | None = None) -> str:
        """The URL of a launch; of a new session without one."""
        self.launches += 1
        body = {"user_id": "ada", "session_id": session or f"s{self.launches}"}
        answer = self.client.post(f"/api/v1/packages/{self.package}/launch", json=body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["launch_url"])

    def page(self, body: str, script: str = RECORD, *, client: bool = True) -> str:
        """Write a page of the host; gives its URL."""
        name = f"page{len(list(self.pages.iterdir()))}.html"
        module = f'<script type="module" src="{self.player}/client.js"></script>' if client else ""
        text = f'<!doctype html><html lang="en"><title>host</title><script nonce="host">{script}</script>{module}{body}'
        (self.pages / name).write_text(text, "utf-8")
        return f"{self.host}/{name}"


@pytest.fixture(scope="module")
def embedding(tmp_path_factory: pytest.TempPathFactory, serving: Callable[..., Any]) -> Iterator[Embedding]:
    folder = tmp_path_factory.mktemp("embedding")
    (folder / "pages").mkdir()
    (folder / "pages" / "empty.html").write_text("<!doctype html><title>empty</title>")
    command = [sys.executable, "-m", "uvicorn", "--port", "{port}", "--log-level", "warning"]
    with serving(folder) as start:
        # The host's port is chosen first, so that the player knows who may embed it.
        first = start([*command, "embedding:host"], ready="/empty.html", cwd=HERE, HOST_PAGES=str(folder / "pages"))
        host = first.url.replace("127.0.0.1", "localhost")
        second = start([*command, "embedding:player"], ready="/scorm/api/v1/health", cwd=HERE, HOST_ORIGIN=host)
        first.stop()
        port = int(first.url.rpartition(":")[2])
        environment = {"HOST_PAGES": str(folder / "pages"), "PLAYER_ORIGIN": second.url}
        start([*command, "embedding:host"], ready="/empty.html", cwd=HERE, port=port, **environment)
        with httpx.Client(base_url=f"{second.url}/scorm", headers={"X-API-Key": KEY}, timeout=60) as client:
            made = Embedding(host, f"{second.url}/scorm", folder / "pages", client)
            zipped = build_package(Standard.SCORM_2004_4TH, [Item("lesson")])
            made.package = client.post(
                "/api/v1/packages", content=zipped, headers={"Content-Type": "application/zip"}
            ).json()["id"]
            yield made


def state(page: Page, wanted: str, selector: str = "scorm-player") -> None:
    page.set_default_timeout(15_000)
    page.wait_for_selector(f'{selector}[data-state="{wanted}"]', state="attached")


def content(page: Page, selector: str = "scorm-player") -> Frame:
    """The course's own page within an element."""
    player = page.wait_for_selector(f"{selector} >> iframe")
    frame = player.content_frame() if player else None
    assert frame is not None
    inner = frame.wait_for_selector('iframe[name="scorm-content"]')
    course = inner.content_frame() if inner else None
    assert course is not None
    course.wait_for_selector("html[data-sco=ready]", state="attached")
    return course


def heard(page: Page, last: str) -> list[Any]:
    """Everything that was said, once something of this type was."""
    page.wait_for_selector("html")  # the page's own policy forbids functions to wait for
    found = page.evaluate(
        """(last) => new Promise((resolve) => {
          const done = () => heard.some(([, type]) => type === last) && resolve(heard);
          document.addEventListener(last, () => setTimeout(done));
          done();
        })""",
        last,
    )
    return list(found)


def test_the_element_plays_a_course_and_tells_what_becomes_of_it(embedding: Embedding, page: Page) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    src = embedding.launch("told")
    page.goto(embedding.page(f'<scorm-player id="one" src="{src}" label="Weather"></scorm-player>'))
    state(page, "running")
    element = "document.querySelector('scorm-player')"
    assert page.evaluate(f"[{element}.state, {element}.activityId, {element}.reason]") == ["running", "lesson", None]
    content(page).evaluate(FINISH)
    state(page, "ended")
    events = heard(page, "scorm-ended")
    result = {
        "completion_status": "completed",
        "success_status": "passed",
        "score": {"scaled": 0.8, "raw": None, "min": None, "max": None},
    }
    states = [(detail["state"], detail["activity_id"]) for _, kind, detail in events if kind == "scorm-state"]
    assert [step for step in states if step[0] != "loading"] == [("running", "lesson"), ("ended", None)]
    target, kind, detail = events[-1]
    version = embedding.client.get("/api/v1/sessions/told").json()["version"]
    assert (target, kind) == ("one", "scorm-ended")
    assert detail == {"session_id": "told", "reason": "completed", "version": version, **result}
    assert page.evaluate(f"{element}.progress") == {"version": version, **result}
    assert page.evaluate(f"[{element}.state, {element}.reason]") == ["ended", "completed"]
    assert errors == []


def test_height_label_and_permissions_follow_the_attributes(embedding: Embedding, page: Page) -> None:
    src = embedding.launch()
    page.goto(
        embedding.page(f'<scorm-player src="{src}" height="420" label="Weather" allow="microphone"></scorm-player>')
    )
    state(page, "running")
    facts = """() => {
      const element = document.querySelector("scorm-player");
      const { title, allow, src } = element.frame;
      return [element.getBoundingClientRect().height, element.frame.getBoundingClientRect().height, title, allow, src];
    }"""
    height, inner, title, allow, address = page.evaluate(facts)
    assert (height, inner, title, address) == (420, 420, "Weather", src)
    assert allow == (
        "autoplay; clipboard-write; encrypted-media; picture-in-picture; unload; fullscreen 'none'; microphone"
    )
    before = page.evaluate("document.querySelector('scorm-player').frame.contentWindow.length")
    page.evaluate(
        """Object.assign(document.querySelector("scorm-player"),
        { height: "50vh", label: "Wetter", allowFullscreen: true })"""
    )
    height, inner, title, allow, _ = page.evaluate(facts)
    assert (height, inner, title) == (400, 400, "Wetter")
    assert allow.endswith("unload; fullscreen; microphone")
    # Nothing of that opens the course anew.
    assert page.evaluate("document.querySelector('scorm-player').frame.contentWindow.length") == before == 1


def test_without_a_height_the_element_has_one_that_a_style_sheet_can_change(embedding: Embedding, page: Page) -> None:
    style = '<style nonce="host">.low { block-size: 300px }</style>'
    page.goto(embedding.page(f"{style}<scorm-player></scorm-player><scorm-player class='low'></scorm-player>"))
    state(page, "idle")
    heights = "[...document.querySelectorAll('scorm-player')].map((e) => e.getBoundingClientRect().height)"
    assert page.evaluate(heights) == [800, 300]


def test_the_hosts_words_stand_there_until_the_course_does(embedding: Embedding, page: Page) -> None:
    src = embedding.launch()
    page.goto(
        embedding.page(
            '<scorm-player><p slot="loading">One moment</p><p slot="error">Ask your teacher</p></scorm-player>'
        )
    )
    state(page, "idle")
    assert not page.get_by_text("One moment").is_visible()
    facts = page.evaluate(
        """(src) => {
          const element = document.querySelector("scorm-player");
          element.src = src;
          return [element.state, element.querySelector("[slot=loading]").checkVisibility()];
        }""",
        src,
    )
    assert facts == ["loading", True]
    state(page, "running")
    assert not page.get_by_text("One moment").is_visible()
    assert not page.get_by_text("Ask your teacher").is_visible()


def test_a_player_that_does_not_open_shows_the_hosts_words(embedding: Embedding, page: Page) -> None:
    src = f"{embedding.player}/player/nobody?token=wrong"
    page.goto(embedding.page(f'<scorm-player id="one" src="{src}"><p slot="error">Ask your teacher</p></scorm-player>'))
    state(page, "error")
    assert page.get_by_text("Ask your teacher").is_visible()
    assert heard(page, "scorm-state")[-1] == [
        "one",
        "scorm-state",
        {"session_id": None, "state": "error", "reason": "INVALID_TOKEN", "activity_id": None},
    ]


def test_without_words_of_the_hosts_the_players_own_are_seen(embedding: Embedding, page: Page) -> None:
    src = f"{embedding.player}/player/nobody?token=wrong"
    page.goto(embedding.page(f'<scorm-player src="{src}"></scorm-player>'))
    state(page, "error")
    assert page.evaluate("document.querySelector('scorm-player').reason") == "INVALID_TOKEN"
    assert page.locator("scorm-player [part=error]").is_hidden()
    player = page.locator("scorm-player iframe").content_frame
    assert player.get_by_role("heading").inner_text() == "The course cannot be opened"


def test_a_page_that_is_no_player_is_shown_and_reported(embedding: Embedding, page: Page) -> None:
    # An installed clock goes on by itself until it is stopped.
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    warnings: list[str] = []
    page.on("console", lambda message: warnings.append(message.text) if message.type == "warning" else None)
    src = f"{embedding.player}/client.d.ts"
    page.goto(embedding.page(f'<scorm-player src="{src}"><p slot="loading">One moment</p></scorm-player>'))
    page.clock.run_for(4900)
    assert page.evaluate("document.querySelector('scorm-player').state") == "loading"
    page.clock.run_for(5100)
    state(page, "silent")
    assert not page.get_by_text("One moment").is_visible()
    assert [embedding.host in text and "message_origins" in text for text in warnings] == [True]


@pytest.mark.parametrize("src", ["javascript:alert(1)", "data:text/html,x", "blob:x", "http://"])
def test_an_address_that_is_none_opens_nothing(embedding: Embedding, page: Page, src: str) -> None:
    page.goto(embedding.page(f'<scorm-player id="one" src="{src}"></scorm-player>'))
    state(page, "error")
    assert page.evaluate("(({ reason, frame }) => [reason, frame])(document.querySelector('scorm-player'))") == [
        "INVALID_SRC",
        None,
    ]


def test_another_address_takes_the_place_of_the_old_one(embedding: Embedding, page: Page) -> None:
    first, second = embedding.launch("first"), embedding.launch("second")
    page.goto(embedding.page(f'<scorm-player src="{first}"></scorm-player>'))
    state(page, "running")
    before = page.evaluate("history.length")
    page.evaluate("(src) => { heard.length = 0; document.querySelector('scorm-player').src = src }", second)
    state(page, "running")
    events = heard(page, "scorm-progress")
    assert {detail["session_id"] for _, _, detail in events} == {"second"}
    assert page.evaluate("history.length") == before
    assert page.evaluate("document.querySelector('scorm-player').shadowRoot.querySelectorAll('iframe').length") == 1


def test_an_element_that_is_taken_away_and_put_back_goes_on(embedding: Embedding, page: Page) -> None:
    src = embedding.launch("moved")
    page.goto(embedding.page(f'<scorm-player src="{src}"></scorm-player><div id="other"></div>'))
    state(page, "running")
    content(page).evaluate("sco.call('Initialize', ''); sco.call('SetValue', 'cmi.location', 'p3')")
    page.evaluate("window.kept = document.querySelector('scorm-player'); kept.remove()")
    assert page.evaluate("[kept.state, kept.frame, kept.progress]") == ["idle", None, None]
    page.evaluate("document.querySelector('#other').append(kept)")
    state(page, "running")
    course = content(page)
    assert course.evaluate("sco.call('Initialize', '').value") == "true"
    assert course.evaluate("sco.call('GetValue', 'cmi.location').value") == "p3"


def test_several_on_a_page_do_not_hear_each_other(embedding: Embedding, page: Page) -> None:
    one, two = embedding.launch("one"), embedding.launch("two")
    page.goto(
        embedding.page(
            f'<scorm-player id="one" src="{one}"></scorm-player><scorm-player id="two" src="{two}"></scorm-player>'
        )
    )
    state(page, "running", "#one")
    state(page, "running", "#two")
    content(page, "#two").evaluate(FINISH)
    state(page, "ended", "#two")
    events = heard(page, "scorm-ended")
    assert {(target, detail["session_id"]) for target, _, detail in events} == {("one", "one"), ("two", "two")}
    assert page.evaluate("document.querySelector('#one').state") == "running"


def test_nobody_else_can_speak_for_the_player(embedding: Embedding, page: Page) -> None:
    src = embedding.launch("honest")
    page.goto(embedding.page(f'<scorm-player src="{src}"></scorm-player>'))
    state(page, "running")
    forged = "{ source: 'scorm_embed', type: 'ended', session_id: 'honest', completion_status: 'completed' }"
    page.evaluate("{ window.arrived = []; addEventListener('message', ({ data }) => arrived.push(data.type)); }")
    arrival = """(count) => new Promise((resolve) => {
      const look = () => (arrived.filter((type) => type === "ended").length === count ? resolve(1) : setTimeout(look));
      look();
    })"""
    # From the page itself, from a frame of the right origin that is not the player's own, and from the player's frame
    # once a page of another origin is in it.
    page.evaluate(f"postMessage({forged}, '*')")
    page.evaluate(arrival, 1)
    content(page).evaluate(f"top.postMessage({forged}, '*')")
    page.evaluate(arrival, 2)
    elsewhere = f"{embedding.player.replace('127.0.0.1', 'localhost')}/client.js"
    with page.expect_event("framenavigated", lambda frame: frame.url == elsewhere) as navigated:
        page.evaluate(
            "(url) => { document.querySelector('scorm-player').frame.contentWindow.location = url }", elsewhere
        )
    frame = navigated.value
    frame.wait_for_load_state()
    frame.evaluate(f"parent.postMessage({forged}, '*')")
    page.evaluate(arrival, 3)
    assert "scorm-ended" not in {kind for _, kind, _ in page.evaluate("heard")}


def test_properties_that_were_set_before_the_script_came_count(embedding: Embedding, page: Page) -> None:
    src = embedding.launch()
    page.goto(embedding.page("<scorm-player></scorm-player>", client=False))
    page.evaluate(
        """(src) => {
          Object.assign(document.querySelector("scorm-player"), { src, label: "Early", allowFullscreen: true });
        }""",
        src,
    )
    page.evaluate("(url) => import(url).then(() => {})", f"{embedding.player}/client.js")
    state(page, "running")
    frame = "document.querySelector('scorm-player').frame"
    assert page.evaluate(f"[{frame}.title, {frame}.src, {frame}.allow.includes('none')]") == ["Early", src, False]


def test_the_element_fills_the_screen(embedding: Embedding, page: Page) -> None:
    src = embedding.launch()
    button = '<button id="full">Full</button>'
    page.goto(embedding.page(f'<scorm-player src="{src}" height="300" allow-fullscreen></scorm-player>{button}'))
    state(page, "running")
    page.evaluate(
        """() => {
          const element = document.querySelector("scorm-player");
          const filled = () => document.body.append("filled");
          document.querySelector("#full").onclick = () => element.fullscreen().then(filled);
        }"""
    )
    page.click("#full")
    page.get_by_text("filled").wait_for(state="attached")
    assert page.evaluate("document.fullscreenElement.localName") == "scorm-player"
    heights = (
        "[document.fullscreenElement, document.fullscreenElement.frame].map((e) => e.getBoundingClientRect().height)"
    )
    assert page.evaluate(heights) == [page.evaluate("innerHeight")] * 2


def test_a_bare_frame_can_be_listened_to_until_one_stops(embedding: Embedding, page: Page) -> None:
    src = embedding.launch("bare")
    page.goto(embedding.page('<iframe id="bare" allow="unload; autoplay"></iframe>'))
    page.evaluate(
        """([url, src]) => import(url).then(({ listen }) => {
          const frame = document.querySelector("#bare");
          window.said = [];
          window.stop = listen(frame, { state: (detail) => said.push(detail.state), ended: () => said.push("end") });
          frame.src = src;
        })""",
        [f"{embedding.player}/client.js", src],
    )
    frame = page.locator("#bare").element_handle().content_frame()
    assert frame is not None
    inner = frame.wait_for_selector('html[data-player-state="running"] iframe[name="scorm-content"]')
    course = inner.content_frame() if inner else None
    assert course is not None
    course.wait_for_selector("html[data-sco=ready]", state="attached")
    assert page.evaluate("said.at(-1)") == "running"
    # The events of the frame are there as well.
    assert {target for target, _, _ in page.evaluate("heard")} == {"bare"}
    page.evaluate("stop(); said.length = 0; heard.length = 0")
    course.evaluate(FINISH)
    heard(page, "scorm-ended")
    assert page.evaluate("said") == []


def test_the_players_colours_are_the_hosts(embedding: Embedding, page: Page) -> None:
    page.goto(embedding.page(f'<scorm-player src="{embedding.launch()}"></scorm-player>'))
    state(page, "running")
    frame = page.locator("scorm-player iframe").element_handle().content_frame()
    assert frame is not None
    colour = """(getComputedStyle(document.body.appendChild(Object.assign(document.createElement("i"),
      { className: "probe" }))).getPropertyValue("--scorm-accent"))"""
    assert frame.evaluate(colour) == "light-dark(#00695c,#80cbc4)"
