from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from scorm_embed import AccessError, ConfigurationError, ExternalIssuer, StorageUnavailableError
from scorm_embed.web import jwks
from scorm_embed.web.external import ExternalLearner, ExternalTokens

pytestmark = pytest.mark.anyio

SHARED = "a shared secret that is long enough for HS256 and, some say, for HS512 too"
FAR = 4_000_000_000
CLAIMS = {"iss": "https://partner", "sub": "p-1", "name": "Ada", "exp": FAR}
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
WEAK_RSA = rsa.generate_private_key(public_exponent=65537, key_size=1024)
EC = ec.generate_private_key(ec.SECP256R1())


def pem(key: Any) -> str:
    return str(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


def private_pem(key: Any) -> bytes:
    return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


HMAC = ExternalIssuer("https://partner", key=SHARED, algorithms=["HS256"])
RS = ExternalIssuer("https://partner", key=pem(RSA), algorithms=["RS256"])


async def read(issuer: ExternalIssuer, token: str, tenant_id: str = "default") -> ExternalLearner:
    return await ExternalTokens([issuer]).read(token, tenant_id)


async def refused(issuer: ExternalIssuer, token: str, tenant_id: str = "default") -> str:
    with pytest.raises(AccessError) as error:
        await read(issuer, token, tenant_id)
    assert error.value.status == 401
    assert len(token) < 3 or token not in error.value.message
    return error.value.code


def hmac_token(claims: dict[str, Any], key: str = SHARED, **options: Any) -> str:
    return jwt.encode(claims, key, algorithm=options.pop("algorithm", "HS256"), **options)


async def test_a_token_with_a_shared_secret_names_the_learner() -> None:
    assert await read(HMAC, hmac_token(CLAIMS)) == ExternalLearner("p-1", "Ada", None)


async def test_a_token_with_an_rsa_key_names_the_learner() -> None:
    token = jwt.encode(CLAIMS, private_pem(RSA), algorithm="RS256")
    assert (await read(RS, token)).user_id == "p-1"


async def test_a_token_with_an_elliptic_key_names_the_learner() -> None:
    issuer = ExternalIssuer("https://partner", key=pem(EC), algorithms=["ES256"])
    assert (await read(issuer, jwt.encode(CLAIMS, private_pem(EC), algorithm="ES256"))).user_id == "p-1"


async def test_claims_are_read_through_the_mapping_of_the_host() -> None:
    issuer = ExternalIssuer(
        "https://partner",
        key=SHARED,
        algorithms=["HS256"],
        claims={"user_id": "uid", "name": "full_name", "session_id": "enrolment"},
    )
    token = hmac_token({**CLAIMS, "uid": 42, "full_name": "Ada L", "enrolment": "e-9"})
    assert await read(issuer, token) == ExternalLearner("42", "Ada L", "e-9")


async def test_a_numbered_user_may_be_the_subject() -> None:
    assert (await read(HMAC, hmac_token({**CLAIMS, "sub": 42, "jti": 7}))).user_id == "42"


async def test_a_name_loses_what_no_page_can_show() -> None:
    token = hmac_token({**CLAIMS, "name": "Ada\0 \ud800Love\nlace\x85"})
    assert (await read(HMAC, token)).name == "Ada Lovelace"
    assert (await read(HMAC, hmac_token({**CLAIMS, "name": "\0"}))).name is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"exp": 1_000}, "EXPIRED_TOKEN"),
        ({"nbf": FAR}, "INVALID_TOKEN"),
        ({"exp": None}, "INVALID_TOKEN"),
        ({"exp": "soon"}, "INVALID_TOKEN"),
        ({"iss": "https://stranger"}, "INVALID_TOKEN"),
        ({"iss": None}, "INVALID_TOKEN"),
        ({"iss": ["https://partner"]}, "INVALID_TOKEN"),
        ({"aud": "somebody else"}, "INVALID_TOKEN"),
        ({"sub": None}, "INVALID_TOKEN"),
        ({"sub": ""}, "INVALID_TOKEN"),
        ({"sub": "x" * 256}, "INVALID_TOKEN"),
        ({"sub": "a\0b"}, "INVALID_TOKEN"),
    ],
)
async def test_claims_that_do_not_hold_are_refused(change: dict[str, Any], code: str) -> None:
    claims = {name: value for name, value in {**CLAIMS, **change}.items() if value is not None}
    key = base64.urlsafe_b64encode
    if "iss" not in claims or not isinstance(claims["iss"], str):
        # The library does not write such claims itself.
        head = key(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=").decode()
        body = key(json.dumps(claims).encode()).rstrip(b"=").decode()
        assert await refused(HMAC, f"{head}.{body}.AAAA") == code
        return
    head = key(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=").decode()
    body = key(json.dumps(claims).encode()).rstrip(b"=").decode()
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(
        f"{head}.{body}".encode(), SHARED.encode()
    )
    assert await refused(HMAC, f"{head}.{body}.{key(signature).rstrip(b'=').decode()}") == code


async def test_the_audience_must_be_the_configured_one() -> None:
    issuer = ExternalIssuer("https://partner", key=SHARED, algorithms=["HS256"], audience="us")
    assert (await read(issuer, hmac_token({**CLAIMS, "aud": ["them", "us"]}))).user_id == "p-1"
    assert await refused(issuer, hmac_token({**CLAIMS, "aud": "them"})) == "INVALID_TOKEN"
    assert await refused(issuer, hmac_token(CLAIMS)) == "INVALID_TOKEN"


async def test_another_key_is_refused() -> None:
    assert await refused(HMAC, hmac_token(CLAIMS, "another secret of thirty-two bytes or more")) == "INVALID_TOKEN"
    assert await refused(RS, jwt.encode(CLAIMS, private_pem(OTHER_RSA), algorithm="RS256")) == "INVALID_TOKEN"


async def test_algorithm_none_is_refused() -> None:
    token = jwt.encode(CLAIMS, None, algorithm="none")
    assert await refused(HMAC, token) == "INVALID_TOKEN"
    assert await refused(RS, token) == "INVALID_TOKEN"


async def test_a_public_key_cannot_be_used_as_a_shared_secret() -> None:
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=").decode()
    body = base64.urlsafe_b64encode(json.dumps(CLAIMS).encode()).rstrip(b"=").decode()
    algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    signature = algorithm.sign(f"{head}.{body}".encode(), pem(RSA).encode())
    forged = f"{head}.{body}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
    assert await refused(RS, forged) == "INVALID_TOKEN"


async def test_an_algorithm_that_is_not_listed_is_refused() -> None:
    assert await refused(HMAC, hmac_token(CLAIMS, algorithm="HS512")) == "INVALID_TOKEN"
    assert await refused(RS, jwt.encode(CLAIMS, private_pem(RSA), algorithm="RS512")) == "INVALID_TOKEN"


@pytest.mark.parametrize("token", ["", "a.b.c", "....", "x" * 20_000, "é", "\ud800", "eyJhbGciOiJIUzI1NiJ9.W10.AAAA"])
async def test_what_is_no_token_is_refused(token: str) -> None:
    assert await refused(HMAC, token) == "INVALID_TOKEN"


async def test_an_issuer_of_one_tenant_is_unknown_to_the_others() -> None:
    issuer = ExternalIssuer("https://partner", key=SHARED, algorithms=["HS256"], tenant_id="acme")
    assert (await read(issuer, hmac_token(CLAIMS), "acme")).user_id == "p-1"
    assert await refused(issuer, hmac_token(CLAIMS), "default") == "INVALID_TOKEN"


@pytest.mark.parametrize(
    "arguments",
    [
        {"key": None},
        {"jwks_url": "https://partner/jwks"},
        {"key": "x" * 31, "algorithms": ["HS256"]},
        {"key": "x" * 63, "algorithms": ["HS256", "HS512"]},
        {"key": pem(WEAK_RSA), "algorithms": ["RS256"]},
        {"algorithms": []},
        {"algorithms": "HS256"},
        {"algorithms": ["none"]},
        {"algorithms": ["HS256", "RS256"]},
        {"algorithms": ["RS256"]},
        {"key": pem(RSA), "algorithms": ["ES256"]},
        {"key": pem(RSA), "algorithms": ["HS256"]},
        {"key": None, "jwks_url": "https://partner/jwks", "algorithms": ["HS256"]},
        {"key": None, "jwks_url": "http://partner/jwks", "algorithms": ["RS256"]},
        {"key": None, "jwks_url": "file:///etc/passwd", "algorithms": ["RS256"]},
        {"claims": {"email": "email"}},
        {"issuer": ""},
        {"leeway_seconds": 3_600},
    ],
)
def test_an_unsafe_issuer_is_refused_at_construction(arguments: dict[str, Any]) -> None:
    defaults: dict[str, Any] = {"issuer": "https://partner", "key": SHARED, "algorithms": ["HS256"]}
    with pytest.raises(ConfigurationError):
        ExternalIssuer(**{**defaults, **arguments})


def test_the_key_of_an_issuer_is_not_shown() -> None:
    assert SHARED not in repr(HMAC)


# -- published keys


def public_jwk(key: Any, key_id: str, **more: Any) -> dict[str, Any]:
    algorithm = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    return {**json.loads(algorithm.to_jwk(key.public_key())), "kid": key_id, **more}


class Publisher:
    """Publishes keys and counts who asks."""

    def __init__(self) -> None:
        self.keys: list[Any] = [public_jwk(RSA, "one")]
        self.asked = 0
        self.failing: Exception | None = None
        self.now = 1_000_000.0

    async def download(self, url: str) -> bytes:
        assert url == "https://partner/jwks"
        self.asked += 1
        if self.failing:
            raise self.failing
        return json.dumps({"keys": self.keys}).encode()


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Publisher:
    found = Publisher()
    monkeypatch.setattr(jwks, "_download", found.download)
    return found


@pytest.fixture
def tokens(publisher: Publisher) -> ExternalTokens:
    issuer = ExternalIssuer("https://partner", jwks_url="https://partner/jwks", algorithms=["RS256", "ES256"])
    return ExternalTokens([issuer], clock=lambda: publisher.now)


def signed(key: Any, key_id: str | None, algorithm: str = "RS256") -> str:
    headers = {} if key_id is None else {"kid": key_id}
    return jwt.encode(CLAIMS, private_pem(key), algorithm=algorithm, headers=headers)


async def test_published_keys_are_fetched_once_and_kept(publisher: Publisher, tokens: ExternalTokens) -> None:
    for _ in range(3):
        assert (await tokens.read(signed(RSA, "one"), "default")).user_id == "p-1"
    assert publisher.asked == 1
    publisher.now += jwks.KEEP_SECONDS
    await tokens.read(signed(RSA, "one"), "default")
    assert publisher.asked == 2


async def test_a_key_published_later_is_found(publisher: Publisher, tokens: ExternalTokens) -> None:
    await tokens.read(signed(RSA, "one"), "default")
    publisher.keys.append(public_jwk(EC, "two"))
    publisher.now += jwks.REFETCH_SECONDS
    assert (await tokens.read(signed(EC, "two", "ES256"), "default")).user_id == "p-1"
    assert publisher.asked == 2


async def test_unknown_keys_do_not_make_us_call_the_issuer_at_will(
    publisher: Publisher, tokens: ExternalTokens
) -> None:
    for number in range(20):
        with pytest.raises(AccessError):
            await tokens.read(signed(OTHER_RSA, f"k{number}"), "default")
    assert publisher.asked == 1


async def test_a_token_without_key_id_uses_the_only_key(publisher: Publisher, tokens: ExternalTokens) -> None:
    assert (await tokens.read(signed(RSA, None), "default")).user_id == "p-1"
    publisher.keys.append(public_jwk(OTHER_RSA, "two"))
    publisher.now += jwks.KEEP_SECONDS
    with pytest.raises(AccessError):
        await tokens.read(signed(RSA, None), "default")


async def test_known_keys_stay_good_while_the_issuer_is_away(publisher: Publisher, tokens: ExternalTokens) -> None:
    await tokens.read(signed(RSA, "one"), "default")
    publisher.failing = httpx.ConnectError("down")
    publisher.now += jwks.KEEP_SECONDS
    assert (await tokens.read(signed(RSA, "one"), "default")).user_id == "p-1"


@pytest.mark.parametrize("failure", [httpx.ConnectError("down"), TimeoutError(), ValueError("no JSON")])
async def test_keys_that_cannot_be_fetched_are_no_fault_of_the_token(
    publisher: Publisher, tokens: ExternalTokens, failure: Exception
) -> None:
    publisher.failing = failure
    with pytest.raises(StorageUnavailableError):
        await tokens.read(signed(RSA, "one"), "default")
    publisher.failing = None
    assert (await tokens.read(signed(RSA, "one"), "default")).user_id == "p-1"


async def test_shared_secrets_and_strange_entries_in_a_key_set_are_passed_over(
    publisher: Publisher, tokens: ExternalTokens
) -> None:
    publisher.keys += [
        {"kty": "oct", "kid": "secret", "k": "AAAA"},
        {"kty": "nonsense"},
        "text",
        public_jwk(OTHER_RSA, "enc", use="enc"),
        public_jwk(WEAK_RSA, "weak"),
    ]
    assert (await tokens.read(signed(RSA, "one"), "default")).user_id == "p-1"
    with pytest.raises(AccessError):
        await tokens.read(signed(OTHER_RSA, "enc"), "default")


async def test_a_header_with_another_algorithm_never_reaches_the_keys(
    publisher: Publisher, tokens: ExternalTokens
) -> None:
    with pytest.raises(AccessError):
        await tokens.read(hmac_token(CLAIMS), "default")
    assert publisher.asked == 0


async def test_the_download_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b"x" * (jwks.BYTES_MAX + 1))

    real: Callable[..., httpx.AsyncClient] = httpx.AsyncClient
    monkeypatch.setattr(httpx, "AsyncClient", lambda **_: real(transport=httpx.MockTransport(answer)))
    with pytest.raises(ValueError, match="too large"):
        await jwks._download("https://partner/jwks")
