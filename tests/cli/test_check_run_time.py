"""What ``check`` says about the time when the course runs."""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from scorm_embed.cli import run_time
from scorm_embed.cli.checking import check_package
from scorm_embed.cli.commands import commands
from scorm_embed.cli.run_time import RUN_TIME_FINDINGS
from scorm_embed.core.sequencing import traps
from scorm_embed.core.sequencing.definition import ControlMode, SequencingDefinition
from scorm_embed.core.standard import Standard
from scorm_embed.testing.package_builder import Item, build_package

SHARE_PERCENT = int(os.environ.get("SCORM_EMBED_CHECK_PERCENT", "5"))
"""How much of what may be tried is tried with each manifest of the corpus; 100 for the figures of a release."""
ROOT = Path(__file__).parents[2]
OF_12 = "<script>API.LMSInitialize('')</script>"
OF_2004 = "<script>API_1484_11.Initialize('')</script>"


def checked(folder: Path, data: bytes) -> Any:
    path = folder / "course.zip"
    path.write_bytes(data)
    return check_package(path)


def codes(report: Any) -> list[str]:
    return [finding.code for finding in report.findings if finding.code in RUN_TIME_FINDINGS]


@pytest.mark.parametrize(
    ("standard", "html", "found"),
    [
        (Standard.SCORM_12, OF_2004, ["API_OF_OTHER_STANDARD"]),
        (Standard.SCORM_2004_4TH, OF_12, ["API_OF_OTHER_STANDARD"]),
        (Standard.SCORM_12, OF_12, []),
        (Standard.SCORM_2004_4TH, OF_2004, []),
        (Standard.SCORM_12, OF_12 + OF_2004, []),
        (Standard.SCORM_2004_4TH, OF_12 + OF_2004, []),
        (Standard.SCORM_12, OF_2004 + "<script src='https://cdn.example/api.js'></script>", []),
        (Standard.SCORM_12, "<p>no script</p>", []),
    ],
)
def test_the_api_of_the_other_standard_is_reported_only_where_it_is_certain(
    tmp_path: Path, standard: Standard, html: str, found: list[str]
) -> None:
    report = checked(tmp_path, build_package(standard, [Item("a", html=html)]))
    assert codes(report) == found
    assert report.exit_code == len(found)


@pytest.mark.parametrize("name", ["player.swf", "engine.wasm", "inner.zip"])
def test_a_file_that_cannot_be_read_makes_the_api_uncertain(tmp_path: Path, name: str) -> None:
    data = build_package(Standard.SCORM_12, [Item("a", html=OF_2004)], files={name: b"x"})
    assert codes(checked(tmp_path, data)) == []


def test_files_beyond_the_limits_make_the_api_uncertain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = build_package(Standard.SCORM_12, [Item("a", html=OF_2004)])
    for name in ("SCANNED_FILE_BYTES_MAX", "SCANNED_BYTES_MAX"):
        with monkeypatch.context() as patch:
            patch.setattr(run_time, name, len(OF_2004))
            assert codes(checked(tmp_path, data)) == ["API_OF_OTHER_STANDARD"]
            patch.setattr(run_time, name, len(OF_2004) - 1)
            assert codes(checked(tmp_path, data)) == []


def test_a_course_in_which_nothing_opens_blocks(tmp_path: Path) -> None:
    locked = SequencingDefinition(control_mode=ControlMode(choice=False, flow=False))
    data = build_package(Standard.SCORM_2004_4TH, [Item("a"), Item("b")], sequencing={None: locked})
    report = checked(tmp_path, data)
    assert (codes(report), report.exit_code) == (["NOTHING_OPENS"], 2)
    shown = CliRunner().invoke(commands, ["check", str(tmp_path / "course.zip")])
    assert "blocks  At the start nothing is opened and nothing can be chosen." in shown.output
    assert "\x1b[" not in shown.output
    arguments = ["check", str(tmp_path / "course.zip")]
    assert "\x1b[" in CliRunner().invoke(commands, arguments, color=True).output
    plain = CliRunner().invoke(commands, arguments, color=True, env={"NO_COLOR": "1"})
    assert plain.output == shown.output


def test_every_run_time_finding_is_explained_in_the_docs() -> None:
    page = (ROOT / "docs" / "command-line.md").read_text()
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", page, re.M)) == set(RUN_TIME_FINDINGS)


@pytest.mark.shared
def test_every_manifest_of_the_corpus_is_checked_without_a_crash_or_a_false_alarm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for bound in ("SITUATIONS_MAX", "STEPS_MAX", "STEP_ACTIVITIES_MAX"):
        monkeypatch.setattr(traps, bound, getattr(traps, bound) * SHARE_PERCENT // 100)
    corpus = ROOT.parent / "shared" / "corpus" / "manifests"
    if not corpus.exists():
        pytest.skip("no corpus beside the checkout")
    found: dict[str, list[str]] = {}
    refused = []
    for manifest in sorted(corpus.glob("*.xml")):
        data = manifest.read_bytes()
        report = checked(tmp_path, wrapped(data))
        json.dumps([finding.code for finding in report.findings])
        if report.standard is None:
            refused.append(manifest.stem)
        for code in dict.fromkeys(codes(report)):
            found.setdefault(code, []).append(manifest.stem)
    assert refused == ["013", "041", "159", "160"]
    # Three courses whose authors switched flow off: they do open with their menus.
    assert found == {"START_OPENS_NOTHING": ["012", "178", "183"]}


def wrapped(manifest: bytes) -> bytes:
    """A zip of the manifest and of stand-ins for the files that it launches, with both wrappers in each."""
    text = manifest.decode("utf-8-sig", errors="replace")
    names = {href.partition("?")[0].partition("#")[0] for href in re.findall(r'href\s*=\s*"([^"]+)"', text)}
    bases = ["", *re.findall(r'xml:base\s*=\s*"([^"]+)"', text)]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("imsmanifest.xml", manifest)
        written = set()
        for name in sorted({base + name for name in names for base in bases}):
            plain = re.sub(r"(^|/)\./", r"\1", name).lstrip("/").replace("%20", " ")
            if "://" in plain or ".." in plain or not plain or plain.endswith("/") or plain in written:
                continue
            written.add(plain)
            archive.writestr(plain, OF_12 + OF_2004)
    return packed.getvalue()
