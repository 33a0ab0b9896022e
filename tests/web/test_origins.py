from __future__ import annotations

from typing import Any

import pytest

from scorm_embed import RequestError
from scorm_embed.web.origins import base_url_of_scope, origin_of_scope, parse_origin, same_host


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://a.example", "https://a.example"),
        ("https://A.Example:443/x", "https://a.example"),
        ("http://a.example:8000", "http://a.example:8000"),
        ("http://[::1]:8000/", "http://[::1]:8000"),
        ("http://localhost", "http://localhost"),
        ("https://my_host.internal", "https://my_host.internal"),
    ],
)
def test_an_origin_is_read_from_a_url(url: str, origin: str) -> None:
    assert str(parse_origin(url)) == origin


@pytest.mark.parametrize(
    "url",
    [
        "",
        "null",
        "a.example",
        "ftp://a",
        "https://",
        "https://a b",
        "https://u@a",
        "https://a:x",
        "https://[::1",
        "//a",
    ],
)
def test_what_is_no_web_origin_is_none(url: str) -> None:
    assert parse_origin(url) is None


def scope(*hosts: str, scheme: str = "http", root_path: str = "/scorm", **more: Any) -> dict[str, Any]:
    headers = [(b"host", host.encode("latin-1")) for host in hosts]
    return {"headers": headers, "scheme": scheme, "root_path": root_path, **more}


def test_the_base_url_is_what_the_server_says_about_the_request() -> None:
    assert base_url_of_scope(scope("lms.example", scheme="https")) == "https://lms.example/scorm"
    assert base_url_of_scope(scope("lms.example:8000")) == "http://lms.example:8000/scorm"
    assert base_url_of_scope(scope("lms.example", root_path="/kurse/ä b")) == "http://lms.example/kurse/%C3%A4%20b"
    assert base_url_of_scope(scope(server=("10.0.0.1", 80))) == "http://10.0.0.1/scorm"


def test_forwarded_headers_are_the_servers_business() -> None:
    forwarded = scope("inner.example")
    forwarded["headers"] += [
        (b"x-forwarded-host", b"evil.example"),
        (b"x-forwarded-proto", b"https"),
        (b"forwarded", b"host=evil.example"),
    ]
    assert base_url_of_scope(forwarded) == "http://inner.example/scorm"


@pytest.mark.parametrize(
    "hosts",
    [
        ["evil.example/path"],
        ["user@evil.example"],
        ["a.example evil.example"],
        ["a.example?x"],
        ["a.example#x"],
        ["a\\b"],
        ["a.example:99999"],
        ["-bad-.example"],
        ["\xe4.example"],
        [""],
        ["a.example", "b.example"],
        [],
    ],
)
def test_a_malformed_host_makes_no_url(hosts: list[str]) -> None:
    assert origin_of_scope(scope(*hosts)) is None
    with pytest.raises(RequestError):
        base_url_of_scope(scope(*hosts))


def test_hosts_are_compared_without_the_scheme_and_its_port() -> None:
    https, http = parse_origin("https://a.example"), parse_origin("http://a.example")
    assert same_host(https, http)
    assert same_host(parse_origin("http://a.example:443"), https)
    assert not same_host(parse_origin("http://a.example:8000"), https)
    assert not same_host(parse_origin("https://b.example"), https)
    assert not same_host(None, https)
    assert not same_host(None, None)
