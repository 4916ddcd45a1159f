"""The summary of a check, as text."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from training.data.file_identity import left_out_in_words
from training.data.sample import SPLITS, Dataset
from training.data.sample_facts import SampleFacts
from training.support.listed_names import counted, listed


def summary_lines(dataset: Dataset, facts: Sequence[SampleFacts]) -> list[str]:
    """Return lines on images by split and class, sizes, bit depths, instances, and what is left out and why."""
    lines = [f"{dataset.name}: {counted(len(facts), 'image')} checked"]
    names = {entry.id: entry.name for entry in dataset.classes}
    for split in SPLITS:
        of_split = [entry for entry in facts if entry.sample.split == split]
        if of_split:
            lines.append(f"  {split}: {counted(len(of_split), 'image')}{_classes(of_split, names)}")
    sizes = Counter(entry.size for entry in facts if entry.size is not None)
    shown = [f"{width} x {height} ({count})" for (width, height), count in sizes.most_common()]
    if shown:
        lines.append(f"  sizes: {listed(shown, 5)}")
    depths = Counter(entry.bits for entry in facts if entry.size is not None)
    if depths:
        lines.append(f"  bit depths: {', '.join(f'{bits} ({count})' for bits, count in sorted(depths.items()))}")
    return [*lines, *(f"  {line}" for line in left_out_in_words(dataset.left_out, dataset.root))]


def _classes(facts: Sequence[SampleFacts], names: dict[int, str]) -> str:
    """Return the images and instances of every class, and the images that show none."""
    images: dict[int, int] = defaultdict(int)
    instances: dict[int, int] = defaultdict(int)
    for entry in facts:
        for class_id, count in (entry.classes or {}).items():
            images[class_id] += 1
            instances[class_id] += count
    nominal = sum(not entry.classes for entry in facts if entry.error is None)
    parts = [f"{nominal} without any class"] if nominal else []
    parts += [
        f"{counted(images[i], 'image')} with {counted(instances[i], 'instance')} of {names.get(i, i)}"
        for i in sorted(images)
    ]
    return f" ({', '.join(parts)})" if parts else ""
