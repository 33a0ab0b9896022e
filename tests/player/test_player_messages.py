"""What pages that embed the player hear, and who hears nothing."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

HOST = """<!doctype html><html lang="en"><title>host</title><script>
var heard = [], events = [];
addEventListener('message', function (e) { if (e.data.source === 'scorm_embed') heard.push(e.data) });
</script><script type="module" src="/static/client.js"></script>
<script>for (const type of ['scorm-state', 'scorm-progress', 'scorm-ended'])
document.addEventListener(type, function (e) { events.push([e.type, e.target.id, e.detail]) })</script>
<iframe id="player" src="../player/S" width="1000" height="700"></iframe></html>"""


@pytest.fixture
def host(wire, player):
    """A page of the host with the player in a bare iframe."""
    wire.pages["page.html"] = HOST
    wire.on_commit = lambda body: (
        wire.finish(summary=wire.summary | {"completion_status": "completed", "version": 4})
        if any(commit["terminated"] for commit in body["commits"])
        else None
    )
    player.page.goto(f"{wire.url}/host/page.html")
    return player.page


def finish(page):
    frame = page.frame_locator("#player")
    frame.locator("html[data-player-state=running]").wait_for(state="attached")
    content = frame.frame_locator('iframe[name="scorm-content"]')
    content.locator("p").evaluate("() => { sco.begin(); sco.end() }")
    frame.locator("html[data-player-state=ended]").wait_for(state="attached")


def test_the_embedding_page_hears_states_progress_and_the_end(host):
    finish(host)
    host.wait_for_function("heard.some((message) => message.type === 'ended')")
    heard = host.evaluate("heard")
    progress = {"completion_status": "incomplete", "success_status": "unknown", "score": None, "version": 3}
    done = progress | {"completion_status": "completed", "version": 4}
    common = {"source": "scorm_embed", "session_id": "S"}
    assert heard == [
        common | {"type": "state", "state": "loading", "reason": None, "activity_id": None},
        common | {"type": "state", "state": "running", "reason": None, "activity_id": "item_1"},
        common | {"type": "progress"} | progress,
        common | {"type": "state", "state": "ended", "reason": "completed", "activity_id": None},
        common | {"type": "progress"} | done,
        common | {"type": "ended", "reason": "completed"} | done,
    ]


def test_a_bare_iframe_gets_dom_events(host):
    finish(host)
    host.wait_for_function("events.some(([type]) => type === 'scorm-ended')")
    events = host.evaluate("events")
    assert {target for _, target, _ in events} == {"player"}
    kind, _, detail = events[-1]
    assert kind == "scorm-ended"
    assert detail == {
        "session_id": "S", "reason": "completed", "completion_status": "completed", "success_status": "unknown",
        "score": None, "version": 4,
    }  # fmt: skip


def test_a_page_of_an_origin_that_is_not_allowed_hears_nothing(wire, player):
    wire.boot = {"origins": ["https://host.example"]}
    wire.pages["page.html"] = HOST
    player.page.goto(f"{wire.url}/host/page.html")
    player.page.frame_locator("#player").locator("html[data-player-state=running]").wait_for(state="attached")
    assert player.page.evaluate("heard") == []


def test_messages_of_other_frames_are_no_events(wire, player):
    wire.pages["page.html"] = HOST.replace("../player/S", "other.html")
    wire.pages["other.html"] = "<!doctype html><title>other</title>"
    player.page.goto(f"{wire.url}/host/page.html")
    forged = "{ source: 'scorm_embed', type: 'ended', session_id: 'S', completion_status: 'completed' }"
    player.page.evaluate(
        f"new Promise((resolve) => {{ addEventListener('message', resolve); postMessage({forged}, '*') }})"
    )
    assert player.page.evaluate("[heard.length, events.length]") == [1, 0]


@pytest.mark.parametrize("query", ["", "?lang=ar"])
def test_nothing_violates_the_content_security_policy(wire, player, make_node, query):
    wire.tree = make_node("org", "A course", make_node("item_1", "One"), make_node("item_2", "Two"))
    problems = []
    player.page.on(
        "console", lambda message: problems.append(message.text) if message.type in ("error", "warning") else None
    )
    player.open(query=query)
    player.sco("sco.begin(); sco.commit()")
    player.wait(save="saved")
    assert [text for text in problems if "favicon" not in text and "404" not in text] == []
    assert player.errors == []
