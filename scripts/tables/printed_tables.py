"""The paper's tables and findings in the terminal."""

import math
from collections.abc import Mapping

from rich import box
from rich.console import Console
from rich.table import Table

from eval.metrics.settings import BootstrapSettings
from eval.paper.findings import findings
from eval.paper.measured_row import MeasuredRow
from eval.paper.resampled import ResampledRows
from eval.paper.tables import TITLES, paper_table, seeds_of_rows, shown_table


def print_tables(rows: Mapping[str, MeasuredRow], bootstrap: BootstrapSettings, console: Console) -> None:
    """Print both tables and the verdict on every claim."""
    resampled = ResampledRows(rows, bootstrap)
    for number, title in TITLES.items():
        table = shown_table(paper_table(number, rows, resampled), seeds_of_rows(number, rows))
        shown = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
        for heading in ("", "", *table.columns):
            words = heading.split() if isinstance(heading, str) else [*heading[0].split(), heading[1]]
            shown.add_column(" ".join(words), justify="right" if words else "left")
        for (scenario, whose), row in zip(table.index.to_list(), table.to_numpy().tolist(), strict=True):
            shown.add_row(scenario if whose == "ours" else "", whose, *row)
        console.print(shown)
    for found in findings(rows, resampled):
        if found.is_claim:
            interval = "" if math.isnan(found.low) else f" [{found.low:+.1f}, {found.high:+.1f}]"
            ours = "" if math.isnan(found.effect) else f" Ours {found.effect:+.1f}{interval} points."
            console.print(
                f"{found.statement}: {found.verdict}.{ours} Paper {found.paper:+.1f}.",
                soft_wrap=True,
                highlight=False,
                markup=False,
            )
