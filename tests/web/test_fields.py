from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from scorm_embed import RequestError
from scorm_embed.web.body import parse_object
from scorm_embed.web.fields import ELEMENTS_MAX, Fields


def faults(fields: Fields) -> list[dict[str, str]]:
    with pytest.raises(RequestError) as error:
        fields.check()
    assert (error.value.status, error.value.code) == (400, "INVALID_REQUEST")
    found: list[dict[str, str]] = error.value.details["fields"]
    return found


def test_every_wrong_field_is_named_with_its_path() -> None:
    fields = Fields({"user_id": 5, "score": {"raw": "75", "max": 1}, "cmi_data": {"cmi.exit": 1, "cmi.location": "a"}})
    fields.identifier("user_id", required=True)
    fields.integer("version", required=True)
    score = fields.group("score")
    assert score is not None
    assert (score.number("raw"), score.number("max")) == (None, 1.0)
    assert fields.elements("cmi_data") == {"cmi.location": "a"}
    assert faults(fields) == [
        {"path": "user_id", "error": "must be text"},
        {"path": "version", "error": "is required"},
        {"path": "score.raw", "error": "must be a number"},
        {"path": "cmi_data.cmi.exit", "error": "must be text or null"},
    ]


def test_null_is_the_same_as_absent() -> None:
    fields = Fields({"session_id": None, "mode": None, "cmi_data": None, "score": None})
    assert fields.identifier("session_id") is None
    assert fields.choice("mode", ["normal"]) is None
    assert fields.elements("cmi_data") == {}
    assert fields.group("score") is None
    fields.check()


@pytest.mark.parametrize("value", ["a", "x" * 255, "a/b", "a b", "日本語", "%2F", "...", "a.b@c;d=e?f#g"])
def test_nearly_any_text_is_an_identifier(value: str) -> None:
    fields = Fields({"id": value})
    assert fields.identifier("id") == value
    fields.check()


@pytest.mark.parametrize(
    "value", ["", "x" * 256, ".", "..", " a", "a ", "a\tb", "a\0", "\x7f", "\ud800", 1, [], {}, True]
)
def test_what_cannot_live_in_a_url_or_a_database_is_no_identifier(value: Any) -> None:
    fields = Fields({"id": value})
    assert fields.identifier("id") is None
    assert [fault["path"] for fault in faults(fields)] == ["id"]


@pytest.mark.parametrize(("value", "read"), [(0, 0), (3, 3), (3.0, 3), (2**53 - 1, 2**53 - 1)])
def test_whole_numbers_are_read(value: Any, read: int) -> None:
    fields = Fields({"n": value})
    assert fields.integer("n") == read
    fields.check()


@pytest.mark.parametrize("value", ["3", 3.5, True, -1, 2**53, 10**400, 1e300, [3]])
def test_what_is_no_whole_number_in_range_is_refused(value: Any) -> None:
    fields = Fields({"n": value})
    assert fields.integer("n") is None
    faults(fields)


def test_in_a_query_numbers_are_digits() -> None:
    query = Fields({"limit": "20", "attempt": "+1", "cursor": "x"}, is_query=True)
    assert query.integer("limit") == 20
    assert query.integer("attempt") is None
    assert [fault["path"] for fault in faults(query)] == ["attempt"]


@pytest.mark.parametrize("value", [10**400, -(10**400), float("nan"), float("inf"), "1", True, None.__class__, []])
def test_what_is_no_finite_number_is_refused(value: Any) -> None:
    fields = Fields({"n": value})
    assert fields.number("n") is None
    faults(fields)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-01-15T10:00:00.000Z", datetime(2025, 1, 15, 10, tzinfo=UTC)),
        ("2025-01-15T12:00:00+02:00", datetime(2025, 1, 15, 10, tzinfo=UTC)),
        ("2025-01-15T12:00:00 02:00", datetime(2025, 1, 15, 10, tzinfo=UTC)),
        ("2025-01-15 10:00:00Z", datetime(2025, 1, 15, 10, tzinfo=UTC)),
    ],
)
def test_times_need_an_offset_and_come_back_in_utc(text: str, moment: datetime) -> None:
    fields = Fields({"t": text})
    assert fields.moment("t") == moment
    fields.check()


@pytest.mark.parametrize("value", ["2025-01-15T10:00:00", "yesterday", "0001-01-01T00:00:00+23:59", "x" * 50, 5, ""])
def test_what_is_no_time_with_an_offset_is_refused(value: Any) -> None:
    fields = Fields({"t": value})
    assert fields.moment("t") is None
    faults(fields)


@pytest.mark.parametrize("value", ["https://lms.example/done?a=1", "http://localhost:8000/x", "/courses/1"])
def test_a_return_url_is_a_web_address_or_a_path(value: str) -> None:
    fields = Fields({"return_url": value})
    assert fields.web_address("return_url") == value
    fields.check()


@pytest.mark.parametrize(
    "value",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https:/evil.example",
        "https://user@evil.example",
        "lms.example",
        "java\nscript:x",
        "",
        5,
    ],
)
def test_a_return_url_cannot_run_a_script_or_leave_by_a_trick(value: Any) -> None:
    fields = Fields({"return_url": value})
    assert fields.web_address("return_url") is None
    faults(fields)


def test_the_number_of_elements_is_bounded() -> None:
    fields = Fields({"cmi_data": {f"e{n}": "" for n in range(ELEMENTS_MAX)}})
    assert len(fields.elements("cmi_data")) == ELEMENTS_MAX
    fields.check()
    fields = Fields({"cmi_data": {f"e{n}": "" for n in range(ELEMENTS_MAX + 1)}})
    assert fields.elements("cmi_data") == {}
    faults(fields)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"5",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": ' + b"9" * 5_000 + b"}",
        b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a": "\xff"}',
        b'\xff\xfe{"a": 1}',
        b'{"a": "\\ud800"}',
        b'{"\\udfff": 1}',
        b"{'a': 1}",
        b'{"a": 1,}',
    ],
)
def test_what_is_no_plain_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(RequestError) as error:
        parse_object(body)
    assert (error.value.status, error.value.code) == (400, "INVALID_REQUEST")


def test_escaped_pairs_and_nested_objects_are_read() -> None:
    document = {"a": "😀", "b": {"c": [1, 2.5, None, True]}}
    assert parse_object(json.dumps(document).encode()) == document
