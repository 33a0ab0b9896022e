"""Serves the same files from a blob and by Starlette's StaticFiles, in one server, and prints the ratios.

    python benchmarks/content/serving.py [--seconds 2]

One uvicorn process holds all variants, so that they share interpreter, HTTP parser and machine; the rounds of the
variants alternate. Targets: a 200 KB script at least as often as StaticFiles in a quarter of the bytes or less, ten
times as often as behind GZipMiddleware; a 50 MB video read by ranges at 80 % or more.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

SCRIPT_BYTES = 200_000
VIDEO_BYTES = 50_000_000
RANGE_BYTES = 4_000_000
CONNECTIONS = 4
ROUNDS = 3


def script() -> bytes:
    """Give a script of 200 KB that packs about as well as a published course's."""
    draw = random.Random(7)
    words = [f"{prefix}{number}" for prefix in ("get", "set", "on", "slide", "state", "media") for number in range(60)]
    lines = bytearray()
    while len(lines) < SCRIPT_BYTES:
        a, b, c = draw.choice(words), draw.choice(words), draw.choice(words)
        lines += f"function {a}(e){{var t=this.{b}(e,{draw.randrange(10**4)});return t&&{c}.call(this,t)}}\n".encode()
    return bytes(lines[:SCRIPT_BYTES])


