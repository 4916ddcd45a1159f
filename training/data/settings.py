"""Settings of a dataset (``conf/dataset``)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig

from training.data.region_of_interest import RegionOfInterest, open_region
from training.support.user_error import UserError


@dataclass(frozen=True)
class DatasetSettings:
    """The folders of a dataset and the choice of its samples."""

    layout: str
    """Layout of the train folders: a name in ``layouts.LAYOUTS``."""
    roots: tuple[Path, ...]
    """Folders of the train images."""
    evaluation_root: Path
    """Folder of the validation and test images."""
    evaluation_layout: str
    validation_fraction: float
    """Share of the test images that becomes the validation split of a layout without one."""
    split_seed: int
    good: str = "good"
    """Name of the folders of nominal images, in the layouts of class folders."""
    mask_rule: str | None = None
    """Rule for the white pixels of a black and white mask (``mask_file.MASK_RULES``); None: the layout's own rule."""
    white_level: int | None = None
    """The value of white in 16-bit images; None for 65535."""
    max_images: int | None = None
    """Maximum number of train images; None for all."""
    max_plates: int | None = None
    """Maximum number of plates whose train images are used, from the first on; None for all."""
    region: RegionOfInterest | None = None
    """The region of interest of all images; None: the whole image."""


def read_region(cfg: DictConfig) -> RegionOfInterest | None:
    """Open the region of interest that a composed config names in ``region.file``; None where it is null.

    Raises UserError for a file that cannot be used.
    """
    return None if cfg.region.file is None else open_region(Path(cfg.region.file))


def read_dataset_settings(cfg: DictConfig, region: RegionOfInterest | None = None) -> DatasetSettings:
    """Read a composed ``conf/dataset``. Raises UserError for an empty list of folders and for a folder named twice."""
    return DatasetSettings(
        layout=cfg.layout,
        roots=folders_of(cfg.root),
        evaluation_root=folders_of(cfg.evaluation_root)[0],
        evaluation_layout=cfg.evaluation_layout,
        validation_fraction=cfg.validation_fraction,
        split_seed=cfg.split_seed,
        good=cfg.good,
        mask_rule=cfg.mask_rule,
        white_level=cfg.white_level,
        max_images=cfg.max_images,
        max_plates=cfg.get("max_plates"),
        region=region,
    )


def folders_of(root: str | Sequence[str]) -> tuple[Path, ...]:
    """Return the folders that a setting names: one, or a list.

    Raises UserError for an empty list and for a folder named twice.
    """
    folders = (Path(root),) if isinstance(root, str) else tuple(Path(folder) for folder in root)
    if not folders:
        raise UserError("dataset.root is an empty list; give a folder, or several: dataset.root=[plates,plates_rot90]")
    resolved = [folder.resolve() for folder in folders]
    twice = [folder for folder, where in zip(folders, resolved, strict=True) if resolved.count(where) > 1]
    if twice:
        raise UserError(f"dataset.root names {twice[0]} twice")
    return folders
