"""The content of one view: a SCO that does what a test says, with the API instance that it would find in a browser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from scorm_embed.core.datamodel import CmiState, DataLimits, Strictness
from scorm_embed.core.datamodel.api import ApiInstance, ApiState, Hooks
from scorm_embed.core.standard import Standard

_NAMES_2004 = ("Initialize", "GetValue", "SetValue", "Commit", "Terminate")
_NAMES_12 = ("LMSInitialize", "LMSGetValue", "LMSSetValue", "LMSCommit", "LMSFinish")
_STATUSES = ("completed", "incomplete", "passed", "failed")


@dataclass(frozen=True, slots=True)
class Setting:
    """What the page is told about the course when it loads."""

    standard: Standard
    strictness: Strictness = Strictness.TOLERANT
    limits: DataLimits = field(default_factory=DataLimits)
    language: str = "en"


class FakeSCO:
    """The content of one view: calls the API as a SCO would.

    Every method raises ``AssertionError`` where the API refuses, with the standard's error code; ``last_error`` has the
    code. ``call`` raises nothing.
    """

    def __init__(
        self,
        activity_id: str,
        setting: Setting,
        cmi: CmiState,
        report: Callable[[bool, bool], None],
        after_call: Callable[[], None] = lambda: None,
    ) -> None:
        self.activity_id = activity_id
        self.shown = True
        """Whether the page still shows this content."""

        def tell(initialized: bool = False, terminated: bool = False) -> bool:
            report(initialized, terminated)
            return True

        self.api = ApiInstance(
            cmi,
            Hooks(initialize=lambda: tell(initialized=True), commit=tell, terminate=lambda: tell(terminated=True)),
        )
        self._names = _NAMES_2004 if setting.standard.is_2004 else _NAMES_12
        self._after_call = after_call

    @property
    def last_error(self) -> str:
        """What GetLastError says: ``"0"`` after a call that worked."""
        return self.api.last_error

    @property
    def diagnostic(self) -> str:
        """What GetDiagnostic says about the last error."""
        return self.api.diagnostic

    @property
    def terminated(self) -> bool:
        """Whether the content has called Terminate."""
        return self.api.state is ApiState.TERMINATED

    def call(self, method: str, *args: str | None) -> tuple[str, str]:
        """Call a method by its standard's name; gives what it returned and the last error after it."""
        assert self.shown, f"The player does not show {self.activity_id!r} any more: take learner.sco again."
        value, code = self.api.call(method, *args), self.api.last_error
        self._after_call()
        return value, code

    def _checked(self, method: str, *args: str) -> str:
        value, code = self.call(method, *args)
        if code != "0":
            shown = ", ".join(repr(arg) for arg in args)
            raise AssertionError(f"{method}({shown}) failed with {code}: {self.api.diagnostic}")
        return value

    def initialize(self) -> None:
        """Begin the communication session (Initialize, LMSInitialize)."""
        self._checked(self._names[0], "")

    def get(self, element: str) -> str:
        """Read an element (GetValue, LMSGetValue)."""
        return self._checked(self._names[1], element)

    def set(self, element: str, value: str | float) -> None:
        """Set an element (SetValue, LMSSetValue); a number is written as content would write it."""
        self._checked(self._names[2], element, value if isinstance(value, str) else format(value, "g"))

    def commit(self) -> None:
        """Ask for everything to be saved (Commit, LMSCommit)."""
        self._checked(self._names[3], "")

    def terminate(self) -> None:
        """End the communication session (Terminate, LMSFinish)."""
        self._checked(self._names[4], "")

    def finish(self, status: str = "completed", *, score: float | None = None) -> None:
        """Do the whole visit of a simple lesson: Initialize where that was not done, report, Terminate.

        Args:
            status: ``completed``, ``incomplete``, ``passed`` or ``failed``.
            score: 0 to 1.
        """
        if status not in _STATUSES:
            raise ValueError(f"status must be one of {', '.join(_STATUSES)}.")
        if self.api.state is not ApiState.RUNNING:
            self.initialize()
        if self.api.cmi.model.standard.is_2004:
            self.set("cmi.completion_status", "incomplete" if status == "incomplete" else "completed")
            if status in ("passed", "failed"):
                self.set("cmi.success_status", status)
            if score is not None:
                self.set("cmi.score.scaled", score)
        else:
            self.set("cmi.core.lesson_status", status)
            if score is not None:
                self.set("cmi.core.score.raw", score * 100)
        self.terminate()
