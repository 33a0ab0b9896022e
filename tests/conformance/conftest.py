"""Where the conformance data are: ``../shared/conformance`` beside the checkout; they are no part of the project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give every test that asks for ``case_chain`` the cases of its module's ``CATEGORIES``."""
    if "case_chain" not in metafunc.fixturenames:
        return
    folder = _folder()
    wanted = getattr(metafunc.module, "CATEGORIES", None)
    names = sorted(path.stem for path in (folder / "cases").glob("*.json")) if folder.is_dir() else []
    names = [name for name in names if wanted is None or name.split("-")[0] in wanted]
    inside = {name for chain in CHAINS for name in chain}
    chains = [(name,) for name in names if name not in inside]
    chains += [chain for full in CHAINS if (chain := tuple(name for name in full if name in names))]
    metafunc.parametrize("case_chain", chains or [None], ids=[c[-1] for c in chains] or ["absent"])


CHAINS = (
    ("CO-07a", "CO-07b"),
    ("OB-03a", "OB-03b", "OB-03c"),
    ("OB-09a", "OB-09b"),
    ("SX-11a", "SX-11b", "SX-11c"),
)
"""Cases that run one after the other for the same learner, with nothing reset between them."""


def _folder() -> Path:
    return Path(__file__).resolve().parents[3] / "shared" / "conformance"


@pytest.fixture(scope="session")
def conformance_folder() -> Path:
    """The folder with ``cases`` and ``zips``; a run in CI must have it."""
    folder = _folder()
    if not folder.is_dir():
        message = f"no conformance data at {folder}"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return folder
