"""The description of the API is valid, complete, and true."""

from __future__ import annotations

import re
from typing import Any

import pytest
from openapi_spec_validator import validate

from scorm_embed.core.standard import Standard
from scorm_embed.testing.package_builder import Defect, Item
from scorm_embed.web.openapi import openapi_document
from scorm_embed.web.openapi.document import STATUSES
from scorm_embed.web.routes.table import ROUTES
from scorm_embed.web.routing import Access, Side

pytestmark = pytest.mark.anyio

DOCUMENT = openapi_document()
OPERATIONS = {
    (method.upper(), path): operation
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    if method != "parameters"
}


def test_the_description_is_valid_openapi() -> None:
    validate(DOCUMENT)


def test_every_route_of_the_api_is_described_and_nothing_else() -> None:
    assert set(OPERATIONS) == {(route.method, route.path) for route in ROUTES if route.side is Side.API}


def test_the_scope_of_every_route_is_described() -> None:
    for route in ROUTES:
        if route.side is not Side.API:
            continue
        operation = OPERATIONS[route.method, route.path]
        if route.access is Access.PUBLIC:
            assert operation["security"] == []
        else:
            assert f"needs the scope `{route.scope.value}`" in operation["description"]
            assert "401" in operation["responses"]


def test_every_name_in_a_path_is_a_parameter() -> None:
    for path, item in DOCUMENT["paths"].items():
        named = {parameter["name"] for parameter in item.get("parameters", [])}
        assert named == set(re.findall(r"\{(\w+)\}", path))


def test_operations_have_names_of_their_own() -> None:
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(names) == len(set(names))


def test_every_field_of_every_shape_is_described_by_a_type() -> None:
    def walk(schema: Any, place: str) -> None:
        for name, inner in schema.get("properties", {}).items():
            known = {"type", "$ref", "anyOf", "allOf", "enum"} & set(inner)
            assert known or inner == {}, f"{place}.{name}"
            walk(inner, f"{place}.{name}")

    for name, schema in DOCUMENT["components"]["schemas"].items():
        walk(schema, name)


def test_every_code_of_an_answer_has_the_status_it_is_listed_under() -> None:
    for operation in OPERATIONS.values():
        for status, answer in operation["responses"].items():
            for code in re.findall(r"`([A-Z_]+)`", answer["description"]) if int(status) >= 400 else ():
                assert STATUSES[code] == int(status)


async def test_real_answers_have_the_described_shapes(host: Any, check: Any) -> None:
    package = await host.course(
        standard=Standard.SCORM_2004_4TH, items=[Item("a"), Item("b")], defects=[Defect.WRAPPER_FOLDER]
    )
    async with host.client() as client:

        async def get(path: str) -> Any:
            return (await client.get(path)).json()

        check("Package", await get(f"/api/v1/packages/{package}"))
        check("PackageList", await get("/api/v1/packages"))
        launched = await client.post(f"/api/v1/packages/{package}/launch", json={"user_id": "u", "session_id": "s"})
        check("Launch", launched.json())
        check("Session", await get("/api/v1/sessions/s"))
        version = (await host.start(await host.open(launched.json()["launch_url"])))["view"]["summary"]["version"]
        update = {
            "version": version,
            "cmi_data": {"cmi.interactions.0.id": "q", "cmi.interactions.0.type": "choice"},
            "score": {"scaled": 0.5, "raw": 5, "min": 0, "max": 10},
        }
        check("SessionUpdate", update)
        check("Session", (await client.put("/api/v1/sessions/s", json=update)).json())
        await client.post("/api/v1/sessions/s/attempts")
        for name, rest in [
            ("AttemptList", "/attempts"),
            ("ActivityList", "/activities"),
            ("Activity", "/activities/a?attempt=1"),
            ("InteractionList", "/interactions?attempt=1"),
            ("CommitList", "/commits"),
        ]:
            check(name, await get(f"/api/v1/sessions/s{rest}"))
        check("SessionList", await get("/api/v1/sessions"))
        check("Health", await get("/api/v1/health"))
        check("Error", await get("/api/v1/sessions/unknown"))


async def test_a_cursor_that_no_list_gave_is_named_like_every_wrong_field(host: Any, check: Any) -> None:
    async with host.client() as client:
        response = await client.get("/api/v1/sessions?cursor=made-up")
    assert response.status_code == 400
    (fault,) = response.json()["details"]["fields"]
    check("FieldError", fault)
    assert fault == {"path": "cursor", "error": "is not one that this list gave"}


async def test_anybody_may_read_the_description(host: Any) -> None:
    async with host.client(None) as client:
        response = await client.get("/api/v1/openapi.json")
        assert response.json() == DOCUMENT
        assert (await client.get("/api/v1/health")).json() == {"status": "ok"}
