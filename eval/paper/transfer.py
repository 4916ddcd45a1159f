"""Transfer of thresholds: what F1 a threshold from synthetic validation plates costs on the plates that count."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from eval.page.line_chart import Axis, Line, colour_of, line_chart
from training.support.page_rendering import render_page
from training.support.whole_file import write_whole

TEMPLATE = Path(__file__).parent / "threshold_transfer.html.j2"
CSV_FILE, PAGE_FILE = "threshold_transfer.csv", "threshold_transfer.html"
_STEP = 5  # points of F1 between two ticks


@dataclass(frozen=True)
class Transfer:
    """A row's F1 on the test plates, in percent, at three thresholds."""

    experiment: str
    scenario: str
    plates: int | None
    """Number of test-domain plates that the coreset was finetuned on; 0 for none, None where it is not the question."""
    synthetic: float
    """F1 at the threshold of the synthetic validation plates."""
    validation: float
    """F1 at the model's own threshold, of the test domain's validation plates."""
    best: float
    """Largest F1 of any threshold."""
    synthetic_threshold: float
    validation_threshold: float
    best_threshold: float

    @property
    def lost(self) -> float:
        """Return the points of F1 that the synthetic threshold loses against the best."""
        return self.best - self.synthetic

    @property
    def lost_by_validation(self) -> float:
        """Return the points of F1 that the model's own threshold loses against the best."""
        return self.best - self.validation


def write_transfer(transfers: Sequence[Transfer], out: Path) -> list[Path]:
    """Write threshold_transfer.csv and .html; return the paths."""
    rows = [{**vars(entry), "lost": entry.lost, "lost_by_validation": entry.lost_by_validation} for entry in transfers]
    table = pd.DataFrame(rows).astype({"plates": "Int64"})
    csv, page = out / CSV_FILE, out / PAGE_FILE
    write_whole(csv, str(table.to_csv(index=False, float_format="%.6g", lineterminator="\n")).encode("utf-8"))
    write_whole(page, render_page(TEMPLATE, title="Threshold transfer", transfers=transfers, **_chart(transfers)))
    return [csv, page]


def _chart(transfers: Sequence[Transfer]) -> dict[str, object]:
    """Return the chart of F1 lost over the number of finetuning plates, one line for each start, and its legend."""
    series: dict[str, list[tuple[int, float]]] = {}
    for entry in transfers:
        if entry.plates is not None and not math.isnan(entry.lost):
            series.setdefault(entry.scenario, []).append((entry.plates, entry.lost))
    series = {name: sorted(points) for name, points in series.items() if len(points) > 1}
    if not series:
        return {"chart": None, "legend": []}
    counts = sorted({plates for points in series.values() for plates, _ in points})
    place = {plates: number / (len(counts) - 1) for number, plates in enumerate(counts)}
    top = _STEP * max(1, math.ceil(max(lost for points in series.values() for _, lost in points) / _STEP))
    lines, legend = [], []
    for number, (name, points) in enumerate(series.items()):
        colour, dash = colour_of(number)
        legend.append((name, colour))
        lines.append(Line(name, name, tuple((place[plates], lost / top) for plates, lost in points), colour, dash))
    step = _STEP * max(1, math.ceil(top / _STEP / 6))
    chart = line_chart(
        "F1 lost over the number of finetuning plates",
        Axis("plates of the test domain in the finetuning", tuple((place[plates], str(plates)) for plates in counts)),
        Axis("F1 lost [points]", tuple((value / top, str(value)) for value in range(0, top + 1, step))),
        lines,
    )
    return {"chart": chart, "legend": legend}
