"""Schemathesis calls every operation as openapi.json describes it, and otherwise: each answer is as described.

The calls are the same every time. SCORM_EMBED_CALLS sets how many of each kind are made (8 when it is absent).
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.python.asgi import get_client
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from scorm_embed import ApiKey, MemoryContent, MemoryStorage, ScormEmbed, SQLStorage
from scorm_embed.core.standard import Standard
from scorm_embed.testing.package_builder import Item, build_package
from scorm_embed.web.openapi import openapi_document
from scorm_embed.web.routes.table import ROUTES
from scorm_embed.web.routing import Access, Side

CALLS = int(os.environ.get("SCORM_EMBED_CALLS", "8"))
KEY = {"X-API-Key": "KEY"}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
OPERATIONS = [(route.method, route.path) for route in ROUTES if route.side is Side.API]
NEEDS_MORE = {
    ("POST", "/api/v1/sessions/external"),
    ("POST", "/api/v1/webhooks/test"),
    *((method, path) for method, path in OPERATIONS if "{event_id}" in path),
}
"""What needs an issuer, a receiver, or an event that nobody took."""
PUBLIC = {(route.method, route.path) for route in ROUTES if route.access is Access.PUBLIC}
MODES = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]
ALWAYS_THE_SAME = settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@schemathesis.serializer("application/zip")
def as_it_is(_: Any, value: Any) -> bytes:
    """Send a raw body."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


class Site:
    """A player with one course that one learner has open."""

    def __init__(self, storage: Any, file: Path, calls_divided_by: int) -> None:
        self.calls_divided_by = calls_divided_by
        self.scorm = ScormEmbed(
            secret_key="x" * 32,
            storage=storage,
            content=MemoryContent(),
            api_keys=[ApiKey("KEY")],
            base_url="http://testserver",
        )
        self.schema = schemathesis.openapi.from_dict(
            {**openapi_document(), "servers": [{"url": "http://testserver"}]},
            config=SchemathesisConfig.from_dict({"generation": {"allow-x00": True}}),
        )
        self.schema.app = self.scorm
        self.file = file
        self._package = ""

    def prepare(self) -> dict[str, Any]:
        """Have the course and the session there, opened once; gives what a call may name."""
        learner = {"user_id": "u1", "session_id": "s1"}
        if not self._package or self._post(f"/{self._package}/launch", json=learner).status_code != 200:
            kind = {"Content-Type": "application/zip"}
            self._package = self._post("", data=self.file.read_bytes(), headers=kind).json()["id"]
            launched = self._post(f"/{self._package}/launch", json=learner)
            with get_client(self.scorm) as client:
                page = client.get(launched.json()["launch_url"]).text
                run = re.search(r'"run": ?"([^"]+)"', page)
                assert run is not None
                started = client.post("http://testserver" + run[1] + "start", json={"recover": [], "language": "en"})
                assert started.status_code == 200, started.text
        with get_client(self.scorm) as client:
            session = client.get("http://testserver/api/v1/sessions/s1", headers=KEY)
        version = session.json()["version"] if session.status_code == 200 else 1
        return {"package_id": self._package, "session_id": "s1", "activity_id": "a", "version": version}

    def _post(self, path: str, *, headers: dict[str, str] | None = None, **arguments: Any) -> Any:
        with get_client(self.scorm) as client:
            url = f"http://testserver/api/v1/packages{path}"
            return client.post(url, headers={**KEY, **(headers or {})}, **arguments)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("courses") / "course.zip"
    path.write_bytes(build_package(standard=Standard.SCORM_2004_4TH, items=[Item("a"), Item("b")]))
    return path


@pytest.fixture(params=["memory", "sqlite"])
def site(request: pytest.FixtureRequest, course: Path, tmp_path: Path) -> Site:
    if request.param == "memory":
        return Site(MemoryStorage(), course, 1)
    return Site(SQLStorage(f"sqlite:///{tmp_path / 'records.db'}"), course, 3)


def calls_of(site: Site, method: str, path: str) -> Any:
    """What the description allows to be sent, and what it does not."""
    operation = site.schema[path][method]
    kinds = []
    for mode in MODES:
        try:
            kinds.append(operation.as_strategy(generation_mode=mode))
        except Exception:  # nothing wrong can be sent to an operation that takes nothing
            assert mode is schemathesis.GenerationMode.NEGATIVE
    return st.one_of(kinds)


def right_call(site: Site, method: str, path: str) -> Any:
    """A call that does what its operation is for."""
    known = site.prepare()
    names = {name: known[name] for name in known if "{" + name + "}" in path}
    bodies: dict[str, Any] = {
        "/api/v1/packages": site.file.read_bytes(),
        "/api/v1/packages/{package_id}/launch": {"user_id": "u1"},
        "/api/v1/sessions/{session_id}": {"version": known["version"], "score": {"scaled": 0.5}},
    }
    more: dict[str, Any] = {"query": {"force": "true"}} if path.endswith("{package_id}") else {}
    if method in {"POST", "PUT"} and path in bodies:
        kind = "application/zip" if path == "/api/v1/packages" else "application/json"
        more = {"body": bodies[path], "media_type": kind}
    return site.schema[path][method].Case(path_parameters=names, **more)


@pytest.mark.parametrize(("method", "path"), [call for call in OPERATIONS if call not in NEEDS_MORE])
def test_a_call_that_is_right_is_answered_as_described(site: Site, method: str, path: str) -> None:
    response = right_call(site, method, path).call_and_validate(headers=KEY, checks=CHECKS)
    assert 200 <= response.status_code < 300, response.text


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_answer_is_as_described(site: Site, method: str, path: str) -> None:
    @settings(ALWAYS_THE_SAME, max_examples=max(4, CALLS // site.calls_divided_by))
    @given(case=calls_of(site, method, path), is_known=st.booleans(), has_key=st.sampled_from([True, True, False]))
    def call(case: Any, is_known: bool, has_key: bool) -> None:
        if is_known:
            known = site.prepare()
            case.path_parameters = {name: known.get(name, value) for name, value in case.path_parameters.items()}
            if isinstance(case.body, dict) and "version" in case.body:
                case.body = {**case.body, "version": known["version"]}
        response = case.call_and_validate(headers=KEY if has_key else {}, checks=CHECKS)
        if not has_key and (method, path) not in PUBLIC:
            assert response.status_code == 401

    call()
