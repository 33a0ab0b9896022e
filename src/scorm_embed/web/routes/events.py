"""Events that wait or were given up, and trying out webhooks."""

from __future__ import annotations

from starlette.responses import Response

from scorm_embed.web.call import Call
from scorm_embed.web.identity import Scope
from scorm_embed.web.responses import API_HEADERS, json_response
from scorm_embed.web.routing import Access, Route


async def list_events(call: Call) -> Response:
    """List events of the outbox."""
    return json_response(await call.operations.events(call.caller, call.query))


async def read_event(call: Call) -> Response:
    """Give an event."""
    return json_response(await call.operations.event(call.caller, call.values["event_id"]))


async def retry_event(call: Call) -> Response:
    """Let a dead event be told again."""
    return json_response(await call.operations.retry_event(call.caller, call.values["event_id"]))


async def delete_event(call: Call) -> Response:
    """Forget an event."""
    await call.operations.delete_event(call.caller, call.values["event_id"])
    return Response(status_code=204, headers=API_HEADERS)


async def test_webhook(call: Call) -> Response:
    """Send a ping."""
    return json_response(await call.operations.test_webhook(call.caller, await call.json()))


_EVENT = "/api/v1/events/{event_id}"

ROUTES = (
    Route("GET", "/api/v1/events", Access.CALLER, list_events, Scope.ADMIN),
    Route("GET", _EVENT, Access.CALLER, read_event, Scope.ADMIN),
    Route("DELETE", _EVENT, Access.CALLER, delete_event, Scope.ADMIN),
    Route("POST", f"{_EVENT}/retry", Access.CALLER, retry_event, Scope.ADMIN),
    Route("POST", "/api/v1/webhooks/test", Access.CALLER, test_webhook, Scope.ADMIN),
)
