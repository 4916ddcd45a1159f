import json
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from omegaconf import OmegaConf
from sklearn.metrics import f1_score, precision_score, recall_score, roc_auc_score

from eval.page.page import build_report
from eval.runs.run_evaluation import evaluate_run
from eval.runs.run_summary import read_run
from tests.eval.small_plates import train_into, write_dataset
from tests.training.configured import load_anomaly_model
from tests.training.model.recorded import load_document, save_document
from training.support.user_error import UserError

ROOT = Path(__file__).resolve().parents[3]


def rgb(path: Path) -> np.ndarray:
    pixels = cv2.imread(str(path))
    assert pixels is not None
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)


def test_the_results_agree_with_scikit_learn_over_all_test_pixels(run_folder, plates, evaluate_settings):
    document = evaluate_run(run_folder, evaluate_settings(f"model={run_folder}", f"dataset.root={plates}"))
    model = load_anomaly_model(run_folder, OmegaConf.create({"device": "cpu"}))
    maps, masks = [], []
    for number in (6, 7, 8):
        maps.append(model.anomaly_map(rgb(plates / "images" / f"{number:06d}.png")))
        masks.append(cv2.imread(str(plates / "masks" / f"{number:06d}.png"), cv2.IMREAD_UNCHANGED))
    scores, mask = np.stack(maps), np.stack(masks)
    counted = mask != 255
    truth, predicted = (mask == 4)[counted], (scores >= model.threshold)[counted]
    metrics = document["metrics"]
    assert metrics["pixel_precision"] == pytest.approx(precision_score(truth, predicted), abs=1e-12)
    assert metrics["pixel_recall"] == pytest.approx(recall_score(truth, predicted), abs=1e-12)
    assert metrics["pixel_f1"] == pytest.approx(f1_score(truth, predicted), abs=1e-12)
    assert metrics["pixel_auroc"] == pytest.approx(roc_auc_score(truth, scores[counted]), abs=2e-4)
    classes = {entry["name"]: entry for entry in metrics["classes"]}
    assert classes["scratch"]["instances"] == 3
    assert classes["water_stain"]["instances"] == 6
    stain = (mask == 6) & counted
    assert classes["water_stain"]["pixel_recall"] == pytest.approx((scores >= model.threshold)[stain].mean(), abs=1e-12)
    assert classes["dent"]["pixel_recall"] is None
    assert classes["dent"]["defect_wise_recall"] is None
    assert metrics["mean_defect_wise_recall"] == classes["scratch"]["defect_wise_recall"]
    assert document["model"]["threshold"] == model.threshold


def with_visibility(plates: Path, folder: Path) -> Path:
    """A copy of the plates whose instances have visibilities, except for one."""
    shutil.copytree(plates, folder)
    table = pd.read_csv(folder / "instances.csv", dtype={"sample_id": str})
    table["visibility"] = [0.3 if row.instance_id == 3 else 2.0 * row.instance_id + 0.5 for row in table.itertuples()]
    table.loc[table["sample_id"] == "000008", "visibility"] = None
    table.to_csv(folder / "instances.csv", index=False)
    return folder


