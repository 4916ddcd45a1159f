"""The physical sizes of instances: the columns of instances.csv that hold them."""

from dataclasses import dataclass
from typing import NamedTuple


class InstanceSize(NamedTuple):
    """One size of one instance of an image."""

    instance_id: int
    quantity: str
    """Name of the size: one of QUANTITIES."""
    metres: float


@dataclass(frozen=True)
class SizeColumn:
    """A column of instances.csv that holds a size in metres."""

    column: str
    quantity: str
    factor: float = 1.0
    """Size per value of the column."""
    not_of: frozenset[str] = frozenset()
    """Classes whose column of this name is no size."""


SIZE_COLUMNS = (
    SizeColumn("width", "width"),
    SizeColumn("length", "length"),
    SizeColumn("diameter", "diameter"),
    SizeColumn("radius", "diameter", factor=2.0),
    SizeColumn("height", "height"),
    # The width of a rendered scratch limits its depth, so that the column is not the depth that it has.
    SizeColumn("depth", "depth", not_of=frozenset({"scratch"})),
)
QUANTITIES = tuple(dict.fromkeys(entry.quantity for entry in SIZE_COLUMNS))
