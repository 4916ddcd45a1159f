"""The paper's tables I and II: our means with spread over seeds and interval over plates, beside the paper's values.

The paper's values are in ``eval/paper/table_*.csv``, in percent.
"""

import math
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pandas as pd

from eval.page.tables import NOT_MEASURED
from eval.paper.measured_row import MeasuredRow, mean_of, spread_of
from eval.paper.resampled import ResampledRows

FOLDER = Path(__file__).parent
TITLES = {
    1: "Table I: Per-class pixel-wise and defect-wise recall [%], with and without finetuning (ft)",
    2: "Table II: Techniques for transfer learning [%]",
}
SOURCES = ("ours", "spread", "low", "high", "paper", "difference")
"""Mean over seeds, standard deviation over seeds, interval over plates, the paper's value, ours minus the paper's."""
SHOWN = ("ours", "interval", "paper", "difference")
"""The rows of a scenario in tables for readers: ours with the spread, and low to high in one cell."""
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


@cache
def _both() -> tuple[pd.DataFrame, pd.DataFrame]:
    return published_values(1), published_values(2)


def published_value(experiment: str, column: str) -> float:
    """Return the paper's value of a column of either table, in percent."""
    table = next(table for table in _both() if column in table)
    return float(table[column].to_dict()[experiment])


def paper_table(number: int, rows: Mapping[str, MeasuredRow], resampled: ResampledRows) -> pd.DataFrame:
    """Return table 1 or 2 in the paper's layout, in percent; rows are (scenario, one of SOURCES).

    ``rows`` maps experiments to their measurements. Values that are not measured are NaN: those of a missing
    experiment, of a class without instances, the spread of one seed, and intervals without two plates.
    """
    published = published_values(number)
    scenarios, values = published["scenario"], published.drop(columns="scenario")
    lines = []
    for experiment in values.index:
        row = rows.get(experiment, ())
        ours = [mean_of(row, column) for column in values.columns]
        ends = [resampled.interval(resampled.values(experiment, column)) for column in values.columns]
        paper = values.loc[experiment].tolist()
        lines += [
            ours,
            [spread_of(row, column) for column in values.columns],
            [low for low, _ in ends],
            [high for _, high in ends],
            paper,
            [mine - theirs for mine, theirs in zip(ours, paper, strict=True)],
        ]
    names = [(scenarios[experiment], source) for experiment in values.index for source in SOURCES]
    index = pd.MultiIndex.from_tuples(names, names=["Training scenario", ""])
    return pd.DataFrame(lines, index=index, columns=_headings(values.columns), dtype=float)


def seeds_of_rows(number: int, rows: Mapping[str, MeasuredRow]) -> dict[str, int]:
    """Return the number of seeds of each row of table 1 or 2, by scenario."""
    return {
        str(scenario): len(rows.get(str(experiment), ()))
        for experiment, scenario in published_values(number)["scenario"].items()
    }


def shown_table(table: pd.DataFrame, seeds: Mapping[str, int]) -> pd.DataFrame:
    """Return a table of paper_table() as text for readers; rows are (scenario, one of SHOWN).

    A scenario of several seeds has their number in its name.
    """
    lines, index = [], []
    for scenario in table.index.unique(level=0):
        of = {source: table.loc[(scenario, source)].tolist() for source in SOURCES}
        lines += [
            [_with_spread(value, spread) for value, spread in zip(of["ours"], of["spread"], strict=True)],
            [_between(low, high) for low, high in zip(of["low"], of["high"], strict=True)],
            [_number(value, "{:.1f}") for value in of["paper"]],
            [_number(value, "{:+.1f}") for value in of["difference"]],
        ]
        number = seeds.get(scenario, 1)
        index += [(scenario if number < 2 else f"{scenario}, {number} seeds", source) for source in SHOWN]
    named = pd.MultiIndex.from_tuples(index, names=table.index.names)
    return pd.DataFrame(lines, index=named, columns=table.columns)


def _number(value: float, form: str) -> str:
    return NOT_MEASURED if math.isnan(value) else form.format(value)


def _with_spread(value: float, spread: float) -> str:
    mean = _number(value, "{:.1f}")
    return mean if math.isnan(spread) or math.isnan(value) else f"{mean} ± {spread:.1f}"


def _between(low: float, high: float) -> str:
    return NOT_MEASURED if math.isnan(low) else f"{low:.1f} to {high:.1f}"


def as_csv(table: pd.DataFrame, seeds: Mapping[str, int]) -> str:
    """Format a table of paper_table() as CSV, in percent with four decimals; cells not measured are empty."""
    plain = table.copy()
    if plain.columns.nlevels > 1:
        plain.columns = pd.Index([f"{pair[0].split()[0]} {pair[1]}" for pair in plain.columns])
    plain.index.names = ["scenario", "figures"]
    plain.insert(0, "seeds", [seeds[scenario] for scenario, _ in plain.index])
    return str(plain.to_csv(float_format="%.4f", lineterminator="\n"))


def as_latex(shown: pd.DataFrame, number: int, note: str) -> str:
    """Format a table of shown_table() as a LaTeX table environment (packages booktabs and multirow).

    The note ends the caption.
    """
    styler = shown.style.format(_latex).format_index(_latex, axis=0).format_index(_latex, axis=1)
    return str(
        styler.to_latex(
            hrules=True,
            clines="skip-last;data",
            position_float="centering",
            multicol_align="c",
            column_format="ll" + "r" * shown.shape[1],
            caption=_latex(f"{TITLES[number].partition(': ')[2]}. {note}"),
            label=f"tab:stainless_{number}",
        )
    )


def as_html(shown: pd.DataFrame, number: int) -> str:
    """Format a table of shown_table() as an HTML table element, without style."""
    styler = shown.style.format_index(_html, axis=0).format_index(_html, axis=1)
    return str(styler.to_html(table_uuid=f"table_{number}", caption=TITLES[number], sparse_columns=True))


def _headings(columns: pd.Index) -> pd.Index:
    if "." not in columns[0]:
        return pd.Index([_SYMBOLS[column] for column in columns])
    pairs = [column.split(".") for column in columns]
    return pd.MultiIndex.from_tuples([(_CLASSES[name], _SYMBOLS[metric]) for name, metric in pairs])


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
    return plain.replace("↑", r"$\uparrow$").replace("↓", r"$\downarrow$").replace("–", "--").replace("±", r"$\pm$")
