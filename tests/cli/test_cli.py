"""The command line: each command as a process of its own, as its user runs it."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from scorm_embed import verify_webhook
from scorm_embed.cli import MISSING
from scorm_embed.cli.commands import commands
from scorm_embed.content import DirectoryContent
from scorm_embed.core.standard import Standard
from scorm_embed.service import Service
from scorm_embed.storage import SQLStorage
from scorm_embed.storage.base import SessionChange
from scorm_embed.testing.package_builder import Defect, build_package
from scorm_embed.testing.player import FakePlayer

START_SECONDS = 60


@pytest.fixture
def course(tmp_path: Path) -> Path:
    path = tmp_path / "course.zip"
    path.write_bytes(build_package(Standard.SCORM_2004_4TH))
    return path


@contextmanager
def running(*arguments: str | Path, folder: Path) -> Iterator[tuple[subprocess.Popen[str], Queue[str]]]:
    """A command in a process of its own, with the lines that it prints."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "scorm_embed.cli", *map(str, arguments)],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines: Queue[str] = Queue()
    assert process.stdout is not None
    output = process.stdout

    def copy() -> None:
        for line in output:
            lines.put(line)

    reader = threading.Thread(target=copy)
    reader.start()
    try:
        yield process, lines
    finally:
        process.kill()
        process.wait()
        reader.join()
        output.close()


def line_with(lines: Queue[str], start: str) -> str:
    seen = []
    while True:
        try:
            line = lines.get(timeout=START_SECONDS)
        except Empty:
            raise AssertionError(f"never printed {start!r}: {seen}") from None
        if line.startswith(start):
            return line.removeprefix(start).strip()
        seen.append(line)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def stop(process: subprocess.Popen[str], number: int) -> int:
    process.send_signal(number)
    return process.wait(timeout=30)


def test_serve_answers_stops_cleanly_and_keeps_everything(tmp_path: Path, course: Path) -> None:
    arguments = ("serve", "--port", str(free_port()), "--database", "sqlite:///data/t.db", "--content", "data/files")
    token_url = ""
    for turn in (1, 2):
        with running(*arguments, "--api-key", "KEY", folder=tmp_path) as (process, lines):
            base = line_with(lines, "Serving: ")
            with httpx.Client(base_url=base, headers={"X-API-Key": "KEY"}) as client:
                assert client.get("/api/v1/health").json() == {"status": "ok"}
                assert client.get("/api/v1/packages", headers={"X-API-Key": "NO"}).status_code == 401
                if turn == 1:
                    package = client.post("/api/v1/packages", files={"file": course.read_bytes()}).json()["id"]
                    body = {"user_id": "u", "session_id": "s"}
                    token_url = client.post(f"/api/v1/packages/{package}/launch", json=body).json()["launch_url"]
                    assert token_url.startswith(f"{base}/player/s?token=")
                # A launch outlives a restart: the secret is kept.
                assert client.get(token_url).status_code == 200
                assert client.get("/api/v1/sessions/s").json()["user_id"] == "u"
            assert stop(process, signal.SIGTERM) == 0
    assert (tmp_path / "data" / "files.secret").stat().st_mode & 0o077 == 0


def test_serve_makes_a_key_and_prints_no_token(tmp_path: Path, course: Path) -> None:
    with running("serve", "--port", "0", folder=tmp_path) as (process, lines):
        key = line_with(lines, "API key: ")
        base = line_with(lines, "Serving: ")
        with httpx.Client(base_url=base, headers={"X-API-Key": key}) as client:
            package = client.post("/api/v1/packages", files={"file": course.read_bytes()}).json()["id"]
            launched = client.post(f"/api/v1/packages/{package}/launch", json={"user_id": "u"}).json()
            assert client.get(launched["launch_url"]).status_code == 200
        assert stop(process, signal.SIGINT) == 0
        printed = ""
        while not lines.empty():
            printed += lines.get()
    assert launched["launch_token"] not in printed


def test_serve_refuses_who_asks_too_often(tmp_path: Path) -> None:
    arguments = ("serve", "--port", "0", "--api-key", "KEY", "--rate-limit", "api_key=2/hour")
    with running(*arguments, folder=tmp_path) as (process, lines):
        with httpx.Client(base_url=line_with(lines, "Serving: "), headers={"X-API-Key": "KEY"}) as client:
            assert [client.get("/api/v1/packages").status_code for _ in range(3)] == [200, 200, 429]
        assert stop(process, signal.SIGTERM) == 0


