"""The paths of the API, their errors, and the whole document."""

from __future__ import annotations

from typing import Any

from scorm_embed.service.events import EVENT_STATES
from scorm_embed.service.sessions import COMPLETION_STATUSES, SESSIONS_PAGE_MAX, SUCCESS_STATUSES
from scorm_embed.web.identity import Scope
from scorm_embed.web.openapi.schemas import IDENTIFIER, SCHEMAS, TIME, Schema, reference, text
from scorm_embed.web.signatures import ID, SIGNATURE, TIMESTAMP

STATUSES = {
    "INVALID_REQUEST": 400, "MISSING_FILE": 400, "INVALID_FILE_TYPE": 400, "MANIFEST_NOT_FOUND": 400,
    "PARSE_FAILED": 400,
    "UNAUTHORIZED": 401, "INVALID_API_KEY": 401, "EXPIRED_API_KEY": 401, "INVALID_TOKEN": 401, "EXPIRED_TOKEN": 401,
    "INSUFFICIENT_SCOPES": 403, "FORBIDDEN": 403,
    "PACKAGE_NOT_FOUND": 404, "SESSION_NOT_FOUND": 404, "ACTIVITY_NOT_FOUND": 404, "NOT_FOUND": 404,
    "EVENT_NOT_FOUND": 404, "WEBHOOK_NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "VERSION_CONFLICT": 409, "DUPLICATE_ENTRY": 409, "PACKAGE_IN_USE": 409, "LAUNCH_SUPERSEDED": 409,
    "FILE_TOO_LARGE": 413, "PAYLOAD_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "INVALID_CMI_DATA": 422,
    "RATE_LIMIT_EXCEEDED": 429,
    "INTERNAL_ERROR": 500,
    "STORAGE_UNAVAILABLE": 503,
}  # fmt: skip
"""Every code that an answer can have, with its status."""

_CALLER = (
    *("UNAUTHORIZED", "INVALID_API_KEY", "EXPIRED_API_KEY", "INSUFFICIENT_SCOPES", "FORBIDDEN"),
    "RATE_LIMIT_EXCEEDED",
)
_BODY = ("INVALID_REQUEST", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE")
_ALWAYS = ("INTERNAL_ERROR", "STORAGE_UNAVAILABLE")
_UPLOAD = (
    "MISSING_FILE",
    "INVALID_FILE_TYPE",
    "MANIFEST_NOT_FOUND",
    "PARSE_FAILED",
    "INVALID_REQUEST",
    "FILE_TOO_LARGE",
    "UNSUPPORTED_MEDIA_TYPE",
    "PACKAGE_NOT_FOUND",
)


def _error_answers(codes: tuple[str, ...]) -> dict[str, Schema]:
    by_status: dict[int, list[str]] = {}
    for code in sorted(set(codes) | set(_ALWAYS)):
        by_status.setdefault(STATUSES[code], []).append(code)
    return {str(status): _error_answer(status, by_status[status]) for status in sorted(by_status)}


def _error_answer(status: int, codes: list[str]) -> Schema:
    """One answer with an error. All have the one shape ``Error``, so that generated clients have one class for it."""
    answer: Schema = {
        "description": ", ".join(f"`{code}`" for code in codes),
        "content": {"application/json": {"schema": reference("Error")}},
    }
    if status in {429, 503}:
        answer["headers"] = {"Retry-After": {"description": "In seconds.", "schema": {"type": "integer"}}}
    return answer


def _call(
    name: str,
    summary: str,
    answer: tuple[int, str | None],
    *,
    scope: Scope | None = Scope.READ,
    body: str | None = None,
    query: tuple[Schema, ...] = (),
    errors: tuple[str, ...] = (),
    description: str = "",
) -> Schema:
    """Describe one operation.

    Args:
        answer: status and schema when all is well.
        scope: what an API key needs; None for what is open to everybody.
        body: schema of the JSON body.
    """
    status, schema = answer
    codes = errors + (_CALLER if scope else ()) + (_BODY if body else ()) + (("INVALID_REQUEST",) if query else ())
    good: Schema = {"description": summary}
    if schema is not None:
        good["content"] = {"application/json": {"schema": reference(schema)}}
    notes = [description, f"An API key needs the scope `{scope.value}`." if scope else ""]
    operation: Schema = {
        "operationId": name,
        "summary": summary,
        "description": " ".join(note for note in notes if note),
        "responses": {str(status): good, **_error_answers(codes)},
        "security": [{"apiKey": []}, {"bearer": []}, {"login": []}] if scope else [],
    }
    if query:
        operation["parameters"] = list(query)
    if body:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": reference(body)}},
        }
    return operation