def test_recall_is_told_by_visibility_and_what_cannot_be_seen_is_ignored(
    run_folder, plates, evaluate_settings, tmp_path
):
    before = evaluate_run(run_folder, evaluate_settings(f"model={run_folder}", f"dataset.root={plates}"))
    assert before["metrics"]["visibility"] is None
    seen = with_visibility(plates, tmp_path / "seen")
    options = (f"model={run_folder}", f"dataset.root={seen}")
    document = evaluate_run(run_folder, evaluate_settings(*options))
    unchanged = {key: value for key, value in document["metrics"].items() if key != "visibility"}
    assert unchanged == {key: value for key, value in before["metrics"].items() if key != "visibility"}
    measured = document["metrics"]["visibility"]
    assert (measured["minimum"], measured["ignored"]) == (0.0, 0)
    assert measured["edges"] == [0.0, 0.5, 1.0, 2.0, 4.0, 8.0]
    # Instance 1, the scratch, has 2.5, the stains 4.5 and 0.3, in two of the three images.
    assert measured["instances"]["scratch"] == [0, 0, 0, 2, 0, 0]
    assert measured["instances"]["water_stain"] == [2, 0, 0, 0, 2, 0]
    model = load_anomaly_model(run_folder, OmegaConf.create({"device": "cpu"}))
    found = {1: 0, 2: 0, 3: 0}
    for name in ("000006.png", "000007.png"):
        anomalous = model.anomaly_map(rgb(plates / "images" / name)) >= model.threshold
        instances = cv2.imread(str(plates / "instances" / name), cv2.IMREAD_UNCHANGED)
        for number in found:
            found[number] += int(anomalous[instances == number].any())
    assert measured["found"]["scratch"][3] == found[1]
    assert (measured["found"]["water_stain"][4], measured["found"]["water_stain"][0]) == (found[2], found[3])

    strict = evaluate_run(run_folder, evaluate_settings(*options, "minimum_visibility=1.0"))["metrics"]
    assert (strict["visibility"]["minimum"], strict["visibility"]["ignored"]) == (1.0, 2)
    stain = next(entry for entry in strict["classes"] if entry["name"] == "water_stain")
    assert stain["instances"] == 4
    assert strict["pixels"]["ignored"] == before["metrics"]["pixels"]["ignored"] + 2 * 80
    page = build_report([read_run(run_folder)], [], tmp_path / "report", "seen").read_text()
    assert "Defect-wise recall by visibility" in page
    assert "Instances below 1.0 are ignored: 2." in page
    with pytest.raises(UserError, match="no visibility of its instances"):
        evaluate_run(
            run_folder, evaluate_settings(f"model={run_folder}", f"dataset.root={plates}", "minimum_visibility=1.0")
        )


def test_scores_csv_has_a_row_per_test_image_and_adds_up_to_the_results(run_folder, plates, evaluate_settings):
    document = evaluate_run(run_folder, evaluate_settings(f"model={run_folder}", f"dataset.root={plates}"))
    table = pd.read_csv(run_folder / "evaluation" / "scores.csv", dtype={"sample_id": str})
    assert table["sample_id"].tolist() == ["000006", "000007", "000008"]
    assert table["plate_id"].tolist() == ["plate_3", "plate_3", "plate_4"]
    assert table["classes"].unique().tolist() == ["scratch+water_stain"]
    assert (table["ignored"] == 72 * 6).all()
    for column in ("true_positives", "false_positives", "false_negatives", "ignored"):
        assert table[column].sum() == document["metrics"]["pixels"][column]
    assert (table["decision"] == (table["score"] >= document["model"]["threshold"])).all()
    assert ((table["decision"] == 1) == (table["true_positives"] + table["false_positives"] > 0)).all()


def test_the_warnings_of_the_model_are_carried_into_the_results(run_folder, plates, evaluate_settings):
    edit_metadata(run_folder, lambda metadata: metadata.update(warnings=["few images"]))
    document = evaluate_run(run_folder, evaluate_settings(f"model={run_folder}", f"dataset.root={plates}"))
    assert document["model"]["warnings"] == ["few images", "the backbone's weights are RANDOM (seed 0)"]


def test_the_overlay_is_green_red_and_blue_where_it_should_be(run_folder, plates, evaluate_settings):
    document = evaluate_run(run_folder, evaluate_settings(f"model={run_folder}", f"dataset.root={plates}"))
    entry = document["pictures"][0]
    overlay = rgb(run_folder / "evaluation" / entry["overlay"]).astype(int)
    mask = cv2.imread(str(plates / "masks" / f"{entry['sample_id']}.png"), cv2.IMREAD_UNCHANGED)
    model = load_anomaly_model(run_folder, OmegaConf.create({"device": "cpu"}))
    predicted = model.anomaly_map(rgb(plates / "images" / f"{entry['sample_id']}.png")) >= model.threshold
    red, green, blue = np.moveaxis(overlay, 2, 0)
    assert (predicted & (mask == 4)).any()
    assert (green > np.maximum(red, blue))[predicted & (mask == 4)].all()
    assert (red > np.maximum(green, blue))[predicted & (mask != 4) & (mask != 255)].all()
    assert (blue > np.maximum(red, green))[~predicted & (mask == 4)].all()
    nominal = ~predicted & np.isin(mask, (0, 6))
    assert (red == green)[nominal].all()
    assert (green == blue)[nominal].all()


