"""The API instance content talks to, as a state machine over the run-time data, for both standards.

Owns the states, the order of the checks around them and the last error (RTE 3.2; SCORM 1.2 RTE 3.3.2). Does no IO:
what happens at Initialize, Commit and Terminate is the owner's, through ``Hooks``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from scorm_embed.core.datamodel.cmi import Answer, CmiState
from scorm_embed.core.datamodel.element import Strictness
from scorm_embed.core.datamodel.error_codes import DIAGNOSTIC_CHARS_MAX, clip, error_strings
from scorm_embed.core.values import Rule


class ApiState(Enum):
    """States of a communication session."""

    NOT_INITIALIZED = "not_initialized"
    RUNNING = "running"
    TERMINATED = "terminated"


@dataclass(frozen=True, slots=True)
class Call:
    """One method of the API: its name, and the code it fails with in each state (0: allowed there)."""

    name: str
    not_initialized: int = 0
    running: int = 0
    terminated: int = 0
    failure: int = 0
    """The code when the owner could not do what the call asks."""

    def code(self, state: ApiState) -> int:
        """The code with which the call fails in a state."""
        if state is ApiState.RUNNING:
            return self.running
        return self.terminated if state is ApiState.TERMINATED else self.not_initialized


@dataclass(frozen=True, slots=True)
class Methods:
    """The eight methods of one standard."""

    initialize: Call
    terminate: Call
    get: Call
    set: Call
    commit: Call
    last_error: Call
    error_string: Call
    diagnostic: Call


METHODS_2004 = Methods(
    initialize=Call("Initialize", 0, 103, 104, 102),
    terminate=Call("Terminate", 112, 0, 113, 111),
    get=Call("GetValue", 122, 0, 123),
    set=Call("SetValue", 132, 0, 133),
    commit=Call("Commit", 142, 0, 143, 391),
    last_error=Call("GetLastError"),
    error_string=Call("GetErrorString"),
    diagnostic=Call("GetDiagnostic"),
)
METHODS_12 = Methods(
    initialize=Call("LMSInitialize", 0, 101, 101, 101),
    terminate=Call("LMSFinish", 301, 0, 301, 101),
    get=Call("LMSGetValue", 301, 0, 301),
    set=Call("LMSSetValue", 301, 0, 301),
    commit=Call("LMSCommit", 301, 0, 301, 101),
    last_error=Call("LMSGetLastError"),
    error_string=Call("LMSGetErrorString"),
    diagnostic=Call("LMSGetDiagnostic"),
)
ARGUMENT_ERROR = 201

STATE_SENTENCES: Mapping[ApiState, str] = MappingProxyType(
    {
        ApiState.NOT_INITIALIZED: "Call {e} first.",
        ApiState.RUNNING: "{e} was called before.",
        ApiState.TERMINATED: "No call can follow {e}.",
    }
)
"""What a developer is told when a call does not fit the state; ``{e}`` is the method that led there or leads on."""
ARGUMENT_SENTENCE = "The argument of {e} is an empty string."
FAILURE_SENTENCE = "{e} did not work. The data are kept; call it again."


def _yes() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the owner does at the three session calls; False fails the call and leaves the state as it is."""

    initialize: Callable[[], bool] = _yes
    commit: Callable[[], bool] = _yes
    terminate: Callable[[], bool] = _yes


