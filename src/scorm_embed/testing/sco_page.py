"""The page that a built package launches where a test brings none of its own.

Owns the page's text. It finds the API as published content does and offers it to a browser test as ``window.sco``; it
calls nothing by itself, so that the test decides every call.
"""

from __future__ import annotations

from scorm_embed.testing.markup import text

_SCRIPT = """
(function () {
  "use strict";
  var names = { Initialize: "LMSInitialize", Terminate: "LMSFinish", GetValue: "LMSGetValue", SetValue: "LMSSetValue",
    Commit: "LMSCommit", GetLastError: "LMSGetLastError", GetErrorString: "LMSGetErrorString",
    GetDiagnostic: "LMSGetDiagnostic" };

  function find(name) {
    for (var first of [window.parent, window.opener]) {
      for (var frame = first; frame; frame = frame.parent) {
        if (frame[name]) return frame[name];
        if (frame.parent === frame) break;
      }
    }
    return null;
  }

  var api = find("API_1484_11"), is2004 = api !== null;
  api = api || find("API");

  window.sco = {
    api: api,
    standard: api === null ? null : is2004 ? "2004" : "1.2",
    calls: [],
    call: function (method) {
      var name = is2004 ? method : names[method] || method;
      var given = Array.prototype.slice.call(arguments, 1);
      var value = api[name].apply(api, given);
      var error = api[is2004 ? "GetLastError" : "LMSGetLastError"]();
      this.calls.push({ method: name, arguments: given, value: value, error: error });
      return { value: value, error: error };
    }
  };
  document.documentElement.dataset.sco = api === null ? "no-api" : "ready";
})();
"""


def sco_page(title: str, body: str = "", script: str = "") -> str:
    """Return a small HTML page that exposes the API of its launch as ``window.sco``.

    ``sco.standard`` is ``"1.2"``, ``"2004"`` or null. ``sco.call(method, ...arguments)`` takes the method names of
    SCORM 2004 in both standards and answers ``{value, error}``, where ``error`` is what GetLastError says next;
    ``sco.calls`` keeps them all. ``data-sco`` on ``<html>`` turns to ``ready`` or ``no-api``.

    Args:
        title: Plain text, escaped here.
        body: Markup put after the heading.
        script: JavaScript run after ``window.sco`` exists.
    """
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{text(title)}</title></head>\n'
        f"<body><h1>{text(title)}</h1>{body}<script>{_SCRIPT}</script><script>{script}</script></body></html>\n"
    )
