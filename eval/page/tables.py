"""Tables of the report as text cells, for the HTML template and the terminal."""

from collections.abc import Sequence
from dataclasses import dataclass

from eval.runs.run_summary import RunSummary

NOT_MEASURED = "–"


@dataclass(frozen=True)
class Cell:
    """A metric of one scenario."""

    text: str
    best: bool = False
    """True for the best value of the column."""
    value: float | None = None
    key: str = ""
    """Name of the metric in the report's script."""
    better: str = ""
    """Direction of improvement: "up", "down" or "" (neither)."""
    interval: str = ""


@dataclass(frozen=True)
class Column:
    """A metric of the scenario table: its heading and its explanation."""

    title: str
    short: str
    """Heading on a terminal."""
    better: str
    """Direction of improvement: "up", "down" or "" (neither)."""
    key: str
    explanation: str


@dataclass(frozen=True)
class Row:
    """A row of a table: one scenario."""

    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class ClassColumn:
    """A class in the table of recalls; instances is None if the scenarios have different numbers of instances."""

    name: str
    kind: str
    instances: int | None


SCENARIO_COLUMNS = (
    Column("P px", "P px", "up", "pixel_precision", "Pixel precision: share of the predicted pixels that are defects."),
    Column("R px", "R px", "up", "pixel_recall", "Pixel recall: share of the defect pixels that are predicted."),
    Column("F1 px", "F1 px", "up", "pixel_f1", "Harmonic mean of pixel precision and pixel recall."),
    Column("mR DW", "mR DW", "up", "mean_defect_wise_recall", "Defect-wise recall, averaged over the defect classes."),
    Column(
        "Image AUROC",
        "I-AUROC",
        "up",
        "image_auroc",
        "Probability that a defective image scores above an image without defects.",
    ),
    Column(
        "Pixel AUROC", "P-AUROC", "up", "pixel_auroc", "Probability that a defect pixel scores above another pixel."
    ),
    Column("AUPRO", "AUPRO", "up", "aupro", "Per-region overlap, averaged over false-positive rates up to the limit."),
)


def percent(share: float | None) -> str:
    """Format a share in [0, 1] as percent with one decimal, as in the paper's tables; None becomes a dash."""
    return NOT_MEASURED if share is None else f"{100 * share:.1f}"


def _cells(
    shares: Sequence[float | None], better: str, key: str, intervals: Sequence[Sequence[float] | None]
) -> list[Cell]:
    """Return one column, top to bottom. No cell is the best if all texts are equal."""
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
    """Return one row per scenario: the SCENARIO_COLUMNS, then the threshold."""
    columns = []
    for column in SCENARIO_COLUMNS:
        metrics = [run.results.metrics for run in runs]
        spans = [entry.intervals.values.get(column.key) for entry in metrics]
        columns.append(_cells([getattr(entry, column.key) for entry in metrics], column.better, column.key, spans))
    thresholds = [run.results.model.threshold for run in runs]
    columns.append([Cell(f"{threshold:.4g}", value=threshold, key="threshold") for threshold in thresholds])
    return _rows(runs, columns)


def class_columns(runs: Sequence[RunSummary]) -> list[ClassColumn]:
    """Return the classes of all scenarios: defects, then impurities, each in the order of their datasets."""
    found: dict[str, tuple[str, set[int]]] = {}
    for run in runs:
        for entry in run.results.metrics.classes:
            found.setdefault(entry.name, (entry.kind, set()))[1].add(entry.instances)
    columns = [
        ClassColumn(name, kind, instances.pop() if len(instances) == 1 else None)
        for name, (kind, instances) in found.items()
    ]
    return sorted(columns, key=lambda column: column.kind != "defect")


def class_rows(runs: Sequence[RunSummary], classes: Sequence[ClassColumn]) -> list[Row]:
    """Return one row per scenario with two cells per class: pixel recall and defect-wise recall (paper, table I).

    The lowest recall of an impurity is the best.
    """
    by_name = [{entry.name: entry for entry in run.results.metrics.classes} for run in runs]
    columns = []
    for column in classes:
        better = "up" if column.kind == "defect" else "down"
        for key in ("pixel_recall", "defect_wise_recall"):
            entries = [by_class.get(column.name) for by_class in by_name]
            spans = [entry.intervals.get(key) if entry else None for entry in entries]
            shares = [getattr(entry, key) if entry else None for entry in entries]
            columns.append(_cells(shares, better, f"{column.name}/{key}", spans))
    return _rows(runs, columns)
