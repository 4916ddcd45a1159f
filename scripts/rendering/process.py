"""Run a render job in separate, supervised Blender processes, with progress and one-line errors."""

import json
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from scripts.rendering.progress import RenderProgress
from scripts.rendering.supervisor import Bounds, RenderError, supervise
from training.support.entry_point import CONF_FOLDER
from training.support.user_error import UserError

__all__ = ["RenderError", "default_execution", "run_render_job"]


def default_execution() -> DictConfig:
    """Return the execution settings of conf/render.yaml, which are not part of a job."""
    cfg = OmegaConf.load(CONF_FOLDER / "render.yaml")
    assert isinstance(cfg, DictConfig)
    return cfg.execution


def run_render_job(
    job: Mapping[str, Any], out: Path, execution: DictConfig | None = None, shard: str = "1/1", quiet: bool = False
) -> None:
    """Render ``job`` into the dataset folder ``out`` with ``execution`` (conf/render.yaml).

    ``quiet`` shows no progress. Raises UserError for bad input, and RenderError, in one line, if Blender fails or
    samples are given up.
    """
    settings = default_execution() if execution is None else execution
    bounds = Bounds(**{name: settings[name] for name in Bounds.__dataclass_fields__})
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        job_file = Path(folder) / "job.json"
        job_file.write_text(json.dumps(job), encoding="utf-8")
        options = ["--job", str(job_file), "--out", str(out), "--samples", str(settings.samples), "--shard", shard]
        options += ["--device", settings.device, "--lease-seconds", str(settings.lease_seconds)]
        options += ["--threads", str(settings.threads)] if settings.threads is not None else []
        report = (lambda _: None) if quiet else stack.enter_context(RenderProgress(f"Rendering {job['name']}")).show
        try:
            outcome = supervise(settings.blender, options, out, bounds, report)
        except (UserError, RenderError) as error:
            raise type(error)(str(error).replace(str(job_file), "the job")) from error
    for sample, cause in sorted(outcome.failed.items()):
        print(f"error: sample {sample} given up: {cause}", file=sys.stderr)
    if outcome.failed:
        raise RenderError(f"{out}: not complete, {len(outcome.failed)} samples given up")
