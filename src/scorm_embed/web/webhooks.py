"""Webhooks: events as signed HTTP calls to addresses that the host names, over the same outbox as its functions.

Owns one call. When it is made, and made again, is the outbox's business (``service.outbox``).
"""

from __future__ import annotations

import asyncio
import os
import time
import weakref
from collections.abc import Callable, Collection, Sequence
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from scorm_embed.errors import ConfigurationError
from scorm_embed.service.hooks import EVENTS, GoneError, HookEvent
from scorm_embed.service.model import Document
from scorm_embed.web.origins import is_loopback, parse_origin
from scorm_embed.web.responses import to_json
from scorm_embed.web.signatures import WebhookSecret, read_secrets, sign

if TYPE_CHECKING:
    import httpx

ANSWER_BYTES_MAX = 1000
"""How much of an answer is read."""
PING = "ping"
_USER_AGENT = "scorm_embed"


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that is told of events; ``ConfigurationError`` when something about it is wrong."""

    url: str
    """https, or http on this machine."""
    secret: WebhookSecret | Sequence[WebhookSecret] = field(repr=False)
    """Signs the calls: ``whsec_`` and base64, or bytes. All of a list sign, so that receivers can change theirs."""
    _: KW_ONLY
    events: Collection[str] | None = None
    """Which events it gets; None for all."""
    tenant_id: str | None = None
    """Whose events it gets; None for those of all tenants."""
    timeout_seconds: float = 10.0
    """How long one call may take as a whole."""
    allow_http: bool = False
    """Whether the address may be plain http somewhere else than on this machine."""

    def __post_init__(self) -> None:
        origin = parse_origin(self.url) if isinstance(self.url, str) else None
        if origin is None or "#" in self.url or any(character <= " " for character in self.url):
            raise ConfigurationError(f"The URL of a webhook must be an https URL, not {self.url!r}.")
        if origin.scheme != "https" and not is_loopback(origin.host) and not self.allow_http:
            raise ConfigurationError(f"The webhook {self.url} must be https; allow_http=True lets it be.")
        object.__setattr__(self, "secret", read_secrets(self.secret))
        if self.events is not None:
            events = () if isinstance(self.events, str) else tuple(self.events)
            if not events or any(event not in EVENTS for event in events):
                raise ConfigurationError(f"events of a webhook must be some of {', '.join(EVENTS)}.")
            object.__setattr__(self, "events", events)
        if not isinstance(self.timeout_seconds, (int, float)) or not 0 < self.timeout_seconds <= 3600:
            raise ConfigurationError("timeout_seconds of a webhook must be more than 0, and 3600 at most.")

    @property
    def name(self) -> str:
        """Tells it apart, in every process."""
        return f"webhook {self.url}" if self.tenant_id is None else f"webhook {self.url} of {self.tenant_id}"


class WebhookError(Exception):
    """A call came to nothing; it is made again."""


class WebhookHandler:
    """A webhook as one of those who are told of events."""

    in_order = False

    def __init__(self, webhook: Webhook, sender: Sender) -> None:
        self.name = webhook.name
        self._webhook = webhook
        self._sender = sender

    def wants(self, event_type: str, tenant_id: str) -> bool:
        """Whether the webhook gets such events."""
        webhook = self._webhook
        return (webhook.events is None or event_type in webhook.events) and webhook.tenant_id in (None, tenant_id)

    async def tell(self, event: HookEvent) -> None:
        """Make the call; ``WebhookError``, or ``GoneError`` where the receiver says that there is nobody any more."""
        status, answer = await self._sender.send(self._webhook, event)
        if 200 <= status < 300:
            return
        message = f"{status} {_phrase(status)}{': ' if answer else ''}{answer}"
        if status == HTTPStatus.GONE:
            raise GoneError(message)
        raise WebhookError(message)


class Sender:
    """Makes the calls of one ScormEmbed."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._process = os.getpid()
        # A connection belongs to the loop that opened it.
        self._clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = (
            weakref.WeakKeyDictionary()
        )

    async def send(self, webhook: Webhook, event: HookEvent) -> tuple[int, str]:
        """Make one call; gives the status and the beginning of the answer.

        Raises:
            WebhookError: there was no answer.
        """
        import httpx  # here, because few hosts need it and it takes long to load

        body = to_json(event_document(event))
        keys = [key for key in webhook.secret if isinstance(key, bytes)]
        headers = {
            **sign(keys, event.id, int(self._clock()), body),
            "content-type": "application/json",
            "user-agent": _USER_AGENT,
        }
        status, answer = 0, ""
        try:
            async with (
                asyncio.timeout(webhook.timeout_seconds),
                self._client().stream("POST", webhook.url, content=body, headers=headers) as response,
            ):
                status = response.status_code
                answer = await _beginning(response)
        except TimeoutError:
            if not status:
                raise WebhookError(f"no answer within {webhook.timeout_seconds:g} seconds") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            if not status:
                raise WebhookError(f"no answer: {type(error).__name__}: {error}") from None
        return status, answer

    async def aclose(self) -> None:
        """Close the connections of the running loop."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None and self._process == os.getpid():
            await client.aclose()

    def _client(self) -> httpx.AsyncClient:
        import httpx

        if self._process != os.getpid():
            self._process = os.getpid()
            self._clients.clear()
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            # The deadline is for the whole call, so no part of it has one of its own.
            client = self._clients[loop] = httpx.AsyncClient(timeout=None, follow_redirects=False)  # noqa: S113
        return client


class Webhooks:
    """The webhooks of one ScormEmbed."""

    def __init__(self, webhooks: Sequence[Webhook], clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._webhooks = webhooks
        self._sender = Sender(lambda: clock().timestamp())
        self.handlers = [WebhookHandler(webhook, self._sender) for webhook in webhooks]

    def find(self, url: str, tenant_id: str) -> Webhook | None:
        """Give the webhook of a tenant with this address."""
        found = (w for w in self._webhooks if w.url == url and w.tenant_id in (None, tenant_id))
        return next(found, None)

    async def test(self, webhook: Webhook, tenant_id: str, event_id: str) -> Document:
        """Send a ``ping`` and say how it went: ``{"url", "delivered", "status", "seconds", "error"}``."""
        ping = HookEvent(PING, tenant_id, "", "", "", {}, self._clock(), id=event_id)
        began = time.monotonic()
        status: int | None = None
        error: str | None = None
        try:
            status, answer = await self._sender.send(webhook, ping)
            if not 200 <= status < 300:
                error = answer or _phrase(status)
        except WebhookError as refused:
            error = str(refused)
        seconds = round(time.monotonic() - began, 3)
        return {"url": webhook.url, "delivered": error is None, "status": status, "seconds": seconds, "error": error}

    async def aclose(self) -> None:
        """Close the connections of the running loop."""
        await self._sender.aclose()


def event_document(event: HookEvent) -> dict[str, Any]:
    """Give an event as receivers see it."""
    return {
        "id": event.id,
        "type": event.type,
        "at": event.at,
        "tenant_id": event.tenant_id,
        "session": event.session or None,
    }


async def _beginning(response: httpx.Response) -> str:
    """Read the beginning of an answer, as it came: what is packed small stays small."""
    beginning = b""
    async for piece in response.aiter_raw():
        beginning += piece
        if len(beginning) >= ANSWER_BYTES_MAX:
            break
    return beginning[:ANSWER_BYTES_MAX].decode("utf-8", "replace").strip()


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Status"