def _in_path(name: str) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _in_query(name: str, schema: Schema, description: str) -> Schema:
    return {"name": name, "in": "query", "description": description, "schema": schema}


_PAGING = (
    _in_query(
        "limit",
        {"type": "integer", "minimum": 1, "default": 50},
        f"How many to give; more than {SESSIONS_PAGE_MAX} counts as {SESSIONS_PAGE_MAX}.",
    ),
    _in_query("cursor", text(), "The `next_cursor` of the page before."),
)
_ATTEMPT = (_in_query("attempt", {"type": "integer", "minimum": 1}, "Which attempt; the current one when absent."),)
_FILTERS = (
    _in_query("package_id", IDENTIFIER, "Of this package."),
    _in_query("package_version", {"type": "integer", "minimum": 1}, "On this version of their package."),
    _in_query("user_id", IDENTIFIER, "Of this learner."),
    _in_query("completion_status", text(enum=sorted(COMPLETION_STATUSES)), "With this status."),
    _in_query("success_status", text(enum=sorted(SUCCESS_STATUSES)), "With this status."),
    _in_query("updated_since", TIME, "Changed at this time or later."),
)
_NO_SESSION = ("SESSION_NOT_FOUND",)


def _package_paths() -> dict[str, Schema]:
    upload = _call(
        "importPackage",
        "Import a package, or a new version of one.",
        (201, "Package"),
        scope=Scope.ADMIN,
        query=(_in_query("package_id", IDENTIFIER, "Adds a new version of this package; for raw bodies."),),
        errors=_UPLOAD,
    )
    upload["requestBody"] = {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": reference("PackageForm")},
            "application/zip": {"schema": text(format="binary", contentMediaType="application/zip")},
        },
    }
    force = _in_query("force", {"type": "boolean", "default": False}, "Delete its sessions too.")
    no_package = ("PACKAGE_NOT_FOUND",)
    return {
        "/api/v1/packages": {
            "get": _call("listPackages", "List packages, newest first.", (200, "PackageList"), query=_PAGING),
            "post": upload,
        },
        "/api/v1/packages/{package_id}": {
            "parameters": [_in_path("package_id")],
            "get": _call("readPackage", "Read a package.", (200, "Package"), errors=no_package),
            "delete": _call(
                "deletePackage",
                "Delete a package.",
                (204, None),
                scope=Scope.ADMIN,
                query=(force,),
                errors=(*no_package, "PACKAGE_IN_USE"),
            ),
        },
        "/api/v1/packages/{package_id}/launch": {
            "parameters": [_in_path("package_id")],
            "post": _call(
                "launch",
                "Launch a package for a learner.",
                (200, "Launch"),
                scope=Scope.WRITE,
                body="LaunchRequest",
                errors=(*no_package, "DUPLICATE_ENTRY"),
                description="A session id that exists, for the same learner and package, opens that session again.",
            ),
        },
    }


def _session_paths() -> dict[str, Schema]:
    session = "/api/v1/sessions/{session_id}"
    here = [_in_path("session_id")]
    return {
        "/api/v1/sessions/external": {
            "post": _call(
                "launchExternal",
                "Launch a package for the learner whom another system's token names.",
                (200, "Launch"),
                scope=Scope.WRITE,
                body="ExternalLaunchRequest",
                errors=("INVALID_TOKEN", "EXPIRED_TOKEN", "PACKAGE_NOT_FOUND", "DUPLICATE_ENTRY"),
            )
        },
        "/api/v1/sessions": {
            "get": _call(
                "listSessions", "List sessions, newest first.", (200, "SessionList"), query=(*_FILTERS, *_PAGING)
            )
        },
        session: {
            "parameters": here,
            "get": _call("readSession", "Read a session.", (200, "Session"), errors=_NO_SESSION),
            "put": _call(
                "updateSession",
                "Change a session, unless somebody else did meanwhile.",
                (200, "Session"),
                scope=Scope.WRITE,
                body="SessionUpdate",
                errors=(*_NO_SESSION, "VERSION_CONFLICT", "INVALID_CMI_DATA"),
            ),
            "delete": _call("deleteSession", "Delete a session.", (204, None), scope=Scope.ADMIN, errors=_NO_SESSION),
        },
    }


