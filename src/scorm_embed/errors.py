"""The exception tree: every Python error this package raises on purpose.

SCORM error codes and sequencing exceptions are return values and live in ``core``; the classes here are for
mistakes of the host, bad packages, storage and access. Each carries the stable code and the HTTP status of the API.

    ScormEmbedError
    ├── ConfigurationError            an option of ScormEmbed is wrong
    ├── RequestError                  400, 405, 413, 415, 429: the request cannot be understood or is too much
    │   └── CmiDataError              422: elements that the data model refuses
    ├── PackageError                  400: the upload is no usable package
    │   ├── InvalidFileTypeError
    │   ├── ManifestNotFoundError
    │   └── ManifestParseError
    ├── AccessError                   401: who are you
    │   └── ForbiddenError            403: you may not
    ├── NotFoundError                 404
    ├── ConflictError                 409
    │   ├── VersionConflictError
    │   ├── DuplicateEntryError
    │   ├── PackageInUseError
    │   └── LaunchSupersededError
    └── StorageUnavailableError       503: try again
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ScormEmbedError(Exception):
    """Base of all errors of this package.

    Attributes:
        message: a sentence for a person.
        code: the stable code of the HTTP API.
        status: the HTTP status that goes with it.
        details: facts for programs.
    """

    status = 500
    default_code = "INTERNAL_ERROR"

    def __init__(self, message: str, details: Mapping[str, Any] | None = None, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.details: dict[str, Any] = dict(details or {})


class ConfigurationError(ScormEmbedError, ValueError):
    """An option given to ScormEmbed is missing, of the wrong type or unsafe."""

    default_code = "CONFIGURATION_ERROR"


class RequestError(ScormEmbedError):
    """The request cannot be understood, is not allowed in this form, or is too large."""

    status = 400
    default_code = "INVALID_REQUEST"

    def __init__(
        self,
        message: str,
        details: Mapping[str, Any] | None = None,
        *,
        code: str | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(message, details, code=code)
        if status is not None:
            self.status = status


class CmiDataError(RequestError):
    """Elements that the package's data model refuses; ``details["elements"]`` lists each one."""

    status = 422
    default_code = "INVALID_CMI_DATA"


class PackageError(ScormEmbedError):
    """The upload is no usable SCORM package."""

    status = 400
    default_code = "PARSE_FAILED"


class InvalidFileTypeError(PackageError):
    """The upload is no readable zip archive, or an unsafe one."""

    default_code = "INVALID_FILE_TYPE"


class ManifestNotFoundError(PackageError):
    """The archive holds no imsmanifest.xml."""

    default_code = "MANIFEST_NOT_FOUND"


class ManifestParseError(PackageError):
    """imsmanifest.xml cannot be read, or describes nothing that could be launched."""

    default_code = "PARSE_FAILED"


class AccessError(ScormEmbedError):
    """Nobody, or nobody known, is asking."""

    status = 401
    default_code = "UNAUTHORIZED"


class ForbiddenError(AccessError):
    """Whoever asks may not do this."""

    status = 403
    default_code = "FORBIDDEN"


class NotFoundError(ScormEmbedError):
    """There is no such thing for whoever asks."""

    status = 404
    default_code = "NOT_FOUND"


class ConflictError(ScormEmbedError):
    """The state does not allow it."""

    status = 409
    default_code = "CONFLICT"


class VersionConflictError(ConflictError):
    """Somebody else changed the session first; ``details["current_version"]`` is what is stored now."""

    default_code = "VERSION_CONFLICT"


class DuplicateEntryError(ConflictError):
    """The identifier exists already, for somebody or something else."""

    default_code = "DUPLICATE_ENTRY"


class PackageInUseError(ConflictError):
    """Sessions of the package exist."""

    default_code = "PACKAGE_IN_USE"


class LaunchSupersededError(ConflictError):
    """A newer launch owns the session."""

    default_code = "LAUNCH_SUPERSEDED"


class StorageUnavailableError(ScormEmbedError):
    """The database or the content store cannot be reached; nothing was changed."""

    status = 503
    default_code = "STORAGE_UNAVAILABLE"
