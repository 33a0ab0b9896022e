"""What every table of limits has in common: frozen dataclasses of whole numbers, one of which is the least."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from scorm_embed.errors import ConfigurationError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def check_limits(limits: DataclassInstance) -> None:
    """Refuse a limit that is no whole number from 1: ``ConfigurationError``."""
    for limit in fields(limits):
        value = getattr(limits, limit.name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ConfigurationError(f"{limit.name} must be a positive whole number, not {value!r}.")
