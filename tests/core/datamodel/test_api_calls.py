from __future__ import annotations

import pytest

from scorm_embed.core.datamodel.api_calls import ApiTraces, api_traces

PIPWERKS = (
    b'if (win.API_1484_11) { v = "2004"; } else if (win.API) { v = "1.2"; } API.LMSInitialize(""); API.Initialize("");'
)


@pytest.mark.parametrize(
    ("text", "traces"),
    [
        (b"api.LMSInitialize('')", ApiTraces.SCORM_12),
        (b"api['LMS' + name]('')", ApiTraces.SCORM_12),
        (b"window.API_1484_11.Initialize('')", ApiTraces.SCORM_2004),
        (b"window['API_' + '1484_11']", ApiTraces.SCORM_2004),
        (PIPWERKS, ApiTraces.SCORM_12 | ApiTraces.SCORM_2004),
        ("window.API_1484_11".encode("utf-16"), ApiTraces.SCORM_2004),
        (b'<SCRIPT defer src = "//cdn.example/x.js">', ApiTraces.ELSEWHERE),
        (b"<script src=https://cdn.example/x.js>", ApiTraces.ELSEWHERE),
        (b'<script src="js/x.js">Initialize(); API; LMS', ApiTraces.NONE),
        (b"", ApiTraces.NONE),
    ],
)
def test_traces_of_an_api_are_found_and_nothing_is_guessed(text: bytes, traces: ApiTraces) -> None:
    assert api_traces(text) is traces