def prepare(folder: Path) -> str:
    """Write the files, unpacked and as a blob; give the blob's digest."""
    from scorm_embed.content import DirectoryContent, build_blob

    public = folder / "public"
    public.mkdir()
    (public / "course.js").write_bytes(script())
    (public / "video.mp4").write_bytes(random.Random(8).randbytes(VIDEO_BYTES))
    (public / "imsmanifest.xml").write_bytes(b"<manifest/>")
    with zipfile.ZipFile(folder / "course.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in public.iterdir():
            archive.write(path, path.name)
    built = build_blob(folder / "course.zip", folder / "blob.zip")
    asyncio.run(DirectoryContent(folder / "store").put(built.digest, folder / "blob.zip", consume=True))
    return built.digest


def make_app():  # type: ignore[no-untyped-def]
    """Make the application that uvicorn serves; its folder and digest come through the environment."""
    from starlette.applications import Starlette
    from starlette.middleware.gzip import GZipMiddleware
    from starlette.routing import Mount
    from starlette.staticfiles import StaticFiles

    from scorm_embed.content import BlobCache, DirectoryContent
    from scorm_embed.web.blob import blob_response

    folder = Path(os.environ["BENCH_FOLDER"])
    blobs = BlobCache(DirectoryContent(folder / "store"))
    digest = os.environ["BENCH_DIGEST"]

    async def from_blob(scope, receive, send):  # type: ignore[no-untyped-def]
        blob = await blobs.open(digest)
        entry = blob.entry(scope["path"].removeprefix("/blob/"))
        assert entry is not None
        response = await blob_response(scope, blob, entry)
        await response(scope, receive, send)

    return Starlette(
        routes=[
            Mount("/static", StaticFiles(directory=folder / "public")),
            Mount("/gzip", GZipMiddleware(StaticFiles(directory=folder / "public"))),
            Mount("/blob", from_blob),
        ]
    )


def exchange(connection: socket.socket, buffer: memoryview, request: bytes) -> int:
    """Send one request, read its whole answer, give the bytes that came."""
    connection.sendall(request)
    head = bytearray()
    while (end := head.find(b"\r\n\r\n")) < 0:
        got = connection.recv(65536)
        assert got, "the server hung up"
        head += got
    fields = head[:end].lower().split(b"\r\n")
    assert fields[0].split()[1] in (b"200", b"206"), bytes(head[:end])
    length = next((int(line.split(b":")[1]) for line in fields if line.startswith(b"content-length")), None)
    total = len(head)
    if length is None:  # chunked, as GZipMiddleware answers
        while not head.endswith(b"0\r\n\r\n"):
            got = connection.recv(65536)
            total += len(got)
            head = head[-16:] + got
        return total
    left = length - (len(head) - end - 4)
    while left:
        count = connection.recv_into(buffer[: min(left, len(buffer))])
        assert count, "the server hung up"
        left -= count
        total += count
    return total


def load(port: int, make_request: Callable[[random.Random], bytes], seconds: float) -> tuple[float, float]:
    """Ask on several connections at once; give answers per second and bytes per answer."""
    counts: list[tuple[int, int]] = []
    deadline = time.perf_counter() + seconds

    def ask(seed: int) -> None:
        draw = random.Random(seed)
        answers = received = 0
        buffer = memoryview(bytearray(1 << 20))
        with socket.create_connection(("127.0.0.1", port)) as connection:
            while time.perf_counter() < deadline:
                received += exchange(connection, buffer, make_request(draw))
                answers += 1
        counts.append((answers, received))

    started = time.perf_counter()
    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - started
    answers = sum(count for count, _ in counts)
    return answers / elapsed, sum(received for _, received in counts) / answers


def script_request(prefix: str, *, gzip: bool) -> Callable[[random.Random], bytes]:
    """Give what asks for the script."""
    encoding = "gzip, deflate, br" if gzip else "identity"
    request = f"GET /{prefix}/course.js HTTP/1.1\r\nHost: x\r\nAccept-Encoding: {encoding}\r\n\r\n".encode()
    return lambda draw: request


def range_request(prefix: str) -> Callable[[random.Random], bytes]:
    """Give what asks for pieces of the video, as a player that seeks does."""

    def make(draw: random.Random) -> bytes:
        start = draw.randrange(VIDEO_BYTES - RANGE_BYTES)
        span = f"bytes={start}-{start + RANGE_BYTES - 1}"
        return f"GET /{prefix}/video.mp4 HTTP/1.1\r\nHost: x\r\nRange: {span}\r\n\r\n".encode()

    return make


def measure(port: int, seconds: float) -> dict[str, tuple[float, float]]:
    """Give for each variant the best of the alternating rounds."""
    variants = {
        "script, blob, gzip": script_request("blob", gzip=True),
        "script, StaticFiles": script_request("static", gzip=True),
        "script, GZipMiddleware": script_request("gzip", gzip=True),
        "script, blob, identity": script_request("blob", gzip=False),
        "video ranges, blob": range_request("blob"),
        "video ranges, StaticFiles": range_request("static"),
    }
    best: dict[str, tuple[float, float]] = {}
    for _ in range(ROUNDS):
        for name, make_request in variants.items():
            best[name] = max(best.get(name, (0.0, 0.0)), load(port, make_request, seconds))
    return best


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    """Wait until the server answers."""
    while True:
        assert server.poll() is None, "the server did not start"
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return


def main() -> int:
    """Measure and print; give 1 when a target is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=2.0, help="length of one round of one variant")
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as name:
        digest = prepare(Path(name))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        environment = os.environ | {"BENCH_FOLDER": name, "BENCH_DIGEST": digest}
        command = [sys.executable, "-m", "uvicorn", "serving:make_app", "--factory", "--no-access-log"]
        command += ["--port", str(port), "--log-level", "warning", "--app-dir", str(Path(__file__).parent)]
        with subprocess.Popen(command, env=environment) as server:
            try:
                wait_for(port, server)
                results = measure(port, seconds)
            finally:
                server.terminate()
    for label, (rate, size) in results.items():
        print(f"{label:28} {rate:9.1f} answers/s {size:12,.0f} bytes {rate * size / 1e6:9.1f} MB/s")
    blob, static = results["script, blob, gzip"], results["script, StaticFiles"]
    ratios = [
        ("script: rate against StaticFiles", blob[0] / static[0], "at least", 1.0),
        ("script: bytes against StaticFiles", blob[1] / static[1], "at most", 0.25),
        ("script: rate against GZipMiddleware", blob[0] / results["script, GZipMiddleware"][0], "at least", 10.0),
        (
            "video by ranges: rate against StaticFiles",
            results["video ranges, blob"][0] / results["video ranges, StaticFiles"][0],
            "at least",
            0.8,
        ),
    ]
    missed = 0
    for label, value, bound, target in ratios:
        met = value >= target if bound == "at least" else value <= target
        missed += not met
        print(f"{label:44} {value:7.2f}   {bound} {target:g}: {'met' if met else 'MISSED'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
