"""${message}."""

from __future__ import annotations

from alembic import context, op
import sqlalchemy as sa

from scorm_embed.storage.migrations import PREFIX, SCHEMA

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}

