"""Holds docs/conformance.md to what a run gave: writes its results from a report of scripts/conformance, or compares.

    conformance_page.py check REPORT    exits 1 and says what differs
    conformance_page.py write REPORT

A report is a list of ``{"case", "passed"}`` entries.
"""

from __future__ import annotations

import difflib
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import scorm_embed

PAGE = Path(__file__).resolve().parents[1] / "docs" / "conformance.md"
BEGIN, END = "<!-- results of scripts/conformance -->\n", "<!-- end of the results -->\n"


def group_of(case: str) -> str:
    """Give the group under which a case is listed: CM-02a is of CM; DDM, DMB and DMI are the data model's."""
    group = case.partition("-")[0]
    return "DM" if group in {"DDM", "DMB", "DMI"} else group


def results(passed: Mapping[str, bool]) -> str:
    """Write the page's results: the sum, and each case by name, those that failed in bold."""
    groups: dict[str, list[str]] = {}
    for case in sorted(passed):
        groups.setdefault(group_of(case), []).append(case)
    lines = [
        f"Version {scorm_embed.__version__}, in a browser: {sum(passed.values())} of {len(passed)} cases passed.",
        "",
        "| group | passed | cases; those that failed are bold |",
        "|---|---|---|",
    ]
    for group, cases in sorted(groups.items()):
        names = ", ".join(case if passed[case] else f"**{case}**" for case in cases)
        lines.append(f"| {group} | {sum(passed[case] for case in cases)} of {len(cases)} | {names} |")
    return "\n" + "\n".join(lines) + "\n\n"


def shown(page: str) -> str:
    """Give what a page says of the results."""
    return page.partition(BEGIN)[2].partition(END)[0]


def cases_of(page: str) -> list[str]:
    """Give the names of the cases that a page lists."""
    listed = re.findall(r"^\| \w+ \| \d+ of \d+ \| (.*) \|$", shown(page), re.M)
    return [case.strip("*") for cases in listed for case in cases.split(", ")]


def differences(page: str, passed: Mapping[str, bool]) -> str:
    """Say how a page differs from a run; nothing where it does not."""
    return "\n".join(
        difflib.unified_diff(
            shown(page).splitlines(), results(passed).splitlines(), "the page", "the run", lineterm="", n=0
        )
    )


def main(arguments: list[str]) -> int:
    command, report = arguments
    passed = {entry["case"]: entry["passed"] for entry in json.loads(Path(report).read_text("utf-8"))}
    page = PAGE.read_text("utf-8")
    if command == "write":
        PAGE.write_text(page.replace(BEGIN + shown(page) + END, BEGIN + results(passed) + END), "utf-8")
        return 0
    if found := differences(page, passed):
        print(f"docs/conformance.md does not say what this run gave:\n{found}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
