"""The description of the HTTP API in OpenAPI 3.1, written by hand in one place: every path, field and error."""

from scorm_embed.web.openapi.document import openapi_document
from scorm_embed.web.openapi.merging import merge_openapi

__all__ = ["merge_openapi", "openapi_document"]
