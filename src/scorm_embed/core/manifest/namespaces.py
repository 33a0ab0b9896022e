"""XML namespaces of SCORM manifests, and which standard and edition a manifest follows.

Owns the tables of namespaces and spellings. Elements are told apart by family and local name, never by prefix,
because published manifests bind every prefix to everything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING

from scorm_embed.core.manifest import problems
from scorm_embed.core.manifest.problems import ProblemLog
from scorm_embed.core.standard import Standard

if TYPE_CHECKING:
    from scorm_embed.core.manifest.catalogue import Catalogue
    from scorm_embed.core.manifest.elements import Document


class Family(Enum):
    """A group of namespaces whose names mean the same, whatever the version in the address."""

    CONTENT = "IMS content packaging"
    ADL_CONTENT = "ADL content packaging"
    SEQUENCING = "IMS sequencing"
    ADL_SEQUENCING = "ADL sequencing"
    ADL_NAVIGATION = "ADL navigation"
    METADATA = "metadata"
    XML = "XML"
    NONE = "no namespace"
    OTHER = "a foreign namespace"


SCORM_FAMILIES = frozenset(
    {
        Family.CONTENT,
        Family.ADL_CONTENT,
        Family.SEQUENCING,
        Family.ADL_SEQUENCING,
        Family.ADL_NAVIGATION,
        Family.NONE,
    }
)

OFFICIAL_ADDRESSES = frozenset(
    {
        "http://www.imsproject.org/xsd/imscp_rootv1p1p2",
        "http://www.adlnet.org/xsd/adlcp_rootv1p2",
        "http://www.imsglobal.org/xsd/imscp_v1p1",
        "http://www.imsglobal.org/xsd/imsss",
        "http://www.adlnet.org/xsd/adlcp_v1p3",
        "http://www.adlnet.org/xsd/adlseq_v1p3",
        "http://www.adlnet.org/xsd/adlnav_v1p3",
    }
)
"""The namespaces that SCORM 1.2 and SCORM 2004 define; others of their families are understood and reported."""

_BY_ADDRESS = (
    (re.compile(r"adlnet\.org/xsd/adl_?seq"), Family.ADL_SEQUENCING),
    (re.compile(r"adlnet\.org/xsd/adl_?nav"), Family.ADL_NAVIGATION),
    (re.compile(r"adlnet\.org/xsd/adl_?cp"), Family.ADL_CONTENT),
    (re.compile(r"imsglobal\.org/xsd/imsss"), Family.SEQUENCING),
    (re.compile(r"imsglobal\.org/xsd/imscp|imsproject\.org/(xsd/imscp|content)"), Family.CONTENT),
    (re.compile(r"/imsmd|ltsc\.ieee\.org/xsd|/lom(/|$)"), Family.METADATA),
    (re.compile(r"^http://www\.w3\.org/xml/1998/namespace$"), Family.XML),
)
_BY_PREFIX = {
    "adlcp": Family.ADL_CONTENT,
    "adlseq": Family.ADL_SEQUENCING,
    "adlnav": Family.ADL_NAVIGATION,
    "imsss": Family.SEQUENCING,
    "imscp": Family.CONTENT,
    "imsmd": Family.METADATA,
    "lom": Family.METADATA,
}
_ADL_12 = re.compile(r"adlcp_rootv1p2|adlcp_v1p2|adl_?cp_rootv1p1")
_ADL_2004 = re.compile(r"adlcp_v1p3|adlseq_v1p3|adlnav_v1p3|/imsss")
_CONTENT_12 = re.compile(r"imsproject\.org|imscp_rootv1p1")
_CONTENT_2004 = re.compile(r"imsglobal\.org/xsd/imscp_v1p1")


def family_of_address(uri: str) -> Family:
    """The family of a namespace address; versions and letter case do not matter."""
    address = uri.strip().lower()
    if not address:
        return Family.NONE
    for pattern, family in _BY_ADDRESS:
        if pattern.search(address):
            return family
    return Family.OTHER


def family_of_prefix(prefix: str) -> Family:
    """What a prefix usually stands for: used only where the prefix is not declared or its address means nothing."""
    return _BY_PREFIX.get(prefix.lower(), Family.OTHER)


# -- spelling ---------------------------------------------------------------------------------------------------------

_SPELLINGS_OF_12 = {"scormtype": "scormtype", "datafromlms": "datafromlms", "timelimitaction": "timelimitaction"}
_SPELLINGS_OF_2004 = {"scormtype": "scormType", "datafromlms": "dataFromLMS", "timelimitaction": "timeLimitAction"}
_NAMES = (
    "manifest metadata schema schemaversion organizations organization title item resources resource file dependency "
    "identifier identifierref isvisible parameters default structure href type version "
    "prerequisites maxtimeallowed masteryscore location completionThreshold completedByMeasure minProgressMeasure "
    "progressWeight data map targetID readSharedData writeSharedData objectivesGlobalToSystem "
    "sharedDataGlobalToSystem presentation navigationInterface hideLMSUI sequencingCollection sequencing ID IDRef "
    "controlMode choice choiceExit flow forwardOnly useCurrentAttemptObjectiveInfo useCurrentAttemptProgressInfo "
    "constrainedChoiceConsiderations preventActivation constrainChoice sequencingRules preConditionRule "
    "exitConditionRule postConditionRule ruleConditions ruleCondition ruleAction action condition "
    "conditionCombination operator referencedObjective measureThreshold limitConditions attemptLimit "
    "attemptAbsoluteDurationLimit attemptExperiencedDurationLimit activityAbsoluteDurationLimit "
    "activityExperiencedDurationLimit beginTimeLimit endTimeLimit auxiliaryResources auxiliaryResource "
    "auxiliaryResourceID purpose rollupRules rollupObjectiveSatisfied rollupProgressCompletion "
    "objectiveMeasureWeight rollupRule childActivitySet minimumCount minimumPercent rollupConditions rollupCondition "
    "rollupAction rollupConsiderations requiredForSatisfied requiredForNotSatisfied requiredForCompleted "
    "requiredForIncomplete measureSatisfactionIfActive objectives primaryObjective objective objectiveID "
    "satisfiedByMeasure minNormalizedMeasure mapInfo targetObjectiveID readSatisfiedStatus readNormalizedMeasure "
    "writeSatisfiedStatus writeNormalizedMeasure readRawScore readMinScore readMaxScore readCompletionStatus "
    "readProgressMeasure writeRawScore writeMinScore writeMaxScore writeCompletionStatus writeProgressMeasure "
    "randomizationControls selectionTiming selectCount randomizationTiming reorderChildren deliveryControls tracked "
    "completionSetByContent objectiveSetByContent"
)
_SPELLINGS = {name.lower(): name for name in _NAMES.split()}


def check_spelling(document: Document, standard: Standard, log: ProblemLog) -> None:
    """Report names whose letter case is not the standard's, once each; they are understood all the same."""
    right_ones = _SPELLINGS | (_SPELLINGS_OF_2004 if standard.is_2004 else _SPELLINGS_OF_12)
    other_ones = _SPELLINGS_OF_12 if standard.is_2004 else _SPELLINGS_OF_2004
    for written, element in document.spellings.items():
        right = right_ones.get(written.lower(), written)
        if right != written:
            other = other_ones.get(written.lower()) == written
            kind = problems.SPELLING_OF_OTHER_STANDARD if other else problems.NAME_MISSPELT
            log.add(kind, element, written=written, right=right)


