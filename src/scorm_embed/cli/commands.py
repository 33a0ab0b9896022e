"""The commands and their options."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
import tempfile
import webbrowser
from dataclasses import fields
from pathlib import Path

import click

from scorm_embed.cli.checking import check_package, show_findings, write_findings
from scorm_embed.cli.progress import shown_progress
from scorm_embed.cli.serving import address_of, bind, load_target, secret_beside, serve_until_stopped
from scorm_embed.content import DirectoryContent
from scorm_embed.errors import ScormEmbedError
from scorm_embed.storage import SQLStorage
from scorm_embed.web.app import ScormEmbed
from scorm_embed.web.identity import ApiKey, Learner
from scorm_embed.web.rate_limits import RateLimits
from scorm_embed.web.webhooks import Webhook

COURSE = click.argument("course", type=click.Path(exists=True, dir_okay=False, path_type=Path))
PLAY_PORT = 8000
PLAY_SESSION = "play"
PLAY_LEARNER = Learner("learner", "Learner, Local")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="scorm-embed")
def commands() -> None:
    """Play, serve and check SCORM courses."""


@commands.command()
@COURSE
@click.option("--port", type=click.IntRange(0, 65535), help=f"Port; {PLAY_PORT} or a free one when absent.")
@click.option("--no-open", is_flag=True, help="Do not open a browser.")
@click.option("--strict", is_flag=True, help="Refuse what the standards forbid although courses do it.")
def play(course: Path, port: int | None, no_open: bool, strict: bool) -> None:
    """Play COURSE on this machine; nothing is kept afterwards."""
    listener = bind("127.0.0.1", PLAY_PORT if port is None else port, or_any=port is None)
    base_url = address_of(listener)
    with listener, tempfile.TemporaryDirectory(prefix="scorm-play-") as folder:
        scorm = ScormEmbed(
            secret_key=secrets.token_bytes(32),
            storage=SQLStorage(f"sqlite:///{Path(folder) / 'scorm.db'}"),
            content=DirectoryContent(Path(folder) / "content"),
            # Whoever sits at this machine is the learner.
            learner=lambda _: PLAY_LEARNER,
            base_url=base_url,
            strictness="conformant" if strict else "tolerant",
        )

        async def run() -> None:
            with shown_progress(course) as progress:
                package = await scorm.import_package(course, progress=progress)
            if package["warnings"]:
                click.echo(f"{len(package['warnings'])} findings; scorm-embed check {course} shows them.", err=True)
            launched = await scorm.launch(
                package["id"], PLAY_LEARNER.id, session_id=PLAY_SESSION, learner_name=PLAY_LEARNER.name
            )

            def show() -> None:
                click.echo(f"Player: {launched['player_url']}")
                if not no_open and _has_screen():
                    webbrowser.open(launched["player_url"])

            await serve_until_stopped(scorm, listener, show)

        _run(run())


def _has_screen() -> bool:
    """Tell whether a browser would open beside the terminal and not in it."""
    if not sys.stdout.isatty():
        return False
    return sys.platform in {"darwin", "win32"} or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


@commands.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.option("--database", default="sqlite:///scorm-data/scorm.db", show_default=True, help="URL of the database.")
@click.option(
    "--content",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("scorm-data/content"),
    show_default=True,
    help="Folder of the course files.",
)
@click.option(
    "--api-key",
    envvar="SCORM_EMBED_API_KEY",
    help="Has all scopes of the tenant 'default'; made and shown when absent. Or SCORM_EMBED_API_KEY.",
)
@click.option("--base-url", help="Public URL, when it is not the address that requests are sent to.")
@click.option("--player-base-url", help="The player's own origin; the API then answers on every other one.")
@click.option("--frame-ancestor", "frame_ancestors", multiple=True, help="An origin that may embed the player.")
@click.option(
    "--webhook",
    "webhooks",
    multiple=True,
    metavar="URL",
    help="An address that is told of events by calls signed with SCORM_EMBED_WEBHOOK_SECRET.",
)
@click.option(
    "--rate-limit",
    "rate_limits",
    multiple=True,
    metavar="NAME=LIMIT",
    help="Such as api_key=600/minute; also learner, launch, content, failures, storage. Others keep their defaults.",
)
@click.option("--strict", is_flag=True, help="Refuse what the standards forbid although courses do it.")
def serve(
    host: str,
    port: int,
    database: str,
    content: Path,
    api_key: str | None,
    base_url: str | None,
    player_base_url: str | None,
    frame_ancestors: tuple[str, ...],
    webhooks: tuple[str, ...],
    rate_limits: tuple[str, ...],
    strict: bool,
) -> None:
    """Serve the API and the player at the root path, for trials, tests and back ends in other languages.

    The secret that signs launches is read from SCORM_EMBED_SECRET_KEY, or kept beside the content folder.
    """
    if api_key is None:
        api_key = secrets.token_urlsafe(32)
        click.echo(f"API key: {api_key}", err=True)
    if database.startswith("sqlite:///"):
        Path(database.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    try:
        scorm = ScormEmbed(
            secret_key=os.environ.get("SCORM_EMBED_SECRET_KEY") or secret_beside(content),
            storage=SQLStorage(database),
            content=DirectoryContent(content),
            api_keys=[ApiKey(api_key)],
            base_url=base_url,
            player_base_url=player_base_url,
            frame_ancestors=["'self'", *frame_ancestors],
            webhooks=[Webhook(url, _webhook_secrets()) for url in webhooks],
            rate_limits=_rate_limits(rate_limits),
            strictness="conformant" if strict else "tolerant",
        )
    except ScormEmbedError as error:
        raise click.UsageError(error.message) from error
    with bind(host, port) as listener:
        _run(serve_until_stopped(scorm, listener, lambda: click.echo(f"Serving: {address_of(listener)}", err=True)))


def _rate_limits(given: tuple[str, ...]) -> RateLimits | None:
    """Read ``NAME=LIMIT``; None where nothing is limited."""
    named = dict(entry.partition("=")[::2] for entry in given)
    if wrong := set(named) - {field.name for field in fields(RateLimits)}:
        raise click.UsageError(f"--rate-limit knows no {', '.join(sorted(wrong))}.")
    return RateLimits(**named) if named else None


def _webhook_secrets() -> list[str]:
    """Read the secrets; several, with spaces between them, while one is changed."""
    found = os.environ.get("SCORM_EMBED_WEBHOOK_SECRET", "").split()
    if not found:
        raise click.UsageError("--webhook needs a secret in SCORM_EMBED_WEBHOOK_SECRET.")
    return found


@commands.command()
@click.argument("target", metavar="MODULE:NAME")
def maintain(target: str) -> None:
    """Do what must happen without a request, for the ScormEmbed that MODULE calls NAME.

    Ends sessions whose launch has expired, tells hooks and webhooks what is due, forgets old rows of the log.
    """
    scorm = load_target(target)

    async def run() -> None:
        try:
            click.echo(json.dumps(await scorm.maintain()))
        finally:
            await scorm.aclose()

    _run(run())


@commands.command()
@COURSE
@click.option("--json", "as_json", is_flag=True, help="Write the findings as JSON.")
def check(course: Path, as_json: bool) -> None:
    """Say what is wrong with COURSE and what import repairs.

    Exit code 0: nothing that learners meet; 1: something that hurts; 2: it cannot be played.
    """
    with shown_progress(course) as progress:
        report = check_package(course, progress)
    if as_json:
        click.echo(write_findings(report))
    else:
        if os.environ.get("NO_COLOR"):
            click.get_current_context().color = False
        show_findings(report)
    sys.exit(report.exit_code)


def _run(main: object) -> None:
    try:
        asyncio.run(main)  # type: ignore[arg-type]
    except ScormEmbedError as error:
        raise click.ClickException(f"{error.message} ({error.code})") from error
