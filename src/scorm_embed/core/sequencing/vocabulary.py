"""The words that sequencing processes exchange: requests, exception codes, and the source of chance.

Owns names only. Nothing here decides anything; the processes beside this file do.
"""

from __future__ import annotations

from enum import Enum
from typing import Protocol


class Draw(Protocol):
    """Where selection and randomization get their chance from; the floor above brings it, the core never draws."""

    def randrange(self, stop: int, /) -> int:
        """A whole number from 0 up to and without ``stop``, each as likely as the other."""
        ...


class NavigationRequest(Enum):
    """What the learner or the content may ask for (SN4, chapter 5); values as adl.nav.request spells them."""

    START = "start"
    RESUME_ALL = "resumeAll"
    CONTINUE = "continue"
    PREVIOUS = "previous"
    FORWARD = "forward"
    BACKWARD = "backward"
    CHOICE = "choice"
    JUMP = "jump"
    EXIT = "exit"
    EXIT_ALL = "exitAll"
    SUSPEND_ALL = "suspendAll"
    ABANDON = "abandon"
    ABANDON_ALL = "abandonAll"


class TerminationRequest(Enum):
    """What TB.2.3 is asked to end."""

    EXIT = "exit"
    EXIT_PARENT = "exitParent"
    EXIT_ALL = "exitAll"
    SUSPEND_ALL = "suspendAll"
    ABANDON = "abandon"
    ABANDON_ALL = "abandonAll"


class SequencingRequest(Enum):
    """What SB.2.12 is asked to find."""

    START = "start"
    RESUME_ALL = "resumeAll"
    CONTINUE = "continue"
    PREVIOUS = "previous"
    CHOICE = "choice"
    JUMP = "jump"
    RETRY = "retry"
    EXIT = "exit"


class SequencingExceptionCode(Enum):
    """Why a process stopped (SN 4th Edition, sequencing exception codes); values as the book prints them."""

    NB_2_1_1 = "NB.2.1-1"
    NB_2_1_2 = "NB.2.1-2"
    NB_2_1_3 = "NB.2.1-3"
    NB_2_1_4 = "NB.2.1-4"
    NB_2_1_5 = "NB.2.1-5"
    NB_2_1_6 = "NB.2.1-6"
    NB_2_1_7 = "NB.2.1-7"
    NB_2_1_8 = "NB.2.1-8"
    NB_2_1_9 = "NB.2.1-9"
    NB_2_1_10 = "NB.2.1-10"
    NB_2_1_11 = "NB.2.1-11"
    NB_2_1_12 = "NB.2.1-12"
    NB_2_1_13 = "NB.2.1-13"
    TB_2_3_1 = "TB.2.3-1"
    TB_2_3_2 = "TB.2.3-2"
    TB_2_3_3 = "TB.2.3-3"
    TB_2_3_4 = "TB.2.3-4"
    TB_2_3_5 = "TB.2.3-5"
    TB_2_3_6 = "TB.2.3-6"
    TB_2_3_7 = "TB.2.3-7"
    SB_2_1_1 = "SB.2.1-1"
    SB_2_1_2 = "SB.2.1-2"
    SB_2_1_3 = "SB.2.1-3"
    SB_2_1_4 = "SB.2.1-4"
    SB_2_2_1 = "SB.2.2-1"
    SB_2_2_2 = "SB.2.2-2"
    SB_2_4_1 = "SB.2.4-1"
    SB_2_4_2 = "SB.2.4-2"
    SB_2_4_3 = "SB.2.4-3"
    SB_2_5_1 = "SB.2.5-1"
    SB_2_6_1 = "SB.2.6-1"
    SB_2_6_2 = "SB.2.6-2"
    SB_2_7_1 = "SB.2.7-1"
    SB_2_7_2 = "SB.2.7-2"
    SB_2_8_1 = "SB.2.8-1"
    SB_2_8_2 = "SB.2.8-2"
    SB_2_9_1 = "SB.2.9-1"
    SB_2_9_2 = "SB.2.9-2"
    SB_2_9_3 = "SB.2.9-3"
    SB_2_9_4 = "SB.2.9-4"
    SB_2_9_5 = "SB.2.9-5"
    SB_2_9_6 = "SB.2.9-6"
    SB_2_9_7 = "SB.2.9-7"
    SB_2_9_8 = "SB.2.9-8"
    SB_2_9_9 = "SB.2.9-9"
    SB_2_10_1 = "SB.2.10-1"
    SB_2_10_2 = "SB.2.10-2"
    SB_2_10_3 = "SB.2.10-3"
    SB_2_11_1 = "SB.2.11-1"
    SB_2_11_2 = "SB.2.11-2"
    SB_2_12_1 = "SB.2.12-1"
    SB_2_13_1 = "SB.2.13-1"
    DB_1_1_1 = "DB.1.1-1"
    DB_1_1_2 = "DB.1.1-2"
    DB_1_1_3 = "DB.1.1-3"
    DB_2_1 = "DB.2-1"
    UNENDING_FLOW = "flow-unending"
    """Not in the book: traversal came back to where it was, which contradicting rules can make it do."""

    @property
    def meaning(self) -> str:
        """The code's meaning in one English sentence, for logs and for authors."""
        return _MEANINGS[self]


