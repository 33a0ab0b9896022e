"""The ADL data models beside cmi: navigation (SN chapter 5) and shared data buckets (RTE, 4th Edition).

The two elements that name a target, ``adl.nav.request_valid.choice`` and ``.jump``, have a row here, but their names
go on with ``.{target=ID}``; the interpreters cut that off before they look for the row.
"""

from __future__ import annotations

from scorm_embed.core.datamodel.element import Access, Collection, Element, Group, Row, Source, Type


def _valid(request: str, *, targeted: bool = False, since: int = 0) -> Element:
    return Element(
        f"adl.nav.request_valid.{request}",
        Type.TOKEN,
        Access.READ_ONLY,
        default="unknown",
        vocabulary=("true", "false", "unknown"),
        source=Source.NAVIGATION,
        targeted=targeted,
        since=since,
    )


ROWS: tuple[Row, ...] = (
    Group("adl.nav"),
    Element(
        "adl.nav.request",
        Type.NAVIGATION,
        default="_none_",
        vocabulary=(
            "continue",
            "previous",
            "exit",
            "exitAll",
            "abandon",
            "abandonAll",
            "suspendAll",
            "_none_",
        ),
        per_session=True,
    ),
    _valid("continue"),
    _valid("previous"),
    _valid("choice", targeted=True),
    _valid("jump", targeted=True, since=4),
    Collection("adl.data", grows=False, since=4),
    Element("adl.data.n.id", Type.URI, Access.READ_ONLY, 4000, source=Source.MANIFEST, since=4),
    Element("adl.data.n.store", Type.TEXT, limit=64_000, guarded=True, blank_unset=True, since=4),
)
