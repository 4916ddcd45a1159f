"""Settings of the judging service, read from a composed ``conf/serve.yaml``."""

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig

from training.data.region_of_interest import RegionOfInterest
from training.data.settings import read_region
from training.drift.settings import DriftSettings, read_drift_settings
from training.model.settings import ModelOverrides, read_model_overrides
from training.support.settings_schema import check_settings
from training.support.user_error import UserError

_SHORTEST_TOKEN = 16


@dataclass(frozen=True)
class ServeSettings:
    """Settings of the service; ``conf/serve.yaml`` describes each."""

    model: Path
    host: str
    port: int
    token: str | None
    """None: no token is asked for, on loopback alone."""
    maximum_bytes: int
    maximum_pixels: int
    maximum_requests: int
    upload_seconds: float
    stop_seconds: float
    minimum_prediction_size: int
    region: RegionOfInterest | None
    """None: the model's own."""
    drift: DriftSettings
    overrides: ModelOverrides


def read_serve_settings(cfg: DictConfig) -> ServeSettings:
    """Read a composed ``conf/serve.yaml`` and the token's file.

    Raises UserError for a wrong setting, and for an address beyond loopback without a token.
    """
    check_settings(cfg)
    token = None if cfg.token_file is None else _read_token(Path(cfg.token_file))
    if token is None and not is_loopback(cfg.host):
        raise UserError(
            f"host={cfg.host} can be reached from other machines: give a token with token_file=FILE, or use "
            "host=127.0.0.1"
        )
    return ServeSettings(
        model=Path(cfg.model),
        host=cfg.host,
        port=cfg.port,
        token=token,
        maximum_bytes=cfg.maximum_bytes,
        maximum_pixels=cfg.maximum_pixels,
        maximum_requests=cfg.maximum_requests,
        upload_seconds=cfg.upload_seconds,
        stop_seconds=cfg.stop_seconds,
        minimum_prediction_size=cfg.minimum_prediction_size,
        region=read_region(cfg),
        drift=read_drift_settings(cfg.drift),
        overrides=read_model_overrides(cfg),
    )


def is_loopback(host: str) -> bool:
    """Return True for an address that this machine alone can reach; False for every other name."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _read_token(path: Path) -> str:
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"token_file={path} cannot be read: {getattr(error, 'strerror', error)}") from error
    if len(token) < _SHORTEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise UserError(
            f"token_file={path} needs one line of at least {_SHORTEST_TOKEN} ASCII characters without spaces, as "
            "python -c 'import secrets; print(secrets.token_urlsafe())' prints"
        )
    return token
