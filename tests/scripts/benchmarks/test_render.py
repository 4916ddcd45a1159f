"""The render benchmark at a size so small that its ratios are meaningless."""

import math

import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from scripts.benchmarks.render import Plan, measure

KEYS = {
    "picture_over_bare_cycles",
    "mask_fraction",
    "picture_over_first_version",
    "rebuild_seconds",
    "memory_growth_mb",
    "two_workers_over_one",
    "images_per_hour",
}


@pytest.mark.blender
@pytest.mark.slow
def test_all_figures_are_measured(tmp_path):
    small = ("job.image.width=122", "job.image.height=102")
    measurements = measure(Plan(61, 51, 4, 3, 30, 4, 1, False, small), tmp_path)
    assert measurements.keys() >= KEYS
    assert all(math.isfinite(measurements[key]) for key in KEYS)
    assert measurements["picture_over_bare_cycles_cpu"] > 1  # by CPU seconds, which do not depend on other load
    assert 0 < measurements["mask_fraction_cpu"] < measurements["picture_over_bare_cycles_cpu"]
    assert 0 < measurements["picture_over_first_version"] < 3
    assert 0 < measurements["rebuild_seconds"] < 10
    assert -50 < measurements["memory_growth_mb"] < 50
    assert 0.2 < measurements["two_workers_over_one"] < 5
    assert measurements["device"].startswith("CPU: ")
    assert len(list((tmp_path / "memory" / "images").iterdir())) == 30
    assert measurements["full_size_samples_rendered"] < measurements["full_size_samples"]
    assert measurements["images_per_hour"] == pytest.approx(3600 / measurements["full_size_seconds"])
    assert measurements["paper_images_hours"] == pytest.approx(480 / measurements["images_per_hour"])
    assert measurements["rebuild_seconds_cpu"] < measurements["rebuild_seconds_damaged_cpu"]
