"""The session of a learner who takes a course of a host that keeps no sessions of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scorm_embed.web.identity import Learner


def own_launch(learner: Learner, package_id: str, request: Any, launch: Mapping[str, Any]) -> dict[str, Any]:
    """Give the arguments of ``ScormEmbed.launch``: without a session's id, the learner's one session on the package,
    which goes on when it is launched again."""
    return {"session_id": f"{learner.id}-{package_id}", "request": request, **launch}
