"""The proxy of docs/deployment.md: nginx with the page's own block, in front of a server that trusts it alone."""

from __future__ import annotations

import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.applications import Starlette
from starlette.types import Message, Receive, Scope, Send

from scorm_embed import ApiKey, MemoryContent, MemoryStorage, ScormEmbed
from scorm_embed.integrations.starlette import mount
from scorm_embed.testing import FakeLearner, course_12
from scorm_embed.web.options import Options

ROOT = Path(__file__).resolve().parents[1]
(BLOCK,) = re.findall(r"```nginx\n(.*?)```", (ROOT / "docs" / "deployment.md").read_text("utf-8"), re.S)
KEY = {"X-API-Key": "key-of-the-proxys-test"}
LEARNERS_ADDRESS = "127.0.0.2"
UPLOAD_BYTES_MAX = Options(secret_key="x" * 32).upload_bytes_max
CONFIGURATION = """
master_process off;
error_log {folder}/error.log;
pid {folder}/nginx.pid;
events {{}}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream lms {{ server 127.0.0.1:{upstream}; }}
    server {{
        listen 127.0.0.1:{port} ssl;
        server_name lms.example;
        ssl_certificate {folder}/certificate.pem;
        ssl_certificate_key {folder}/certificate.pem;
{block}
    }}
}}
"""


@dataclass
class Host:
    """The application behind the proxy; it notes what reaches it."""

    app: Any
    seen: list[tuple[str, str]] = field(default_factory=list)
    """Scheme and client of each request."""
    body_began: threading.Event = field(default_factory=threading.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.seen.append((scope["scheme"], scope["client"][0]))

        async def noting() -> Message:
            message = await receive()
            if message.get("body"):
                self.body_began.set()
            return message

        await self.app(scope, noting, send)


class _ToProxy(httpx.HTTPTransport):
    """Leads what is meant for the site's name to the proxy's port, as its DNS entry would."""

    def __init__(self, port: int) -> None:
        super().__init__(verify=False, local_address=LEARNERS_ADDRESS)
        self.port = port
        self.pages: list[httpx.URL] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert (request.url.scheme, request.url.host) == ("https", "lms.example")
        if request.method == "GET":
            self.pages.append(request.url)
        request.url = request.url.copy_with(host="127.0.0.1", port=self.port)
        return super().handle_request(request)


@dataclass
class Site:
    host: Host
    client: httpx.Client
    asked: list[httpx.URL]
    """The pages and files that were asked for."""
    folder: Path
    port: int


def _nginx() -> str:
    for found in (shutil.which("nginx"), str(Path(sys.executable).parent / "nginx"), "/usr/sbin/nginx"):
        if found and os.access(found, os.X_OK):
            return found
    if os.environ.get("CI") == "true":
        pytest.fail("no nginx: scripts/setup brings it")
    pytest.skip("no nginx: scripts/setup brings it")


def _certify(path: Path) -> None:
    """Write a key and a certificate of its own for the site's name."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "lms.example")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))


@contextmanager
def proxying(nginx: str, folder: Path, upstream: int) -> Iterator[int]:
    """Run nginx before a server; gives its own port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    _certify(folder / "certificate.pem")
    configuration = folder / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(folder=folder, upstream=upstream, port=port, block=BLOCK))
    command = [nginx, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(configuration)]
    # It goes to the background as soon as it listens.
    started = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert started.returncode == 0, started.stderr
    yield port
    subprocess.run([*command, "-s", "stop"], check=True, timeout=30)


