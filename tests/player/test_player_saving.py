"""Nothing the course was told is saved is lost while the page is open."""

from __future__ import annotations

import json
import re

import pytest

pytestmark = pytest.mark.browser

JOURNAL = "Object.entries(parent.localStorage).map(([key, json]) => [key.split(':').pop(), JSON.parse(json)])"


def test_a_commit_is_in_the_journal_before_the_course_gets_its_answer(wire, player):
    wire.faults = [(503, "STORAGE_UNAVAILABLE")] * 9
    player.open()
    answer, journal = player.sco(f"sco.begin(); sco.set('cmi.location', 'p3'); [sco.commit(), {JOURNAL}]")
    assert answer == "true"
    assert sorted(key for key, _ in journal) == ["L1.1#1", "L1.1#2"]
    kept = dict(journal)
    assert kept["L1.1#1"]["initialized"] is True
    assert kept["L1.1#2"]["elements"] == [["cmi.location", "p3"]]
    assert kept["L1.1#2"]["terminated"] is False


def test_terminate_is_in_the_journal_before_the_course_gets_its_answer(wire, player):
    player.open()
    answer, journal = player.sco(f"sco.begin(); sco.set('cmi.exit', 'suspend'); [sco.end(), {JOURNAL}]")
    assert answer == "true"
    assert dict(journal)["L1.1#2"]["terminated"] is True


def test_what_was_acknowledged_is_forgotten_and_nothing_else(wire, player):
    player.open()
    player.page.evaluate("localStorage.setItem('of the host', '1')")
    player.sco("sco.begin(); sco.set('cmi.location', 'p3'); sco.commit()")
    player.wait(save="saved")
    assert player.stored() == ["of the host"]


def test_commits_are_numbered_without_gaps_and_say_where_they_arose(wire, player):
    player.open()
    player.sco("sco.begin(); for (const p of ['a', 'b', 'c']) { sco.set('cmi.location', p); sco.commit() } sco.end()")
    wire.until(lambda: len(wire.commits) == 5)
    assert [commit["number"] for commit in wire.commits] == [1, 2, 3, 4, 5]
    assert [commit["initialized"] for commit in wire.commits] == [True, False, False, False, False]
    assert [commit["terminated"] for commit in wire.commits] == [False, False, False, False, True]
    assert {(commit["activity"], commit["view"]) for commit in wire.commits} == {("item_1", 1)}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", commit["sent_at"]) for commit in wire.commits)
    assert {body["launch"] for body in wire.requests} == {"L1.1"}


def test_a_commit_without_changes_sends_nothing(wire, player):
    player.open()
    player.sco("sco.begin(); sco.commit(); sco.commit(); sco.set('cmi.location', 'x'); sco.commit()")
    player.wait(save="saved")
    assert len(wire.commits) == 2


def test_a_later_value_takes_the_place_of_the_earlier_one(wire, player):
    player.open()
    player.sco(
        "sco.begin(); sco.set('cmi.location', 'a'); sco.set('cmi.exit', 'suspend');"
        "sco.set('cmi.location', 'b'); sco.commit()"
    )
    wire.until(lambda: len(wire.commits) == 2)
    assert wire.commits[1]["elements"] == [["cmi.location", "b"], ["cmi.exit", "suspend"]]


def test_changes_are_sent_after_a_while_without_a_commit(wire, player):
    wire.boot = {"commit_seconds": 0.05}
    player.open()
    player.sco("sco.begin(); sco.set('cmi.location', 'p3')")
    wire.until(lambda: wire.elements == {"cmi.location": "p3"})


def test_unsaved_changes_are_shown_as_saving_before_any_commit(wire, player):
    player.open()
    player.sco("sco.begin(); sco.commit()")
    player.wait(save="saved")
    player.sco("sco.set('cmi.location', 'p3')")
    assert player.html("save-state") == "saving"


def test_only_one_request_is_under_way_at_a_time(wire, player):
    wire.faults = ["hold"]
    player.open()
    player.sco("sco.begin(); sco.commit()")
    wire.until(lambda: wire.requests)
    player.sco("sco.set('cmi.location', 'p3'); sco.end()")
    assert player.html("save-state") == "saving"
    wire.release()
    player.wait(save="saved")
    assert wire.most == 1
    assert [len(body["commits"]) for body in wire.requests] == [1, 1]


@pytest.mark.parametrize(
    "fault", [(503, "STORAGE_UNAVAILABLE"), (429, "RATE_LIMIT_EXCEEDED"), (500, ""), "drop", "garbage"]
)
def test_a_failed_request_is_sent_again_until_it_is_acknowledged(wire, player, fault):
    wire.faults = [fault]
    player.open()
    player.sco("sco.begin(); sco.set('cmi.location', 'p3'); sco.commit()")
    player.wait(save="offline")
    player.wait(save="saved")
    assert [commit["number"] for commit in wire.requests[0]["commits"]] == [1, 2]
    assert wire.requests[1]["commits"] == wire.requests[0]["commits"]
    assert player.stored() == []


