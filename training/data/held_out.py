"""A validation split for a dataset of train images alone."""

from dataclasses import replace

from training.data.folder_classes import drawn
from training.data.sample import Dataset
from training.support.listed_names import counted
from training.support.user_error import UserError


def with_held_out_validation(dataset: Dataset, fraction: float, seed: int) -> Dataset:
    """Return a dataset whose train images are split, if it has no other ones; any other dataset is returned as it is.

    About ``fraction`` of the train images become the validation split, drawn by seed, with all images of a plate on one
    side. A warning of the dataset says so. Raises UserError if there is only one image or plate.
    """
    if fraction == 0 or not dataset.samples or {sample.split for sample in dataset.samples} != {"train"}:
        return dataset
    plates = sorted({sample.plate_id or sample.sample_id for sample in dataset.samples})
    if len(plates) < 2:
        raise UserError(
            f"{dataset.root} has train images of one plate only, so none can be held out to find the threshold on; "
            "name a folder with validation images: dataset.evaluation_root=..."
        )
    chosen = {plates[place] for place in drawn("train", len(plates), fraction, seed)}
    samples = tuple(
        replace(sample, split="validation") if (sample.plate_id or sample.sample_id) in chosen else sample
        for sample in dataset.samples
    )
    number = sum(sample.split == "validation" for sample in samples)
    warning = (
        f"{dataset.root} has train images alone: {counted(number, 'image')} of {len(samples)} are held out, and the "
        "threshold is found on them (dataset.validation_fraction, dataset.split_seed)"
    )
    return replace(dataset, samples=samples, warnings=(*dataset.warnings, warning))
