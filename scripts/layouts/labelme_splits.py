"""The splits of an import from LabelMe: by numbers of plates, or by a list that the user gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.layouts.clean_pictures import stated_images
from scripts.layouts.label_map import LabelMap
from scripts.layouts.labelme_folder import LabelledImage, shows_defect
from scripts.layouts.plate_pattern import suggestion
from scripts.layouts.plate_split import PlateCounts, split_plates
from scripts.layouts.split_list import read_split_list
from training.data.sample import SPLITS
from training.support.listed_names import listed
from training.support.user_error import UserError

CLEAN_PLATES, DEFECTIVE_PLATES = "clean", "defective"
Rows = list[tuple[dict[str, str], LabelledImage]]
"""The row of samples.csv of every imported picture."""


@dataclass(frozen=True)
class SplitChoice:
    """The way to split: a list of splits, or numbers of plates and the seed that draws them."""

    counts: PlateCounts
    seed: int
    splits: Path | None = None
    nominal_from: str = CLEAN_PLATES


@dataclass(frozen=True)
class Statement:
    """The user's statement about pictures without a LabelMe file."""

    clean: tuple[str, ...]
    unlabelled: str


def split_images(
    images: Sequence[LabelledImage], known: LabelMap, root: Path, choice: SplitChoice, statement: Statement
) -> tuple[Rows, list[str]]:
    """Return the row of every picture that takes part, in the order of the dataset, and notes. Raises UserError."""
    names = [labelled.name for labelled in images]
    try:
        places = {name: known.plate_and_view(name) for name in names}
    except UserError as error:
        raise UserError(f"{error}{suggestion(names)}") from error
    plates = {name: plate for name, (plate, _) in places.items()}
    defective = [labelled for labelled in images if shows_defect(labelled, known)]
    stated, notes = stated_images(images, plates, defective, root, statement.clean, statement.unlabelled)
    shown = {labelled.name for labelled in defective}
    plates = {labelled.name: plates[labelled.name] for labelled in stated}
    if choice.splits is None:
        split_of, further = _drawn(plates, shown, choice)
    else:
        split_of, further = read_split_list(choice.splits, plates)
        wrong = sorted(name for name, split in split_of.items() if split == "train" and name in shown)
        if wrong:
            raise UserError(f"{choice.splits} puts pictures that show a defect into train: {listed(wrong)}")
    kept = [labelled for labelled in stated if labelled.name in split_of]
    order = {split: place for place, split in enumerate(SPLITS)}
    kept.sort(key=lambda entry: (order[split_of[entry.name]], plates[entry.name], places[entry.name][1], entry.name))
    rows = []
    for number, labelled in enumerate(kept):
        plate, view = places[labelled.name]
        own = {"sample_id": f"{number:06d}", "split": split_of[labelled.name], "plate_id": plate, "view": view}
        rows.append((own | {"source": labelled.name}, labelled))
    return rows, [*notes, *further]


def _drawn(plates: dict[str, str], shown: set[str], choice: SplitChoice) -> tuple[dict[str, str], list[str]]:
    """Return the split of every picture of the drawn plates, and notes."""
    defective = {plates[name] for name in shown}
    clean = set(plates.values()) - defective
    lenders = {plates[name] for name in plates if name not in shown} & defective
    lending = sorted(lenders) if choice.nominal_from == DEFECTIVE_PLATES else []
    try:
        split = split_plates(sorted(clean), sorted(defective), choice.counts, choice.seed, lending)
    except UserError as error:
        raise UserError(f"{error}{suggestion(sorted(plates))}") from error
    split_of = {name: split[plate] for name, plate in plates.items() if plate in split}
    notes = []
    unused = sorted((clean | defective) - set(split))
    if unused:
        notes.append(f"{len(unused)} plates were not asked for and are left out: {listed(unused)}")
    lent = sorted(name for name, of in split_of.items() if of == "train" and name in shown)
    if lent:
        borrowed = {plates[name] for name in lent}
        notes.append(
            f"the nominal pictures of {len(borrowed)} defective plates train; those with a defect are left out: "
            f"{listed(lent)}"
        )
    return {name: of for name, of in split_of.items() if name not in lent}, notes
