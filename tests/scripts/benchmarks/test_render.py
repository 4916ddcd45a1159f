"""The benchmark measures what it says, on pictures so small that its ratios mean nothing."""

import math

import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from scripts.benchmarks.render import Plan, measure

KEYS = {
    "picture_over_bare_cycles",
    "mask_fraction",
    "rebuild_seconds",
    "memory_growth_mb",
    "two_workers_over_one",
    "images_per_hour",
}


@pytest.mark.blender
@pytest.mark.slow
def test_all_figures_are_measured(tmp_path):
    small = ("job.image.width=122", "job.image.height=102")
    figures = measure(Plan(61, 51, 4, 3, 30, 4, False, small), tmp_path)
    assert figures.keys() >= KEYS
    assert all(math.isfinite(figures[key]) for key in KEYS)
    assert figures["picture_over_bare_cycles_cpu"] > 1  # by CPU seconds, which a machine that stalls does not stretch
    assert 0 < figures["mask_fraction_cpu"] < figures["picture_over_bare_cycles_cpu"]
    assert 0 < figures["rebuild_seconds"] < 10
    assert -50 < figures["memory_growth_mb"] < 50
    assert 0.2 < figures["two_workers_over_one"] < 5
    assert figures["device"].startswith("CPU: ")
    assert len(list((tmp_path / "memory" / "images").iterdir())) == 30
    assert figures["full_size_samples_rendered"] < figures["full_size_samples"]
    assert figures["images_per_hour"] == pytest.approx(3600 / figures["full_size_seconds"])
    assert figures["paper_images_hours"] == pytest.approx(480 / figures["images_per_hour"])
    assert figures["rebuild_seconds_cpu"] < figures["rebuild_seconds_damaged_cpu"]
