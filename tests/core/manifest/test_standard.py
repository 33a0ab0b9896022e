"""Which standard and edition a manifest follows, from the strongest evidence to the weakest."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scorm_embed.core.manifest import ReadManifest, read_manifest
from scorm_embed.core.standard import Standard

Read = Callable[..., ReadManifest]
Codes = Callable[[ReadManifest], list[str]]
Manifest = Callable[..., str]

S12, S2, S3, S4 = Standard.SCORM_12, Standard.SCORM_2004_2ND, Standard.SCORM_2004_3RD, Standard.SCORM_2004_4TH
ADL_12 = 'xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2"'
ADL_2004 = 'xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_v1p3"'
CONTENT_12 = 'xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2"'
CONTENT_2004 = 'xmlns="http://www.imsglobal.org/xsd/imscp_v1p1"'


def version(text: str) -> str:
    return f"<metadata><schema>ADL SCORM</schema><schemaversion>{text}</schemaversion></metadata>"


@pytest.mark.parametrize(
    ("text", "family", "standard", "expected"),
    [
        ("1.2", S12, S12, []),
        (" 1.2\n", S12, S12, []),
        ("1.1", S12, S12, []),
        ("1.0", S12, S12, []),
        ("SCORM 1.2", S12, S12, []),
        ("CAM 1.3", S2, S2, []),
        ("cam  1.3", S2, S2, []),
        ("2004 2nd Edition", S2, S2, []),
        ("2004 3rd Edition", S3, S3, []),
        ("2004  3RD edition", S3, S3, []),
        ("2004 4th Edition", S4, S4, []),
        ("SCORM 2004 4th Edition", S4, S4, []),
        ("1.3", S4, S3, ["EDITION_ASSUMED"]),
        ("2004", S4, S3, ["EDITION_ASSUMED"]),
        ("SCORM 2004", S4, S3, ["EDITION_ASSUMED"]),
        ("CAM 1.3 beta", S4, S3, ["EDITION_ASSUMED"]),
        ("1.2", S4, S12, ["VERSION_CONTRADICTED", "SPELLING_OF_OTHER_STANDARD"]),
        ("CAM 1.3", S12, S2, ["VERSION_CONTRADICTED", "SPELLING_OF_OTHER_STANDARD"]),
        ("7", S12, S12, ["VERSION_UNKNOWN"]),
        ("7", S4, S3, ["VERSION_UNKNOWN"]),
        ("", S12, S12, ["VERSION_MISSING"]),
        ("", S4, S3, ["VERSION_MISSING"]),
    ],
)
def test_the_schemaversion_decides_where_it_says_something(
    text: str, family: Standard, standard: Standard, expected: list[str], read: Read, codes: Codes
) -> None:
    result = read(family, metadata=version(text))

    assert result.standard is standard
    assert result.course.standard is standard
    assert result.course.tree.edition == standard.edition
    assert codes(result) == expected


@pytest.mark.parametrize(
    ("namespaces", "kind", "standard"),
    [
        (f"{CONTENT_12} {ADL_12}", 'adlcp:scormtype="sco"', S12),
        (f"{CONTENT_2004} {ADL_2004}", 'adlcp:scormType="sco"', S3),
        (f"{CONTENT_12} {ADL_2004}", 'adlcp:scormType="sco"', S3),
        (f"{CONTENT_2004} {ADL_12}", 'adlcp:scormtype="sco"', S12),
        ("", 'scormType="sco"', S3),
        ("", 'scormtype="sco"', S12),
        ("", "", S12),
        (CONTENT_2004, "", S3),
        (CONTENT_2004, 'scormtype="sco"', S12),
        (CONTENT_12, "", S12),
        (f'{CONTENT_2004} xmlns:imsss="http://www.imsglobal.org/xsd/imsss"', "", S3),
    ],
)
def test_without_a_version_the_namespaces_decide_then_the_spelling(
    namespaces: str, kind: str, standard: Standard, read: Read
) -> None:
    assert read(namespaces=namespaces, kind=kind, metadata="").standard is standard


@pytest.mark.parametrize(
    ("inner", "edition"),
    [
        ('<adlcp:data><adlcp:map targetID="a"/></adlcp:data>', S4),
        ('<adlcp:completionThreshold completedByMeasure="true"/>', S4),
        ('<adlcp:completionThreshold progressWeight="0.5"/>', S4),
        ("<imsss:sequencing><adlseq:objectives/></imsss:sequencing>", S4),
        ("<imsss:sequencing><imsss:objectives/></imsss:sequencing>", S3),
        ("{hide}suspendAll{end}", S3),
        ("{hide}continue{end}", S3),
    ],
)
def test_an_edition_that_is_not_named_is_told_by_what_only_it_has(inner: str, edition: Standard, read: Read) -> None:
    inner = inner.format(
        hide="<adlnav:presentation><adlnav:navigationInterface><adlnav:hideLMSUI>",
        end="</adlnav:hideLMSUI></adlnav:navigationInterface></adlnav:presentation>",
    )
    item = f'<item identifier="one" identifierref="res"><title>One</title>{inner}</item>'

    assert read(S4, metadata=version("2004"), items=item).standard is edition


def test_persist_state_is_of_the_second_edition(read: Read) -> None:
    assert read(S4, metadata=version("2004"), resource='href="a.html" adlcp:persistState="true"').standard is S2


@pytest.mark.parametrize(
    ("schemas", "edition"), [({"adlcp_v1p3.xsd": "2.0"}, S4), ({"adlcp_v1p3.xsd": "1.0"}, S3), ({}, S3)]
)
def test_the_schemas_in_the_package_are_the_last_hint(
    schemas: dict[str, str], edition: Standard, manifest: Manifest
) -> None:
    data = manifest(S4, metadata=version("2004")).encode()

    assert read_manifest(data, (), schema_versions=schemas).standard is edition


def test_a_version_below_the_manifest_is_not_the_version_of_the_package(read: Read, codes: Codes) -> None:
    result = read(S12, metadata="", more=version("2004 4th Edition"))

    assert result.standard is S12
    assert codes(result) == ["VERSION_MISSING"]


def test_the_version_attribute_of_the_manifest_is_the_authors_own_number(read: Read) -> None:
    assert read(S12, root=' version="2004 4th Edition"').standard is S12


def test_the_caller_can_say_what_the_package_is(manifest: Manifest) -> None:
    result = read_manifest(manifest(S12).encode(), (), standard=S4)

    assert result.standard is S4
    assert result.course.tree.free_choice is False
