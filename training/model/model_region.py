"""The region of interest of a trained model: its own, or another that a user gives."""

from collections.abc import Sequence
from pathlib import Path

from training.data.region_of_interest import RegionOfInterest, open_region
from training.model.provenance import Provenance
from training.support.user_error import UserError


def region_for(provenance: Provenance, given: RegionOfInterest | None) -> tuple[RegionOfInterest | None, list[str]]:
    """Return the region in which a model is used, and a warning if it is not the model's own.

    Without a given one it is the model's own; None: the whole image. Raises UserError if the model's own has changed
    since the training, or is not where it was.
    """
    own = provenance.region
    if given is None:
        return (None if own is None else _own_region(own)), []
    if own is not None and own["sha256"] == given.sha256:
        return given, []
    within = "on whole images" if own is None else f"within another, {own['name']} ({own['sha256'][:12]})"
    warning = (
        f"the region of interest is {given.name} ({given.sha256[:12]}), but the model was made {within}; its threshold "
        "was found there, and what lay outside was not learned"
    )
    return given, [warning]


def common_region(
    names: Sequence[str], provenances: Sequence[Provenance], given: RegionOfInterest | None
) -> RegionOfInterest | None:
    """Return the region of models that become one.

    Raises UserError as ``check_same_region`` and ``region_for`` do, and if the given one is not the models'.
    """
    check_same_region(names, provenances)
    if given is not None and given.sha256 != _hash_of(provenances[0]):
        raise UserError(
            f"region.file={given.file} is not the sources' region of interest, which is {_shown(provenances[0])}; "
            "leave region.file out"
        )
    return region_for(provenances[0], given)[0]


def check_same_region(names: Sequence[str], provenances: Sequence[Provenance]) -> None:
    """Raise UserError if models, by their names, were made within different regions."""
    for name, other in zip(names[1:], provenances[1:], strict=True):
        if _hash_of(other) != _hash_of(provenances[0]):
            raise UserError(
                f"{names[0]} and {name} were made within different regions of interest ({_shown(provenances[0])} and "
                f"{_shown(other)}); train both within one"
            )


def _hash_of(provenance: Provenance) -> str | None:
    return None if provenance.region is None else str(provenance.region["sha256"])


def _own_region(own: dict[str, str]) -> RegionOfInterest:
    file = Path(own["file"])
    again = "give region.file=..., the region that the model was trained with, or another"
    if not file.is_file():
        raise UserError(f"the model's region of interest is not at {file} any more; {again}")
    region = open_region(file)
    if region.sha256 != own["sha256"]:
        raise UserError(f"the model's region of interest, {file}, has changed since the training; {again}")
    return region


def _shown(provenance: Provenance) -> str:
    return "none" if provenance.region is None else f"{provenance.region['name']}, {provenance.region['sha256'][:12]}"
