"""The rule of the sequential coreset on a torch device: speculative chunks, exact in the canonical distance.

The distances of a chunk come from one float64 matrix product. A certified bound on its rounding errors identifies the
patches that surely have a member within d_m; they change nothing. All others are decided in order by canonical
distances, computed channel by channel for all of them at once. A replaced member may have been the last witness of a
rejected patch. Such a patch joins the others, and the chunk is decided again from its start. The host waits for the
device once per round, not once per patch.
"""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from training.coreset.nearest_member import Nearest

CHUNK = 2048


class _Round(NamedTuple):
    """One attempt to decide a chunk: the tables after it, and the outcome of each tested patch."""

    distances: torch.Tensor
    minima: torch.Tensor
    accepted: torch.Tensor
    """(K,) whether the tested patch replaced a member."""
    victims: torch.Tensor
    """(K,) the slot that it took, or would have taken."""


class TorchCoreset:
    """A full coreset on a torch device; a ``CoresetBackend``. Memory: 16 M^2 + 16 CHUNK (M + CHUNK) bytes."""

    def __init__(self, features: NDArray[np.float32], device: str | torch.device) -> None:
        self._members = torch.from_numpy(features.copy()).to(device)
        self._centre = self._members.double().mean(dim=0).float().double()
        self._distances = canonical_squared(self._members, self._members)
        self._distances.fill_diagonal_(torch.inf)
        self._minima = self._distances.amin(dim=1)

    @property
    def features(self) -> NDArray[np.float32]:
        """The members (M, C)."""
        return self._members.cpu().numpy()

    @property
    def smallest_squared(self) -> float:
        """The smallest squared distance between two members."""
        return float(self._minima.min())

    @torch.inference_mode()
    def update(self, patches: NDArray[np.float32], width: int) -> NDArray[np.int64]:  # noqa: ARG002 (one interface)
        """Test patches (N, C) in order and replace members.

        Returns the replacements (R, 2): the patch's index in this call, and the slot.
        """
        logs = [np.empty((0, 2), dtype=np.int64)]
        for start in range(0, len(patches), CHUNK):
            chunk = torch.from_numpy(patches[start : start + CHUNK]).to(self._members.device)
            logs.append(self._updated(chunk) + np.array([start, 0]))
        return np.concatenate(logs)

    @torch.inference_mode()
    def cover(self, patches: NDArray[np.float32], width: int, squared_radius: float) -> float:  # noqa: ARG002
        """Return the larger of ``squared_radius`` and the largest squared distance of a patch to its nearest member."""
        for start in range(0, len(patches), CHUNK):
            chunk = torch.from_numpy(patches[start : start + CHUNK]).to(self._members.device)
            lower, upper = self._bounds(chunk)
            floor = max(squared_radius, float(upper.amin(dim=1).max()) - float((upper - lower).max()))
            candidates = chunk[upper.amin(dim=1) >= floor]
            if len(candidates):
                nearest = canonical_squared(candidates, self._members).amin(dim=1)
                squared_radius = max(squared_radius, float(nearest.max()))
        return squared_radius

    @torch.inference_mode()
    def nearest(
        self,
        patches: NDArray[np.float32],
        width: int,  # noqa: ARG002
        left_out: NDArray[np.bool_] | None = None,
    ) -> Nearest:
        """Return the nearest member of each patch (N, C); members in ``left_out`` (M,) are not taken."""
        found = [Nearest(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float64))]
        skipped = None if left_out is None else torch.from_numpy(left_out).to(self._members.device)
        for start in range(0, len(patches), CHUNK):
            chunk = torch.from_numpy(patches[start : start + CHUNK]).to(self._members.device)
            found.append(self._nearest(chunk, skipped))
        return Nearest(*(np.concatenate(parts) for parts in zip(*found, strict=True)))

    @torch.inference_mode()
    def reached(
        self, patches: NDArray[np.float32], wanted: NDArray[np.int64], squared_limit: float
    ) -> NDArray[np.bool_]:
        """Return which of the members ``wanted`` (K,) have a patch (N, C) within a squared distance: bool (K,)."""
        columns = torch.from_numpy(wanted).to(self._members.device)
        reached = torch.zeros(len(wanted), dtype=torch.bool, device=self._members.device)
        for start in range(0, len(patches), CHUNK):
            chunk = torch.from_numpy(patches[start : start + CHUNK]).to(self._members.device)
            rows, places = (self._bounds(chunk)[0][:, columns] <= squared_limit).nonzero(as_tuple=True)
            near = canonical_squared_of_pairs(chunk[rows], self._members[columns[places]]) <= squared_limit
            reached[places[near]] = True
        return reached.cpu().numpy()

    def _nearest(self, chunk: torch.Tensor, skipped: torch.Tensor | None) -> Nearest:
        lower, upper = self._bounds(chunk)
        if skipped is not None:
            lower[:, skipped], upper[:, skipped] = torch.inf, torch.inf
        possible = (lower <= upper.amin(dim=1, keepdim=True)) & torch.isfinite(upper)
        rows, members = possible.nonzero(as_tuple=True)
        exact = torch.full_like(lower, torch.inf)
        exact[rows, members] = canonical_squared_of_pairs(chunk[rows], self._members[members])
        squared = exact.amin(dim=1)
        slots = torch.arange(len(self._members), device=chunk.device)
        first = torch.where(exact == squared[:, None], slots, len(slots)).amin(dim=1)
        first = torch.where(torch.isfinite(squared), first, -1)
        return Nearest(first.cpu().numpy(), squared.cpu().numpy())

    def _bounds(self, patches: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return lower and upper bounds (N, M) of the canonical squared distances of patches to members.

        With u = 2^-53 and S = |x|^2 + |y|^2 of the centred vectors: centring moves a squared distance by at most 4 u S,
        the norms and the product (in any order of summation) by 2 C u S, joining them by 6 u S, and the canonical sum
        itself is within 2 (C + 2) u S of the true value. 4 (C + 16) u S is above their sum, also to second order.
        """
        x, y = patches.double() - self._centre, self._members.double() - self._centre
        norms, own = (x * x).sum(dim=1), (y * y).sum(dim=1)
        squared = norms[:, None] + own[None, :] - 2 * (x @ y.T)
        error = 4 * (x.shape[1] + 16) * 2.0**-53 * (norms + own.max())
        return squared - error[:, None], squared + error[:, None]

    def _updated(self, chunk: torch.Tensor) -> NDArray[np.int64]:
        _, upper = self._bounds(chunk)
        limit = self._minima.min()  # d_m never decreases: a patch within it stays rejected as long as its witness stays
        witnesses = upper <= limit
        tested = ~witnesses.any(dim=1)
        while True:
            numbers = tested.nonzero()[:, 0]  # the host waits here
            if len(numbers) == 0:
                return np.empty((0, 2), dtype=np.int64)
            candidates = chunk[numbers]
            round_ = self._decided(candidates)
            when = torch.full((len(self._members),), len(chunk), device=chunk.device)
            when = when.scatter_reduce(
                0, round_.victims, torch.where(round_.accepted, numbers, len(chunk)), reduce="amin"
            )
            kept = witnesses & (when[None, :] > torch.arange(len(chunk), device=chunk.device)[:, None])
            doubtful = ~tested & ~kept.any(dim=1)
            if not bool(doubtful.any()):
                break
            tested |= doubtful
        self._distances, self._minima = round_.distances, round_.minima
        accepted = round_.accepted.nonzero()[:, 0]
        log = torch.stack([numbers[accepted], round_.victims[accepted]], dim=1).cpu().numpy()
        for patch, slot in log.tolist():  # in order, because a slot may be replaced twice
            self._members[slot] = chunk[patch]
        return log

    def _decided(self, candidates: torch.Tensor) -> _Round:
        """Apply the rule to candidates (K, C) in order, on copies of the tables, without waiting for the device."""
        distances, minima = self._distances.clone(), self._minima
        to_members = canonical_squared(candidates, self._members)
        to_each_other = canonical_squared(candidates, candidates)
        count, members = to_members.shape
        accepted = torch.zeros(count, dtype=torch.bool, device=candidates.device)
        victims = torch.zeros(count, dtype=torch.long, device=candidates.device)
        slots = torch.arange(members, device=candidates.device)
        for k in range(count):
            smallest = minima.min()
            accept = to_members[k].min() > smallest
            victim = torch.where(
                minima == smallest, slots, members
            ).min()  # the first of equal minima; argmin guarantees no order
            at = victim[None]  # indexing with a 0-d tensor would make the host wait
            row = torch.where(accept, to_members[k], distances.index_select(0, at)[0])
            row = torch.where(slots == victim, torch.inf, row)
            distances.index_copy_(0, at, row[None, :])
            distances.index_copy_(1, at, row[:, None])
            minima = distances.amin(dim=1)
            column = torch.where(accept, to_each_other[:, k], to_members.index_select(1, at)[:, 0])
            to_members.index_copy_(1, at, column[:, None])
            accepted[k] = accept
            victims[k] = victim
        return _Round(distances, minima, accepted, victims)


def canonical_squared(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Return the canonical squared distances (N, M), float64, of float32 rows a (N, C) and b (M, C).

    Product and addition are separate operations, so no compiler fuses them.
    """
    sums = torch.zeros(len(a), len(b), dtype=torch.float64, device=a.device)
    for x, y in zip(a.double().T, b.double().T, strict=True):
        difference = x[:, None] - y[None, :]
        sums += difference * difference
    return sums


def canonical_squared_of_pairs(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Return the canonical squared distances (P,), float64, of the float32 rows of a (P, C) to those of b (P, C)."""
    sums = torch.zeros(len(a), dtype=torch.float64, device=a.device)
    for x, y in zip(a.double().T, b.double().T, strict=True):
        difference = x - y
        sums += difference * difference
    return sums
