"""What the host wants to be told: hooks, inside the transaction or after it.

A hook registered with ``transaction=True`` runs inside the database transaction of the change and gets its
connection, so that the host's row and the session are committed together or not at all; an exception in it undoes
both. The others, and webhooks, are handlers of the outbox (``outbox``): each gets its event after the commit, at least
once. A handler is known by a name that is the same in every process.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePath
from typing import Any, Protocol

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar

from scorm_embed.engine.effects import Happening
from scorm_embed.errors import ConfigurationError, ScormEmbedError, StorageUnavailableError
from scorm_embed.service.model import Document
from scorm_embed.storage.base import Inside

THREADS = 16
"""Hooks that are not async and run at once, on one event loop."""
_threads: RunVar[anyio.CapacityLimiter] = RunVar("scorm_embed_hook_threads")

EVENTS = tuple(happening.value for happening in Happening)
"""The names of everything that can happen."""


@dataclass(frozen=True, slots=True)
class HookEvent:
    """What a hook is called with."""

    type: str
    """launched, progress, completed, passed, failed or ended."""
    tenant_id: str
    session_id: str
    user_id: str
    package_id: str
    session: Document
    """The session as ``GET /api/v1/sessions/{id}`` shows it, after the change."""
    at: datetime
    connection: Any = None
    """The storage's connection inside its transaction; None for a hook that runs after the commit."""
    id: str = ""
    """The event's own id: the same each time that it is told."""


Hook = Callable[[HookEvent], Awaitable[None] | None]
Within = Callable[[], AbstractContextManager[Any]]


class Handler(Protocol):
    """Somebody who is told of events after the commit, until it has worked once."""

    @property
    def name(self) -> str:
        """Tells it apart, in every process."""

    @property
    def in_order(self) -> bool:
        """Whether it waits for those before it, or runs beside the others."""

    def wants(self, event_type: str, tenant_id: str) -> bool:
        """Whether it is told of such events."""

    async def tell(self, event: HookEvent) -> None:
        """Do what is to be done; an exception lets it be tried again, ``GoneError`` does not."""


class HookError(Exception):
    """A hook within the transaction asked us for something and was refused.

    Not passed on as it is: its code would tell the player that its own launch is over, or the service that it was
    beaten by another writer.
    """


class GoneError(Exception):
    """A handler says that trying again is of no use."""


class Hooks:
    """Everybody who wants to be told, of one ScormEmbed."""

    def __init__(self) -> None:
        self._inside: dict[str, list[Hook]] = {}
        self._handlers: dict[str, Handler] = {}
        self.within: Within = contextlib.nullcontext
        """Makes the context in which hooks run that are not async (an application context of the host)."""

    def add(self, event: str, hook: Hook, *, transaction: bool = False) -> None:
        """Register a hook; ``ConfigurationError`` for an event that never happens."""
        if event not in EVENTS:
            raise ConfigurationError(f"There is no event {event!r}; there are {', '.join(EVENTS)}.")
        if transaction:
            self._inside.setdefault(event, []).append(hook)
            return
        for handler in self._handlers.values():
            if isinstance(handler, _AfterHook) and handler.hook is hook:
                handler.events.add(event)
                return
        name = first = _name_of(hook)
        number = 1
        while name in self._handlers:
            number += 1
            name = f"{first}#{number}"
        self.add_handler(_AfterHook(name, hook, {event}, self))

    def add_handler(self, handler: Handler) -> None:
        """Register a handler of the outbox; ``ConfigurationError`` when its name is taken."""
        if handler.name in self._handlers:
            raise ConfigurationError(f"{handler.name} is there twice.")
        self._handlers[handler.name] = handler

    @property
    def has_handlers(self) -> bool:
        """Whether anybody is told after the commit."""
        return bool(self._handlers)

    def handler(self, name: str) -> Handler | None:
        """Give the handler of this name, if this process knows it."""
        return self._handlers.get(name)

    def handlers_of(self, event_type: str, tenant_id: str) -> tuple[str, ...]:
        """Name those who are told of such an event after the commit."""
        return tuple(name for name, handler in self._handlers.items() if handler.wants(event_type, tenant_id))

    def wanted(self, happenings: Sequence[Happening], tenant_id: str) -> bool:
        """Whether anybody wants to hear of these."""
        return any(h.value in self._inside or self.handlers_of(h.value, tenant_id) for h in happenings)

    def inside(self, events: Sequence[HookEvent]) -> Inside | None:
        """What to run inside the transaction; None when there is nothing."""
        calls = [(hook, event) for event in events for hook in self._inside.get(event.type, ())]
        if not calls:
            return None

        async def run(connection: Any) -> None:
            for hook, event in calls:
                try:
                    result = hook(replace(event, connection=connection))
                    if inspect.isawaitable(result):
                        await result
                except StorageUnavailableError:
                    raise
                except ScormEmbedError as error:
                    raise HookError(f"{_name_of(hook)}: {error}") from error

        return run


@dataclass(frozen=True, slots=True)
class _AfterHook:
    """A function of the host as a handler."""

    name: str
    hook: Hook
    events: set[str]
    hooks: Hooks
    in_order: bool = True

    def wants(self, event_type: str, tenant_id: str) -> bool:
        return event_type in self.events

    async def tell(self, event: HookEvent) -> None:
        if _is_async(self.hook):
            result = self.hook(event)
        else:
            # In a thread: the player's answers do not wait for somebody's mail server.
            result = await anyio.to_thread.run_sync(self._call, event, abandon_on_cancel=True, limiter=_own_threads())
        if inspect.isawaitable(result):
            await result

    def _call(self, event: HookEvent) -> Any:
        with self.hooks.within():
            return self.hook(event)


def _own_threads() -> anyio.CapacityLimiter:
    """Give the running loop's threads for hooks: those that block must not take the ones that read course files."""
    try:
        return _threads.get()
    except LookupError:
        limiter = anyio.CapacityLimiter(THREADS)
        _threads.set(limiter)
        return limiter


def _is_async(hook: Any) -> bool:
    while isinstance(hook, functools.partial):
        hook = hook.func
    return inspect.iscoroutinefunction(hook) or inspect.iscoroutinefunction(type(hook).__call__)


def _name_of(hook: Any) -> str:
    while isinstance(hook, functools.partial):
        hook = hook.func
    if not hasattr(hook, "__qualname__"):
        hook = type(hook)
    return f"{_module_of(hook)}.{hook.__qualname__}"


def _module_of(hook: Any) -> str:
    """Name the module as others would import it, also when it was started as a program."""
    module = str(hook.__module__)
    if module != "__main__":
        return module
    main = sys.modules[module]
    spec, file = getattr(main, "__spec__", None), getattr(main, "__file__", None)
    if spec is not None:
        return str(spec.name)
    return module if file is None else PurePath(file).stem
