"""README and docs do what they say: code runs, commands and files exist, links lead somewhere, nothing is left out.

A Python block is a program of its own: it runs in an empty folder that holds ``course.zip``, with ``SECRET_KEY`` set.
A comment on the line before it says when it is not:

    <!-- continues -->          it goes on where the page's block before it has ended
    <!-- given: app, SECRET --> it begins with these names, which ``GIVEN`` makes
    <!-- file: lms.py -->       it is a file of the page's project; ``append: lms.py`` goes to the end of one
    <!-- run -->                before a shell block: it is run in the page's project, in the order of the page
    <!-- shape: Launch -->      before JSON: the shape of the HTTP API that it is an example of
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
import os
import re
import shlex
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from types import CodeType, SimpleNamespace
from typing import Any

import click
import flask
import httpx
import pytest
import sqlalchemy
import uvicorn
from openapi_schema_validator import OAS31Validator
from sqlalchemy.ext.asyncio import create_async_engine
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import PlainTextResponse

import scorm_embed
from scorm_embed import (
    ApiKey,
    DirectoryContent,
    ExternalIssuer,
    HookEvent,
    Learner,
    MemoryContent,
    MemoryStorage,
    ScormEmbed,
    SQLStorage,
)
from scorm_embed.cli.commands import commands
from scorm_embed.engine.effects import Happening
from scorm_embed.testing import FakeLearner, PlayerRefusedError, course_12
from scorm_embed.testing.clients import Answer
from scorm_embed.testing.storage import STORAGE_CHECKS, check_storage
from scorm_embed.web.openapi import openapi_document
from scorm_embed.web.options import OPTION_NAMES, Options
from scorm_embed.web.routes.table import ROUTES

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
SECRET = "only for the documentation's own examples"
WITHOUT_ROUTE = {"CONFIGURATION_ERROR", "CONFLICT", "INVALID_SIGNATURE"}
"""Codes that no answer of the API has: a wrong option, the base class of the conflicts, a webhook's receiver."""

OF_PROJECT = ("file:", "append:")
"""Markers of blocks that make up a page's project."""

Lines = list[str]


# -- reading the pages


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    page: Path
    line: int
    """Of the fence, from 1."""
    language: str
    code: str
    marker: str
    """The comment before the fence, without its marks."""

    @property
    def name(self) -> str:
        return f"{self.page.name}:{self.line}"

    @property
    def file(self) -> str:
        """Of a block of a project: the file's path."""
        return self.marker.partition(":")[2].strip()


def blocks_of(page: Path) -> Iterator[Block]:
    lines = page.read_text("utf-8").splitlines()
    start: int | None = None
    for at, line in enumerate(lines):
        if not line.startswith("```"):
            continue
        if start is None:
            start = at
            continue
        marker = re.fullmatch(r"<!--\s*(.*?)\s*-->", lines[start - 1])
        code = "\n".join(lines[start + 1 : at]) + "\n"
        yield Block(page, start + 1, lines[start].removeprefix("```").strip(), code, marker[1] if marker else "")
        start = None
    assert start is None, f"{page.name}: a block is not closed"


BLOCKS = [block for page in PAGES for block in blocks_of(page)]


def programs() -> list[list[Block]]:
    """Python blocks, those that continue together with what they continue."""
    found: list[list[Block]] = []
    for block in BLOCKS:
        if block.language != "python" or block.marker.startswith(OF_PROJECT):
            continue
        if block.marker == "continues":
            assert found[-1][0].page == block.page, f"{block.name} continues nothing"
            found[-1].append(block)
        else:
            found.append([block])
    return found


