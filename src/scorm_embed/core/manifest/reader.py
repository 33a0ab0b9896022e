"""From the bytes of imsmanifest.xml to courses: the one way in.

Owns the order of the steps and the choice of the default course. It does no IO: the caller reads the archive.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from scorm_embed.core.manifest import problems
from scorm_embed.core.manifest.catalogue import read_catalogue
from scorm_embed.core.manifest.course import BuiltCourse, CourseBuilder
from scorm_embed.core.manifest.elements import Element, parse_manifest, refusal
from scorm_embed.core.manifest.hrefs import PackageFiles
from scorm_embed.core.manifest.limits import ManifestLimits
from scorm_embed.core.manifest.model import Course
from scorm_embed.core.manifest.namespaces import check_spelling, detect_standard
from scorm_embed.core.manifest.problems import ManifestProblem, ProblemLog
from scorm_embed.core.manifest.raw import RawManifest, read_raw
from scorm_embed.core.manifest.tolerant import collapsed
from scorm_embed.core.standard import Standard

_NO_VERSIONS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ReadManifest:
    """Everything a package's manifest says, repaired where that was possible."""

    courses: tuple[Course, ...]
    """One per organization that can be launched, in document order; at least one."""
    default: int
    """Index of the course that the package opens with."""
    title: str
    standard: Standard
    problems: tuple[ManifestProblem, ...]
    """What was found and what was done about it, worst first."""
    identifier: str = ""
    """The manifest's own identifier; authoring templates give many courses the same one."""
    description: str = ""
    language: str = ""

    @property
    def course(self) -> Course:
        """The course that the package opens with."""
        return self.courses[self.default]


def read_manifest(
    data: bytes,
    files: Collection[str],
    *,
    limits: ManifestLimits | None = None,
    standard: Standard | None = None,
    schema_versions: Mapping[str, str] = _NO_VERSIONS,
) -> ReadManifest:
    """Read a manifest, repairing what can be repaired and recording each repair.

    Args:
        data: bytes of imsmanifest.xml.
        files: names of the package's files relative to the manifest's folder, with '/'. Empty: not known, so nothing
            is checked against them.
        limits: how much the manifest may ask for.
        standard: what the manifest is taken for; None finds out.
        schema_versions: ``version`` attribute of the schema files in the package, by lower-case file name; the
            weakest evidence for the edition.

    Raises:
        ManifestParseError: the manifest cannot be read, or launches nothing; ``details["problems"]`` lists what was
            found, ``details["reason"]`` the code of the first.
    """
    limits = limits or ManifestLimits()
    log = ProblemLog()
    document = parse_manifest(data, limits, log)
    root = document.root
    if root.key != "manifest":
        raise refusal(problems.NOT_A_MANIFEST, log, line=root.line, name=root.name)
    package = PackageFiles(files)
    catalogue = read_catalogue(root, package, log)
    if standard is None:
        standard = detect_standard(document, catalogue, schema_versions, log)
    check_spelling(document, standard, log)
    raw = read_raw(root, log)
    builder = CourseBuilder(raw, standard, package, limits, catalogue, log)
    built, default = _courses(raw, builder, log)
    builder.resources.check()
    if package.known and not any(each.launches_found for each in built):
        raise refusal(problems.LAUNCH_FILES_MISSING, log, name=built[default].first_missing)
    courses = tuple(each.course for each in built)
    return ReadManifest(
        courses=courses,
        default=default,
        title=courses[default].title,
        standard=standard,
        problems=log.problems(),
        identifier=raw.identifier,
        description=catalogue.description,
        language=catalogue.language,
    )


def _courses(raw: RawManifest, builder: CourseBuilder, log: ProblemLog) -> tuple[list[BuiltCourse], int]:
    """Every course of the package, and which one it opens with."""
    wanted = _default_organization(raw, log)
    built: list[BuiltCourse] = []
    default = 0
    for organization in raw.organizations:
        course = builder.from_organization(organization)
        if course is None:
            identifier = collapsed(organization.get("identifier"))
            log.add(problems.ORGANIZATION_UNUSABLE, organization, identifier=identifier)
            continue
        if organization is wanted:
            default = len(built)
        built.append(course)
    if built:
        return built, default
    synthesised = builder.from_resources()
    if synthesised is None:
        raise refusal(problems.NOTHING_TO_LAUNCH, log)
    log.add(problems.ORGANIZATION_MISSING, raw.element)
    return [synthesised], 0


def _default_organization(raw: RawManifest, log: ProblemLog) -> Element | None:
    if not raw.organizations:
        return None
    wanted = raw.default_organization()
    if not raw.default:
        log.add(problems.ORGANIZATION_DEFAULT_MISSING, raw.element)
    elif wanted is None or collapsed(wanted.get("identifier")) != raw.default:
        log.add(problems.ORGANIZATION_DEFAULT_UNKNOWN, raw.element, identifier=raw.default)
    return wanted
