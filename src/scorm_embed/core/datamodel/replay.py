"""Setting once more what content has set already: the elements of a commit.

A commit names each element once, in the order of first setting, with its last value. Content that exchanged two values
that must differ, or moved one on, went through steps that are no longer there; only where they led to is judged.
An answer that SCORM 1.2 content gave before it changed the interaction's type stays: there, that takes nothing away.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from scorm_embed.core.datamodel.cmi import Answer, CmiState
from scorm_embed.core.datamodel.element import Type
from scorm_embed.core.datamodel.names import locate


def replay(cmi: CmiState, elements: Sequence[tuple[str, str | None]]) -> list[Answer]:
    """Set elements in their order, and remove those whose value is None. Where one of those that must differ from
    record to record is refused, set all that were refused once more after the others, without what they held before.

    Returns:
        The answer for each element. Where a second try is refused as well, none of them is taken.
    """
    named = {name for name, _ in elements}
    answers = [_set(cmi, *element, named) for element in elements]
    refused = [at for at, answer in enumerate(answers) if answer.value != "true"]
    contested = [elements[at][0] for at in refused if _differs_from_others(cmi, elements[at][0])]
    if not contested:
        return answers
    before = dict(cmi.values), dict(cmi.counts), dict(cmi.changed)
    for name in contested:
        cmi.values.pop(name, None)
    second = {at: _set(cmi, *elements[at], named) for at in refused}
    if any(answer.value != "true" for at, answer in second.items() if elements[at][0] in contested):
        cmi.values, cmi.counts, cmi.changed = before
        return answers
    return [second.get(at, answer) for at, answer in enumerate(answers)]


def _set(cmi: CmiState, name: str, value: str | None, named: Collection[str]) -> Answer:
    """Set or remove an element of a commit that has these names."""
    if value is None:
        return cmi.remove(name)
    answer = cmi.set(name, value)
    if answer.value == "true":
        return answer
    place = locate(cmi.model.root, name)
    kind = f"{place.record}type"
    if place.element is None or place.element.type is not Type.FEEDBACK or kind not in named or kind not in cmi.values:
        return answer
    # The type that it fitted is no longer there; without one, length alone is judged.
    later = cmi.values.pop(kind)
    untyped = cmi.set(name, value)
    cmi.values[kind] = later
    return untyped if untyped.value == "true" else answer


def _differs_from_others(cmi: CmiState, name: str) -> bool:
    """Whether an element can be set again and must differ from the same one of the other records."""
    row = locate(cmi.model.root, name).element
    return row is not None and (row.type is Type.PATTERN or (row.unique and not row.write_once))
