"""Resources: what an item that refers to one launches, and whether the files they list are there.

Owns the choice of the launch file and of SCO or asset; hrefs themselves are resolved in ``hrefs``.
"""

from __future__ import annotations

from dataclasses import dataclass

from scorm_embed.core.manifest import problems
from scorm_embed.core.manifest.elements import Element
from scorm_embed.core.manifest.hrefs import PackageFiles, Target, address_of, join_bases, resolve, split_href
from scorm_embed.core.manifest.limits import ManifestLimits
from scorm_embed.core.manifest.problems import ProblemLog
from scorm_embed.core.manifest.raw import RawManifest, RawResource
from scorm_embed.core.manifest.tolerant import collapsed

_PAGES = (".html", ".htm", ".xhtml", ".xht", ".php", ".asp", ".aspx", ".jsp")
_NOT_PAGES = (
    ".pdf", ".doc", ".docx", ".ppt", ".pptx", ".xls", ".xlsx", ".odt", ".odp", ".rtf", ".txt", ".jpg", ".jpeg",
    ".png", ".gif", ".webp", ".bmp", ".mp3", ".mp4", ".m4v", ".m4a", ".webm", ".ogg", ".wav", ".avi", ".mov", ".zip",
)  # fmt: skip
"""Files that cannot talk to an API: launched without a SCORM type they are assets, which are done when opened."""
_CONTROL_FILES = (".xsd", ".dtd", ".xml")


@dataclass(frozen=True, slots=True)
class Launch:
    """What a resource launches."""

    target: Target
    sco: bool


