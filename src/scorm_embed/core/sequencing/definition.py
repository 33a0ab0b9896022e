"""The sequencing definition model: what an author may say about one activity.

Owns the immutable values of SN 4th Edition chapter 3 (SM.1 to SM.11) with their defaults; the XML is read in
``core.manifest``, the rules are applied by the processes beside this file. Every default is the book's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class RuleAction(Enum):
    """Actions of sequencing rules (SM.2); the kind of a rule follows from its action."""

    SKIP = "skip"
    DISABLED = "disabled"
    HIDDEN_FROM_CHOICE = "hiddenFromChoice"
    STOP_FORWARD_TRAVERSAL = "stopForwardTraversal"
    EXIT = "exit"
    EXIT_PARENT = "exitParent"
    EXIT_ALL = "exitAll"
    RETRY = "retry"
    RETRY_ALL = "retryAll"
    CONTINUE = "continue"
    PREVIOUS = "previous"


class RollupAction(Enum):
    """Actions of rollup rules (SM.5)."""

    SATISFIED = "satisfied"
    NOT_SATISFIED = "notSatisfied"
    COMPLETED = "completed"
    INCOMPLETE = "incomplete"


class Condition(Enum):
    """Conditions of sequencing rules and rollup rules (SM.2, SM.5)."""

    ALWAYS = "always"
    SATISFIED = "satisfied"
    OBJECTIVE_STATUS_KNOWN = "objectiveStatusKnown"
    OBJECTIVE_MEASURE_KNOWN = "objectiveMeasureKnown"
    OBJECTIVE_MEASURE_GREATER_THAN = "objectiveMeasureGreaterThan"
    OBJECTIVE_MEASURE_LESS_THAN = "objectiveMeasureLessThan"
    COMPLETED = "completed"
    ACTIVITY_PROGRESS_KNOWN = "activityProgressKnown"
    ATTEMPTED = "attempted"
    ATTEMPT_LIMIT_EXCEEDED = "attemptLimitExceeded"
    TIME_LIMIT_EXCEEDED = "timeLimitExceeded"
    OUTSIDE_AVAILABLE_TIME_RANGE = "outsideAvailableTimeRange"


class Combination(Enum):
    """How the conditions of one rule combine."""

    ALL = "all"
    ANY = "any"


class ChildSet(Enum):
    """Which part of a cluster's children a rollup rule asks about (SM.5)."""

    ALL = "all"
    ANY = "any"
    NONE = "none"
    AT_LEAST_COUNT = "atLeastCount"
    AT_LEAST_PERCENT = "atLeastPercent"


class Timing(Enum):
    """When children are selected or randomized (SM.9, SM.10)."""

    NEVER = "never"
    ONCE = "once"
    ON_EACH_NEW_ATTEMPT = "onEachNewAttempt"


class RequiredFor(Enum):
    """When a child counts in its parent's rollup (adlseq:rollupConsiderations)."""

    ALWAYS = "always"
    IF_ATTEMPTED = "ifAttempted"
    IF_NOT_SKIPPED = "ifNotSkipped"
    IF_NOT_SUSPENDED = "ifNotSuspended"


@dataclass(frozen=True, slots=True)
class ControlMode:
    """imsss:controlMode (SM.1)."""

    choice: bool = True
    choice_exit: bool = True
    flow: bool = False
    forward_only: bool = False
    use_current_attempt_objective_info: bool = True
    use_current_attempt_progress_info: bool = True


@dataclass(frozen=True, slots=True)
class ConstrainedChoice:
    """adlseq:constrainedChoiceConsiderations."""

    prevent_activation: bool = False
    constrain_choice: bool = False


@dataclass(frozen=True, slots=True)
class RuleCondition:
    """One condition of a sequencing rule (SM.2)."""

    condition: Condition
    negated: bool = False
    referenced_objective: str | None = None
    """A local objective's identifier; None is the primary objective."""
    measure_threshold: float = 0.0


@dataclass(frozen=True, slots=True)
class SequencingRule:
    """A precondition, exit or post condition rule (SM.2)."""

    action: RuleAction
    conditions: tuple[RuleCondition, ...] = ()
    combination: Combination = Combination.ALL


@dataclass(frozen=True, slots=True)
class LimitConditions:
    """imsss:limitConditions (SM.3). Durations are ISO 8601 texts, times xs:dateTime texts, as the author wrote them."""

    attempt_limit: int | None = None
    attempt_absolute_duration_limit: str | None = None
    attempt_experienced_duration_limit: str | None = None
    activity_absolute_duration_limit: str | None = None
    activity_experienced_duration_limit: str | None = None
    begin_time_limit: str | None = None
    end_time_limit: str | None = None


@dataclass(frozen=True, slots=True)
class AuxiliaryResource:
    """imsss:auxiliaryResource (SM.4); data only."""

    identifier: str
    purpose: str


@dataclass(frozen=True, slots=True)
class RollupCondition:
    """One condition of a rollup rule (SM.5)."""

    condition: Condition
    negated: bool = False


