"""Threshold transfer on small plates: thresholds of synthetic validation plates, and finetuning on few plates."""

import pandas as pd
import pytest
from rich.console import Console

from scripts.tables.transfer import TransferWork, transfer_thresholds
from tests.eval.small_plates import write_dataset
from tests.training.model.recorded import load_document
from training.support.user_error import UserError

SETTINGS = ("extractor=resnet18", "extractor.weights=random", "coreset.size=40", "coreset.epochs=1", "device=cpu")


@pytest.fixture
def work(tmp_path):
    write_dataset(tmp_path / "real", ["train"] * 6 + ["validation"] * 2 + ["test"] * 4, seed=1)
    write_dataset(tmp_path / "synth", ["train"] * 2, seed=2)
    write_dataset(tmp_path / "checked", ["validation"] * 2, seed=3)
    return TransferWork(
        tmp_path / "real", tmp_path, tmp_path / "checked", tmp_path / "out", SETTINGS, ("synth",), (1, 2, 9), 1.0
    )


def test_the_best_threshold_bounds_the_others_and_few_plates_are_the_first_ones(work, caplog):
    csv, page = transfer_thresholds(work, Console())
    table = pd.read_csv(csv)
    assert table["experiment"].tolist() == ["synth", "synth_ft_1_plates", "synth_ft_2_plates"]
    assert table["plates"].tolist() == [0, 1, 2]
    assert "has 3 plates; 9 left out" in caplog.text
    for column in ("synthetic", "validation"):
        assert (table[column] <= table["best"] + 1e-9).all()
    assert (table["lost"] - (table["best"] - table["synthetic"])).abs().max() < 1e-3
    for row in table.to_dict("records"):
        metadata = load_document(work.out / row["experiment"])[1]
        assert metadata["threshold"]["value"] == pytest.approx(row["validation_threshold"], rel=1e-5)
        if row["plates"]:
            assert metadata["provenance"]["datasets"][-1]["train_images"] == 2 * row["plates"]
    text = page.read_text(encoding="utf-8")
    assert "<svg" in text
    assert "http" not in text

    stamps = {path: path.stat().st_mtime_ns for path in work.out.glob("*/coreset.safetensors")}
    transfer_thresholds(work, Console())
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps


def test_validation_plates_that_are_missing_are_one_line_before_a_training(work, tmp_path):
    (tmp_path / "checked").rename(tmp_path / "elsewhere")
    with pytest.raises(UserError, match=r"no dataset at .*checked"):
        transfer_thresholds(work, Console())
    assert not work.out.exists()