def test_the_data_defaults_to_what_the_run_was_trained_for(run_folder, plates_original, evaluate_settings):
    document = evaluate_run(run_folder, evaluate_settings(f"model={run_folder}"))
    assert document["dataset"]["root"] == str(plates_original)
    assert document["metrics"]["images"] == 3


def test_a_second_evaluation_replaces_the_first_and_leaves_nothing_behind(run_folder, plates, evaluate_settings):
    first = evaluate_run(run_folder, evaluate_settings(f"model={run_folder}", f"dataset.root={plates}"))
    (run_folder / "evaluation" / "old.txt").write_text("old")
    second = evaluate_run(
        run_folder,
        evaluate_settings(f"model={run_folder}", f"dataset.root={plates}", "pictures.all_up_to=0", "pictures.common=1"),
    )
    assert first["metrics"] == second["metrics"]
    assert not (run_folder / "evaluation" / "old.txt").exists()
    assert [path.name for path in run_folder.iterdir() if path.name.startswith(".")] == [".hydra"]
    on_disk = {
        path.relative_to(run_folder / "evaluation").as_posix() for path in run_folder.glob("evaluation/**/*.png")
    }
    listed = {
        entry[part] for entry in second["pictures"] for part in ("panel", "picture", "truth", "overlay", "decision")
    }
    assert on_disk == listed


def break_image(plates: Path, run_folder: Path) -> list[str]:
    (plates / "images" / "000007.png").write_bytes(b"\x89PNG\r\n\x1a\nnot a picture IEND")
    return ["000007.png", "does not decode"]


def shrink_mask(plates: Path, run_folder: Path) -> list[str]:
    cv2.imwrite(str(plates / "masks" / "000008.png"), np.zeros((10, 20), np.uint8))
    return ["000008.png", "20 x 10", "96 x 72"]


def unknown_class(plates: Path, run_folder: Path) -> list[str]:
    path = plates / "masks" / "000006.png"
    mask = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    mask[20, 20] = 77
    cv2.imwrite(str(path), mask)
    return ["000006.png", "77"]


def two_classes_in_an_instance(plates: Path, run_folder: Path) -> list[str]:
    path = plates / "masks" / "000006.png"
    mask = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    mask[30, 20] = 2
    cv2.imwrite(str(path), mask)
    return ["instances", "000006.png", "instance 1", "2 and 4"]


def defect_without_instance(plates: Path, run_folder: Path) -> list[str]:
    cv2.imwrite(str(plates / "instances" / "000006.png"), np.zeros((72, 96), np.uint16))
    return ["000006.png", "without an instance"]


def no_test_images(plates: Path, run_folder: Path) -> list[str]:
    table = (plates / "samples.csv").read_text().replace(",test,", ",validation,")
    (plates / "samples.csv").write_text(table)
    return [str(plates), "no image in its test split"]


def no_model(plates: Path, run_folder: Path) -> list[str]:
    (run_folder / "coreset.safetensors").unlink()
    return [str(run_folder), "no model"]


def other_extractor(plates: Path, run_folder: Path) -> list[str]:
    edit_metadata(run_folder, lambda metadata: metadata["extractor"].update(weights_sha256="0" * 64))
    return ["another extractor", "weights_sha256"]


def edit_metadata(run_folder, change) -> None:
    features, metadata = load_document(run_folder)
    change(metadata)
    save_document(run_folder / "coreset.safetensors", features, metadata)


@pytest.mark.parametrize(
    "spoil",
    [
        break_image,
        shrink_mask,
        unknown_class,
        two_classes_in_an_instance,
        defect_without_instance,
        no_test_images,
        no_model,
        other_extractor,
    ],
)
def test_bad_input_is_refused_by_name_and_leaves_no_evaluation(spoil, plates, run_folder, evaluate_settings):
    expected = spoil(plates, run_folder)
    before = sorted(path.name for path in run_folder.iterdir())
    with pytest.raises(UserError) as caught:
        evaluate_run(run_folder, evaluate_settings(f"model={run_folder}", f"dataset.root={plates}"))
    for part in expected:
        assert part in str(caught.value)
    assert "\n" not in str(caught.value)
    assert sorted(path.name for path in run_folder.iterdir()) == before


