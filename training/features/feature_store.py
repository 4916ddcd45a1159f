"""A folder of features of whole images, shared by runs: an image is extracted once by an extractor, and then read.

The key is everything that the features depend on: the extractor's fingerprint with its preprocessing, its tiling, the
device and torch's version, and the image's pixels. Each file repeats it, so a wrong file is never used. Strips are read
and written one by one, so the memory is that of an extraction.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from training.features.patch_grid import Axis
from training.features.patch_strip import PatchStrip
from training.support.whole_file import write_whole

log = logging.getLogger(__name__)

_GIGABYTE = 10**9


class FeatureStore:
    """Features by key, up to a size of the folder; what no longer fits is extracted anew every time."""

    def __init__(self, folder: Path, gigabytes: float) -> None:
        self.folder = folder
        self._limit = gigabytes * _GIGABYTE
        self._size = sum(path.stat().st_size for path in folder.glob("*/*.safetensors")) if folder.is_dir() else 0
        self._is_full = False

    def strips(
        self, extractor: dict[str, Any], image: NDArray[np.uint8], extract: Callable[[], Iterator[PatchStrip]]
    ) -> Iterator[PatchStrip]:
        """Yield the strips of an image: stored ones, or those of ``extract()``, which are then stored.

        ``extractor`` is everything that features depend on besides the image.
        """
        pixels = hashlib.sha256(np.ascontiguousarray(image).data).hexdigest()
        key = json.dumps({**extractor, "image": pixels, "shape": image.shape}, sort_keys=True)
        name = hashlib.sha256(key.encode()).hexdigest()
        parts = self.folder / name[:2]
        number = self._number_of_strips(parts / f"{name}.json", key)
        stored = [parts / f"{name}_{place:03d}.safetensors" for place in range(number)]
        if stored and all(_is_of(path, key) for path in stored):
            for path in stored:
                yield _read(path)
            return
        yield from self._stored(parts, name, key, extract())

    def _number_of_strips(self, index: Path, key: str) -> int:
        """Return the number of strips that a complete image has in the folder; 0 without one."""
        try:
            document = json.loads(index.read_text(encoding="utf-8"))
            return int(document["strips"]) if document["key"] == key else 0
        except (OSError, ValueError, KeyError, TypeError):
            return 0

    def _stored(self, parts: Path, name: str, key: str, strips: Iterator[PatchStrip]) -> Iterator[PatchStrip]:
        number, fits = 0, True
        for strip in strips:
            fits = fits and self._has_room(strip.features.nbytes)
            if fits:
                _write(parts / f"{name}_{number:03d}.safetensors", key, strip)
                self._size += strip.features.nbytes
                number += 1
            yield strip
        if fits:
            write_whole(parts / f"{name}.json", json.dumps({"key": key, "strips": number}).encode())

    def _has_room(self, size: int) -> bool:
        if self._size + size <= self._limit:
            return True
        if not self._is_full:
            self._is_full = True
            limit = self._limit / _GIGABYTE
            log.warning("Warning: %s has reached %g GB; further images are extracted in every pass", self.folder, limit)
        return False


def _write(path: Path, key: str, strip: PatchStrip) -> None:
    axes = {
        name: [axis.first, axis.step, axis.count] for name, axis in (("rows", strip.rows), ("columns", strip.columns))
    }
    place = json.dumps({"first": strip.first, **axes})
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"features": np.ascontiguousarray(strip.features)}
    write_whole(path, safetensors.numpy.save(content, metadata={"key": key, "place": place}))


def _is_of(path: Path, key: str) -> bool:
    """Return whether a file is whole and of this key."""
    try:
        with safe_open(path, framework="numpy") as file:
            return bool((file.metadata() or {}).get("key") == key)
    except (OSError, SafetensorError):
        return False


def _read(path: Path) -> PatchStrip:
    with safe_open(path, framework="numpy") as file:
        place = json.loads(file.metadata()["place"])
        rows, columns = (Axis(*place[name]) for name in ("rows", "columns"))
        return PatchStrip(file.get_tensor("features"), place["first"], rows, columns)


_active: ContextVar[FeatureStore | None] = ContextVar("feature_store", default=None)


@contextmanager
def stored_features(folder: Path | None, gigabytes: float) -> Iterator[None]:
    """Give the extractors that are built inside a store in this folder; none for None."""
    token = _active.set(None if folder is None else FeatureStore(folder, gigabytes))
    try:
        yield
    finally:
        _active.reset(token)


def active_store() -> FeatureStore | None:
    """Return the store of the surrounding ``stored_features``."""
    return _active.get()


def surroundings(device: torch.device) -> dict[str, str]:
    """Return what features depend on besides settings and weights: it changes their last bits."""
    return {"device": device.type, "torch": torch.__version__}