def _session_part_paths() -> dict[str, Schema]:
    session = "/api/v1/sessions/{session_id}"
    here = [_in_path("session_id")]
    return {
        f"{session}/attempts": {
            "parameters": here,
            "get": _call("listAttempts", "List attempts, oldest first.", (200, "AttemptList"), errors=_NO_SESSION),
            "post": _call(
                "startAttempt", "Start a new attempt.", (201, "Session"), scope=Scope.WRITE, errors=_NO_SESSION
            ),
        },
        f"{session}/activities": {
            "parameters": here,
            "get": _call(
                "listActivities",
                "List activities with status, score and time.",
                (200, "ActivityList"),
                query=_ATTEMPT,
                errors=(*_NO_SESSION, "NOT_FOUND"),
            ),
        },
        f"{session}/activities/{{activity_id}}": {
            "parameters": [*here, _in_path("activity_id")],
            "get": _call(
                "readActivity",
                "Read one activity with its run-time data.",
                (200, "Activity"),
                query=_ATTEMPT,
                errors=(*_NO_SESSION, "ACTIVITY_NOT_FOUND", "NOT_FOUND"),
            ),
        },
        f"{session}/interactions": {
            "parameters": here,
            "get": _call(
                "listInteractions",
                "List interactions of all activities.",
                (200, "InteractionList"),
                query=_ATTEMPT,
                errors=(*_NO_SESSION, "NOT_FOUND"),
            ),
        },
        f"{session}/commits": {
            "parameters": here,
            "get": _call(
                "listCommits",
                "List what the course sent, oldest first.",
                (200, "CommitList"),
                query=_PAGING,
                errors=_NO_SESSION,
            ),
        },
    }


def _event_paths() -> dict[str, Schema]:
    here = [_in_path("event_id")]
    no_event = ("EVENT_NOT_FOUND",)
    state = _in_query("state", text(enum=list(EVENT_STATES), default="dead"), "In this state.")
    admin = Scope.ADMIN
    return {
        "/api/v1/events": {
            "get": _call(
                "listEvents",
                "List events that hooks and webhooks have not had, newest first.",
                (200, "EventList"),
                scope=admin,
                query=(state, *_PAGING),
            )
        },
        "/api/v1/events/{event_id}": {
            "parameters": here,
            "get": _call("readEvent", "Read an event.", (200, "EventWithSession"), scope=admin, errors=no_event),
            "delete": _call("deleteEvent", "Forget an event.", (204, None), scope=admin, errors=no_event),
        },
        "/api/v1/events/{event_id}/retry": {
            "parameters": here,
            "post": _call(
                "retryEvent", "Let a dead event be told again.", (200, "Event"), scope=admin, errors=no_event
            ),
        },
        "/api/v1/webhooks/test": {
            "post": _call(
                "testWebhook",
                "Send a signed `ping` to one of the webhooks.",
                (200, "WebhookTest"),
                scope=admin,
                body="WebhookTestRequest",
                errors=("WEBHOOK_NOT_FOUND",),
            )
        },
    }


def _tagged(paths: dict[str, Schema]) -> dict[str, Schema]:
    """Sort the operations by their first segment, by which generated clients and readers find them."""
    for path, item in paths.items():
        segment = path.removeprefix("/api/v1/").partition("/")[0]
        for method, operation in item.items():
            if method != "parameters":
                operation["tags"] = [segment if segment in _TAGS else "system"]
    return paths


_TAGS = ("packages", "sessions", "events", "webhooks")


def openapi_document() -> dict[str, Any]:
    """Give the whole description; its paths are relative to the mount, which its own address tells."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "scorm_embed",
            "version": "1",
            "description": "Plays SCORM courses and keeps their tracking. Everything here is versioned under /api/v1.",
        },
        "servers": [{"url": "../..", "description": "The mount point."}],
        "paths": _tagged(
            {
                **_package_paths(),
                **_session_paths(),
                **_session_part_paths(),
                **_event_paths(),
                "/api/v1/health": {
                    "get": _call("health", "Say that requests can be answered.", (200, "Health"), scope=None)
                },
                "/api/v1/openapi.json": {
                    "get": {
                        "operationId": "openapi",
                        "summary": "This description.",
                        "security": [],
                        "responses": {
                            "200": {
                                "description": "This description.",
                                "content": {"application/json": {"schema": reference("Description")}},
                            },
                            **_error_answers(()),
                        },
                    }
                },
            }
        ),
        "webhooks": {
            "event": {
                "post": {
                    "operationId": "webhookEvent",
                    "summary": "Something happened.",
                    "description": "Signed as standardwebhooks.com says. Sent again, for a day, until 2xx answers.",
                    "parameters": [
                        {"name": name, "in": "header", "required": True, "schema": text()}
                        for name in (ID, TIMESTAMP, SIGNATURE)
                    ],
                    "requestBody": {
                        "required": True,
                        "content": {"application/json": {"schema": reference("WebhookEvent")}},
                    },
                    "responses": {"2XX": {"description": "Received."}, "410": {"description": "Do not try again."}},
                }
            }
        },
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "bearer": {"type": "http", "scheme": "bearer", "description": "The same API key."},
                "login": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "session",
                    "description": "The host's own login, whatever it uses.",
                },
            },
        },
    }
