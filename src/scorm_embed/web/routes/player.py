"""The player: its page, its calls, the course's files and its own."""

from __future__ import annotations

from dataclasses import asdict, replace

from starlette.responses import Response

from scorm_embed.core.datamodel import DataLimits
from scorm_embed.errors import NotFoundError
from scorm_embed.service.model import PlayerPage
from scorm_embed.web.blob import CACHE_IMMUTABLE, blob_response
from scorm_embed.web.body import PLAYER_TYPES, read_json
from scorm_embed.web.call import Call
from scorm_embed.web.options import Options
from scorm_embed.web.responses import content_headers, json_response
from scorm_embed.web.routing import Access, Route
from scorm_embed.web.static_files import CLIENT_FILES
from scorm_embed.web.urls import quote_segment

COMMIT_BYTES_MAX = 1024 * 1024
"""What the player sends at once, unless one value alone is larger."""
COMMIT_SECONDS = 10
"""How long a changed value waits for the course's own Commit."""
RENEW_SECONDS_MAX = 300
ENVELOPE_BYTES = 4096
"""What is around the values of a request."""
CHARACTER_BYTES_MAX = 6
"""Of one character in JSON: a control character is written as an escape."""


async def open_player(call: Call) -> Response:
    """Give the player's page."""
    proof = call.proof
    page = await call.operations.open_player(proof.caller, proof.launch, call.values["session_id"])
    language = call.parts.pages.language_of(call.request)
    return call.parts.pages.player(
        _boot(call, page, language), language, call.parts.urls.player_path(call.request.scope)
    )


def _boot(call: Call, page: PlayerPage, language: str) -> dict[str, object]:
    """Say what the page's script needs to know (``Boot`` in the player's types)."""
    options = call.parts.options
    segment = call.parts.tokens.run_segment(page.tenant_id, page.session_id, page.launch_id)
    run = call.parts.urls.run_path(call.request.scope, page.session_id, segment)
    return {
        "run": run,
        "session_id": page.session_id,
        "journal": _journal(run.removesuffix(f"run/{segment}/"), page),
        "title": page.title,
        "standard": page.standard,
        "strictness": options.judging.value,
        "limits": _limits(options),
        "return_url": page.return_url,
        "origins": options.message_targets,
        "language": language,
        "commit_bytes_max": min(COMMIT_BYTES_MAX, options.request_bytes_max),
        "commit_seconds": COMMIT_SECONDS,
        "renew_seconds": min(RENEW_SECONDS_MAX, max(1, page.ttl_seconds // 3)),
    }


def _limits(options: Options) -> dict[str, int]:
    """Give the limits of data that are not the defaults, which the script knows. The browser accepts no value that is
    too large for a request."""
    sendable = max(1, (options.request_bytes_max - ENVELOPE_BYTES) // CHARACTER_BYTES_MAX)
    limits = replace(options.data_limits, value_chars_max=min(options.data_limits.value_chars_max, sendable))
    return dict(asdict(limits).items() - asdict(DataLimits()).items())


def _journal(path: str, page: PlayerPage) -> list[str]:
    """Say how keys of the session's journal begin in the browser's storage, which is the same for all tenants.

    Older versions named no tenant. Of theirs only the session's last run is surely its own: another tenant's session
    may have the same identifier, but never the same launch.
    """
    prefixes = [f"scorm_embed:{quote_segment(page.tenant_id)}:{path}:"]
    return [*prefixes, f"scorm_embed:{path}:{page.last_run}#"] if page.last_run else prefixes


async def start(call: Call) -> Response:
    """Answer the player's ``start``."""
    return await _run(call, is_start=True)


async def commit(call: Call) -> Response:
    """Answer the player's ``commit``."""
    return await _run(call, is_start=False)


async def _run(call: Call, *, is_start: bool) -> Response:
    launch = call.launch
    scope = call.request.scope
    tokens, urls, service = call.parts.tokens, call.parts.urls, call.parts.service
    body = await read_json(call.request, call.parts.options.request_bytes_max, PLAYER_TYPES)

    def content_url(digest: str, path: str) -> str:
        return urls.content_path(scope, launch.session_id, tokens.content_segment(launch.session_id, digest), path)

    answer = service.start if is_start else service.commit
    return json_response(await answer(launch.tenant_id, launch.session_id, launch.launch_id, body, content_url))


async def read_content(call: Call) -> Response:
    """Give one of the course's files."""
    assert call.proof.digest is not None
    blob = await call.parts.blobs.open(call.proof.digest)
    entry = blob.entry(call.values["path"])
    if entry is None:
        raise NotFoundError("The course has no such file.")
    response = await blob_response(call.request.scope, blob, entry, cache=CACHE_IMMUTABLE)
    response.raw_headers.extend(content_headers(tuple(call.parts.options.frame_ancestors)))
    return response


async def read_static(call: Call) -> Response:
    """Give one of the player's own files."""
    return call.parts.static.respond(call.request, call.values["build"], call.values["path"])


def _client_route(name: str) -> Route:
    """Give a file for embedding pages an address that does not change."""

    async def read_client(call: Call) -> Response:
        return call.parts.static.respond_to_any_page(call.request, name)

    return Route("GET", f"/{name}", Access.PUBLIC, read_client)


ROUTES = (
    Route("POST", "/player/{session_id}/run/{signed}/commit", Access.RUN, commit),
    Route("POST", "/player/{session_id}/run/{signed}/start", Access.RUN, start),
    Route("GET", "/player/{session_id}/content/{signed}/{path*}", Access.CONTENT, read_content),
    Route("GET", "/player/static/{build}/{path*}", Access.PUBLIC, read_static),
    Route("GET", "/player/{session_id}", Access.PLAYER_PAGE, open_player),
    *(_client_route(name) for name in CLIENT_FILES),
)
