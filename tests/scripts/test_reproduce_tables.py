"""From dataset folders to the tables on tiny pictures, with a row that fails and is repaired."""

import json

import pandas as pd
import pytest
from rich.console import Console

from scripts.tables.make_tables import TablesWork, reproduce_tables
from tests.eval.small_plates import write_dataset
from training.support.user_error import UserError

SETTINGS = ["extractor=resnet18", "extractor.weights=random", "coreset.size=40", "coreset.epochs=1", "device=cpu"]
NEED_ROTATED = {"synth_dr", "synth_dr_da", "synth_dr_ft", "synth_dr_da_ft", "melding"}


@pytest.fixture
def folder(tmp_path):
    """Real plates and the six synthetic folders."""
    write_dataset(tmp_path / "real", ["train"] * 2 + ["validation", "test"], seed=1)
    seeds = iter(range(2, 8))
    for plates in ("synth", "synth_ws"):
        for light in ("", "_rot90", "_scale2"):
            write_dataset(tmp_path / f"{plates}{light}", ["train"], next(seeds))
    return tmp_path


def tables(folder, *overrides, **more):
    work = TablesWork(folder / "real", folder, folder / "out", (*SETTINGS, *overrides), ("Noise.",), **more)
    return reproduce_tables(work, Console())


def models(folder):
    paths = [*folder.glob("out/*/coreset.safetensors"), *folder.glob("out/*/evaluation/results.json")]
    return {path.relative_to(folder / "out").as_posix(): path.stat().st_mtime_ns for path in paths}


@pytest.mark.slow
def test_both_tables_come_out_and_what_is_finished_stays(folder, capsys):
    broken = folder / "synth_rot90" / "images" / "000000.png"
    broken.write_bytes(b"no picture")
    with pytest.raises(
        UserError, match=r"^5 of 19 scenarios failed, the others are in the tables \(synth_dr: .*000000\.png"
    ):
        tables(folder)
    first = models(folder)
    assert len(first) == 2 * 14
    second_table = pd.read_csv(folder / "out" / "table_2.csv")
    ours = second_table[second_table["figures"] == "ours"].set_index("scenario")
    assert ours.index[ours["P_PX"].isna()].tolist() == [
        "Synth_DR", "Synth_DR+DA", "Synth_DR (ft)", "Synth_DR+DA (ft)", "Melding",
    ]  # fmt: skip
    assert "Not measured, because the run failed: synth_dr, " in (folder / "out" / "tables.html").read_text("utf-8")

    write_dataset(folder / "synth_rot90", ["train"], seed=3)
    paths = tables(folder)
    assert sorted(path.name for path in paths) == [
        "equal_threshold.csv",
        "findings.csv",
        "table_1.csv",
        "table_1.tex",
        "table_2.csv",
        "table_2.tex",
        "tables.html",
    ]
    mended = models(folder)
    assert {name.split("/")[0] for name in mended.keys() - first.keys()} == NEED_ROTATED
    assert first.items() <= mended.items()
    for table, row, scenario, column, figure in (
        (2, "melding_ws", "Melding_WS", "F_1,PX", "pixel_f1"),
        (2, "synth_dr_da_ft", "Synth_DR+DA (ft)", "R_PX", "pixel_recall"),
    ):
        read = pd.read_csv(folder / "out" / f"table_{table}.csv").set_index(["scenario", "figures"])
        metrics = json.loads((folder / "out" / row / "evaluation" / "results.json").read_text())["metrics"]
        assert read.loc[(scenario, "ours"), column] == pytest.approx(100 * metrics[figure], abs=1e-4)
    assert "Training on stained plates lowers the predicted share of stains" in capsys.readouterr().out

    tables(folder)
    assert models(folder) == mended


@pytest.mark.parametrize(
    ("overrides", "words"), [(["coreset.siz=3"], r"coreset\.siz"), (["coreset.size=1"], r"coreset\.size: 1 is less")]
)
def test_a_mistyped_setting_is_told_before_anything_is_trained(folder, overrides, words):
    with pytest.raises(UserError, match=words):
        tables(folder, *overrides)
    assert not (folder / "out").exists()


def test_a_missing_folder_is_told_before_anything_is_trained(folder):
    (folder / "synth_ws_scale2").rename(folder / "elsewhere")
    with pytest.raises(UserError, match=r"no dataset at .*synth_ws_scale2"):
        tables(folder)
    assert not (folder / "out").exists()


def test_real_plates_without_a_test_split_are_refused(folder):
    (folder / "real").rename(folder / "old")
    write_dataset(folder / "real", ["train", "validation"], seed=1)
    with pytest.raises(UserError, match="has no test images"):
        tables(folder)
