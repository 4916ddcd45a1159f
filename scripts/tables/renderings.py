"""The datasets that the paper's tables need, as jobs: the stand-in, and synth and synth_ws under three lights."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from rich.console import Console

from blender_addon.job.job_error import JobError
from render_jobs.job_status import read_status
from scripts.render import composed_job, run_composed
from scripts.tables.stage_clock import StageClock
from scripts.training_steps import composed_config

LIGHTS = ("base", "rot90", "scale2")
SYNTHETIC = ("synth", "synth_ws")
STANDIN = "standin_real"
QUICK = ("job.image.width=408", "job.image.height=342", "job.image.samples=4")
QUICK_SYNTHETIC = ("job.splits.0.plates=3",)
QUICK_STANDIN = (
    "job.grid.columns=3",
    "job.grid.rows=2",
    "job.grid.overlap=0",
    "job.splits.0.plates=2",
    "job.splits.3.plates=2",
)


@dataclass(frozen=True)
class RenderSizes:
    """Changes to the jobs of conf/render; None keeps the paper's size."""

    width: int | None = None
    height: int | None = None
    samples: int | None = None
    plates: int | None = None
    """Plates of each synthetic version and light."""
    standin_samples: int | None = None
    quick: bool = False
    common: tuple[str, ...] = ()
    """Overrides of every job and of its launcher."""
    standin: tuple[str, ...] = ()
    """Overrides of the stand-in only."""

    def overrides(self, is_standin: bool) -> tuple[str, ...]:
        """Return the overrides of conf/render.yaml."""
        samples = self.standin_samples if is_standin and self.standin_samples else self.samples
        sizes = {"width": self.width, "height": self.height, "samples": samples}
        given = [f"job.image.{name}={value}" for name, value in sizes.items() if value is not None]
        if self.plates is not None and not is_standin:
            given.append(f"job.splits.0.plates={self.plates}")
        quick = (*QUICK, *(QUICK_STANDIN if is_standin else QUICK_SYNTHETIC)) if self.quick else ()
        return (*quick, *given, *self.common, *(self.standin if is_standin else ()))


@dataclass(frozen=True)
class Rendering:
    """A dataset to be rendered: its kind (a render setting, for the pace), folder, composed config and job."""

    kind: str
    folder: Path
    cfg: DictConfig
    job: dict[str, Any]

    @property
    def pictures(self) -> int:
        """Return the number of pictures of the whole dataset."""
        grid = self.job["grid"]
        views = grid["columns"] * grid["rows"] if self.job["views"] == "grid" else 1
        return sum(split["plates"] * split.get("sides", 1) * views for split in self.job["splits"])

    @property
    def left(self) -> int:
        """Return the number of pictures that are not rendered yet."""
        try:
            status = read_status(self.folder, self.cfg.execution.lease_seconds)
        except JobError:
            return self.pictures
        return status.total - status.done


def table_renderings(real: Path, synth: Path, sizes: RenderSizes) -> list[Rendering]:
    """Return the renderings of all datasets of the tables. Raises UserError for a wrong setting."""
    found = [rendering(STANDIN, real, sizes)]
    for plates in SYNTHETIC:
        for light in LIGHTS:
            folder = synth / (plates if light == "base" else f"{plates}_{light}")
            found.append(rendering(plates, folder, sizes, f"light={light}"))
    return found


def rendering(kind: str, folder: Path, sizes: RenderSizes, *more: str) -> Rendering:
    """Return the rendering of ``render=<kind>`` into a folder. Raises UserError for a wrong setting."""
    is_standin = kind.startswith("standin")
    cfg = composed_config("render", f"render={kind}", *more, *sizes.overrides(is_standin))
    return Rendering(f"pictures of {kind}", folder, cfg, composed_job(cfg))


def render_all(renderings: Sequence[Rendering], clock: StageClock, console: Console) -> None:
    """Render what is missing; the first picture of each kind comes first and gives the forecast.

    A dataset that another job has begun is refused. Raises UserError and RenderError.
    """
    left = sum(entry.left for entry in renderings)
    console.print(f"{left} pictures to render: {clock.forecast(_left(renderings))}", highlight=False)
    for entry in renderings:
        # On a cluster, the shards are drawn by its workers, and the first dataset gives the forecast.
        if entry.left and entry.cfg.dask is None and clock.seconds_per_unit(entry.kind) is None:
            _render(entry, clock, only_first=True)
            console.print(f"first of the {entry.kind}; {clock.forecast(_left(renderings))} left", highlight=False)
    for number, entry in enumerate(renderings, start=1):
        if _is_made(entry):
            continue
        rest = clock.forecast(_left(renderings))
        console.rule(f"render {number} of {len(renderings)}: {entry.folder.name}; {rest} of rendering left")
        _render(entry, clock)


def _is_made(entry: Rendering) -> bool:
    """Return whether the dataset is complete and was made by this job; otherwise Blender says what is wrong."""
    try:
        document = json.loads((entry.folder / "dataset.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(document.get("job") == entry.job)


def _render(entry: Rendering, clock: StageClock, only_first: bool = False) -> None:
    before = entry.left
    cfg = entry.cfg
    if only_first:
        cfg = cfg.copy()
        cfg.samples = "0:1"
    with clock.stage(f"render {entry.folder.name}", entry.kind, min(before, 1) if only_first else before):
        run_composed(cfg, entry.job, entry.folder)


def _left(renderings: Sequence[Rendering]) -> list[tuple[str, float]]:
    return [(entry.kind, entry.left) for entry in renderings]
