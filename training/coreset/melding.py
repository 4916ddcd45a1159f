"""Melding of coresets (paper, section IV): the members of all sources pass through the rule in order.

The order affects the result. With ``fan_in`` the sources are melded in groups of that many neighbours, then the results
are melded in the same way: a tree. Dask can spread its tasks over processes or machines; the result is the same on any.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.coreset.collection import Certificate, Collection, Epoch
from training.coreset.sequential import SequentialCoreset
from training.model.file import load_model
from training.support.user_error import UserError

Members = NDArray[np.float32]


class MemberRows(NamedTuple):
    """The members of one coreset (M, C) in the form of an image's patches."""

    features: Members
    width: int = 1
    ignored: int = 0
    ends_image: bool = True
    image: int = -1
    places: None = None


class Melded(NamedTuple):
    """The new members (M, C), their certificate for the members of all sources, and the epochs of the last meld."""

    features: Members
    certificate: Certificate
    epochs: list[Epoch]


def meld(coresets: Sequence[Members], size: int, epochs: int) -> Melded:
    """Meld coresets (any number of members each, C) into one of ``size`` members.

    Raises UserError if they have fewer members in total.
    """
    collection = Collection(SequentialCoreset(size, coresets[0].shape[1]))
    rows = [MemberRows(np.ascontiguousarray(members, dtype=np.float32)) for members in coresets]
    certificate = collection.run(lambda _epoch, first: rows[first:], epochs, measure=True)
    return Melded(collection.coreset.features, certificate, collection.epochs)


def meld_tree(paths: Sequence[Path], size: int, epochs: int, fan_in: int, cluster: str | None, workers: int) -> Melded:
    """Meld model files in groups of ``fan_in`` neighbours, then the results, until one coreset is left.

    ``cluster`` is None (this process), "local" (a Dask cluster of ``workers`` processes) or the address of a Dask
    scheduler whose workers can read the same files; the result is the same. Groups with at most ``size`` members are
    only concatenated. Raises UserError.
    """
    if fan_in < 2:
        raise UserError(f"tree.fan_in {fan_in} must be at least 2, or null to meld all at once")
    from dask import delayed

    level: list[Any] = [delayed(_members)(str(path)) for path in paths]
    while len(level) > fan_in:
        groups = [level[start : start + fan_in] for start in range(0, len(level), fan_in)]
        level = [delayed(_reduced)(group, size, epochs) for group in groups]
    with _scheduler(cluster, workers) as compute:
        melded = meld(compute(level), size, epochs)
    return _over_all_sources(melded, paths)


def _over_all_sources(melded: Melded, paths: Sequence[Path]) -> Melded:
    """Return the meld with the covering radius over the members of all files.

    The last meld of a tree sees only intermediate results.
    """
    size, channels = melded.features.shape
    coreset, squared = SequentialCoreset(size, channels), 0.0
    coreset.update(melded.features)
    for path in paths:
        squared = coreset.cover(_members(str(path)), 1, squared)
    return melded._replace(certificate=replace(melded.certificate, covering_radius=math.sqrt(squared)))


def _members(path: str) -> Members:
    return load_model(Path(path))[0]


def _reduced(group: Sequence[Members], size: int, epochs: int) -> Members:
    if sum(len(members) for members in group) <= size:
        return np.concatenate(group)
    return meld(group, size, epochs).features


@contextmanager
def _scheduler(cluster: str | None, workers: int) -> Iterator[Callable[[list[Any]], Sequence[Members]]]:
    """Yield a function that computes a list of delayed tasks."""
    import dask

    if cluster is None:
        yield lambda tasks: dask.compute(*tasks, scheduler="synchronous")
        return
    from distributed import Client, LocalCluster

    if cluster != "local":
        try:
            client = Client(cluster, timeout=10)
        except (OSError, ValueError) as error:
            raise UserError(f"tree.cluster={cluster}: no Dask scheduler answers there") from error
        with client:
            yield lambda tasks: dask.compute(*tasks)
        return
    with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as local, Client(local):
        yield lambda tasks: dask.compute(*tasks)
