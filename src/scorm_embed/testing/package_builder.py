"""Builds small SCORM packages for tests in one line.

Owns the manifests and zips that a test needs, the well-formed ones and those with the defects of real packages. Pure:
the same arguments give the same bytes on any day (fixed dates, sorted names), so a test may compare hashes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from scorm_embed.core.sequencing.definition import ActivityDefinition, CompletionThreshold, SequencingDefinition
from scorm_embed.core.standard import Standard
from scorm_embed.testing.markup import Attribute, element, text
from scorm_embed.testing.sco_page import sco_page
from scorm_embed.testing.sequencing_markup import completion_threshold_element, sequencing_element

MANIFEST = "imsmanifest.xml"

_SCHEMA_VERSIONS = {
    Standard.SCORM_12: "1.2",
    Standard.SCORM_2004_2ND: "CAM 1.3",
    Standard.SCORM_2004_3RD: "2004 3rd Edition",
    Standard.SCORM_2004_4TH: "2004 4th Edition",
}
_NAMESPACES_12 = {
    "xmlns": "http://www.imsproject.org/xsd/imscp_rootv1p1p2",
    "xmlns:adlcp": "http://www.adlnet.org/xsd/adlcp_rootv1p2",
}
_NAMESPACES_2004 = {
    "xmlns": "http://www.imsglobal.org/xsd/imscp_v1p1",
    "xmlns:adlcp": "http://www.adlnet.org/xsd/adlcp_v1p3",
    "xmlns:adlseq": "http://www.adlnet.org/xsd/adlseq_v1p3",
    "xmlns:adlnav": "http://www.adlnet.org/xsd/adlnav_v1p3",
    "xmlns:imsss": "http://www.imsglobal.org/xsd/imsss",
}
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


class Defect(Enum):
    """What is wrong with many published packages; `build_package` builds it in."""

    WRAPPER_FOLDER = auto()
    """Everything lies one folder down, as when an operating system compresses a folder."""
    MACOS_FOLDER = auto()
    """``__MACOSX/`` with a resource fork of the manifest beside the real files."""
    BACKSLASHES = auto()
    """Zip entries below a folder are separated by backslashes."""
    WRONG_CASE = auto()
    """Zip entries (except the manifest) are in upper case, hrefs are not."""
    MANIFEST_CASE = auto()
    """The manifest is called ``ImsManifest.xml``."""
    NO_MANIFEST = auto()
    BROKEN_XML = auto()
    """The manifest ends in the middle of a tag."""
    BARE_AMPERSAND = auto()
    """The course's title holds an ampersand that is not escaped."""
    UNDECLARED_PREFIX = auto()
    """``adlcp:`` is used and not declared."""
    BYTE_ORDER_MARK = auto()
    LATIN_1_CALLED_UTF_8 = auto()
    """The manifest declares UTF-8 and is in Latin-1 (give a title with an accent)."""
    NO_SCHEMA_VERSION = auto()
    NO_DEFAULT_ORGANIZATION = auto()
    """``organizations`` has no ``default``."""
    NO_ORGANIZATION = auto()
    """``organizations`` is empty; the resources are there."""
    NO_SCORM_TYPE = auto()
    """Resources do not say whether they are SCOs."""
    DANGLING_IDENTIFIERREF = auto()
    """The first item names a resource that does not exist."""
    MISSING_LAUNCH_FILE = auto()
    """The first item's launch file is not in the zip."""
    UNLISTED_FILES = auto()
    """Resources list no files."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item of the organization, with the resource it launches when it has no children."""

    identifier: str
    title: str | None = None
    """Defaults to the identifier."""
    html: str | None = None
    """The whole launch page; None gives the page of `sco_page`."""
    body: str = ""
    """Markup for the page of `sco_page`."""
    script: str = ""
    """JavaScript for the page of `sco_page`."""
    href: str | None = None
    """Launch href as it stands in the manifest; defaults to ``IDENTIFIER.html``. Its path is the file's name."""
    children: tuple[Item, ...] = ()
    sco: bool = True
    visible: bool = True
    parameters: str | None = None
    launch_data: str | None = None
    time_limit_action: str | None = None
    mastery_score: str | float | None = None
    """SCORM 1.2 only."""
    max_time_allowed: str | None = None
    """SCORM 1.2 only; in SCORM 2004 it is a limit condition."""
    prerequisites: str | None = None
    """SCORM 1.2 only, an aicc_script expression."""
    completion_threshold: CompletionThreshold | float | None = None
    """SCORM 2004: the 4th Edition's attributes, or the text of the 2nd and 3rd Edition."""
    hidden_controls: Iterable[str] = ()
    """SCORM 2004: adlnav:hideLMSUI tokens."""
    shared_data: Iterable[str] = ()
    """4th Edition: targetIDs of adlcp:data maps, for reading and writing."""
    sequencing: SequencingDefinition | str | None = None
    """SCORM 2004: a definition, or markup with the prefixes imsss, adlseq, adlcp, adlnav."""

    @property
    def launch_href(self) -> str:
        """The resource's href."""
        return f"{self.identifier}.html" if self.href is None else self.href

    @property
    def file_name(self) -> str:
        """The launch file's path in the package."""
        return self.launch_href.partition("#")[0].partition("?")[0]