class ApiInstance:
    """``API`` or ``API_1484_11`` over one SCO's data."""

    def __init__(self, cmi: CmiState, hooks: Hooks | None = None) -> None:
        self.cmi = cmi
        self.state = ApiState.NOT_INITIALIZED
        self.last_error = "0"
        self.diagnostic = ""
        self._hooks = hooks or Hooks()
        standard = cmi.model.standard
        self._methods = METHODS_2004 if standard.is_2004 else METHODS_12
        self._strings = {str(code): text for code, text in error_strings(standard).items()}
        self._tolerant = cmi.strictness is Strictness.TOLERANT

    def call(self, method: str, *args: str | None) -> str:
        """Call a method by the name it has in its standard.

        Arguments are the texts that content passed, None for null; undefined is an argument left out.
        Raises LookupError for a method that the standard does not have.
        """
        methods = self._methods
        first = self._text(args, 0)
        if method == methods.get.name:
            return self._data(methods.get, lambda: self.cmi.get(first))
        if method == methods.set.name:
            second = self._text(args, 1)
            return self._data(methods.set, lambda: self.cmi.set(first, second))
        if method == methods.initialize.name:
            return self._initialize(args)
        if method == methods.terminate.name:
            return self._close(methods.terminate, args, self._hooks.terminate, ApiState.TERMINATED)
        if method == methods.commit.name:
            return self._close(methods.commit, args, self._hooks.commit, ApiState.RUNNING)
        if method == methods.last_error.name:
            return self.last_error
        if method == methods.error_string.name:
            return self._strings.get(first, "")
        if method == methods.diagnostic.name:
            return self._diagnose(first)
        raise LookupError(method)

    def _text(self, args: tuple[str | None, ...], position: int) -> str:
        """An argument as ECMAScript writes it; tolerant: what is missing or null is empty."""
        argument = args[position] if position < len(args) else "undefined"
        if position < len(args) and argument is not None:
            return argument
        return "" if self._tolerant else argument or "null"

    def _done(self, code: int, diagnostic: str = "") -> bool:
        self.last_error = str(code)
        self.diagnostic = clip(diagnostic, DIAGNOSTIC_CHARS_MAX)
        return code == 0

    def _data(self, call: Call, action: Callable[[], Answer]) -> str:
        code = call.code(self.state)
        if code:
            self._done(code, self._state_sentence())
            return "false" if call is self._methods.set else ""
        answer = action()
        self._done(answer.code, answer.diagnostic)
        return answer.value

    def _state_sentence(self) -> str:
        ended = self.state is ApiState.TERMINATED
        name = (self._methods.terminate if ended else self._methods.initialize).name
        return STATE_SENTENCES[self.state].replace("{e}", name)

    def _argument_fits(self, call: Call, args: tuple[str | None, ...]) -> bool:
        argument = args[0] if args else None
        if argument == "":
            return True
        if argument is None and self._tolerant:
            self.cmi.note(call.name, Rule.ARGUMENT)
            return True
        return self._done(ARGUMENT_ERROR, ARGUMENT_SENTENCE.replace("{e}", call.name))

    def _initialize(self, args: tuple[str | None, ...]) -> str:
        call = self._methods.initialize
        again = self.state is ApiState.TERMINATED
        if again and not self._tolerant:
            self._done(call.terminated, self._state_sentence())
            return "false"
        if not self._argument_fits(call, args):
            return "false"
        if self.state is ApiState.RUNNING:
            self._done(call.running, self._state_sentence())
            return "false"
        self.cmi.restart()
        if not self._hooks.initialize():
            self._done(call.failure, FAILURE_SENTENCE.replace("{e}", call.name))
            return "false"
        if again:
            self.cmi.note(call.name, Rule.INITIALIZE_AGAIN)
        self.state = ApiState.RUNNING
        self._done(0)
        return "true"

    def _close(self, call: Call, args: tuple[str | None, ...], hook: Callable[[], bool], after: ApiState) -> str:
        """Commit and Terminate: state, argument, the owner's part."""
        code = call.code(self.state)
        if code:
            self._done(code, self._state_sentence())
            return "false"
        if not self._argument_fits(call, args):
            return "false"
        if not hook():
            self._done(call.failure, FAILURE_SENTENCE.replace("{e}", call.name))
            return "false"
        self.state = after
        self._done(0)
        return "true"

    def _diagnose(self, code: str) -> str:
        """The last call's diagnostic for "" and for its own code; the error's text for another code that exists."""
        if code in ("", self.last_error):
            return self.diagnostic or self._strings[self.last_error]
        return self._strings.get(code, "")
