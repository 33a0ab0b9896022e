"""Sessions: list, read, update, delete, and what happened in them."""

from __future__ import annotations

from starlette.responses import Response

from scorm_embed.web.call import Call
from scorm_embed.web.identity import Scope
from scorm_embed.web.responses import API_HEADERS, json_response
from scorm_embed.web.routing import Access, Route


async def launch_external(call: Call) -> Response:
    """Make a launch for another system's learner."""
    base = call.parts.urls.base_of_scope(call.request.scope)
    return json_response(await call.operations.launch_external(call.caller, await call.json(), base))


async def list_sessions(call: Call) -> Response:
    """List sessions."""
    return json_response(await call.operations.sessions(call.caller, call.query))


async def read_session(call: Call) -> Response:
    """Give a session."""
    return json_response(await call.operations.session(call.caller, call.values["session_id"]))


async def update_session(call: Call) -> Response:
    """Change a session."""
    body = await call.json()
    return json_response(await call.operations.update_session(call.caller, call.values["session_id"], body))


async def delete_session(call: Call) -> Response:
    """Remove a session."""
    await call.operations.delete_session(call.caller, call.values["session_id"])
    return Response(status_code=204, headers=API_HEADERS)


async def new_attempt(call: Call) -> Response:
    """Start a new attempt."""
    return json_response(await call.operations.new_attempt(call.caller, call.values["session_id"]), 201)


async def list_attempts(call: Call) -> Response:
    """List the attempts of a session."""
    return json_response(await call.operations.attempts(call.caller, call.values["session_id"]))


async def list_activities(call: Call) -> Response:
    """List the activities of an attempt."""
    return json_response(await call.operations.activities(call.caller, call.values["session_id"], call.query))


async def read_activity(call: Call) -> Response:
    """Give one activity of an attempt."""
    session_id, activity_id = call.values["session_id"], call.values["activity_id"]
    return json_response(await call.operations.activity(call.caller, session_id, activity_id, call.query))


async def list_interactions(call: Call) -> Response:
    """List the interactions of an attempt."""
    return json_response(await call.operations.interactions(call.caller, call.values["session_id"], call.query))


async def list_commits(call: Call) -> Response:
    """List what the course sent."""
    return json_response(await call.operations.commits(call.caller, call.values["session_id"], call.query))


_SESSION = "/api/v1/sessions/{session_id}"

ROUTES = (
    Route("POST", "/api/v1/sessions/external", Access.CALLER, launch_external, Scope.WRITE),
    Route("GET", "/api/v1/sessions", Access.CALLER, list_sessions),
    Route("GET", _SESSION, Access.CALLER, read_session),
    Route("PUT", _SESSION, Access.CALLER, update_session, Scope.WRITE),
    Route("DELETE", _SESSION, Access.CALLER, delete_session, Scope.ADMIN),
    Route("POST", f"{_SESSION}/attempts", Access.CALLER, new_attempt, Scope.WRITE),
    Route("GET", f"{_SESSION}/attempts", Access.CALLER, list_attempts),
    Route("GET", f"{_SESSION}/activities", Access.CALLER, list_activities),
    Route("GET", f"{_SESSION}/activities/{{activity_id}}", Access.CALLER, read_activity),
    Route("GET", f"{_SESSION}/interactions", Access.CALLER, list_interactions),
    Route("GET", f"{_SESSION}/commits", Access.CALLER, list_commits),
)
