from __future__ import annotations

from typing import Any

import pytest

from scorm_embed import NotFoundError, RequestError
from scorm_embed.web.routes.table import ROUTES
from scorm_embed.web.routing import Access, Router, Side, split_path

ROUTER = Router(ROUTES)


def scope(path: str, raw_path: bytes | None = None, root_path: str = "") -> dict[str, Any]:
    return {"path": path, "raw_path": raw_path, "root_path": root_path}


@pytest.mark.parametrize(
    ("path", "raw_path", "root_path", "segments"),
    [
        ("/scorm/api/v1/sessions/a", b"/scorm/api/v1/sessions/a", "/scorm", ["api", "v1", "sessions", "a"]),
        ("/api/v1/sessions/a/b", b"/api/v1/sessions/a%2Fb", "", ["api", "v1", "sessions", "a/b"]),
        ("/x/api/v1/sessions/a/b", b"/x/api/v1/sessions/a%2fb", "/x", ["api", "v1", "sessions", "a/b"]),
        # A proxy has taken its prefix away: the server sends it in root_path only.
        ("/api/v1/sessions/a/b", b"/api/v1/sessions/a%2Fb", "/proxy", ["api", "v1", "sessions", "a/b"]),
        # A middleware has rewritten the path: the raw one belongs to something else.
        ("/api/v1/health", b"/other%2Fpath", "", ["api", "v1", "health"]),
        ("/api/v1/sessions/%2F", b"/api/v1/sessions/%252F", "", ["api", "v1", "sessions", "%2F"]),
        ("/api/v1/sessions/日", b"/api/v1/sessions/%E6%97%A5", "", ["api", "v1", "sessions", "日"]),
        ("/api/v1/sessions/a/b", None, "", ["api", "v1", "sessions", "a", "b"]),
        ("", b"", "", [""]),
        ("/scorm", b"/scorm", "/scorm", [""]),
        ("/scormx/api", b"/scormx/api", "/scorm", ["scormx", "api"]),
    ],
)
def test_a_path_is_split_before_it_is_decoded(
    path: str, raw_path: bytes | None, root_path: str, segments: list[str]
) -> None:
    assert split_path(scope(path, raw_path, root_path)) == segments


def find(method: str, *segments: str) -> tuple[str, dict[str, str]]:
    match = ROUTER.find(method, segments, lambda side: True)
    return match.route.path, dict(match.values)


def test_a_route_is_found_with_what_its_path_names() -> None:
    assert find("GET", "api", "v1", "sessions", "s", "activities", "a/b") == (
        "/api/v1/sessions/{session_id}/activities/{activity_id}",
        {"session_id": "s", "activity_id": "a/b"},
    )
    assert find("GET", "player", "s", "content", "SIGNED", "a", "b.html") == (
        "/player/{session_id}/content/{signed}/{path*}",
        {"session_id": "s", "signed": "SIGNED", "path": "a/b.html"},
    )


def test_a_session_may_be_called_like_a_part_of_the_api() -> None:
    assert find("GET", "player", "static")[1] == {"session_id": "static"}
    assert find("GET", "player", "static", "content", "SIGNED", "x.js")[0].startswith("/player/{session_id}/content")
    assert find("GET", "api", "v1", "sessions", "external")[1] == {"session_id": "external"}


@pytest.mark.parametrize(
    "segments",
    [
        [""],
        ["api"],
        ["api", "v1", "sessions", ""],
        ["api", "v1", "sessions", "s", "unknown"],
        ["player", ""],
        ["a"] * 50,
    ],
)
def test_an_unknown_path_is_not_found(segments: list[str]) -> None:
    with pytest.raises(NotFoundError):
        find("GET", *segments)


def test_a_known_path_says_which_methods_it_has() -> None:
    with pytest.raises(RequestError) as error:
        find("PATCH", "api", "v1", "sessions", "s")
    assert (error.value.status, error.value.code) == (405, "METHOD_NOT_ALLOWED")
    assert error.value.details["allowed"] == ["DELETE", "GET", "HEAD", "PUT"]


def test_head_goes_where_get_goes_but_does_not_open_the_player() -> None:
    assert find("HEAD", "api", "v1", "sessions")[0] == "/api/v1/sessions"
    with pytest.raises(RequestError) as error:
        find("HEAD", "player", "s")
    assert error.value.details["allowed"] == ["GET"]


def test_a_side_that_does_not_answer_here_does_not_exist_here() -> None:
    with pytest.raises(NotFoundError):
        ROUTER.find("PATCH", ["api", "v1", "health"], lambda side: side is Side.PLAYER)


def test_only_few_routes_are_open_to_everybody_or_ask_for_a_signed_path() -> None:
    by_access = {access: sorted(r.path for r in ROUTES if r.access is access) for access in Access}
    assert by_access[Access.PUBLIC] == [
        "/api/v1/health",
        "/api/v1/openapi.json",
        "/client.d.ts",
        "/client.js",
        "/player/static/{build}/{path*}",
    ]
    assert by_access[Access.RUN] == [
        "/player/{session_id}/run/{signed}/commit",
        "/player/{session_id}/run/{signed}/start",
    ]
    assert by_access[Access.CONTENT] == ["/player/{session_id}/content/{signed}/{path*}"]
    assert by_access[Access.PLAYER_PAGE] == ["/player/{session_id}"]
    assert all(route.path.startswith("/api/v1/") for route in ROUTES if route.access is Access.CALLER)


def test_each_signed_route_names_the_session_that_it_is_signed_for() -> None:
    for route in ROUTES:
        if route.access in {Access.RUN, Access.CONTENT}:
            assert {"{session_id}", "{signed}"} <= set(route.segments)
