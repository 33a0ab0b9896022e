"""The example courses as they are built, and a bench that plays their pages against a minimal API in Chromium.

Owns ``built`` (the zips) and ``bench``. The API here keeps values and writes down every call; whether a call is allowed
is judged afterwards by the data-model tables, so that the courses are held to the standard and not to this stand-in.
"""

from __future__ import annotations

import json
import mimetypes
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, Page, Route

ROOT = Path(__file__).parents[2]
API = """
if (window === window.top && %(standard)s) {
  const values = %(values)s, calls = [];
  const is12 = %(standard)s === "1.2";
  let running = false;
  const note = (method, args, value) => { calls.push([method, ...args, value]); return value; };
  const api = {
    Initialize: () => note("Initialize", [""], String(running = true)),
    Terminate: () => { const was = running; running = false; return note("Terminate", [""], String(was)); },
    Commit: () => note("Commit", [""], String(running)),
    SetValue: (name, value) => { values[name] = value; return note("SetValue", [name, value], String(running)); },
    GetValue: (name) => {
      if (name in values) return values[name];
      if (!name.endsWith("._count")) return "";
      const stem = name.slice(0, -6);
      const found = Object.keys(values).filter((each) => each.startsWith(stem));
      return String(new Set(found.map((each) => each.slice(stem.length).split(".")[0])).size);
    },
    GetLastError: () => "0", GetErrorString: () => "", GetDiagnostic: () => "",
  };
  const old = { Initialize: "LMSInitialize", Terminate: "LMSFinish" };
  for (const name of is12 ? Object.keys(api) : []) api[old[name] || "LMS" + name] = api[name];
  window[is12 ? "API" : "API_1484_11"] = api;
  window.recorded = { values, calls };
}
"""


class Bench:
    """One course in a frame under a page that holds the API."""

    def __init__(self, browser: Browser, built: Mapping[str, Path]) -> None:
        self.browser = browser
        self.built = built
        self.page: Page | None = None
        self.troubles: list[str] = []

    def launch(
        self,
        course: str,
        href: str,
        standard: str | None = "2004",
        values: Mapping[str, str] | None = None,
        **context: Any,
    ) -> Frame:
        """Open one page of a course; ``values`` is what the API knows at Initialize, None as standard leaves it out."""
        self.close()
        files = zipfile.ZipFile(self.built[course])
        options: dict[str, Any] = {"viewport": {"width": 1000, "height": 800}, "reduced_motion": "reduce"}
        made: BrowserContext = self.browser.new_context(**(options | context))
        made.add_init_script(API % {"standard": json.dumps(standard), "values": json.dumps(dict(values or {}))})
        page = self.page = made.new_page()
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("console", lambda line: self._listen(line.type, line.text))

        def serve(route: Route) -> None:
            path = route.request.url.partition("http://course.test/")[2].partition("?")[0]
            if path == "player":
                route.fulfill(body=f"<!doctype html><iframe name=sco src='{href}' style='{STYLE}'></iframe>")
            elif path in files.namelist():
                kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
                route.fulfill(body=files.read(path), content_type=kind)
            else:
                self.troubles.append(f"asked for {path}, which is not in the package")
                route.fulfill(status=404)

        page.route("**/*", serve)
        page.goto("http://course.test/player")
        frame = page.frame("sco")
        assert frame is not None
        frame.wait_for_selector("html[data-ready=true]")
        return frame

    def _listen(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.troubles.append(text)

    def leave(self) -> dict[str, str]:
        """Take the content away, as closing the window would; returns what the API holds then."""
        assert self.page is not None
        self.page.evaluate("document.querySelector('iframe').src = 'about:blank'")
        self.page.wait_for_function("document.querySelector('iframe').contentWindow.location.href === 'about:blank'")
        return self.values()

    def values(self) -> dict[str, str]:
        """Every element as it stands."""
        assert self.page is not None
        return dict(self.page.evaluate("recorded.values"))

    def calls(self, method: str | None = None) -> list[list[str]]:
        """Every call in order, each as method, arguments and answer."""
        assert self.page is not None
        found: list[list[str]] = self.page.evaluate("recorded.calls")
        return [call for call in found if method in (None, call[0])]

    def close(self) -> None:
        """Close the page."""
        if self.page is not None:
            self.page.context.close()
            self.page = None


STYLE = "position:fixed;inset:0;width:100%;height:100%;border:0"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The zips, by name."""
    folder = tmp_path_factory.mktemp("courses")
    subprocess.run([sys.executable, ROOT / "scripts" / "build-courses", folder], check=True, capture_output=True)
    return {path.name: path for path in sorted(folder.iterdir())}


@pytest.fixture
def bench(browser: Browser, built: dict[str, Path]) -> Iterator[Bench]:
    """A bench whose pages may not complain: no error, no warning, no file that is missing."""
    made = Bench(browser, built)
    yield made
    made.close()
    assert made.troubles == []
