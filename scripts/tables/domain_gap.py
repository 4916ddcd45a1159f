"""The paper's findings over a planted domain gap: the rows again, with the real plates seen by worse cameras."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from eval.paper.findings import as_table, findings
from eval.paper.page import write_paper_tables
from eval.paper.resampled import ResampledRows
from scripts.tables.camera_change import camera_change, write_changed
from scripts.tables.make_tables import measured_rows, missing_rows, tables_bootstrap
from scripts.tables.row_runs import (
    RowRun,
    check_datasets,
    check_row_settings,
    chosen_rows,
    planned_runs,
    table_settings,
)
from scripts.tables.stage_clock import StageClock
from training.data.settings import read_dataset_settings
from training.support.user_error import UserError
from training.support.whole_file import write_whole

TABLE = "domain_gap.csv"
UNCHANGED = 0.0
"""The strength that leaves the real plates as they are: the tables' own rows."""


@dataclass(frozen=True)
class GapWork:
    """The datasets, the folder of the tables, the settings that its rows were made with, the strengths of the gap."""

    real: Path
    synth: Path
    out: Path
    strengths: tuple[float, ...]
    training: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (0,)
    seeds_rest: tuple[int, ...] = (0,)
    features_gigabytes: float = 0


def measure_gaps(work: GapWork, console: Console) -> list[Path]:
    """Make the rows at every strength; write domain_gap.csv, and the tables of each gap into ``out/gap_<strength>``.

    The tables in ``out`` stay as they are; its rows that are not trained yet are trained. Return the paths. Raises
    UserError for a wrong setting or dataset before anything is made, and for failed rows after the others are finished
    and in the files.
    """
    if not work.strengths or len({f"{strength:g}" for strength in work.strengths}) != len(work.strengths):
        raise UserError("--strengths needs different numbers")
    changes = {strength: camera_change(strength) for strength in work.strengths if strength != UNCHANGED}
    runs = _runs(work, UNCHANGED)
    check_row_settings(runs)
    check_datasets(runs)
    white_level = read_dataset_settings(runs[0].cfg.dataset).white_level
    for strength, change in changes.items():
        write_changed(work.real, _real(work, strength), change, white_level)
    found, paths, failures = [], [], {}
    for strength in work.strengths:
        console.rule(f"gap of strength {strength:g}")
        out = _out(work, strength)
        rows, failed = measured_rows(_runs(work, strength), StageClock(out), console)
        failures.update({f"{name} at strength {strength:g}": message for name, message in failed.items()})
        bootstrap = tables_bootstrap()
        if strength in changes:
            note = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in asdict(changes[strength]).items())
            notes = [f"The real plates are seen by a worse camera: {note}.", *missing_rows(failed)]
            paths += write_paper_tables(rows, notes, out, bootstrap)
        found.append(as_table(findings(rows, ResampledRows(rows, bootstrap))))
        found[-1].insert(0, "strength", strength)
    effects = pd.concat(found, ignore_index=True)
    path = work.out / TABLE
    write_whole(path, str(effects.round(4).to_csv(index=False, lineterminator="\n")).encode("utf-8"))
    console.print(_printed(effects, work.strengths))
    if failures:
        causes = "; ".join(f"{name}: {message}" for name, message in failures.items())
        raise UserError(f"{len(failures)} rows failed, the others are in the tables ({causes})")
    return [path, *paths]


def _runs(work: GapWork, strength: float) -> list[RowRun]:
    """Return the runs of one strength; all strengths share the features of the synthetic images."""
    settings = table_settings(_real(work, strength), work.synth, work.out, work.features_gigabytes, work.training)
    return chosen_rows(planned_runs(settings, _out(work, strength), work.seeds, work.seeds_rest), work.rows)


def _out(work: GapWork, strength: float) -> Path:
    return work.out if strength == UNCHANGED else work.out / f"gap_{strength:g}"


def _real(work: GapWork, strength: float) -> Path:
    return work.real if strength == UNCHANGED else _out(work, strength) / "datasets" / "real"


def _printed(table: pd.DataFrame, strengths: Sequence[float]) -> Table:
    """Return the effects of all measured claims and parts: a row each, a column for each strength."""
    shown = Table(title="Effects over the strength of the gap [points]", title_justify="left")
    for heading in ("finding", "paper", *(f"{strength:g}" for strength in strengths)):
        shown.add_column(heading, justify="left" if heading == "finding" else "right")
    for (key, part), rows in table.dropna(subset="effect").groupby(["key", "part"], sort=False):
        by_strength = rows.set_index("strength")
        cells = [_cell(by_strength, strength) for strength in strengths]
        shown.add_row(f"  {key}: {part}" if part else str(key), f"{rows['paper'].iloc[0]:+.1f}", *cells)
    return shown


def _cell(rows: pd.DataFrame, strength: float) -> str:
    if strength not in rows.index:
        return "–"
    row = rows.loc[strength]
    interval: str = "" if pd.isna(row["low"]) else f" [{row['low']:+.1f}, {row['high']:+.1f}]"
    return f"{row['effect']:+.1f}{interval} {row['verdict']}"
