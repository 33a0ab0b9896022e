"""A client generated from the live description compiles, and calls a live server."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest

from scorm_embed import ApiKey, MemoryContent, MemoryStorage, ScormEmbed
from scorm_embed.testing import course_2004

KEY = "key-of-the-generated-client-in-its-test"


@pytest.fixture(scope="module")
def url(serving: Callable[..., AbstractContextManager[str]]) -> Iterator[str]:
    """The address of a live server with one package, ``lesson``."""
    scorm = ScormEmbed(
        secret_key="a secret that is long enough, for tests only",
        storage=MemoryStorage(),
        content=MemoryContent(),
        api_keys=[ApiKey(KEY, scopes=("read", "write", "admin"))],
    )
    with serving(scorm) as address:
        yield address


@pytest.fixture(scope="module")
def generated(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("generated")
    (folder / "openapi.json").write_text(json.dumps(httpx.get(f"{url}/api/v1/openapi.json").json()), "utf-8")
    # The formatter is left out, and a body's second form is called what the generator knows.
    (folder / "config.yml").write_text(
        "post_hooks: []\ncontent_type_overrides: {application/zip: application/octet-stream}\n", "utf-8"
    )
    command = ["generate", "--path", "openapi.json", "--meta", "none", "--output-path", "scorm_client"]
    done = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", *command, "--config", "config.yml", "--fail-on-warning"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(folder))
    yield folder / "scorm_client"
    sys.path.remove(str(folder))


def test_the_generated_names_read_well(generated: Path) -> None:
    calls = {path.relative_to(generated / "api").with_suffix("").as_posix() for path in generated.glob("api/*/*.py")}
    assert {"packages/launch", "packages/import_package", "sessions/read_session", "sessions/list_sessions"} <= calls
    assert {"events/retry_event", "webhooks/test_webhook", "system/health"} <= calls
    models = {path.stem for path in generated.glob("models/*.py")}
    assert {"session", "launch", "error", "error_details"} <= models
    assert [name for name in models if "response" in name or "type_0" in name or "all_of" in name] == []


def test_every_generated_module_compiles_with_its_types(generated: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "compileall", "-q", str(generated)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    for path in sorted(generated.rglob("*.py")):
        importlib.import_module(".".join(path.relative_to(generated.parent).with_suffix("").parts))


def test_the_generated_client_uploads_a_package_as_a_form_or_as_the_body(url: str, generated: Path) -> None:
    def use(name: str) -> Any:
        return importlib.import_module(f"scorm_client.{name}")

    upload, models, file = use("api.packages.import_package").sync, use("models"), use("types").File
    with use("client").AuthenticatedClient(base_url=url, token=KEY) as client:
        sent = file(BytesIO(course_2004("one", title="Knots")), "knots.zip", "application/zip")
        first = upload(client=client, body=models.PackageForm(file=sent))
        assert (first.title, first.version) == ("Knots", 1)
        sent = file(BytesIO(course_2004("one", "two", title="Knots")), "knots.zip", "application/zip")
        second = upload(client=client, body=models.PackageForm(file=sent, package_id=first.id))
        assert (second.id, second.version) == (first.id, 2)
        third = upload(client=client, body=file(BytesIO(course_2004("one", title="Sails"))), package_id=first.id)
        assert (third.id, third.version, third.title) == (first.id, 3, "Sails")
        refused = upload(client=client, body=models.PackageForm(file=file(BytesIO(b"no zip"), "knots.zip")))
        assert isinstance(refused, models.Error)
        assert refused.code == "INVALID_FILE_TYPE"


def test_the_generated_client_launches_reads_lists_and_understands_an_error(url: str, generated: Path) -> None:
    def use(name: str) -> Any:
        return importlib.import_module(f"scorm_client.{name}")

    client = use("client").AuthenticatedClient(base_url=url, token=KEY)
    models = use("models")
    with client:
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/zip"}
        imported = httpx.post(f"{url}/api/v1/packages", content=course_2004(), headers=headers)
        assert imported.status_code == 201, imported.text
        package = imported.json()["id"]
        request = models.LaunchRequest(user_id="ada", session_id="ada-1")
        launch = use("api.packages.launch").sync(package, client=client, body=request)
        assert (launch.session_id, launch.user_id, launch.package_id) == ("ada-1", "ada", package)
        session = use("api.sessions.read_session").sync("ada-1", client=client)
        assert (session.state, session.version, session.user_id) == ("not_attempted", 1, "ada")
        listed = use("api.sessions.list_sessions").sync(client=client, user_id="ada")
        assert [one.id for one in listed.sessions] == ["ada-1"]
        update = models.SessionUpdate.from_dict({"version": 9, "completion_status": "completed"})
        conflict = use("api.sessions.update_session").sync("ada-1", client=client, body=update)
        assert isinstance(conflict, models.Error)
        assert (conflict.code, conflict.details.current_version) == ("VERSION_CONFLICT", 1)
