"""The command line: ``scorm-embed play``, ``serve`` and ``check``. Holds no rules.

Its libraries are an extra, so that a plain install stays small; this module loads without them.
"""

from __future__ import annotations

import sys

MISSING = "The command line needs its libraries: pip install 'scorm-embed[cli]'"


def main() -> None:
    """Run the command line."""
    try:
        from scorm_embed.cli.commands import commands
    except ModuleNotFoundError as missing:
        if missing.name not in {"click", "uvicorn"}:
            raise
        sys.exit(MISSING)
    commands()
