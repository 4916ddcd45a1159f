"""The pictures of the report, embedded: the same test images for all scenarios, the worst ones, and the dataset
gallery.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from eval.pictures.choice import FALSE_POSITIVE, MISS, evenly_spaced
from eval.pictures.embedded import flat_colours, flat_colours_of, layer_of, photograph, photograph_of
from eval.pictures.overlay import colour_classes
from eval.runs.run_summary import RunSummary
from training.data.dataset import DefectClass, Sample, read_image, read_mask
from training.data.stainless_layout import open_stainless, read_description

T = TypeVar("T")

TILE_WIDTH, FULL_WIDTH = 560, 65_000  # JPEG ends at 65 500 pixels
COMPARED_IMAGES, GALLERY_IMAGES = 6, 4
WORST_OF_FEW, WORST_OF_MANY, MANY_RUNS = 2, 1, 4
"""Worst pictures of each class: of up to MANY_RUNS runs, and of more."""


@dataclass(frozen=True)
class Tile:
    """A picture as a data URI, with its caption; below and above name the same at full size in FullSize.pictures."""

    source: str
    caption: str
    detail: str
    below: str = ""
    above: str = ""


class FullSize:
    """Pictures and layers at full resolution, each held once, whatever the number of tiles that open it."""

    def __init__(self) -> None:
        self.pictures: dict[str, str] = {}
        self._keys: dict[Path, str] = {}

    def photograph(self, path: Path) -> str:
        """Take a picture in; return its key."""
        return self._key(path, lambda: photograph_of(path, FULL_WIDTH))

    def layer(self, path: Path) -> str:
        """Take a PNG in as it is; return its key."""
        return self._key(path, lambda: layer_of(path))

    def _key(self, path: Path, encoded: Callable[[], str]) -> str:
        if path not in self._keys:
            self._keys[path] = f"p{len(self._keys)}"
            self.pictures[self._keys[path]] = encoded()
        return self._keys[path]


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


def compare(runs: Sequence[RunSummary], full: FullSize) -> list[Comparison]:
    """Set the overlays of runs with the same test data side by side, for images that all of them have pictured.

    Images with defects first, at even distances through the split. Raises UserError when a picture is missing.
    """
    pictured = [{entry["sample_id"]: entry for entry in run.results["pictures"]} for run in runs]
    common = [entry for entry in runs[0].results["pictures"] if all(entry["sample_id"] in other for other in pictured)]
    defective = [entry for entry in common if entry["instances"]]
    chosen = [entry["sample_id"] for entry in _evenly(defective or common, COMPARED_IMAGES)]
    return [_comparison(sample_id, runs, pictured, full) for sample_id in chosen]


def _comparison(
    sample_id: str, runs: Sequence[RunSummary], pictured: Sequence[dict[str, dict[str, Any]]], full: FullSize
) -> Comparison:
    folder, entry = runs[0].evaluation_folder, pictured[0][sample_id]
    below = full.photograph(folder / entry["picture"])
    truth = full.layer(folder / entry["truth"])
    tiles = [
        Tile(photograph_of(folder / entry["picture"], TILE_WIDTH), "Picture", "", below),
        Tile(
            flat_colours_of(folder / entry["truth"], TILE_WIDTH),
            "Ground truth",
            _count(entry["instances"]),
            below,
            truth,
        ),
    ]
    for run, entries in zip(runs, pictured, strict=True):
        tiles.append(_overlay(run, entries[sample_id], run.name, below, full))
    return Comparison(sample_id, tuple(tiles))


def _overlay(run: RunSummary, entry: dict[str, Any], caption: str, below: str, full: FullSize) -> Tile:
    folder = run.evaluation_folder
    found = f"{entry['instances_found']} of {entry['instances']} found" if entry["instances"] else "no defect"
    source = photograph_of(folder / entry["overlay"], TILE_WIDTH)
    return Tile(source, caption, found, below, full.layer(folder / entry["decision"]))


def worst(run: RunSummary, shared: dict[str, str], wanted: int, full: FullSize) -> list[tuple[str, list[Tile]]]:
    """The overlays of a run's worst misses of every defect class and of its worst false positives on every other class,
    (heading, tiles). shared maps sample ids to keys of pictures that full holds already; it grows.

    Raises UserError when a picture is missing.
    """
    found: dict[tuple[str, str], list[tuple[int, dict[str, Any]]]] = {}
    for entry in run.results["pictures"]:
        for reason in entry["reasons"]:
            if reason["kind"] in (MISS, FALSE_POSITIVE) and reason["rank"] <= wanted:
                found.setdefault((reason["kind"], reason["class_name"]), []).append((reason["rank"], entry))
    sections = []
    for kind in (MISS, FALSE_POSITIVE):
        for (of, name), entries in sorted(found.items()):
            if of != kind:
                continue
            tiles = []
            for _, entry in sorted(entries, key=lambda ranked: ranked[0]):
                if entry["sample_id"] not in shared:
                    shared[entry["sample_id"]] = full.photograph(run.evaluation_folder / entry["picture"])
                tiles.append(_overlay(run, entry, entry["sample_id"], shared[entry["sample_id"]], full))
            sections.append((f"{'Missed' if kind == MISS else 'False alarms on'} {name}", tiles))
    return sections


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
