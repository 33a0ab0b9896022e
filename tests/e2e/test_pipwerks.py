"""A client nobody here wrote: a course page on the pipwerks wrapper from the npm registry, in both standards."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from scorm_embed.core.standard import Standard
from scorm_embed.testing.package_builder import Item, build_package

VERSION = "0.1.2"
PACKAGE = "pipwerks-scorm-api-wrapper"
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Course</title>
<script>var exports = {};</script><script src="pipwerks.js"></script><script>
var pipwerks = exports, scorm = pipwerks.SCORM;
pipwerks.debug.isActive = false;
</script></head><body><h1>Course</h1></body></html>"""

pytestmark = pytest.mark.browser


def _unavailable(why: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(scope="module")
def wrapper() -> str:
    """The wrapper's script, from npm into the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "scorm_embed" / f"pipwerks-{VERSION}"
    script = cache / "index.js"
    if not script.exists():
        npm = shutil.which("npm")
        if npm is None:
            _unavailable("no npm on this machine")
        cache.mkdir(parents=True, exist_ok=True)
        # Its only dependency is built into the script that it publishes.
        command = [str(npm), "pack", "--silent", "--pack-destination", str(cache), f"{PACKAGE}@{VERSION}"]
        done = subprocess.run(command, cwd=cache, capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            _unavailable(f"npm cannot get {PACKAGE}: {done.stderr[-500:]}")
        with tarfile.open(cache / f"{PACKAGE}-{VERSION}.tgz") as archive:
            packed = archive.extractfile("package/index.js")
            assert packed is not None
            script.write_bytes(packed.read())
    return script.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("standard", "version", "location", "status", "entry", "raw"),
    [
        (
            Standard.SCORM_12,
            "1.2",
            "cmi.core.lesson_location",
            "cmi.core.lesson_status",
            "cmi.core.entry",
            "cmi.core.score.raw",
        ),
        (
            Standard.SCORM_2004_4TH,
            "2004",
            "cmi.location",
            "cmi.completion_status",
            "cmi.entry",
            "cmi.score.raw",
        ),
    ],
    ids=["1.2", "2004"],
)
def test_a_course_on_the_pipwerks_wrapper_plays_resumes_and_completes(
    site: Any,
    desk: Any,
    wrapper: str,
    standard: Standard,
    version: str,
    location: str,
    status: str,
    entry: str,
    raw: str,
) -> None:
    package = site.course(build_package(standard, [Item("lesson", html=PAGE)], files={"pipwerks.js": wrapper}))
    session, url = site.launch(package)

    page = desk.open(url)
    course = desk.content(page, "typeof scorm === 'object'")
    assert course.evaluate("[scorm.init(), scorm.version, scorm.connection.isActive]") == [True, version, True]
    assert course.evaluate(f"scorm.get('{entry}')") == "ab-initio"
    assert course.evaluate("scorm.status('get')") == "incomplete"
    assert course.evaluate(f"scorm.set('{location}', 'page-3')") is True
    assert course.evaluate("scorm.set('cmi.suspend_data', 'answers=a|b|ü')") is True
    assert course.evaluate("scorm.save()") is True
    assert course.evaluate(f"scorm.set('{location}', 'page-4')") is True
    desk.leave(page, "close")
    found = site.until(session, lambda found: found["cmi_data"].get(location) == "page-4")
    assert found["cmi_data"]["cmi.suspend_data"] == "answers=a|b|ü"
    assert found["completion_status"] == "incomplete"

    page = desk.open(site.launch(package, session)[1])
    course = desk.content(page, "typeof scorm === 'object'")
    assert course.evaluate("scorm.init()") is True
    names = [entry, location, "cmi.suspend_data"]
    read = [course.evaluate("name => scorm.get(name)", name) for name in names]
    assert read == ["resume", "page-4", "answers=a|b|ü"]
    assert course.evaluate(f"scorm.set('{raw}', '85')") is True
    if version == "2004":
        assert course.evaluate("scorm.set('cmi.score.scaled', '0.85') && scorm.set('cmi.success_status', 'passed')")
    assert course.evaluate(f"scorm.set('{status}', 'completed')") is True
    assert course.evaluate("[scorm.quit(), scorm.connection.isActive]") == [True, False]
    desk.saved(page)
    found = site.until(session, lambda found: found["completion_status"] == "completed")
    assert found["score"]["raw"] == 85
    assert found["success_status"] == ("passed" if version == "2004" else "unknown")
    assert found["attempts"] == 2
    assert found["time_spent_seconds"] > 0
    desk.leave(page, "close")
