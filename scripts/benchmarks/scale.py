"""The sizes of a benchmark run."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """The sizes of a benchmark run."""

    points: int
    large: tuple[int, int]
    """Height and width of the images for the ratios to the product."""
    large_images: int
    peer_side: int
    growth: tuple[int, ...]
    """Numbers of images of peer_side x peer_side for the fits."""
    greedy_epochs: int
    tiles: tuple[int, int]
    """Numbers of train and test images for AUPRO."""
    peers: tuple[str, ...]
    """Names of anomalib's models."""


FULL = Scale(2048, (2050, 2448), 4, 1024, (2, 5, 10), 12, (30, 60), ("patchcore", "mh_patchcore"))
QUICK = Scale(256, (512, 612), 3, 256, (2, 4), 12, (10, 14), ("patchcore",))
EPOCHS = 5
SEED = 0
