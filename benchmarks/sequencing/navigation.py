"""How fast one navigation with all validities is, on courses of growing size, beside scorm-again on the same trees.

    python benchmarks/sequencing/navigation.py [--without-node] [--check]

One navigation is a Continue in the middle of the course and then every validity: Continue, Previous, each menu entry,
each jump. "Save" is loading the learner's state from JSON, navigating without looking ahead, and writing it again.
scorm-again is installed by npm into a temporary folder and answers one ``continue`` in Node. ``--check`` exits with 1
where a figure is over its limit. All times are processor time, so that what else the machine does matters little.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from scorm_embed.core.sequencing.activity_tree import ActivityTree
from scorm_embed.core.sequencing.definition import (
    ActivityDefinition,
    ChildSet,
    Condition,
    ControlMode,
    MapItem,
    Objective,
    ObjectiveMap,
    Rollup,
    RollupAction,
    RollupCondition,
    RollupRule,
    RuleAction,
    RuleCondition,
    SequencingDefinition,
    SequencingRule,
    TreeDefinition,
)
from scorm_embed.core.sequencing.lookahead import valid_requests
from scorm_embed.core.sequencing.overall import overall_sequencing
from scorm_embed.core.sequencing.snapshot import state_from_data, state_to_data
from scorm_embed.core.sequencing.tracking import TrackingState
from scorm_embed.core.sequencing.vocabulary import NavigationRequest

HERE = Path(__file__).resolve().parent
SIZES = ((50, 5), (200, 10), (1000, 20), (5000, 50))
"""Leaf activities and clusters."""
LIMITS_MS = {("plain", 50): 1.0, ("plain", 1000): 10.0, ("rules", 50): 3.0, ("rules", 1000): 30.0}
SAVE_LIMITS_MS = {("plain", 1000): 20.0, ("rules", 1000): 60.0}
SCORM_AGAIN = ("3.3.1", "3.3.2")
"""The version compared with, and the nearest one, for registries that lack the first."""

_FLOW = ControlMode(flow=True)
_NAMES = {"plain": "no rules", "rules": "rules, rollup, maps"}


def plain(leaves: int, clusters: int) -> ActivityTree:
    """Clusters of leaves that flow and may be chosen."""
    return _tree(leaves, clusters, lambda _: SequencingDefinition(control_mode=_FLOW))


def rules(leaves: int, clusters: int) -> ActivityTree:
    """The same with rollup, pre and post condition rules and two global objectives on each cluster."""
    return _tree(leaves, clusters, _rules_heavy)


def _rules_heavy(cluster: int) -> SequencingDefinition:
    everything = frozenset({MapItem.SATISFIED_STATUS, MapItem.NORMALIZED_MEASURE})
    before = f"module-{cluster - 1}"
    failed_before = RuleCondition(Condition.SATISFIED, negated=True, referenced_objective="before")
    return SequencingDefinition(
        control_mode=_FLOW,
        rules=(
            SequencingRule(RuleAction.DISABLED, (failed_before,)),
            SequencingRule(RuleAction.STOP_FORWARD_TRAVERSAL, (failed_before,)),
            SequencingRule(RuleAction.HIDDEN_FROM_CHOICE, (RuleCondition(Condition.ATTEMPT_LIMIT_EXCEEDED),)),
            SequencingRule(RuleAction.EXIT, (RuleCondition(Condition.SATISFIED),)),
            SequencingRule(RuleAction.CONTINUE, (RuleCondition(Condition.SATISFIED),)),
        ),
        rollup=Rollup(
            rules=(
                RollupRule(
                    RollupAction.SATISFIED,
                    (RollupCondition(Condition.SATISFIED),),
                    child_set=ChildSet.AT_LEAST_PERCENT,
                    minimum_percent=1.0,
                ),
                RollupRule(RollupAction.NOT_SATISFIED, (RollupCondition(Condition.OBJECTIVE_STATUS_KNOWN),)),
                RollupRule(RollupAction.COMPLETED, (RollupCondition(Condition.COMPLETED),)),
                RollupRule(RollupAction.INCOMPLETE, (RollupCondition(Condition.ATTEMPTED),), child_set=ChildSet.ANY),
            )
        ),
        primary_objective=Objective("own", maps=(ObjectiveMap(f"module-{cluster}", writes=everything),)),
        objectives=(Objective("before", maps=(ObjectiveMap(before, reads=everything),)),),
    )


def _tree(leaves: int, clusters: int, definition: Callable[[int], SequencingDefinition]) -> ActivityTree:
    def leaf(name: str) -> ActivityDefinition:
        return ActivityDefinition(name, name, deliverable=True)

    modules = tuple(
        ActivityDefinition(f"c{k}", f"c{k}", definition(k), tuple(leaf(f"a{k}_{j}") for j in range(leaves // clusters)))
        for k in range(clusters)
    )
    return ActivityTree(
        TreeDefinition(ActivityDefinition("root", "root", SequencingDefinition(control_mode=_FLOW), modules))
    )


def median_ms(step: Callable[[], object], times: int = 15) -> float:
    """The median of some runs, in milliseconds."""
    taken = []
    for _ in range(times):
        begun = time.process_time()
        step()
        taken.append(time.process_time() - begun)
    return statistics.median(taken) * 1000


def measure(tree: ActivityTree, leaves: int) -> tuple[float, float, int]:
    """Milliseconds of a navigation with all validities and of load, navigate and save; bytes of the saved state."""
    draw = random.Random(1)
    state = TrackingState(tree)
    overall_sequencing(tree, state, NavigationRequest.START, draw=draw)
    for _ in range(leaves // 2):
        overall_sequencing(tree, state, NavigationRequest.CONTINUE, draw=draw)
    saved = json.dumps(state_to_data(state))
    known = state.globals_known()

    def load() -> TrackingState:
        loaded = state_from_data(tree, json.loads(saved))
        loaded.load_globals(known)
        return loaded

    def save() -> None:
        loaded = load()
        assert overall_sequencing(tree, loaded, NavigationRequest.CONTINUE, draw=draw).delivered
        json.dumps(state_to_data(loaded))

    def navigate() -> None:
        assert overall_sequencing(tree, current, NavigationRequest.CONTINUE, draw=draw).delivered
        assert sum(entry.choosable for entry in valid_requests(tree, current).choice.values()) > 1

    navigations = []
    for _ in range(15):
        current = load()
        navigations.append(median_ms(navigate, 1))
    return statistics.median(navigations), median_ms(save), len(saved)


def scorm_again() -> tuple[str, dict[int, float]]:
    """The version of scorm-again that could be installed, and its milliseconds for one ``continue`` per size."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        return "not measured: no Node here", {}
    with tempfile.TemporaryDirectory() as folder:
        for version in SCORM_AGAIN:
            installed = subprocess.run(
                [npm, "install", "--no-audit", "--no-fund", "--prefix", folder, f"scorm-again@{version}"],
                capture_output=True,
                check=False,
            )
            if installed.returncode == 0:
                break
        else:
            return "not measured: npm could not install it", {}
        shutil.copy(HERE / "scorm_again.mjs", folder)
        sizes = json.dumps([size for size in SIZES if size[0] <= 1000])
        answer = subprocess.run(
            [node, str(Path(folder) / "scorm_again.mjs"), sizes],
            capture_output=True,
            check=True,
            text=True,
            timeout=300,
        )
    measured = json.loads(answer.stdout.splitlines()[-1])
    return version, {int(size): value for size, value in measured.items()}


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--without-node", action="store_true")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    version, theirs = ("not measured", {}) if options.without_node else scorm_again()
    print(f"milliseconds of one core, medians; scorm-again {version}")
    print(f"{'leaves':>6} {'clusters':>8}  {'tree':<20} {'navigate':>9} {'limit':>6} {'save':>7} {'limit':>6}"
          f" {'bytes':>7} {'scorm-again':>12}")  # fmt: skip
    over = False
    for name, build in (("plain", plain), ("rules", rules)):
        for leaves, clusters in SIZES:
            navigate, save, size = measure(build(leaves, clusters), leaves)
            limit, save_limit = LIMITS_MS.get((name, leaves)), SAVE_LIMITS_MS.get((name, leaves))
            over = over or (limit is not None and navigate > limit) or (save_limit is not None and save > save_limit)
            other = f"{theirs[leaves]:.1f}" if name == "plain" and leaves in theirs else ""
            print(f"{leaves:>6} {clusters:>8}  {_NAMES[name]:<20} {navigate:>9.2f} {limit or '':>6} {save:>7.2f}"
                  f" {save_limit or '':>6} {size:>7} {other:>12}")  # fmt: skip
    return 1 if over and options.check else 0


if __name__ == "__main__":
    raise SystemExit(main())
