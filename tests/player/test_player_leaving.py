"""Courses that end in every way that courses end, and pages that go away."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

FINISH = "function () { sco.set('cmi.location', 'last'); sco.set('cmi.exit', 'suspend'); sco.end() }"
LAST = {"cmi.location": "last", "cmi.exit": "suspend"}


def left(wire):
    """The request that says that the learner has gone."""
    return next((body for body in wire.requests if body["leave"]), None)


@pytest.mark.parametrize("event", ["pagehide", "unload", "beforeunload"])
def test_a_course_that_finishes_while_the_page_closes_loses_nothing(wire, player, event):
    wire.scripts["item_1"] = f"addEventListener('{event}', {FINISH})"
    player.open()
    player.sco("sco.begin(); sco.set('cmi.location', 'p3')")
    player.page.close(run_before_unload=True)
    body = wire.until(lambda: left(wire))
    assert wire.elements == LAST
    assert body["commits"][-1]["terminated"] is True
    assert body["navigate"] is None


def test_a_course_that_never_finishes_is_saved_when_the_page_closes(wire, player):
    player.open()
    player.sco("sco.begin(); sco.set('cmi.location', 'p3')")
    player.page.close(run_before_unload=True)
    body = wire.until(lambda: left(wire))
    assert wire.elements == {"cmi.location": "p3"}
    assert body["commits"][-1]["terminated"] is False


def test_a_page_that_is_navigated_away_says_so(wire, player):
    wire.scripts["item_1"] = f"addEventListener('unload', {FINISH})"
    player.open()
    player.sco("sco.begin()")
    player.page.goto("about:blank")
    wire.until(lambda: left(wire))
    assert wire.elements == LAST


def test_handlers_of_frames_within_the_course_run_as_well(wire, player):
    wire.pages["item_1.html"] = "<!doctype html><iframe src='inner.html'></iframe>"
    wire.pages["inner.html"] = (
        "<!doctype html><script>var api = parent.parent.API_1484_11; api.Initialize('');"
        "onunload = function () { api.SetValue('cmi.location', 'last'); api.Terminate('') }</script>"
    )
    player.open()
    wire.until(lambda: wire.commits)
    player.page.close(run_before_unload=True)
    wire.until(lambda: left(wire))
    assert wire.elements == {"cmi.location": "last"}


def test_what_was_under_way_when_the_page_closed_is_sent_again(wire, player):
    wire.faults = ["hang"]
    player.open()
    player.sco("sco.begin(); sco.set('cmi.location', 'p3'); sco.commit()")
    wire.until(lambda: len(wire.requests) == 1)
    player.page.close(run_before_unload=True)
    body = wire.until(lambda: left(wire))
    assert [commit["number"] for commit in body["commits"]] == [1, 2]


@pytest.mark.parametrize("commit_bytes_max", [49152, 1 << 20])
def test_what_does_not_fit_the_last_request_is_sent_at_the_next_start(wire, player, commit_bytes_max):
    wire.boot = {"commit_bytes_max": commit_bytes_max}
    wire.faults = [(503, "STORAGE_UNAVAILABLE")] * 9
    player.open()
    player.sco(
        "sco.begin(); for (let i = 0; i < 20; i++) { const q = `cmi.interactions.${i}.`; sco.set(q + 'id', 'q' + i);"
        " sco.set(q + 'type', 'other'); sco.set(q + 'learner_response', 'x'.repeat(4000)) }"
        " sco.commit()"
    )
    player.wait(save="offline")
    player.page.goto("about:blank")
    body = wire.until(lambda: left(wire))
    assert [commit["number"] for commit in body["commits"]] == [1, 2]
    wire.faults = []
    player.open()
    launch, commits = wire.starts[1]["recover"][0]["launch"], wire.starts[1]["recover"][0]["commits"]
    assert launch == "L1.1"
    assert [commit["number"] for commit in commits] == [1, 2, 3]
    assert player.stored() == []


def test_a_tab_that_is_gone_without_a_request_leaves_its_journal_to_the_next_start(wire, player, context):
    player.open()
    player.sco("sco.begin()")
    player.wait(save="saved")
    context.set_offline(True)
    player.sco("sco.set('cmi.location', 'p9'); sco.set('cmi.exit', 'suspend'); sco.end()")
    player.wait(save="offline")
    player.page.close()
    context.set_offline(False)
    player.page = context.new_page()
    player.open()
    [entry] = wire.starts[1]["recover"]
    assert entry["launch"] == "L1.1"
    assert dict(entry["commits"][0]["elements"]) == {"cmi.location": "p9", "cmi.exit": "suspend"}
    assert entry["commits"][0]["terminated"] is True
    assert player.stored() == []


def test_runs_are_recovered_in_their_order(wire, player):
    player.open()
    player.page.evaluate(
        """(journal) => { for (const [launch, number] of [['L1.10', 1], ['L1.9', 10], ['L1.9', 9]])
        localStorage.setItem(`${journal}${launch}#${number}`, JSON.stringify({ number }));
        localStorage.setItem(`${journal}L1.9#11`, 'not ours') }""",
        wire.journal("acme"),
    )
    player.open()
    assert wire.starts[1]["recover"] == [
        {"launch": "L1.9", "commits": [{"number": 9}, {"number": 10}]},
        {"launch": "L1.10", "commits": [{"number": 1}]},
    ]


def keep(player, **entries):
    """Put entries into the browser's storage, as an earlier page would have; ``sent_at`` by key."""
    player.page.evaluate(
        """(entries) => { for (const [key, sent_at] of Object.entries(entries))
        localStorage.setItem(key, JSON.stringify({ number: 1, sent_at })) }""",
        entries,
    )


