"""Settings of an export and of the check of an exported file, read from a composed ``conf/export.yaml``."""

from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig

from training.data.region_of_interest import RegionOfInterest
from training.data.settings import read_region
from training.model.settings import ModelOverrides, read_model_overrides
from training.support.settings_schema import check_settings
from training.support.user_error import UserError


@dataclass(frozen=True)
class ExportSettings:
    """Settings of an export; ``conf/export.yaml`` describes each."""

    model: Path
    format: str
    """onnx or openvino."""
    output: Path | None
    """None: beside the model file, with its name."""
    pixels: str
    """Type of the input: uint8 or float32."""
    precision: str
    """float32 or int8."""
    images: Path | None
    """int8: folder of nominal images."""
    calibration_images: int
    overwrite: bool
    overrides: ModelOverrides
    region: RegionOfInterest | None = None
    """The region of interest; None: the model's own."""


@dataclass(frozen=True)
class CheckSettings:
    """Settings of a check; ``conf/export.yaml`` describes each."""

    exported: Path
    model: Path
    images: Path
    tolerance: float
    """Largest difference of maps that is no difference, as a share of the threshold."""
    threads: int | None
    """None: as many as torch takes."""
    overrides: ModelOverrides
    region: RegionOfInterest | None = None
    """The region of interest; None: the model's own."""


def read_export_settings(cfg: DictConfig) -> ExportSettings:
    """Read the settings of an export. Raises UserError for a wrong setting, and for int8 without images."""
    check_settings(cfg)
    if cfg.precision == "int8" and cfg.images is None:
        raise UserError("precision=int8 is calibrated on nominal images: give their folder with images=FOLDER")
    if cfg.precision == "int8" and cfg.format != "onnx":
        raise UserError(f"precision=int8 is for format=onnx; for format={cfg.format} leave precision=float32")
    if cfg.images is not None and cfg.precision != "int8":
        raise UserError("images=FOLDER is for check=FILE and for precision=int8; this export uses no images")
    return ExportSettings(
        model=Path(cfg.model),
        format=cfg.format,
        output=None if cfg.output is None else Path(cfg.output),
        pixels=cfg.pixels,
        precision=cfg.precision,
        images=None if cfg.images is None else Path(cfg.images),
        calibration_images=cfg.calibration_images,
        overwrite=cfg.overwrite,
        overrides=read_model_overrides(cfg),
        region=read_region(cfg),
    )


def read_check_settings(cfg: DictConfig) -> CheckSettings:
    """Read the settings of a check. Raises UserError for a wrong setting, and without images."""
    check_settings(cfg)
    if cfg.images is None:
        raise UserError("check=FILE compares maps of images: give their folder with images=FOLDER")
    return CheckSettings(
        exported=Path(cfg.check),
        model=Path(cfg.model),
        images=Path(cfg.images),
        tolerance=cfg.tolerance,
        threads=cfg.threads,
        overrides=read_model_overrides(cfg),
        region=read_region(cfg),
    )
