"""The sources that a synthesis uses, opened and checked by the leak guard."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.anomaly_synthesis.content import Source
from training.anomaly_synthesis.formula_source import FormulaSource
from training.anomaly_synthesis.image_pool import ImagePool, Images
from training.anomaly_synthesis.image_sources import FolderSource, LabelledSource, OwnImagesSource
from training.anomaly_synthesis.leak_guard import LeakGuard
from training.anomaly_synthesis.settings import SourceSettings
from training.anomaly_synthesis.triplet_folder import open_triplets
from training.data.file_identity import list_images
from training.data.image_file import read_image
from training.data.mask_file import read_mask
from training.data.mvtec_layout import open_mvtec
from training.data.sample import Sample
from training.support.user_error import UserError


@dataclass(frozen=True)
class OpenedSources:
    """Sources by kind, and the files that each shows."""

    by_kind: dict[str, Source]
    files: dict[str, tuple[Path, ...]]
    compared: int
    """Number of evaluation images that the leak guard compared with every file; 0 if no source shows files."""

    def description(self) -> dict[str, Any]:
        """Return the number of files of each source, and a hash of their names and contents."""
        return {kind: _description(self.files.get(kind, ())) for kind in self.by_kind}


def open_sources(settings: SourceSettings, own_images: Images, evaluation: Sequence[Path]) -> OpenedSources:
    """Open every source that has a weight; ``evaluation`` are the validation and test images.

    Raises UserError for an empty source, a file that cannot be read, and a picture that shows an evaluation image.
    """
    opened: dict[str, Source] = {}
    files: dict[str, tuple[Path, ...]] = {}
    if settings.needed("formula"):
        opened["formula"] = FormulaSource()
    if settings.needed("own_images"):
        opened["own_images"], files["own_images"] = OwnImagesSource(own_images), own_images.paths
    if settings.needed("folder"):
        assert settings.folder is not None
        pictures = _pictures(settings.folder)
        opened["folder"], files["folder"] = FolderSource(ImagePool(pictures, read_image)), pictures
    if settings.needed("labelled"):
        samples = tuple(sample for root in settings.labelled for sample in _anomalies(root))
        images = ImagePool([sample.image for sample in samples], read_image)
        opened["labelled"], files["labelled"] = LabelledSource(images, _masks(samples)), images.paths
    if settings.needed("rendered"):
        opened["rendered"], files["rendered"] = open_triplets(settings.rendered)
    guard = LeakGuard(evaluation if files else [])
    for kind, shown in files.items():
        guard.check(shown, near=kind != "own_images")
    return OpenedSources(opened, files, len(guard))


def _description(files: tuple[Path, ...]) -> dict[str, Any]:
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return {"files": len(files), "sha256": digest.hexdigest() if files else None}


def _pictures(folder: Path) -> tuple[Path, ...]:
    if not folder.is_dir():
        raise UserError(f"synthesis.sources.folder={folder}: there is no such folder")
    found = list_images(folder).files
    if not found:
        raise UserError(f"synthesis.sources.folder={folder}: no image there")
    return found


def _anomalies(root: Path) -> list[Sample]:
    """Return the samples of an MVTec-layout folder that show an anomaly."""
    if not root.is_dir():
        raise UserError(f"synthesis.sources.labelled={root}: there is no such folder")
    found = [sample for sample in open_mvtec(root, 0.0, 0).samples if sample.mask is not None]
    shown = [sample for sample in found if read_mask(sample, read_image(sample.image).shape).any()]
    if not shown:
        raise UserError(f"synthesis.sources.labelled={root}: no image shows a labelled anomaly")
    return shown


def _masks(samples: tuple[Sample, ...]) -> ImagePool:
    by_image = {sample.image: sample for sample in samples}

    def read(path: Path) -> NDArray[np.uint8]:
        mask = read_mask(by_image[path], read_image(path).shape)
        return (mask > 0).astype(np.uint8)

    return ImagePool([sample.image for sample in samples], read)
