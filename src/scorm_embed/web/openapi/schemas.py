"""The shapes that requests and answers have."""

from __future__ import annotations

from typing import Any

from scorm_embed.core.standard import Standard
from scorm_embed.service.events import EVENT_STATES
from scorm_embed.service.hooks import EVENTS
from scorm_embed.service.model import Mode
from scorm_embed.service.sessions import COMPLETION_STATUSES, SUCCESS_STATUSES
from scorm_embed.service.versions import ChangeKind
from scorm_embed.web.fields import ELEMENTS_MAX, INTEGER_MAX, TEXT_CHARS_MAX
from scorm_embed.web.identifiers import IDENTIFIER_CHARS_MAX
from scorm_embed.web.identity import Scope
from scorm_embed.web.operations import EXTERNAL_TOKEN_CHARS_MAX
from scorm_embed.web.webhooks import PING

Schema = dict[str, Any]


def text(description: str = "", **more: Any) -> Schema:
    """A text."""
    return {"type": "string", **({"description": description} if description else {}), **more}


def nullable(kind: str, description: str = "", **more: Any) -> Schema:
    """A value, or null where it is unknown."""
    return {"type": [kind, "null"], **({"description": description} if description else {}), **more}


def listing(entry: Schema, description: str = "") -> Schema:
    """A list."""
    return {"type": "array", "items": entry, **({"description": description} if description else {})}


