"""Stains that a defect map finds, trained on rendered changes with impurities as sound examples and without them."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from scripts.benchmarks.defect_map_runs import Course
from scripts.training_steps import quoted

WAYS = {"with": True, "without": False}


def impurity_figures(course: Course, triplets: Path, clean: Path, inspected: Path, seeds: int) -> dict[str, float]:
    """Return means over the seeds in percent, and their standard deviations (``_spread``).

    ``stains_found_with`` and ``_without``: found instances of impurities among all; ``mr_dw_``: mean recall;
    ``f1_``: pixel F1. ``stains_found_ratio`` is that with impurities as sound examples over that without.
    """
    data = [f"dataset.root={quoted(clean.resolve())}", f"dataset.evaluation_root={quoted(inspected.resolve())}"]
    data += ["synthesis=rendered", f"synthesis.sources.rendered=[{quoted(triplets.resolve())}]"]
    found: dict[str, float] = {}
    for way, impurities in WAYS.items():
        rows: list[tuple[float, ...]] = []
        for seed in range(seeds):
            chosen = (f"synthesis.sources.impurities={str(impurities).lower()}", f"defect_map.seed={seed}")
            run = course.defect_map(f"rendered_{way}_{seed}", data, *chosen)[0]
            rows.append(tuple(_figures(run)))
        for name, mean, spread in zip(
            ("stains_found", "mr_dw", "f1"), np.mean(rows, axis=0), np.std(rows, axis=0), strict=True
        ):
            found |= {f"{name}_{way}": float(mean), f"{name}_{way}_spread": float(spread)}
    if found["stains_found_without"]:
        found["stains_found_ratio"] = found["stains_found_with"] / found["stains_found_without"]
    return found


def _figures(run: Path) -> Iterator[float]:
    """Yield the found impurities among all, mean defect-wise recall and pixel F1 in percent; NaN where unknown."""
    from eval.runs.results_file import read_results

    metrics = read_results(run).metrics
    impurities = [entry for entry in metrics.classes if entry.kind == "impurity" and entry.instances]
    total = sum(entry.instances for entry in impurities)
    hits = sum(entry.instances * (entry.defect_wise_recall or 0.0) for entry in impurities)
    yield 100 * hits / total if total else float("nan")
    for value in (metrics.mean_defect_wise_recall, metrics.pixel_f1):
        yield float("nan") if value is None else 100 * value
