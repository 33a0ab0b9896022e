"""Organizations and items: which courses a package has, and what their trees look like."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scorm_embed.core.manifest import Course, ReadManifest
from scorm_embed.core.sequencing.definition import ActivityDefinition, ControlMode
from scorm_embed.core.standard import Standard
from scorm_embed.errors import ManifestParseError

Read = Callable[..., ReadManifest]
Codes = Callable[[ReadManifest], list[str]]

S12, S3, S4 = Standard.SCORM_12, Standard.SCORM_2004_3RD, Standard.SCORM_2004_4TH


def outline(activity: ActivityDefinition) -> object:
    """Identifier, or identifier with children; deliverable leaves with '!'."""
    if activity.children:
        return {activity.identifier: [outline(child) for child in activity.children]}
    return activity.identifier + ("!" if activity.deliverable else "")


def hrefs(course: Course) -> dict[str, str]:
    return {identifier: launch.href for identifier, launch in course.launchables.items()}


def organization(name: str, items: str = '<item identifier="i" identifierref="res"><title>I</title></item>') -> str:
    return f'<organization identifier="{name}"><title>Course {name}</title>{items}</organization>'


def test_a_sound_manifest_becomes_one_course(read: Read) -> None:
    result = read(S12)

    assert (result.title, result.default, result.identifier) == ("Boats", 0, "m")
    assert result.courses == (result.course,)
    assert outline(result.course.root) == {"org": ["one!"]}
    assert hrefs(result.course) == {"one": "a.html"}
    assert result.course.root.title == "Boats"
    assert result.course.root.children[0].title == "One"


@pytest.mark.parametrize(
    ("default", "index", "expected"),
    [
        (' default="b"', 1, []),
        (' default="  b\n"', 1, []),
        (' default="zzz"', 0, ["ORGANIZATION_DEFAULT_UNKNOWN"]),
        (' default="B"', 0, ["ORGANIZATION_DEFAULT_UNKNOWN"]),
        (' default=""', 0, ["ORGANIZATION_DEFAULT_MISSING"]),
        ("", 0, ["ORGANIZATION_DEFAULT_MISSING"]),
    ],
)
def test_every_organization_is_a_course_and_the_default_one_is_opened(
    default: str, index: int, expected: list[str], read: Read, codes: Codes
) -> None:
    result = read(organizations=f"<organizations{default}>{organization('a')}{organization('b')}</organizations>")

    assert [course.title for course in result.courses] == ["Course a", "Course b"]
    assert result.default == index
    assert result.title == f"Course {'ab'[index]}"
    assert codes(result) == expected


def test_an_organization_that_launches_nothing_is_left_out_even_if_it_is_the_default(read: Read, codes: Codes) -> None:
    empty = organization("a", '<item identifier="x"><title>X</title></item>')
    result = read(organizations=f'<organizations default="a">{empty}{organization("b")}</organizations>')

    assert [course.title for course in result.courses] == ["Course b"]
    assert result.default == 0
    assert codes(result) == ["ORGANIZATION_UNUSABLE"]


def test_organizations_of_one_name_are_told_apart(read: Read, codes: Codes) -> None:
    result = read(organizations=f'<organizations default="a">{organization("a") * 2}</organizations>')

    assert [course.root.identifier for course in result.courses] == ["a", "a-2"]
    assert codes(result) == ["IDENTIFIER_TWICE"]


def test_organizations_may_use_the_same_item_identifiers(read: Read, codes: Codes) -> None:
    result = read(organizations=f'<organizations default="a">{organization("a")}{organization("b")}</organizations>')

    assert [list(course.launchables) for course in result.courses] == [["i"], ["i"]]
    assert codes(result) == []


SCOS = (
    '<resources><resource identifier="r1" type="webcontent" adlcp:scormtype="asset" href="x.html"/>'
    '<resource identifier="r2" type="webcontent" adlcp:scormtype="sco" href="a.html"/>'
    '<resource identifier="r3" type="webcontent" adlcp:scormtype="SCO" href="b.html"/></resources>'
)
ASSETS = '<resources><resource identifier="r1" type="webcontent" href="x.html"/><resource href="y.html"/></resources>'


@pytest.mark.parametrize(
    ("resources", "package", "launches"),
    [
        (SCOS, [], {"r2": "a.html", "r3": "b.html"}),
        (ASSETS, [], {"r1": "x.html"}),
        ("<resources/>", ["Index.html", "b/index.html"], {"index": "Index.html"}),
        ("", ["index.htm"], {"index": "index.htm"}),
    ],
    ids=["scos", "first page", "index page", "index page without resources"],
)
@pytest.mark.parametrize("organizations", ["", "<organizations/>", "empty"])
def test_a_course_is_made_from_resources_where_no_organization_leads_anywhere(
    organizations: str, resources: str, package: list[str], launches: dict[str, str], read: Read, codes: Codes
) -> None:
    if organizations == "empty":
        organizations = f'<organizations default="e">{organization("e", "")}</organizations>'

    result = read(organizations=organizations, resources=resources, package=package or ["a.html", "b.html", "x.html"])

    assert hrefs(result.course) == launches
    assert result.course.root.sequencing.control_mode == ControlMode(choice=True, flow=True)
    assert [child.deliverable for child in result.course.root.children] == [True] * len(launches)
    assert "ORGANIZATION_MISSING" in codes(result)


def test_nothing_to_launch_is_one_clear_error(read: Read) -> None:
    with pytest.raises(ManifestParseError) as caught:
        read(items="", resources="<resources/>", package=["imsmanifest.xml"])

    assert caught.value.details["reason"] == "NOTHING_TO_LAUNCH"
    assert "identifierref" in caught.value.message


# -- items ------------------------------------------------------------------------------------------------------------


def test_items_form_a_tree_in_document_order(read: Read) -> None:
    items = (
        '<item identifier="a"><title>A</title><item identifier="b" identifierref="res"><title>B</title></item>'
        '<item identifier="c"><title>C</title><item identifier="d" identifierref="res"><title>D</title></item></item>'
        '</item><item identifier="e" identifierref="res"><title>E</title></item>'
    )

    assert outline(read(S4, items=items).course.root) == {"org": [{"a": ["b!", {"c": ["d!"]}]}, "e!"]}


def test_identifiers_and_references_are_trimmed_and_collapsed(read: Read, codes: Codes) -> None:
    result = read(
        S4,
        default=' default=" my \n org "',
        organizations=None,
        items='<item identifier="  a   b " identifierref="\n res "><title>  A \n B </title></item>',
        title="<title>\n  Big \n Boats </title>",
    )

    assert hrefs(result.course) == {"a b": "a.html"}
    assert result.course.root.children[0].title == "A B"
    assert result.title == "Big Boats"
    assert codes(result) == ["ORGANIZATION_DEFAULT_UNKNOWN", "IDENTIFIER_NOT_A_NAME"]


def test_identifiers_are_case_sensitive(read: Read, codes: Codes) -> None:
    resources = "".join(
        f'<resource identifier="{name}" type="webcontent" adlcp:scormType="sco" href="{name}.html"/>'
        for name in ("Seq01", "SEQ01")
    )
    items = "".join(
        f'<item identifier="{name}" identifierref="{target}"><title>t</title></item>'
        for name, target in (("a", "SEQ01"), ("A", "Seq01"))
    )
    result = read(S4, items=items, resources=f"<resources>{resources}</resources>")

    assert hrefs(result.course) == {"a": "SEQ01.html", "A": "Seq01.html"}
    assert codes(result) == []


def test_a_reference_in_the_wrong_case_finds_the_only_resource_it_can_mean(read: Read, codes: Codes) -> None:
    result = read(items='<item identifier="one" identifierref="Res"><title>One</title></item>')

    assert hrefs(result.course) == {"one": "a.html"}
    assert codes(result) == ["RESOURCE_REFERENCE_CASE"]


def test_equal_identifiers_are_numbered_and_stay_the_same_at_every_import(read: Read, codes: Codes) -> None:
    one = '<item identifier="a" identifierref="res"><title>A</title></item>'
    items = one * 3 + one.replace('"a"', '"a-2"') + one.replace('"a"', '"org"') + one.replace('identifier="a"', "")

    first, second = read(items=items), read(items=items)

    assert list(first.course.launchables) == ["a", "a-2", "a-3", "a-2-2", "org-2", "item-6"]
    assert first == second
    assert codes(first).count("IDENTIFIER_TWICE") == 4
    assert codes(first).count("IDENTIFIER_MISSING") == 1


def test_a_dead_leaf_stays_in_the_menu_and_cannot_be_opened(read: Read, codes: Codes) -> None:
    more = '<item identifier="dead" identifierref="gone"><title>Dead</title></item>'

    for standard in (S12, S4):
        result = read(standard, more=more)
        assert outline(result.course.root) == {"org": ["one!", "dead"]}
        assert codes(result) == ["RESOURCE_UNKNOWN"]


def test_a_heading_is_normal_in_1_2_and_reported_in_2004(read: Read, codes: Codes) -> None:
    more = '<item identifier="h" identifierref=""><title>Heading</title></item>'

    assert codes(read(S12, more=more)) == []
    assert codes(read(S4, more=more)) == ["ITEM_WITHOUT_RESOURCE"]


BOTH = '<item identifier="{0}" identifierref="res"><title>Part</title>{1}</item>'


def test_in_1_2_the_resource_of_a_branch_becomes_its_first_item(read: Read, codes: Codes) -> None:
    result = read(S12, items=BOTH.format("part", BOTH.format("page", "")), more=BOTH.format("part-content", ""))

    assert outline(result.course.root) == {"org": [{"part": ["part-content!", "page!"]}, "part-content-2!"]}
    assert result.course.root.children[0].children[0].title == "Part"
    assert sorted(codes(result)) == ["IDENTIFIER_TWICE", "RESOURCE_ON_BRANCH"]


def test_in_2004_the_resource_of_a_cluster_is_left_out(read: Read, codes: Codes) -> None:
    result = read(S4, items=BOTH.format("part", BOTH.format("page", "")))

    assert outline(result.course.root) == {"org": [{"part": ["page!"]}]}
    assert codes(result) == ["RESOURCE_ON_CLUSTER"]


@pytest.mark.parametrize(
    ("written", "visible"),
    [("true", True), ("1", True), ("YES", True), ("false", False), ("0", False), ("False", False), (" no ", False)],
)
def test_isvisible_is_read_in_every_spelling(written: str, visible: bool, read: Read, codes: Codes) -> None:
    result = read(items=f'<item identifier="a" identifierref="res" isvisible="{written}"><title>A</title></item>')

    assert result.course.root.children[0].visible is visible
    assert codes(result) == []


def test_the_children_of_a_hidden_item_are_not_hidden(read: Read) -> None:
    child = '<item identifier="b" identifierref="res"><title>B</title></item>'
    result = read(items=f'<item identifier="a" isvisible="false"><title>A</title>{child}</item>')

    hidden = result.course.root.children[0]
    assert (hidden.visible, hidden.children[0].visible) == (False, True)


def test_scorm_1_2_is_browsed_freely(read: Read) -> None:
    tree = read(S12).course.tree

    assert (tree.free_choice, tree.edition) == (True, 0)
    assert tree.root.sequencing.control_mode == ControlMode(choice=True, flow=True)
    assert tree.root.children[0].sequencing.control_mode == ControlMode(choice=True, flow=True)


def test_scorm_2004_without_sequencing_has_the_defaults_of_the_book(read: Read) -> None:
    tree = read(S3).course.tree

    assert (tree.free_choice, tree.edition) == (False, 3)
    assert tree.root.sequencing.control_mode == ControlMode(choice=True, flow=False)
    assert (tree.objectives_global_to_system, read(S4).course.shared_data_global_to_system) == (True, True)


def test_scopes_of_global_data_are_read_from_the_organization(read: Read) -> None:
    course = read(
        S4, organization=' adlseq:objectivesGlobalToSystem="false" adlcp:sharedDataGlobalToSystem="false"'
    ).course

    assert (course.tree.objectives_global_to_system, course.shared_data_global_to_system) == (False, False)


def test_in_1_2_a_branch_whose_resource_launches_nothing_is_only_a_branch(read: Read) -> None:
    result = read(
        S12,
        items=BOTH.format("part", '<item identifier="page" identifierref="r2"><title>P</title></item>'),
        resources='<resources><resource identifier="res" type="webcontent" adlcp:scormtype="sco"/>'
        '<resource identifier="r2" type="webcontent" adlcp:scormtype="sco" href="a.html"/></resources>',
    )

    assert outline(result.course.root) == {"org": [{"part": ["page!"]}]}


def test_an_organization_outside_its_container_is_still_a_course(read: Read, codes: Codes) -> None:
    result = read(organizations=organization("a"))

    assert outline(result.course.root) == {"a": ["i!"]}
    assert codes(result) == ["ELEMENT_MISPLACED", "ORGANIZATION_DEFAULT_MISSING"]


# -- titles and the catalogue -----------------------------------------------------------------------------------------

LOM = (
    "<metadata><schemaversion>1.2</schemaversion><lom><general><title><langstring xml:lang='de'>Boote</langstring>"
    "</title><description><langstring>All about\n boats</langstring></description></general></lom></metadata>"
)
LOM_2004 = (
    "<metadata><schemaversion>2004 4th Edition</schemaversion><lom:lom xmlns:lom='http://ltsc.ieee.org/xsd/LOM'>"
    "<lom:general><lom:title><lom:string language='de'>Boote</lom:string></lom:title><lom:language>fr</lom:language>"
    "<lom:description><lom:string>All about boats</lom:string></lom:description></lom:general></lom:lom></metadata>"
)


@pytest.mark.parametrize(("standard", "metadata", "language"), [(S12, LOM, "de"), (S4, LOM_2004, "fr")])
def test_metadata_fills_the_catalogue_entry(standard: Standard, metadata: str, language: str, read: Read) -> None:
    result = read(standard, metadata=metadata)

    assert (result.title, result.description, result.language) == ("Boats", "All about boats", language)


def test_metadata_may_be_plain_text_and_name_no_file(read: Read, codes: Codes) -> None:
    metadata = (
        "<metadata><schemaversion>1.2</schemaversion><lom><general><title>Kähne</title></general></lom>"
        "<adlcp:location> </adlcp:location></metadata>"
    )
    result = read(metadata=metadata, title="", package=["a.html"])

    assert result.title == "Kähne"
    assert codes(result) == ["TITLE_MISSING"]


ITEMS = '<item identifier="x" identifierref="res">{}</item>'


@pytest.mark.parametrize(
    ("parts", "title"),
    [
        ({"title": "", "metadata": LOM}, "Boote"),
        ({"title": "<title> </title>", "metadata": LOM}, "Boote"),
        ({"title": "", "more": LOM.replace("Boote", "Kähne")}, "Kähne"),
        ({"title": ""}, "One"),
        ({"title": "", "items": ITEMS.format("") + ITEMS.format("")}, "Untitled course"),
        ({"title": "", "items": ITEMS.format("")}, "Untitled course"),
    ],
)
def test_a_course_without_title_gets_the_best_there_is(
    parts: dict[str, str], title: str, read: Read, codes: Codes
) -> None:
    result = read(**parts)

    assert result.title == title
    assert "TITLE_MISSING" in codes(result)


def test_an_item_without_title_shows_its_identifier(read: Read) -> None:
    assert read(items=ITEMS.format("<title/>")).course.root.children[0].title == "x"


def test_a_title_with_markup_in_it_keeps_its_text(read: Read) -> None:
    assert read(title="<title>Big <b>red</b> boats</title>").title.split() == ["Big", "red", "boats"]


# -- manifests in manifests -------------------------------------------------------------------------------------------

SUB = (
    '<manifest identifier="sub" xml:base="part/"><organizations default="s2"><organization identifier="s1"/>'
    '<organization identifier="s2"><title>S</title><item identifier="p" identifierref="res"><title>P</title></item>'
    '<item identifier="q" identifierref="outer"><title>Q</title></item></organization></organizations>'
    '<resources xml:base="web/"><resource identifier="res" type="webcontent" adlcp:scormtype="sco" href="p.html"/>'
    "</resources></manifest>"
)
OUTER = (
    '<resources><resource identifier="outer" type="webcontent" adlcp:scormtype="sco" href="o.html"/>'
    '<resource identifier="one" type="webcontent" adlcp:scormtype="sco" href="a.html"/></resources>'
)


def test_an_item_that_refers_to_a_manifest_gets_its_items(read: Read) -> None:
    items = '<item identifier="x" identifierref="sub"><title>X</title></item>'
    result = read(root=' xml:base="top/"', items=items, resources=OUTER, end=SUB)

    assert outline(result.course.root) == {"org": [{"x": ["p!", "q!"]}]}
    assert hrefs(result.course) == {"p": "top/part/web/p.html", "q": "top/o.html"}


def test_an_item_may_refer_to_a_resource_of_a_nested_manifest(read: Read) -> None:
    items = '<item identifier="x" identifierref="res"><title>X</title></item>'

    assert hrefs(read(items=items, resources=OUTER, end=SUB).course) == {"x": "part/web/p.html"}


def test_a_nested_manifest_without_organization_is_its_first_page(read: Read) -> None:
    items = '<item identifier="x" identifierref="sub"><title>X</title></item>'
    nested = SUB[: SUB.index("<organizations")] + SUB[SUB.index("<resources") :]

    assert hrefs(read(items=items, resources=OUTER, end=nested).course) == {"x": "part/web/p.html"}


def test_a_nested_manifest_that_nobody_refers_to_is_no_course(read: Read, codes: Codes) -> None:
    result = read(end=SUB)

    assert outline(result.course.root) == {"org": ["one!"]}
    assert "SUBMANIFEST" in codes(result)
