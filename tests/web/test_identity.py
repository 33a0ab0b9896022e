from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scorm_embed import ApiKey, ConfigurationError, Learner, hash_key
from scorm_embed.web.identity import Scope


def test_an_api_key_keeps_its_hash_and_never_shows_it() -> None:
    key = ApiKey("very-secret-key")
    assert key.key_hash == hash_key("very-secret-key")
    assert "very-secret-key" not in repr(key)
    assert key.key_hash not in repr(key)


@pytest.mark.parametrize(
    ("scopes", "allowed"),
    [
        ({"read"}, {Scope.READ}),
        ({"write"}, {Scope.READ, Scope.WRITE}),
        ({"admin"}, {Scope.READ, Scope.WRITE, Scope.ADMIN}),
        ({"read", "admin"}, {Scope.READ, Scope.WRITE, Scope.ADMIN}),
        ({Scope.WRITE}, {Scope.READ, Scope.WRITE}),
    ],
)
def test_each_scope_includes_the_smaller_ones(scopes: set[str | Scope], allowed: set[Scope]) -> None:
    key = ApiKey("KEY", scopes=scopes)
    assert {scope for scope in Scope if key.allows(scope)} == allowed


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"key": "a", "key_hash": "0" * 64},
        {"key": ""},
        {"key": "with space"},
        {"key": "clé"},
        {"key": b"bytes"},
        {"key_hash": "0" * 63},
        {"key_hash": "G" * 64},
        {"key": "a", "scopes": "read"},
        {"key": "a", "scopes": {"root"}},
        {"key": "a", "scopes": set()},
        {"key": "a", "tenant_id": ""},
        {"key": "a", "expires_at": datetime(2030, 1, 1)},  # noqa: DTZ001
        {"key": "a", "expires_at": "2030-01-01"},
    ],
)
def test_a_malformed_api_key_is_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        ApiKey(**arguments)  # type: ignore[arg-type]


def test_a_key_expires_at_its_moment_and_not_before() -> None:
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    key = ApiKey("KEY", expires_at=moment)
    assert not key.expired(moment.timestamp() - 0.001)
    assert key.expired(moment.timestamp())
    assert not ApiKey("KEY").expired(moment.timestamp())


def test_a_key_may_be_given_by_its_hash() -> None:
    assert ApiKey(key_hash=hash_key("KEY")) == ApiKey("KEY")


@pytest.mark.parametrize(
    "arguments",
    [
        {"id": 7},
        {"id": ""},
        {"id": "x" * 256},
        {"id": "a\nb"},
        {"id": " a"},
        {"id": "\ud800"},
        {"id": "a", "name": None},
        {"id": "a", "tenant_id": ""},
    ],
)
def test_a_malformed_learner_is_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        Learner(**arguments)  # type: ignore[arg-type]
