"""The public names: each can be reached, in one place, and says where it is at home."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib.metadata import version

import scorm_embed
from scorm_embed import errors

PUBLIC = set(scorm_embed.__all__)


def test_every_public_name_can_be_reached_and_is_listed_once() -> None:
    assert len(PUBLIC) == len(scorm_embed.__all__)
    for name in PUBLIC:
        assert getattr(scorm_embed, name) is not None


def test_nothing_else_looks_public() -> None:
    visible = {
        name for name, value in vars(scorm_embed).items() if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert visible - {"annotations"} == PUBLIC


def test_no_object_is_public_under_two_names() -> None:
    objects = [id(getattr(scorm_embed, name)) for name in PUBLIC]
    assert len(objects) == len(set(objects))


def test_what_a_host_needs_is_there() -> None:
    needed = {
        "ScormEmbed", "Learner", "ApiKey", "ExternalIssuer", "MemoryStorage", "SQLStorage", "Storage",
        "DirectoryContent", "MemoryContent", "ContentStore", "ScormMiddleware", "ScormWSGIMiddleware", "HookEvent",
    }  # fmt: skip
    assert needed <= PUBLIC


def test_every_error_is_public() -> None:
    defined = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.ScormEmbedError)
    }
    assert defined <= PUBLIC


def test_every_public_name_is_documented() -> None:
    for name in PUBLIC:
        assert inspect.getdoc(getattr(scorm_embed, name)), name


def test_the_version_is_the_one_that_is_installed() -> None:
    assert scorm_embed.__version__ == version("scorm-embed")


def test_importing_the_package_needs_no_extra_and_starts_nothing() -> None:
    program = """
import sys, threading

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {
            "click", "uvicorn", "flask", "fastapi", "django", "litestar", "quart", "pytest",
            "asyncpg", "asyncmy", "jinja2", "limits", "redis",
        }:
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Missing())
import scorm_embed
scorm_embed.ScormEmbed(secret_key="x" * 32)
assert threading.active_count() == 1
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