def items_of(activity: ActivityDefinition) -> tuple[Item, ...]:
    """Return the items whose manifest describes the children of an activity tree's root.

    For tests that start from a tree and want to play it: give the root's own sequencing to `build_package` as
    ``sequencing={None: root.sequencing}``.
    """
    return tuple(
        Item(
            identifier=child.identifier,
            title=child.title,
            children=items_of(child),
            visible=child.visible,
            prerequisites=child.prerequisites,
            completion_threshold=child.sequencing.completion_threshold,
            hidden_controls=tuple(sorted(child.hidden_controls)),
            sequencing=child.sequencing,
        )
        for child in activity.children
    )


def build_package(
    standard: Standard = Standard.SCORM_12,
    items: Sequence[Item] = (Item("item_1"),),
    *,
    title: str = "Course",
    identifier: str = "course",
    sequencing: Mapping[str | None, SequencingDefinition | str] | None = None,
    organization: Mapping[str, Attribute] | None = None,
    files: Mapping[str, bytes | str] | None = None,
    defects: Collection[Defect] = (),
) -> bytes:
    """Return a package as the bytes of a zip.

    Args:
        standard: Decides namespaces, schema version and which parts of the items are written.
        items: The organization's items in order; those without children each become a resource with its page.
        title: The organization's title.
        identifier: The manifest's identifier; the organization is called ``IDENTIFIER-organization``.
        sequencing: Per item identifier, or under None for the organization; wins over ``Item.sequencing``.
        organization: More attributes, such as ``{"adlseq:objectivesGlobalToSystem": False}``.
        files: More files, or other contents for those that are made here; text is stored as UTF-8.
        defects: What to do wrong.
    """
    leaves = list(_leaves(items))
    manifest = build_manifest(
        standard,
        items,
        title=title,
        identifier=identifier,
        sequencing=sequencing,
        organization=organization,
        defects=defects,
    )
    encoding = "latin-1" if Defect.LATIN_1_CALLED_UTF_8 in defects else "utf-8"
    mark = b"\xef\xbb\xbf" if Defect.BYTE_ORDER_MARK in defects else b""
    content: dict[str, bytes | str] = {MANIFEST: mark + manifest.encode(encoding)}
    content |= {item.file_name: _page(item) for item in leaves}
    content |= files or {}
    if Defect.MISSING_LAUNCH_FILE in defects:
        del content[leaves[0].file_name]
    return zip_files(dict(_with_defects(content, defects)))


def build_manifest(
    standard: Standard = Standard.SCORM_12,
    items: Sequence[Item] = (Item("item_1"),),
    *,
    title: str = "Course",
    identifier: str = "course",
    sequencing: Mapping[str | None, SequencingDefinition | str] | None = None,
    organization: Mapping[str, Attribute] | None = None,
    defects: Collection[Defect] = (),
) -> str:
    """Return ``imsmanifest.xml`` alone, as text; the arguments are those of `build_package`."""
    given = dict(sequencing or {})
    version = "" if Defect.NO_SCHEMA_VERSION in defects else element("schemaversion", {}, [_SCHEMA_VERSIONS[standard]])
    metadata = element("metadata", {}, (element("schema", {}, ["ADL SCORM"]), version))
    organization_id = f"{identifier}-organization"
    markup = element(
        "organization",
        {"identifier": organization_id, **(organization or {})},
        (
            element("title", {}, [text(title)]),
            *(_item(item, standard, given) for item in items),
            _sequencing(given.get(None), standard),
        ),
    )
    nothing = Defect.NO_ORGANIZATION in defects
    default = None if nothing or Defect.NO_DEFAULT_ORGANIZATION in defects else organization_id
    organizations = element("organizations", {"default": default}, [] if nothing else [markup])
    resources = element("resources", {}, (_resource(item, standard, defects) for item in _leaves(items)))
    manifest = element(
        "manifest",
        {
            "identifier": identifier,
            "version": "1.0",
            **(_NAMESPACES_2004 if standard.is_2004 else _NAMESPACES_12),
        },
        (metadata, organizations, resources),
    )
    return _spoiled(f'<?xml version="1.0" encoding="UTF-8"?>\n{manifest}\n', title, next(_leaves(items)), defects)


def zip_files(files: Mapping[str, bytes | str]) -> bytes:
    """Return a zip with fixed dates and rights; the manifest comes first, the rest is sorted by name.

    Names are stored as they are, so that unsafe ones (``../x``, ``/x``, ``a\\b``) can be built too.
    """
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in sorted(files, key=lambda entry: (not entry.endswith(MANIFEST), entry)):
            value = files[name]
            entry = zipfile.ZipInfo("placeholder", _ZIP_DATE)
            entry.filename = name  # set afterwards: the constructor would repair separators and cut at NUL
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, value.encode() if isinstance(value, str) else value)
    return target.getvalue()


def _leaves(items: Iterable[Item]) -> Iterator[Item]:
    for item in items:
        if item.children:
            yield from _leaves(item.children)
        else:
            yield item


