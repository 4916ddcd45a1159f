"""A cache of patches on disk: later epochs need neither images nor backbone. About 47 MB for 5 megapixels."""

import io
import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from training.features.patch_stream import ImagePatches
from training.support.user_error import UserError
from training.support.whole_file import write_whole

_JOB = "job.json"


class FeatureCache:
    """A folder with the patches of numbered images, for one job; an image is cached once all its strips are there."""

    def __init__(self, folder: Path, job: dict[str, Any]) -> None:
        self.folder = folder
        self._job = json.dumps(job, sort_keys=True)
        marker = folder / _JOB
        if not marker.is_file() or marker.read_text(encoding="utf-8") != self._job:
            self.remove()  # written by another job

    def __contains__(self, number: int) -> bool:
        return self._index(number).is_file()

    def load(self, number: int) -> Iterator[ImagePatches]:
        """Yield the patches of an image, strip by strip. Raises UserError for a damaged file."""
        for place, (width, ignored, last) in enumerate(json.loads(self._index(number).read_text(encoding="utf-8"))):
            path = self._strip(number, place)
            try:
                with np.load(path, allow_pickle=False) as arrays:
                    features, places = arrays["features"], arrays["places"]
            except (OSError, ValueError, EOFError, KeyError, BadZipFile) as error:
                raise UserError(f"{path} cannot be read; delete {self.folder}") from error
            yield ImagePatches(features, width, ignored, last, places=places)

    def kept(self, number: int, strips: Iterable[ImagePatches]) -> Iterator[ImagePatches]:
        """Yield the strips of an image and store them. Raises UserError if the folder cannot be written."""
        described = []
        write_whole(self.folder / _JOB, self._job.encode())
        for place, strip in enumerate(strips):
            content = io.BytesIO()
            assert strip.places is not None
            np.savez(content, features=strip.features, places=strip.places)
            write_whole(self._strip(number, place), content.getvalue())
            described.append([strip.width, strip.ignored, strip.ends_image])
            if strip.ends_image:
                write_whole(self._index(number), json.dumps(described).encode())
            yield strip

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _index(self, number: int) -> Path:
        return self.folder / f"{number:06d}.json"

    def _strip(self, number: int, place: int) -> Path:
        return self.folder / f"{number:06d}_{place:03d}.npz"
