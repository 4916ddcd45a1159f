"""Show the paper's figure 4 with the decisions of an evaluated run: label bias, prediction leakage, appearance change.

  python scripts/effect_pictures.py RUN [--out PICTURE]

Each example follows a rule: the bump of which about half is predicted, the prediction that covers most of a defect and
of an impurity beside it, and the long scratch of which about half is predicted.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from eval.pictures.overlay import Picture, overlay_decision
from eval.runs.recorded_data import complete_dataset_settings, training_settings
from eval.runs.settings import read_settings
from scripts.exit_status import exit_status
from scripts.training_steps import composed_config
from training.data.dataset import Dataset, Sample, inside_of, open_dataset, read_image, read_instances, read_mask
from training.model.load_detector import load_detector
from training.model.model_region import region_for
from training.model.settings import ModelOverrides
from training.support.progress import with_progress
from training.support.typed_overrides import quoted
from training.support.user_error import UserError

EFFECTS = ("label bias", "prediction leakage", "appearance change")
HALF = 0.5
LONG = 1.6  # diagonal of a scratch's box relative to the median scratch's
SIDE, MARGIN, GAP, LABEL = 260, 0.35, 4, 20  # pixels; the margin is relative to the shown box
QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 82]


@dataclass(frozen=True)
class Example:
    """A place in a picture that may show an effect."""

    effect: str
    rank: float
    """The smaller, the better the example."""
    size: float
    """Diagonal of the place in pixels."""
    views: tuple[Picture, Picture]
    """The place in the picture and in the decision, SIDE pixels wide and high."""


def main() -> int:
    """Parse, look through the test split, and write; print the picture's path."""
    description, _, rest = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(
        description=description, epilog=rest, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="folder of a trained run")
    default = Path(__file__).parents[2] / "docs" / "pictures" / "effects.jpg"
    parser.add_argument("--out", type=Path, default=default, help="the picture (%(default)s)")
    options = parser.parse_args()

    def write() -> None:
        if not options.out.parent.is_dir():
            raise UserError(f"{options.out} cannot be written: there is no folder {options.out.parent}")
        sheet = effect_sheet(chosen(list(examples(options.run))))
        cv2.imwrite(str(options.out), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR), QUALITY)
        print(options.out)

    return exit_status(write, options.out.parent)


def examples(run: Path) -> Iterator[Example]:
    """Yield every place of the run's test split that may show one of the effects.

    Raises UserError for a missing model and invalid test data.
    """
    if not run.is_dir():
        raise UserError(f"there is no run folder {run}")
    settings = read_settings(composed_config("evaluate", f"model={quoted(run)}"))
    model = load_detector(run, ModelOverrides(settings.device, settings.extractor))
    location = complete_dataset_settings(run, model.provenance, settings.dataset)
    region, _ = region_for(model.provenance, settings.region)
    dataset = open_dataset(replace(training_settings(location), region=region))
    samples = dataset.split("test")
    for sample in with_progress(samples, len(samples), "looking"):
        image = read_image(sample.image, sample.white_level)
        predicted = model.anomaly_map(image, inside_of(sample, image.shape)) >= model.threshold
        yield from places(dataset, sample, image, predicted)


def places(
    dataset: Dataset, sample: Sample, image: npt.NDArray[np.uint8], predicted: npt.NDArray[np.bool_]
) -> Iterator[Example]:
    """Yield the places of one picture (H, W, 3) and its decision (H, W) that may show one of the effects."""
    mask = read_mask(sample, image.shape)
    instances = read_instances(sample, mask)
    names = {entry.id: entry.name for entry in dataset.classes}
    defects = [entry.id for entry in dataset.classes if entry.kind == "defect"]
    impurities = [entry.id for entry in dataset.classes if entry.kind == "impurity"]
    decision = overlay_decision(image, predicted, mask, defects, dataset.ignore_id)
    for number in np.unique(instances[instances > 0]):
        here = instances == number
        name = names.get(int(mask[here][0]), "")
        effect = {"bump": EFFECTS[0], "scratch": EFFECTS[2]}.get(name)
        box = _box(here)
        if effect and not _is_cut(box, image.shape):
            rank = abs(float(predicted[here].mean()) - HALF)
            yield Example(effect, rank, _diagonal(box), (_cut(image, box), _cut(decision, box)))
    _, blobs = cv2.connectedComponents(predicted.astype(np.uint8))
    for blob in np.unique(blobs[predicted & np.isin(mask, impurities)]):
        here = blobs == blob
        on_defect = np.count_nonzero(here & np.isin(mask, defects))
        on_impurity = np.count_nonzero(here & np.isin(mask, impurities))
        if on_defect:
            box = _box(here)
            rank = -float(min(on_defect, on_impurity))
            yield Example(EFFECTS[1], rank, _diagonal(box), (_cut(image, box), _cut(decision, box)))


def chosen(found: Sequence[Example]) -> list[Example]:
    """Return the best example of each effect. Raises UserError if an effect does not occur."""
    best = []
    for effect in EFFECTS:
        of_effect = [entry for entry in found if entry.effect == effect]
        if effect == EFFECTS[2] and of_effect:
            least = LONG * float(np.median([entry.size for entry in of_effect]))
            of_effect = [entry for entry in of_effect if entry.size >= least] or of_effect
        if not of_effect:
            raise UserError(f"no test picture shows {effect}; the run needs bumps, scratches and impurities")
        best.append(min(of_effect, key=lambda entry: entry.rank))
    return best


def effect_sheet(shown: Sequence[Example]) -> Picture:
    """Lay out the examples side by side, uint8 RGB: the picture above its decision."""
    columns = [np.vstack([_header(entry.effect), *entry.views]) for entry in shown]
    gap = np.full((columns[0].shape[0], GAP, 3), 255, np.uint8)
    laid = [part for column in columns for part in (column, gap)][:-1]
    return np.hstack(laid)


def _header(text: str) -> Picture:
    band = np.full((LABEL, SIDE, 3), 255, np.uint8)
    cv2.putText(band, text, (2, LABEL - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
    return band


def _cut(picture: Picture, place: tuple[int, int, int, int]) -> Picture:
    """Return a square around the place (top, bottom, left, right), moved into the picture, scaled to SIDE pixels."""
    top, bottom, left, right = place
    height, width = picture.shape[:2]
    side = min(round((1 + MARGIN) * max(bottom - top, right - left, SIDE // 4)), height, width)
    first_row = min(max((top + bottom - side) // 2, 0), height - side)
    first_column = min(max((left + right - side) // 2, 0), width - side)
    part = picture[first_row : first_row + side, first_column : first_column + side]
    sampling = cv2.INTER_AREA if side > SIDE else cv2.INTER_CUBIC
    return np.array(cv2.resize(part, (SIDE, SIDE), interpolation=sampling), dtype=np.uint8)


def _box(here: npt.NDArray[np.bool_]) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(here)
    return int(rows.min()), int(rows.max()) + 1, int(columns.min()), int(columns.max()) + 1


def _diagonal(box: tuple[int, int, int, int]) -> float:
    top, bottom, left, right = box
    return float(np.hypot(bottom - top, right - left))


def _is_cut(box: tuple[int, int, int, int], shape: tuple[int, ...]) -> bool:
    """Return whether a place touches the picture's edge, so that a part of it may be missing."""
    top, bottom, left, right = box
    return top == 0 or left == 0 or bottom == shape[0] or right == shape[1]


if __name__ == "__main__":
    sys.exit(main())
