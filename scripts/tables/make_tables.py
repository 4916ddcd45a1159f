"""The whole work of the paper's tables: render, train, evaluate, compare. Every stage knows when it is complete."""

import logging
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from scripts.tables.renderings import RenderSizes, render_all, table_renderings
from scripts.tables.row_runs import (
    RowRun,
    check_datasets,
    check_row_settings,
    chosen_rows,
    evaluation_config,
    make_row,
    planned_runs,
    seed_settings,
    table_settings,
)
from scripts.tables.stage_clock import StageClock, duration
from training.support.user_error import UserError

if TYPE_CHECKING:
    from eval.metrics.settings import BootstrapSettings
    from eval.paper.measured_row import MeasuredRow, Measurement

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TablesWork:
    """The work to do: folders, settings, seeds."""

    real: Path
    synth: Path
    out: Path
    training: tuple[str, ...] = ()
    """Overrides of conf/train.yaml."""
    notes: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (0,)
    seeds_rest: tuple[int, ...] = (0,)
    rows: tuple[str, ...] = ()
    """Experiments to measure; empty: all of them. Those that they build on are trained, too."""
    rendering: RenderSizes | None = None
    """Sizes of the datasets to render first; None: they exist."""
    features_gigabytes: float = 0
    """Largest size of the folder of features beside the runs; 0 keeps none."""
    launcher: str | None = None
    """Hydra launcher that trains the rows as jobs of a sweep (conf/hydra/launcher); None: one after the other here."""


def reproduce_tables(work: TablesWork, console: Console) -> list[Path]:
    """Make and evaluate every row below ``work.out``, write the tables there; return their paths.

    Raises UserError for a wrong setting or dataset before anything is trained, and for failed rows after the others are
    finished and in the tables; RenderError if rendering fails.
    """
    started = time.monotonic()
    settings = table_settings(work.real, work.synth, work.out, work.features_gigabytes, work.training)
    runs = chosen_rows(planned_runs(settings, work.out, work.seeds, work.seeds_rest), work.rows)
    check_row_settings(runs)
    if work.rendering is not None:
        # Every job is composed before the first picture, so that a mistyped setting fails at once.
        renderings = table_renderings(work.real, work.synth, work.rendering)
        render_all(renderings, StageClock(work.out), console)
    check_datasets(runs)
    clock = StageClock(work.out)
    if work.launcher is not None:
        _train_as_sweeps(work, settings, runs, clock)
    rows, failures = measured_rows(runs, clock, console)
    paths = _written(work, rows, failures, console)
    console.print(
        f"{duration(time.monotonic() - started)}; tables: {', '.join(map(str, paths))}", soft_wrap=True, highlight=False
    )
    if failures:
        causes = "; ".join(f"{name}: {message}" for name, message in failures.items())
        raise UserError(f"{len(failures)} of {len(runs)} scenarios failed, the others are in the tables ({causes})")
    return paths


def measured_rows(
    runs: Sequence[RowRun], clock: StageClock, console: Console
) -> "tuple[dict[str, MeasuredRow], dict[str, str]]":
    """Make every run; return the measurements by experiment, and the messages of failed runs by their name."""
    from eval.paper.measured_row import read_measurement
    from training.runs.experiment import folder_of

    left = [(run.kind, run.passes()) for run in runs]
    measured: dict[str, list[Measurement]] = {}
    failures: dict[str, str] = {}
    for number, run in enumerate(runs):
        name = run.experiment if run.seed == 0 else f"{run.experiment} (seed {run.seed})"
        console.rule(
            f"{number + 1} of {len(runs)}  {run.scenario}, seed {run.seed}; {clock.forecast(left[number:])} left"
        )
        began = time.monotonic()
        try:
            was_new = make_row(run)
        except UserError as error:
            log.error("%s failed: %s", name, error)
            failures[name] = str(error)
            continue
        except KeyboardInterrupt:
            clock.add(f"{run.experiment}, seed {run.seed}", run.kind, 0, time.monotonic() - began)
            raise
        if was_new:
            clock.add(f"{run.experiment}, seed {run.seed}", *left[number], time.monotonic() - began)
        measured.setdefault(run.experiment, []).append(read_measurement(folder_of(run.cfg), run.seed))
    return {experiment: tuple(row) for experiment, row in measured.items()}, failures


def _written(
    work: TablesWork, rows: "dict[str, MeasuredRow]", failures: dict[str, str], console: Console
) -> list[Path]:
    from eval.paper.page import write_paper_tables
    from scripts.tables.printed_tables import print_tables

    bootstrap = tables_bootstrap()
    paths = write_paper_tables(rows, [*work.notes, *missing_rows(failures)], work.out, bootstrap)
    print_tables(rows, bootstrap, console)
    return paths


def missing_rows(failures: Iterable[str]) -> list[str]:
    """Return the note on the page for rows that failed; no note without any."""
    names = ", ".join(failures)
    return [f"Not measured, because the run failed: {names}."] if names else []


def tables_bootstrap() -> "BootstrapSettings":
    """Return the bootstrap of conf/evaluate.yaml."""
    from eval.metrics.settings import BootstrapSettings

    return BootstrapSettings(**evaluation_config(Path("run"), "auto").bootstrap)


def _train_as_sweeps(work: TablesWork, settings: Sequence[str], runs: Sequence[RowRun], clock: StageClock) -> None:
    """Train the rows of each seed as a sweep with a Hydra launcher, as ``training.train -m`` does.

    The sweep names its failed rows; the pass that follows tries them once more here and evaluates all.
    """
    for seed in dict.fromkeys(run.seed for run in runs):
        names = ",".join(run.experiment for run in runs if run.seed == seed)
        overrides = [
            f"experiment={names}",
            f"hydra/launcher={work.launcher}",
            *settings,
            *seed_settings(work.out, seed),
        ]
        with clock.stage(f"sweep, seed {seed}", "sweep", 1):
            status = subprocess.run([sys.executable, "-m", "training.train", "-m", *overrides], check=False).returncode
        if status not in (0, 2):
            log.warning("Warning: the sweep of seed %d ended with status %d", seed, status)
