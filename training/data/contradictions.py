"""Contradictions within a dataset: warnings and errors that name the images."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from training.data.sample import SPLITS, Dataset
from training.data.sample_facts import SampleFacts, name_of
from training.support.listed_names import counted, listed

_BIT_DEPTHS = (14, 12, 10, 9)


@dataclass(frozen=True)
class Found:
    """Messages on a dataset: errors prevent its use, warnings name what a user should look at."""

    errors: tuple[str, ...]
    warnings: tuple[str, ...]


def contradictions(dataset: Dataset, facts: Sequence[SampleFacts]) -> Found:
    """Return what is wrong with the samples, and what may be."""
    errors = [entry.error for entry in facts if entry.error is not None]
    usable = [entry for entry in facts if entry.error is None]
    errors += _defects_in_train(dataset, usable)
    ignored, hidden = _ignored_defects(dataset, usable)
    errors += hidden
    warnings = [
        *dataset.warnings,
        *ignored,
        *_empty_masks(dataset, usable),
        *_between(dataset, usable),
        *_same_pixels(dataset, usable),
        *_plates_in_two_splits(usable),
        *_white_level(dataset, usable),
        *_pages(dataset, usable),
        *_outside_region(dataset, usable),
    ]
    return Found(tuple(errors), tuple(warnings))


def _names(dataset: Dataset, facts: Iterable[SampleFacts]) -> list[str]:
    return [name_of(entry.sample.image, dataset.root) for entry in facts]


def _defects_in_train(dataset: Dataset, facts: Sequence[SampleFacts]) -> list[str]:
    wrong = [
        entry
        for entry in facts
        if entry.sample.split == "train" and any(value in dataset.defect_ids for value in entry.classes or ())
    ]
    return [
        f"{entry.sample.mask}: train image {entry.sample.sample_id} shows a defect ({_defect(dataset, entry)}); train "
        "on nominal images, and move it to another split"
        for entry in wrong
    ]


def _defect(dataset: Dataset, entry: SampleFacts) -> str:
    return next(c.name for c in dataset.classes if c.kind == "defect" and c.id in (entry.classes or ()))


def _ignored_defects(dataset: Dataset, facts: Sequence[SampleFacts]) -> tuple[list[str], list[str]]:
    """Return a warning, or an error, if masks of a dataset folder hold 255, which means "ignore", for defects."""
    labelled = [entry for entry in facts if entry.sample.split != "train" and entry.sample.binary_id is None]
    if any(entry.classes or entry.outside for entry in labelled):
        return [], []
    hidden = [entry for entry in labelled if entry.hidden_instances]
    silent = [entry for entry in labelled if entry.shows_mask]
    if not silent:
        return [], []
    names = ", ".join(f"{c.id} {c.name}" for c in dataset.classes if c.kind == "defect")
    meaning = (
        f"hold 0 and {dataset.ignore_id} only, and no mask shows a defect: {dataset.ignore_id} means ignore in a "
        f"dataset folder; a defect's pixels hold its class id ({names})"
    )
    if hidden:
        masks = listed(entry.sample.mask for entry in hidden)
        return [], [f"{counted(len(hidden), 'mask')} {meaning}; their instances lie in ignored pixels: {masks}"]
    return [f"{counted(len(silent), 'mask')} {meaning}: {listed(entry.sample.mask for entry in silent)}"], []


def _empty_masks(dataset: Dataset, facts: Sequence[SampleFacts]) -> list[str]:
    empty = [entry for entry in facts if entry.sample.binary_id is not None and not entry.shows_mask]
    if not empty:
        return []
    masks = listed(name_of(entry.sample.mask, dataset.root) for entry in empty if entry.sample.mask)
    return [f"{counted(len(empty), 'mask')} of images in defect folders show nothing: they count as nominal: {masks}"]


def _between(dataset: Dataset, facts: Sequence[SampleFacts]) -> list[str]:
    blurred = [entry for entry in facts if entry.between]
    if not blurred:
        return []
    named = [f"{name_of(e.sample.mask, dataset.root)} ({listed(e.between, 3)})" for e in blurred if e.sample.mask]
    return [
        f"{counted(len(blurred), 'mask')} of black and white hold values between, as JPEG and smoothed edges leave "
        f"them; those above half of the range count as defect: {listed(named)}"
    ]


def _same_pixels(dataset: Dataset, facts: Sequence[SampleFacts]) -> list[str]:
    groups: dict[bytes, list[SampleFacts]] = defaultdict(list)
    for entry in facts:
        groups[entry.pixels].append(entry)
    across: list[list[SampleFacts]] = []
    within: list[list[SampleFacts]] = []
    for group in groups.values():
        if len(group) > 1:
            (across if len({entry.sample.split for entry in group}) > 1 else within).append(group)
    warnings = []
    for found, where in ((across, "in several splits"), (within, "twice in one split")):
        if found:
            pairs = [
                " = ".join(f"{n} ({e.sample.split})" for n, e in zip(_names(dataset, g), g, strict=True)) for g in found
            ]
            warnings.append(f"{counted(len(found), 'image')} {where}, pixel for pixel: {listed(pairs)}")
    return warnings


def _plates_in_two_splits(facts: Sequence[SampleFacts]) -> list[str]:
    splits: dict[str, set[str]] = defaultdict(set)
    for entry in facts:
        if entry.sample.plate_id:
            splits[entry.sample.plate_id].add(entry.sample.split)
    torn = {plate: of for plate, of in splits.items() if len(of) > 1}
    if not torn:
        return []
    named = [f"{plate} ({', '.join(split for split in SPLITS if split in of)})" for plate, of in sorted(torn.items())]
    return [
        f"{counted(len(torn), 'plate is', 'plates are')} in several splits, so results are too good: {listed(named)}"
    ]


def _white_level(dataset: Dataset, facts: Sequence[SampleFacts]) -> list[str]:
    deep = [entry for entry in facts if entry.bits == 16]
    if not deep:
        return []
    highest = max(entry.highest for entry in deep)
    level = deep[0].sample.white_level
    if level is not None:
        clipped = [entry for entry in deep if entry.highest > level]
        named = listed(_names(dataset, clipped))
        return [f"{len(clipped)} images have values above dataset.white_level={level}: {named}"] if clipped else []
    bits = next((bits for bits in reversed(_BIT_DEPTHS) if highest < 2**bits), None)
    if bits is None:
        return []
    return [
        f"{counted(len(deep), 'image')} of 16 bit have no value above {highest}, as of a camera of {bits} bits: only "
        f"{(highest >> 8) + 1} grey levels are left; set dataset.white_level={2**bits - 1}: "
        f"{listed(_names(dataset, deep))}"
    ]


def _pages(dataset: Dataset, facts: Sequence[SampleFacts]) -> list[str]:
    several = [entry for entry in facts if entry.pages > 1]
    named = [f"{name} ({entry.pages})" for name, entry in zip(_names(dataset, several), several, strict=True)]
    return (
        [f"{len(several)} TIFF files have several pages, of which the first is read: {listed(named)}"]
        if several
        else []
    )


def _outside_region(dataset: Dataset, facts: Sequence[SampleFacts]) -> list[str]:
    names = {entry.id: entry.name for entry in dataset.classes}
    outside = [entry for entry in facts if entry.outside]
    partly = [entry for entry in facts if entry.partly_outside]
    warnings = []
    if outside:
        totals: dict[int, int] = defaultdict(int)
        for entry in outside:
            for class_id, count in (entry.outside or {}).items():
                totals[class_id] += count
        kinds = ", ".join(f"{count} {names.get(class_id, class_id)}" for class_id, count in sorted(totals.items()))
        number = sum(totals.values())
        lie = f"{counted(number, 'labelled region lies', 'labelled regions lie')} outside the region of interest"
        warnings.append(f"{lie} and {'is' if number == 1 else 'are'} left out ({kinds}): {_listed(dataset, outside)}")
    if partly:
        number = sum(entry.partly_outside for entry in partly)
        lie = f"{counted(number, 'labelled region lies', 'labelled regions lie')} partly outside the region of interest"
        warnings.append(f"{lie}; only the part inside counts: {_listed(dataset, partly)}")
    return warnings


def _listed(dataset: Dataset, facts: Sequence[SampleFacts]) -> str:
    return listed(_names(dataset, facts))
