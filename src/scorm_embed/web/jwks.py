"""The public keys that an issuer publishes: fetched when needed, kept for a while.

Owns the fetching. An unknown key makes one new fetch, at most every ``REFETCH_SECONDS``, so that strangers' tokens
cannot make us call the issuer at will. Keys that are known stay good while the issuer cannot be reached.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import jwt

from scorm_embed.errors import StorageUnavailableError

PublicKey = Any
"""What ``cryptography`` makes of a public key."""

KEEP_SECONDS = 300
REFETCH_SECONDS = 30
TIMEOUT_SECONDS = 5.0
BYTES_MAX = 256 * 1024
RSA_KEY_BITS_MIN = 2048


class KeySet:
    """The keys behind one URL."""

    def __init__(self, url: str, clock: Callable[[], float]) -> None:
        self._url = url
        self._clock = clock
        self._keys: list[jwt.PyJWK] = []
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")

    async def find(self, key_id: Any, algorithm: str) -> PublicKey | None:
        """Give the key that signs with ``algorithm`` under ``key_id``, or the only one when the token names none."""
        now = self._clock()
        if now - self._fetched_at >= KEEP_SECONDS:
            await self._fetch(now)
        found = self._pick(key_id, algorithm)
        if found is None and now - self._tried_at >= REFETCH_SECONDS:
            await self._fetch(now)
            found = self._pick(key_id, algorithm)
        return found

    def _pick(self, key_id: Any, algorithm: str) -> PublicKey | None:
        fitting = [key for key in self._keys if key.algorithm_name == algorithm or _same_family(key, algorithm)]
        if key_id is not None:
            fitting = [key for key in fitting if key.key_id == key_id]
        return fitting[0].key if len(fitting) == 1 else None

    async def _fetch(self, now: float) -> None:
        if self._keys and now - self._tried_at < REFETCH_SECONDS:
            return
        self._tried_at = now
        import httpx  # here, because few hosts need it and it takes long to load

        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                text = await _download(self._url)
            self._keys = _read_keys(text)
            self._fetched_at = now
        except (httpx.HTTPError, TimeoutError, ValueError, RecursionError):
            if not self._keys:
                raise StorageUnavailableError("The issuer's public keys cannot be fetched now; try again.") from None


async def _download(url: str) -> bytes:
    import httpx

    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as client, client.stream("GET", url) as response:
        response.raise_for_status()
        body = bytearray()
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > BYTES_MAX:
                raise ValueError("the key set is too large")
        return bytes(body)


def _read_keys(text: bytes) -> list[jwt.PyJWK]:
    document = json.loads(text)
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError("no key set")
    keys = []
    for entry in entries:
        # Shared secrets and keys for encryption have no place in a public key set; unknown kinds are passed over.
        if not isinstance(entry, dict) or entry.get("kty") == "oct" or entry.get("use", "sig") != "sig":
            continue
        try:
            key = jwt.PyJWK.from_dict(entry)
        except (jwt.PyJWTError, ValueError, TypeError, KeyError):
            continue
        if key.key_type != "RSA" or key.key.key_size >= RSA_KEY_BITS_MIN:
            keys.append(key)
    return keys


def _same_family(key: jwt.PyJWK, algorithm: str) -> bool:
    """An RSA key without ``alg`` signs with any RSA algorithm."""
    return key.key_type == "RSA" and algorithm[:2] in {"RS", "PS"} and "alg" not in key._jwk_data
