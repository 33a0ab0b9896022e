"""Organizations to courses: the activity tree, what each leaf launches, and the repairs that make a tree playable.

Owns identifiers, titles and the meaning of items; structure comes from ``raw``, addresses from ``resources``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from scorm_embed.core.manifest import problems
from scorm_embed.core.manifest.catalogue import Catalogue, read_catalogue
from scorm_embed.core.manifest.elements import Element
from scorm_embed.core.manifest.hrefs import PackageFiles, with_parameters
from scorm_embed.core.manifest.launchable_reader import (
    read_hidden_controls,
    read_launchable,
    read_prerequisites,
    read_threshold,
)
from scorm_embed.core.manifest.limits import ManifestLimits
from scorm_embed.core.manifest.model import Course, Launchable
from scorm_embed.core.manifest.problems import ProblemLog
from scorm_embed.core.manifest.raw import RawManifest, RawResource
from scorm_embed.core.manifest.resources import Launch, Resources
from scorm_embed.core.manifest.sequencing_reader import Collection, read_sequencing
from scorm_embed.core.manifest.tolerant import boolean, collapsed, first_of
from scorm_embed.core.sequencing.definition import (
    ActivityDefinition,
    ControlMode,
    SequencingDefinition,
    TreeDefinition,
)
from scorm_embed.core.standard import Standard

UNTITLED = "Untitled course"
_FREE = SequencingDefinition(control_mode=ControlMode(choice=True, flow=True))
_NAME = re.compile(r"[A-Za-z_\u00c0-\uffff][\w.\-\u00b7]*")
_PREREQUISITE_PARTS = re.compile(r"[&|~(){},*]|(?:=|<>)[^&|(){},]*")


@dataclass(slots=True)
class _Tree:
    """What is known while one organization is read."""

    identifiers: set[str] = field(default_factory=set)
    launchables: dict[str, Launchable] = field(default_factory=dict)
    files_found: int = 0
    prerequisites: list[tuple[str, str, Element]] = field(default_factory=list)
    first_missing: str = ""
    repeats: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class BuiltCourse:
    """A course and whether the package has at least one of the files it launches."""

    course: Course
    files_found: int
    first_missing: str


class CourseBuilder:
    """Builds the courses of one manifest."""

    def __init__(
        self, raw: RawManifest, standard: Standard, files: PackageFiles, limits: ManifestLimits, catalogue: Catalogue,
        log: ProblemLog,
    ) -> None:  # fmt: skip
        self._raw = raw
        self._standard = standard
        self._files = files
        self._limits = limits
        self._catalogue = catalogue
        self._log = log
        self._collection = Collection(raw.element, log)
        self._root_identifiers: set[str] = set()
        self.resources = Resources(raw, files, limits, log)

    # -- courses ------------------------------------------------------------------------------------------------------

    def from_organization(self, organization: Element) -> BuiltCourse | None:
        """The course of one organization; None where nothing in it can be launched."""
        tree = _Tree()
        identifier = self._identifier(organization, tree, "organization")
        title = self._organization_title(organization)
        children = self._children(organization, self._raw, (), tree)
        if not tree.launchables:
            return None
        definition, _ = self._definition(organization)
        root = ActivityDefinition(
            identifier=identifier,
            title=title,
            sequencing=definition,
            children=children,
            hidden_controls=read_hidden_controls(organization, self._log),
        )
        self._check_prerequisites(tree)
        self._check_reachable(root, True)
        global_objectives = boolean(organization, "objectivesglobaltosystem", True, self._log)
        shared_data = boolean(organization, "shareddataglobaltosystem", True, self._log)
        return self._course(root, tree, global_objectives, shared_data)

    def from_resources(self) -> BuiltCourse | None:
        """A course with one activity per resource that can be launched; None where there is none."""
        tree = _Tree()
        tree.identifiers.add("organization")
        children = []
        for resource, launch in self.resources.launchable():
            identifier = self._unique(resource.identifier, resource.element, tree)
            children.append(ActivityDefinition(identifier, resource.identifier, deliverable=True))
            self._add_launchable(resource.element, identifier, launch, SequencingDefinition(), None, tree)
        if not children:
            return None
        title = self._catalogue.title or UNTITLED
        if len(children) == 1:
            children = [ActivityDefinition(children[0].identifier, title, deliverable=True)]
        root = ActivityDefinition("organization", title, _FREE, tuple(children))
        return self._course(root, tree, True, True)

    def _course(self, root: ActivityDefinition, tree: _Tree, global_objectives: bool, shared_data: bool) -> BuiltCourse:
        course = Course(
            standard=self._standard,
            title=root.title,
            tree=TreeDefinition(
                root=root,
                objectives_global_to_system=global_objectives,
                free_choice=not self._standard.is_2004,
                edition=self._standard.edition,
            ),
            launchables=tree.launchables,
            shared_data_global_to_system=shared_data,
        )
        return BuiltCourse(course, tree.files_found, tree.first_missing)

    def _organization_title(self, organization: Element) -> str:
        element = first_of(organization.named("title"), self._log)
        title = collapsed(element.all_text()) if element is not None else ""
        if not title:
            title = read_catalogue(organization, self._files, self._log).title or self._catalogue.title or UNTITLED
            self._log.add(problems.TITLE_MISSING, organization, name="organization", title=title)
        return title

    # -- activities ---------------------------------------------------------------------------------------------------

    def _children(
        self, element: Element, manifest: RawManifest, open_manifests: tuple[RawManifest, ...], tree: _Tree
    ) -> tuple[ActivityDefinition, ...]:
        found = (self._activity(item, manifest, open_manifests, tree) for item in element.named("item"))
        return tuple(each for each in found if each is not None)

    def _activity(
        self, item: Element, manifest: RawManifest, open_manifests: tuple[RawManifest, ...], tree: _Tree
    ) -> ActivityDefinition | None:
        if len(tree.identifiers) > self._limits.activities_max:
            self._log.add_once(problems.ITEMS_TOO_MANY, "", item, limit=self._limits.activities_max)
            return None
        identifier = self._identifier(item, tree, "item")
        title = self._item_title(item, identifier)
        reference = collapsed(item.get("identifierref"))
        resource, grafted = self._referred(item, identifier, reference, manifest, open_manifests, tree)
        children = self._children(item, manifest, open_manifests, tree) + grafted
        definition, threshold = self._definition(item)
        if children and resource is not None:
            children = self._resource_beside_children(item, identifier, title, resource, children, tree)
            resource = None
        deliverable = False
        if not children:
            deliverable = self._deliver(item, identifier, reference, resource, definition, threshold, tree)
        prerequisites = None if self._standard.is_2004 else read_prerequisites(item, self._log)
        if prerequisites:
            tree.prerequisites.append((identifier, prerequisites, item))
        return ActivityDefinition(
            identifier=identifier,
            title=title,
            sequencing=definition,
            children=children,
            deliverable=deliverable,
            visible=boolean(item, "isvisible", True, self._log),
            prerequisites=prerequisites,
            hidden_controls=read_hidden_controls(item, self._log),
        )

    def _deliver(
        self, item: Element, identifier: str, reference: str, resource: RawResource | None,
        definition: SequencingDefinition, threshold: str | None, tree: _Tree,
    ) -> bool:  # fmt: skip
        """Find what a leaf launches; a leaf without anything stays in the tree and cannot be opened."""
        if resource is None:
            if not reference and self._standard.is_2004:
                self._log.add(problems.ITEM_WITHOUT_RESOURCE, item, identifier=identifier)
            return False
        launch = self.resources.launch(resource)
        if launch is None:
            self._log.add(problems.RESOURCE_NOT_LAUNCHABLE, item, identifier=identifier, reference=reference)
            return False
        self._add_launchable(item, identifier, launch, definition, threshold, tree)
        return True

    def _add_launchable(
        self, item: Element, identifier: str, launch: Launch, definition: SequencingDefinition, threshold: str | None,
        tree: _Tree,
    ) -> None:  # fmt: skip
        address = with_parameters(launch.target.address, item.get("parameters") or "", item, self._log)
        if len(address) > self._limits.href_length_max:
            self._log.add(problems.HREF_TOO_LONG, item, limit=self._limits.href_length_max)
            address = launch.target.address
        if launch.target.found:
            tree.files_found += 1
        else:
            name = launch.target.name
            tree.first_missing = tree.first_missing or name
            self._log.add(problems.LAUNCH_FILE_MISSING, item, name=name, identifier=identifier)
        tree.launchables[identifier] = read_launchable(
            item, identifier, address, launch.sco, self._standard, definition, threshold, self._log
        )

    def _resource_beside_children(
        self, item: Element, identifier: str, title: str, resource: RawResource,
        children: tuple[ActivityDefinition, ...], tree: _Tree,
    ) -> tuple[ActivityDefinition, ...]:  # fmt: skip
        """SCORM 1.2 launches such an item; here a first child does, because only leaves are delivered."""
        if self._standard.is_2004:
            self._log.add(problems.RESOURCE_ON_CLUSTER, item, identifier=identifier)
            return children
        launch = self.resources.launch(resource)
        if launch is None:
            return children
        self._log.add(problems.RESOURCE_ON_BRANCH, item, identifier=identifier)
        own = self._free_identifier(f"{identifier}-content", tree)
        tree.identifiers.add(own)
        self._add_launchable(item, own, launch, _FREE, None, tree)
        return (ActivityDefinition(own, title, _FREE, deliverable=True), *children)

    def _referred(
        self, item: Element, identifier: str, reference: str, manifest: RawManifest,
        open_manifests: tuple[RawManifest, ...], tree: _Tree,
    ) -> tuple[RawResource | None, tuple[ActivityDefinition, ...]]:  # fmt: skip
        """What identifierref means: a resource, or a manifest whose items come in below this one."""
        if not reference:
            return None, ()
        resource = manifest.find_resource(reference)
        if resource is not None:
            return resource, ()
        nested = manifest.find_manifest(reference)
        if nested is not None:
            if nested in open_manifests:
                self._log.add(problems.SUBMANIFEST_CIRCULAR, item, identifier=identifier, reference=reference)
                return None, ()
            organization = nested.default_organization()
            if organization is None:
                return next((each for each in nested.resources.values() if each.href), None), ()
            return None, self._children(organization, nested, (*open_manifests, nested), tree)
        resource = self._in_other_case(reference, manifest)
        if resource is None:
            self._log.add(problems.RESOURCE_UNKNOWN, item, identifier=identifier, reference=reference)
            return None, ()
        self._log.add(
            problems.RESOURCE_REFERENCE_CASE, item, identifier=identifier, reference=reference,
            found=resource.identifier,
        )  # fmt: skip
        return resource, ()

    def _in_other_case(self, reference: str, manifest: RawManifest) -> RawResource | None:
        wanted = reference.casefold()
        found = [each for key, each in manifest.resources.items() if key.casefold() == wanted]
        return found[0] if len(found) == 1 else None

    def _definition(self, element: Element) -> tuple[SequencingDefinition, str | None]:
        """An activity's sequencing, and what its cmi.completion_threshold reads."""
        sequencing = first_of(element.named("sequencing"), self._log)
        if not self._standard.is_2004:
            if sequencing is not None:
                self._log.add_once(problems.SEQUENCING_IN_12, "", sequencing)
            return _FREE, None
        used, threshold = read_threshold(element, self._standard, self._log)
        return read_sequencing(sequencing, self._collection, used, self._log), threshold

    # -- identifiers and titles ---------------------------------------------------------------------------------------

    def _identifier(self, element: Element, tree: _Tree, name: str) -> str:
        identifier = collapsed(element.get("identifier"))
        if not identifier:
            identifier = self._free_identifier(f"{name}-{len(tree.identifiers) + 1}", tree)
            self._log.add(problems.IDENTIFIER_MISSING, element, name=name, identifier=identifier)
        elif len(identifier) > self._limits.identifier_length_max:
            identifier = identifier[: self._limits.identifier_length_max]
            self._log.add(problems.IDENTIFIER_TOO_LONG, element, limit=self._limits.identifier_length_max)
        elif _NAME.fullmatch(identifier) is None:
            self._log.add(problems.IDENTIFIER_NOT_A_NAME, element, identifier=identifier)
        if name == "organization":
            tree.identifiers |= self._root_identifiers
        unique = self._unique(identifier, element, tree)
        if name == "organization":
            tree.identifiers -= self._root_identifiers
            self._root_identifiers.add(unique)
        return unique

    def _unique(self, identifier: str, element: Element, tree: _Tree) -> str:
        unique = self._free_identifier(identifier, tree)
        if unique != identifier:
            self._log.add(problems.IDENTIFIER_TWICE, element, identifier=identifier, renamed=unique)
        tree.identifiers.add(unique)
        return unique

    def _free_identifier(self, wanted: str, tree: _Tree) -> str:
        if wanted not in tree.identifiers:
            return wanted
        count = tree.repeats.get(wanted, 1)
        while f"{wanted}-{count + 1}" in tree.identifiers:
            count += 1
        tree.repeats[wanted] = count + 1
        return f"{wanted}-{count + 1}"

    def _item_title(self, item: Element, identifier: str) -> str:
        element = first_of(item.named("title"), self._log)
        title = collapsed(element.all_text()) if element is not None else ""
        if not title:
            self._log.add(problems.TITLE_MISSING, item, name="item", title=identifier)
        return title or identifier

    # -- what will trap a learner -------------------------------------------------------------------------------------

    def _check_prerequisites(self, tree: _Tree) -> None:
        for identifier, script, item in tree.prerequisites:
            for part in _PREREQUISITE_PARTS.split(script):
                name = part.strip().strip('"')
                if name and not name.isdigit() and name not in tree.identifiers:
                    self._log.add(problems.PREREQUISITE_UNKNOWN, item, identifier=identifier, name=name)

    def _check_reachable(self, activity: ActivityDefinition, is_root: bool) -> None:
        """Report clusters whose leaves neither choice nor flow can reach; a single leaf below the root always can."""
        mode = activity.sequencing.control_mode
        leaves = [each for each in activity.children if each.deliverable]
        if leaves and not mode.choice and not mode.flow and not (is_root and len(activity.children) == 1):
            self._log.add(problems.UNREACHABLE_ITEMS, path=activity.identifier, identifier=activity.identifier)
        for child in activity.children:
            if child.children:
                self._check_reachable(child, False)