@dataclass(frozen=True, slots=True)
class RollupRule:
    """A rollup rule (SM.5)."""

    action: RollupAction
    conditions: tuple[RollupCondition, ...] = ()
    combination: Combination = Combination.ANY
    child_set: ChildSet = ChildSet.ALL
    minimum_count: int = 0
    minimum_percent: float = 0.0


@dataclass(frozen=True, slots=True)
class RollupConsiderations:
    """adlseq:rollupConsiderations."""

    required_for_satisfied: RequiredFor = RequiredFor.ALWAYS
    required_for_not_satisfied: RequiredFor = RequiredFor.ALWAYS
    required_for_completed: RequiredFor = RequiredFor.ALWAYS
    required_for_incomplete: RequiredFor = RequiredFor.ALWAYS
    measure_satisfaction_if_active: bool = True


@dataclass(frozen=True, slots=True)
class Rollup:
    """imsss:rollupRules (SM.5, SM.8): the cluster's rules, and what this activity contributes to its parent."""

    rules: tuple[RollupRule, ...] = ()
    objective_satisfied: bool = True
    progress_completion: bool = True
    objective_measure_weight: float = 1.0


class MapItem(Enum):
    """A piece of objective data that a map reads or writes (SM.7 and adlseq:mapInfo)."""

    SATISFIED_STATUS = "SatisfiedStatus"
    NORMALIZED_MEASURE = "NormalizedMeasure"
    RAW_SCORE = "RawScore"
    MIN_SCORE = "MinScore"
    MAX_SCORE = "MaxScore"
    COMPLETION_STATUS = "CompletionStatus"
    PROGRESS_MEASURE = "ProgressMeasure"


@dataclass(frozen=True, slots=True)
class ObjectiveMap:
    """One mapInfo: which items a local objective reads from and writes to one global objective (SM.7).

    imsss:mapInfo and adlseq:mapInfo are both read into this form, each with its own set of items.
    """

    target: str
    reads: frozenset[MapItem] = frozenset()
    writes: frozenset[MapItem] = frozenset()


@dataclass(frozen=True, slots=True)
class Objective:
    """A local objective (SM.6)."""

    identifier: str | None = None
    """None only for a primary objective without an identifier."""
    satisfied_by_measure: bool = False
    min_normalized_measure: float = 1.0
    maps: tuple[ObjectiveMap, ...] = ()


@dataclass(frozen=True, slots=True)
class RandomizationControls:
    """imsss:randomizationControls (SM.9, SM.10)."""

    selection_timing: Timing = Timing.NEVER
    select_count: int | None = None
    randomization_timing: Timing = Timing.NEVER
    reorder_children: bool = False


@dataclass(frozen=True, slots=True)
class DeliveryControls:
    """imsss:deliveryControls (SM.11)."""

    tracked: bool = True
    completion_set_by_content: bool = False
    objective_set_by_content: bool = False


@dataclass(frozen=True, slots=True)
class CompletionThreshold:
    """adlcp:completionThreshold as sequencing uses it (4th Edition)."""

    completed_by_measure: bool = False
    min_progress_measure: float = 1.0
    progress_weight: float = 1.0


@dataclass(frozen=True, slots=True)
class SequencingDefinition:
    """Everything an author may say about sequencing one activity; all defaults are the book's."""

    control_mode: ControlMode = ControlMode()
    constrained_choice: ConstrainedChoice = ConstrainedChoice()
    rules: tuple[SequencingRule, ...] = ()
    """Precondition, exit and post condition rules, each kind in document order."""
    limits: LimitConditions = LimitConditions()
    auxiliary_resources: tuple[AuxiliaryResource, ...] = ()
    rollup: Rollup = Rollup()
    considerations: RollupConsiderations = RollupConsiderations()
    primary_objective: Objective = Objective()
    objectives: tuple[Objective, ...] = ()
    """The other local objectives, which never contribute to rollup."""
    randomization: RandomizationControls = RandomizationControls()
    delivery: DeliveryControls = DeliveryControls()
    completion_threshold: CompletionThreshold = CompletionThreshold()


@dataclass(frozen=True, slots=True)
class ActivityDefinition:
    """One activity of a tree as its author defined it: the organization or an item, with its children in order."""

    identifier: str
    title: str
    sequencing: SequencingDefinition = SequencingDefinition()
    children: tuple[ActivityDefinition, ...] = ()
    deliverable: bool = False
    """Whether the activity has a resource to launch; only leaves are delivered."""
    visible: bool = True
    """isvisible: an invisible activity stays a target of choice and jump but is absent from the menu."""
    prerequisites: str | None = None
    """adlcp:prerequisites (SCORM 1.2), an aicc_script expression."""
    hidden_controls: frozenset[str] = frozenset()
    """adlnav hideLMSUI tokens: previous, continue, exit, exitAll, abandon, abandonAll, suspendAll."""


@dataclass(frozen=True, slots=True)
class TreeDefinition:
    """An organization as sequencing sees it."""

    root: ActivityDefinition
    objectives_global_to_system: bool = True
    free_choice: bool = False
    """SCORM 1.2: the tree is browsed by choice and along its order; prerequisites are honoured."""
    edition: int = 4
    """The edition of SCORM 2004 whose behaviour applies; 0 for SCORM 1.2."""
