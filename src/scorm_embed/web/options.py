"""The options of ``ScormEmbed``: their defaults, and the checks that stop a mistake before the first request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeAlias

from starlette.requests import HTTPConnection

from scorm_embed.content import ArchiveLimits
from scorm_embed.content.base import ContentStore
from scorm_embed.core.datamodel import DataLimits, Strictness
from scorm_embed.core.manifest import ManifestLimits
from scorm_embed.errors import ConfigurationError
from scorm_embed.service.model import Outcome
from scorm_embed.service.outbox import RETRY_SECONDS, TIMEOUT_SECONDS
from scorm_embed.service.wire import MessageLimits
from scorm_embed.storage.base import Storage
from scorm_embed.storage.encoding import ACTIVITY_LENGTH_MAX
from scorm_embed.web.external import ExternalIssuer
from scorm_embed.web.identity import ApiKey, Learner
from scorm_embed.web.origins import parse_origin
from scorm_embed.web.rate_limits import RateLimits
from scorm_embed.web.theme import Theme, parse_theme
from scorm_embed.web.webhooks import Webhook

SECRET_BYTES_MIN = 32
DEFAULT_TTL_SECONDS_MIN = 60
DEFAULT_LAUNCH_SECONDS_MAX = 86_400
DEFAULT_FOLDER = Path("scorm-data")
ARCHIVE_LIMITS = ArchiveLimits()
MANIFEST_LIMITS = ManifestLimits()
DATA_LIMITS = DataLimits()
MESSAGE_LIMITS = MessageLimits()

Secret: TypeAlias = str | bytes
FindLearner: TypeAlias = Callable[[HTTPConnection], Learner | Awaitable[Learner | None] | None]
Authorize: TypeAlias = Callable[[Learner, str, Mapping[str, Any] | None], bool | Awaitable[bool]]
FindApiKey: TypeAlias = Callable[[str], ApiKey | Awaitable[ApiKey | None] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of ``ScormEmbed``; docs/mounting.md explains each."""

    secret_key: Secret | Sequence[Secret] = field(repr=False)
    """Signs launch tokens and the player's paths; at least 32 bytes. Of a list the first signs and all verify."""
    storage: Storage | None = None
    """Where records live; None: SQLite in ``./scorm-data``."""
    content: ContentStore | None = None
    """Where course files live; None: ``./scorm-data/content``."""
    learner: FindLearner | None = None
    """Gives the signed-in user of a request, or None."""
    authorize: Authorize | None = None
    """Says what a signed-in user may do beyond opening and reading their own sessions."""
    api_keys: Sequence[ApiKey] | FindApiKey = field(default=(), repr=False)
    """The keys of back ends, or a callable that finds one by its hash."""
    external_issuers: Sequence[ExternalIssuer] = ()
    """Systems whose signed tokens name their learners."""
    base_url: str | None = None
    """The public URL of the mount; None: taken from each request."""
    player_base_url: str | None = None
    """The player's own origin, with the mount's path there; None: the player shares the API's."""
    launch_ttl_seconds: int = 14_400
    """How long a launch lasts without a commit, unless a shorter or longer time is asked for."""
    launch_ttl_seconds_min: int = 0
    """The least that may be asked for; 0: the smaller of 60 and ``launch_ttl_seconds``."""
    launch_ttl_seconds_max: int = 0
    """The most that may be asked for; 0: 86,400, within ``launch_ttl_seconds`` and ``launch_max_seconds``."""
    launch_max_seconds: int = 0
    """How long a launch lasts at most, however often its commits renew it; 0: 86,400, or what a TTL may be."""
    outcome: Outcome | str = Outcome.BEST
    """What a session shows: ``best`` of all attempts, or the ``latest``."""
    strictness: Strictness | str = Strictness.TOLERANT
    """How values of the wrong form are met: ``tolerant`` takes what real courses send, ``conformant`` refuses it."""
    frame_ancestors: Sequence[str] = ("'self'",)
    """Who may embed the player: ``'self'``, ``'none'``, or origins."""
    message_origins: Sequence[str] = ()
    """Origins of embedding pages that get the player's messages, besides the player's own."""
    theme: Mapping[str, str | Sequence[str]] | None = None
    """The player's colours, fonts and corners; docs/embedding.md lists the names."""
    upload_bytes_max: int = 2 * 1024**3
    """The largest package that may be uploaded."""
    request_bytes_max: int = 8 * 1024**2
    """The largest JSON body."""
    archive_limits: ArchiveLimits = ARCHIVE_LIMITS
    """How large, how many and how deep the files of a package may be."""
    manifest_limits: ManifestLimits = MANIFEST_LIMITS
    """How much a manifest may hold."""
    data_limits: DataLimits = DATA_LIMITS
    """How long a value and how many the records of one collection may be."""
    message_limits: MessageLimits = MESSAGE_LIMITS
    """How much one message of the player may bring."""
    rate_limits: RateLimits | None = None
    """How often each may call; None: as often as they like."""
    event_retry_seconds: Sequence[float] = RETRY_SECONDS
    """The pauses before each further try to tell a hook or webhook; after the last one the event is dead."""
    event_timeout_seconds: float = TIMEOUT_SECONDS
    """How long all hooks and webhooks of one event may take together."""
    webhooks: Sequence[Webhook] = ()
    """Addresses that are told of events by signed calls."""
    log_retention_days: int | None = None
    """How long rows of the log of commits are kept; None: for ever."""
    maintenance_seconds: float = 60
    """How often a worker looks for what must happen without a request; 0: never."""

    def __post_init__(self) -> None:
        set_ = object.__setattr__
        set_(self, "secret_key", _secrets(self.secret_key))
        _check_callable("learner", self.learner)
        _check_callable("authorize", self.authorize)
        if not callable(self.api_keys):
            set_(self, "api_keys", _unique_keys(self.api_keys))
        set_(self, "external_issuers", _issuers(self.external_issuers))
        set_(self, "base_url", _base_url("base_url", self.base_url))
        set_(self, "player_base_url", _base_url("player_base_url", self.player_base_url))
        _check_numbers(self)
        try:
            set_(self, "outcome", Outcome(self.outcome))
        except ValueError:
            raise ConfigurationError("outcome must be 'best' or 'latest'.") from None
        try:
            set_(self, "strictness", Strictness(self.strictness))
        except ValueError:
            raise ConfigurationError("strictness must be 'tolerant' or 'conformant'.") from None
        set_(self, "frame_ancestors", _ancestors(self.frame_ancestors))
        set_(self, "message_origins", _origins("message_origins", self.message_origins))
        _ = self.styling

        _check_upkeep(self)
        _check_limits(self)
        if self.rate_limits is not None and not isinstance(self.rate_limits, RateLimits):
            raise ConfigurationError("rate_limits must be a RateLimits object.")

    @property
    def secrets(self) -> list[bytes]:
        """The secrets as bytes; the first signs."""
        return [secret for secret in self.secret_key if isinstance(secret, bytes)]

    @property
    def judging(self) -> Strictness:
        """How strictly values are judged."""
        return Strictness(self.strictness)

    @property
    def styling(self) -> Theme:
        """The theme as CSS."""
        return Theme() if self.theme is None else parse_theme(self.theme)

    @property
    def message_targets(self) -> list[str]:
        """Who hears the player's messages; ``self`` is its own origin."""
        own = ["self"] if "'self'" in self.frame_ancestors else []
        return [*own, *self.message_origins]