# -- standard and edition ---------------------------------------------------------------------------------------------

_SHOWN = {
    Standard.SCORM_12: "SCORM 1.2",
    Standard.SCORM_2004_2ND: "SCORM 2004 2nd Edition",
    Standard.SCORM_2004_3RD: "SCORM 2004 3rd Edition",
    Standard.SCORM_2004_4TH: "SCORM 2004 4th Edition",
}
_VERSIONS: tuple[tuple[re.Pattern[str], Standard | None], ...] = (
    (re.compile(r"4th|4\.?th|fourth|2004 ?v?4"), Standard.SCORM_2004_4TH),
    (re.compile(r"3rd|third|2004 ?v?3"), Standard.SCORM_2004_3RD),
    (re.compile(r"2nd|second|2004 ?v?2|^cam 1\.3$"), Standard.SCORM_2004_2ND),
    (re.compile(r"2004|1\.3"), None),
    (re.compile(r"(^|[^0-9.])1\.[012]($|[^0-9])"), Standard.SCORM_12),
)
_FOURTH_ONLY = frozenset({"completedbymeasure", "progressweight", "shareddataglobaltosystem"})
_THIRD_OR_LATER = frozenset({"exitall", "abandonall", "suspendall"})


def shown(standard: Standard) -> str:
    """The name of a standard in a sentence."""
    return _SHOWN[standard]