def test_the_same_session_of_another_tenant_has_a_journal_of_its_own(wire, player):
    player.open()
    player.page.context.set_offline(True)
    player.sco("sco.begin(); sco.set('cmi.location', 'secret'); sco.commit()")
    player.wait(save="offline")
    left = player.stored()
    player.page.close()
    player.page = player.page.context.new_page()
    player.page.context.set_offline(False)
    wire.boot = {"journal": [wire.journal("other")]}
    player.open()
    assert wire.starts[1]["recover"] == []
    assert player.stored() == left
    wire.boot = {}
    player.open()
    assert [entry["launch"] for entry in wire.starts[2]["recover"]] == ["L1.1"]
    assert player.stored() == []


def test_of_journals_that_name_no_tenant_only_the_sessions_last_run_is_taken(wire, player):
    before = f"scorm_embed:{wire.path}/player/S/:"
    player.open()
    now = player.page.evaluate("new Date().toISOString()")
    keep(player, **{f"{before}L7.4#1": now, f"{before}L7.40#1": now, f"{before}L8.1#1": now})
    wire.boot = {"journal": [wire.journal("acme"), f"{before}L7.4#"]}
    player.open()
    assert wire.starts[1]["recover"] == [{"launch": "L7.4", "commits": [{"number": 1, "sent_at": now}]}]
    assert sorted(player.stored()) == [f"{before}L7.40#1", f"{before}L8.1#1"]


def test_only_journals_of_other_sessions_go_and_only_after_a_year_and_a_half(wire, player):
    player.open()
    days = "(days) => new Date(Date.now() - days * 86400000).toISOString()"
    old, young = (player.page.evaluate(days, count) for count in (551, 549))
    others = "scorm_embed:acme:/scorm/player/other/:"
    unset = "2019-01-01T00:00:00.000Z"  # a clock that lost its battery, before there was a player
    keep(player, **{
        f"{others}L1.1#1": old, f"{others}L1.1#2": young, f"{others}L1.1#3": unset,
        "scorm_embed:/scorm/player/S/:L1.1#1": old,
        f"{wire.journal('acme')}L0.9#1": old, "scorm_embed:of the host": old, "of the host": old,
    })  # fmt: skip
    player.open()
    assert wire.starts[-1]["recover"] == [{"launch": "L0.9", "commits": [{"number": 1, "sent_at": old}]}]
    player.page.evaluate(
        """() => new Promise((done) => {
          const look = () => (localStorage.length === 4 ? done() : setTimeout(look));
          look();
        })"""
    )
    assert sorted(player.stored()) == [
        "of the host", f"{others}L1.1#2", f"{others}L1.1#3", "scorm_embed:of the host",
    ]  # fmt: skip


def test_the_content_waits_until_what_was_left_has_arrived(wire, player):
    wire.start_faults = [(503, "STORAGE_UNAVAILABLE")] * 9
    player.page.goto(f"{wire.url}/player/S")
    player.page.get_by_role("heading", name="No connection").wait_for()
    assert player.html("player-state") == "loading"
    assert player.html("save-state") == "offline"
    assert player.page.locator("iframe").count() == 0
    wire.start_faults.clear()
    player.page.get_by_role("button", name="Try again").click()
    player.wait(state="running", save="saved")


