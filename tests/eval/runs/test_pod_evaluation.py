"""Probability of detection in a whole evaluation: the join of instances with their sizes, pod.csv and the report."""

import logging
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eval.metrics.split_tally import SplitTally
from eval.page.page import build_report
from eval.pod.tally import PodTally
from eval.runs.results_file import read_results
from eval.runs.run_evaluation import evaluate_run
from eval.runs.run_summary import read_run
from tests.eval.small_plates import tally_settings
from training.data.dataset import DefectClass
from training.data.instance_sizes import InstanceSize
from training.support.user_error import UserError

SCRATCH, STAIN = (
    DefectClass(4, "scratch", "defect", (255, 0, 0)),
    DefectClass(6, "water_stain", "impurity", (0, 0, 255)),
)
CLASSES = (DefectClass(0, "background", "background", (0, 0, 0)), SCRATCH, STAIN)


def planted(plate: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, Mapping[int, float], dict[int, bool]]:
    """Return map, mask, instances, sizes and the truth of a picture: six scratches and a stain, ids out of order."""
    rng = np.random.default_rng(plate)
    mask, instances = np.zeros((64, 64), np.uint8), np.zeros((64, 64), np.uint16)
    anomaly = np.zeros((64, 64), np.float32)
    ids = rng.permutation(np.arange(1, 8))
    sizes, found = {}, {}
    for row, number in enumerate(ids.tolist()):
        rows = slice(8 * row + 1, 8 * row + 5)
        mask[rows, 4:60], instances[rows, 4:60] = (6 if row == 6 else 4), number
        sizes[number] = float(1e-4 * (1 + row) * rng.uniform(0.9, 1.1))
        found[number] = bool(rng.random() < 0.15 + 0.14 * row)
        anomaly[8 * row + 2, 30] = 9.0 if found[number] else 0.5
    return anomaly, mask, instances, sizes, found


def test_pod_counts_each_instance_with_its_own_size():
    tally, detections = SplitTally(CLASSES, 255, 1.0, tally_settings()), PodTally()
    truth: dict[int, list[tuple[float, bool]]] = {4: [], 6: []}
    for plate in range(25):
        anomaly, mask, instances, sizes, found = planted(plate)
        counted = tally.add(anomaly, float(anomaly.max()), mask, instances, f"plate {plate}")
        # A size of an id that the picture does not show, such as an ignored one, counts nowhere.
        rows = [InstanceSize(number, "width", value) for number, value in sizes.items()] + [
            InstanceSize(99, "width", 1.0)
        ]
        detections.add(counted.outcomes, f"plate {plate}", rows, {})
        for number, value in sizes.items():
            truth[int(mask[instances == number][0])].append((value, found[number]))
    for entry in (SCRATCH, STAIN):
        held = sorted((outcome.size, outcome.found) for outcome in detections.outcomes[entry.id, "width"])
        assert held == sorted(truth[entry.id])
    pod = detections.compute(CLASSES, tally_settings().bootstrap)
    scratch, stain = pod.curves
    assert (scratch.class_name, scratch.kind, scratch.quantity) == ("scratch", "defect", "width")
    assert (scratch.instances, scratch.plates, scratch.unknown) == (150, 25, 0)
    assert scratch.found == sum(found for _, found in truth[4])
    assert (stain.kind, stain.instances, stain.found) == ("impurity", 25, sum(found for _, found in truth[6]))
    assert scratch.slope > 0
    assert pod.without_size == ()


def with_sizes(plates: Path, folder: Path) -> Path:
    """A copy of the plates whose scratches and stains have sizes, one of them empty."""
    shutil.copytree(plates, folder)
    table = pd.read_csv(folder / "instances.csv", dtype={"sample_id": str})
    scratch = table["class"] == "scratch"
    table["width"] = np.where(scratch, 1e-4 * (1 + table.index), np.nan)
    table["depth"] = np.where(scratch, 1e-5, np.nan)
    table["radius"] = np.where(~scratch & (table["sample_id"] != "000008"), 2e-3, np.nan)
    table["visibility"] = 2.0
    table.to_csv(folder / "instances.csv", index=False)
    return folder


def test_pod_csv_and_report_of_an_evaluation(run_folder, plates, evaluate_settings, tmp_path):
    sized = with_sizes(plates, tmp_path / "sized")
    document = evaluate_run(run_folder, evaluate_settings(f"model={run_folder}", f"dataset.root={sized}"))
    table = pd.read_csv(run_folder / "evaluation" / "pod.csv")
    assert list(zip(table["class"], table["quantity"], table["unit"], strict=True)) == [
        ("scratch", "width", "m"),
        ("scratch", "visibility", "1"),
        ("water_stain", "diameter", "m"),
        ("water_stain", "visibility", "1"),
    ]
    assert table["instances"].tolist() == [3, 3, 4, 6]
    assert table["unknown"].tolist() == [0, 0, 2, 0]
    assert table["smallest"][2] == table["largest"][2] == pytest.approx(0.004)
    scratch = next(entry for entry in document["metrics"]["classes"] if entry["name"] == "scratch")
    assert table["found"][0] == round(3 * scratch["defect_wise_recall"])
    assert table["a90"].isna().all()
    assert table["warnings"].str.contains("no fit").all()
    assert "2 of 6 are left out" in table["warnings"][2]
    assert read_results(run_folder).pod.curves[0].smallest == pytest.approx(table["smallest"][0])
    page = build_report([read_run(run_folder)], [], tmp_path / "report", "sized").read_text()
    assert "Probability of detection" in page
    assert "a fit needs at least 5" in page


def test_pod_of_a_dataset_without_sizes_says_so_in_one_line(run_folder, plates, evaluate_settings, caplog, tmp_path):
    with caplog.at_level(logging.INFO):
        evaluate_run(run_folder, evaluate_settings(f"model={run_folder}", f"dataset.root={plates}"))
    told = [record.message for record in caplog.records if "no physical size" in record.message]
    assert told == ["no physical size in instances.csv, so no probability of detection by size: scratch, water_stain"]
    assert pd.read_csv(run_folder / "evaluation" / "pod.csv").empty
    page = build_report([read_run(run_folder)], [], tmp_path / "report", "plain").read_text()
    assert "Probability of detection" not in page


def test_pod_refuses_a_size_that_is_no_number(run_folder, plates, evaluate_settings, tmp_path):
    sized = with_sizes(plates, tmp_path / "sized")
    text = (sized / "instances.csv").read_text()
    (sized / "instances.csv").write_text(text.replace("0.0001,", "-0.0001,", 1))
    with pytest.raises(UserError, match=r"has width '-0\.0001'; an id from 1 and a number from 0 belong there"):
        evaluate_run(run_folder, evaluate_settings(f"model={run_folder}", f"dataset.root={sized}"))


def test_pod_size_is_not_counted_for_ignored_instances():
    mask = np.full((8, 8), 255, np.uint8)
    instances = np.ones((8, 8), np.uint16)
    tally, detections = SplitTally(CLASSES, 255, 1.0, tally_settings()), PodTally()
    counted = tally.add(np.ones((8, 8), np.float32), 1.0, mask, instances, "p")
    detections.add(counted.outcomes, "p", [InstanceSize(1, "width", 1e-3)], {1: 3.0})
    assert detections.compute(CLASSES, tally_settings().bootstrap).curves == ()
