"""What is particular to object stores: requests, failures, forks and options."""

from __future__ import annotations

import asyncio
import hashlib
import os

import pytest
from anyio import to_thread

from scorm_embed.errors import ConfigurationError, NotFoundError, StorageUnavailableError

stores = pytest.importorskip("obstore.store", reason="obstore is not installed")

from scorm_embed.content import object_store  # noqa: E402
from scorm_embed.content.object_store import ObjectContent  # noqa: E402

pytestmark = pytest.mark.anyio

DATA = b"blob" * 1000
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def source(tmp_path):
    """Give a file to put."""
    path = tmp_path / "source.zip"
    path.write_bytes(DATA)
    return path


async def test_a_blob_is_one_object_under_its_first_two_digits(source):
    inner = stores.MemoryStore()
    await ObjectContent(inner).put(DIGEST, source)
    assert [item["path"] for page in inner.list() for item in page] == [f"{DIGEST[:2]}/{DIGEST}.zip"]


async def test_the_size_is_asked_for_once(source, monkeypatch):
    content = ObjectContent(stores.MemoryStore())
    await content.put(DIGEST, source)
    asked = []
    head = object_store.obstore.head_async
    monkeypatch.setattr(object_store.obstore, "head_async", lambda *a: (asked.append(a), head(*a))[1])
    for start in range(5):
        assert await content.read(DIGEST, start, 4) == DATA[start : start + 4]
    assert len(asked) == 1


async def test_a_blob_that_was_deleted_by_another_worker_is_not_found(source):
    inner = stores.MemoryStore()
    one, other = ObjectContent(inner), ObjectContent(inner)
    await one.put(DIGEST, source)
    await one.read(DIGEST, 0, 1)
    await other.delete(DIGEST)
    with pytest.raises(NotFoundError):
        await one.read(DIGEST, 0, 1)
    with pytest.raises(NotFoundError):
        await one.size(DIGEST)


CALLS = {
    "put": lambda content, source: content.put(DIGEST, source),
    "size": lambda content, source: content.size(DIGEST),
    "read": lambda content, source: content.read(DIGEST, 0, 1),
    "stream": lambda content, source: anext(content.stream(DIGEST, 0, 1)),
    "delete": lambda content, source: content.delete(DIGEST),
}


@pytest.mark.parametrize("call", CALLS)
async def test_a_service_that_cannot_be_reached_is_unavailable_storage_and_tells_no_secret(source, call):
    content = ObjectContent(
        "s3://courses",
        endpoint="http://127.0.0.1:9",
        region="us-east-1",
        access_key_id="key-id",
        secret_access_key="very-secret",
        client_options={"allow_http": True},
        retry_config={"max_retries": 0},
    )
    with pytest.raises(StorageUnavailableError) as caught:
        await CALLS[call](content, source)
    assert caught.value.code == "STORAGE_UNAVAILABLE"
    assert "very-secret" not in caught.value.message
    assert "127.0.0.1" not in caught.value.message
    assert source.exists()


async def test_a_missing_source_leaves_nothing(tmp_path):
    content = ObjectContent(stores.MemoryStore())
    with pytest.raises(StorageUnavailableError):
        await content.put(DIGEST, tmp_path / "absent")
    with pytest.raises(NotFoundError):
        await content.size(DIGEST)


def in_child(action):
    """Give what an action writes in a forked child."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, action().encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        got = answer.read()
    os.waitpid(child, 0)
    return got


async def test_a_store_that_was_used_before_a_fork_refuses_to_work_in_the_child_instead_of_hanging(source):
    content = ObjectContent(stores.MemoryStore())
    await content.put(DIGEST, source)

    def use():
        try:
            asyncio.run(content.delete(DIGEST))
        except ConfigurationError as error:
            return error.message
        return "worked"

    assert "before this process was forked" in await to_thread.run_sync(in_child, use)
    assert await content.read(DIGEST, 0, 4) == b"blob"


@pytest.mark.parametrize(("given", "options"), [("", {}), (None, {}), (stores.MemoryStore(), {"region": "x"})])
def test_options_that_make_no_sense_are_refused_at_once(given, options):
    with pytest.raises(ConfigurationError):
        ObjectContent(given, **options)


async def test_a_url_that_cannot_be_used_is_a_configuration_error():
    for url in ("nonsense://x", "no url", "s3://"):
        with pytest.raises(ConfigurationError, match="cannot use the URL"):
            await ObjectContent(url).size(DIGEST)


def test_the_representation_shows_no_options():
    assert repr(ObjectContent("s3://courses", secret_access_key="x")) == "ObjectContent('s3://courses')"
    assert repr(ObjectContent(stores.MemoryStore())) == "ObjectContent(<store>)"
