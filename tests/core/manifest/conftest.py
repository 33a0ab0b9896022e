"""Manifests to read: a sound one per standard, whose parts a test replaces with what it is about."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import pytest

from scorm_embed.core.manifest import ReadManifest, read_manifest
from scorm_embed.core.standard import Standard

NAMESPACES_12 = (
    'xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2" xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2"'
)
NAMESPACES_2004 = (
    'xmlns="http://www.imsglobal.org/xsd/imscp_v1p1" xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_v1p3" '
    'xmlns:adlseq="http://www.adlnet.org/xsd/adlseq_v1p3" xmlns:adlnav="http://www.adlnet.org/xsd/adlnav_v1p3" '
    'xmlns:imsss="http://www.imsglobal.org/xsd/imsss"'
)
VERSIONS = {
    Standard.SCORM_12: "1.2",
    Standard.SCORM_2004_2ND: "CAM 1.3",
    Standard.SCORM_2004_3RD: "2004 3rd Edition",
    Standard.SCORM_2004_4TH: "2004 4th Edition",
}
TITLE = "<title>Boats</title>"
ITEM = '<item identifier="one" identifierref="res"><title>One</title></item>'
FILE = '<file href="a.html"/>'


def manifest(
    standard: Standard = Standard.SCORM_12,
    *,
    declaration: str = '<?xml version="1.0" encoding="UTF-8"?>\n',
    root: str = "",
    namespaces: str | None = None,
    metadata: str | None = None,
    default: str = ' default="org"',
    organization: str = "",
    title: str = TITLE,
    items: str = ITEM,
    more: str = "",
    organizations: str | None = None,
    resources: str | None = None,
    resource: str = 'href="a.html"',
    kind: str | None = None,
    files: str = FILE,
    end: str = "",
) -> str:
    """A sound manifest with parts replaced; items, title and more stand inside the organization."""
    is_2004 = standard.is_2004
    spaces = namespaces if namespaces is not None else (NAMESPACES_2004 if is_2004 else NAMESPACES_12)
    version = f"<schema>ADL SCORM</schema><schemaversion>{VERSIONS[standard]}</schemaversion>"
    metadata = f"<metadata>{version}</metadata>" if metadata is None else metadata
    if organizations is None:
        organizations = (
            f"<organizations{default}>"
            f'<organization identifier="org"{organization}>{title}{items}{more}</organization></organizations>'
        )
    if kind is None:
        kind = 'adlcp:scormType="sco"' if is_2004 else 'adlcp:scormtype="sco"'
    if resources is None:
        resources = (
            f'<resources><resource identifier="res" type="webcontent" {kind} {resource}>{files}</resource></resources>'
        )
    return (
        f'{declaration}<manifest identifier="m" {spaces}{root}>\n{metadata}\n{organizations}\n{resources}\n{end}'
        "</manifest>"
    )


@pytest.fixture(name="manifest")
def manifest_fixture() -> Callable[..., str]:
    """Builds a manifest; see ``manifest``."""
    return manifest


@pytest.fixture
def read() -> Callable[..., ReadManifest]:
    """Reads a manifest built from parts; ``package`` names the files of the package."""

    def read_parts(standard: Standard = Standard.SCORM_12, package: Collection[str] = (), **parts: Any) -> ReadManifest:
        return read_manifest(manifest(standard, **parts).encode(), package)

    return read_parts


@pytest.fixture
def codes() -> Callable[[ReadManifest], list[str]]:
    """The codes of everything that was found."""
    return lambda result: [problem.code for problem in result.problems]
