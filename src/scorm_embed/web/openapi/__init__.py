"""The description of the HTTP API in OpenAPI 3.1, written by hand in one place: every path, field and error."""

from scorm_embed.web.openapi.document import openapi_document

__all__ = ["openapi_document"]
