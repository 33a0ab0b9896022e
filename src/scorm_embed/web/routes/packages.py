"""Packages: import, list, read, delete, launch."""

from __future__ import annotations

from starlette.responses import Response

from scorm_embed.web.call import Call
from scorm_embed.web.identity import Scope
from scorm_embed.web.responses import API_HEADERS, json_response
from scorm_embed.web.routing import Access, Route
from scorm_embed.web.upload import receive_upload


async def import_package(call: Call) -> Response:
    """Store an uploaded package."""
    await call.operations.may_import(call.caller)
    async with receive_upload(call.request, call.parts.options.upload_bytes_max) as upload:
        package_id = upload.fields.get("package_id") or call.request.query_params.get("package_id") or None
        package = await call.operations.import_package(call.caller, upload.path, package_id)
    return json_response(package, 201)


async def list_packages(call: Call) -> Response:
    """List packages."""
    return json_response(await call.operations.packages(call.caller, call.query))


async def read_package(call: Call) -> Response:
    """Give a package."""
    return json_response(await call.operations.package(call.caller, call.values["package_id"]))


async def delete_package(call: Call) -> Response:
    """Remove a package."""
    for digest in await call.operations.delete_package(call.caller, call.values["package_id"], call.query):
        call.parts.blobs.discard(digest)
    return Response(status_code=204, headers=API_HEADERS)


async def launch(call: Call) -> Response:
    """Make a launch."""
    base = call.parts.urls.base_of_scope(call.request.scope)
    document = await call.operations.launch(call.caller, call.values["package_id"], await call.json(), base)
    return json_response(document)


ROUTES = (
    Route("POST", "/api/v1/packages", Access.CALLER, import_package, Scope.ADMIN),
    Route("GET", "/api/v1/packages", Access.CALLER, list_packages),
    Route("GET", "/api/v1/packages/{package_id}", Access.CALLER, read_package),
    Route("DELETE", "/api/v1/packages/{package_id}", Access.CALLER, delete_package, Scope.ADMIN),
    Route("POST", "/api/v1/packages/{package_id}/launch", Access.CALLER, launch, Scope.WRITE),
)
