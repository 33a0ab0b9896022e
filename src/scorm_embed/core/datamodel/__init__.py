"""The run-time data models of both standards: one table of rows, the interpreter that reads it, the API's states."""

from scorm_embed.core.datamodel.cmi import Answer, CmiState, Tolerated
from scorm_embed.core.datamodel.element import Access, Collection, DataLimits, Element, Group, Source, Strictness, Type
from scorm_embed.core.datamodel.model import DataModel, data_model
from scorm_embed.core.datamodel.names import natural_order, split_element
from scorm_embed.core.datamodel.status import Status, effective_status

__all__ = [
    "Access",
    "Answer",
    "CmiState",
    "Collection",
    "DataLimits",
    "DataModel",
    "Element",
    "Group",
    "Source",
    "Status",
    "Strictness",
    "Tolerated",
    "Type",
    "data_model",
    "effective_status",
    "natural_order",
    "split_element",
]
