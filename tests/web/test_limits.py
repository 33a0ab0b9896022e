"""Each table of limits is an option of the host's, and what reaches a limit is still taken."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

from scorm_embed import ArchiveLimits, CmiDataError, DataLimits, ManifestLimits, MessageLimits
from scorm_embed.core.standard import Standard
from scorm_embed.testing.package_builder import Defect, Item, build_package

pytestmark = pytest.mark.anyio

PACKAGE = build_package()
with zipfile.ZipFile(io.BytesIO(PACKAGE)) as archive:
    ENTRIES = len(archive.namelist())
    MANIFEST_BYTES = archive.getinfo("imsmanifest.xml").file_size


@pytest.mark.parametrize(
    ("option", "limits", "name", "most", "code"),
    [
        ("archive_limits", ArchiveLimits, "entries_max", ENTRIES, "INVALID_FILE_TYPE"),
        ("manifest_limits", ManifestLimits, "manifest_bytes_max", MANIFEST_BYTES, "PARSE_FAILED"),
    ],
)
async def test_a_package_that_reaches_a_limit_is_taken_and_one_beyond_it_is_refused(
    make_host: Any, option: str, limits: Any, name: str, most: int, code: str
) -> None:
    found = []
    for limit in (most, most - 1):
        async with make_host(**{option: limits(**{name: limit})}).client() as client:
            answer = await client.post("/api/v1/packages", files={"file": PACKAGE})
        found.append((answer.status_code, answer.json().get("code")))
    assert found == [(201, None), (400, code)]


async def test_the_limits_of_data_hold_in_the_browser_and_at_the_server(make_host: Any) -> None:
    host = make_host(data_limits=DataLimits(suspend_data_chars_max=5_000))
    boot = await host.open((await host.launch(await host.course()))["launch_url"])
    assert boot["limits"] == {"suspend_data_chars_max": 5_000}
    launch = (await host.start(boot))["view"]["launch"]
    for number, (chars, refused) in enumerate(((5_000, 0), (5_001, 1)), start=1):
        elements = [["cmi.suspend_data", "x" * chars]]
        commit = {"number": number, "activity": "item_1", "initialized": True, "elements": elements}
        async with host.client(None) as client:
            message = {"launch": launch, "view": 1, "commits": [commit]}
            answer = await client.post("http://host" + boot["run"] + "commit", json=message)
        assert [entry["code"] for entry in answer.json()["refused"]] == ["405"] * refused


async def test_a_limit_of_data_is_the_hosts_own_writing_too(make_host: Any) -> None:
    host = make_host(data_limits=DataLimits(value_chars_max=100))
    await host.launch(await host.course(standard=Standard.SCORM_2004_4TH))
    await host.scorm.update_session("s1", version=1, cmi_data={"cmi.location": "x" * 100})
    with pytest.raises(CmiDataError) as error:
        await host.scorm.update_session("s1", version=2, cmi_data={"cmi.location": "x" * 101})
    assert [(entry["element"], entry["code"]) for entry in error.value.details["elements"]] == [("cmi.location", "351")]


@pytest.mark.parametrize(
    ("request_bytes_max", "limits"),
    [
        (6_000_000 + 4_096, {}),
        (6_000_000 + 4_095, {"value_chars_max": 999_999}),
        (4_000, {"value_chars_max": 1}),
    ],
)
async def test_no_value_is_accepted_in_the_browser_that_is_too_large_for_a_request(
    make_host: Any, request_bytes_max: int, limits: dict[str, int]
) -> None:
    host = make_host(request_bytes_max=request_bytes_max)
    boot = await host.open((await host.launch(await host.course()))["launch_url"])
    assert boot["limits"] == limits


async def test_more_in_one_message_than_the_limit_is_to_be_split(make_host: Any) -> None:
    host = make_host(message_limits=MessageLimits(commits_max=2, elements_max=3))
    boot = await host.open((await host.launch(await host.course()))["launch_url"])
    launch = (await host.start(boot))["view"]["launch"]
    element = ["cmi.core.lesson_location", "x"]
    for counts, status in (((1, 2), 200), ((1, 3), 413), ((1, 1, 1), 413)):
        commits = [{"number": at, "elements": [element] * count} for at, count in enumerate(counts, start=1)]
        async with host.client(None) as client:
            message = {"launch": launch, "view": 1, "commits": commits}
            answer = await client.post("http://host" + boot["run"] + "commit", json=message)
        assert answer.status_code == status, answer.text
        if status == 413:
            assert answer.json()["details"] == {"commits_max": 2, "elements_max": 3}


async def test_activities_open_whose_identifiers_are_longer_than_a_storage_keeps(host: Any) -> None:
    items = [Item("x" * 700 + end) for end in "abc"]
    first, second, third = await _opened(host, items)
    assert first == "x" * 600
    assert (second, third) == ("x" * 598 + "-2", "x" * 598 + "-3")


async def test_a_resource_that_stands_for_an_activity_has_no_longer_an_identifier_either(host: Any) -> None:
    (only,) = await _opened(host, [Item("x" * 700)], defects=[Defect.NO_ORGANIZATION])
    assert len(only) == 600


async def _opened(host: Any, items: list[Item], **options: Any) -> list[str]:
    """Import a course and open its first activity; gives the identifiers of all."""
    package = await host.course(items=items, **options)
    started = await host.start(await host.open((await host.launch(package))["launch_url"]))
    identifiers = [str(entry["id"]) for entry in (await host.scorm.package(package))["activities"]]
    assert started["view"]["activity"]["id"] == identifiers[0]
    return identifiers