def detect_standard(
    document: Document, catalogue: Catalogue, schema_versions: Mapping[str, str], log: ProblemLog
) -> Standard:
    """Decide which standard a manifest follows, from the strongest evidence to the weakest.

    Args:
        document: the manifest.
        catalogue: what the manifest's own metadata says.
        schema_versions: ``version`` attribute of schema files that the package brings, by file name in lower case.
        log: receives what had to be assumed.
    """
    evidence = _Evidence(document)
    version = catalogue.schema_version.lower()
    place = catalogue.schema_version_place or document.root
    declared = next(((True, standard) for pattern, standard in _VERSIONS if pattern.search(version)), (False, None))
    if declared[0] and declared[1] is not None:
        other = evidence.contradicts(declared[1])
        if other is not None:
            log.add(problems.VERSION_CONTRADICTED, place, standard=shown(declared[1]), other=shown(other))
        return declared[1]
    if declared[0]:
        standard = evidence.edition(schema_versions)
        log.add(problems.EDITION_ASSUMED, place, standard=shown(standard))
        return standard
    standard = evidence.edition(schema_versions) if evidence.is_2004() else Standard.SCORM_12
    if version:
        log.add(problems.VERSION_UNKNOWN, place, version=catalogue.schema_version, standard=shown(standard))
    else:
        log.add(problems.VERSION_MISSING, place, standard=shown(standard))
    return standard


def _side(addresses: str, of_12: re.Pattern[str], of_2004: re.Pattern[str]) -> bool | None:
    """Whether namespace addresses are those of 2004 (True), of 1.2 (False), or of both or neither (None)."""
    old, new = of_12.search(addresses) is not None, of_2004.search(addresses) is not None
    return new if old != new else None


class _Evidence:
    """What the elements of a manifest tell about its standard."""

    def __init__(self, document: Document) -> None:
        self._document = document
        addresses = " ".join(document.addresses).lower()
        self._adl = _side(addresses, _ADL_12, _ADL_2004)
        self._content = _side(addresses, _CONTENT_12, _CONTENT_2004)

    def _uses(self, *families: Family) -> bool:
        return any(family in families for family, _ in self._document.names)

    def is_2004(self) -> bool:
        """Whether a manifest that names no version is SCORM 2004."""
        spellings = self._document.spellings
        if self._adl is not None:
            return self._adl
        if self._uses(Family.SEQUENCING, Family.ADL_SEQUENCING, Family.ADL_NAVIGATION) or "scormType" in spellings:
            return True
        return self._content is True and "scormtype" not in spellings

    def contradicts(self, standard: Standard) -> Standard | None:
        """The standard that all the namespaces speak for, where it is another than the declared one."""
        sides = {side for side in (self._adl, self._content) if side is not None}
        if sides == {not standard.is_2004}:
            return Standard.SCORM_12 if standard.is_2004 else Standard.SCORM_2004_3RD
        return None

    def edition(self, schema_versions: Mapping[str, str]) -> Standard:
        """The edition of a SCORM 2004 manifest that does not name it."""
        names = self._document.names
        spellings = {written.lower() for written in self._document.spellings}
        fourth = (
            (Family.ADL_SEQUENCING, "objectives") in names
            or (Family.ADL_CONTENT, "data") in names
            or _FOURTH_ONLY & spellings
            or any(schema_versions.get(name) == "2.0" for name in ("adlcp_v1p3.xsd", "adlseq_v1p3.xsd"))
        )
        if fourth:
            return Standard.SCORM_2004_4TH
        if self._hidden_controls() & _THIRD_OR_LATER:
            return Standard.SCORM_2004_3RD
        return Standard.SCORM_2004_2ND if "persiststate" in spellings else Standard.SCORM_2004_3RD

    def _hidden_controls(self) -> set[str]:
        found: set[str] = set()
        stack = [self._document.root]
        while stack:
            element = stack.pop()
            stack.extend(element.children)
            if element.key == "hidelmsui":
                found.add(element.text.strip().lower())
        return found
