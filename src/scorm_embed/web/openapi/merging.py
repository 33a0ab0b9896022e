"""The description of the API as part of a host's own OpenAPI document.

Owns the names: everything that the host's document could have too gets a prefix made from the mount's path.
"""

from __future__ import annotations

import re
from typing import Any

from scorm_embed.web.openapi.document import openapi_document

_LEFT_OUT = "/api/v1/openapi.json"


def merge_openapi(host: dict[str, Any], path: str) -> None:
    """Add the API, mounted at ``path``, to a host's document (OpenAPI 3.1)."""
    own = openapi_document()
    components = host.setdefault("components", {})
    kinds: dict[str, dict[str, Any]] = own["components"]
    prefix = _prefix(path, {name for kind in kinds for name in components.get(kind, {})}, kinds)
    renamed = _renamed(own, prefix)
    for kind in kinds:
        components.setdefault(kind, {}).update(
            {prefix + _capital(name): schema for name, schema in renamed["components"][kind].items()}
        )
    tag = path.strip("/") or "scorm"
    for route, item in renamed["paths"].items():
        if route == _LEFT_OUT:
            continue
        for operation in item.values():
            if isinstance(operation, dict):
                operation["tags"] = [tag]
                operation["operationId"] = f"{prefix[0].lower()}{prefix[1:]}_{operation['operationId']}"
                operation["security"] = [
                    {prefix + _capital(name): scopes for name, scopes in entry.items()}
                    for entry in operation["security"]
                ]
        host.setdefault("paths", {})[path + route] = item


def _prefix(path: str, taken: set[str], kinds: dict[str, dict[str, Any]]) -> str:
    prefix = "".join(word.title() for word in re.findall(r"[A-Za-z0-9]+", path)) or "Scorm"
    while any(prefix + _capital(name) in taken for names in kinds.values() for name in names):
        prefix += "_"
    return prefix


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def _renamed(node: Any, prefix: str) -> Any:
    if isinstance(node, dict):
        return {
            key: re.sub(r"^(#/components/\w+/)", rf"\g<1>{prefix}", value) if key == "$ref" else _renamed(value, prefix)
            for key, value in node.items()
        }
    return [_renamed(entry, prefix) for entry in node] if isinstance(node, list) else node