@pytest.mark.parametrize("setting", ["minimum_coverage=1.5", "aupro_limit=0", "tile_width=0", "pictures.best=-1"])
def test_settings_out_of_range_are_refused(setting, plates, run_folder, evaluate_settings):
    with pytest.raises(UserError, match=setting.partition("=")[0].replace("pictures.best", "pictures")):
        evaluate_run(run_folder, evaluate_settings(f"model={run_folder}", f"dataset.root={plates}", setting))


def test_a_run_that_does_not_record_its_data_asks_for_it(plates, run_folder, evaluate_settings):
    (run_folder / ".hydra" / "config.yaml").unlink()
    assert evaluate_run(run_folder, evaluate_settings(f"model={run_folder}"))["metrics"]["images"] == 3  # the model's
    edit_metadata(run_folder, lambda metadata: metadata["provenance"].update(datasets=[]))
    with pytest.raises(UserError, match=r"dataset\.root"):
        evaluate_run(run_folder, evaluate_settings(f"model={run_folder}"))
    settings = evaluate_settings(f"model={run_folder}", "dataset=stainless", f"dataset.root={plates}")
    assert evaluate_run(run_folder, settings)["metrics"]["images"] == 3


def test_a_config_that_is_no_yaml_is_named(plates, run_folder, evaluate_settings):
    (run_folder / ".hydra" / "config.yaml").write_text("dataset: [")
    with pytest.raises(UserError, match=r"config\.yaml cannot be read"):
        evaluate_run(run_folder, evaluate_settings(f"model={run_folder}"))


def test_test_data_comes_from_the_evaluation_root_of_the_run(tmp_path, plates, evaluate_settings):
    other = write_dataset(tmp_path / "other", ["train", "validation", "test"], seed=1)
    run = train_into(tmp_path / "trained", plates, f"dataset.evaluation_root={other}")
    document = evaluate_run(run, evaluate_settings(f"model={run}"))
    assert (document["dataset"]["root"], document["metrics"]["images"]) == (str(other), 1)


def test_the_model_s_own_record_counts_more_than_its_folder_s(
    tmp_path, plates_original, run_folder, caplog, evaluate_settings
):
    other = write_dataset(tmp_path / "other", ["train", "validation", "test"], seed=1)
    path = run_folder / ".hydra" / "config.yaml"
    saved = OmegaConf.load(path)
    saved.dataset.evaluation_root = str(other)
    OmegaConf.save(saved, path)
    document = evaluate_run(run_folder, evaluate_settings(f"model={run_folder}"))
    assert document["dataset"]["root"] == str(plates_original)
    (told,) = [r.getMessage() for r in caplog.records if "config.yaml" in r.getMessage()]
    assert f"dataset.root={plates_original}" in told
    assert str(other) in told


def command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *arguments], cwd=cwd, capture_output=True, text=True, check=False)


def test_the_command_prints_the_table_and_the_path(plates, run_folder, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    done = command(
        "eval.evaluate", f"model={run_folder}", f"dataset.root={plates}", "device=cpu", cwd=tmp_path / "elsewhere"
    )
    assert done.returncode == 0, done.stderr
    assert "scratch" in done.stdout
    assert done.stdout.rstrip().endswith(f"written to {run_folder / 'evaluation'}")
    assert json.loads((run_folder / "evaluation" / "results.json").read_text())["metrics"]["images"] == 3
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_the_command_reports_an_error_in_one_line_and_exits_with_2(plates, run_folder):
    shrink_mask(plates, run_folder)
    done = command("eval.evaluate", f"model={run_folder}", f"dataset.root={plates}", "device=cpu", cwd=ROOT)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stderr.startswith("error: ")
    assert not (run_folder / "evaluation").exists()
