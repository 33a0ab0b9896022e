"""All routes; the first that fits a path answers it."""

from __future__ import annotations

from scorm_embed.web.routes import events, packages, player, sessions, system
from scorm_embed.web.routing import Route

ROUTES: tuple[Route, ...] = (*player.ROUTES, *sessions.ROUTES, *packages.ROUTES, *events.ROUTES, *system.ROUTES)
