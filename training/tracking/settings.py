"""Settings of the tracking (conf/tracking), and the check that its tool is installed."""

from dataclasses import dataclass
from importlib.util import find_spec

from omegaconf import DictConfig

from training.support.user_error import UserError

MLFLOW, TENSORBOARD = "mlflow", "tensorboard"


@dataclass(frozen=True)
class TrackingSettings:
    """A tool, its store (a folder, a file or an address), and MLflow's experiment."""

    tool: str
    store: str
    experiment: str


def read_tracking_settings(cfg: DictConfig) -> TrackingSettings | None:
    """Read a composed ``conf/tracking``; None means no tracking. Raises UserError if the tool is not installed."""
    tracking = cfg.get("tracking")
    if tracking is None or tracking.tool is None:
        return None
    tool = str(tracking.tool)
    if find_spec(tool) is None:
        raise UserError(f"tracking={tool} needs {tool}: uv sync --extra {tool}, or uv tool install '.[{tool}]'")
    return TrackingSettings(tool, str(tracking.store), str(tracking.get("experiment", "stainless")))
