"""Writing of a dataset folder (docs/dataset.md): pictures, masks, instances, tables, card, and dataset.json last."""

from collections.abc import Callable, Collection, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.data.sample import IGNORE_ID, DefectClass
from training.support.whole_file import write_json, write_whole

SAMPLE_COLUMNS = ("sample_id", "split", "image", "mask", "instances", "light", "plate_id", "view")
INSTANCE_COLUMNS = ("sample_id", "instance_id", "class", "pixel_area")

Card = Callable[[Path, Mapping[str, Any], Mapping[str, Collection[str]]], object]
"""Writes a folder's card from the content of dataset.json and the classes in each sample's mask."""


class DatasetWriter:
    """A writer that adds samples one by one to an empty folder; ``finish`` makes it a dataset."""

    def __init__(self, folder: Path, classes: tuple[DefectClass, ...], card: Card | None = None) -> None:
        self._folder, self._card = folder, card
        self._classes = classes
        self._names = {entry.id: entry.name for entry in classes}
        self._samples: list[dict[str, str]] = []
        self._instances: list[dict[str, str]] = []
        self._shown: dict[str, set[str]] = {}
        self._sizes: set[tuple[int, int]] = set()

    def add(
        self,
        row: Mapping[str, str],
        image: tuple[bytes, str],
        mask: NDArray[np.uint8],
        instances: NDArray[np.integer],
        parameters: Mapping[int, Mapping[str, str]],
    ) -> None:
        """Write one sample.

        ``row``: sample_id, split and any further columns; ``image``: the file's content and suffix; ``mask`` and
        ``instances`` (H, W); ``parameters``: further columns of instances.csv, by instance id.
        """
        name = row["sample_id"]
        files = {
            "image": f"images/{name}{image[1].lower()}",
            "mask": f"masks/{name}.png",
            "instances": f"instances/{name}.png",
        }
        write_whole(self._folder / files["image"], image[0])
        write_whole(self._folder / files["mask"], _png(mask))
        write_whole(self._folder / files["instances"], _png(instances.astype(np.uint16)))
        self._samples.append({**dict.fromkeys(SAMPLE_COLUMNS, ""), **row, **files})
        self._shown[name] = {self._names[number] for number in np.unique(mask).tolist() if number in self._names}
        self._sizes.add((mask.shape[0], mask.shape[1]))
        ids, first, areas = np.unique(instances, return_index=True, return_counts=True)
        for instance_id, place, area in zip(ids.tolist(), first.tolist(), areas.tolist(), strict=True):
            if instance_id:
                of_class = self._names[int(mask.flat[place])]
                own = (name, str(instance_id), of_class, str(area))
                extra = parameters.get(instance_id, {})
                self._instances.append(dict(zip(INSTANCE_COLUMNS, own, strict=True)) | dict(extra))

    def finish(self, name: str, seeds: Mapping[str, int], description: Mapping[str, Any] | None = None) -> None:
        """Write the tables, the card and dataset.json; ``description`` is that of the source dataset, if any."""
        size = self._sizes.copy().pop() if len(self._sizes) == 1 else None
        own: dict[str, Any] = {
            "format": "stainless-dataset",
            "version": 1,
            "name": name,
            "generator": f"stainless {metadata.version('stainless')}",
            "blender": None,
            "image_size": None if size is None else {"width": size[1], "height": size[0]},
            "metres_per_pixel": None,
            "classes": [{**vars(entry), "colour": list(entry.colour)} for entry in self._classes],
            "ignore_id": IGNORE_ID,
            "seeds": dict(seeds),
            "job": None,
        }
        own |= {**(description or {}), "samples": len(self._samples)}
        write_rows(self._folder, self._samples, self._instances)
        if self._card is not None:
            self._card(self._folder, own, self._shown)
        write_json(self._folder / "dataset.json", own)


def write_rows(
    folder: Path, samples: Sequence[Mapping[str, object]], instances: Sequence[Mapping[str, object]]
) -> None:
    """Write samples.csv and instances.csv; a missing value is an empty cell."""
    for name, rows, columns in (
        ("samples.csv", samples, SAMPLE_COLUMNS),
        ("instances.csv", instances, INSTANCE_COLUMNS),
    ):
        table = pd.DataFrame(rows).fillna("") if rows else pd.DataFrame(columns=list(columns))
        write_whole(folder / name, table.to_csv(index=False).encode())


def _png(pixels: NDArray[Any]) -> bytes:
    return bytes(cv2.imencode(".png", pixels)[1].tobytes())
