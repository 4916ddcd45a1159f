"""Back ends: what keeps a full coreset and applies the rule to it. All give the same replacements, to the last bit."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

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
        """Test patches (N, C) in order (paper, section IV); return the replacements (R, 2): the patch's number in this
        call, and the slot.

        A patch replaces where its distance to the closest member exceeds the smallest distance between members; the
        victim is the lowest index in any closest pair. ``width`` patches are a row of the patch map: it only speeds up.
        """
        ...

    def cover(self, patches: NDArray[np.float32], width: int, squared_radius: float) -> float:
        """Return the larger of ``squared_radius`` and the largest squared canonical distance from a patch to its
        nearest member.
        """
        ...


def chosen_backend(name: str, device: str) -> Callable[[NDArray[np.float32]], CoresetBackend]:
    """Return what turns features (M, C) into a full coreset: ``numba`` on the CPU, or ``torch`` on a torch device.

    Raises UserError for another name.
    """
    if name == "numba":
        return NumbaCoreset
    if name == "torch":
        from training.coreset.torch_rule import TorchCoreset  # torch loads for seconds; the CPU's rule does not need it

        return lambda features: TorchCoreset(features, device)
    raise UserError(f"coreset.backend {name!r} is none of {', '.join(BACKENDS)}")