def test_a_journal_too_large_for_one_request_is_handed_over_in_parts(wire, player):
    player.open()
    player.page.evaluate(
        """(journal) => { for (let number = 1; number < 5; number++) localStorage.setItem(
        `${journal}L0.1#${number}`, JSON.stringify({ number, x: 'y'.repeat(400000) })) }""",
        wire.journal("acme"),
    )
    wire.start_faults = [(413, "PAYLOAD_TOO_LARGE")]
    player.open()
    numbers = [[c["number"] for entry in body["recover"] for c in entry["commits"]] for body in wire.starts[1:]]
    assert numbers == [[1, 2, 3], [1, 2], [3, 4]]
    assert [body["more"] for body in wire.starts[1:]] == [True, True, False]
    assert player.stored() == []


def test_a_journal_that_does_not_get_through_is_handed_over_in_smaller_parts(wire, player):
    player.open()
    player.page.evaluate(
        """(journal) => { for (let number = 1; number < 5; number++) localStorage.setItem(
        `${journal}L0.1#${number}`, JSON.stringify({ number, x: 'y'.repeat(300000) })) }""",
        wire.journal("acme"),
    )
    wire.start_faults = ["drop"]
    player.open()
    numbers = [[c["number"] for entry in body["recover"] for c in entry["commits"]] for body in wire.starts[1:]]
    assert numbers == [[1, 2, 3, 4], [1, 2], [3, 4]]
    assert player.stored() == []


def test_a_page_that_starts_says_which_it_is_whenever_it_asks(wire, player):
    wire.start_faults = ["drop"]
    player.open()
    player.open()
    names = [body["page"] for body in wire.starts]
    assert names[0] == names[1] != names[2]


@pytest.mark.parametrize("status", [(401, "EXPIRED_TOKEN"), (404, "SESSION_NOT_FOUND")])
def test_a_start_that_is_refused_says_why(wire, player, status):
    wire.start_faults = [status]
    player.open(state="error")
    assert player.html("player-reason") == status[1]
    assert player.page.locator("iframe").count() == 0


@pytest.mark.parametrize("call", ["close()", "parent.close()", "top.close()", "window.self.close()"])
def test_a_course_that_closes_its_window_after_terminate_has_ended(wire, player, call):
    wire.on_commit = lambda body: wire.finish() if body["navigate"] else None
    player.open()
    player.sco(f"sco.begin(); sco.set('cmi.location', 'p3'); sco.end(); {call}")
    player.wait(state="ended", reason="completed")
    [request] = [body["navigate"] for body in wire.requests if body["navigate"]]
    assert request == {"request": "exit-all", "target": None}
    assert wire.commits[-1]["terminated"] is True


@pytest.mark.parametrize("before", ["", "sco.set('cmi.exit', 'suspend'); sco.end();"])
def test_a_course_that_closes_its_window_to_be_resumed_is_suspended(wire, player, before):
    wire.on_commit = lambda body: wire.finish("suspended") if body["navigate"] else None
    player.open()
    player.sco(f"sco.begin(); {before} window.close()")
    player.wait(state="ended", reason="suspended")
    assert wire.requests[-1]["navigate"]["request"] == "suspend-all"


def test_an_exit_of_suspend_is_forgotten_when_the_course_begins_again_before_it_closes_its_window(wire, player):
    wire.on_commit = lambda body: wire.finish() if body["navigate"] else None
    player.open()
    player.sco("sco.begin(); sco.set('cmi.exit', 'suspend'); sco.end(); sco.begin(); sco.end(); window.close()")
    player.wait(state="ended", reason="completed")
    assert wire.requests[-1]["navigate"]["request"] == "exit-all"


def test_a_frame_within_the_course_may_close_too(wire, player):
    wire.pages["item_1.html"] = "<!doctype html><iframe src='inner.html'></iframe>"
    wire.pages["inner.html"] = (
        "<!doctype html><script>var api = parent.parent.API_1484_11; api.Initialize('');"
        "api.Terminate(''); window.close()</script>"
    )
    wire.on_commit = lambda body: wire.finish() if body["navigate"] else None
    player.open(state="ended")
    assert wire.requests[-1]["navigate"]["request"] == "exit-all"


