"""Who calls too often is told when to come back, and nobody else is."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import which
from typing import Any

import httpx
import pytest

from scorm_embed import ApiKey, ConfigurationError, RateLimits, ScormEmbed

pytestmark = pytest.mark.anyio

SECRET = "x" * 32
NONE: dict[str, Any] = dict.fromkeys(("api_key", "learner", "launch", "content", "failures"))
PACKAGES = "/api/v1/packages"


def only(**limits: Any) -> RateLimits:
    """These limits and no others."""
    return RateLimits(**{**NONE, **limits})


class Watch:
    """The clock that counts are kept by."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    made = Watch()
    monkeypatch.setattr(time, "time", made)
    return made


def refusal(response: httpx.Response) -> tuple[int, str, str | None]:
    return response.status_code, response.json()["code"], response.headers.get("Retry-After")


async def statuses(client: httpx.AsyncClient, count: int, path: str = PACKAGES, **arguments: Any) -> list[int]:
    return [(await client.get(path, **arguments)).status_code for _ in range(count)]


async def test_without_the_option_nobody_is_limited(host: Any) -> None:
    async with host.client() as client:
        assert await statuses(client, 200) == [200] * 200


async def test_the_last_request_of_a_window_passes_and_the_next_is_told_when_the_window_ends(
    make_host: Any, watch: Watch, check: Any
) -> None:
    async with make_host(rate_limits=only(api_key="3/minute")).client() as client:
        assert await statuses(client, 1) == [200]
        watch.now += 17.5
        assert await statuses(client, 2) == [200, 200]
        response = await client.get(PACKAGES)
        assert refusal(response) == (429, "RATE_LIMIT_EXCEEDED", "43")
        assert response.json()["details"] == {"retry_after_seconds": 43}
        check("Error", response.json())
        watch.now += 42
        assert refusal(await client.get(PACKAGES)) == (429, "RATE_LIMIT_EXCEEDED", "1")
        watch.now += 0.5
        assert await statuses(client, 4) == [200, 200, 200, 429]


async def test_of_several_limits_the_longest_wait_is_told(make_host: Any, watch: Watch) -> None:
    async with make_host(rate_limits=only(api_key="2/second; 3/hour")).client() as client:
        assert await statuses(client, 2) == [200, 200]
        assert refusal(await client.get(PACKAGES)) == (429, "RATE_LIMIT_EXCEEDED", "1")
        watch.now += 1
        assert refusal(await client.get(PACKAGES)) == (429, "RATE_LIMIT_EXCEEDED", "3599")


async def test_each_api_key_has_a_count_of_its_own(make_host: Any, watch: Watch) -> None:
    host = make_host(rate_limits=only(api_key="1/minute"))
    for key in ("ADMIN", "READ", "OTHER"):
        async with host.client(key) as client:
            assert await statuses(client, 2) == [200, 429]
    async with host.client("ADMIN") as client:
        assert await statuses(client, 1) == [429]


async def test_each_signed_in_learner_has_a_count_of_their_own(make_host: Any, login: Any, watch: Watch) -> None:
    host = make_host(learner=login, rate_limits=only(learner="1/minute"))
    await host.launch(await host.course(), "s1", "u1")
    for user, tenant in (("u1", "default"), ("u2", "default"), ("u1", "other")):
        async with host.client(None, user=user) as client:
            client.cookies["tenant"] = tenant
            response = await client.get("/api/v1/sessions/s1")
            assert response.status_code == (200 if (user, tenant) == ("u1", "default") else 404)
            assert refusal(await client.get("/api/v1/sessions/s1"))[:2] == (429, "RATE_LIMIT_EXCEEDED")


async def test_each_launch_has_a_count_of_its_own_that_a_reload_does_not_begin_again(
    make_host: Any, watch: Watch
) -> None:
    host = make_host(rate_limits=only(launch="3/minute"))
    package = await host.course()
    first = await host.launch(package)
    await host.start(await host.open(first["launch_url"]))
    await host.open(first["launch_url"])
    async with host.client(None) as client:
        response = await client.get(first["launch_url"], headers={"Accept-Language": "de"})
        assert (response.status_code, response.headers["Retry-After"]) == (429, "60")
        assert "Bitte versuchen Sie es später erneut" in response.text
        assert "RATE_LIMIT_EXCEEDED" in response.text
    second = await host.launch(package, "s2")
    assert await host.start(await host.open(second["launch_url"]))


async def test_files_of_a_course_are_counted_by_session_where_that_is_asked_for(make_host: Any, watch: Watch) -> None:
    host = make_host(rate_limits=only(content="2/minute"))
    package = await host.course()
    async with host.client(None) as client:
        for session in ("s1", "s2"):
            boot = await host.open((await host.launch(package, session))["launch_url"])
            url = (await host.start(boot))["view"]["activity"]["url"]
            assert await statuses(client, 3, "http://host" + url) == [200, 200, 429]


