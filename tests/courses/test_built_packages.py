"""The zips of the example courses: repeatable, complete, and read by our own importer without a single remark."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from scorm_embed.core.manifest.reader import ReadManifest, read_manifest
from scorm_embed.core.standard import Standard

ROOT = Path(__file__).parents[2]
NAMES = ["sequenced-scorm2004.zip", "weather-map-scorm12.zip", "weather-map-scorm2004.zip"]


def read(path: Path) -> ReadManifest:
    """Read a built package as an import does."""
    with ZipFile(path) as archive:
        return read_manifest(archive.read("imsmanifest.xml"), archive.namelist())


def test_building_again_gives_the_same_bytes(built: dict[str, Path], tmp_path: Path) -> None:
    subprocess.run([sys.executable, ROOT / "scripts" / "build-courses", tmp_path], check=True, capture_output=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(built) == NAMES
    for name, path in built.items():
        digests = {hashlib.sha256(each.read_bytes()).hexdigest() for each in (path, tmp_path / name)}
        assert len(digests) == 1, name


@pytest.mark.parametrize("name", NAMES)
def test_names_are_sorted_after_the_manifest_and_dates_are_fixed(built: dict[str, Path], name: str) -> None:
    with ZipFile(built[name]) as archive:
        names = archive.namelist()
        assert names[0] == "imsmanifest.xml"
        assert names[1:] == sorted(names[1:])
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize(
    ("name", "standard", "leaves"),
    [
        ("weather-map-scorm12.zip", Standard.SCORM_12, 4),
        ("weather-map-scorm2004.zip", Standard.SCORM_2004_4TH, 4),
        ("sequenced-scorm2004.zip", Standard.SCORM_2004_4TH, 16),
    ],
)
def test_the_importer_has_nothing_to_remark(built: dict[str, Path], name: str, standard: Standard, leaves: int) -> None:
    manifest = read(built[name])
    assert manifest.problems == ()
    assert manifest.course.standard is standard
    assert len(manifest.course.launchables) == leaves


def test_the_pass_mark_stands_in_both_manifests(built: dict[str, Path]) -> None:
    quiz_12 = read(built["weather-map-scorm12.zip"]).course.launchables["quiz"]
    quiz_2004 = read(built["weather-map-scorm2004.zip"]).course.launchables["quiz"]
    assert quiz_12.mastery_score == "80"
    assert quiz_2004.scaled_passing_score == "0.8"
    assert quiz_2004.objective_ids == ("read-the-map", "pressure", "fronts")


def test_both_standards_play_the_same_files(built: dict[str, Path]) -> None:
    content: list[dict[str, Any]] = []
    for name in NAMES[1:]:
        with ZipFile(built[name]) as archive:
            content.append({entry: archive.read(entry) for entry in archive.namelist() if entry != "imsmanifest.xml"})
    assert content[0] == content[1]
