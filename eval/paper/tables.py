"""The paper's tables I and II, from evaluated experiments: ours, the paper's figures, and the difference.

The paper's figures are in ``eval/paper/*.csv``, in percent.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.io.formats.style import Styler

FIGURES = Path(__file__).parent
TITLES = {
    1: "Table I: Per-class pixel-wise and defect-wise recall [%], with and without finetuning (ft)",
    2: "Table II: Techniques for transfer learning [%]",
}
WHOSE = ("ours", "paper", "difference")
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
_NOT_MEASURED = "–"


def paper_figures(number: int) -> pd.DataFrame:
    """The paper's table 1 or 2: a row per experiment (the index), the column scenario, then figures in percent, as
    <figure> or <class>.<figure>.
    """
    return pd.read_csv(FIGURES / f"table_{number}.csv", index_col="experiment")


def paper_table(number: int, results: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Table 1 or 2 in the paper's form: rows (scenario, ours | paper | difference), in percent.

    ``results`` are the documents of results.json by experiment. What is not measured is NaN: an experiment that is not
    among them, a class without instances.
    """
    paper = paper_figures(number)
    scenarios, figures = paper["scenario"], paper.drop(columns="scenario")
    ours = pd.DataFrame(
        [[percent_of(results.get(row), column) for column in figures.columns] for row in figures.index],
        index=figures.index,
        columns=figures.columns,
        dtype=float,
    )
    stacked = pd.concat({"ours": ours, "paper": figures, "difference": ours - figures}).swaplevel()
    order = pd.MultiIndex.from_product([figures.index, WHOSE])
    table = stacked.loc[order]
    table.index = pd.MultiIndex.from_tuples(
        [(scenarios[row], whose) for row, whose in order], names=["Training scenario", ""]
    )
    table.columns = _headings(figures.columns)
    return table


def percent_of(document: Mapping[str, Any] | None, column: str) -> float:
    """A figure of a results.json in percent, by its name in the paper's tables; NaN where it is not measured."""
    if document is None:
        return float("nan")
    name, _, figure = column.rpartition(".")
    metrics = document["metrics"]
    entries = [entry for entry in metrics["classes"] if entry["name"] == name] if name else [metrics]
    share = entries[0].get(figure) if entries else None
    return float("nan") if share is None else 100 * float(share)


def as_csv(table: pd.DataFrame) -> str:
    """The table with plain headings; percent to four decimals, empty where nothing was measured."""
    plain = table.copy()
    plain.index.names = ["scenario", "figures"]
    if plain.columns.nlevels > 1:
        plain.columns = pd.Index([f"{pair[0].split()[0]} {pair[1]}" for pair in plain.columns])
    return str(plain.to_csv(float_format="%.4f", lineterminator="\n"))


def as_latex(table: pd.DataFrame, number: int, note: str) -> str:
    """A table environment for LaTeX with booktabs and multirow; the note goes into its caption."""
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
    """A table element with sub- and superscripts; figures are right-aligned by the page's own style."""
    styler = _formatted(table).format_index(_html, axis=0).format_index(_html, axis=1)
    return str(styler.to_html(table_uuid=f"table_{number}", caption=TITLES[number], sparse_columns=True))


def _headings(columns: pd.Index) -> pd.Index:
    if "." not in columns[0]:
        return pd.Index([_SYMBOLS[column] for column in columns])
    pairs = [column.split(".") for column in columns]
    return pd.MultiIndex.from_tuples([(_CLASSES[name], _SYMBOLS[figure]) for name, figure in pairs])


def _formatted(table: pd.DataFrame) -> Styler:
    styler = table.style.format("{:.1f}", na_rep=_NOT_MEASURED)
    differences: Any = ((slice(None), "difference"), slice(None))
    return styler.format("{:+.1f}", na_rep=_NOT_MEASURED, subset=differences)


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