def test_pauses_grow_to_half_a_minute_with_jitter(wire, player):
    player.open()
    pauses = player.page.evaluate(
        "import('/static/player/commits.js')"
        ".then(({ pauseSeconds }) => [1, 2, 3, 4, 5, 6, 9].map((n) => pauseSeconds(n)))"
    )
    for pause, full in zip(pauses, [1, 2, 4, 8, 16, 30, 30], strict=True):
        assert full / 2 <= pause <= full
    asked = player.page.evaluate("import('/static/player/commits.js').then(({ pauseSeconds }) => pauseSeconds(1, 17))")
    assert asked == 17


def test_what_the_course_does_offline_arrives_when_the_network_is_back(wire, player):
    player.open()
    player.sco("sco.begin(); sco.commit()")
    player.wait(save="saved")
    player.page.context.set_offline(True)
    assert (
        player.sco("sco.set('cmi.location', 'p7') + sco.commit() + sco.set('cmi.exit', 'suspend') + sco.end()")
        == "true" * 4
    )
    player.wait(save="offline", state="running")
    assert "kept on this device" in player.page.locator("#note").inner_text()
    player.page.context.set_offline(False)
    player.wait(save="saved")
    assert wire.elements == {"cmi.location": "p7", "cmi.exit": "suspend"}
    assert wire.commits[-1]["terminated"] is True
    assert player.page.locator("#note").inner_text() == "Saved"


def test_leaving_is_questioned_only_when_something_is_unsaved_and_cannot_be_sent(wire, player):
    player.open()
    question = (
        "(() => { const e = new Event('beforeunload', { cancelable: true });"
        "dispatchEvent(e); return e.defaultPrevented })()"
    )
    assert player.page.evaluate(question) is False
    player.sco("sco.begin(); sco.set('cmi.location', 'p7')")
    assert player.page.evaluate(question) is False
    player.page.context.set_offline(True)
    player.sco("sco.commit()")
    player.wait(save="offline")
    assert player.page.evaluate(question) is True
    player.page.context.set_offline(False)
    player.wait(save="saved")
    assert player.page.evaluate(question) is False


def test_a_large_change_is_cut_into_commits_that_fit_a_request(wire, player):
    player.open()
    player.sco(
        "sco.begin(); for (let i = 0; i < 30; i++) { const q = `cmi.interactions.${i}.`; sco.set(q + 'id', 'q' + i);"
        " sco.set(q + 'type', 'other'); sco.set(q + 'learner_response', 'x'.repeat(4000)) }"
        " sco.end()"
    )
    player.wait(save="saved")
    assert len(wire.elements) == 90
    sizes = [len(json.dumps(commit, separators=(",", ":"))) for commit in wire.commits]
    assert len(sizes) == 4
    assert max(sizes) <= 49152
    assert [commit["terminated"] for commit in wire.commits] == [False, False, False, True]
    assert max(len(json.dumps(body["commits"], separators=(",", ":"))) for body in wire.requests) <= 49152


def test_a_request_that_is_too_large_for_the_server_is_split_further(wire, player):
    wire.faults = [(413, "PAYLOAD_TOO_LARGE"), (413, "PAYLOAD_TOO_LARGE")]
    wire.boot = {"commit_bytes_max": 800}
    player.open()
    player.sco("sco.begin(); for (const p of ['a', 'b', 'c', 'd']) { sco.set('cmi.location', p); sco.commit() }")
    player.wait(save="saved")
    assert [len(body["commits"]) for body in wire.requests][:3] == [4, 2, 1]
    assert [commit["number"] for commit in wire.commits] == [1, 2, 3, 4, 5]


def test_what_a_slow_network_does_not_take_at_once_goes_in_smaller_parts(wire, player):
    wire.faults = ["drop", "hang", "hang"]
    wire.boot = {"commit_bytes_max": 200000}
    player.page.clock.install()
    player.open()
    player.sco(
        "sco.begin(); for (let i = 0; i < 8; i++) { sco.set('cmi.location', i + 'x'.repeat(30000)); sco.commit() }"
    )
    for request in (1, 2, 3):
        wire.until(lambda count=request: len(wire.requests) >= count)
        player.page.clock.run_for(31000)
    player.page.clock.resume()
    player.wait(save="saved")
    assert [len(body["commits"]) for body in wire.requests][1:4] == [7, 4, 2]
    assert wire.elements["cmi.location"][0] == "7"


def test_a_newer_window_stops_this_one_and_keeps_its_last_words(wire, player):
    wire.scripts["item_1"] = "window.onunload = function () { sco.set('cmi.location', 'late'); sco.end() }"
    wire.faults = [(409, "LAUNCH_SUPERSEDED"), (409, "LAUNCH_SUPERSEDED")]
    player.open()
    player.sco("sco.begin(); sco.set('cmi.location', 'p3'); sco.commit()")
    player.wait(state="superseded")
    assert player.page.locator("iframe").count() == 0
    assert player.html("activity-id") is None
    assert player.html("player-reason") is None
    assert player.page.get_by_role("heading", name="Opened in another window").is_visible()
    wire.until(lambda: len(wire.requests) == 2)
    assert wire.elements == {"cmi.location": "late"}
    assert wire.requests[1]["leave"] is False
    assert len(player.stored()) == 3


