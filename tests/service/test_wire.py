"""What a player sends is read once and completely, or refused with every fault; nothing in it can break a database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from scorm_embed.errors import RequestError
from scorm_embed.service.wire import read_message, read_start


def _message(*commits: dict[str, Any]) -> dict[str, Any]:
    return {"launch": "L1.1", "view": 1, "commits": list(commits)}


@pytest.mark.parametrize(
    ("sent_at", "read"),
    [
        ("2025-01-15T10:00:00.250Z", datetime(2025, 1, 15, 10, 0, 0, 250_000, UTC)),
        ("2025-01-15T12:00:00+02:00", datetime(2025, 1, 15, 10, 0, tzinfo=UTC)),
        ("2025-01-15T10:00:00", datetime(2025, 1, 15, 10, 0, tzinfo=UTC)),
        ("0001-01-01T00:00:00+10:00", None),
        ("9999-12-31T23:59:59-10:00", None),
        ("soon", None),
        (5, None),
    ],
)
def test_a_browsers_clock_is_read_or_left_out_and_never_stops_a_commit(sent_at: Any, read: datetime | None) -> None:
    (commit,) = read_message(_message({"number": 1, "sent_at": sent_at})).commits
    assert commit.sent_at == read


@pytest.mark.parametrize("number", [0, -1, 2**31, 2**53, 10**30])
def test_a_number_that_no_database_counts_to_is_refused(number: int) -> None:
    with pytest.raises(RequestError) as error:
        read_message(_message({"number": number}))
    assert error.value.details == {
        "fields": [{"path": "commits[0].number", "error": "must be a whole number from 1 to 2147483647"}]
    }


def test_a_number_that_comes_twice_in_one_message_counts_once() -> None:
    first = {"number": 1, "elements": [["cmi.location", "a"]]}
    again = {"number": 1, "elements": [["cmi.location", "b"]]}
    assert [commit.elements for commit in read_message(_message(first, again)).commits] == [(("cmi.location", "a"),)]


def test_a_launch_that_comes_twice_in_one_recovery_is_one() -> None:
    entries = [
        {"launch": "L1.1", "commits": [{"number": 2}]},
        {"launch": "L0.1", "commits": [{"number": 1}]},
        {"launch": "L1.1", "commits": [{"number": 1}, {"number": 2}]},
    ]
    recovered = read_start({"recover": entries}).recovered
    found = [(entry.launch, [commit.number for commit in entry.commits]) for entry in recovered]
    assert found == [("L1.1", [1, 2]), ("L0.1", [1])]


@pytest.mark.parametrize("launch", [None, 5, "api"])
def test_a_player_cannot_speak_for_nobody_nor_for_the_host(launch: Any) -> None:
    with pytest.raises(RequestError) as error:
        read_message({"launch": launch, "commits": []})
    assert error.value.details == {"fields": [{"path": "launch", "error": "must be the name of a launch"}]}
    with pytest.raises(RequestError) as error:
        read_start({"recover": [{"launch": launch, "commits": []}]})
    assert error.value.details == {"fields": [{"path": "recover[0].launch", "error": "must be the name of a launch"}]}


@pytest.mark.parametrize(
    "body",
    [
        _message(*({"number": number} for number in range(1, 2_002))),
        _message({"number": 1, "elements": [["cmi.location", "x"]] * 60_001}),
        _message({"number": 1, "elements": [["a", "b"]] * 30_001}, {"number": 2, "elements": [["a", "b"]] * 30_001}),
    ],
)
def test_more_than_a_worker_should_do_at_once_is_to_be_split(body: dict[str, Any]) -> None:
    for read, sent in ((read_message, body), (read_start, {"recover": [body]})):
        with pytest.raises(RequestError) as error:
            read(sent)
        assert (error.value.status, error.value.code) == (413, "PAYLOAD_TOO_LARGE")
        assert error.value.details == {"commits_max": 2_000, "elements_max": 60_000}
