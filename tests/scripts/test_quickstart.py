"""The quickstart from Blender to the report, on pictures so small that it takes a minute."""

import json

import pandas as pd
import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from scripts.quickstart import DATASETS, quickstart, scenarios, start_over
from training.model.file import load_model
from training.support.user_error import UserError

SMALL = ["job.image.width=184", "job.image.height=154", "job.image.samples=2"]
FEW = ["coreset.size=64", "coreset.epochs=2"]


@pytest.mark.blender
@pytest.mark.slow
def test_quickstart_renders_trains_reports_and_reuses(tmp_path):
    report = quickstart(tmp_path, SMALL, [*FEW, "extractor.weights=random"])
    page = report.read_text(encoding="utf-8")
    assert report == tmp_path / "report" / "index.html"
    for scenario in scenarios(tmp_path):
        run = tmp_path / "runs" / scenario.folder
        features, _ = load_model(run / "coreset.safetensors")
        assert features.shape == (64, 152)
        results = json.loads((run / "evaluation" / "results.json").read_text())
        assert str(scenario.name) in page
        assert results["metrics"]["images"] == 6
    clean, stained, inspected = (pd.read_csv(tmp_path / "datasets" / name / "samples.csv") for name in DATASETS)
    assert clean.filter(like="metal_").equals(stained.filter(like="metal_"))
    assert set(inspected["split"]) == {"validation", "test"}
    assert not set(inspected["metal_texture_offset"]) & set(clean["metal_texture_offset"])

    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.safetensors")}
    pictures = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("images/*.png")}
    assert len(stamps) == 4
    assert len(pictures) == 20
    quickstart(tmp_path, SMALL, [*FEW, "extractor.weights=random"])
    assert stamps == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.safetensors")}
    assert pictures == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("images/*.png")}

    # A run is made again if a run that it builds on is, although its own settings are the same.
    quickstart(tmp_path, SMALL, [*FEW, "extractor=squeezenet1_1", "extractor.weights=random"])
    assert {load_model(path)[0].shape for path in stamps} == {(64, 768)}

    with pytest.raises(UserError, match="another job"):
        quickstart(tmp_path, [*SMALL, "job.image.samples=3"], FEW)


@pytest.mark.parametrize(
    ("render", "training"),
    [(["job.imag.width=3"], []), (SMALL, ["coreset.siz=3"]), (SMALL, ["extractor.weights=package:absent/file"])],
)
def test_a_wrong_setting_and_absent_weights_are_one_line_before_anything_is_rendered(tmp_path, render, training):
    with pytest.raises(UserError, match=r"job\.imag|coreset\.siz|the package absent is not installed"):
        quickstart(tmp_path / "out", render, training)
    assert not (tmp_path / "out").exists()


def test_starting_over_deletes_a_quickstart_and_nothing_else(tmp_path):
    out = tmp_path / "out"
    start_over(out)
    (out / "runs" / "clean").mkdir(parents=True)
    (out / "datasets").mkdir()
    (out / "thesis.tex").write_text("")
    with pytest.raises(UserError, match=r"thesis\.tex"):
        start_over(out)
    assert (out / "runs" / "clean").is_dir()
    (out / "thesis.tex").unlink()
    start_over(out)
    assert not out.exists()
