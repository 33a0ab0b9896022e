"""A host with a player in memory, and clients that call it as browsers and back ends do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from scorm_embed import ApiKey, Learner, MemoryContent, MemoryStorage, ScormEmbed
from scorm_embed.core.standard import Standard
from scorm_embed.testing.package_builder import build_package
from scorm_embed.web.openapi import openapi_document

SECRET = "a secret that is long enough for the test"
KEYS = {
    "ADMIN": ApiKey("ADMIN"),
    "WRITE": ApiKey("WRITE", scopes={"write"}),
    "READ": ApiKey("READ", scopes={"read"}),
    "OTHER": ApiKey("OTHER", tenant_id="other"),
}


def learner_of_cookie(connection: Any) -> Learner | None:
    """The host's login of these tests: the cookie says who is there."""
    user = connection.cookies.get("user")
    return None if user is None else Learner(user, f"Name of {user}", connection.cookies.get("tenant", "default"))


@dataclass
class Host:
    """A player mounted at /scorm of http://host."""

    scorm: ScormEmbed
    folder: Path
    root_path: str = "/scorm"

    def client(
        self, key: str | None = "ADMIN", *, user: str | None = None, origin: str = "http://host"
    ) -> httpx.AsyncClient:
        """A client with an API key, or with a user's cookie, or with neither."""
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.scorm, root_path=self.root_path, raise_app_exceptions=True),
            base_url=origin + self.root_path,
            headers={} if key is None else {"X-API-Key": key},
            cookies={} if user is None else {"user": user},
        )

    def package_file(self, name: str = "course.zip", **arguments: Any) -> Path:
        """A zip on disk."""
        path = self.folder / name
        path.write_bytes(build_package(**{"standard": Standard.SCORM_12, **arguments}))
        return path

    async def course(self, tenant_id: str = "default", **arguments: Any) -> str:
        """Import a course; gives its id."""
        package = await self.scorm.import_package(self.package_file(**arguments), tenant_id=tenant_id)
        return str(package["id"])

    async def launch(self, package: str, session: str = "s1", user: str = "u1", **arguments: Any) -> dict[str, Any]:
        """Launch through the API."""
        async with self.client() as client:
            body = {"user_id": user, "session_id": session, **arguments}
            response = await client.post(f"/api/v1/packages/{package}/launch", json=body)
        assert response.status_code == 200, response.text
        return dict(response.json())

    async def open(self, url: str) -> dict[str, Any]:
        """Open a player page without any credentials but its URL; gives what its script is told."""
        async with self.client(None) as client:
            response = await client.get(url)
        assert response.status_code == 200, response.text
        return boot_of(response.text)

    async def start(self, boot: dict[str, Any]) -> dict[str, Any]:
        """Make the player's first call."""
        async with self.client(None) as client:
            response = await client.post("http://host" + boot["run"] + "start", json={"recover": [], "language": "en"})
        assert response.status_code == 200, response.text
        return dict(response.json())

    async def send_raw(self, path: str, **more: Any) -> tuple[int, bytes]:
        """Send a path exactly as it is written, which a client would tidy up; ``more`` of the scope."""
        messages: list[Any] = []

        async def send(message: Any) -> None:
            messages.append(message)

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        scope = {
            "type": "http", "method": "GET", "path": unquote(path), "raw_path": path.encode(),
            "root_path": self.root_path, "query_string": b"", "headers": [(b"host", b"host")], "scheme": "http", **more,
        }  # fmt: skip
        await self.scorm(scope, receive, send)
        return messages[0]["status"], b"".join(message.get("body", b"") for message in messages[1:])


def boot_of(page: str) -> dict[str, Any]:
    found = re.search(r'id="boot">(.*?)</script>', page)
    assert found is not None
    return dict(json.loads(found[1]))


MakeHost = Callable[..., Host]


@pytest.fixture
def make_host(tmp_path: Path) -> MakeHost:
    """Give a maker of hosts; its arguments are options of ScormEmbed."""

    def make(*, root_path: str = "/scorm", **options: Any) -> Host:
        defaults: dict[str, Any] = {
            "secret_key": SECRET,
            "storage": MemoryStorage(),
            "content": MemoryContent(),
            "api_keys": list(KEYS.values()),
        }
        return Host(ScormEmbed(**{**defaults, **options}), tmp_path, root_path)

    return make


@pytest.fixture
def host(make_host: MakeHost) -> Host:
    """A host without a login of its own."""
    return make_host()


@pytest.fixture
def host_with_login(make_host: MakeHost) -> Host:
    """A host whose users are signed in by a cookie."""
    return make_host(learner=learner_of_cookie)


@pytest.fixture
def login() -> Callable[[Any], Learner | None]:
    """The host's login as a callable."""
    return learner_of_cookie


@pytest.fixture
def secret() -> str:
    """The secret of every host here."""
    return SECRET


@pytest.fixture
def boot_from() -> Callable[[str], dict[str, Any]]:
    """Reads what a player page tells its script."""
    return boot_of


def judge(name: str, document: Any) -> None:
    """Judge an answer by its described shape, in which every field is known."""
    described = openapi_document()
    resource = Resource(contents=described, specification=DRAFT202012)
    registry = Registry().with_resource("urn:api", resource)
    Draft202012Validator({"$ref": f"urn:api#/components/schemas/{name}"}, registry=registry).validate(document)
    schema = described["components"]["schemas"][name]
    if "properties" in schema and isinstance(document, dict) and name not in {"Warning", "Interaction"}:
        assert set(document) <= set(schema["properties"])


@pytest.fixture
def check() -> Callable[[str, Any], None]:
    """Judges an answer by its described shape."""
    return judge