@pytest.mark.parametrize("code", ["EXPIRED_TOKEN", "INVALID_TOKEN"])
def test_a_launch_that_is_over_stops_the_course_and_keeps_the_journal(wire, player, code):
    wire.faults = [(401, code)]
    player.open()
    player.sco("sco.begin(); sco.set('cmi.location', 'p3'); sco.commit()")
    player.wait(state="error", reason=code)
    assert player.page.locator("iframe").count() == 0
    assert player.page.get_by_role("button", name="Reload").is_visible()
    assert len(player.stored()) == 2
    assert len(wire.requests) == 1


def test_an_idle_player_renews_its_launch(wire, player):
    wire.boot = {"renew_seconds": 0.2}
    player.open()
    wire.until(lambda: len(wire.requests) >= 2)
    assert wire.requests[0]["commits"] == []
    assert wire.requests[0]["leave"] is False


def test_refused_elements_are_logged_with_code_and_reason(wire, player):
    wire.refused = [{"number": 2, "element": "cmi.location", "code": "405", "reason": "because"}]
    player.open()
    with player.page.expect_console_message(lambda message: message.type == "warning") as heard:
        player.sco("sco.begin(); sco.set('cmi.location', 'p3'); sco.commit()")
    assert heard.value.text == "SCORM: cmi.location refused (405): because"


@pytest.mark.parametrize(
    "blocked",
    ["get localStorage() { throw new DOMException('', 'SecurityError') }", "get localStorage() { return null }"],
)
def test_a_browser_without_storage_saves_at_once(wire, player, blocked):
    player.page.add_init_script(f"Object.defineProperties(window, Object.getOwnPropertyDescriptors({{ {blocked} }}))")
    player.open()
    assert player.sco("sco.begin(); sco.set('cmi.location', 'p3'); sco.commit()") == "true"
    wire.until(lambda: wire.elements == {"cmi.location": "p3"}, 0.9)
    player.wait(save="saved")
    assert player.errors == []


def test_without_storage_the_learner_is_told_to_keep_the_page_open(wire, player):
    player.page.add_init_script(
        "Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError') }"
    )
    player.open()
    player.page.context.set_offline(True)
    assert player.sco("sco.begin() + sco.set('cmi.location', 'p3') + sco.commit()") == "truetruetrue"
    player.wait(save="offline")
    assert "Keep this page open" in player.page.locator("#note").inner_text()
    player.page.context.set_offline(False)
    player.wait(save="saved")
    assert wire.elements == {"cmi.location": "p3"}


def test_half_a_character_does_not_keep_the_rest_from_being_saved(wire, player):
    player.open()
    assert player.sco(r"sco.begin(); sco.set('cmi.location', 'a\ud83db\ud83d\ude00\udc00'); sco.commit()") == "true"
    wire.until(lambda: len(wire.commits) == 2)
    assert wire.elements == {"cmi.location": "a\ufffdb\U0001f600\ufffd"}
    player.wait(save="saved")
    assert player.stored() == []


def test_answers_that_a_change_of_type_took_away_are_sent_as_null(wire, player):
    player.open()
    player.sco(
        "sco.begin(); sco.set('cmi.interactions.0.id', 'q'); sco.set('cmi.interactions.0.type', 'choice');"
        "sco.set('cmi.interactions.0.learner_response', 'a'); sco.commit();"
        "sco.set('cmi.interactions.0.type', 'likert'); sco.set('cmi.interactions.0.type', 'choice'); sco.commit()"
    )
    player.wait(save="saved")
    assert wire.commits[-1]["elements"] == [
        ["cmi.interactions.0.type", "choice"],
        ["cmi.interactions.0.learner_response", None],
    ]


def test_what_was_tolerated_is_reported_once(wire, player):
    player.open()
    player.sco("sco.begin(null); sco.set('cmi.session_time', '00:10:00'); sco.commit()")
    player.wait(save="saved")
    rules = [element for commit in wire.commits for element, _ in commit["tolerated"]]
    assert "cmi.session_time" in rules
    assert len(rules) == len(set(rules))


def test_scorm_12_comments_carry_only_what_was_appended(wire, player):
    wire.standard = "scorm_1_2"
    player.open()
    player.sco(
        "sco.begin(); sco.set('cmi.comments', 'one '); sco.commit(); sco.set('cmi.comments', 'two'); sco.commit()"
    )
    player.wait(save="saved")
    assert [commit["elements"] for commit in wire.commits] == [
        [],
        [["cmi.comments", "one "]],
        [["cmi.comments", "two"]],
    ]


@pytest.mark.parametrize(
    ("standard", "there", "absent"), [("scorm_1_2", "API", "API_1484_11"), ("scorm_2004_3rd", "API_1484_11", "API")]
)
def test_only_the_api_of_the_courses_own_standard_is_there(wire, player, standard, there, absent):
    wire.standard = standard
    player.open()
    assert player.page.evaluate(f"[typeof window.{there}, typeof window.{absent}]") == ["object", "undefined"]