def _page(item: Item) -> str:
    return sco_page(item.title or item.identifier, item.body, item.script) if item.html is None else item.html


def _item(item: Item, standard: Standard, sequencing: Mapping[str | None, SequencingDefinition | str]) -> str:
    attributes: dict[str, Attribute] = {
        "identifier": item.identifier,
        "identifierref": None if item.children else f"{item.identifier}-resource",
        "isvisible": None if item.visible else False,
        "parameters": item.parameters,
    }
    run_time = _run_time_2004(item, standard) if standard.is_2004 else _run_time_12(item)
    chosen = sequencing.get(item.identifier, item.sequencing)
    hidden = "".join(element("adlnav:hideLMSUI", {}, [text(token)]) for token in item.hidden_controls)
    presentation = element("adlnav:presentation", {}, [element("adlnav:navigationInterface", {}, [hidden])])
    return element(
        "item",
        attributes,
        (
            element("title", {}, [text(item.title or item.identifier)]),
            *(_item(child, standard, sequencing) for child in item.children),
            run_time,
            _sequencing(chosen, standard),
            presentation if standard.is_2004 and hidden else "",
        ),
    )


def _run_time_12(item: Item) -> str:
    prerequisites = "" if item.prerequisites is None else text(item.prerequisites)
    return "".join(
        (
            element("adlcp:prerequisites", {"type": "aicc_script"}, [prerequisites]) if prerequisites else "",
            _optional("adlcp:maxtimeallowed", item.max_time_allowed),
            _optional("adlcp:timelimitaction", item.time_limit_action),
            _optional("adlcp:datafromlms", item.launch_data),
            _optional("adlcp:masteryscore", item.mastery_score),
        )
    )


def _run_time_2004(item: Item, standard: Standard) -> str:
    threshold = item.completion_threshold
    if isinstance(threshold, CompletionThreshold):
        completion = completion_threshold_element(threshold)
    elif threshold is not None and standard is Standard.SCORM_2004_4TH:
        completion = completion_threshold_element(CompletionThreshold(True, threshold))
    else:
        completion = _optional("adlcp:completionThreshold", threshold)
    maps = [element("adlcp:map", {"targetID": name, "writeSharedData": True}) for name in item.shared_data]
    return "".join(
        (
            _optional("adlcp:timeLimitAction", item.time_limit_action),
            _optional("adlcp:dataFromLMS", item.launch_data),
            completion,
            element("adlcp:data", {}, maps) if maps else "",
        )
    )


def _optional(name: str, value: object) -> str:
    return "" if value is None else element(name, {}, [text(value)])


def _sequencing(given: SequencingDefinition | str | None, standard: Standard) -> str:
    if given is None or not standard.is_2004:
        return ""
    return given if isinstance(given, str) else sequencing_element(given)


def _resource(item: Item, standard: Standard, defects: Collection[Defect]) -> str:
    attributes: dict[str, Attribute] = {
        "identifier": f"{item.identifier}-resource",
        "type": "webcontent",
        "href": item.launch_href,
    }
    if Defect.NO_SCORM_TYPE not in defects:
        spelling = "adlcp:scormType" if standard.is_2004 else "adlcp:scormtype"
        attributes[spelling] = "sco" if item.sco else "asset"
    files = [] if Defect.UNLISTED_FILES in defects else [element("file", {"href": item.file_name})]
    return element("resource", attributes, files)


def _spoiled(manifest: str, title: str, first: Item, defects: Collection[Defect]) -> str:
    """Put the defects that concern the manifest's text into it."""
    if Defect.BARE_AMPERSAND in defects:
        manifest = manifest.replace(f"<title>{text(title)}</title>", f"<title>{text(title)} & more</title>", 1)
    if Defect.UNDECLARED_PREFIX in defects:
        for namespaces in (_NAMESPACES_12, _NAMESPACES_2004):
            manifest = manifest.replace(f' xmlns:adlcp="{namespaces["xmlns:adlcp"]}"', "")
    if Defect.DANGLING_IDENTIFIERREF in defects:
        manifest = manifest.replace(f'identifierref="{first.identifier}-resource"', 'identifierref="nowhere"', 1)
    if Defect.BROKEN_XML in defects:
        manifest = manifest[: manifest.rindex("<resource ") + len("<resource ide")]
    return manifest


def _with_defects(files: Mapping[str, bytes | str], defects: Collection[Defect]) -> Iterable[tuple[str, bytes | str]]:
    """Put the defects that concern the zip's names into it."""
    wrapper = "course/" if Defect.WRAPPER_FOLDER in defects else ""
    for name, value in files.items():
        if name == MANIFEST:
            if Defect.NO_MANIFEST in defects:
                continue
            name = "ImsManifest.xml" if Defect.MANIFEST_CASE in defects else name
        elif Defect.WRONG_CASE in defects:
            name = name.upper()
        name = wrapper + name
        yield name.replace("/", "\\") if Defect.BACKSLASHES in defects else name, value
    if Defect.MACOS_FOLDER in defects:
        yield f"__MACOSX/{wrapper}._{MANIFEST}", b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X"
