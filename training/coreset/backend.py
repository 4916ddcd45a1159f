"""Back ends of a full coreset. All make the same replacements, bit for bit."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from training.coreset.nearest_member import Nearest
from training.coreset.numba_rule import NumbaCoreset
from training.support.user_error import UserError

BACKENDS = ("numba", "torch")


class CoresetBackend(Protocol):
    """A full coreset: M members and the distances between them."""

    @property
    def features(self) -> NDArray[np.float32]:
        """The members (M, C)."""
        ...

    @property
    def smallest_squared(self) -> float:
        """The smallest squared canonical distance between two members."""
        ...

    def update(self, patches: NDArray[np.float32], width: int) -> NDArray[np.int64]:
        """Test patches (N, C) in order and replace members (paper, section IV).

        A patch replaces a member if its distance to the closest member exceeds the smallest distance between members.
        The replaced member is the one with the lowest index in any closest pair. ``width`` is the number of patches in
        a row of the patch map; it affects speed only.

        Returns the replacements (R, 2): the patch's index in this call, and the slot.
        """
        ...

    def cover(self, patches: NDArray[np.float32], width: int, squared_radius: float) -> float:
        """Return the larger of ``squared_radius`` and the patches' largest squared distance to the coreset.

        A patch's distance to the coreset is the canonical distance to its nearest member.
        """
        ...

    def nearest(self, patches: NDArray[np.float32], width: int, left_out: NDArray[np.bool_] | None = None) -> Nearest:
        """Return the nearest member of each patch (N, C); members in ``left_out`` (M,) are not taken."""
        ...

    def reached(
        self, patches: NDArray[np.float32], wanted: NDArray[np.int64], squared_limit: float
    ) -> NDArray[np.bool_]:
        """Return which of the members ``wanted`` (K,) have a patch (N, C) within a squared distance: bool (K,)."""
        ...


def chosen_backend(name: str, device: str) -> Callable[[NDArray[np.float32]], CoresetBackend]:
    """Return the constructor of a full coreset from features (M, C).

    ``name`` is ``numba`` (CPU) or ``torch`` (on ``device``). Raises UserError for another name.
    """
    if name == "numba":
        return NumbaCoreset
    if name == "torch":
        from training.coreset.torch_rule import (
            TorchCoreset,
        )  # imported here: torch loads slowly, and the CPU back end does not need it

        return lambda features: TorchCoreset(features, device)
    raise UserError(f"coreset.backend {name!r} is none of {', '.join(BACKENDS)}")