async def test_an_address_that_proves_nothing_is_limited_and_cannot_go_on_guessing_keys(
    make_host: Any, watch: Watch
) -> None:
    host = make_host(rate_limits=only(failures="2/minute"))
    async with host.client("WRONG") as client:
        assert await statuses(client, 2) == [401, 401]
        assert refusal(await client.get(PACKAGES)) == (429, "RATE_LIMIT_EXCEEDED", "60")
        client.headers["X-API-Key"] = "ADMIN"
        assert await statuses(client, 1) == [429]
        watch.now += 60
        assert await statuses(client, 1) == [200]


async def test_a_launch_goes_on_behind_an_address_that_fails_too_often(make_host: Any, watch: Watch) -> None:
    host = make_host(rate_limits=only(failures="1/minute"))
    launch = await host.launch(await host.course())
    async with host.client(None) as client:
        assert await statuses(client, 3, "/player/s1", params={"token": "forged"}) == [401, 429, 429]
    assert await host.start(await host.open(launch["launch_url"]))


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        ("10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.2", False),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
    ],
)
async def test_addresses_of_one_customer_count_together(
    make_host: Any, watch: Watch, first: str, second: str, together: bool
) -> None:
    host = make_host(rate_limits=only(failures="1/minute"))
    found = []
    for address in (first, second):
        transport = httpx.ASGITransport(host.scorm, root_path="/scorm", client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://host/scorm") as client:
            found += await statuses(client, 1)
    assert found == [401, 429 if together else 401]


async def test_what_is_open_to_everybody_is_not_counted(make_host: Any) -> None:
    host = make_host(rate_limits=only(failures="1/minute", api_key="1/minute"))
    async with host.client() as client:
        assert await statuses(client, 20, "/api/v1/health") == [200] * 20


@pytest.mark.parametrize("name", ["api_key", "learner", "launch", "content", "failures"])
@pytest.mark.parametrize("wrong", ["", "often", "0/minute", "-1/minute", "5", 5, b"5/minute", "5/fortnight"])
def test_what_is_no_limit_is_refused_at_once(name: str, wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"RateLimits.{name} must be a text"):
        RateLimits(**{name: wrong})


@pytest.mark.parametrize("wrong", ["", "redis", "nowhere://secret@host", 5, None])
def test_a_store_that_is_none_is_refused_at_once_and_its_password_not_shown(wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"RateLimits\.storage must be 'memory://'") as caught:
        RateLimits(storage=wrong)
    assert "secret" not in str(caught.value)
    assert "secret" not in repr(RateLimits(storage="redis://:secret@127.0.0.1:1"))


def test_the_option_takes_rate_limits_only() -> None:
    with pytest.raises(ConfigurationError, match="rate_limits must be a RateLimits object"):
        ScormEmbed(secret_key=SECRET, rate_limits="5/minute")  # type: ignore[arg-type]


def test_without_the_extra_the_option_says_what_to_install() -> None:
    program = """
import sys
sys.modules["limits"] = None
import scorm_embed
scorm_embed.ScormEmbed(secret_key="x" * 32)
try:
    scorm_embed.RateLimits()
except scorm_embed.ConfigurationError as error:
    print(error.message)
"""
    told = subprocess.run([sys.executable, "-c", program], check=True, timeout=60, capture_output=True, text=True)
    assert told.stdout == "rate_limits needs the extra: pip install 'scorm-embed[limits]'.\n"


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Starts a Redis server of this test's own and gives its URL; the server ends with the test, or before."""
    program = which("redis-server")
    if program is None:
        pytest.skip("needs redis-server")
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = [program, "--port", str(port), "--save", "", "--dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert any("Ready to accept connections" in line for line in running.stdout)

        def stop() -> None:
            running.terminate()
            running.wait(10)

        stop.url = f"redis://127.0.0.1:{port}"  # type: ignore[attr-defined]
        yield stop
        running.terminate()


async def test_workers_count_together_in_redis_and_their_secrets_stay_out_of_it(make_host: Any, redis: Any) -> None:
    hosts = [make_host(rate_limits=only(api_key="3/hour", storage=redis.url)) for _ in range(2)]
    found = []
    for host in (*hosts, *hosts):
        async with host.client() as client:
            found.append((await client.get(PACKAGES)).status_code)
    assert found == [200, 200, 200, 429]
    async with hosts[0].client() as client:
        wait = (await client.get(PACKAGES)).headers["Retry-After"]
    assert 3590 <= int(wait) <= 3600
    from redis.asyncio import from_url

    async with from_url(hosts[0].scorm._options.rate_limits.storage) as store:
        keys = [key.decode() for key in await store.keys()]
    assert len(keys) == 1
    assert ApiKey("ADMIN").key_hash not in keys[0]
    assert "ADMIN" not in keys[0]
    for host in hosts:
        await host.scorm.aclose()


async def test_a_store_that_is_away_holds_nobody_back(
    make_host: Any, redis: Any, caplog: pytest.LogCaptureFixture
) -> None:
    host = make_host(rate_limits=only(api_key="1/hour", storage=redis.url))
    async with host.client() as client:
        assert await statuses(client, 2) == [200, 429]
        redis()
        assert await statuses(client, 3) == [200, 200, 200]
    told = [record.message for record in caplog.records if "rate limits" in record.message]
    assert told == ["The store of the rate limits does not answer; nobody is limited."]
    await host.scorm.aclose()
