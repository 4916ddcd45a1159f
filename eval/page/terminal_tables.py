"""Tables of the report for a terminal."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from eval.page.tables import NOT_MEASURED, SCENARIO_COLUMNS, class_columns, class_rows, scenario_rows
from eval.runs.run_summary import RunSummary, warnings_of


def print_tables(runs: Sequence[RunSummary], console: Console) -> None:
    """Print the table of scenarios, the recalls (one row per class) and the warnings."""
    table = _table("Scenarios [%]")
    table.add_column("", overflow="fold")
    for title in [*(column.short for column in SCENARIO_COLUMNS), "threshold"]:
        table.add_column(title, justify="right")
    for row in scenario_rows(runs):
        table.add_row(escape(row.name), *(cell.text for cell in row.cells))
    console.print(table)

    classes = class_columns(runs)
    per_class = class_rows(runs, classes)
    table = _table("Recall per class [%], px / DW")
    for title in ("class", "kind", "instances"):
        table.add_column(title)
    for run in runs:
        table.add_column(escape(run.name), justify="right")
    for i, column in enumerate(classes):
        recalls = [f"{row.cells[2 * i].text} / {row.cells[2 * i + 1].text}" for row in per_class]
        count = NOT_MEASURED if column.instances is None else str(column.instances)
        table.add_row(escape(column.name), column.kind, count, *recalls)
    console.print(table)
    for names, warning in warnings_of(runs):
        console.print(f"warning: {names}: {warning}", style="yellow", markup=False, highlight=False, soft_wrap=True)


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