def test_a_course_that_redirects_its_frame_before_it_starts_is_not_leaving(wire, player):
    wire.pages["item_1.html"] = (
        "<!doctype html><script>onunload = function () {}; addEventListener('pagehide', function () {});"
        "location.replace('second.html')</script>"
    )
    player.open()
    frame = player.page.query_selector("iframe[name=scorm-content]").content_frame()
    frame.wait_for_url("**/second.html")
    assert frame.evaluate("sco.begin() + sco.set('cmi.location', 'p3') + sco.commit()") == "truetruetrue"
    player.wait(save="saved")
    assert wire.elements == {"cmi.location": "p3"}
    assert all(body["navigate"] is None and not body["leave"] for body in wire.requests)


def test_a_course_may_initialise_again_after_it_has_finished(wire, player):
    player.open()
    player.sco(
        "sco.begin(); sco.set('cmi.location', 'a'); sco.end(); sco.begin(); sco.set('cmi.location', 'b'); sco.end()"
    )
    player.wait(save="saved", state="running")
    facts = [(commit["initialized"], commit["terminated"]) for commit in wire.commits]
    assert facts == [(True, False), (False, True), (True, False), (False, True)]


def test_an_ended_course_says_nothing_more_when_the_page_closes(wire, player):
    wire.on_commit = lambda body: wire.finish() if any(commit["terminated"] for commit in body["commits"]) else None
    player.open()
    player.sco("sco.begin(); sco.end()")
    player.wait(state="ended")
    count = len(wire.requests)
    player.page.goto("about:blank")
    player.page.goto(f"{wire.url}/host/none.html")
    assert len(wire.requests) == count


def test_the_learner_is_taken_to_the_return_url(wire, player):
    wire.boot = {"return_url": f"{wire.path}/host/back.html"}
    wire.pages["back.html"] = "<!doctype html><title>back</title>"
    wire.on_commit = lambda body: wire.finish() if any(commit["terminated"] for commit in body["commits"]) else None
    player.open()
    player.sco("sco.begin(); sco.end()")
    player.page.wait_for_url("**/host/back.html")


def test_a_page_out_of_the_back_forward_cache_starts_again(wire, player):
    player.open()
    player.sco("sco.begin(); sco.set('cmi.location', 'p3')")
    player.page.evaluate(
        "dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));"
        "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))"
    )
    wire.until(lambda: len(wire.starts) == 2)
    player.wait(state="running", save="saved")
    assert left(wire)["launch"] == "L1.1"
    assert player.sco("sco.begin() + sco.set('cmi.location', 'p4') + sco.commit()") == "truetruetrue"
    wire.until(lambda: wire.requests[-1]["launch"] == "L1.2")
    assert wire.requests[-1]["commits"][0]["number"] == 1


def test_a_page_that_is_put_into_the_background_saves_at_once(wire, player):
    player.open()
    player.sco("sco.begin(); sco.set('cmi.location', 'p3')")
    player.page.evaluate(
        "Object.defineProperty(document, 'hidden', { value: true });"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    wire.until(lambda: wire.elements == {"cmi.location": "p3"}, 0.9)


@pytest.mark.parametrize("event", ["beforeunload", "pagehide", "unload"])
@pytest.mark.parametrize("how", ["listener", "property"])
def test_handlers_that_a_course_puts_on_the_players_window_run_before_it_goes(wire, player, event, how):
    put = f"addEventListener('{event}', end)" if how == "listener" else f"on{event} = end"
    wire.scripts["item_1"] = f"var end = {FINISH}; parent.{put}"
    player.open()
    player.sco("sco.begin(); sco.set('cmi.location', 'p3')")
    player.page.close(run_before_unload=True)
    body = wire.until(lambda: left(wire))
    assert wire.elements == LAST
    assert [commit["terminated"] for commit in wire.commits].count(True) == 1
    assert body["commits"] == [] or body["commits"][-1]["terminated"]


@pytest.mark.parametrize("event", ["beforeunload", "pagehide", "unload"])
def test_handlers_on_the_players_window_run_when_the_learner_leaves_the_activity(
    wire, player, make_node, make_navigation, event
):
    wire.tree = make_node("root", "Course", make_node("item_1", "One"), make_node("item_2", "Two"))
    wire.navigation = make_navigation(valid=["continue"])
    wire.on_commit = lambda body: wire.deliver("item_2") if body["navigate"] else None
    wire.scripts["item_1"] = f"parent.addEventListener('{event}', {FINISH})"
    player.open()
    player.sco("sco.begin()")
    player.nav("continue").click()
    player.wait(activity="item_2", state="running")
    assert wire.elements == LAST
    assert [body["leave"] for body in wire.requests] == [False] * len(wire.requests)
