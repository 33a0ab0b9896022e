"""Durations of both standards through the one parser and the two formatters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorm_embed.core.values import (
    Misfit,
    check_interval,
    check_timespan,
    format_iso_duration,
    format_timespan,
    parse_duration,
)

HUNDREDTHS = st.integers(0, 10_000 * 360_000 - 1)


@pytest.mark.parametrize(
    ("text", "hundredths"),
    [
        ("PT0S", 0),
        ("PT1H30M5.5S", 540_550),
        ("PT1.05S", 105),
        ("PT1.5S", 150),
        ("PT1.S", 100),
        ("PT1.999S", 199),
        ("PT1,5S", 150),
        ("P1D", 8_640_000),
        ("P1M", 262_802_900),
        ("P1Y", 3_153_600_000),
        ("P1Y2M3DT4H5M6.78S", 3_153_600_000 + 2 * 262_802_900 + 3 * 8_640_000 + 1_440_000 + 30_000 + 678),
        ("PT90M", 540_000),
        ("00:00:00", 0),
        ("0001:30:05.50", 540_550),
        ("1:2:3", 372_300),
        ("00:75:80", 458_000),
        ("12345:00:00,5", 12345 * 360_000 + 50),
    ],
)
def test_a_duration_of_either_standard_is_read_to_the_hundredth(text: str, hundredths: int) -> None:
    assert parse_duration(text) == hundredths


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P",
        "PT",
        "P1DT",
        "P1",
        "1H",
        "pt1h",
        "-PT1H",
        "PT1H\n",
        "00:00",
        "0:0:0:0",
        "aa:bb:cc",
        "PT٣S",
        "PT9999999999999H",
    ],
)
def test_what_is_no_duration_is_none(text: str) -> None:
    assert parse_duration(text) is None
    assert check_interval(text) is Misfit.TYPE
    assert check_timespan(text) is Misfit.TYPE


@pytest.mark.parametrize(
    ("hundredths", "iso", "timespan"),
    [
        (0, "PT0S", "0000:00:00.00"),
        (1, "PT0.01S", "0000:00:00.01"),
        (50, "PT0.5S", "0000:00:00.50"),
        (6000, "PT1M", "0000:01:00.00"),
        (8_639_999, "PT23H59M59.99S", "0023:59:59.99"),
        (8_640_000, "P1D", "0024:00:00.00"),
        (8_640_000 * 29, "P29D", "0696:00:00.00"),
        (8_640_000 + 360_000, "P1DT1H", "0025:00:00.00"),
        (3_599_999_999, "P416DT15H59M59.99S", "9999:59:59.99"),
        (3_600_000_000, "P416DT16H", "9999:99:99.99"),
    ],
)
def test_a_duration_is_written_in_both_forms(hundredths: int, iso: str, timespan: str) -> None:
    assert format_iso_duration(hundredths) == iso
    assert format_timespan(hundredths) == timespan


@given(HUNDREDTHS)
def test_what_is_written_is_conformant_and_reads_back(hundredths: int) -> None:
    iso, timespan = format_iso_duration(hundredths), format_timespan(hundredths)
    assert check_interval(iso) is None
    assert check_timespan(timespan) is None
    assert parse_duration(iso) == parse_duration(timespan) == hundredths