def prose(page: Path) -> str:
    """A page without its blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.S | re.M)


def rows(page: str, heading: str) -> list[Lines]:
    """The rows of the tables below a heading, as cells."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    level = re.search(rf"^(#+) {re.escape(heading)}$", text, re.M)
    assert level is not None, f"{page} has no heading {heading!r}"
    section = re.split(rf"^#{{1,{len(level[1])}}} ", text[level.end() :], maxsplit=1, flags=re.M)[0]
    lines = [line for line in section.splitlines() if line.startswith("|") and not line.startswith("|---")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def names_in(cells: list[Lines], column: int = 0) -> Lines:
    return [name for row in cells for name in re.findall(r"`([^`]+)`", row[column])]


# -- running the code


async def _yes(*_: object) -> bool:
    return True


def _model() -> SimpleNamespace:
    """What is asked of a model of Django."""
    columns = [SimpleNamespace(column=name) for name in ("id", "user_id", "course", "status")]
    return SimpleNamespace(_meta=SimpleNamespace(db_table="lms_grade", concrete_fields=columns))


GIVEN: dict[str, Callable[[], Any]] = {
    "MetaData": lambda: sqlalchemy.MetaData,
    "MyStorage": lambda: lambda *_: MemoryStorage(),
    "SECRET": lambda: SECRET,
    "SQLStorage": lambda: SQLStorage,
    "STORAGE_CHECKS": lambda: STORAGE_CHECKS,
    "ApiKey": lambda: ApiKey,
    "DirectoryContent": lambda: DirectoryContent,
    "Grade": _model,
    "ExternalIssuer": lambda: ExternalIssuer,
    "Learner": lambda: Learner,
    "ScormEmbed": lambda: ScormEmbed,
    "UTC": lambda: UTC,
    "app": lambda: flask.Flask("host"),
    "asyncio": lambda: asyncio,
    "check_storage": lambda: check_storage,
    "client": lambda: None,
    "current_user": lambda: SimpleNamespace(id=1, name="Ada", is_authenticated=True),
    "datetime": lambda: datetime,
    "engine": lambda: create_async_engine("sqlite+aiosqlite:///host.db"),
    "flask": lambda: flask,
    "gradebook": lambda: sqlalchemy.table("gradebook", sqlalchemy.column("user"), sqlalchemy.column("status")),
    "is_enrolled": lambda: _yes,
    "is_teacher": lambda: _yes,
    "load_key": lambda: _yes,
    "os": lambda: os,
    "pytest": lambda: pytest,
    "scorm": lambda: ScormEmbed(secret_key=SECRET, storage=MemoryStorage(), content=MemoryContent()),
    "url": lambda: "sqlite:///host.db",
}


def run(block: Block, namespace: dict[str, Any]) -> dict[str, Any]:
    """Run a block; an error names the page and its line."""
    code = compile(
        "\n" * block.line + block.code, str(block.page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True
    )
    if code.co_flags & inspect.CO_COROUTINE:
        asyncio.run(_run_awaiting(code, namespace))
    else:
        exec(code, namespace)
    return namespace


async def _run_awaiting(code: CodeType, namespace: dict[str, Any]) -> None:
    await eval(code, namespace)
    for value in list(namespace.values()):
        if isinstance(value, (ScormEmbed, SQLStorage)):
            await value.aclose()


def namespace_for(block: Block) -> dict[str, Any]:
    wanted = block.marker.removeprefix("given:") if block.marker.startswith("given:") else ""
    names = [name.strip() for name in wanted.split(",") if name.strip()]
    return {"__name__": "documentation", **{name: GIVEN[name]() for name in names}}


def program(page: str, holding: str) -> Block:
    """The one Python block of a page that holds a text."""
    (found,) = [b for b in BLOCKS if b.page.name == page and b.language == "python" and holding in b.code]
    return found


@pytest.fixture(scope="module")
def courses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("courses")
    subprocess.run([sys.executable, ROOT / "scripts" / "build-courses", folder], check=True, capture_output=True)
    return folder


@pytest.fixture
def course(courses: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for a program, with a course in it."""
    monkeypatch.chdir(tmp_path)
    for name in ("SECRET_KEY", "GRADES_KEY", "PORTAL_KEY"):
        monkeypatch.setenv(name, f"{name}-of-the-documentation-and-its-test")
    path = tmp_path / "course.zip"
    path.write_bytes((courses / "weather-map-scorm2004.zip").read_bytes())
    return path


@pytest.mark.parametrize("chain", programs(), ids=lambda chain: chain[0].name)
def test_python_blocks_run(chain: list[Block], course: Path) -> None:
    namespace = namespace_for(chain[0])
    for block in chain:
        run(block, namespace)
    # Blocks that show an option on its own assign it: it must be one that ScormEmbed takes.
    shown = {name: namespace[name] for name in OPTION_NAMES if name in namespace and name not in ("storage", "content")}
    if shown:
        ScormEmbed(secret_key=SECRET, **shown)


def projects() -> list[Path]:
    """The pages that make up a project."""
    return sorted({block.page for block in BLOCKS if block.marker.startswith(OF_PROJECT)})


@pytest.mark.parametrize("page", projects(), ids=lambda page: page.name)
def test_the_project_of_a_page_works_as_its_reader_makes_it(page: Path, course: Path) -> None:
    """Also the examples of the frameworks: their own tests complete a course in each."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    ran: Lines = []
    for block in [block for block in BLOCKS if block.page == page]:
        if block.marker.startswith(OF_PROJECT):
            file = course.parent / block.file
            before = file.read_text("utf-8") if block.marker.startswith("append:") else ""
            file.parent.mkdir(exist_ok=True)
            file.write_text(before + block.code, "utf-8")
        elif block.marker == "run":
            ran.append(block.code)
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", block.code],
                cwd=course.parent,
                env=environment,
                capture_output=True,
                text=True,
                timeout=120,
            )
            assert done.returncode == 0, f"{block.name}\n{done.stdout}\n{done.stderr}"
    assert any("pytest" in code or "manage.py test" in code for code in ran)


def test_markers_are_known() -> None:
    for block in BLOCKS:
        if block.marker.startswith(OF_PROJECT):
            assert block.language == "python", block.name
        elif block.marker == "run":
            assert block.language == "sh", block.name
        elif block.marker.startswith("shape: "):
            assert block.language == "json", block.name
            assert block.marker.removeprefix("shape: ") in SHAPES, block.name
        elif block.marker and block.marker != "continues":
            names = block.marker.removeprefix("given:").split(",")
            assert block.marker.startswith("given:"), block.name
            assert {name.strip() for name in names} <= set(GIVEN), block.name


# -- the programs that a reader copies do their work


def _sign_in(app: Any) -> None:
    """The README leaves the login to its reader."""
    if isinstance(app, flask.Flask):

        @app.get("/login/<name>")
        def flask_login(name: str) -> str:
            flask.session["user"] = {"id": name, "name": name}
            return name

        return
    app.add_middleware(SessionMiddleware, secret_key=SECRET)

    async def login(request: Any) -> Any:
        name = request.path_params["name"]
        request.session["user"] = {"id": name, "name": name}
        return PlainTextResponse(name)

    app.add_route("/login/{name}", login)


def _player_url(answer: Answer) -> str:
    if "json" in answer.headers["content-type"]:
        return str(answer.json()["player_url"])
    (found,) = re.findall(r'<iframe src="([^"]+)"', answer.text)
    return str(found)


@pytest.mark.parametrize("holding", ["FastAPI()", "Flask(__name__)"])
def test_the_sites_of_the_readme_open_a_course_for_their_learner_only(holding: str, course: Path) -> None:
    site = run(program("README.md", holding), {"__name__": "lms"})
    _sign_in(site["app"])
    package = site["scorm"].sync.import_package("course.zip")["id"]
    with FakeLearner(site["app"]) as ada, FakeLearner(site["app"]) as eve:
        ada.get("/login/ada")
        eve.get("/login/eve")
        url = _player_url(ada.get(f"/courses/{package}"))
        assert url.startswith("http://testserver/scorm/player/")
        assert ada.open(url).state == "running"
        with pytest.raises(PlayerRefusedError, match="404 SESSION_NOT_FOUND"):
            eve.open(url)
    site["scorm"].sync.aclose()
    assert sorted(path.name for path in (course.parent / "scorm-data").iterdir()) == ["content", "scorm.db"]


@pytest.mark.parametrize("holding", ["FastAPI()", "Flask(__name__)"])
def test_a_mount_takes_no_more_than_ten_lines_beside_the_imports(holding: str) -> None:
    lines = [line for line in program("README.md", holding).code.splitlines() if line.strip()]
    hosts_own = ("import ", "from ", "app = ", "app.secret_key")
    assert 0 < len([line for line in lines if not line.startswith(hosts_own)]) <= 10


@pytest.mark.parametrize(("page", "lines", "imports"), [("fastapi", 11, 3), ("flask", 12, 2), ("django", 9, 4)])
def test_a_first_course_and_its_test_take_under_15_lines(page: str, lines: int, imports: int) -> None:
    """What a site with a login writes until a course is completed in a test."""
    text = (ROOT / "docs" / "frameworks" / f"{page}.md").read_text("utf-8")
    sections = re.findall(r"^## (?:The player|A test)\n.*?^```python\n(.*?)^```$", text, re.M | re.S)
    written = [line for section in sections for line in section.splitlines() if line.strip()]
    imported = [line for line in written if line.startswith(("import ", "from "))]
    assert len(sections) == 2
    assert (len(written) - len(imported), len(imported)) == (lines, imports)
    assert lines + imports < 15


def test_the_grade_is_undone_together_with_the_tracking(course: Path) -> None:
    recipe = program("events.md", "write_grade")
    site = run(recipe, {"__name__": "lms"})

    async def fail_afterwards() -> None:
        async with site["engine"].begin() as connection:
            await connection.run_sync(site["metadata"].create_all)
        scorm = site["scorm"]
        package = (await scorm.import_package("course.zip"))["id"]
        await scorm.launch(package, "ada", session_id="ada-1")

        @scorm.on("progress", transaction=True)
        async def refuse(event: HookEvent) -> None:
            assert await event.connection.scalar(sqlalchemy.select(site["grades"].c.status)) == "completed"
            raise RuntimeError("no room in the grade book")

        with pytest.raises(RuntimeError, match="no room"):
            await scorm.update_session("ada-1", version=1, completion_status="completed")
        session = await scorm.session("ada-1")
        assert (session["state"], session["version"]) == ("not_attempted", 1)
        async with site["engine"].connect() as connection:
            assert (await connection.execute(sqlalchemy.select(site["grades"]))).all() == []
        await scorm.aclose()
        await site["engine"].dispose()

    asyncio.run(fail_afterwards())


def test_the_update_with_retry_wins_against_another_writer() -> None:
    stored, asked = {"version": 3, "value": "old"}, []

    def get(path: str) -> httpx.Response:
        return httpx.Response(200, json=stored)

    def put(path: str, json: dict[str, Any]) -> httpx.Response:
        asked.append(json)
        if len(asked) == 1:
            stored.update(version=4, value="another's")
            return httpx.Response(409, json={"code": "VERSION_CONFLICT"})
        return httpx.Response(200, json={"version": 5})

    namespace = {"client": SimpleNamespace(get=get, put=put)}
    run(program("http-api.md", "def update"), namespace)
    done = namespace["update"]("s", lambda session: {"cmi_data": {"cmi.location": session["value"]}})  # type: ignore[operator]
    assert done == {"version": 5}
    assert asked == [
        {"version": 3, "cmi_data": {"cmi.location": "old"}},
        {"version": 4, "cmi_data": {"cmi.location": "another's"}},
    ]


# -- other blocks


SHAPES = openapi_document()["components"]["schemas"]


def test_every_language_of_a_block_has_its_test() -> None:
    """JavaScript is compiled by tests/web/test_client_types.py, nginx runs in tests/test_docs_proxy.py."""
    tested = {"python", "sh", "json", "html", "sql", "js", "nginx"}
    for block in BLOCKS:
        assert block.language in tested or (block.language == "text" and "──" in block.code), block.name
    for language, number in {"js": 1, "nginx": 1}.items():
        assert len([block for block in BLOCKS if block.language == language]) == number


def placeholders_filled(code: str) -> Any:
    """Read JSON in which a word in capitals stands for a document, ``…`` for more, ``| null`` for none."""
    code = re.sub(r", …(?=])| \| null", "", code)
    return json.loads(re.sub(r"\b[A-Z]{4,}\b", "{}", code))


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.language == "json"], ids=lambda block: block.name)
def test_json_has_the_shape_that_is_described(block: Block) -> None:
    found = placeholders_filled(block.code)
    if not block.marker:
        assert block.page.name == "architecture.md", "a JSON block says its shape"
        return
    shape = block.marker.removeprefix("shape: ")
    schemas = without("required", SHAPES)
    validator = OAS31Validator({"components": {"schemas": schemas}, "$ref": f"#/components/schemas/{shape}"})
    found = without("…", found)
    assert [error.message for error in validator.iter_errors(found)] == []
    assert set(found) <= {name for part in parts_of(shape) for name in part}


def without(key: str, found: Any) -> Any:
    """Take a key out of a document, wherever it is."""
    if isinstance(found, list):
        return [without(key, entry) for entry in found]
    if isinstance(found, dict):
        return {name: without(key, value) for name, value in found.items() if name != key}
    return found


def parts_of(shape: str) -> Iterator[dict[str, Any]]:
    """The properties of a shape, also of those that it is made of."""
    schema = SHAPES[shape]
    for part in (schema, *schema.get("allOf", [])):
        yield part.get("properties", {})
        if "$ref" in part:
            yield from parts_of(part["$ref"].rpartition("/")[2])


class _Elements(HTMLParser):
    """The elements of a page, and whether each was closed."""

    def __init__(self, code: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: Lines = []
        self.feed(code)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.language == "html"], ids=lambda block: block.name)
