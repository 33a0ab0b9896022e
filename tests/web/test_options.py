from __future__ import annotations

import inspect
from dataclasses import fields
from typing import Any

import pytest

from scorm_embed import ApiKey, ConfigurationError, ExternalIssuer, ManifestLimits, ScormEmbed
from scorm_embed.service.model import Outcome
from scorm_embed.web.options import Options

SECRET = "x" * 32


def test_scormembed_takes_exactly_the_options_with_their_defaults() -> None:
    parameters = dict(inspect.signature(ScormEmbed.__init__).parameters)
    parameters.pop("self")
    assert all(parameter.kind is inspect.Parameter.KEYWORD_ONLY for parameter in parameters.values())
    stated = {option.name: option.default for option in fields(Options) if option.name != "secret_key"}
    given = {name: p.default for name, p in parameters.items() if name != "secret_key"}
    assert given == stated


def test_only_the_secret_is_required() -> None:
    options = Options(secret_key=SECRET)
    assert options.secrets == [b"x" * 32]
    assert options.outcome is Outcome.BEST
    assert options.frame_ancestors == ("'self'",)
    assert (options.launch_ttl_seconds_min, options.launch_ttl_seconds_max) == (60, 86_400)
    assert options.launch_max_seconds == 86_400


def test_the_range_of_the_ttl_grows_with_the_ttl_itself() -> None:
    short = Options(secret_key=SECRET, launch_ttl_seconds=5)
    assert short.launch_ttl_seconds_min == 5
    long = Options(secret_key=SECRET, launch_ttl_seconds=200_000)
    assert (long.launch_ttl_seconds_max, long.launch_max_seconds) == (200_000, 200_000)
    wide = Options(secret_key=SECRET, launch_ttl_seconds_max=300_000)
    assert (wide.launch_ttl_seconds_max, wide.launch_max_seconds) == (300_000, 300_000)
    capped = Options(secret_key=SECRET, launch_max_seconds=20_000)
    assert (capped.launch_ttl_seconds_max, capped.launch_max_seconds) == (20_000, 20_000)


def test_of_several_secrets_the_first_stays_first() -> None:
    options = Options(secret_key=["n" * 32, b"o" * 40])
    assert options.secrets == [b"n" * 32, b"o" * 40]


def test_the_secret_and_keys_are_not_shown() -> None:
    shown = repr(ScormEmbed(secret_key="s" * 40, api_keys=[ApiKey("KEYKEYKEY")]))
    assert "s" * 40 not in shown
    assert "KEYKEYKEY" not in shown


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret_key": "x" * 31},
        {"secret_key": "é" * 15},
        {"secret_key": []},
        {"secret_key": ["x" * 32, "x" * 32]},
        {"secret_key": ["x" * 32, "short"]},
        {"secret_key": None},
        {"secret_key": 5},
        {"learner": "me"},
        {"authorize": True},
        {"api_keys": "KEY"},
        {"api_keys": ["KEY"]},
        {"api_keys": [ApiKey("A"), ApiKey("A", tenant_id="b")]},
        {"api_keys": 5},
        {"external_issuers": ["https://partner"]},
        {"external_issuers": [ExternalIssuer("i", key="k" * 32, algorithms=["HS256"])] * 2},
        {"base_url": "/scorm"},
        {"base_url": "ftp://host"},
        {"base_url": "https://host/?a=1"},
        {"base_url": "https://user@host"},
        {"player_base_url": "player.example"},
        {"player_base_url": 5},
        {"launch_ttl_seconds": 0},
        {"launch_ttl_seconds": True},
        {"launch_ttl_seconds": 1.5},
        {"launch_ttl_seconds": 100, "launch_ttl_seconds_min": 200},
        {"launch_ttl_seconds": 300, "launch_ttl_seconds_max": 200},
        {"launch_max_seconds": 14_399},
        {"launch_max_seconds": 20_000, "launch_ttl_seconds_max": 20_001},
        {"upload_bytes_max": 0},
        {"request_bytes_max": -1},
        {"archive_limits": ManifestLimits()},
        {"manifest_limits": None},
        {"manifest_limits": ManifestLimits(identifier_length_max=601)},
        {"data_limits": {"records_max": 5}},
        {"message_limits": 5},
        {"event_retry_seconds": 5},
        {"event_retry_seconds": [-1]},
        {"event_retry_seconds": ["5"]},
        {"event_timeout_seconds": 0},
        {"event_timeout_seconds": float("nan")},
        {"event_timeout_seconds": None},
        {"maintenance_seconds": -1},
        {"maintenance_seconds": float("inf")},
        {"log_retention_days": 0},
        {"log_retention_days": 1.5},
        {"outcome": "worst"},
        {"strictness": "lax"},
        {"frame_ancestors": []},
        {"frame_ancestors": "'self'"},
        {"frame_ancestors": ["'none'", "'self'"]},
        {"frame_ancestors": ["*"]},
        {"frame_ancestors": ["https://a.example; script-src *"]},
        {"frame_ancestors": ["https://a.example/path"]},
        {"frame_ancestors": ["lms.example"]},
        {"message_origins": ["*"]},
        {"message_origins": ["https://a.example/x"]},
    ],
)
def test_a_wrong_option_is_refused_at_construction(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        ScormEmbed(**{"secret_key": SECRET, **wrong})


def test_there_is_no_unknown_option() -> None:
    with pytest.raises(TypeError):
        ScormEmbed(secret_key=SECRET, debug=True)  # type: ignore[call-arg]


def test_origins_with_a_wildcard_host_may_embed_the_player() -> None:
    options = Options(secret_key=SECRET, frame_ancestors=["'self'", "https://*.school.example", "https://a.example/"])
    assert options.frame_ancestors == ("'self'", "https://*.school.example", "https://a.example")


def test_urls_lose_the_slash_at_their_end() -> None:
    options = Options(secret_key=SECRET, base_url="https://a.example/scorm/", player_base_url="https://p.example/")
    assert options.base_url == "https://a.example/scorm"
    assert options.player_base_url == "https://p.example"
