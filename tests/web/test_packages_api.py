from __future__ import annotations

import io
import os
import tempfile
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from scorm_embed import StorageUnavailableError
from scorm_embed.core.standard import Standard
from scorm_embed.testing.package_builder import Defect, Item, build_package

pytestmark = pytest.mark.anyio


def code(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


@pytest.fixture(autouse=True)
def upload_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Temporary files go where a test can see that none is left."""
    folder = tmp_path / "uploads"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize("way", ["form", "raw", "raw octets"])
async def test_a_package_is_imported_and_shown(host: Any, upload_folder: Path, way: str) -> None:
    data = build_package(Standard.SCORM_2004_4TH, [Item("a"), Item("b")], title="Two things")
    async with host.client() as client:
        if way == "form":
            response = await client.post("/api/v1/packages", files={"file": ("course.zip", data)})
        else:
            kind = "application/zip" if way == "raw" else "application/octet-stream"
            response = await client.post("/api/v1/packages", content=data, headers={"Content-Type": kind})
        assert response.status_code == 201, response.text
        package = response.json()
        assert package["id"].startswith("pkg_")
        assert (package["title"], package["standard"], package["version"]) == ("Two things", "scorm_2004_4th", 1)
        assert [activity["id"] for activity in package["activities"]] == ["a", "b"]
        assert package["activities"][0] == {
            "id": "a",
            "title": package["activities"][0]["title"],
            "sco": True,
            "children": [],
        }
        assert package["warnings"] == []
        assert package["tenant_id"] == "default"
        assert package["created_at"].endswith("Z")
        versions = [{"version": 1, "created_at": package["created_at"], "sessions": 0}]
        assert (await client.get(f"/api/v1/packages/{package['id']}")).json() == {**package, "versions": versions}
        assert (await client.get("/api/v1/packages")).json() == {"packages": [package], "next_cursor": None}
    assert list(upload_folder.iterdir()) == []


@pytest.mark.parametrize("way", ["form", "raw"])
async def test_a_package_id_adds_a_version(host: Any, way: str) -> None:
    package = await host.course()
    data = build_package(title="Second")
    async with host.client() as client:
        if way == "form":
            # The field may stand before the file or after it.
            response = await client.post("/api/v1/packages", files={"file": data}, data={"package_id": package})
        else:
            headers = {"Content-Type": "application/zip"}
            response = await client.post(f"/api/v1/packages?package_id={package}", content=data, headers=headers)
        assert response.status_code == 201
        assert (response.json()["id"], response.json()["version"]) == (package, 2)
        unknown = await client.post("/api/v1/packages", files={"file": data}, data={"package_id": "pkg_0"})
        assert code(unknown) == (404, "PACKAGE_NOT_FOUND")


async def test_a_new_version_tells_what_it_changes_and_who_stays_on_the_old_one(host: Any) -> None:
    first = [Item("intro", "Introduction"), Item("part-1", "Part 1"), Item("basics", children=[Item("a")])]
    package = await host.course(items=first)
    for session in ("s1", "s2"):
        await host.launch(package, session)
    second = [
        Item("part-1", "The basics"),
        Item("basics", children=[Item("a"), Item("quiz", "Quiz")]),
    ]
    async with host.client() as client:
        data = build_package(Standard.SCORM_12, second)
        imported = (await client.post("/api/v1/packages", files={"file": data}, data={"package_id": package})).json()
        assert imported["changes"] == [
            {"change": "removed", "activity_id": "intro", "title": "Introduction"},
            {"change": "renamed", "activity_id": "part-1", "title": "The basics", "was": "Part 1"},
            {"change": "added", "activity_id": "quiz", "title": "Quiz", "parent_id": "basics"},
        ]
        await host.launch(package, "s3")
        read = (await client.get(f"/api/v1/packages/{package}")).json()
        assert read["changes"] == imported["changes"]
        assert [(entry["version"], entry["sessions"]) for entry in read["versions"]] == [(2, 1), (1, 2)]
        # Launched again, a session stays where it is.
        await host.launch(package, "s1")

        async def on(version: object) -> list[tuple[str, int]]:
            query = {"package_id": package, "package_version": version}
            listed = await client.get("/api/v1/sessions", params=query)
            return [(entry["id"], entry["package_version"]) for entry in listed.json()["sessions"]]

        assert sorted(await on(1)) == [("s1", 1), ("s2", 1)]
        assert await on(2) == [("s3", 2)]
        assert await on(3) == []
        wrong = await client.get("/api/v1/sessions", params={"package_version": "0"})
        assert code(wrong) == (400, "INVALID_REQUEST")


async def test_a_learner_is_not_told_how_many_others_there_are(make_host: Any, login: Any) -> None:
    host = make_host(learner=login, authorize=lambda learner, action, what: action == "read")
    package = await host.course()
    async with host.client(None, user="ada") as client:
        read = (await client.get(f"/api/v1/packages/{package}")).json()
    assert (read["id"], "versions" in read) == (package, False)


async def test_what_was_repaired_is_told(host: Any) -> None:
    data = build_package(defects=[Defect.WRAPPER_FOLDER])
    async with host.client() as client:
        response = await client.post("/api/v1/packages", files={"file": data})
    assert response.status_code == 201
    assert "MANIFEST_IN_FOLDER" in [warning["code"] for warning in response.json()["warnings"]]


def broken_zips() -> list[tuple[str, bytes, str]]:
    no_manifest = io.BytesIO()
    with zipfile.ZipFile(no_manifest, "w") as archive:
        archive.writestr("index.html", "x")
    return [
        ("text", b"this is no zip", "INVALID_FILE_TYPE"),
        ("cut off", build_package()[:-30], "INVALID_FILE_TYPE"),
        ("no manifest", no_manifest.getvalue(), "MANIFEST_NOT_FOUND"),
        ("broken manifest", build_package(defects=[Defect.BROKEN_XML]), "PARSE_FAILED"),
        ("nothing to launch", build_package(files={"imsmanifest.xml": "<manifest/>"}), "PARSE_FAILED"),
    ]


@pytest.mark.parametrize(("name", "data", "expected"), broken_zips(), ids=[case[0] for case in broken_zips()])
async def test_what_is_no_package_is_refused_and_nothing_is_stored(
    host: Any, upload_folder: Path, name: str, data: bytes, expected: str
) -> None:
    async with host.client() as client:
        assert code(await client.post("/api/v1/packages", files={"file": data})) == (400, expected)
        raw = await client.post("/api/v1/packages", content=data, headers={"Content-Type": "application/zip"})
        assert code(raw) == (400, expected)
        assert (await client.get("/api/v1/packages")).json()["packages"] == []
    assert list(upload_folder.iterdir()) == []


async def test_an_upload_without_a_file_says_so(host: Any) -> None:
    async with host.client() as client:
        assert code(await client.post("/api/v1/packages")) == (400, "MISSING_FILE")
        assert code(await client.post("/api/v1/packages", files={"other": b"x"})) == (400, "MISSING_FILE")
        assert code(await client.post("/api/v1/packages", files={"other": b"\xff" * 9_000})) == (400, "MISSING_FILE")
        assert code(await client.post("/api/v1/packages", files={"file": b""})) == (400, "MISSING_FILE")
        raw = await client.post("/api/v1/packages", content=b"", headers={"Content-Type": "application/zip"})
        assert code(raw) == (400, "MISSING_FILE")


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/mixed; boundary=x", "zip"])
async def test_another_media_type_is_refused(host: Any, kind: str) -> None:
    async with host.client() as client:
        response = await client.post("/api/v1/packages", content=b"PK", headers={"Content-Type": kind})
    assert code(response) == (415, "UNSUPPORTED_MEDIA_TYPE")


FORM = "multipart/form-data; boundary=B"
PART = b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.zip"\r\n\r\n'


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", PART + b"x\r\n--B--\r\n"),
        ("multipart/form-data; boundary=" + "b" * 201, b""),
        (FORM, b"no form at all"),
        (FORM, PART + b"the end is missing"),
        (FORM, PART + b"x\r\n" + PART + b"y\r\n--B--\r\n"),
        (FORM, b'--B\r\nContent-Disposition: form-data; name="package_id"\r\n\r\n' + b"p" * 5_000 + b"\r\n--B--\r\n"),
        (FORM, b'--B\r\nContent-Disposition: form-data; name="package_id"\r\n\r\n\xff\r\n' + PART + b"x\r\n--B--\r\n"),
        (FORM, b"--B\r\nX: " + b"h" * 10_000 + b"\r\n\r\nx\r\n--B--\r\n"),
        (
            FORM,
            b"".join(b'--B\r\nContent-Disposition: form-data; name="f%d"\r\n\r\nx\r\n' % n for n in range(17))
            + b"--B--",
        ),
    ],
)
async def test_a_malformed_form_is_refused(host: Any, upload_folder: Path, kind: str, body: bytes) -> None:
    async with host.client() as client:
        response = await client.post("/api/v1/packages", content=body, headers={"Content-Type": kind})
    assert code(response) == (400, "INVALID_REQUEST")
    assert list(upload_folder.iterdir()) == []


async def test_the_size_of_an_upload_is_limited_to_the_byte(make_host: Any, upload_folder: Path) -> None:
    data = build_package()
    headers = {"Content-Type": "application/zip"}

    async def in_pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(data), 100):
            yield data[start : start + 100]

    async with make_host(upload_bytes_max=len(data)).client() as client:
        assert (await client.post("/api/v1/packages", content=data, headers=headers)).status_code == 201
        assert (await client.post("/api/v1/packages", content=in_pieces(), headers=headers)).status_code == 201
        assert (await client.post("/api/v1/packages", files={"file": data})).status_code == 201
    async with make_host(upload_bytes_max=len(data) - 1).client() as client:
        for response in (
            await client.post("/api/v1/packages", content=data, headers=headers),
            await client.post("/api/v1/packages", content=in_pieces(), headers=headers),
            await client.post("/api/v1/packages", files={"file": data}),
        ):
            assert code(response) == (413, "FILE_TOO_LARGE")
            assert response.json()["details"] == {"bytes_max": len(data) - 1}
    assert list(upload_folder.iterdir()) == []


async def test_a_declared_size_over_the_limit_is_refused_before_a_byte_is_read(make_host: Any) -> None:
    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    async with make_host(upload_bytes_max=1_000).client() as client:
        for size in ("1001", "9" * 400):
            headers = {"Content-Type": "application/zip", "Content-Length": size}
            response = await client.post("/api/v1/packages", content=never(), headers=headers)
            assert code(response) == (413, "FILE_TOO_LARGE")


async def test_an_upload_is_never_whole_in_memory(
    host: Any, upload_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    written = []

    async def watch(tenant_id: str, source: Path, **options: Any) -> dict[str, Any]:
        written.append(source.stat().st_size)
        return {}

    monkeypatch.setattr(host.scorm._parts().service, "import_package", watch)

    async def large() -> AsyncIterator[bytes]:
        for _ in range(64):
            sizes.append(sum(path.stat().st_size for path in upload_folder.iterdir()))
            yield b"\0" * 256 * 1024

    async with host.client() as client:
        headers = {"Content-Type": "application/zip"}
        assert (await client.post("/api/v1/packages", content=large(), headers=headers)).status_code == 201
    assert written == [16 * 1024 * 1024]
    # All but the last pieces were on disk while the rest was still coming.
    assert sizes[-1] >= 14 * 1024 * 1024


async def test_packages_are_listed_in_pages_newest_first(host: Any) -> None:
    made = [await host.course(title=f"Course {number}") for number in range(5)]
    async with host.client("READ") as client:
        first = (await client.get("/api/v1/packages", params={"limit": 2})).json()
        second = (await client.get("/api/v1/packages", params={"limit": 2, "cursor": first["next_cursor"]})).json()
        third = (await client.get("/api/v1/packages", params={"limit": 2, "cursor": second["next_cursor"]})).json()
    pages = [[package["id"] for package in page["packages"]] for page in (first, second, third)]
    assert pages == [[made[4], made[3]], [made[2], made[1]], [made[0]]]
    assert third["next_cursor"] is None


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=-1", "limit=x", "limit=1.5", "cursor=%00", "cursor=nonsense", "limit=%FF"]
)
async def test_wrong_paging_is_refused(host: Any, query: str) -> None:
    async with host.client() as client:
        assert code(await client.get(f"/api/v1/packages?{query}")) == (400, "INVALID_REQUEST")


async def test_a_package_with_sessions_is_deleted_only_by_force(host: Any) -> None:
    package = await host.course()
    await host.launch(package)
    async with host.client() as client:
        assert code(await client.delete(f"/api/v1/packages/{package}")) == (409, "PACKAGE_IN_USE")
        assert code(await client.delete(f"/api/v1/packages/{package}?force=maybe")) == (400, "INVALID_REQUEST")
        deleted = await client.delete(f"/api/v1/packages/{package}?force=true")
        assert (deleted.status_code, deleted.content) == (204, b"")
        assert code(await client.get(f"/api/v1/packages/{package}")) == (404, "PACKAGE_NOT_FOUND")
        assert code(await client.get("/api/v1/sessions/s1")) == (404, "SESSION_NOT_FOUND")


@pytest.mark.parametrize("package_id", ["pkg_0", "a%00b", "%ED%A0%80", "x" * 300, "..%2F..", "%20"])
async def test_a_package_that_is_none_is_not_found(host: Any, package_id: str) -> None:
    async with host.client() as client:
        assert code(await client.get(f"/api/v1/packages/{package_id}")) == (404, "PACKAGE_NOT_FOUND")
        assert code(await client.delete(f"/api/v1/packages/{package_id}")) == (404, "PACKAGE_NOT_FOUND")
        launch = await client.post(f"/api/v1/packages/{package_id}/launch", json={"user_id": "u"})
        assert code(launch) == (404, "PACKAGE_NOT_FOUND")


@pytest.mark.parametrize("way", ["form", "raw"])
async def test_an_upload_that_the_disk_has_no_room_for_is_refused_until_later(
    host: Any, upload_folder: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    full = upload_folder / "upload.zip"
    full.touch()
    monkeypatch.setattr(tempfile, "mkstemp", lambda **_: (os.open("/dev/full", os.O_WRONLY), str(full)))
    data = build_package()
    async with host.client() as client:
        if way == "form":
            response = await client.post("/api/v1/packages", files={"file": data})
        else:
            response = await client.post("/api/v1/packages", content=data, headers={"Content-Type": "application/zip"})
    assert (response.status_code, response.json()) == (
        503,
        {
            "error": "The folder for uploads cannot be used: No space left on device.",
            "code": "STORAGE_UNAVAILABLE",
            "details": {},
        },
    )
    assert response.headers["Retry-After"] == "5"
    assert list(upload_folder.iterdir()) == []


async def test_an_import_without_a_place_to_unpack_is_refused_until_later(
    host: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = host.package_file()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(StorageUnavailableError, match="unpacked cannot be used: No such file or directory"):
        await host.scorm.import_package(package)


async def test_an_upload_that_is_cancelled_leaves_no_file(host: Any, upload_folder: Path) -> None:
    begun = anyio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b"PK"
        begun.set()
        await anyio.sleep_forever()

    async with host.client() as client, anyio.create_task_group() as tasks:
        headers = {"Content-Type": "application/zip"}
        tasks.start_soon(lambda: client.post("/api/v1/packages", content=endless(), headers=headers))
        await begun.wait()
        assert len(list(upload_folder.iterdir())) == 1
        tasks.cancel_scope.cancel()
    assert list(upload_folder.iterdir()) == []