def test_html_uses_what_the_players_element_has(block: Block) -> None:
    script = (ROOT / "src" / "scorm_embed" / "web" / "static" / "client.js").read_text("utf-8")
    (listed,) = re.findall(r"observedAttributes = \[(.*?)\]", script)
    page = _Elements(block.code)
    assert page.open == []
    for tag, attributes in page.found:
        assert tag in {"script", "scorm-player", "p", "iframe"}
        if tag == "scorm-player":
            assert set(attributes) <= set(re.findall(r'"([\w-]+)"', listed))
        elif tag == "p":
            assert f'<slot name="{attributes["slot"]}">' in script
        elif tag == "iframe":
            assert {"src", "allow", "width", "height"} >= set(attributes)


def test_the_report_in_sql_counts_what_learners_answered(course: Path) -> None:
    (block,) = [block for block in BLOCKS if block.language == "sql"]
    scorm = ScormEmbed(
        secret_key=SECRET, storage=SQLStorage("sqlite:///report.db"), content=DirectoryContent("courses")
    )
    package = scorm.sync.import_package(course_12())["id"]
    for user, result in {"ada": "correct", "ben": "wrong", "eve": "wrong"}.items():
        launch = scorm.sync.launch(package, user, session_id=user, base_url="http://testserver")
        with FakeLearner(scorm) as learner:
            sco = learner.open(launch["launch_url"]).sco
            sco.initialize()
            sco.set("cmi.interactions.0.id", "q1")
            sco.set("cmi.interactions.0.result", result)
            sco.terminate()
    scorm.sync.aclose()
    with closing(sqlite3.connect("report.db")) as database:
        found = database.execute(block.code.replace("pkg_abc123", package)).fetchall()
    assert found == [("q1", "correct", 1), ("q1", "wrong", 2)]