_MEANINGS = {
    SequencingExceptionCode.NB_2_1_1: "The sequencing session has already begun.",
    SequencingExceptionCode.NB_2_1_2: "The sequencing session has not begun.",
    SequencingExceptionCode.NB_2_1_3: "No activity is suspended.",
    SequencingExceptionCode.NB_2_1_4: "The parent of the current activity does not allow flow.",
    SequencingExceptionCode.NB_2_1_5: "The parent of the current activity does not allow going back.",
    SequencingExceptionCode.NB_2_1_6: "Nothing lies before the root.",
    SequencingExceptionCode.NB_2_1_7: "Forward and backward are not supported.",
    SequencingExceptionCode.NB_2_1_8: "An activity in progress may only be left by finishing it.",
    SequencingExceptionCode.NB_2_1_9: "There is no activity to consider.",
    SequencingExceptionCode.NB_2_1_10: "The parent of the target does not allow choice.",
    SequencingExceptionCode.NB_2_1_11: "The target does not exist.",
    SequencingExceptionCode.NB_2_1_12: "The current activity has already ended.",
    SequencingExceptionCode.NB_2_1_13: "The navigation request is not defined.",
    SequencingExceptionCode.TB_2_3_1: "The sequencing session has not begun.",
    SequencingExceptionCode.TB_2_3_2: "The current activity has already ended.",
    SequencingExceptionCode.TB_2_3_3: "An inactive root cannot be suspended.",
    SequencingExceptionCode.TB_2_3_4: "The root has no parent to exit.",
    SequencingExceptionCode.TB_2_3_5: "There is nothing to suspend.",
    SequencingExceptionCode.TB_2_3_6: "There is nothing to abandon.",
    SequencingExceptionCode.TB_2_3_7: "The termination request is not defined.",
    SequencingExceptionCode.SB_2_1_1: "The last activity of the tree was reached.",
    SequencingExceptionCode.SB_2_1_2: "The cluster has no available children.",
    SequencingExceptionCode.SB_2_1_3: "Nothing lies before the root.",
    SequencingExceptionCode.SB_2_1_4: "The cluster can only be walked forward.",
    SequencingExceptionCode.SB_2_2_1: "The cluster does not allow flow.",
    SequencingExceptionCode.SB_2_2_2: "The activity is not available.",
    SequencingExceptionCode.SB_2_4_1: "An activity stops the way forward.",
    SequencingExceptionCode.SB_2_4_2: "The cluster can only be walked forward.",
    SequencingExceptionCode.SB_2_4_3: "Nothing lies before the root.",
    SequencingExceptionCode.SB_2_5_1: "The sequencing session has already begun.",
    SequencingExceptionCode.SB_2_6_1: "The sequencing session has already begun.",
    SequencingExceptionCode.SB_2_6_2: "No activity is suspended.",
    SequencingExceptionCode.SB_2_7_1: "The sequencing session has not begun.",
    SequencingExceptionCode.SB_2_7_2: "The cluster does not allow flow.",
    SequencingExceptionCode.SB_2_8_1: "The sequencing session has not begun.",
    SequencingExceptionCode.SB_2_8_2: "The cluster does not allow flow.",
    SequencingExceptionCode.SB_2_9_1: "There is no target.",
    SequencingExceptionCode.SB_2_9_2: "The target or one of its ancestors is not available.",
    SequencingExceptionCode.SB_2_9_3: "The target is hidden from choice.",
    SequencingExceptionCode.SB_2_9_4: "The parent of the target does not allow choice.",
    SequencingExceptionCode.SB_2_9_5: "There is no activity to consider.",
    SequencingExceptionCode.SB_2_9_6: "A cluster on the way must be entered by itself first.",
    SequencingExceptionCode.SB_2_9_7: "An activity on the way may not be left by choice.",
    SequencingExceptionCode.SB_2_9_8: "Only neighbouring activities may be chosen.",
    SequencingExceptionCode.SB_2_9_9: "Nothing within the target can be delivered.",
    SequencingExceptionCode.SB_2_10_1: "The sequencing session has not begun.",
    SequencingExceptionCode.SB_2_10_2: "The current activity is still active or suspended.",
    SequencingExceptionCode.SB_2_10_3: "Nothing within the activity can be delivered again.",
    SequencingExceptionCode.SB_2_11_1: "The sequencing session has not begun.",
    SequencingExceptionCode.SB_2_11_2: "The current activity has not ended.",
    SequencingExceptionCode.SB_2_12_1: "The sequencing request is not defined.",
    SequencingExceptionCode.SB_2_13_1: "The sequencing session has not begun.",
    SequencingExceptionCode.DB_1_1_1: "Only a leaf with a resource can be delivered.",
    SequencingExceptionCode.DB_1_1_2: "There is nothing to deliver.",
    SequencingExceptionCode.DB_1_1_3: "The activity or one of its ancestors is not available.",
    SequencingExceptionCode.DB_2_1: "The current activity is still active.",
    SequencingExceptionCode.UNENDING_FLOW: "The rules of the course lead in a circle.",
}
