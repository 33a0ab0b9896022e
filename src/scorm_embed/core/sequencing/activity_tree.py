"""The activity tree of one course, numbered and compiled once, shared by every attempt.

Owns structure and what the author wrote, laid out for speed: activities are whole numbers in preorder (the root is 0),
objectives are *slots* (the primary objective of activity ``n`` is slot ``n``, other objectives follow), global
objectives are numbers of their own. Properties that few activities have are sparse. Nothing here ever changes and
nothing here knows of a learner.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from scorm_embed.core.sequencing.compiled_rules import (
    PRECONDITION_ACTIONS,
    CompiledRollupRule,
    CompiledRule,
    compile_rollup_rules,
    compile_rules,
)
from scorm_embed.core.sequencing.definition import (
    ActivityDefinition,
    ControlMode,
    MapItem,
    Objective,
    RequiredFor,
    RollupAction,
    RuleAction,
    SequencingDefinition,
    Timing,
    TreeDefinition,
)
from scorm_embed.core.sequencing.prerequisites import Expression, parse_prerequisites

NO_ACTIVITY = -1
"""Stands for "none" wherever the number of an activity is expected."""

ITEMS = tuple(MapItem)
"""Objective data items in the order of their numbers below."""
SATISFIED, MEASURE, RAW, MINIMUM, MAXIMUM, COMPLETION, PROGRESS = range(7)

_POST_ACTIONS = frozenset(
    {
        RuleAction.EXIT_PARENT,
        RuleAction.EXIT_ALL,
        RuleAction.RETRY,
        RuleAction.RETRY_ALL,
        RuleAction.CONTINUE,
        RuleAction.PREVIOUS,
    }
)


@dataclass(frozen=True, slots=True)
class Activity:
    """One activity and its place in the tree; relatives are given by their numbers."""

    index: int
    identifier: str
    title: str
    parent: int
    """NO_ACTIVITY for the root."""
    children: tuple[int, ...]
    depth: int
    last: int
    """The last of its descendants in preorder; the activity itself for a leaf."""
    definition: ActivityDefinition

    @property
    def is_leaf(self) -> bool:
        """Whether the activity has no children."""
        return not self.children


class ActivityTree:
    """An organization as the processes see it; immutable once built.

    Args:
        definition: the organization as its author defined it.
    """

    def __init__(self, definition: TreeDefinition) -> None:
        self.definition = _deliver_single_leaf(definition)
        self.activities: tuple[Activity, ...] = tuple(_number(self.definition.root))
        self.by_id: dict[str, int] = {}
        for activity in self.activities:
            self.by_id.setdefault(activity.identifier, activity.index)
        self.edition = definition.edition
        self.free_choice = definition.free_choice
        self._lay_out_structure()
        self._lay_out_controls()
        self._lay_out_objectives()
        self._lay_out_rules()
        self._lay_out_rollup()

    def __len__(self) -> int:
        return len(self.activities)

    def __getitem__(self, identifier: str) -> Activity:
        return self.activities[self.by_id[identifier]]

    @property
    def root(self) -> Activity:
        """The organization."""
        return self.activities[0]

    @property
    def objectives_global_to_system(self) -> bool:
        """Whether global objectives are kept per learner, beyond this course and its attempts."""
        return self.definition.objectives_global_to_system

    def common_ancestor(self, one: int, other: int) -> int:
        """The deepest activity that has both in its subtree; one of the two when it is above the other."""
        last, parent = self.last, self.parent
        while not one <= other <= last[one]:
            one = parent[one]
        return one

    def path_to_root(self, activity: int) -> list[int]:
        """The activity and its ancestors, the root last."""
        path = []
        while activity != NO_ACTIVITY:
            path.append(activity)
            activity = self.parent[activity]
        return path

    def slot(self, activity: int, objective: str | None) -> int | None:
        """The slot of a local objective; None asks for the primary one, an unknown identifier has no slot."""
        return activity if objective is None else self._slots_by_id[activity].get(objective)

    def _lay_out_structure(self) -> None:
        activities = self.activities
        self.parent = [activity.parent for activity in activities]
        self.children = [activity.children for activity in activities]
        self.depth = [activity.depth for activity in activities]
        self.last = [activity.last for activity in activities]
        self.identifiers = [activity.identifier for activity in activities]
        self.is_leaf = [not activity.children for activity in activities]
        self.position = [0] * len(activities)
        for activity in activities:
            for position, child in enumerate(activity.children):
                self.position[child] = position
        # A leaf without a resource is a heading: there is nothing to deliver, to attempt or to complete.
        self.headings = {a.index for a in activities if not a.children and not a.definition.deliverable}
        self.invisible = {a.index for a in activities if not a.definition.visible}
        self.untracked = {a.index for a in activities if not a.definition.sequencing.delivery.tracked} | self.headings

    def _lay_out_controls(self) -> None:
        definitions = [activity.definition.sequencing for activity in self.activities]
        self.choice = [d.control_mode.choice for d in definitions]
        self.choice_exit = [d.control_mode.choice_exit for d in definitions]
        self.flow = [d.control_mode.flow for d in definitions]
        self.forward_only = [d.control_mode.forward_only for d in definitions]
        self.current_objectives_only = [d.control_mode.use_current_attempt_objective_info for d in definitions]
        self.current_progress_only = [d.control_mode.use_current_attempt_progress_info for d in definitions]
        # Both are about clusters; a leaf that bears them (suite: CM-07d) constrains nothing. On the root
        # constrainChoice has no effect: there is nothing beside it.
        clusters = [(i, d.constrained_choice) for i, d in enumerate(definitions) if not self.is_leaf[i]]
        self.prevent_activation = {i for i, constraint in clusters if constraint.prevent_activation}
        self.constrain_choice = {i for i, constraint in clusters if i and constraint.constrain_choice}
        self.attempt_limit = {
            i: d.limits.attempt_limit for i, d in enumerate(definitions) if d.limits.attempt_limit is not None
        }
        self.selecting = {
            i
            for i, d in enumerate(definitions)
            if not self.is_leaf[i]
            and (
                (d.randomization.selection_timing is not Timing.NEVER and d.randomization.select_count is not None)
                or (d.randomization.randomization_timing is not Timing.NEVER and d.randomization.reorder_children)
            )
        }
        self.prerequisites: dict[int, Expression] = {}
        if self.free_choice:
            for activity in self.activities:
                expression = parse_prerequisites(activity.definition.prerequisites)
                if expression is not None:
                    self.prerequisites[activity.index] = expression

    def _lay_out_objectives(self) -> None:
        self.owner = list(range(len(self.activities)))
        self.other_slots: list[tuple[int, ...]] = [() for _ in self.activities]
        self.slot_names: dict[int, str] = {}
        self._slots_by_id: list[dict[str, int]] = [{} for _ in self.activities]
        self.satisfied_by_measure: dict[int, float] = {}
        self.global_ids: list[str] = []
        self.global_numbers: dict[str, int] = {}
        self.reads: tuple[dict[int, int], ...] = tuple({} for _ in ITEMS)
        self.writes: tuple[dict[int, tuple[int, ...]], ...] = tuple({} for _ in ITEMS)
        self.readers: dict[int, tuple[int, ...]] = {}
        self.writers: dict[int, tuple[int, ...]] = {}
        for activity in self.activities:
            sequencing = activity.definition.sequencing
            primary = sequencing.primary_objective
            if primary.identifier is not None:
                self._slots_by_id[activity.index][primary.identifier] = activity.index
            self._lay_out_objective(activity.index, primary)
            for objective in sequencing.objectives:
                slot = len(self.owner)
                self.owner.append(activity.index)
                self.other_slots[activity.index] += (slot,)
                self.slot_names[slot] = objective.identifier or ""
                if objective.identifier is not None:
                    self._slots_by_id[activity.index].setdefault(objective.identifier, slot)
                self._lay_out_objective(slot, objective)

    def _lay_out_objective(self, slot: int, objective: Objective) -> None:
        if objective.satisfied_by_measure:
            self.satisfied_by_measure[slot] = objective.min_normalized_measure
        owner = self.owner[slot]
        for objective_map in objective.maps:
            number = self.global_numbers.setdefault(objective_map.target, len(self.global_ids))
            if number == len(self.global_ids):
                self.global_ids.append(objective_map.target)
            for item, name in enumerate(ITEMS):
                if name in objective_map.reads:
                    self.reads[item].setdefault(slot, number)
                    if owner not in self.readers.get(number, ()):
                        self.readers[number] = (*self.readers.get(number, ()), owner)
                if name in objective_map.writes and owner not in self.untracked:
                    self.writes[item][slot] = (*self.writes[item].get(slot, ()), number)
                    if owner not in self.writers.get(number, ()):
                        self.writers[number] = (*self.writers.get(number, ()), owner)

    def _lay_out_rules(self) -> None:
        self.preconditions: dict[RuleAction, dict[int, tuple[CompiledRule, ...]]] = {}
        for action in PRECONDITION_ACTIONS:
            self.preconditions[action] = self._rules_of(frozenset({action}))
        self.skip_rules = self.preconditions[RuleAction.SKIP]
        self.disabled_rules = self.preconditions[RuleAction.DISABLED]
        self.hidden_rules = self.preconditions[RuleAction.HIDDEN_FROM_CHOICE]
        self.stop_rules = self.preconditions[RuleAction.STOP_FORWARD_TRAVERSAL]
        self.exit_rules = self._rules_of(frozenset({RuleAction.EXIT}))
        self.post_rules = self._rules_of(_POST_ACTIONS)
        self.skippable = set(self.skip_rules) | set(self.prerequisites) | self.headings
        self.restricted = set(self.disabled_rules) | set(self.attempt_limit) | set(self.prerequisites)

    def _rules_of(self, actions: frozenset[RuleAction]) -> dict[int, tuple[CompiledRule, ...]]:
        found = {}
        for activity in self.activities:
            rules = compile_rules(
                activity.definition.sequencing.rules,
                actions,
                activity.index,
                self._slots_by_id[activity.index],
            )
            if rules:
                found[activity.index] = rules
        return found

    def _lay_out_rollup(self) -> None:
        definitions = [activity.definition.sequencing for activity in self.activities]
        self.rollup_rules: dict[RollupAction, dict[int, tuple[CompiledRollupRule, ...]]] = {}
        for action in RollupAction:
            self.rollup_rules[action] = {
                i: compile_rollup_rules(d.rollup.rules, action)
                for i, d in enumerate(definitions)
                if not self.is_leaf[i]
            }
        self.silent_objective = self.untracked | {
            i for i, d in enumerate(definitions) if not d.rollup.objective_satisfied
        }
        self.silent_progress = self.untracked | {
            i for i, d in enumerate(definitions) if not d.rollup.progress_completion
        }
        self.required_for = {action: _required_for(definitions, action) for action in RollupAction}
        self.measure_weight = [d.rollup.objective_measure_weight for d in definitions]
        self.progress_weight = [d.completion_threshold.progress_weight for d in definitions]
        self.completed_by_measure = {
            i: d.completion_threshold.min_progress_measure
            for i, d in enumerate(definitions)
            if d.completion_threshold.completed_by_measure
        }
        self.unmeasured_while_active = {
            i for i, d in enumerate(definitions) if not d.considerations.measure_satisfaction_if_active
        }
        self.completion_set_by_content = {i for i, d in enumerate(definitions) if d.delivery.completion_set_by_content}
        self.objective_set_by_content = {i for i, d in enumerate(definitions) if d.delivery.objective_set_by_content}


def _number(root: ActivityDefinition) -> list[Activity]:
    """Number the activities in preorder, without recursion so that depth is no limit."""
    flat: list[tuple[ActivityDefinition, int, int]] = []
    children: list[list[int]] = []
    waiting = [(root, NO_ACTIVITY, 0)]
    while waiting:
        definition, parent, depth = waiting.pop()
        index = len(flat)
        flat.append((definition, parent, depth))
        children.append([])
        if parent != NO_ACTIVITY:
            children[parent].append(index)
        waiting.extend((child, index, depth + 1) for child in reversed(definition.children))
    last = list(range(len(flat)))
    for index in range(len(flat) - 1, 0, -1):
        parent = flat[index][1]
        last[parent] = max(last[parent], last[index])
    return [
        Activity(index, d.identifier, d.title, parent, tuple(children[index]), depth, last[index], d)
        for index, (d, parent, depth) in enumerate(flat)
    ]


def _deliver_single_leaf(definition: TreeDefinition) -> TreeDefinition:
    """A root with one leaf and default control modes flows: by the letter only a menu could ever deliver anything.

    The suite's SX-08a, SX-08b and CM-11 demand it, and that there is no menu to choose from.
    """
    root = definition.root
    if len(root.children) != 1 or root.children[0].children or root.sequencing.control_mode != ControlMode():
        return definition
    sequencing = replace(root.sequencing, control_mode=ControlMode(choice=False, flow=True))
    return replace(definition, root=replace(root, sequencing=sequencing))


def _required_for(definitions: list[SequencingDefinition], action: RollupAction) -> dict[int, RequiredFor]:
    """Per activity when it counts for the action; "always" is left out."""
    found: dict[int, RequiredFor] = {}
    for index, definition in enumerate(definitions):
        considerations = definition.considerations
        required = {
            RollupAction.SATISFIED: considerations.required_for_satisfied,
            RollupAction.NOT_SATISFIED: considerations.required_for_not_satisfied,
            RollupAction.COMPLETED: considerations.required_for_completed,
            RollupAction.INCOMPLETE: considerations.required_for_incomplete,
        }[action]
        if required is not RequiredFor.ALWAYS:
            found[index] = required
    return found
