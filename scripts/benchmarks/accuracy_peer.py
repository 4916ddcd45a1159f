"""anomalib's PatchCore on the images of the accuracy benchmark, with its own greedy selection and re-weighted score."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from scripts.benchmarks.anomalib_peer import described_backbone, run_peer
from training.features.extractor import FeatureExtractor
from training.support.user_error import UserError

SHARE = 0.1
"""Share of the patches that the peer keeps."""


class PeerMaps(NamedTuple):
    """Anomaly maps (h, w) at the size of the backbone's input, image scores, and the number of members kept."""

    maps: list[NDArray[np.float32]]
    scores: list[float]
    members: int


@dataclass(frozen=True)
class Peer:
    """anomalib's Python, a folder for its files, and limits: selection time, total time, memory."""

    python: Path
    folder: Path
    select_seconds: float
    seconds: float
    memory_gb: float

    def predicted(
        self,
        name: str,
        extractor: FeatureExtractor,
        train: Sequence[Path],
        test: Sequence[Path],
        points: int | None = None,
    ) -> PeerMaps:
        """Fit the train images and predict the test images. Raises UserError if the peer fails.

        ``points`` is the number of members; None keeps ``SHARE`` of the patches.
        """
        folder = self.folder / name
        folder.mkdir(parents=True)
        described = described_backbone(extractor, folder / "backbone.safetensors")
        job: dict[str, Any] = {
            **described,
            "peer": "patchcore",
            **({"share": SHARE, "select_seconds": self.select_seconds} if points is None else {"points": points}),
            "threads": torch.get_num_threads(),
            "images": [str(path) for path in train],
            "test": [str(path) for path in test],
            "maps": str(folder),
        }
        done = run_peer(self.python, job, folder, self.memory_gb, self.seconds)
        if "failed" in done:
            raise UserError(f"anomalib on {name}: {done['failed']}")
        maps = [np.load(folder / f"{number}.npy", allow_pickle=False) for number in range(len(test))]
        return PeerMaps(maps, done["scores"], done["members"])


def written(pictures: Sequence[NDArray[np.uint8]], folder: Path) -> list[Path]:
    """Write RGB pictures as PNG files for a peer that reads files; return their paths."""
    folder.mkdir(parents=True)
    paths = [folder / f"{number:04d}.png" for number in range(len(pictures))]
    for path, picture in zip(paths, pictures, strict=True):
        if not cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)):
            raise UserError(f"cannot write {path}")
    return paths
