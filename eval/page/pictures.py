"""Embedded pictures of the report: common test images of all scenarios, worst images, and dataset galleries."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from eval.pictures.choice import FALSE_POSITIVE, MISS, evenly_spaced
from eval.pictures.embedded import jpeg_file_uri, jpeg_uri, png_file_uri, png_uri, unchanged_png_uri
from eval.pictures.files import PictureEntry
from eval.pictures.image_result import found_caption
from eval.pictures.overlay import colour_classes
from eval.runs.run_summary import RunSummary
from training.data.dataset import DefectClass, Sample, read_image, read_mask
from training.data.stainless_layout import open_stainless, read_description

T = TypeVar("T")

TILE_WIDTH, FULL_WIDTH = 560, 65_000  # the JPEG format allows up to 65 500 pixels
COMPARED_IMAGES, GALLERY_IMAGES = 6, 4
WORST_OF_FEW, WORST_OF_MANY, MANY_RUNS = 2, 1, 4
"""Number of worst pictures of each class for up to MANY_RUNS runs, and for more."""


@dataclass(frozen=True)
class PageTile:
    """A picture of the page with its caption."""

    source: str
    """Data URI."""
    caption: str
    detail: str
    below: str = ""
    """Key of the full-size picture in FullSizePictures.pictures; "" for none."""
    above: str = ""
    """Key of the full-size layer over that picture; "" for none."""


class FullSizePictures:
    """Pictures and layers at full resolution, each stored once and shared by all tiles that open it."""

    def __init__(self) -> None:
        self.pictures: dict[str, str] = {}
        """Data URIs by key."""
        self._keys: dict[Path, str] = {}

    def add_picture(self, path: Path) -> str:
        """Add a picture as JPEG; return its key. Raises UserError if it cannot be read."""
        return self._add(path, lambda: jpeg_file_uri(path, FULL_WIDTH))

    def add_layer(self, path: Path) -> str:
        """Add a PNG file unchanged; return its key. Raises UserError if it cannot be read."""
        return self._add(path, lambda: unchanged_png_uri(path))

    def _add(self, path: Path, encode: Callable[[], str]) -> str:
        if path not in self._keys:
            self._keys[path] = f"p{len(self._keys)}"
            self.pictures[self._keys[path]] = encode()
        return self._keys[path]


@dataclass(frozen=True)
class Comparison:
    """One test image: the picture, the ground truth, and the decision of every scenario."""

    title: str
    tiles: tuple[PageTile, ...]


@dataclass(frozen=True)
class GalleryDataset:
    """Some plates of one dataset beside their masks, with the colour key of the classes."""

    name: str
    origin: str
    """Size, generator, Blender version and seeds from dataset.json."""
    pairs: tuple[tuple[PageTile, PageTile], ...]
    key: tuple[tuple[str, str], ...]


def colour_key(classes: Sequence[DefectClass]) -> tuple[tuple[str, str], ...]:
    """Return (class name with kind, CSS colour) of every class except the background."""
    shown = (entry for entry in classes if entry.kind != "background")
    return tuple((f"{entry.name} ({entry.kind})", "#{:02x}{:02x}{:02x}".format(*entry.colour)) for entry in shown)


def group_by_test_data(runs: Sequence[RunSummary]) -> list[list[RunSummary]]:
    """Group the runs by test dataset and split, in order of appearance."""
    groups: dict[tuple[str, str, str], list[RunSummary]] = {}
    for run in runs:
        dataset = run.results.dataset
        groups.setdefault((dataset.name, dataset.root, dataset.split), []).append(run)
    return list(groups.values())


def compare_runs(runs: Sequence[RunSummary], full_size: FullSizePictures) -> list[Comparison]:
    """Return comparisons of runs with the same test data, on up to COMPARED_IMAGES images pictured by all of them.

    The images are evenly spaced among those with defects, or among all if none has a defect. Raises UserError if a
    picture is missing.
    """
    pictured = [{entry.sample_id: entry for entry in run.results.pictures} for run in runs]
    common = [entry for entry in runs[0].results.pictures if all(entry.sample_id in other for other in pictured)]
    defective = [entry for entry in common if entry.instances]
    chosen = [entry.sample_id for entry in _evenly(defective or common, COMPARED_IMAGES)]
    return [_comparison(sample_id, runs, pictured, full_size) for sample_id in chosen]


def _comparison(
    sample_id: str,
    runs: Sequence[RunSummary],
    pictured: Sequence[dict[str, PictureEntry]],
    full_size: FullSizePictures,
) -> Comparison:
    folder, entry = runs[0].evaluation_folder, pictured[0][sample_id]
    below = full_size.add_picture(folder / entry.picture)
    truth = full_size.add_layer(folder / entry.truth)
    tiles = [
        PageTile(jpeg_file_uri(folder / entry.picture, TILE_WIDTH), "Picture", "", below),
        PageTile(
            png_file_uri(folder / entry.truth, TILE_WIDTH),
            "Ground truth",
            _defect_count(entry.instances),
            below,
            truth,
        ),
    ]
    for run, entries in zip(runs, pictured, strict=True):
        tiles.append(_overlay(run, entries[sample_id], run.name, below, full_size))
    return Comparison(sample_id, tuple(tiles))


def _overlay(run: RunSummary, entry: PictureEntry, caption: str, below: str, full_size: FullSizePictures) -> PageTile:
    folder = run.evaluation_folder
    found = found_caption(entry.instances_found, entry.instances)
    source = jpeg_file_uri(folder / entry.overlay, TILE_WIDTH)
    return PageTile(source, caption, found, below, full_size.add_layer(folder / entry.decision))


def worst_pictures(
    run: RunSummary, shared: dict[str, str], limit: int, full_size: FullSizePictures
) -> list[tuple[str, list[PageTile]]]:
    """Return sections (heading, overlays) of the worst misses of each defect class and false positives on the others.

    Each section has up to `limit` overlays. shared maps sample ids to keys of full_size; new keys are added to it.
    Raises UserError if a picture is missing.
    """
    by_reason: dict[tuple[str, str], list[tuple[int, PictureEntry]]] = {}
    for entry in run.results.pictures:
        for reason in entry.reasons:
            if reason.kind in (MISS, FALSE_POSITIVE) and reason.rank <= limit:
                by_reason.setdefault((reason.kind, reason.class_name), []).append((reason.rank, entry))
    sections = []
    for kind in (MISS, FALSE_POSITIVE):
        for (reason_kind, name), entries in sorted(by_reason.items()):
            if reason_kind != kind:
                continue
            tiles = []
            for _, entry in sorted(entries, key=lambda ranked: ranked[0]):
                if entry.sample_id not in shared:
                    shared[entry.sample_id] = full_size.add_picture(run.evaluation_folder / entry.picture)
                tiles.append(_overlay(run, entry, entry.sample_id, shared[entry.sample_id], full_size))
            sections.append((f"{'Missed' if kind == MISS else 'False alarms on'} {name}", tiles))
    return sections


def read_gallery(root: Path) -> GalleryDataset:
    """Read some images of a dataset folder and their masks: test images if there are any, else all splits.

    Raises UserError if the dataset is invalid.
    """
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


def _pair(sample: Sample, classes: Sequence[DefectClass], ignore_id: int) -> tuple[PageTile, PageTile]:
    image = read_image(sample.image, sample.white_level)
    mask = colour_classes(read_mask(sample, image.shape), classes, ignore_id)
    light = f", {sample.light} light" if sample.light else ""
    picture = PageTile(jpeg_uri(image, TILE_WIDTH), f"{sample.sample_id}{light}", sample.split)
    return picture, PageTile(png_uri(mask, TILE_WIDTH), "Mask", "")


def _evenly(entries: Sequence[T], limit: int) -> list[T]:
    positions = sorted(evenly_spaced(len(entries), limit))
    return [entries[position] for position in positions]


def _defect_count(instances: int) -> str:
    return "no defect" if not instances else "1 defect" if instances == 1 else f"{instances} defects"
