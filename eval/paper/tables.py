"""The paper's tables I and II with our values, the paper's values and their difference.

The paper's values are in ``eval/paper/table_*.csv``, in percent.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.io.formats.style import Styler

from eval.page.tables import NOT_MEASURED
from eval.runs.results import Results

FOLDER = Path(__file__).parent
TITLES = {
    1: "Table I: Per-class pixel-wise and defect-wise recall [%], with and without finetuning (ft)",
    2: "Table II: Techniques for transfer learning [%]",
}
SOURCES = ("ours", "paper", "difference")
_SYMBOLS = {
    "pixel_precision": "P_PX",
    "pixel_recall": "R_PX",
    "pixel_f1": "F_1,PX",
    "mean_defect_wise_recall": "mR_DW",
    "defect_wise_recall": "R_DW",
}
_CLASSES = {
    "scratch": "Scratch ↑",
    "bump": "Bump ↑",
    "dent": "Dent ↑",
    "water_stain": "WaterStain ↓",
    "fingerprint": "Fingerprint ↓",
    "sticker": "Sticker ↓",
}


def published_values(number: int) -> pd.DataFrame:
    """Read the paper's table 1 or 2.

    The index is the experiment. The first column is the scenario; the others are percentages, named <metric> or
    <class>.<metric>.
    """
    return pd.read_csv(FOLDER / f"table_{number}.csv", index_col="experiment")


def paper_table(number: int, results: Mapping[str, Results]) -> pd.DataFrame:
    """Return table 1 or 2 in the paper's layout, in percent; rows are (scenario, one of SOURCES).

    ``results`` maps experiments to their results. Values that are not measured are NaN: those of a
    missing experiment, and of a class without instances.
    """
    published = published_values(number)
    scenarios, values = published["scenario"], published.drop(columns="scenario")
    ours = pd.DataFrame(
        [[percent_of(results.get(row), column) for column in values.columns] for row in values.index],
        index=values.index,
        columns=values.columns,
        dtype=float,
    )
    stacked = pd.concat({"ours": ours, "paper": values, "difference": ours - values}).swaplevel()
    order = pd.MultiIndex.from_product([values.index, SOURCES])
    table = stacked.loc[order]
    table.index = pd.MultiIndex.from_tuples(
        [(scenarios[row], source) for row, source in order], names=["Training scenario", ""]
    )
    table.columns = _headings(values.columns)
    return table


def percent_of(results: Results | None, column: str) -> float:
    """Return a metric in percent; NaN if it is not measured.

    column is a column name of published_values(): <metric> or <class>.<metric>.
    """
    if results is None:
        return float("nan")
    name, _, metric = column.rpartition(".")
    metrics = results.metrics
    source = next((entry for entry in metrics.classes if entry.name == name), None) if name else metrics
    share = None if source is None else getattr(source, metric)
    return float("nan") if share is None else 100 * float(share)


def as_csv(table: pd.DataFrame) -> str:
    """Format a table of paper_table() as CSV, in percent with four decimals; cells not measured are empty."""
    plain = table.copy()
    plain.index.names = ["scenario", "figures"]
    if plain.columns.nlevels > 1:
        plain.columns = pd.Index([f"{pair[0].split()[0]} {pair[1]}" for pair in plain.columns])
    return str(plain.to_csv(float_format="%.4f", lineterminator="\n"))


def as_latex(table: pd.DataFrame, number: int, note: str) -> str:
    """Format a table as a LaTeX table environment (packages booktabs and multirow); the note ends the caption."""
    styler = _formatted(table).format_index(_latex, axis=0).format_index(_latex, axis=1)
    return str(
        styler.to_latex(
            hrules=True,
            clines="skip-last;data",
            position_float="centering",
            multicol_align="c",
            column_format="ll" + "r" * table.shape[1],
            caption=_latex(f"{TITLES[number].partition(': ')[2]}. {note}"),
            label=f"tab:stainless_{number}",
        )
    )


def as_html(table: pd.DataFrame, number: int) -> str:
    """Format a table as an HTML table element, without style."""
    styler = _formatted(table).format_index(_html, axis=0).format_index(_html, axis=1)
    return str(styler.to_html(table_uuid=f"table_{number}", caption=TITLES[number], sparse_columns=True))


def _headings(columns: pd.Index) -> pd.Index:
    if "." not in columns[0]:
        return pd.Index([_SYMBOLS[column] for column in columns])
    pairs = [column.split(".") for column in columns]
    return pd.MultiIndex.from_tuples([(_CLASSES[name], _SYMBOLS[metric]) for name, metric in pairs])


def _formatted(table: pd.DataFrame) -> Styler:
    styler = table.style.format("{:.1f}", na_rep=NOT_MEASURED)
    differences: Any = ((slice(None), "difference"), slice(None))
    return styler.format("{:+.1f}", na_rep=NOT_MEASURED, subset=differences)


def _html(text: object) -> str:
    return re.sub(r"_([\w+,]+)", r"<sub>\1</sub>", str(text))


def _latex(heading: object) -> str:
    text = str(heading)
    symbol = re.fullmatch(r"(m?[A-Z])_([\w,]+)", text)
    if symbol:
        return f"${symbol[1]}_{{\\mathrm{{{symbol[2]}}}}}$"
    escaped = text.replace("\\", r"\textbackslash ").replace("%", r"\%").replace("&", r"\&").replace("#", r"\#")
    subscripts = re.sub(r"(Synth|Melding)_([\w+]+)", r"\1$_{\\mathrm{\2}}$", escaped)
    plain = re.sub(r"_(?!\{)", r"\\_", subscripts)
    return plain.replace("↑", r"$\uparrow$").replace("↓", r"$\downarrow$").replace("–", "--")