@pytest.fixture(scope="module")
def site(
    serving: Callable[..., AbstractContextManager[str]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    nginx, folder = _nginx(), tmp_path_factory.mktemp("proxy")
    scorm = ScormEmbed(
        secret_key="a secret that is long enough, for tests only",
        storage=MemoryStorage(),
        content=MemoryContent(),
        api_keys=[ApiKey(KEY["X-API-Key"], scopes={"admin"})],
    )
    app = Starlette()
    mount(app, scorm, "/scorm")
    host = Host(app)
    with ExitStack() as running:
        url = running.enter_context(serving(host, proxy_headers=True, forwarded_allow_ips="127.0.0.1"))
        port = running.enter_context(proxying(nginx, folder, int(url.rpartition(":")[2])))
        transport = _ToProxy(port)
        client = httpx.Client(transport=transport, base_url="https://lms.example", timeout=30)
        yield Site(host, running.enter_context(client), transport.pages, folder, port)


def add_course(site: Site) -> str:
    files = {"file": ("course.zip", course_12("one", files={"film.bin": bytes(range(100))}))}
    answer = site.client.post("/scorm/api/v1/packages", headers=KEY, files=files)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def launch(site: Site, package: str, session: str) -> str:
    """Launch through the proxy; gives the address that the server makes of what the proxy tells it."""
    order = {"user_id": "ada", "session_id": session}
    answer = site.client.post(f"/scorm/api/v1/packages/{package}/launch", headers=KEY, json=order)
    assert answer.status_code in (200, 201), answer.text
    return str(answer.json()["launch_url"])


def test_a_course_plays_through_the_proxy_at_the_sites_own_address(site: Site) -> None:
    url = launch(site, add_course(site), "ada-1")
    assert url.startswith("https://lms.example/scorm/player/ada-1?token=")
    learner = FakeLearner(site.client).open(url)
    learner.sco.finish("passed", score=0.9)
    session = site.client.get("/scorm/api/v1/sessions/ada-1", headers=KEY).json()
    assert (session["success_status"], session["score"]["scaled"]) == ("passed", 0.9)


def test_the_server_is_told_the_scheme_and_the_learners_address(site: Site) -> None:
    site.host.seen.clear()
    assert site.client.get("/scorm/api/v1/health", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 200
    assert site.host.seen == [("https", LEARNERS_ADDRESS)]


def test_a_session_id_with_a_slash_passes_as_it_is(site: Site) -> None:
    url = launch(site, add_course(site), "school/7")
    assert "/player/school%2F7?" in url
    FakeLearner(site.client).open(url).close_window()


def test_a_part_of_a_file_is_given(site: Site) -> None:
    learner = FakeLearner(site.client).open(launch(site, add_course(site), "ada-2"))
    assert learner.state == "running"
    answer = site.client.get(site.asked[-1].join("film.bin"), headers={"Range": "bytes=10-12"})
    assert (answer.status_code, answer.content) == (206, bytes([10, 11, 12]))
    assert answer.headers["content-range"] == "bytes 10-12/100"


def test_an_upload_reaches_the_server_while_it_is_still_being_sent(site: Site) -> None:
    course = course_12("one", title="Sent in parts")
    site.host.body_began.clear()

    def parts() -> Iterator[bytes]:
        yield course[:500]
        assert site.host.body_began.wait(20), "the proxy keeps the body to its end"
        yield course[500:]

    headers = {**KEY, "Content-Type": "application/zip"}
    answer = site.client.post("/scorm/api/v1/packages", headers=headers, content=parts())
    assert (answer.status_code, answer.json()["title"]) == (201, "Sent in parts")


@pytest.mark.parametrize(("length", "line"), [(UPLOAD_BYTES_MAX, b"401"), (UPLOAD_BYTES_MAX + 1, b"413")])
def test_a_body_may_be_as_large_as_the_default_of_upload_bytes_max(site: Site, length: int, line: bytes) -> None:
    context = ssl._create_unverified_context()
    request = f"POST /scorm/api/v1/packages HTTP/1.1\r\nHost: lms.example\r\nContent-Length: {length}\r\n"
    with (
        socket.create_connection(("127.0.0.1", site.port), timeout=30) as plain,
        context.wrap_socket(plain, server_hostname="lms.example") as connection,
    ):
        connection.sendall(f"{request}Content-Type: application/zip\r\n\r\n".encode())
        # Nobody is signed in: the server says so before it reads a body that the proxy lets through.
        assert connection.recv(100).split()[1] == line


def test_no_address_of_the_player_is_written_into_the_proxys_log(site: Site) -> None:
    token = launch(site, add_course(site), "ada-3").partition("token=")[2]
    site.client.get(f"/scorm/player/ada-3?token={token}")
    site.client.get("/elsewhere")
    site.client.get("/later")  # the proxy, one process, writes a line before it takes the next request
    assert "/elsewhere" in (log := (site.folder / "access.log").read_text())
    assert "/scorm/" not in log