def test_serve_strict_plays_strictly(tmp_path: Path, course: Path) -> None:
    with running("serve", "--port", "0", "--api-key", "KEY", "--strict", folder=tmp_path) as (process, lines):
        base = line_with(lines, "Serving: ")
        with httpx.Client(base_url=base, headers={"X-API-Key": "KEY"}) as client:
            package = client.post("/api/v1/packages", files={"file": course.read_bytes()}).json()["id"]
            launched = client.post(f"/api/v1/packages/{package}/launch", json={"user_id": "u"}).json()
            assert '"strictness":"conformant"' in client.get(launched["launch_url"]).text
        assert stop(process, signal.SIGTERM) == 0


def test_serve_tells_other_systems_by_signed_calls(
    tmp_path: Path, course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: Queue[tuple[dict[str, str], bytes]] = Queue()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            calls.put((dict(self.headers.items()), self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            pass

    old, new = (f"whsec_{base64.b64encode(letter * 32).decode()}" for letter in (b"o", b"n"))
    monkeypatch.setenv("SCORM_EMBED_WEBHOOK_SECRET", f"{new} {old}")
    with HTTPServer(("127.0.0.1", 0), Receiver) as receiver:
        thread = threading.Thread(target=receiver.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{receiver.server_address[1]}/"
        arguments = ("serve", "--port", "0", "--api-key", "KEY", "--webhook", address)
        try:
            with running(*arguments, folder=tmp_path) as (process, lines):
                base = line_with(lines, "Serving: ")
                with httpx.Client(base_url=base, headers={"X-API-Key": "KEY"}) as client:
                    package = client.post("/api/v1/packages", files={"file": course.read_bytes()}).json()["id"]
                    body = {"user_id": "u", "session_id": "s"}
                    client.post(f"/api/v1/packages/{package}/launch", json=body)
                    change = {"version": 1, "completion_status": "completed"}
                    assert client.put("/api/v1/sessions/s", json=change).status_code == 200
                    told = [verify_webhook(old, *calls.get(timeout=START_SECONDS)) for _ in range(2)]
                assert stop(process, signal.SIGTERM) == 0
        finally:
            receiver.shutdown()
            thread.join()
    assert [(event["type"], event["session"]["id"]) for event in told] == [("progress", "s"), ("completed", "s")]


def test_play_prints_the_player_and_leaves_nothing_behind(tmp_path: Path, course: Path) -> None:
    with running("play", course, "--port", str(free_port()), "--no-open", folder=tmp_path) as (process, lines):
        url = line_with(lines, "Player: ")
        for _ in range(2):  # the page can be opened again
            page = httpx.get(url)
            assert page.status_code == 200
            assert 'data-player-state="loading"' in page.text
        assert stop(process, signal.SIGTERM) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["course.zip"]


def invoke(*arguments: str | Path) -> Any:
    return CliRunner().invoke(commands, [str(argument) for argument in arguments])


def test_play_says_why_a_package_cannot_be_played(tmp_path: Path) -> None:
    bad = tmp_path / "bad.zip"
    bad.write_text("no zip")
    result = invoke("play", bad, "--port", "0", "--no-open")
    assert result.exit_code == 1
    assert "INVALID_FILE_TYPE" in result.output
    assert "Traceback" not in result.output


def test_a_port_in_use_is_said_so(course: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        result = invoke("play", course, "--port", str(port), "--no-open")
    assert result.exit_code == 1
    assert f"Port {port}" in result.output


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--api-key", "with space"], "visible ASCII"),
        (["--api-key", "KEY", "--base-url", "nowhere"], "base_url"),
        (["--api-key", "KEY", "--frame-ancestor", "*"], "frame_ancestors"),
        (["--api-key", "KEY", "--database", "oracle://x"], "oracle"),
        (["--api-key", "KEY", "--webhook", "https://hr.example/"], "SCORM_EMBED_WEBHOOK_SECRET"),
        (["--api-key", "KEY", "--rate-limit", "nobody=1/minute"], "--rate-limit knows no nobody."),
        (["--api-key", "KEY", "--rate-limit", "api_key=often"], "RateLimits.api_key"),
        (["--api-key", "KEY", "--rate-limit", "api_key"], "RateLimits.api_key"),
    ],
)
def test_a_wrong_option_of_serve_is_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], word: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = invoke("serve", *arguments)
    assert result.exit_code == 2
    assert word in result.output


def test_check_finds_nothing_in_a_clean_package(course: Path) -> None:
    result = invoke("check", course)
    assert result.exit_code == 0
    assert result.output == "Course (scorm_2004_4th)\nNothing is wrong with this package.\n"
    report = json.loads(invoke("check", course, "--json").output)
    assert report == {
        "course": "course.zip",
        "title": "Course",
        "standard": "scorm_2004_4th",
        "findings": [],
        "counts": {"blocks": 0, "hurts": 0, "untidy": 0},
    }


@pytest.mark.parametrize(
    ("defect", "exit_code", "finding"),
    [
        (Defect.WRAPPER_FOLDER, 0, "MANIFEST_IN_FOLDER"),
        (Defect.UNLISTED_FILES, 0, None),
        (Defect.NO_MANIFEST, 2, "MANIFEST_NOT_FOUND"),
        (Defect.BROKEN_XML, 2, "NOT_XML"),
        (Defect.NO_ORGANIZATION, None, None),
    ],
)
def test_check_ranks_what_it_finds(tmp_path: Path, defect: Defect, exit_code: int | None, finding: str | None) -> None:
    path = tmp_path / "course.zip"
    path.write_bytes(build_package(defects=[defect]))
    result = invoke("check", path, "--json")
    report = json.loads(result.output)
    worst = [severity for severity in ("blocks", "hurts") if report["counts"][severity]]
    assert result.exit_code == {"blocks": 2, "hurts": 1}.get(worst[0] if worst else "", 0)
    if exit_code is not None:
        assert result.exit_code == exit_code
    if finding is not None:
        assert finding in [entry["code"] for entry in report["findings"]]
        assert finding in invoke("check", path).output


def test_check_of_no_zip_blocks(tmp_path: Path) -> None:
    path = tmp_path / "text.zip"
    path.write_text("text")
    assert invoke("check", path).exit_code == 2


def test_without_its_libraries_the_command_says_what_to_install() -> None:
    program = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"click", "uvicorn"}:
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Missing())
from scorm_embed.cli import main
main()
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert result.returncode == 1
    assert result.stderr == MISSING + "\n"


