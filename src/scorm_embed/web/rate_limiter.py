"""Counting requests, once, around every route, and refusing what is too much.

Owns who is counted. A count that cannot be kept, because its store is away, holds nobody back.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import logging
import math
import os
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

from starlette.requests import Request

from scorm_embed.errors import AccessError, RequestError
from scorm_embed.web.auth import presented_key
from scorm_embed.web.call import Proof
from scorm_embed.web.rate_limits import COUNTED, RateLimits, open_counter
from scorm_embed.web.routing import Access, Match

if TYPE_CHECKING:
    from limits import RateLimitItem
    from limits.aio.strategies import FixedWindowRateLimiter

logger = logging.getLogger("scorm_embed")

STORE_SECONDS = 1
"""How long a request waits for the store of the counts."""
STORE_PAUSE_SECONDS = 5
"""How long a store that did not answer is left alone."""
IPV6_PREFIX = 64
"""The part of an IPv6 address that is one customer's."""

Prove: TypeAlias = Callable[[Request, Match], Awaitable[Proof]]


class RateLimiter:
    """Stands around the proof of every request: whoever proves something is counted by it, the others by address."""

    def __init__(self, limits: RateLimits, prove: Prove) -> None:
        self._prove = prove
        self._storage = limits.storage
        self._items = {name: limits.items(name) for name in COUNTED}
        self._opened: tuple[int, asyncio.AbstractEventLoop | None, FixedWindowRateLimiter] | None = None
        self._away_until = 0.0

    async def prove(self, request: Request, match: Match) -> Proof:
        """Give what the request proves; RATE_LIMIT_EXCEEDED where that is too often."""
        address = _address(request)
        if match.route.access is Access.CALLER and presented_key(request)[0] is not None:
            # Before the key is looked at, so that keys cannot be guessed any faster.
            await self._check("failures", (address,), spend=False)
        try:
            proof = await self._prove(request, match)
        except AccessError:
            await self._check("failures", (address,))
            raise
        counted = _who(proof, match)
        if counted is not None:
            await self._check(*counted)
        return proof

    async def _check(self, name: str, who: tuple[str, ...], *, spend: bool = True) -> None:
        items = self._items[name]
        if not items or time.monotonic() < self._away_until:
            return
        # Hashed: the store shall hold no key and no address.
        key = hashlib.sha256("\0".join(who).encode("utf-8", "surrogatepass")).hexdigest()
        try:
            async with asyncio.timeout(STORE_SECONDS):
                seconds = await self._seconds_to_wait(items, name, key, spend)
        except Exception:
            # Whatever it is: no learner is held back because counts cannot be kept.
            self._away_until = time.monotonic() + STORE_PAUSE_SECONDS
            logger.warning("The store of the rate limits does not answer; nobody is limited.", exc_info=True)
            return
        if seconds:
            raise RequestError(
                f"Too many requests. Try again in {seconds} seconds.",
                {"retry_after_seconds": seconds},
                code="RATE_LIMIT_EXCEEDED",
                status=429,
            )

    async def _seconds_to_wait(self, items: list[RateLimitItem], name: str, key: str, spend: bool) -> int:
        counter = self._counter()
        longest = 0
        for item in items:
            passes = await (counter.hit if spend else counter.test)(item, "scorm_embed", name, key)
            if not passes:
                reset = (await counter.get_window_stats(item, "scorm_embed", name, key)).reset_time
                longest = max(longest, 1, math.ceil(reset - time.time()))
        return longest

    def _counter(self) -> FixedWindowRateLimiter:
        # Connections belong to a process and a loop; counts in memory stay for all loops of a process.
        loop = None if self._storage.startswith("memory") else asyncio.get_running_loop()
        if self._opened is None or self._opened[:2] != (os.getpid(), loop):
            self._opened = (os.getpid(), loop, open_counter(self._storage))
        return self._opened[2]

    async def aclose(self) -> None:
        """Close the connections to the store; what is counted again opens again."""
        opened, self._opened = self._opened, None
        # Only Redis keeps any, and the library has no call for it.
        bridge = getattr(opened[2].storage, "bridge", None) if opened else None
        if opened is None or bridge is None or opened[:2] != (os.getpid(), asyncio.get_running_loop()):
            self._opened = opened
            return
        await bridge.get_connection().aclose()


def _who(proof: Proof, match: Match) -> tuple[str, tuple[str, ...]] | None:
    if proof.launch is not None:
        launch = proof.launch
        # The launch, not the run of its page: a reload begins no new count.
        return "launch", (launch.tenant_id, launch.session_id, launch.launch_id.partition(".")[0])
    if proof.digest is not None:
        return "content", (match.values["session_id"], proof.digest)
    if proof.caller is None:
        return None
    if proof.caller.learner is not None:
        return "learner", (proof.caller.tenant_id, proof.caller.learner.id)
    return "api_key", (proof.caller.key_hash,)


def _address(request: Request) -> str:
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 6:
        return str(ipaddress.ip_network((int(address), IPV6_PREFIX), strict=False))
    return host
