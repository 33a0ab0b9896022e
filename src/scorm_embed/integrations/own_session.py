"""The session of a learner who takes a course of a host that keeps no sessions of its own."""

from __future__ import annotations

from scorm_embed.web.identity import Learner


def own_session_id(learner: Learner, package_id: str) -> str:
    """Give the id of the learner's one session on a package: launched again, it goes on."""
    return f"{learner.id}-{package_id}"