OPTION_NAMES = tuple(option.name for option in fields(Options))


def _secrets(given: object) -> tuple[bytes, ...]:
    entries: list[Any] = list(given) if isinstance(given, (list, tuple)) else [given]
    if not entries:
        raise ConfigurationError("secret_key is an empty list.")
    secrets = tuple(entry.encode() if isinstance(entry, str) else entry for entry in entries)
    for secret in secrets:
        if not isinstance(secret, bytes):
            raise ConfigurationError("secret_key must be text, bytes, or a list of them.")
        if len(secret) < SECRET_BYTES_MIN:
            raise ConfigurationError(
                f"secret_key must have at least {SECRET_BYTES_MIN} bytes; "
                "python -c 'import secrets; print(secrets.token_urlsafe(48))' makes one."
            )
    if len(set(secrets)) != len(secrets):
        raise ConfigurationError("secret_key names a secret twice.")
    return secrets


def _check_callable(name: str, value: object) -> None:
    if value is not None and not callable(value):
        raise ConfigurationError(f"{name} must be callable.")


def _listed(name: str, given: object) -> list[Any]:
    if isinstance(given, (str, bytes, Mapping)) or not isinstance(given, Collection):
        raise ConfigurationError(f"{name} must be a list.")
    return list(given)


def _unique_keys(given: object) -> tuple[ApiKey, ...]:
    keys = _listed("api_keys", given)
    if any(not isinstance(key, ApiKey) for key in keys):
        raise ConfigurationError("api_keys may hold ApiKey objects only.")
    if len({key.key_hash for key in keys}) != len(keys):
        raise ConfigurationError("api_keys holds the same key twice.")
    return tuple(keys)


def _issuers(given: object) -> tuple[ExternalIssuer, ...]:
    issuers = _listed("external_issuers", given)
    if any(not isinstance(issuer, ExternalIssuer) for issuer in issuers):
        raise ConfigurationError("external_issuers may hold ExternalIssuer objects only.")
    return tuple(issuers)


def _base_url(name: str, url: object) -> str | None:
    if url is None:
        return None
    if not isinstance(url, str) or parse_origin(url) is None or "?" in url or "#" in url:
        raise ConfigurationError(f"{name} must be an http or https URL without query and fragment.")
    return url.rstrip("/")


