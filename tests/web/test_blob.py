"""One file of a blob over HTTP, asked by a real client."""

from __future__ import annotations

import asyncio
import gzip
import random
import zipfile
import zlib
from pathlib import Path

import anyio
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorm_embed.content import Blob, DirectoryContent, MemoryContent, build_blob
from scorm_embed.web import blob as web_blob
from scorm_embed.web.blob import CACHE_IMMUTABLE, accepts_gzip, blob_response

pytestmark = pytest.mark.anyio

SCRIPT = b"".join(b"var item%d = %d;\n" % (number, number * 7919 % 1000) for number in range(10_000))
LARGE = b"".join(b"%d;" % (number * 2654435761 % 2**32) for number in range(250_000))
FILM = random.Random(5).randbytes(2_500_000)
FILES = {
    "course.js": SCRIPT,
    "large.json": LARGE,
    "film.mp4": FILM,
    "short.mp3": b"0123456789",
    "empty.txt": b"",
    "page": b"  \n<!-- made by hand --><!DOCTYPE html><p>page",
    "data": b"\0\1\2" * 100,
    "picture.svgz": gzip.compress(b"<svg/>"),
    "game.wasm.gz": gzip.compress(b"\0asm"),
    "imsmanifest.xml": b"<manifest/>",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Give a folder with the blob of the files above, and its digest."""
    folder = tmp_path_factory.mktemp("blob")
    with zipfile.ZipFile(folder / "course.zip", "w") as archive:
        for name, content in FILES.items():
            archive.writestr(name, content)
    digest = build_blob(folder / "course.zip", folder / "blob.zip").digest
    asyncio.run(DirectoryContent(folder / "store").put(digest, folder / "blob.zip"))
    return folder, digest


@pytest.fixture(params=["memory", "directory"])
async def blob(request, built):
    """Give the open blob in each store."""
    folder, digest = built
    store = DirectoryContent(folder / "store")
    if request.param == "memory":
        store = MemoryContent()
        await store.put(digest, folder / "blob.zip")
    yield await Blob.open(store, digest)
    await store.aclose()


def app_of(blob, cache=CACHE_IMMUTABLE):
    """Give an application that serves a blob under its root."""

    async def app(scope, receive, send):
        entry = blob.entry(scope["path"].removeprefix("/"))
        assert entry is not None
        response = await blob_response(scope, blob, entry, cache=cache)
        await response(scope, receive, send)

    return app


@pytest.fixture
async def client(blob):
    """Give a client that takes what it is given, encoded or not."""
    transport = httpx.ASGITransport(app_of(blob))
    async with httpx.AsyncClient(transport=transport, base_url="http://course") as made:
        made.headers["accept-encoding"] = "identity"
        yield made


async def raw(client, path, headers):
    """Give an answer with its body as it came over the wire."""
    async with client.stream("GET", path, headers=headers) as response:
        return response, b"".join([piece async for piece in response.aiter_raw()])


GZIP = {"accept-encoding": "gzip, deflate, br"}


@pytest.mark.parametrize("name", ["course.js", "large.json"])
async def test_a_deflated_file_goes_out_as_gzip_that_a_real_client_unpacks(client, name):
    response = await client.get(name, headers=GZIP)
    assert response.status_code == 200
    assert response.content == FILES[name]
    assert response.headers["content-encoding"] == "gzip"
    assert response.headers["vary"] == "Accept-Encoding"
    assert int(response.headers["content-length"]) < len(FILES[name]) / 2


@pytest.mark.parametrize("name", ["course.js", "large.json"])
async def test_the_gzip_frame_has_the_blobs_own_bytes_and_a_true_trailer(client, blob, name):
    response, body = await raw(client, name, GZIP)
    entry = blob.entry(name)
    assert len(body) == int(response.headers["content-length"]) == entry.compressed_size + 18
    assert body[10:-8] == await blob.read_packed(entry)
    assert body[-8:-4] == zlib.crc32(FILES[name]).to_bytes(4, "little")
    assert body[-4:] == len(FILES[name]).to_bytes(4, "little")
    assert gzip.decompress(body) == FILES[name]


@pytest.mark.parametrize("name", ["course.js", "large.json"])
@pytest.mark.parametrize("accept", ["identity", "", "br", "gzip;q=0", "*;q=0", "identity, gzip;q=0.0, br"])
async def test_a_client_that_cannot_take_gzip_gets_the_file_unpacked(client, name, accept):
    response, body = await raw(client, name, {"accept-encoding": accept})
    assert body == FILES[name]
    assert "content-encoding" not in response.headers
    assert response.headers["content-length"] == str(len(FILES[name]))
    assert response.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("x-gzip", True),
        ("deflate, gzip;q=1.0, *;q=0.5", True),
        ("gzip ; q=0.001", True),
        ("*", True),
        ("br, *;q=0.1", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip;q=0, *", False),
        ("*;q=0", False),
        ("gzip;q=nonsense", False),
        ("gzipped", False),
    ],
)
def test_accept_encoding_is_read_with_its_weights(header, accepted):
    assert accepts_gzip(header) is accepted


@pytest.mark.parametrize("name", ["film.mp4", "short.mp3", "empty.txt"])
async def test_a_stored_file_goes_out_as_it_is_and_offers_ranges(client, name):
    response, body = await raw(client, name, GZIP)
    assert (response.status_code, body) == (200, FILES[name])
    assert response.headers["accept-ranges"] == "bytes"
    assert response.headers["content-length"] == str(len(FILES[name]))
    assert "vary" not in response.headers
    assert "content-encoding" not in response.headers


async def test_a_deflated_file_offers_no_ranges_and_answers_them_with_the_whole(client):
    response = await client.get("course.js", headers={"range": "bytes=0-9"})
    assert (response.status_code, response.content) == (200, SCRIPT)
    assert "accept-ranges" not in response.headers


@pytest.mark.parametrize(
    ("asked", "content_range", "body"),
    [
        ("bytes=0-3", "bytes 0-3/10", b"0123"),
        ("bytes=0-", "bytes 0-9/10", b"0123456789"),
        ("bytes=9-", "bytes 9-9/10", b"9"),
        ("bytes=3-3", "bytes 3-3/10", b"3"),
        ("bytes=7-999", "bytes 7-9/10", b"789"),
        ("bytes=-4", "bytes 6-9/10", b"6789"),
        ("bytes=-99", "bytes 0-9/10", b"0123456789"),
        ("BYTES = 1 - 2 ", "bytes 1-2/10", b"12"),
    ],
)
async def test_one_range_is_answered_with_its_bytes(client, asked, content_range, body):
    response = await client.get("short.mp3", headers={"range": asked})
    assert (response.status_code, response.content) == (206, body)
    assert response.headers["content-range"] == content_range
    assert response.headers["content-length"] == str(len(body))
    assert response.headers["content-type"] == "audio/mpeg"


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=999-"])
async def test_a_range_outside_the_file_is_416_with_the_size(client, asked):
    response = await client.get("short.mp3", headers={"range": asked})
    assert (response.status_code, response.content) == (416, b"")
    assert response.headers["content-range"] == "bytes */10"
    assert response.headers["cache-control"] == "no-store"


async def test_an_empty_file_has_no_range(client):
    assert (await client.get("empty.txt", headers={"range": "bytes=0-"})).status_code == 416


@pytest.mark.parametrize(
    "asked",
    ["bytes=0-1,4-5", "bytes=5-2", "bytes=-", "bytes=a-b", "items=0-1", "0-1", "bytes=0-" + "9" * 30, "bytes=--1"],
)
async def test_several_ranges_and_ranges_that_mean_nothing_are_answered_with_the_whole(client, asked):
    response = await client.get("short.mp3", headers={"range": asked})
    assert (response.status_code, response.content) == (200, b"0123456789")


@pytest.mark.parametrize(("start", "end"), [(0, 0), (1, 1_500_000), (1_000_000, 2_499_999), (2_499_999, 2_499_999)])
async def test_a_video_seeks(client, start, end):
    response = await client.get("film.mp4", headers={"range": f"bytes={start}-{end}"})
    assert response.status_code == 206
    assert response.content == FILM[start : end + 1]


async def test_if_range_with_the_tag_gives_the_range_and_with_anything_else_the_whole(client):
    tag = (await client.head("short.mp3")).headers["etag"]
    for condition, status in ((tag, 206), ('"other"', 200), (f"W/{tag}", 200), ("Wed, 21 Oct 2015 07:28:00 GMT", 200)):
        response = await client.get("short.mp3", headers={"range": "bytes=0-1", "if-range": condition})
        assert response.status_code == status


async def test_tags_are_strong_stable_and_differ_between_gzip_and_plain(client):
    plain = (await client.get("course.js")).headers["etag"]
    packed = (await client.get("course.js", headers=GZIP)).headers["etag"]
    assert plain == f'"{zlib.crc32(SCRIPT):08x}-{len(SCRIPT):x}"'
    assert packed.endswith('-gzip"')
    assert plain != packed
    assert (await client.get("course.js", headers=GZIP)).headers["etag"] == packed


@pytest.mark.parametrize("name", ["course.js", "film.mp4"])
@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', '"other",W/{}', "*"])
async def test_a_client_that_has_the_file_gets_304_without_a_body(client, name, form):
    for encoding in ({}, GZIP):
        first = await client.get(name, headers=encoding)
        again = await client.get(name, headers=encoding | {"if-none-match": form.format(first.headers["etag"])})
        assert (again.status_code, again.content) == (304, b"")
        for header in ("etag", "cache-control", "vary"):
            assert again.headers.get(header) == first.headers.get(header)
        assert "content-length" not in again.headers
        assert "content-type" not in again.headers


async def test_a_client_that_has_another_form_or_version_gets_the_file(client):
    packed = (await client.get("course.js", headers=GZIP)).headers["etag"]
    for tag in (packed, '"other"', "nonsense", '""'):
        assert (await client.get("course.js", headers={"if-none-match": tag})).status_code == 200


async def test_if_none_match_wins_over_a_range(client):
    tag = (await client.head("short.mp3")).headers["etag"]
    response = await client.get("short.mp3", headers={"range": "bytes=99-", "if-none-match": tag})
    assert response.status_code == 304


async def test_if_match_that_does_not_match_is_412(client):
    tag = (await client.head("short.mp3")).headers["etag"]
    for condition, status in ((tag, 200), ("*", 200), (f'"x", {tag}', 200), ('"x"', 412), (f"W/{tag}", 412)):
        assert (await client.get("short.mp3", headers={"if-match": condition})).status_code == status


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
async def test_head_has_the_headers_of_get_and_no_body(client, name, encoding):
    headers = {"accept-encoding": encoding}
    got, _ = await raw(client, name, headers)
    head = await client.head(name, headers=headers)
    assert (head.status_code, head.content) == (200, b"")
    assert dict(head.headers) == dict(got.headers)


async def test_head_ignores_ranges(client):
    response = await client.head("short.mp3", headers={"range": "bytes=0-1"})
    assert (response.status_code, response.headers["content-length"]) == (200, "10")


@pytest.mark.parametrize(
    ("name", "media_type", "encoding"),
    [
        ("course.js", "text/javascript", None),
        ("film.mp4", "video/mp4", None),
        ("page", "text/html", None),
        ("data", "application/octet-stream", None),
        ("imsmanifest.xml", "application/xml", None),
        ("picture.svgz", "image/svg+xml", "gzip"),
        ("game.wasm.gz", "application/wasm", "gzip"),
    ],
)
async def test_types_come_from_the_name_then_from_the_content_and_no_charset_is_invented(
    client, name, media_type, encoding
):
    response, body = await raw(client, name, {})
    assert response.headers["content-type"] == media_type
    assert response.headers.get("content-encoding") == encoding
    assert response.headers["x-content-type-options"] == "nosniff"
    assert body == FILES[name]


async def test_the_cache_header_is_the_callers(blob):
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app_of(blob, "no-cache")), base_url="http://x"
    ) as client:
        assert (await client.get("course.js")).headers["cache-control"] == "no-cache"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app_of(blob)), base_url="http://x") as client:
        assert (await client.get("course.js")).headers["cache-control"] == "private, max-age=31536000, immutable"


async def test_headers_can_be_added_to_an_answer(blob):
    scope = {"type": "http", "method": "GET", "headers": []}
    response = await blob_response(scope, blob, blob.entry("course.js"))
    response.headers["content-security-policy"] = "default-src 'self'"
    assert (b"content-security-policy", b"default-src 'self'") in response.raw_headers


async def sent(blob, name, *, messages, version="2.3"):
    """Serve a file to a client that may go away; give what was sent."""
    scope = {"type": "http", "method": "GET", "headers": [], "asgi": {"spec_version": version}}
    response = await blob_response(scope, blob, blob.entry(name))
    events = []

    async def receive():
        while not messages(events):
            await anyio.sleep(0)
        return {"type": "http.disconnect"}

    async def send(event):
        events.append(event)
        await anyio.sleep(0)

    await response(scope, receive, send)
    return events


async def test_a_large_file_is_sent_in_pieces_and_ends_once(blob):
    for version in ("2.3", "2.4"):
        events = await sent(blob, "film.mp4", messages=lambda events: False, version=version)
        assert b"".join(event.get("body", b"") for event in events) == FILM
        assert [event.get("more_body", False) for event in events[1:]] == [True] * (len(events) - 2) + [False]
        assert max(len(event.get("body", b"")) for event in events) <= 256 * 1024


async def test_sending_stops_when_the_client_has_gone_away(blob):
    events = await sent(blob, "film.mp4", messages=lambda events: len(events) >= 3)
    assert len(events) <= 5
    assert all(event.get("more_body", True) for event in events[1:])


async def test_a_small_file_is_read_and_sent_in_one_piece(blob):
    events = await sent(blob, "course.js", messages=lambda events: False)
    assert [event["type"] for event in events] == ["http.response.start", "http.response.body"]


RANGES = st.one_of(
    st.text(max_size=20),
    st.from_regex(r"bytes=[0-9]{0,3}-[0-9]{0,3}", fullmatch=True),
    st.from_regex(r"bytes=[0-9]{1,3}-[0-9]{0,3}, ?-[0-9]{1,20}", fullmatch=True),
)


@given(RANGES, st.integers(0, 300))
def test_any_range_header_gives_a_part_of_the_file_or_the_whole(header, size):
    asked = web_blob._asked_range({b"range": header}, '"t"', size)
    assert asked is None or 0 <= asked.start <= asked.end <= size


@given(st.binary(max_size=600))
def test_any_beginning_of_a_file_can_be_looked_at(start):
    assert web_blob._HTML_START.match(start) is None or b"<" in start


@pytest.mark.parametrize(
    ("start", "html"),
    [
        (b"<!DOCTYPE html>", True),
        (b"\xef\xbb\xbf\r\n<HTML lang=en>", True),
        (b"<head>", True),
        (b"<script>", True),
        (b"<!-- saved --> <!-- twice -->\n<body class=x>", True),
        (b"<htmlish>", False),
        (b"<?xml version='1.0'?>", False),
        (b"text <html>", False),
        (b"", False),
        (b"<!--" * 128, False),
    ],
)
def test_html_is_told_by_its_first_tag(start, html):
    assert bool(web_blob._HTML_START.match(start)) is html


def test_a_file_of_nothing_but_comments_is_looked_at_in_no_time():
    """Read with backtracking this would take longer than the universe has."""
    assert web_blob._HTML_START.match(b"<!---->" * 73) is None
    assert web_blob._HTML_START.match(b"<!-- " * 100 + b"-->" * 4) is None
    assert web_blob._HTML_START.match(b"<!---->" * 73 + b"<html>")


def test_the_module_serves_files_of_a_real_zip_tool_too(tmp_path: Path):
    path = tmp_path / "made.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("imsmanifest.xml", "<manifest/>" * 20)
    entry = build_blob(path, tmp_path / "blob").index.entry("imsmanifest.xml")
    assert web_blob._gzip_trailer(entry) == gzip.compress(b"<manifest/>" * 20)[-8:]
