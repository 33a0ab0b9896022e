"""The types of client.js let a host's TypeScript compile under ``--strict``, and catch what is wrong."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "src" / "scorm_embed" / "web" / "static"

RIGHT = """
import { listen, ScormPlayer } from "./client.js";
import type { ScormScore } from "./client.js";

const player = document.querySelector("scorm-player")!;
player.addEventListener("scorm-progress", (e) => {
  const score: ScormScore | null = e.detail.score;
  const scaled: number | null | undefined = score?.scaled;
  console.log(scaled, e.detail.completion_status === "completed", e.currentTarget);
});
player.addEventListener("scorm-ended", ({ detail }) => console.log(detail.reason === "suspended"));
player.addEventListener("click", (e) => console.log(e.clientX));
document.addEventListener("scorm-state", ({ detail }) => console.log(detail.activity_id?.length));
player.src = "https://lms.example/scorm/player/s1";
player.allowFullscreen = true;
const known: ScormPlayer = document.createElement("scorm-player");
known.fullscreen().then(() => known.reload());
const stop: () => void = listen(document.querySelector("iframe")!, { ended: ({ version }) => version.toFixed() });
stop();
"""
WRONG = {
    "e.detail.scores": 'player.addEventListener("scorm-progress", (e) => e.detail.scores);',
    "a state that is none": 'if (player.state === "done") stop();',
    "writing what is read only": 'player.state = "ended";',
    "a handler that is none": "listen(document.createElement('iframe'), { finished() {} });",
    "a frame that may be missing": 'listen(document.querySelector("iframe"), {});',
}


def compiled(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Compile a host's module beside the declarations, as a project does that has copied them."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("no Node.js on this machine")
    shutil.copy(STATIC / "client.d.ts", folder)
    (folder / "host.ts").write_text(code, "utf-8")
    options = ["--noEmit", "--strict", "--target", "es2022", "--module", "es2022", "--moduleResolution", "bundler"]
    command = [
        str(ROOT / "scripts" / "check-js"),
        *options,
        "--lib",
        "es2023,dom,dom.iterable",
        str(folder / "host.ts"),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_hosts_code_compiles(tmp_path: Path) -> None:
    done = compiled(tmp_path, RIGHT)
    assert (done.returncode, done.stdout) == (0, "")


def test_mistakes_do_not_compile(tmp_path: Path) -> None:
    lines = RIGHT.strip().count("\n") + 1
    done = compiled(tmp_path, RIGHT.strip() + "\n" + "\n".join(WRONG.values()) + "\n")
    assert done.returncode != 0
    found = {int(line) for line in re.findall(r"host\.ts\((\d+),", done.stdout)}
    assert found == set(range(lines + 1, lines + 1 + len(WRONG))), done.stdout


def test_the_code_in_the_docs_compiles(tmp_path: Path) -> None:
    (code,) = re.findall(r"```js\n(.*?)```", (ROOT / "docs" / "embedding.md").read_text("utf-8"), re.S)
    done = compiled(tmp_path, code)
    assert (done.returncode, done.stdout) == (0, "")


def test_every_attribute_is_documented_and_no_other() -> None:
    (line,) = re.findall(r"observedAttributes = \[(.*?)\]", (STATIC / "client.js").read_text("utf-8"))
    page = (ROOT / "docs" / "embedding.md").read_text("utf-8")
    table = page.partition("| attribute |")[2].partition("\n\n")[0]
    assert sorted(re.findall(r'"([\w-]+)"', line)) == sorted(re.findall(r"^\| `([\w-]+)`", table, re.M))


def test_the_types_name_what_the_script_exports() -> None:
    pattern = re.compile(r"^export (?:declare )?(?:function|class|const) (\w+)", re.M)
    script = pattern.findall((STATIC / "client.js").read_text("utf-8"))
    assert sorted(script) == sorted(pattern.findall((STATIC / "client.d.ts").read_text("utf-8")))
    assert sorted(script) == ["ScormPlayer", "listen"]
