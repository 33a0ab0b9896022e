"""``check``: what import finds in a package, without storing it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from scorm_embed.cli.run_time import api_findings, sequencing_findings
from scorm_embed.content import ArchiveWarning, ArchiveWarningCode, build_blob
from scorm_embed.content.build import Progress
from scorm_embed.content.schemas import schema_versions
from scorm_embed.core.manifest import Severity, read_manifest
from scorm_embed.errors import PackageError

_LOSES_FILES = frozenset({ArchiveWarningCode.CASE_DUPLICATE, ArchiveWarningCode.DUPLICATE_NAME})
_ORDER = tuple(Severity)
_COLORS = {Severity.BLOCKS: "red", Severity.HURTS: "yellow", Severity.UNTIDY: "cyan"}
_EXIT_CODES = {Severity.BLOCKS: 2, Severity.HURTS: 1, Severity.UNTIDY: 0}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong."""

    code: str
    severity: str
    message: str
    line: int | None = None
    path: str | None = None
    repaired: bool = False

    @property
    def rank(self) -> Severity:
        """How much it matters."""
        return Severity(self.severity)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was found in one package, worst first."""

    course: str
    title: str | None
    standard: str | None
    findings: tuple[Finding, ...]

    @property
    def exit_code(self) -> int:
        """0: nothing that learners meet; 1: something hurts; 2: something blocks."""
        return max((_EXIT_CODES[finding.rank] for finding in self.findings), default=0)


def check_package(path: Path, progress: Progress | None = None) -> Report:
    """Read a package as import does, then look for what will hurt while it runs."""
    with tempfile.TemporaryDirectory(prefix="scorm-check-") as folder:
        blob = Path(folder) / "blob.zip"
        try:
            built = build_blob(path, blob, progress=progress)
        except PackageError as error:
            return _blocked(path, error)
        found = [_of_archive(warning) for warning in built.warnings]
        try:
            names = set(built.index.names())
            manifest = read_manifest(built.manifest, names, schema_versions=schema_versions(blob))
        except PackageError as error:
            return _blocked(path, error, found)
        found += [Finding(**problem.as_dict()) for problem in manifest.problems]  # type: ignore[arg-type]
        for code, severity, message, place in (
            *api_findings(blob, manifest.course),
            *sequencing_findings(manifest.course),
        ):
            found.append(Finding(code, severity.value, message, path=place))
    return Report(path.name, manifest.title, manifest.standard.value, _ranked(found))


def _of_archive(warning: ArchiveWarning) -> Finding:
    severity = Severity.HURTS if warning.code in _LOSES_FILES else Severity.UNTIDY
    return Finding(warning.code.value, severity.value, warning.message, path=warning.path, repaired=True)


def _blocked(path: Path, error: PackageError, found: Sequence[Finding] = ()) -> Report:
    """Show why a package is refused; what else was found in its manifest comes in the error's details."""
    problems: list[dict[str, Any]] = error.details.get("problems", [])
    if problems:
        findings = [Finding(**problem) for problem in problems]
    else:
        findings = [Finding(error.code, Severity.BLOCKS.value, error.message, path=error.details.get("path"))]
    return Report(path.name, None, None, _ranked([*findings, *found]))


def _ranked(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda finding: (_ORDER.index(finding.rank), finding.code, finding.path or "")))


def write_findings(report: Report) -> str:
    """Write a report as JSON."""
    counts = {severity.value: sum(f.rank is severity for f in report.findings) for severity in _ORDER}
    return json.dumps({**asdict(report), "counts": counts}, ensure_ascii=False, indent=2)


def show_findings(report: Report) -> None:
    """Write a report for a person."""
    if report.title is not None:
        click.secho(f"{report.title} ({report.standard})", bold=True)
    for finding in report.findings:
        place = ", ".join(part for part in (finding.path, f"line {finding.line}" if finding.line else None) if part)
        mark = click.style(f"{finding.severity:>6}", fg=_COLORS[finding.rank], bold=True)
        click.echo(f"{mark}  {finding.message}{' Repaired.' if finding.repaired else ''}")
        click.secho(f"        {finding.code}{'  ' + place if place else ''}", dim=True)
    if not report.findings:
        click.secho("Nothing is wrong with this package.", fg="green")
