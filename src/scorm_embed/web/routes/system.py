"""What says how the app is and what it can do."""

from __future__ import annotations

from functools import lru_cache

from starlette.responses import Response

from scorm_embed.web.call import Call
from scorm_embed.web.openapi import openapi_document
from scorm_embed.web.responses import API_HEADERS, json_response, to_json
from scorm_embed.web.routing import Access, Route


async def health(call: Call) -> Response:
    """Say that requests can be answered: the storage is asked for something small."""
    await call.parts.service.packages("default", limit=1)
    return json_response({"status": "ok"})


async def openapi(call: Call) -> Response:
    """Give the description of the API."""
    return Response(_openapi_json(), headers=API_HEADERS, media_type="application/json")


@lru_cache(maxsize=1)
def _openapi_json() -> bytes:
    return to_json(openapi_document())


ROUTES = (
    Route("GET", "/api/v1/health", Access.PUBLIC, health),
    Route("GET", "/api/v1/openapi.json", Access.PUBLIC, openapi),
)
