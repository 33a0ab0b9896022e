"""The player's words are complete in every language."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

PLAYER = Path(__file__).parents[2] / "src" / "scorm_embed" / "web" / "static" / "player"
LANGUAGES = ["ar", "de", "en", "es", "fr", "hi", "ja", "pt", "ru", "zh"]

# What is said before the controls are there, and what the controls say: the first is loaded before the course.
PARTS = ("texts", "texts/controls")


def read(part: str, language: str) -> dict[str, str]:
    texts: dict[str, str] = json.loads((PLAYER / part / f"{language}.json").read_text(encoding="utf-8"))
    return texts


FIRST, CONTROLS = (read(part, "en") for part in PARTS)
ENGLISH = FIRST | CONTROLS
ERRORS = json.loads((PLAYER / "errors.json").read_text(encoding="utf-8"))


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"\{\w+\}", text))


def test_there_are_ten_languages():
    for part in PARTS:
        assert sorted(path.stem for path in (PLAYER / part).glob("*.json")) == LANGUAGES


def test_a_text_is_in_one_place():
    assert set(FIRST) & set(CONTROLS) == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_every_text_with_its_placeholders(language):
    texts = read("texts", language) | read("texts/controls", language)
    assert list(texts) == list(ENGLISH)
    for key, text in texts.items():
        assert text.strip() == text != ""
        assert placeholders(text) == placeholders(ENGLISH[key])


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_a_language_is_translated_throughout(language):
    texts = read("texts", language) | read("texts/controls", language)
    assert {key for key in texts if texts[key] == ENGLISH[key]} == set()


def test_error_pages_have_their_texts_in_every_language():
    assert sorted(ERRORS) == LANGUAGES
    for texts in ERRORS.values():
        assert list(texts) == list(ERRORS["en"])
        assert all(texts.values())


def test_the_labels_that_automation_relies_on_are_those_of_the_contract():
    labels = {
        "previous": "Previous", "continue": "Continue", "suspend-all": "Suspend", "exit": "Exit",
        "exit-all": "Exit all", "abandon": "Abandon", "abandon-all": "Abandon all",
    }  # fmt: skip
    assert {key: ENGLISH[key] for key in labels} == labels


def test_every_text_is_used_and_every_text_used_is_there():
    script = "\n".join(path.read_text(encoding="utf-8") for path in PLAYER.glob("*.js"))
    early = "".join((PLAYER / name).read_text(encoding="utf-8") for name in ("index.js", "screen.js", "commits.js"))
    used = set(re.findall(r"""\bt\(\s*(?:kept \? state : )?["']([\w -]+)["']""", script)) | {"offline_memory"}
    statuses = {"not attempted", "incomplete", "completed", "passed", "failed"}
    made = {
        "previous",
        "continue",
        "suspend-all",
        "exit",
        "exit-all",
        "abandon",
        "abandon-all",
        "saved",
        "saving",
        "offline",
    }
    made |= {"suspended", "exited", "completed", "abandoned", "suspended_text", "abandoned_text", "ended_text"}
    made |= {f"status {status}" for status in statuses}
    made |= {
        f"closed {code}" for code in ("at_start", "forward_only", "neighbours_only", "no_choice", "attempts_used_up")
    }
    assert used | made == set(ENGLISH)
    assert set(re.findall(r"""\bt\(\s*["'\`]([\w-]+)["'\`]""", early)) <= set(FIRST)
