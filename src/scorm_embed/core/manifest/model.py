"""What a manifest says, once it has been read: immutable, repaired, complete.

Owns the values that ``reader`` produces. Nothing here knows of XML or of files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scorm_embed.core.sequencing.definition import ActivityDefinition, TreeDefinition
from scorm_embed.core.standard import Standard


@dataclass(frozen=True, slots=True)
class SharedDataMap:
    """adlcp:data/adlcp:map (4th Edition): one bucket that an item's SCO may read or write."""

    target: str
    read: bool = True
    write: bool = True


@dataclass(frozen=True, slots=True)
class Launchable:
    """What the run-time needs to know about one leaf that can be delivered."""

    identifier: str
    """The activity's identifier, unique in its course."""
    href: str
    """Path within the package, percent-encoded for a URL, with query and fragment; or an absolute http(s) URL."""
    sco: bool = True
    """Whether the content is expected to talk to the API (an asset is delivered all the same)."""
    launch_data: str | None = None
    """adlcp:datafromlms, adlcp:dataFromLMS."""
    time_limit_action: str | None = None
    max_time_allowed: str | None = None
    """SCORM 1.2 time span, or the ISO 8601 duration of imsss:attemptAbsoluteDurationLimit."""
    mastery_score: str | None = None
    """adlcp:masteryscore, only where it is a number."""
    completion_threshold: str | None = None
    """What cmi.completion_threshold reads; None leaves it uninitialised."""
    scaled_passing_score: str | None = None
    """What cmi.scaled_passing_score reads; None leaves it uninitialised."""
    objective_ids: tuple[str, ...] = ()
    """Identifiers of the manifest's objectives in document order, primary first; the first rows of cmi.objectives."""
    shared_data: tuple[SharedDataMap, ...] = ()


@dataclass(frozen=True, slots=True)
class Course:
    """One organization of a package, ready to be played."""

    standard: Standard
    title: str
    tree: TreeDefinition
    launchables: Mapping[str, Launchable] = field(default_factory=dict)
    """Per activity identifier, for every deliverable leaf."""
    shared_data_global_to_system: bool = True

    @property
    def root(self) -> ActivityDefinition:
        """The organization."""
        return self.tree.root