def reference(name: str) -> Schema:
    """Another schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def record(properties: dict[str, Schema], *, optional: tuple[str, ...] = (), description: str = "") -> Schema:
    """An object whose fields are all there, except the optional ones."""
    required = [name for name in properties if name not in optional]
    return {
        "type": "object",
        **({"description": description} if description else {}),
        "properties": properties,
        **({"required": required} if required else {}),
    }


INTEGER: Schema = {"type": "integer"}
SECONDS: Schema = {"type": "number", "minimum": 0, "description": "In seconds."}
TIME = text("UTC, RFC 3339 with milliseconds and Z.", format="date-time", examples=["2025-01-15T10:00:00.000Z"])
TIME_OR_NULL = {**TIME, "type": ["string", "null"]}
IDENTIFIER = text(
    "The host's own identifier. Not '.' or '..', no control characters, no space at its ends.",
    minLength=1,
    maxLength=IDENTIFIER_CHARS_MAX,
)
COMPLETION = text(enum=sorted(COMPLETION_STATUSES))
SUCCESS = text(enum=sorted(SUCCESS_STATUSES))
STATE = text(enum=["not_attempted", "incomplete", "completed", "passed", "failed"])
PROGRESS = nullable("number", "How much of it is done.", minimum=0, maximum=1)
CMI_DATA: Schema = {
    "type": "object",
    "description": "Data-model elements: a flat map of name to text.",
    "additionalProperties": {"type": "string"},
    "examples": [{"cmi.core.lesson_status": "incomplete", "cmi.core.score.raw": "75"}],
}
CURSOR = nullable("string", "Give it as `cursor` to get the next page; null on the last one.")
SCORE_OR_NULL: Schema = {"anyOf": [{"$ref": "#/components/schemas/Score"}, {"type": "null"}]}

_RESULT: dict[str, Schema] = {
    "completion_status": COMPLETION,
    "success_status": SUCCESS,
    "score": SCORE_OR_NULL,
    "progress_measure": PROGRESS,
    "time_spent_seconds": SECONDS,
}
_PARTS: dict[str, Schema] = {
    "scaled": nullable("number", minimum=-1, maximum=1),
    "raw": nullable("number"),
    "max": nullable("number"),
    "min": nullable("number"),
}
_LAUNCH_OPTIONS: dict[str, Schema] = {
    "return_url": text(
        "Where the player goes when the session has ended: http(s), or a path.", maxLength=TEXT_CHARS_MAX
    ),
    "launch_token_ttl_seconds": {"type": "integer", "description": "Brought into the configured range."},
}

_EVENT: dict[str, Schema] = {
    "id": text(),
    "tenant_id": text(),
    "type": text(enum=list(EVENTS)),
    "session_id": text(),
    "at": {**TIME, "description": "When it happened."},
    "state": text("`dead`: given up after the last try.", enum=list(EVENT_STATES)),
    "attempts": {**INTEGER, "description": "How often it was tried."},
    "due_at": {**TIME, "description": "When it is tried next; of a dead one, when it was given up."},
    "pending": listing(text(), "Those who have not had it."),
    "last_error": nullable("string"),
}

SCHEMAS: dict[str, Schema] = {
    "Error": record(
        {
            "error": text("A sentence for a person."),
            "code": text("Stable, for programs.", examples=["SESSION_NOT_FOUND"]),
            "details": reference("ErrorDetails"),
        }
    ),
    "ErrorDetails": record(
        {
            "fields": listing(reference("FieldError"), "With `INVALID_REQUEST`."),
            "elements": listing(reference("ElementError"), "With `INVALID_CMI_DATA`."),
            "current_version": {"type": "integer", "description": "With `VERSION_CONFLICT`."},
            "required_scope": text("With `INSUFFICIENT_SCOPES`.", enum=[scope.value for scope in Scope]),
            "bytes_max": {"type": "integer", "description": "With `FILE_TOO_LARGE` and `PAYLOAD_TOO_LARGE`."},
        },
        optional=("fields", "elements", "current_version", "required_scope", "bytes_max"),
        description="Facts for programs; which ones depends on the code.",
    ),
    "FieldError": record({"path": text("Where it is.", examples=["score.raw"]), "error": text("What is wrong.")}),
    "ElementError": record(
        {
            "element": text(examples=["cmi.core.score.raw"]),
            "code": text("The SCORM error code.", examples=["405"]),
            "error": text("Why."),
        }
    ),
    "Score": record(_PARTS),
    "Warning": record(
        {"code": text(), "message": text()},
        description="Something in the package that was tolerated or repaired; further fields say where.",
    ),
    "PackageActivity": record(
        {
            "id": text("The item's identifier in the manifest."),
            "title": text(),
            "sco": {"type": "boolean"},
            "children": listing(reference("PackageActivity")),
        }
    ),
    "PackageChange": record(
        {
            "change": text(enum=[kind.value for kind in ChangeKind]),
            "activity_id": text("The activity; absent where `change` is `more`."),
            "title": text("Its title now, or the last one it had."),
            "was": text("The title that a renamed activity had."),
            "parent_id": nullable("string", "The parent of an added or moved activity; null at the top."),
            "count": {**INTEGER, "description": "How many changes `more` stands for."},
        },
        optional=("activity_id", "title", "was", "parent_id", "count"),
    ),
    "PackageVersion": record(
        {
            "version": {**INTEGER, "minimum": 1},
            "created_at": TIME,
            "sessions": {**INTEGER, "minimum": 0, "description": "How many sessions stay on it."},
        }
    ),
    "Package": record(
        {
            "id": text(examples=["pkg_abc123"]),
            "tenant_id": text(),
            "title": text(),
            "standard": text(enum=[standard.value for standard in Standard]),
            "version": {**INTEGER, "minimum": 1},
            "activities": listing(reference("PackageActivity"), "The activity tree."),
            "size_bytes": INTEGER,
            "file_count": INTEGER,
            "warnings": listing(reference("Warning"), "Everything that was tolerated or repaired."),
            "changes": listing(reference("PackageChange"), "How the tree differs from the version before."),
            "versions": listing(
                reference("PackageVersion"), "All versions, newest first; where one package is read, for back ends."
            ),
            "created_at": TIME,
        },
        optional=("versions",),
    ),
    "PackageList": record({"packages": listing(reference("Package")), "next_cursor": CURSOR}),
    "PackageForm": record(
        {
            "file": text("The zip.", format="binary", contentMediaType="application/zip"),
            "package_id": text("Adds a new version of this package.", maxLength=IDENTIFIER_CHARS_MAX),
        },
        optional=("package_id",),
    ),
    "LaunchRequest": record(
        {
            "user_id": {**IDENTIFIER, "description": "The learner. A signed-in user may leave it out: it is theirs."},
            "session_id": {**IDENTIFIER, "description": "Opens this session again, or makes it; made when absent."},
            "learner_name": text(maxLength=IDENTIFIER_CHARS_MAX),
            "mode": text(enum=[mode.value for mode in Mode], default="normal"),
            **_LAUNCH_OPTIONS,
        },
        optional=("user_id", "session_id", "learner_name", "mode", *_LAUNCH_OPTIONS),
    ),
    "ExternalLaunchRequest": record(
        {
            "token": text("A JWT of a configured issuer.", maxLength=EXTERNAL_TOKEN_CHARS_MAX),
            "package_id": IDENTIFIER,
            **_LAUNCH_OPTIONS,
        },
        optional=tuple(_LAUNCH_OPTIONS),
    ),
    "Launch": record(
        {
            "player_url": text("Opens the player for the learner it was made for.", format="uri"),
            "session_id": text(),
            "package_id": text(),
            "user_id": text(),
            "expires_at": TIME,
            "launch_url": text("Opens the player without a login.", format="uri"),
            "launch_token": text("The token of `launch_url`."),
            "expires_in_seconds": {**INTEGER, "description": "The TTL in effect."},
        }
    ),
    "SessionActivity": record({"id": text(), "title": text(), **_RESULT, "attempt": INTEGER}),
    "Session": record(
        {
            "id": text(),
            "tenant_id": text(),
            "user_id": text(),
            "package_id": text(),
            "package_version": INTEGER,
            "cmi_data": {**CMI_DATA, "description": "The run-time data of the SCO last launched."},
            **_RESULT,
            "state": STATE,
            "version": {**INTEGER, "description": "Grows by one with every change."},
            "attempts": {**INTEGER, "description": "How many times the learner has opened the course."},
            "attempt_number": {**INTEGER, "description": "The learner attempt now current."},
            "activities": listing(reference("SessionActivity")),
            "created_at": TIME,
            "updated_at": TIME,
            "launched_at": TIME_OR_NULL,
            "completed_at": TIME_OR_NULL,
            "expires_at": {**TIME_OR_NULL, "description": "When the launch ends unless it is renewed."},
        }
    ),
    "SessionList": record({"sessions": listing(reference("Session")), "next_cursor": CURSOR}),
    "SessionUpdate": record(
        {
            "version": {
                **INTEGER,
                "minimum": -INTEGER_MAX,
                "maximum": INTEGER_MAX,
                "description": "The version that was read; any other than the stored one is a conflict.",
            },
            "cmi_data": {
                **CMI_DATA,
                "additionalProperties": {"type": ["string", "null"]},
                "maxProperties": ELEMENTS_MAX,
                "description": "Merged element by element; null removes one.",
            },
            "completion_status": COMPLETION,
            "success_status": SUCCESS,
            "score": record(_PARTS, optional=tuple(_PARTS)),
            "session_time": text("ISO 8601 or HHHH:MM:SS.SS.", examples=["PT20M45S"], maxLength=IDENTIFIER_CHARS_MAX),
            "progress_measure": {"type": "number", "minimum": 0, "maximum": 1},
        },
        optional=("cmi_data", "completion_status", "success_status", "score", "session_time", "progress_measure"),
        description="What is given outright wins over what `cmi_data` implies; what is not given is derived from it.",
    ),
    "Attempt": record(
        {
            "number": INTEGER,
            "current": {"type": "boolean"},
            **_RESULT,
            "state": STATE,
            "started_at": TIME_OR_NULL,
            "ended_at": TIME_OR_NULL,
        }
    ),
    "AttemptList": record({"attempts": listing(reference("Attempt"))}),
    "ActivityList": record({"activities": listing(reference("SessionActivity"))}),
    "Activity": {
        "allOf": [
            reference("SessionActivity"),
            record(
                {
                    "attempt_number": INTEGER,
                    "cmi_data": CMI_DATA,
                    "objectives": listing(reference("Record")),
                    "comments_from_learner": listing(reference("Record")),
                    "comments_from_lms": listing(reference("Record")),
                }
            ),
        ],
    },
    "Record": record({"index": INTEGER}, description="Further fields are the elements' own names, such as id."),
    "Interaction": record(
        {
            "activity_id": text(),
            "attempt_number": INTEGER,
            "activity_attempt": INTEGER,
            "index": INTEGER,
            "objectives": listing(text()),
            "correct_responses": listing(text()),
        },
        description="Further fields are the elements' own names: id, type, learner_response, result, latency, …",
    ),
    "InteractionList": record({"interactions": listing(reference("Interaction"))}),
    "Commit": record(
        {
            "launch": text("The launch that sent it; `api` for a PUT."),
            "number": INTEGER,
            "kind": text(examples=["commit", "navigation", "end", "launch", "look", "put"]),
            "status": text(enum=["applied", "held", "late"]),
            "received_at": TIME,
            "sent_at": TIME_OR_NULL,
            "activity_id": nullable("string"),
            "attempt_number": INTEGER,
            "elements": listing(listing({"type": ["string", "null"]}), "Pairs of name and value, as sent."),
            "refused": listing({}, "What was refused of it, and why."),
            "tolerated": listing({}, "What was taken although the standard forbids it."),
            "details": {},
        }
    ),
    "CommitList": record({"commits": listing(reference("Commit")), "next_cursor": CURSOR}),
    "Event": record(_EVENT, description="Something that happened, and who has not heard of it yet."),
    "EventWithSession": record({**_EVENT, "session": reference("Session")}),
    "EventList": record({"events": listing(reference("Event")), "next_cursor": CURSOR}),
    "WebhookEvent": record(
        {
            "id": text("The same each time that the event is sent."),
            "type": text(enum=[*EVENTS, PING]),
            "at": TIME,
            "tenant_id": text(),
            "session": {"anyOf": [reference("Session"), {"type": "null"}], "description": "As it was then."},
        },
        description="What a webhook is sent.",
    ),
    "WebhookTestRequest": record({"url": text("The address of a webhook, as it is configured.")}),
    "WebhookTest": record(
        {
            "url": text(),
            "delivered": {"type": "boolean"},
            "status": nullable("integer"),
            "seconds": {"type": "number"},
            "error": nullable("string"),
        }
    ),
    "Description": {"type": "object", "description": "An OpenAPI 3.1 document."},
    "Health": record({"status": text(enum=["ok"])}),
}
