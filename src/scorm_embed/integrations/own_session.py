"""The session of a learner who takes a course of a host that keeps no sessions of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from scorm_embed.web.identifiers import IDENTIFIER_CHARS_MAX, problem_of_identifier
from scorm_embed.web.identity import Learner


def own_launch(learner: Learner, package_id: str, request: Any, launch: Mapping[str, Any]) -> dict[str, Any]:
    """Give the arguments of ``ScormEmbed.launch``: without a session's id, the learner's one session on the package,
    which goes on when it is launched again."""
    own = {} if problem_of_identifier(package_id) else {"session_id": _session_id(learner.id, package_id)}
    return {**own, "request": request, **launch}


def _session_id(learner_id: str, package_id: str) -> str:
    session_id = f"{learner_id}-{package_id}"
    if len(session_id) <= IDENTIFIER_CHARS_MAX:
        return session_id
    return hashlib.sha256(f"{learner_id} {package_id}".encode()).hexdigest()
