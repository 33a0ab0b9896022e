"""Numbers, localized strings and verdicts: what the element vectors do not reach by themselves."""

from __future__ import annotations

import pytest

from scorm_embed.core.values import ALWAYS_ACCEPTED, SENTENCES, Misfit, Rule, parse_real, split_localized, worst


@pytest.mark.parametrize(("text", "number"), [("0.5", 0.5), ("-1", -1.0), ("+2.", 2.0), (".25", 0.25), ("1e-7", 1e-7)])
def test_a_number_is_read_as_content_writes_it(text: str, number: float) -> None:
    assert parse_real(text) == number


@pytest.mark.parametrize(
    "text", ["", " 1", "1 ", "NaN", "inf", "1_0", "٣", "1e1000000", "0x1", "1,5", "9" * 5000, "-1e309"]
)
def test_what_is_no_number_is_none(text: str) -> None:
    assert parse_real(text) is None


def test_a_number_of_any_length_is_read() -> None:
    assert parse_real("0." + "3" * 5000) == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("text", (None, "text")),
        ("{lang=en}text", ("en", "text")),
        ("{lang=}", ("", "")),
        ("{lang=en", (None, "{lang=en")),
        ("{lang=fr}{lang=en}x", ("fr", "{lang=en}x")),
        ("", (None, "")),
    ],
)
def test_a_localized_string_is_split_into_tag_and_text(text: str, parts: tuple[str | None, str]) -> None:
    assert split_localized(text) == parts


def test_a_misfit_outweighs_a_deviation_and_a_deviation_outweighs_nothing() -> None:
    assert worst(None, None) is None
    assert worst(Rule.TIME_FORM, None) is Rule.TIME_FORM
    assert worst(None, Rule.TIME_FORM) is Rule.TIME_FORM
    assert worst(Rule.TIME_FORM, Misfit.RANGE) is Misfit.RANGE
    assert worst(Misfit.TYPE, Misfit.RANGE) is Misfit.TYPE


def test_every_deviation_has_a_sentence_of_its_own() -> None:
    assert set(SENTENCES) == set(Rule)
    assert len(set(SENTENCES.values())) == len(Rule)
    assert set(ALWAYS_ACCEPTED) == {Rule.LONG_VALUE}
