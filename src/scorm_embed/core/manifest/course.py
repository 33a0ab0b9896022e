"""Organizations to courses: the activity tree, what each leaf launches, and the repairs that make a tree playable.

Owns the meaning of items; structure comes from ``raw``, addresses from ``resources``, names from ``identifiers``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from scorm_embed.core.manifest import problems
from scorm_embed.core.manifest.catalogue import Catalogue, read_catalogue
from scorm_embed.core.manifest.elements import Element
from scorm_embed.core.manifest.hrefs import PackageFiles, with_parameters
from scorm_embed.core.manifest.identifiers import Identifiers
from scorm_embed.core.manifest.launchable_reader import (
    read_hidden_controls,
    read_launchable,
    read_prerequisites,
    read_threshold,
)
from scorm_embed.core.manifest.limits import ManifestLimits
from scorm_embed.core.manifest.model import Course, Launchable
from scorm_embed.core.manifest.pitfalls import check_prerequisites, check_reachable
from scorm_embed.core.manifest.problems import ProblemLog
from scorm_embed.core.manifest.raw import RawManifest, RawResource
from scorm_embed.core.manifest.resources import Launch, Resources
from scorm_embed.core.manifest.sequencing_reader import Collection, read_sequencing
from scorm_embed.core.manifest.tolerant import boolean, collapsed, first_of, shown_text
from scorm_embed.core.sequencing.definition import (
    ActivityDefinition,
    SequencingDefinition,
    TreeDefinition,
)
from scorm_embed.core.sequencing.scorm12 import scorm12_defaults
from scorm_embed.core.standard import Standard

UNTITLED = "Untitled course"
_FREE = scorm12_defaults()


@dataclass(frozen=True, slots=True)
class BuiltCourse:
    """A course, and how many of its leaves launch something that is there."""

    course: Course
    launches_found: int
    first_missing: str
    """Name of the first launch file that the package does not have; "" if it has all."""


@dataclass(slots=True)
class _Tree:
    """What is known while one organization is read."""

    identifiers: Identifiers
    launchables: dict[str, Launchable] = field(default_factory=dict)
    places: dict[str, Element] = field(default_factory=dict)
    prerequisites: list[tuple[str, str, Element]] = field(default_factory=list)
    launches_found: int = 0
    first_missing: str = ""


@dataclass(frozen=True, slots=True)
class _Scope:
    """Where the reader stands: in which manifest, below which grafted ones, how deep in the tree."""

    tree: _Tree
    manifest: RawManifest
    grafted: tuple[RawManifest, ...] = ()
    depth: int = 1

    def deeper(self) -> _Scope:
        return _Scope(self.tree, self.manifest, self.grafted, self.depth + 1)

    def inside(self, nested: RawManifest) -> _Scope:
        return _Scope(self.tree, nested, (*self.grafted, nested), self.depth + 1)


@dataclass(frozen=True, slots=True)
class _Item:
    """An item with what has been found out about it."""

    element: Element
    identifier: str
    title: str
    reference: str
    definition: SequencingDefinition
    threshold: str | None


class CourseBuilder:
    """Builds the courses of one manifest."""

    def __init__(
        self,
        raw: RawManifest,
        standard: Standard,
        files: PackageFiles,
        limits: ManifestLimits,
        catalogue: Catalogue,
        log: ProblemLog,
    ) -> None:
        self._raw = raw
        self._standard = standard
        self._files = files
        self._limits = limits
        self._catalogue = catalogue
        self._log = log
        self._collection = Collection(raw.element, log)
        self._organizations: set[str] = set()
        self.resources = Resources(raw, files, limits, log)

    # -- courses ------------------------------------------------------------------------------------------------------

    def from_organization(self, organization: Element) -> BuiltCourse | None:
        """The course of one organization; None where nothing in it can be launched."""
        others = Identifiers(self._limits.identifier_length_max, self._log, self._organizations)
        identifier = others.of(organization, "organization")
        self._organizations.add(identifier)
        tree = _Tree(Identifiers(self._limits.identifier_length_max, self._log, (identifier,)))
        children = self._children(organization, _Scope(tree, self._raw))
        if not tree.launchables:
            return None
        root = ActivityDefinition(
            identifier=identifier,
            title=self._organization_title(organization, children),
            sequencing=self._definition(organization)[0],
            children=children,
            hidden_controls=read_hidden_controls(organization, self._log),
        )
        for each in self._raw.resources.values():
            if each.identifier in tree.identifiers or each.identifier == identifier:
                shared = each.identifier
                self._log.add_once(problems.IDENTIFIER_SHARED, shared, each.element, identifier=shared)
        for of, script, item in tree.prerequisites:
            check_prerequisites(of, script, item, tree.identifiers, self._log)
        tree.places[identifier] = organization
        check_reachable(root, tree.places, self._log)
        global_objectives = boolean(organization, "objectivesglobaltosystem", True, self._log)
        global_data = boolean(organization, "shareddataglobaltosystem", True, self._log)
        return self._course(root, tree, global_objectives, global_data)

    def from_resources(self) -> BuiltCourse | None:
        """A course with one activity per resource that can be launched; None where there is none."""
        tree = _Tree(Identifiers(self._limits.identifier_length_max, self._log, ("organization",)))
        title = self._catalogue.title or UNTITLED
        found = self.resources.launchable()[: self._limits.activities_max]
        children = []
        for resource, launch in found:
            identifier = tree.identifiers.take(resource.identifier, resource.element)
            shown = title if len(found) == 1 else resource.identifier
            children.append(ActivityDefinition(identifier, shown, _FREE, deliverable=True))
            item = _Item(resource.element, identifier, shown, "", _FREE, None)
            self._add_launchable(item, launch, tree)
        if not children:
            return None
        root = ActivityDefinition("organization", title, _FREE, tuple(children))
        return self._course(root, tree, True, True)

    def _course(self, root: ActivityDefinition, tree: _Tree, global_objectives: bool, global_data: bool) -> BuiltCourse:
        definition = TreeDefinition(
            root=root,
            objectives_global_to_system=global_objectives,
            free_choice=not self._standard.is_2004,
            edition=self._standard.edition,
        )
        course = Course(self._standard, root.title, definition, tree.launchables, global_data)
        return BuiltCourse(course, tree.launches_found, tree.first_missing)

    def _organization_title(self, organization: Element, children: tuple[ActivityDefinition, ...]) -> str:
        title = shown_text(first_of(organization.named("title"), self._log))
        if title:
            return title
        title = read_catalogue(organization, self._files, self._log).title or self._catalogue.title
        if not title and len(children) == 1 and children[0].title != children[0].identifier:
            title = children[0].title
        title = title or UNTITLED
        self._log.add(problems.TITLE_MISSING, organization, name="organization", title=title)
        return title

    # -- activities ---------------------------------------------------------------------------------------------------

    def _children(self, element: Element, scope: _Scope) -> tuple[ActivityDefinition, ...]:
        found = (self._activity(item, scope) for item in element.named("item"))
        return tuple(each for each in found if each is not None)

    def _activity(self, element: Element, scope: _Scope) -> ActivityDefinition | None:
        tree = scope.tree
        if len(tree.identifiers) >= self._limits.activities_max:
            self._log.add_once(problems.ITEMS_TOO_MANY, "", element, limit=self._limits.activities_max)
            return None
        if scope.depth > self._limits.depth_max:
            # Only grafted manifests get here: the depth of one document is bounded by the parser.
            self._log.add_once(problems.ITEMS_TOO_DEEP, "", element, limit=self._limits.depth_max)
            return None
        identifier = tree.identifiers.of(element, "item")
        tree.places[identifier] = element
        title = shown_text(first_of(element.named("title"), self._log))
        if not title:
            self._log.add(problems.TITLE_MISSING, element, name="item", title=identifier)
        definition, threshold = self._definition(element)
        reference = collapsed(element.get("identifierref"))
        item = _Item(element, identifier, title or identifier, reference, definition, threshold)
        resource, grafted = self._referred(item, scope)
        children = self._children(element, scope.deeper()) + grafted
        deliverable = False
        if not children:
            deliverable = self._deliver(item, resource, tree)
        elif resource is not None:
            children = self._resource_beside_children(item, resource, children, tree)
        prerequisites = None if self._standard.is_2004 else read_prerequisites(element, self._log)
        if prerequisites:
            tree.prerequisites.append((identifier, prerequisites, element))
        return ActivityDefinition(
            identifier=identifier,
            title=item.title,
            sequencing=definition,
            children=children,
            deliverable=deliverable,
            visible=boolean(element, "isvisible", True, self._log),
            prerequisites=prerequisites,
            hidden_controls=read_hidden_controls(element, self._log),
        )

    def _deliver(self, item: _Item, resource: RawResource | None, tree: _Tree) -> bool:
        """Find what a leaf launches; a leaf without anything stays in the tree and cannot be opened."""
        if resource is None:
            # SCORM 1.2 knows such items as headings.
            if not item.reference and self._standard.is_2004:
                self._log.add(problems.ITEM_WITHOUT_RESOURCE, item.element, identifier=item.identifier)
            return False
        launch = self.resources.launch(resource)
        if launch is None:
            self._log.add(
                problems.RESOURCE_NOT_LAUNCHABLE, item.element, identifier=item.identifier, reference=item.reference
            )
            return False
        self._add_launchable(item, launch, tree)
        return True

    def _add_launchable(self, item: _Item, launch: Launch, tree: _Tree) -> None:
        element, target = item.element, launch.target
        address = with_parameters(target.address, element.get("parameters") or "", element, self._log)
        if len(address) > self._limits.href_length_max:
            self._log.add(problems.HREF_TOO_LONG, element, limit=self._limits.href_length_max)
            address = target.address
        if target.found:
            tree.launches_found += 1
        else:
            tree.first_missing = tree.first_missing or target.name
            self._log.add(problems.LAUNCH_FILE_MISSING, element, name=target.name, identifier=item.identifier)
        tree.launchables[item.identifier] = read_launchable(
            element,
            Launchable(item.identifier, address, launch.sco, completion_threshold=item.threshold),
            self._standard,
            item.definition,
            self._log,
        )

    def _resource_beside_children(
        self, item: _Item, resource: RawResource, children: tuple[ActivityDefinition, ...], tree: _Tree
    ) -> tuple[ActivityDefinition, ...]:
        """SCORM 1.2 launches such an item; here a first child does, because only leaves are delivered."""
        if self._standard.is_2004:
            self._log.add(problems.RESOURCE_ON_CLUSTER, item.element, identifier=item.identifier)
            return children
        launch = self.resources.launch(resource)
        if launch is None:
            return children
        self._log.add(problems.RESOURCE_ON_BRANCH, item.element, identifier=item.identifier)
        own = replace(item, identifier=tree.identifiers.make(f"{item.identifier}-content"), definition=_FREE)
        self._add_launchable(own, launch, tree)
        return (ActivityDefinition(own.identifier, own.title, _FREE, deliverable=True), *children)

    def _referred(self, item: _Item, scope: _Scope) -> tuple[RawResource | None, tuple[ActivityDefinition, ...]]:
        """What identifierref means: a resource, or a manifest whose items come in below this one."""
        reference = item.reference
        if not reference:
            return None, ()
        resource = scope.manifest.find_resource(reference)
        if resource is not None:
            return resource, ()
        nested = scope.manifest.find_manifest(reference)
        if nested is not None:
            if nested in scope.grafted:
                self._log.add(
                    problems.SUBMANIFEST_CIRCULAR, item.element, identifier=item.identifier, reference=reference
                )
                return None, ()
            organization = nested.default_organization()
            if organization is None:
                return next((each for each in nested.resources.values() if each.href), None), ()
            return None, self._children(organization, scope.inside(nested))
        resource = scope.manifest.find_in_other_case(reference)
        if resource is None:
            self._log.add(problems.RESOURCE_UNKNOWN, item.element, identifier=item.identifier, reference=reference)
            return None, ()
        self._log.add(
            problems.RESOURCE_REFERENCE_CASE,
            item.element,
            identifier=item.identifier,
            reference=reference,
            found=resource.identifier,
        )
        return resource, ()

    def _definition(self, element: Element) -> tuple[SequencingDefinition, str | None]:
        """An activity's sequencing, and what its cmi.completion_threshold reads."""
        sequencing = first_of(element.named("sequencing"), self._log)
        if not self._standard.is_2004:
            if sequencing is not None:
                self._log.add_once(problems.SEQUENCING_IN_12, "", sequencing)
            return _FREE, None
        used, threshold = read_threshold(element, self._log)
        return read_sequencing(sequencing, self._collection, used, self._log), threshold
