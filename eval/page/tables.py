"""The tables of the report, as text cells: the template and the terminal only lay them out."""

from collections.abc import Sequence
from dataclasses import dataclass

from eval.runs.run_summary import RunSummary

NOT_MEASURED = "–"


@dataclass(frozen=True)
class Cell:
    """A figure as text; best marks the best of its column. key is its name for the report's script."""

    text: str
    best: bool = False
    value: float | None = None
    key: str = ""
    better: str = ""
    interval: str = ""


@dataclass(frozen=True)
class Column:
    """A heading (short: for a terminal), an explanation, and which way is better: "up", "down" or "" (neither)."""

    title: str
    short: str
    better: str
    key: str
    explanation: str


@dataclass(frozen=True)
class Row:
    """One scenario."""

    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class ClassColumn:
    """A class in the per-class table; instances is None when the scenarios were tested on different data."""

    name: str
    kind: str
    instances: int | None


SCENARIO_COLUMNS = (
    Column("P px", "P px", "up", "pixel_precision", "Pixel precision: share of the predicted pixels that are defect."),
    Column("R px", "R px", "up", "pixel_recall", "Pixel recall: share of the defect pixels that are predicted."),
    Column("F1 px", "F1 px", "up", "pixel_f1", "Harmonic mean of the two."),
    Column("mR DW", "mR DW", "up", "mean_defect_wise_recall", "Defect-wise recall, averaged over the defect classes."),
    Column(
        "Image AUROC",
        "I-AUROC",
        "up",
        "image_auroc",
        "How well the image score ranks defective images above the others.",
    ),
    Column(
        "Pixel AUROC", "P-AUROC", "up", "pixel_auroc", "How well the pixel score ranks defect pixels above the others."
    ),
    Column("AUPRO", "AUPRO", "up", "aupro", "Per-region overlap, averaged over false-positive rates up to the limit."),
)


def percent(share: float | None) -> str:
    """A share in [0, 1] as percent with one decimal, as in the paper's tables; a dash where nothing was measured."""
    return NOT_MEASURED if share is None else f"{100 * share:.1f}"


def _cells(
    shares: Sequence[float | None], better: str, key: str, intervals: Sequence[Sequence[float] | None]
) -> list[Cell]:
    """One column, top to bottom. With one scenario, or with all alike, there is no best one."""
    texts = [percent(share) for share in shares]
    measured = [share for share in shares if share is not None]
    differ = len(set(texts) - {NOT_MEASURED}) > 1
    best = percent(max(measured) if better == "up" else min(measured)) if differ else None
    return [
        Cell(text, text == best, share, key, better, f"{percent(span[0])} to {percent(span[1])}" if span else "")
        for text, share, span in zip(texts, shares, intervals, strict=True)
    ]


def _rows(runs: Sequence[RunSummary], columns: Sequence[Sequence[Cell]]) -> list[Row]:
    return [Row(run.name, tuple(column[i] for column in columns)) for i, run in enumerate(runs)]


def scenario_rows(runs: Sequence[RunSummary]) -> list[Row]:
    """One row per scenario over SCENARIO_COLUMNS, and the threshold last."""
    columns = []
    for column in SCENARIO_COLUMNS:
        metrics = [run.results["metrics"] for run in runs]
        spans = [entry["intervals"]["values"].get(column.key) for entry in metrics]
        columns.append(_cells([entry[column.key] for entry in metrics], column.better, column.key, spans))
    thresholds = [run.results["model"]["threshold"] for run in runs]
    columns.append([Cell(f"{threshold:.4g}", value=threshold, key="threshold") for threshold in thresholds])
    return _rows(runs, columns)


def class_columns(runs: Sequence[RunSummary]) -> list[ClassColumn]:
    """The classes of all scenarios: defects first, then impurities, each in the order of their datasets."""
    found: dict[str, tuple[str, set[int]]] = {}
    for run in runs:
        for entry in run.results["metrics"]["classes"]:
            found.setdefault(entry["name"], (entry["kind"], set()))[1].add(entry["instances"])
    columns = [
        ClassColumn(name, kind, instances.pop() if len(instances) == 1 else None)
        for name, (kind, instances) in found.items()
    ]
    return sorted(columns, key=lambda column: column.kind != "defect")


def class_rows(runs: Sequence[RunSummary], classes: Sequence[ClassColumn]) -> list[Row]:
    """Pixel and defect-wise recall of every class, two cells each; of impurities the lowest is the best (paper, table
    I).
    """
    by_name = [{entry["name"]: entry for entry in run.results["metrics"]["classes"]} for run in runs]
    columns = []
    for column in classes:
        better = "up" if column.kind == "defect" else "down"
        for key in ("pixel_recall", "defect_wise_recall"):
            own = [entries.get(column.name, {}) for entries in by_name]
            spans = [entry.get("intervals", {}).get(key) for entry in own]
            columns.append(_cells([entry.get(key) for entry in own], better, f"{column.name}/{key}", spans))
    return _rows(runs, columns)
