"""What has been worked out about a tracking state since its last change."""

from __future__ import annotations

from typing import Any


class Memo:
    """What has been worked out about a state since its last change; each dictionary belongs to one process."""

    __slots__ = (
        "choice_exit",
        "closed",
        "constraint",
        "disabled",
        "flow",
        "forward",
        "hidden",
        "left",
        "prevented",
        "reach",
        "siblings",
        "skip",
        "stop",
        "unavailable",
    )

    def __init__(self) -> None:
        self.skip: dict[int, Any] = {}
        self.disabled: dict[int, Any] = {}
        self.hidden: dict[int, Any] = {}
        self.stop: dict[int, Any] = {}
        self.unavailable: dict[int, Any] = {}
        self.closed: dict[int, Any] = {}
        self.forward: dict[int, Any] = {}
        self.prevented: dict[int, Any] = {}
        self.left: dict[int, Any] = {}
        self.choice_exit: dict[int, Any] = {}
        self.constraint: dict[int, Any] = {}
        self.reach: dict[tuple[int, int], Any] = {}
        self.siblings: dict[int, Any] = {}
        self.flow: dict[tuple[int, int, int], Any] = {}