def _check_numbers(options: Options) -> None:
    for name in ("launch_ttl_seconds", "upload_bytes_max", "request_bytes_max"):
        _check_whole(name, getattr(options, name), 1)
    for name in ("launch_ttl_seconds_min", "launch_ttl_seconds_max", "launch_max_seconds"):
        _check_whole(name, getattr(options, name), 0)
    ttl = options.launch_ttl_seconds
    least = options.launch_ttl_seconds_min or min(DEFAULT_TTL_SECONDS_MIN, ttl)
    longest = options.launch_max_seconds or max(DEFAULT_LAUNCH_SECONDS_MAX, options.launch_ttl_seconds_max, ttl)
    most = options.launch_ttl_seconds_max or max(min(DEFAULT_LAUNCH_SECONDS_MAX, longest), ttl)
    if not least <= ttl <= most:
        raise ConfigurationError("launch_ttl_seconds must lie from launch_ttl_seconds_min to launch_ttl_seconds_max.")
    if most > longest:
        raise ConfigurationError("launch_max_seconds must not be less than a launch's TTL can be.")
    object.__setattr__(options, "launch_ttl_seconds_min", least)
    object.__setattr__(options, "launch_ttl_seconds_max", most)
    object.__setattr__(options, "launch_max_seconds", longest)


def _check_upkeep(options: Options) -> None:
    pauses = _listed("event_retry_seconds", options.event_retry_seconds)
    if any(not _is_seconds(pause) for pause in pauses):
        raise ConfigurationError("event_retry_seconds must be a list of seconds.")
    object.__setattr__(options, "event_retry_seconds", tuple(pauses))
    if not _is_seconds(options.event_timeout_seconds) or options.event_timeout_seconds == 0:
        raise ConfigurationError("event_timeout_seconds must be more than 0.")
    webhooks = _listed("webhooks", options.webhooks)
    if any(not isinstance(webhook, Webhook) for webhook in webhooks):
        raise ConfigurationError("webhooks may hold Webhook objects only.")
    if len({webhook.name for webhook in webhooks}) != len(webhooks):
        raise ConfigurationError("webhooks names the same URL twice for the same tenant.")
    if any(webhook.timeout_seconds > options.event_timeout_seconds for webhook in webhooks):
        raise ConfigurationError("timeout_seconds of a webhook must not be more than event_timeout_seconds.")
    object.__setattr__(options, "webhooks", tuple(webhooks))
    if not _is_seconds(options.maintenance_seconds):
        raise ConfigurationError("maintenance_seconds must be 0 or more.")
    if options.log_retention_days is not None:
        _check_whole("log_retention_days", options.log_retention_days, 1)


def _check_limits(options: Options) -> None:
    kinds = {
        "archive_limits": ArchiveLimits,
        "manifest_limits": ManifestLimits,
        "data_limits": DataLimits,
        "message_limits": MessageLimits,
    }
    for name, kind in kinds.items():
        if not isinstance(getattr(options, name), kind):
            raise ConfigurationError(f"{name} must be {kind.__name__}(…).")
    if options.manifest_limits.identifier_length_max > ACTIVITY_LENGTH_MAX:
        raise ConfigurationError(
            f"manifest_limits: identifier_length_max must be at most {ACTIVITY_LENGTH_MAX}: storages keep no more."
        )


def _is_seconds(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 10**9


def _check_whole(name: str, value: object, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ConfigurationError(f"{name} must be a whole number from {least}.")


def _ancestors(given: object) -> tuple[str, ...]:
    ancestors = _listed("frame_ancestors", given)
    if not ancestors:
        raise ConfigurationError("frame_ancestors is empty; say \"'none'\" if nobody may embed the player.")
    if "'none'" in ancestors and len(ancestors) > 1:
        raise ConfigurationError("frame_ancestors: 'none' stands alone.")
    return tuple(
        ancestor if ancestor in {"'self'", "'none'"} else _frame_source(ancestor)
        for ancestor in dict.fromkeys(ancestors)
    )


def _frame_source(value: object) -> str:
    """Accept an origin, or one whose host begins with ``*.``, as CSP writes them."""
    bare = value.replace("://*.", "://", 1) if isinstance(value, str) else ""
    if not _is_bare_origin(bare):
        raise ConfigurationError(f"frame_ancestors: {value!r} is no origin such as 'https://lms.example'.")
    return str(value).rstrip("/")


def _origins(name: str, given: object) -> tuple[str, ...]:
    found = []
    for value in _listed(name, given):
        if not _is_bare_origin(value):
            raise ConfigurationError(f"{name}: {value!r} is no origin such as 'https://lms.example'.")
        found.append(str(parse_origin(value)))
    return tuple(dict.fromkeys(found))


def _is_bare_origin(value: object) -> bool:
    """Tell whether a URL has nothing after its host, and nothing that could end a header's directive."""
    if not isinstance(value, str) or any(character in value for character in " ;,'\"\\\r\n\t"):
        return False
    return parse_origin(value) is not None and value.rstrip("/").count("/") == 2 and not set(value) & {"?", "#"}
