"""Makes what the site of the documentation does not keep twice: its menu, and the two references.

The menu is docs/index.md: each of its sections, with the pages that it links to. The reference of the HTTP API is
written from the OpenAPI document, and that of Python from the names that the package makes public.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

import scorm_embed
import scorm_embed.testing
from scorm_embed.errors import ScormEmbedError
from scorm_embed.web.openapi import openapi_document

Json = dict[str, Any]

HTTP_PAGE, PYTHON_PAGE = "reference/http.md", "reference/python.md"
METHODS = ("get", "post", "put", "patch", "delete")
INTEGRATIONS = ("starlette", "fastapi", "flask", "django", "litestar", "quart", "access_log")


# -- the menu


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    config.nav = menu((Path(config.docs_dir) / "index.md").read_text("utf-8"))
    return config


def menu(index: str) -> list[Any]:
    """Give the menu that the overview's sections make, with the generated pages below its reference."""
    found: list[Any] = [{"Overview": "index.md"}]
    for section in re.split(r"^## ", index, flags=re.M)[1:]:
        title, _, body = section.partition("\n")
        pages = [{name: path} for name, path in re.findall(r"\[([^\]]+)\]\(([\w/-]+\.md)\)", body)]
        if title == "Reference":
            pages += [{"HTTP API, every call": HTTP_PAGE}, {"Python API": PYTHON_PAGE}]
        if pages:
            found.append({title: pages})
    return found


def on_files(files: Files, config: MkDocsConfig) -> Files:
    files.append(File.generated(config, HTTP_PAGE, content=http_reference(openapi_document())))
    files.append(File.generated(config, PYTHON_PAGE, content=python_reference()))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Lead from the hand-written pages, which are also read where there is no site, to the generated ones."""
    if page.file.src_uri == "index.md":
        more = f"| [HTTP API, every call]({HTTP_PAGE}) | parameters, bodies, answers, errors |\n"
        more += f"| [Python API]({PYTHON_PAGE}) | every public name |\n"
        return re.sub(
            r"(^## Reference\n\n\| page \| for \|\n\|---\|---\|\n)", lambda m: m[1] + more, markdown, flags=re.M
        )
    return re.sub(r"^(<!--.*?-->)\n(?=```)", "", markdown, flags=re.M)


# -- the HTTP API


def http_reference(document: Json) -> str:
    """Give the page of every operation, webhook and shape of an OpenAPI document."""
    parts = [
        "# HTTP API: every call",
        "Written from `GET /api/v1/openapi.json`. Paths are relative to the mount. [HTTP API](../http-api.md) says "
        "what a description cannot.",
    ]
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                parts += _operation(f"{method.upper()} {path}", item[method], item.get("parameters", []))
    parts.append("## Webhooks")
    for item in document.get("webhooks", {}).values():
        parts += _operation("POST to your address", item["post"], [])
    parts.append("## Shapes")
    for name, schema in sorted(document["components"]["schemas"].items()):
        parts += [f"### {name}", *_shape(schema)]
    return "\n\n".join(parts) + "\n"


def _operation(title: str, operation: Json, shared: list[Json]) -> list[str]:
    head: tuple[str, ...]
    rows: list[tuple[str, ...]]
    parts = [f"## {operation['summary'].rstrip('.')}", f"`{title}`", operation.get("description", "")]
    parts.append(f"Operation id: `{operation['operationId']}`")
    if parameters := [*shared, *operation.get("parameters", [])]:
        rows = [
            (
                f"`{p['name']}`",
                p["in"],
                _type(p["schema"]),
                "yes" if p.get("required") else "",
                p.get("description", ""),
            )
            for p in parameters
        ]
        head = ("name", "in", "type", "required", "meaning")
        if not any(row[3] for row in rows):
            head, rows = ("name", "in", "type", "meaning"), [(*row[:3], row[4]) for row in rows]
        parts += ["**Parameters**", _table(head, rows)]
    if body := operation.get("requestBody"):
        parts += ["**Body**", _contents(body["content"])]
    rows = [
        (f"`{status}`", _answer(answer), answer["description"]) for status, answer in operation["responses"].items()
    ]
    parts += ["**Answers**", _table(("status", "shape", "when, or error codes"), rows)]
    return [part for part in parts if part]


def _answer(answer: Json) -> str:
    content = answer.get("content", {}).get("application/json")
    if content is None:
        return ""
    return _type(content["schema"])


def _contents(content: Json) -> str:
    return "\n".join(f"- `{kind}`: {_type(value['schema'])}" for kind, value in content.items())


def _shape(schema: Json) -> list[str]:
    parts = [schema["description"]] if "description" in schema else []
    for part in schema.get("allOf", []):
        if "$ref" in part:
            parts.append(f"All of {_type(part)}, and:")
        else:
            parts += _shape(part)
    if properties := schema.get("properties"):
        required = schema.get("required", [])
        rows = [
            (f"`{name}`", _type(value), "yes" if name in required else "", value.get("description", ""))
            for name, value in properties.items()
        ]
        parts.append(_table(("field", "type", "always there" if required else "required", "meaning"), rows))
    elif "allOf" not in schema:
        parts.append(_type(schema))
    return parts


def _type(schema: Json) -> str:
    """Say a schema in a few words, with links to the named ones."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " or ".join(_type(one) for one in schema[several])
    if "enum" in schema:
        return ", ".join(f"`{json.dumps(value)}`" for value in schema["enum"])
    kinds = schema.get("type", "any")
    said = " or ".join([kinds] if isinstance(kinds, str) else kinds)
    if "items" in schema:
        said = said.replace("array", f"array of {_type(schema['items'])}")
    limits = [f"{word} {schema[key]}" for key, word in _LIMITS.items() if key in schema]
    if "default" in schema:
        limits.append(f"default `{json.dumps(schema['default'])}`")
    return f"{said} ({', '.join(limits)})" if limits else said


_LIMITS = {
    "format": "",
    "contentMediaType": "",
    "minimum": "from",
    "maximum": "to",
    "minLength": "characters from",
    "maxLength": "characters to",
    "maxItems": "items to",
    "maxProperties": "entries to",
}


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |" for line in lines
    )


# -- the Python API


def python_reference() -> str:
    """Give a page of directives, one for each public name, by kind."""
    errors, others = [], []
    for name in scorm_embed.__all__:
        value = getattr(scorm_embed, name)
        is_error = isinstance(value, type) and issubclass(value, ScormEmbedError)
        (errors if is_error else others).append(f"{value.__module__}.{value.__qualname__}")
    sections = {
        "scorm_embed": sorted(others, key=lambda name: (not name.endswith(".ScormEmbed"), name.rpartition(".")[2])),
        "Errors": sorted(errors),
        "scorm_embed.testing": [_origin(scorm_embed.testing, name) for name in scorm_embed.testing.__all__],
        "scorm_embed.integrations": [f"scorm_embed.integrations.{name}" for name in INTEGRATIONS],
    }
    parts = [
        "# Python API",
        "Every public name, from its own words. The options of `ScormEmbed` are in [mounting](../mounting.md#options).",
    ]
    for title, names in sections.items():
        parts += [f"## {title}", *(f"::: {name}" for name in names)]
    return "\n\n".join(parts) + "\n"


def _origin(module: Any, name: str) -> str:
    value = getattr(module, name)
    return f"{value.__module__}.{value.__qualname__}"
