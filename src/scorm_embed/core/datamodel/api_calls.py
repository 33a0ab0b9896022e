"""Which run-time API the text of a course's files speaks to.

Most authoring tools ship the wrappers of both standards and decide while they run, so that names of the other standard
mean nothing. Only their presence together with the absence of every trace of the own one does.
"""

from __future__ import annotations

import re
from enum import Flag, auto


class ApiTraces(Flag):
    """Traces of the standards' APIs."""

    NONE = 0
    SCORM_12 = auto()
    """``LMSInitialize``, or ``LMS`` as a piece of text that names are put together from."""
    SCORM_2004 = auto()
    """``API_1484_11``, or any other trace of the number."""
    ELSEWHERE = auto()
    """Scripts of other sites: nobody can know what they call."""


_TRACES = (
    (ApiTraces.SCORM_12, re.compile(rb"LMSInitialize|[\"'`]LMS[\"'`]")),
    (ApiTraces.SCORM_2004, re.compile(rb"1484")),
    (ApiTraces.ELSEWHERE, re.compile(rb"<script\b[^>]{0,500}\bsrc\s*=\s*[\"']?\s*(?:https?:)?//", re.IGNORECASE)),
)


def api_traces(data: bytes) -> ApiTraces:
    """Look for traces of the APIs in the bytes of one file, in any encoding that browsers read."""
    if b"\0" in data[:200]:
        data = data.replace(b"\0", b"")  # UTF-16
    found = ApiTraces.NONE
    for trace, pattern in _TRACES:
        if pattern.search(data):
            found |= trace
    return found
