"""Keeps launch tokens and signed paths out of a server's access log.

A server writes its log itself and sees the whole address. Add the filter to the logger that does:
``logging.getLogger("uvicorn.access").addFilter(TokenFilter())``.
"""

from __future__ import annotations

import logging
import re

_TOKEN = re.compile(r"(?i)([?&]token=)[^&\s\"']+")
_SIGNED = re.compile(r"(/(?:run|content)/)[A-Za-z0-9_.~-]{40,}")


class TokenFilter(logging.Filter):
    """Replaces credentials in what is logged; nothing is held back."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Take the credentials out of the message and its arguments."""
        if isinstance(record.msg, str):
            record.msg = without_tokens(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(without_tokens(value) if isinstance(value, str) else value for value in record.args)
        elif isinstance(record.args, dict):
            record.args = {
                name: without_tokens(value) if isinstance(value, str) else value for name, value in record.args.items()
            }
        return True


def without_tokens(text: str) -> str:
    """Give an address or a log line with its credentials taken out."""
    return _SIGNED.sub(r"\1[signed]", _TOKEN.sub(r"\1[token]", text))
