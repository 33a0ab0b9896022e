"""Learners of other systems: which issuers' JWTs are believed, and what is read from them.

The algorithm comes from the configured list only, never from the token. One issuer uses one family of algorithms, so
that a public key can never be taken for an HMAC secret. No error raised here carries the token.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jwt
from jwt.algorithms import get_default_algorithms

from scorm_embed.errors import AccessError, ConfigurationError
from scorm_embed.web.fields import is_clean
from scorm_embed.web.identifiers import IDENTIFIER_CHARS_MAX, problem_of_identifier
from scorm_embed.web.jwks import RSA_KEY_BITS_MIN, KeySet, PublicKey
from scorm_embed.web.origins import is_loopback, parse_origin

HMAC_ALGORITHMS = {"HS256": 32, "HS384": 48, "HS512": 64}
"""With the least bytes of a secret (RFC 7518, 3.2)."""
ALGORITHMS = set(HMAC_ALGORITHMS) | {
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
}  # fmt: skip
TOKEN_CHARS_MAX = 16_000
CLAIMS = {"user_id": "sub", "name": "name", "session_id": None}
"""Which claim gives what, unless the host says otherwise; None: no claim does."""


@dataclass(frozen=True, slots=True)
class ExternalIssuer:
    """A system whose signed tokens name its learners.

    Args:
        issuer: the ``iss`` its tokens carry.
        key: the secret (HS*) or the public key in PEM (all others); or give ``jwks_url``.
        jwks_url: where the issuer publishes its public keys; https, or http on this machine.
        algorithms: the only ones accepted, all of one family.
        audience: what ``aud`` must name; when None, a token that names an audience is refused.
        claims: which claim gives ``user_id``, ``name`` and ``session_id``; what is left out keeps its default.
        tenant_id: the only tenant whose API keys may use this issuer; None for every tenant.
        leeway_seconds: how far the clocks may differ.
    """

    issuer: str
    key: str | bytes | None = field(default=None, repr=False)
    jwks_url: str | None = None
    algorithms: Sequence[str] = ("RS256",)
    audience: str | Sequence[str] | None = None
    claims: Mapping[str, str | None] = field(default_factory=dict)
    tenant_id: str | None = None
    leeway_seconds: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.issuer, str) or not self.issuer:
            raise ConfigurationError("ExternalIssuer.issuer must be text.")
        if (self.key is None) == (self.jwks_url is None):
            raise ConfigurationError(f"ExternalIssuer {self.issuer!r} needs either key or jwks_url.")
        self._check_algorithms()
        if self.jwks_url is not None:
            _check_jwks_url(self.issuer, self.jwks_url)
        else:
            self._check_key()
        unknown = set(self.claims) - set(CLAIMS)
        if unknown:
            raise ConfigurationError(f"ExternalIssuer {self.issuer!r}: there is no claim mapping {sorted(unknown)}.")
        if not isinstance(self.leeway_seconds, int) or not 0 <= self.leeway_seconds <= 300:
            raise ConfigurationError(f"ExternalIssuer {self.issuer!r}: leeway_seconds must be from 0 to 300.")

    def _check_algorithms(self) -> None:
        if isinstance(self.algorithms, str) or not self.algorithms:
            raise ConfigurationError(f"ExternalIssuer {self.issuer!r}: algorithms must be a list of names.")
        unsafe = [name for name in self.algorithms if name not in ALGORITHMS]
        if unsafe:
            raise ConfigurationError(f"ExternalIssuer {self.issuer!r}: {unsafe} are not accepted algorithms.")
        symmetric = [name for name in self.algorithms if name in HMAC_ALGORITHMS]
        if symmetric and (len(symmetric) != len(self.algorithms) or self.jwks_url is not None):
            raise ConfigurationError(
                f"ExternalIssuer {self.issuer!r}: {symmetric} use a shared secret and cannot be mixed with public keys."
            )

    def _check_key(self) -> None:
        key = self.key.encode() if isinstance(self.key, str) else self.key
        if not isinstance(key, bytes):
            raise ConfigurationError(f"ExternalIssuer {self.issuer!r}: key must be text or bytes.")
        bytes_min = max(HMAC_ALGORITHMS.get(name, 0) for name in self.algorithms)
        if len(key) < bytes_min:
            raise ConfigurationError(
                f"ExternalIssuer {self.issuer!r}: the shared secret must have at least {bytes_min} bytes."
            )
        for name in self.algorithms:
            try:
                prepared = get_default_algorithms()[name].prepare_key(key)
            except (jwt.PyJWTError, ValueError, TypeError):
                raise ConfigurationError(f"ExternalIssuer {self.issuer!r}: the key does not fit {name}.") from None
            if name[:2] in {"RS", "PS"} and prepared.key_size < RSA_KEY_BITS_MIN:
                raise ConfigurationError(
                    f"ExternalIssuer {self.issuer!r}: an RSA key must have at least {RSA_KEY_BITS_MIN} bits."
                )

    def claim(self, name: str) -> str | None:
        """Give the name of the claim that holds ``name``."""
        return self.claims[name] if name in self.claims else CLAIMS[name]


@dataclass(frozen=True, slots=True)
class ExternalLearner:
    """Whom a token names."""

    user_id: str
    name: str | None
    session_id: str | None


class ExternalTokens:
    """Reads the tokens of the configured issuers."""

    def __init__(self, issuers: Sequence[ExternalIssuer], clock: Callable[[], float] = time.time) -> None:
        self._issuers = {issuer.issuer: issuer for issuer in issuers}
        if len(self._issuers) != len(issuers):
            raise ConfigurationError("external_issuers names an issuer twice.")
        self._key_sets = {
            issuer.issuer: KeySet(issuer.jwks_url, clock) for issuer in issuers if issuer.jwks_url is not None
        }

    async def read(self, token: str, tenant_id: str) -> ExternalLearner:
        """Check a token and give the learner.

        Raises:
            AccessError: INVALID_TOKEN or EXPIRED_TOKEN.
            StorageUnavailableError: the issuer's keys cannot be fetched.
        """
        issuer = self._issuer_of(token, tenant_id)
        key = await self._key_of(issuer, token)
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=list(issuer.algorithms),
                issuer=issuer.issuer,
                audience=issuer.audience,
                leeway=issuer.leeway_seconds,
                # Numbers are accepted where RFC 7519 wants text: systems with numbered users write them.
                options={"require": ["exp", "iss"], "verify_iat": False, "verify_sub": False, "verify_jti": False},
            )
        except jwt.ExpiredSignatureError:
            raise AccessError("The token has expired.", code="EXPIRED_TOKEN") from None
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError):
            raise _invalid("The token is not valid here.") from None
        return _learner_of(issuer, claims)

    def _issuer_of(self, token: str, tenant_id: str) -> ExternalIssuer:
        claims: dict[str, Any] = {}
        if len(token) <= TOKEN_CHARS_MAX:
            try:
                # Only to find whose key to use; nothing is believed before the signature is.
                claims = jwt.decode(token, options={"verify_signature": False})
            except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
                claims = {}
        name = claims.get("iss")
        issuer = self._issuers.get(name) if isinstance(name, str) else None
        if issuer is None or issuer.tenant_id not in {None, tenant_id}:
            raise _invalid("The token does not come from an issuer that is trusted here.")
        return issuer

    async def _key_of(self, issuer: ExternalIssuer, token: str) -> str | bytes | PublicKey:
        if issuer.key is not None:
            return issuer.key
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.PyJWTError, ValueError):
            raise _invalid("The token is not valid here.") from None
        if header.get("alg") not in issuer.algorithms:
            raise _invalid("The token is signed with an algorithm that is not accepted.")
        key = await self._key_sets[issuer.issuer].find(header.get("kid"), str(header["alg"]))
        if key is None:
            raise _invalid("The token is signed with a key that the issuer does not publish.")
        return key


def _learner_of(issuer: ExternalIssuer, claims: Mapping[str, Any]) -> ExternalLearner:
    user_id = _claim(issuer, claims, "user_id")
    if user_id is None:
        raise _invalid("The token does not name a learner.")
    session_id = _claim(issuer, claims, "session_id")
    for value in (user_id, session_id):
        if value is not None and (problem := problem_of_identifier(value)):
            raise _invalid(f"A claim that the token is read for {problem}.")
    name = "".join(filter(is_clean, _claim(issuer, claims, "name") or ""))
    return ExternalLearner(user_id, name[:IDENTIFIER_CHARS_MAX] or None, session_id)


def _claim(issuer: ExternalIssuer, claims: Mapping[str, Any], name: str) -> str | None:
    claim = issuer.claim(name)
    value = claims.get(claim) if claim is not None else None
    if isinstance(value, int) and not isinstance(value, bool):
        # Systems with numbered users put the number there.
        return str(value) if abs(value) < 10**30 else None
    return value if isinstance(value, str) and value else None


def _check_jwks_url(issuer: str, url: str) -> None:
    origin = parse_origin(url) if isinstance(url, str) else None
    if origin is None or (origin.scheme != "https" and not is_loopback(origin.host)):
        raise ConfigurationError(f"ExternalIssuer {issuer!r}: jwks_url must be an https URL.")


def _invalid(message: str) -> AccessError:
    return AccessError(message, code="INVALID_TOKEN")
