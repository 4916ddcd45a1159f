"""A planted domain gap on small plates: its pictures, its folder of runs, and the effects over its strength."""

import json
import subprocess
import sys

import cv2
import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from scripts.tables.camera_change import CameraChange, camera_change, changed, write_changed
from scripts.tables.domain_gap import GapWork, measure_gaps
from tests.eval.small_plates import write_dataset
from training.support.entry_point import CONF_FOLDER
from training.support.user_error import UserError

SETTINGS = ("extractor=resnet18", "extractor.weights=random", "coreset.size=40", "coreset.epochs=1", "device=cpu")


@pytest.fixture
def work(tmp_path):
    write_dataset(tmp_path / "real", ["train"] * 2 + ["validation"] + ["test"] * 2, seed=1)
    write_dataset(tmp_path / "synth", ["train"] * 2, seed=2)
    return GapWork(
        tmp_path / "real", tmp_path, tmp_path / "out", (0, 1), SETTINGS, ("real", "synth", "synth_ft"), (0,), (0,), 1.0
    )


def stamps(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_each_part_of_the_change_does_what_its_name_says():
    image = np.random.default_rng(0).integers(60, 200, (80, 90, 3), dtype=np.uint8)
    assert np.array_equal(changed(image, CameraChange(1, 1, 0)), image)
    darker = changed(image, CameraChange(0.5, 1, 0)).astype(int)
    assert np.abs(darker - image / 2).max() <= 0.5
    assert changed(image, CameraChange(1, 0.5, 0)).std() == pytest.approx(image.std() / 2, rel=0.05)
    point = np.zeros((81, 81, 3), np.uint8)
    point[40, 40] = 255
    blurred = changed(point, CameraChange(1, 1, 1.5)).astype(float)[..., 0]
    assert np.unravel_index(blurred.argmax(), (81, 81)) == (40, 40)  # nothing moves
    assert blurred.max() == pytest.approx(255 / (2 * np.pi * 1.5**2), rel=0.1)


def test_a_stronger_change_is_darker_flatter_and_softer():
    weak, strong = camera_change(0.5), camera_change(1)
    assert strong.brightness < weak.brightness < 1
    assert strong.contrast < weak.contrast < 1
    assert strong.blur_sigma > weak.blur_sigma > 0
    for wrong in (0, -1, 2.1, float("nan")):
        with pytest.raises(UserError, match="is not above 0 and at most 2"):
            camera_change(wrong)


def test_only_the_pictures_and_the_name_change_and_a_finished_copy_is_kept(work, tmp_path):
    before = stamps(work.real)
    target = tmp_path / "gap_1" / "datasets" / "real"
    (target.parent / ".real.partial").mkdir(parents=True)  # of a program that was killed
    (target.parent / ".real.partial" / "left").touch()
    write_changed(work.real, target, camera_change(1))
    assert stamps(work.real) == before
    for path in before:
        copy = target / path.relative_to(work.real)
        same = path.parent.name != "images" and path.name != "dataset.json"
        assert (copy.read_bytes() == path.read_bytes()) == same, path
    assert json.loads((target / "dataset.json").read_text())["name"].endswith(" behind gap_1")
    assert not (target / "left").exists()
    first = work.real / "images" / "000000.png"
    expected = changed(cv2.imread(str(first), cv2.IMREAD_COLOR_RGB), camera_change(1))
    copied = cv2.imread(str(target / "images" / first.name), cv2.IMREAD_COLOR_RGB)
    assert np.array_equal(copied, expected)

    made = stamps(target)
    write_changed(work.real, target, camera_change(1))
    assert stamps(target) == made
    with pytest.raises(UserError, match="of another dataset or with another change; delete it"):
        write_changed(work.real, target, camera_change(0.5))
    cv2.imwrite(str(work.real / "masks" / "000003.png"), np.zeros((72, 96), np.uint8))
    with pytest.raises(UserError, match="of another dataset or with another change; delete it"):
        write_changed(work.real, target, camera_change(1))
    assert stamps(target) == made


def test_pictures_in_a_lossy_format_are_refused(work, tmp_path):
    first = work.real / "images" / "000000.png"
    first.rename(first.with_suffix(".jpg"))
    table = work.real / "samples.csv"
    table.write_text(table.read_text().replace("images/000000.png", "images/000000.jpg"))
    with pytest.raises(UserError, match="is in a lossy format"):
        write_changed(work.real, tmp_path / "gap_1" / "real", camera_change(1))
    assert not (tmp_path / "gap_1").exists()


def test_effects_are_told_for_every_strength_and_tables_without_a_gap_stay(work, capsys):
    work.out.mkdir()
    (work.out / "findings.csv").write_text("of three seeds")
    paths = measure_gaps(work, Console(width=200))
    assert (work.out / "findings.csv").read_text() == "of three seeds"
    assert paths[0].name == "domain_gap.csv"
    assert all(path.is_file() for path in paths)
    table = pd.read_csv(paths[0]).fillna({"part": ""})
    assert table["strength"].unique().tolist() == [0, 1]
    for strength, folder in ((0, work.out), (1, work.out / "gap_1")):
        at = table[table["strength"] == strength].set_index(["key", "part"])
        f1 = {name: pd.read_json(folder / name / "evaluation" / "results.json", typ="series")["metrics"]["pixel_f1"]
              for name in work.rows}  # fmt: skip
        assert at.loc[("domain_gap", ""), "effect"] == pytest.approx(100 * (f1["real"] - f1["synth"]), abs=1e-3)
        assert at.loc[("finetuning_f1", "Synth"), "effect"] == pytest.approx(
            100 * (f1["synth_ft"] - f1["synth"]), abs=1e-3
        )
        assert pd.isna(at.loc[("melding", ""), "effect"])
    page = (work.out / "gap_1" / "tables.html").read_text(encoding="utf-8")
    assert "seen by a worse camera: brightness 0.8, " in page
    assert "domain_gap" in capsys.readouterr().out
    made = {path: stamp for path, stamp in stamps(work.out).items() if path.name == "coreset.safetensors"}
    measure_gaps(work, Console())
    assert {path: path.stat().st_mtime_ns for path in made} == made


def test_a_wrong_strength_or_row_is_one_line_before_anything_is_made(work, tmp_path):
    for more, words in (
        ({"strengths": (0, 3)}, "strength 3 is not above 0"),
        ({"strengths": (1, 1)}, "different numbers"),
        ({"strengths": ()}, "different numbers"),
        ({"rows": ("synht",)}, "there is no row synht"),
        ({"real": tmp_path / "none"}, "no dataset at"),
    ):
        with pytest.raises(UserError, match=words):
            measure_gaps(GapWork(**{**vars(work), **more}), Console())
        assert not work.out.exists()


def test_the_door_tells_a_mistake_in_one_line_and_waits_with_torch(work):
    program = [sys.executable, "scripts/domain_gap.py", "--out", str(work.out), "--strengths", "3"]
    done = subprocess.run(program, cwd=CONF_FOLDER.parent, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "error: strength 3 is not above 0 and at most 2\n")
    assert not work.out.exists()
    asked = "import sys, scripts.domain_gap; print('torch' in sys.modules)"  # settings of threads come before torch
    program = [sys.executable, "-c", asked]
    done = subprocess.run(program, cwd=CONF_FOLDER.parent, capture_output=True, text=True, check=False)
    assert done.stdout == "False\n"
