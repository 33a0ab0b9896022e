"""What a handler gets: the request, who is asking, and the app's parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from scorm_embed.content import BlobCache
from scorm_embed.service.service import Service
from scorm_embed.web.body import read_json
from scorm_embed.web.fields import Fields
from scorm_embed.web.identity import Caller
from scorm_embed.web.operations import Operations
from scorm_embed.web.options import Options
from scorm_embed.web.pages import Pages
from scorm_embed.web.static_files import StaticFiles
from scorm_embed.web.tokens import LaunchClaim, Tokens
from scorm_embed.web.urls import Urls


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one ``ScormEmbed`` that handlers use."""

    options: Options
    tokens: Tokens
    urls: Urls
    service: Service
    operations: Operations
    blobs: BlobCache
    pages: Pages
    static: StaticFiles


@dataclass(frozen=True, slots=True)
class Proof:
    """How a request proved that it may come in; which field is set depends on the route's access."""

    caller: Caller | None = None
    launch: LaunchClaim | None = None
    digest: str | None = None
    seconds_left: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """One request on its way to its handler."""

    request: Request
    values: Mapping[str, str]
    """What the path named."""
    proof: Proof
    parts: Parts

    @property
    def caller(self) -> Caller:
        """Whoever asks; only on routes whose access proves that."""
        assert self.proof.caller is not None
        return self.proof.caller

    @property
    def launch(self) -> LaunchClaim:
        """The launch that the path or the token proves; only on the player's routes."""
        assert self.proof.launch is not None
        return self.proof.launch

    @property
    def operations(self) -> Operations:
        """Everything that can be done."""
        return self.parts.operations

    async def json(self) -> dict[str, Any]:
        """Read the body as a JSON object."""
        return await read_json(self.request, self.parts.options.request_bytes_max)

    @property
    def query(self) -> Fields:
        """The fields of the query string; an empty one counts as absent."""
        return Fields({name: value for name, value in self.request.query_params.items() if value}, is_query=True)
