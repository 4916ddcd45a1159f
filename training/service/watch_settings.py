"""Settings of a watched folder, read from a composed ``conf/watch.yaml``."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from omegaconf import DictConfig

from training.data.region_of_interest import RegionOfInterest
from training.data.settings import read_region
from training.drift.settings import DriftSettings, read_drift_settings
from training.model.settings import ModelOverrides, read_model_overrides
from training.support.settings_schema import check_settings
from training.support.user_error import UserError


@dataclass(frozen=True)
class WebhookSettings:
    """Address of posted results, and limits of trying; ``conf/watch.yaml`` describes each."""

    url: str
    only_anomalous: bool
    queue: int
    """Most results that wait."""
    attempts: int
    pause_seconds: float
    """Before the second attempt; doubled before each further one."""
    timeout_seconds: float
    stop_seconds: float


@dataclass(frozen=True)
class WatchSettings:
    """Settings of a watched folder; ``conf/watch.yaml`` describes each."""

    model: Path
    input: Path
    output: Path
    maps: bool
    overlays: bool
    minimum_prediction_size: int
    maximum_pixels: int
    polling_seconds: float | None
    """None: the system's events."""
    rescan_seconds: float
    settle_seconds: float
    patience_seconds: float
    webhook: WebhookSettings | None
    region: RegionOfInterest | None
    """None: the model's own."""
    drift: DriftSettings
    overrides: ModelOverrides


def read_watch_settings(cfg: DictConfig) -> WatchSettings:
    """Read a composed ``conf/watch.yaml``. Raises UserError for a wrong setting."""
    check_settings(cfg)
    folder, output = Path(cfg.input), Path(cfg.output)
    if not folder.is_dir():
        raise UserError(f"input={folder} is no folder; make it, or name the folder that the camera writes to")
    if folder.resolve().is_relative_to(output.resolve()):
        raise UserError(f"output={output} contains the input; choose a separate folder for the results")
    return WatchSettings(
        model=Path(cfg.model),
        input=folder,
        output=output,
        maps=cfg.maps,
        overlays=cfg.overlays,
        minimum_prediction_size=cfg.minimum_prediction_size,
        maximum_pixels=cfg.maximum_pixels,
        polling_seconds=cfg.polling_seconds if cfg.watching == "polling" else None,
        rescan_seconds=cfg.rescan_seconds,
        settle_seconds=cfg.settle_seconds,
        patience_seconds=cfg.patience_seconds,
        webhook=_webhook(cfg.webhook),
        region=read_region(cfg),
        drift=read_drift_settings(cfg.drift),
        overrides=read_model_overrides(cfg),
    )


def _webhook(cfg: DictConfig) -> WebhookSettings | None:
    if cfg.url is None:
        return None
    try:
        parts = urlsplit(cfg.url)
        usable = parts.scheme in ("http", "https") and parts.hostname is not None and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise UserError(f"webhook.url={cfg.url} is no address; give one like http://host:8080/results")
    return WebhookSettings(
        url=cfg.url,
        only_anomalous=cfg.only_anomalous,
        queue=cfg.queue,
        attempts=cfg.attempts,
        pause_seconds=cfg.pause_seconds,
        timeout_seconds=cfg.timeout_seconds,
        stop_seconds=cfg.stop_seconds,
    )
