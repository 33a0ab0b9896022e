"""The manifest's own structure: elements to organizations, items and resources, still as the author wrote it.

Owns where in the XML each piece stands and what is done when it stands elsewhere or twice. It decides nothing about
what the pieces mean; ``course`` does.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from scorm_embed.core.manifest import problems
from scorm_embed.core.manifest.elements import Element
from scorm_embed.core.manifest.problems import ProblemLog
from scorm_embed.core.manifest.tolerant import collapsed, first_of


@dataclass(slots=True)
class RawResource:
    """One resource element."""

    identifier: str
    element: Element
    manifest: RawManifest
    bases: tuple[str | None, ...]
    """xml:base values from the outermost manifest to the resource."""

    @property
    def href(self) -> str:
        """The href as written, trimmed; "" where there is none."""
        return collapsed(self.element.get("href"))


@dataclass(slots=True)
class RawManifest:
    """A manifest element: the package's own, or one nested in it."""

    element: Element
    identifier: str
    default: str | None
    """organizations/@default, collapsed; None where the attribute is absent."""
    organizations: list[Element] = field(default_factory=list)
    resources: dict[str, RawResource] = field(default_factory=dict)
    children: list[RawManifest] = field(default_factory=list)
    parent: RawManifest | None = None
    folded: dict[str, list[str]] | None = None
    index: RawIndex | None = None
    """Of the outermost manifest: what the manifests nested in it hold."""

    def default_organization(self) -> Element | None:
        """The organization that the manifest names, or its first."""
        for each in self.organizations:
            if self.default and collapsed(each.get("identifier")) == self.default:
                return each
        return self.organizations[0] if self.organizations else None

    def find_resource(self, identifier: str) -> RawResource | None:
        """A resource by its identifier: of this manifest, of those it stands in, then of those it holds."""
        scope: RawManifest | None = self
        top = self
        while scope is not None:
            if identifier in scope.resources:
                return scope.resources[identifier]
            top, scope = scope, scope.parent
        return top.index.resources.get(identifier) if top.index is not None else None

    def find_manifest(self, identifier: str) -> RawManifest | None:
        """A manifest by its identifier, anywhere in the package."""
        top = self
        while top.parent is not None:
            top = top.parent
        return top.index.manifests.get(identifier) if top.index is not None else None

    def find_in_other_case(self, identifier: str) -> RawResource | None:
        """The one resource of this manifest whose identifier differs only in letter case."""
        if self.folded is None:
            self.folded = {}
            for key in self.resources:
                self.folded.setdefault(key.casefold(), []).append(key)
        found = self.folded.get(identifier.casefold(), [])
        return self.resources[found[0]] if len(found) == 1 else None

    def all_below(self) -> list[RawManifest]:
        """The manifests nested in this one, outermost first."""
        found = list(self.children)
        for each in found:
            found.extend(each.children)
        return found


@dataclass(slots=True)
class RawIndex:
    """Nested manifests, and the resources they hold, by identifier; the first of each counts."""

    manifests: dict[str, RawManifest] = field(default_factory=dict)
    resources: dict[str, RawResource] = field(default_factory=dict)


def read_raw(element: Element, log: ProblemLog, parent: RawManifest | None = None) -> RawManifest:
    """Collect the pieces of a manifest element and of the manifests nested in it."""
    container = first_of(element.named("organizations"), log)
    default = container.get("default") if container is not None else None
    manifest = RawManifest(
        element=element,
        identifier=collapsed(element.get("identifier")),
        default=None if default is None else collapsed(default),
        parent=parent,
    )
    manifest.organizations = _organizations(element, container, log)
    _take_resources(manifest, log)
    for nested in element.named("manifest"):
        log.add(problems.SUBMANIFEST, nested, identifier=collapsed(nested.get("identifier")))
        manifest.children.append(read_raw(nested, log, manifest))
    if parent is None:
        manifest.index = RawIndex()
        for each in manifest.all_below():
            manifest.index.manifests.setdefault(each.identifier, each)
            for key, resource in each.resources.items():
                manifest.index.resources.setdefault(key, resource)
    return manifest


def _organizations(element: Element, container: Element | None, log: ProblemLog) -> list[Element]:
    found = list(container.named("organization")) if container is not None else []
    for stray in element.named("organization"):
        log.add(problems.ELEMENT_MISPLACED, stray, name=stray.name)
        found.append(stray)
    return found


def _take_resources(manifest: RawManifest, log: ProblemLog) -> None:
    outer: list[str | None] = []
    scope: RawManifest | None = manifest
    while scope is not None:
        outer.insert(0, scope.element.get("xml:base"))
        scope = scope.parent
    containers = list(manifest.element.named("resources"))
    for container in containers:
        for stray in container.named("metadata"):
            log.add_once(problems.ELEMENT_IGNORED, "metadata in resources", stray, name=stray.name)
        for each in container.named("resource"):
            bases = (*outer, container.get("xml:base"), each.get("xml:base"))
            _take_resource(manifest, each, bases, log)
    for stray in manifest.element.named("resource"):
        log.add(problems.ELEMENT_MISPLACED, stray, name=stray.name)
        _take_resource(manifest, stray, (*outer, stray.get("xml:base")), log)


def _take_resource(manifest: RawManifest, element: Element, bases: tuple[str | None, ...], log: ProblemLog) -> None:
    identifier = collapsed(element.get("identifier"))
    resource = RawResource(identifier, element, manifest, bases)
    if not identifier:
        # Nothing can refer to it, but a course made from resources can still use it.
        identifier = f"resource-{len(manifest.resources) + 1}"
        log.add(problems.IDENTIFIER_MISSING, element, name="resource", identifier=identifier)
        resource.identifier = identifier
    earlier = manifest.resources.get(identifier)
    if earlier is not None:
        log.add(problems.RESOURCE_TWICE, element, identifier=identifier)
        if earlier.href or not resource.href:
            return
    manifest.resources[identifier] = resource
