"""The tables of the report, as text cells: the template and the terminal only lay them out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eval.run_summary import RunSummary

NOT_MEASURED = "–"


@dataclass(frozen=True)
class Cell:
    """A figure as text; best marks the best of its column."""

    text: str
    best: bool = False


@dataclass(frozen=True)
class Column:
    """A column's heading, an explanation, and which way is better: "up", "down", or "" where neither is."""

    title: str
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
    Column("P px", "up", "pixel_precision", "Pixel precision: share of the predicted pixels that are defect."),
    Column("R px", "up", "pixel_recall", "Pixel recall: share of the defect pixels that are predicted."),
    Column("F1 px", "up", "pixel_f1", "Harmonic mean of the two."),
    Column("mR DW", "up", "mean_defect_wise_recall", "Defect-wise recall, averaged over the defect classes."),
    Column("Image AUROC", "up", "image_auroc", "How well the image score ranks defective images above the others."),
    Column("Pixel AUROC", "up", "pixel_auroc", "How well the pixel score ranks defect pixels above the others."),
    Column("AUPRO", "up", "aupro", "Per-region overlap, averaged over false-positive rates up to the limit."),
)


def percent(share: float | None) -> str:
    """A share in [0, 1] as percent with one decimal, as in the paper's tables; a dash where nothing was measured."""
    return NOT_MEASURED if share is None else f"{100 * share:.1f}"


def _cells(shares: Sequence[float | None], better: str) -> list[Cell]:
    """One column, top to bottom. With one scenario, or with all alike, there is no best one."""
    texts = [percent(share) for share in shares]
    measured = [share for share in shares if share is not None]
    if not measured or len(set(texts) - {NOT_MEASURED}) < 2:
        return [Cell(text) for text in texts]
    best = percent(max(measured) if better == "up" else min(measured))
    return [Cell(text, text == best) for text in texts]


def _rows(runs: Sequence[RunSummary], columns: Sequence[Sequence[Cell]]) -> list[Row]:
    return [Row(run.name, tuple(column[i] for column in columns)) for i, run in enumerate(runs)]


def scenario_rows(runs: Sequence[RunSummary]) -> list[Row]:
    """One row per scenario over SCENARIO_COLUMNS, and the threshold last."""
    columns = [
        _cells([run.results["metrics"][column.key] for run in runs], column.better) for column in SCENARIO_COLUMNS
    ]
    columns.append([Cell(f"{run.results['model']['threshold']:.4g}") for run in runs])
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
            columns.append(_cells([entries.get(column.name, {}).get(key) for entries in by_name], better))
    return _rows(runs, columns)


def provenance(run: RunSummary) -> list[tuple[str, str]]:
    """Where the figures come from: the evaluation's side, then all that training.json says, as (what, value) pairs."""
    results = run.results
    dataset, metrics = results["dataset"], results["metrics"]
    evaluated = {
        "run folder": run.run,
        "tested on": f"{dataset['name']} ({dataset['root']}), {dataset['split']} split",
        "test images": f"{metrics['images']}, of which {metrics['anomalous_images']} show a defect",
        "test time": f"{results['timing']['seconds_per_image']:.3g} s per image",
    }
    model = {key: value for key, value in results["model"].items() if key != "warnings"}
    training = {key: value for key, value in run.training.items() if key != "warnings"}
    return [*_flat(evaluated), *_flat({"model": model}), *_flat({"training": training})]


def _flat(content: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, value in content.items():
        name = f"{prefix}{str(key).replace('_', ' ')}"
        if isinstance(value, dict):
            pairs += _flat(value, f"{name} · ")
        else:
            pairs.append((name, _text(value)))
    return pairs


def _text(value: Any) -> str:
    if value is None:
        return NOT_MEASURED
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return ", ".join(_text(entry) for entry in value) or NOT_MEASURED
    return str(value)