# -- maintain

SITE = """
from scorm_embed import DirectoryContent, ScormEmbed, SQLStorage

scorm = ScormEmbed(
    secret_key="x" * 32, storage=SQLStorage("sqlite:///lms.db"), content=DirectoryContent("content"), base_url="http://h"
)
nothing = object()


@scorm.on("ended")
def note(event):
    with open("told.txt", "a") as file:
        file.write(f"{event.type} {event.session_id}\\n")
"""


def leave_an_expired_launch(folder: Path, course: Path) -> None:
    """A session whose player died an hour ago."""

    async def main() -> None:
        storage = SQLStorage(f"sqlite:///{folder / 'lms.db'}")
        service = Service(storage, DirectoryContent(folder / "content"))
        package = await service.import_package("default", course)
        launched = await service.launch("default", package["id"], "ada", session_id="s1")
        await FakePlayer(service, launched).open()
        found = await storage.load_session("default", "s1")
        assert found is not None
        record = found[0]
        over = datetime.now(UTC) - timedelta(hours=1)
        late = replace(record, version=record.version + 1, expires_at=over)
        await storage.save_session("default", SessionChange(late, record.version))
        await service.aclose()

    asyncio.run(main())


def test_maintain_ends_what_has_expired_and_tells_the_hosts_own_functions(tmp_path: Path, course: Path) -> None:
    (tmp_path / "lms_site.py").write_text(SITE)
    leave_an_expired_launch(tmp_path, course)
    command = [sys.executable, "-m", "scorm_embed.cli", "maintain", "lms_site:scorm"]
    first, second = (
        subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True) for _ in range(2)
    )
    nothing = {"ended": 0, "delivered": 0, "failed": 0, "dead": 0, "pruned": 0}
    assert json.loads(first.stdout) == {**nothing, "ended": 1, "delivered": 1}
    assert json.loads(second.stdout) == nothing
    assert (tmp_path / "told.txt").read_text() == "ended s1\n"


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("lms_site", "not of the form"),
        ("no_such_module:scorm", "There is no module"),
        ("lms_site:nothing", "is no ScormEmbed"),
        ("lms_site:scorm.storage", "is no ScormEmbed"),
    ],
)
def test_maintain_says_what_is_wrong_with_its_target(tmp_path: Path, target: str, message: str) -> None:
    (tmp_path / "lms_site.py").write_text(SITE)
    command = [sys.executable, "-m", "scorm_embed.cli", "maintain", target]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, message in result.stderr) == (2, True)