TOOLS = {"curl", "django-admin", "export", "flask", "pip", "python", "python3", "source", "uvicorn"}


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.language == "sh"], ids=lambda block: block.name)
def test_shell_commands_exist(block: Block) -> None:
    for line in block.code.splitlines():
        words = shlex.split(line)
        if words[0].startswith(("scripts/", "examples/")):
            assert os.access(ROOT / words[0], os.X_OK), line
        elif words[0] == "scorm-embed":
            command = commands.commands[words[1]]
            options = {name for parameter in command.params for name in parameter.opts}
            assert {word for word in words if word.startswith("--")} <= options, line
        else:
            assert words[0] in TOOLS, line
        if words[0] == "curl":
            _check_request(words)
        if words[0] == "uvicorn":
            options = {name for parameter in uvicorn.main.params for name in parameter.opts}
            assert {word for word in words if word.startswith("--")} <= options, line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_extras_that_are_named_exist(page: Path) -> None:
    extras = set(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"])
    named = re.findall(r"(?:scorm-embed|/path/to/checkout)\[([\w,]+)\]|[Ee]xtra `(\w+)`", page.read_text("utf-8"))
    assert {extra for found in named for names in found for extra in names.split(",") if extra} <= extras


def _check_request(words: Lines) -> None:
    (url,) = [word for word in words if word.startswith("http")]
    path = re.sub(r"\$\w+", "x", url[url.index("/api/v1") :])
    patterns = {re.sub(r"\{\w+\}", "[^/]+", route.path) for route in ROUTES if route.method == "POST"}
    assert any(re.fullmatch(pattern, path) for pattern in patterns), url


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_and_scripts_that_are_named_exist(page: Path) -> None:
    for code in re.findall(r"`([^`\n]+)`", prose(page)):
        word = code.split()[0] if code.strip() else ""
        if re.match(r"(scripts|examples|tests|docs|src)/\w", word):
            assert (ROOT / word).exists(), word


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_hold_nothing_of_a_machine(page: Path) -> None:
    assert re.findall(r"/(?:root|work|home|tmp)/|localhost", page.read_text("utf-8")) == []


# -- links


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", prose(page), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.is_file(), target
        if anchor:
            assert anchor in anchors(file), target


def test_the_overview_leads_to_every_page() -> None:
    docs = ROOT / "docs"
    named = set(re.findall(r"\]\(([\w/-]+\.md)\)", (docs / "index.md").read_text("utf-8")))
    assert named == {page.relative_to(docs).as_posix() for page in docs.rglob("*.md")} - {"index.md"}


def test_the_picture_of_the_player_is_small() -> None:
    picture = (ROOT / "docs" / "images" / "player.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert (int.from_bytes(picture[16:20], "big"), int.from_bytes(picture[20:24], "big")) == (1200, 800)
    assert len(picture) < 150_000


# -- nothing is left out


def test_every_public_name_is_mentioned() -> None:
    text = "\n".join(page.read_text("utf-8") for page in PAGES)
    assert [name for name in scorm_embed.__all__ if not re.search(rf"\b{name}\b", text)] == []


def test_every_option_is_explained_with_its_default() -> None:
    shown = {name: row[1] for row in rows("mounting.md", "Options") for name in re.findall(r"`(\w+)`", row[0])}
    assert sorted(shown) == sorted(OPTION_NAMES)
    words = {2 * 1024**3: "2 GiB", 8 * 1024**2: "8 MiB", "best": '`"best"`', "tolerant": '`"tolerant"`'}
    for option in fields(Options):
        if option.default in (None, (), 0):
            continue  # Said in words.
        default = getattr(option.default, "value", option.default)
        if option.default is MISSING:
            assert shown[option.name] == "required"
        elif option.name == "frame_ancestors":
            assert shown[option.name] == "`[\"'self'\"]`"
        else:
            called = f"`{type(default).__name__}()`" if is_dataclass(default) else str(default)
            assert shown[option.name] == words.get(default, called), option.name


def test_every_error_code_of_the_package_is_documented() -> None:
    pattern = re.compile(r'\bcode = "([A-Z_]+)"|\bdefault_code = "([A-Z_]+)"|\bcode="([A-Z_]+)"')
    raised = {
        code
        for file in (ROOT / "src").rglob("*.py")
        for groups in pattern.findall(file.read_text("utf-8"))
        for code in groups
        if code
    }
    assert len(raised) > 15
    documented = set(names_in(rows("http-api.md", "Errors"), 1))
    assert raised - documented == WITHOUT_ROUTE


def test_every_exception_is_listed_with_its_status() -> None:
    listed = rows("mounting.md", "Errors")
    for name in scorm_embed.__all__:
        kind = getattr(scorm_embed, name)
        if isinstance(kind, type) and issubclass(kind, Exception) and name != "ScormEmbedError":
            assert any(f"`{name}`" in " ".join(row) for row in listed), name
            for row in listed:
                if row[0] == f"`{name}`" and name != "ConfigurationError":
                    assert row[1] == str(kind.status)


def test_events_and_their_fields_are_complete() -> None:
    text = (ROOT / "docs" / "events.md").read_text("utf-8")
    told = names_in([row for row in rows("events.md", "Events") if row[0].startswith("`")])
    for happening in Happening:
        assert happening.value in told
    for field in fields(HookEvent):
        assert f"`{field.name}`" in text


def test_the_fields_of_a_session_exist(course: Path) -> None:
    scorm = GIVEN["scorm"]()

    async def read() -> set[str]:
        package = (await scorm.import_package("course.zip"))["id"]
        await scorm.launch(package, "ada", session_id="ada-1", base_url="https://lms.example/scorm")
        return set(await scorm.session("ada-1"))

    shown = asyncio.run(read())
    listed = set(names_in([row for row in rows("sessions.md", "What a session shows") if row[0].startswith("`")]))
    assert listed <= shown
    plain = {"id", "tenant_id", "user_id", "package_id", "package_version", "created_at", "updated_at"}
    assert shown - listed - plain == {"launched_at", "expires_at"}


@pytest.mark.parametrize("name", sorted(commands.commands))
def test_every_option_of_a_command_is_explained(name: str) -> None:
    listed = names_in([row for row in rows("command-line.md", name) if row[0].startswith("`-")])
    explained = {word for entry in listed for word in entry.split() if word.startswith("--")}
    prose_of = (ROOT / "docs" / "command-line.md").read_text("utf-8")
    wanted = {p.opts[0] for p in commands.commands[name].params if isinstance(p, click.Option) and p.name != "help"}
    if name == "check":
        assert all(f"`{option}`" in prose_of for option in wanted)
    else:
        assert explained == wanted
