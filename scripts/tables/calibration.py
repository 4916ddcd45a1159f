"""Calibration of the stand-in: the row Real on calibration plates beside the paper's twelve figures.

Every attempt is a set of overrides of conf/render. It is rendered, trained and evaluated once, and kept with its
figures, so that the choice of the stand-in's parameters can be read and repeated.
"""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console

from eval.paper.measured_row import read_measurement
from eval.paper.tables import published_value, published_values
from scripts.tables.renderings import RenderSizes, render_all, rendering
from scripts.tables.row_runs import check_datasets, check_row_settings, make_row, planned_runs
from scripts.tables.stage_clock import StageClock
from training.support.typed_overrides import quoted
from training.support.user_error import UserError
from training.support.whole_file import write_json, write_whole

KIND = "standin_calibration"
ROW = "real"
NEAR = 12.0
"""Points within which a figure counts as near the paper's."""
ATTEMPTS, TABLE = "attempts.json", "calibration.csv"


@dataclass(frozen=True)
class Attempt:
    """The figures of one set of overrides, in percent, by column of the paper's table I."""

    name: str
    overrides: tuple[str, ...]
    figures: dict[str, float | None]

    def near(self) -> int:
        """Return how many figures lie within NEAR points of the paper's."""
        return sum(
            abs(value - paper_figures()[name]) <= NEAR for name, value in self.figures.items() if value is not None
        )


def paper_figures() -> dict[str, float]:
    """Return the paper's twelve figures of the row Real of table I, in percent."""
    return {str(column): published_value(ROW, column) for column in published_values(1).columns.drop("scenario")}


def calibrate(
    out: Path, sizes: RenderSizes, attempts: Sequence[Sequence[str]], training: Sequence[str], console: Console
) -> list[Attempt]:
    """Make each attempt's plates and figures below ``out``; write the table of all attempts so far; return those made.

    Raises UserError for a wrong setting before anything is rendered, and RenderError.
    """
    jobs = [rendering(KIND, out, replace(sizes, standin=(*sizes.standin, *more))) for more in attempts]
    names = [_digest(entry.job) for entry in jobs]
    entries = [replace(entry, folder=out / name / "plates") for entry, name in zip(jobs, names, strict=True)]
    runs = [
        next(
            run
            for run in planned_runs(
                [f"paths.real={quoted(entry.folder)}", f"paths.synth={quoted(entry.folder)}", *training],
                entry.folder.parent,
                [0],
                [],
            )
            if run.experiment == ROW
        )
        for entry in entries
    ]
    check_row_settings(runs)
    made, known = [], _read(out)
    for name, overrides, entry, run in zip(names, attempts, entries, runs, strict=True):
        clock = StageClock(out / name)
        render_all([entry], clock, console)
        check_datasets([run])
        with clock.stage("row Real", run.kind, run.passes()):
            make_row(run)
        measured = read_measurement(out / name / ROW, 0)
        figures = {column: measured.percent(column) for column in paper_figures()}
        attempt = Attempt(name, tuple(overrides), {key: None if math.isnan(v) else v for key, v in figures.items()})
        made.append(attempt)
        known[name] = attempt
        _write(out, known)
    return made


def attempts_table(attempts: Sequence[Attempt]) -> pd.DataFrame:
    """Return the figures of attempts beside the paper's: a row for each attempt, with its number of near figures."""
    rows = [{"attempt": "paper", "overrides": "", **paper_figures(), "near": None}]
    rows += [
        {"attempt": entry.name, "overrides": " ".join(entry.overrides), **entry.figures, "near": entry.near()}
        for entry in attempts
    ]
    return pd.DataFrame(rows).astype({"near": "Int64"})


def _digest(job: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(job, sort_keys=True).encode()).hexdigest()[:8]


def _read(out: Path) -> dict[str, Attempt]:
    path = out / ATTEMPTS
    if not path.exists():
        return {}
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))["attempts"]
        return {row["name"]: Attempt(row["name"], tuple(row["overrides"]), dict(row["figures"])) for row in stored}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} cannot be read ({error}); delete it") from error


def _write(out: Path, known: dict[str, Attempt]) -> None:
    write_json(out / ATTEMPTS, {"attempts": [vars(entry) | {"near": entry.near()} for entry in known.values()]})
    text = attempts_table(list(known.values())).to_csv(index=False, float_format="%.4f", lineterminator="\n")
    write_whole(out / TABLE, str(text).encode("utf-8"))
