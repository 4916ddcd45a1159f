"""The pictures of the report, embedded: the same test images for all scenarios, the worst ones, and the dataset
gallery.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from eval.embedded_picture import flat_colours, flat_colours_of, photograph, photograph_of
from eval.overlay import colour_classes
from eval.picture_choice import FALSE_POSITIVE, MISS, evenly_spaced
from eval.run_summary import RunSummary
from training.dataset import DefectClass, Sample, read_image, read_mask
from training.stainless_layout import open_stainless, read_description

T = TypeVar("T")

TILE_WIDTH, PANEL_WIDTH = 560, 1400
COMPARED_IMAGES, WORST_PANELS, GALLERY_IMAGES = 6, 2, 4


@dataclass(frozen=True)
class Tile:
    """A picture as a data URI, with its caption."""

    source: str
    caption: str
    detail: str


@dataclass(frozen=True)
class Comparison:
    """One test image: the picture, the ground truth, and every scenario's decision on it."""

    title: str
    tiles: tuple[Tile, ...]


@dataclass(frozen=True)
class GalleryDataset:
    """A few plates of one dataset beside their masks, with the colour key of the classes."""

    name: str
    origin: str
    """Size, generator, Blender version and seeds, as dataset.json has them."""
    pairs: tuple[tuple[Tile, Tile], ...]
    key: tuple[tuple[str, str], ...]


def colour_key(classes: Sequence[DefectClass]) -> tuple[tuple[str, str], ...]:
    """(class name with its kind, CSS colour) of every class but the background."""
    shown = (entry for entry in classes if entry.kind != "background")
    return tuple((f"{entry.name} ({entry.kind})", "#{:02x}{:02x}{:02x}".format(*entry.colour)) for entry in shown)


def result_classes(run: RunSummary) -> list[DefectClass]:
    """The classes of the data a run was tested on."""
    entries = run.results["dataset"]["classes"]
    return [DefectClass(e["id"], e["name"], e["kind"], tuple(e["colour"])) for e in entries]


def by_test_data(runs: Sequence[RunSummary]) -> list[list[RunSummary]]:
    """Group the runs that were tested on the same split of the same dataset, in order of appearance."""
    groups: dict[tuple[str, str, str], list[RunSummary]] = {}
    for run in runs:
        dataset = run.results["dataset"]
        groups.setdefault((dataset["name"], dataset["root"], dataset["split"]), []).append(run)
    return list(groups.values())


def compare(runs: Sequence[RunSummary]) -> list[Comparison]:
    """Set the overlays of runs with the same test data side by side, for images that all of them have pictured.

    Images with defects first, at even distances through the split. Raises UserError when a picture is missing.
    """
    pictured = [{entry["sample_id"]: entry for entry in run.results["pictures"]} for run in runs]
    common = [entry for entry in runs[0].results["pictures"] if all(entry["sample_id"] in other for other in pictured)]
    defective = [entry for entry in common if entry["instances"]]
    chosen = [entry["sample_id"] for entry in _evenly(defective or common, COMPARED_IMAGES)]
    return [_comparison(sample_id, runs, pictured) for sample_id in chosen]


def _comparison(
    sample_id: str, runs: Sequence[RunSummary], pictured: Sequence[dict[str, dict[str, Any]]]
) -> Comparison:
    folder, entry = runs[0].evaluation_folder, pictured[0][sample_id]
    tiles = [
        Tile(photograph_of(folder / entry["picture"], TILE_WIDTH), "Picture", ""),
        Tile(flat_colours_of(folder / entry["truth"], TILE_WIDTH), "Ground truth", _count(entry["instances"])),
    ]
    for run, entries in zip(runs, pictured, strict=True):
        entry = entries[sample_id]
        source = photograph_of(run.evaluation_folder / entry["overlay"], TILE_WIDTH)
        tiles.append(Tile(source, run.name, f"{entry['instances_found']} of {entry['instances']} found"))
    return Comparison(sample_id, tuple(tiles))


def worst(run: RunSummary) -> list[Tile]:
    """The panels of a run's worst misses and worst false positives. Raises UserError when a picture is missing."""
    tiles = []
    for reason, caption in ((MISS, "Missed most"), (FALSE_POSITIVE, "Most false alarms")):
        entries = [entry for entry in run.results["pictures"] if entry["chosen_for"] == reason]
        for entry in sorted(entries, key=lambda entry: entry["rank"])[:WORST_PANELS]:
            source = photograph_of(run.evaluation_folder / entry["panel"], PANEL_WIDTH)
            tiles.append(Tile(source, caption, entry["sample_id"]))
    return tiles


def gallery(root: Path) -> GalleryDataset:
    """A few images of a dataset folder beside their masks; its test images if it has any. Raises UserError."""
    dataset = open_stainless(root)
    masked = [sample for sample in dataset.samples if sample.mask is not None]
    tested = [sample for sample in masked if sample.split == "test"]
    pairs = [_pair(sample, dataset.classes, dataset.ignore_id) for sample in _evenly(tested or masked, GALLERY_IMAGES)]
    return GalleryDataset(dataset.name, _origin(root), tuple(pairs), colour_key(dataset.classes))


def _origin(root: Path) -> str:
    description = read_description(root / "dataset.json")
    blender = [f"Blender {description['blender']}"] if description["blender"] else []
    seeds = [f"seed {name} {seed}" for name, seed in description["seeds"].items()]
    return ", ".join([f"{description['samples']} images", description["generator"], *blender, *seeds])


def _pair(sample: Sample, classes: Sequence[DefectClass], ignore_id: int) -> tuple[Tile, Tile]:
    image = read_image(sample.image)
    mask = colour_classes(read_mask(sample, image.shape), classes, ignore_id)
    light = f", {sample.light} light" if sample.light else ""
    picture = Tile(photograph(image, TILE_WIDTH), f"{sample.sample_id}{light}", sample.split)
    return picture, Tile(flat_colours(mask, TILE_WIDTH), "Mask", "")


def _evenly(entries: Sequence[T], wanted: int) -> list[T]:
    positions = sorted(evenly_spaced(len(entries), wanted))
    return [entries[position] for position in positions]


def _count(instances: int) -> str:
    return "no defect" if not instances else "1 defect" if instances == 1 else f"{instances} defects"
