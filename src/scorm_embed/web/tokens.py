"""Signed, expiring proofs: launch tokens, and the path segments that authorise the player and the course's files.

Owns what they are made of. Each purpose and each session signs with a key of its own (the salt), so that nothing made
for one can be used for another. The first secret signs, all verify, so that secrets can be rotated. No error raised
here carries a token or a part of one.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from scorm_embed.errors import AccessError
from scorm_embed.service.launches import expired

DAY_SECONDS = 86_400
SEGMENTS_KEPT = 1_024
"""A page asks for many files with one segment, whose signature then is checked once."""
TOKEN_CHARS_MAX = 4_000
"""Longer ones are not looked at."""


@dataclass(frozen=True, slots=True)
class LaunchClaim:
    """The right to run the player of one session within one launch."""

    tenant_id: str
    session_id: str
    launch_id: str
    expires_at: int
    """Seconds since the epoch."""
    is_over: bool = False
    """The time it was made for is over. The launch itself lives on where commits have renewed it."""


class Tokens:
    """Makes and reads all proofs.

    Args:
        secrets: the first signs, all verify.
        launch_max_seconds: how long a player page may run at most.
        clock: gives seconds since the epoch.
    """

    def __init__(
        self, secrets: Sequence[bytes], launch_max_seconds: int, clock: Callable[[], float] = time.time
    ) -> None:
        self._launch_max_seconds = launch_max_seconds
        self._clock = clock
        self._load_content = lru_cache(SEGMENTS_KEPT)(self._load_content_anew)
        self._load_run = lru_cache(SEGMENTS_KEPT)(self._load_run_anew)
        # itsdangerous signs with the last key.
        self._serializer = URLSafeSerializer(
            list(reversed(secrets)),
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def launch_token(self, claim: LaunchClaim) -> str:
        """Make the token of a launch URL."""
        return self._sign("launch", claim.session_id, [claim.tenant_id, claim.launch_id, claim.expires_at])

    def read_launch_token(self, token: str, session_id: str) -> LaunchClaim:
        """Read a launch token for this session; ``AccessError`` with INVALID_TOKEN. Its time may be over."""
        tenant_id, launch_id, expires_at = self._load("launch", session_id, token, 3)
        return LaunchClaim(tenant_id, session_id, launch_id, expires_at, is_over=self._is_over(expires_at))

    def run_segment(self, tenant_id: str, session_id: str, launch_id: str) -> str:
        """Make the path segment that authorises one player page's calls, for ``launch_max_seconds`` from now."""
        return self._sign("run", session_id, [tenant_id, launch_id, int(self._clock()) + self._launch_max_seconds])

    def read_run_segment(self, segment: str, session_id: str) -> LaunchClaim:
        """Read a run segment for this session; ``AccessError`` with INVALID_TOKEN or EXPIRED_TOKEN."""
        claim = self._load_run(session_id, segment)
        if self._is_over(claim.expires_at):
            raise expired()
        return claim

    def content_segment(self, session_id: str, digest: str) -> str:
        """Make the path segment that authorises the files of one blob for one session.

        It is the same all day and for every launch, so that browsers find the files in their cache.
        """
        ends = int(self._clock()) + self._launch_max_seconds
        return self._sign("content", session_id, [digest, -(-ends // DAY_SECONDS)])

    def read_content_segment(self, segment: str, session_id: str) -> tuple[str, int]:
        """Give the digest of the blob and for how many seconds the segment is still good.

        Raises:
            AccessError: INVALID_TOKEN or EXPIRED_TOKEN.
        """
        digest, day = self._load_content(session_id, segment)
        left = day * DAY_SECONDS - int(self._clock())
        if left <= 0:
            raise AccessError("The course's address has expired; launch the course again.", code="EXPIRED_TOKEN")
        return digest, left

    def _load_run_anew(self, session_id: str, segment: str) -> LaunchClaim:
        tenant_id, launch_id, expires_at = self._load("run", session_id, segment, 3)
        return LaunchClaim(tenant_id, session_id, launch_id, expires_at)

    def _load_content_anew(self, session_id: str, segment: str) -> tuple[str, int]:
        digest, day = self._load("content", session_id, segment, 2)
        return digest, day

    def _sign(self, purpose: str, session_id: str, payload: list[str | int]) -> str:
        signed = self._serializer.dumps(payload, salt=_salt(purpose, session_id))
        return signed if isinstance(signed, str) else signed.decode("ascii")

    def _is_over(self, expires_at: int) -> bool:
        return expires_at <= self._clock()

    def _load(self, purpose: str, session_id: str, token: str, size: int) -> list[Any]:
        payload = None
        if len(token) <= TOKEN_CHARS_MAX:
            try:
                payload = self._serializer.loads(token, salt=_salt(purpose, session_id))
            except (BadData, ValueError):
                payload = None
        if not isinstance(payload, list) or len(payload) != size:
            # The cause is left out: it quotes the signature.
            raise AccessError("The link is not valid for this session.", code="INVALID_TOKEN") from None
        return payload


def _salt(purpose: str, session_id: str) -> bytes:
    return f"scorm_embed.{purpose}\0{session_id}".encode()