class Resources:
    """All resources of a package; answers are kept, because many items share one resource.

    A resource is kept with its answer, so that its identity cannot be taken over by another one.
    """

    def __init__(self, root: RawManifest, files: PackageFiles, limits: ManifestLimits, log: ProblemLog) -> None:
        self._manifests = [root, *root.all_below()]
        self._files = files
        self._limits = limits
        self._log = log
        self._launches: dict[int, tuple[RawResource, Launch | None]] = {}

    def launch(self, resource: RawResource) -> Launch | None:
        """What the resource launches; None where it has nothing to launch."""
        key = id(resource)
        if key not in self._launches:
            self._launches[key] = (resource, self._find_launch(resource))
        return self._launches[key][1]

    def launchable(self) -> list[tuple[RawResource, Launch]]:
        """Resources that a course without organization can be made of: the SCOs, else the first page."""
        with_href = [each for manifest in self._manifests for each in manifest.resources.values() if each.href]
        scos = [each for each in with_href if collapsed(each.element.get("scormtype")).lower() == "sco"]
        chosen = scos or with_href[:1]
        found = [(each, self.launch(each)) for each in chosen]
        return [(resource, launch) for resource, launch in found if launch is not None] or self._index_page()

    def _index_page(self) -> list[tuple[RawResource, Launch]]:
        """The last resort: the page at the top of the package."""
        page = self._files.elsewhere("")
        if page is None:
            return []
        root = self._manifests[0]
        element = Element("resource", root.element.family, root.element.line, root.element)
        element.attributes = {"identifier": "index", "type": "webcontent", "scormtype": "sco"}
        resource = RawResource("index", element, root, ())
        return [(resource, Launch(Target(page, address_of(page), True), True))]

    def _find_launch(self, resource: RawResource) -> Launch | None:
        element = resource.element
        href = resource.href or self._only_page(resource)
        if len(href) > self._limits.href_length_max:
            self._log.add(problems.HREF_TOO_LONG, element, limit=self._limits.href_length_max)
            return None
        if not href:
            return None
        base = join_bases(resource.bases, element, self._log)
        target = resolve(base, href, self._files, element, self._log)
        if target is None:
            return None
        if not target.name:
            self._log.add_once(problems.HREF_EXTERNAL, target.address, element, href=target.address)
        elif not target.found:
            target = self._elsewhere(target, element)
        return Launch(target, self._is_sco(resource, target))

    def _only_page(self, resource: RawResource) -> str:
        """A file to launch where the href is missing: the index page, or the first page listed."""
        listed = [collapsed(each.get("href")) for each in resource.element.named("file")]
        pages = [each for each in listed if split_href(each)[0].lower().endswith(_PAGES)]
        index = [each for each in pages if each.lower().rpartition("/")[2].startswith("index.")]
        name = next(iter(index or pages), "")
        if name:
            self._log.add(problems.RESOURCE_WITHOUT_HREF, resource.element, identifier=resource.identifier, name=name)
        return name

    def _elsewhere(self, target: Target, element: Element) -> Target:
        other = self._files.elsewhere(target.name)
        if other is None:
            return target
        self._log.add(problems.LAUNCH_FILE_ELSEWHERE, element, href=target.name, name=other)
        return Target(other, address_of(other) + _tail_of(target.address), True)

    def _is_sco(self, resource: RawResource, target: Target) -> bool:
        written = resource.element.get("scormtype")
        kind = collapsed(written).lower()
        if kind in ("sco", "asset"):
            if kind != written:
                self._log.add_once(
                    problems.SCORM_TYPE_UNKNOWN, resource.identifier, resource.element,
                    identifier=resource.identifier, type=written, taken=f"'{kind}'",
                )  # fmt: skip
            return kind == "sco"
        path = split_href(target.address)[0].lower()
        sco = not path.endswith(_NOT_PAGES)
        taken = "a SCO" if sco else "an asset"
        if kind:
            self._log.add(
                problems.SCORM_TYPE_UNKNOWN, resource.element, identifier=resource.identifier, type=written, taken=taken
            )
        else:
            self._log.add(problems.SCORM_TYPE_MISSING, resource.element, identifier=resource.identifier, taken=taken)
        return sco

    # -- what the resources list --------------------------------------------------------------------------------------

    def check(self) -> None:
        """Report files that are listed and absent, listed twice, or not listed; and dependencies on nothing."""
        listed: set[str] = set()
        for manifest in self._manifests:
            for resource in manifest.resources.values():
                listed |= self._check_resource(resource)
        launched = self._check_launch_files(listed)
        if not self._files.known or not listed:
            return
        others = self._files.names - listed - launched
        unlisted = sorted(name for name in others if not _is_control(name))
        if unlisted:
            self._log.add(problems.FILES_NOT_LISTED, path=unlisted[0], count=len(unlisted), name=unlisted[0])

    def _check_launch_files(self, listed: set[str]) -> set[str]:
        """Names of all files that items launch; those that no resource lists are reported."""
        launched: set[str] = set()
        for resource, launch in self._launches.values():
            name = launch.target.name if launch is not None else ""
            if not name:
                continue
            launched.add(name)
            if listed and name not in listed:
                self._log.add_once(
                    problems.LAUNCH_FILE_NOT_LISTED, name, resource.element, identifier=resource.identifier, name=name
                )
        return launched

    def _check_resource(self, resource: RawResource) -> set[str]:
        element = resource.element
        identifier = resource.identifier
        listed: set[str] = set()
        base = join_bases(resource.bases, element, self._log)
        for each in element.named("file"):
            target = resolve(base, each.get("href") or "", self._files, each, self._log)
            if target is None or not target.name:
                continue
            if not target.found:
                self._log.add_once(problems.FILE_MISSING, target.name, each, path=target.name, name=target.name)
            if target.name in listed:
                self._log.add(problems.FILE_LISTED_TWICE, each, name=target.name)
            listed.add(target.name)
        for each in element.named("dependency"):
            reference = collapsed(each.get("identifierref"))
            if resource.manifest.find_resource(reference) is None:
                self._log.add(problems.DEPENDENCY_UNKNOWN, each, identifier=identifier, reference=reference)
        kind = collapsed(element.get("type"))
        if kind.lower() != "webcontent":
            self._log.add(problems.RESOURCE_TYPE, element, identifier=identifier, type=kind)
        return listed


def _tail_of(address: str) -> str:
    """Query and fragment of a launch address, with their marks."""
    return address[len(split_href(address)[0]) :]


def _is_control(name: str) -> bool:
    """Whether a file belongs to the package rather than to the course (schemas, metadata, what a zip tool left)."""
    last = name.rpartition("/")[2]
    return last.lower().endswith(_CONTROL_FILES) or last.startswith(".") or name.startswith("__MACOSX/")
