"""The judging on a line within a region of interest: scores, statistics and drift of what lies inside."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.training.configured import train_run
from tests.training.service.conftest import picture
from tests.training.small_plates import TINY, compose_config, plate, write_png
from training.drift.settings import DriftSettings
from training.drift.window import DriftWindow
from training.model.load_detector import load_detector
from training.model.model_region import region_for
from training.model.settings import ModelOverrides
from training.service.line_judge import LineJudge
from training.service.serve_run import serve_run
from training.service.serve_settings import read_serve_settings
from training.service.stop_request import StopRequest
from training.service.watch_run import watch_run
from training.service.watch_settings import read_watch_settings
from training.support.user_error import UserError

EDGE = 40
CROP = (slice(None), slice(EDGE, 88))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Plates whose left part, outside the region, is as bright as it likes; a coreset trained on them."""
    folder, rng = tmp_path_factory.mktemp("region_line"), np.random.default_rng(4)
    for split, count in (("train", 3), ("test", 24)):
        for number in range(count):
            image = plate(rng)
            image[:, :EDGE] = rng.integers(0, 255)
            write_png(folder / "data" / split / "good" / f"{number}.png", image)
    rule = {"pattern": "*.png", "size": [88, 72], "polygons": [[[EDGE, 0], [88, 0], [88, 72], [EDGE, 72]]]}
    region = {"format": "stainless-region", "version": 1, "regions": [rule]}
    (folder / "region.json").write_text(json.dumps(region))
    data = ["dataset=mvtec", f"dataset.root={folder / 'data'}", "dataset.validation_fraction=0.5"]
    asked = [*data, *TINY, f"region.file={folder / 'region.json'}", "threshold=maximum_nominal", "device=cpu"]
    train_run(compose_config("train", asked), folder / "run")
    return folder


def test_what_lies_outside_changes_neither_result_nor_drift(place):
    model = load_detector(place / "run", ModelOverrides("cpu"))
    region, _ = region_for(model.provenance, None)
    images = [cv2.imread(str(path)) for path in (place / "data/test/good").glob("*.png")]
    means = {float(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[CROP].mean()) for image in images}
    brightness = model.reference.values["brightness"]
    assert len(brightness) == 12
    assert all(min(abs(value - mean) for mean in means) < 1e-9 for value in brightness)
    judge = LineJudge(model, 0, 10**6, DriftWindow(model.reference, DriftSettings(10, 0.001, 0.25)), region)
    results = []
    for left in (0, 255):
        image = np.ascontiguousarray(np.resize(picture(1), (72, 88, 3)))
        image[:, :EDGE] = left
        results.append(judge.judge(cv2.imencode(".png", image)[1].tobytes(), Path("a.png")))
    dark, bright = results
    own = {name: dark.statistics[name] for name in ("brightness", "contrast", "sharpness", "red", "blue")}
    assert {name: bright.statistics[name] for name in own} == own
    assert own["brightness"] == pytest.approx(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[CROP].mean(), rel=1e-9)
    assert not bright.judged.anomaly_map[:, :EDGE].any()
    with pytest.raises(UserError, match="has 80 x 60 pixels, but the region of interest"):
        judge.judge(cv2.imencode(".png", picture(4)[:60])[1].tobytes(), Path("a.png"))
    with pytest.raises(UserError, match=r"no region of interest for a\.bmp"):
        judge.judge(cv2.imencode(".png", image)[1].tobytes(), Path("a.bmp"))


def test_a_region_that_is_gone_is_refused_before_anything_is_written_and_may_be_given_anew(place, tmp_path):
    (tmp_path / "camera").mkdir()
    moved, stop = tmp_path / "moved.json", StopRequest()
    stop.set()

    def watch(output: str, *more: str) -> None:
        (tmp_path / output).mkdir()
        places = [f"input={tmp_path / 'camera'}", f"output={tmp_path / output}"]
        cfg = compose_config("watch", [f"model={place / 'run'}", *places, "device=cpu", *more])
        watch_run(read_watch_settings(cfg), stop)

    def serve(*more: str) -> None:
        cfg = compose_config("serve", [f"model={place / 'run'}", "port=0", "device=cpu", *more])
        serve_run(read_serve_settings(cfg), stop)

    (place / "region.json").rename(moved)
    try:
        for start in (lambda: watch("refused"), serve):
            with pytest.raises(UserError, match=r"is not at .*region\.json any more; give region\.file="):
                start()
        assert not list((tmp_path / "refused").iterdir())
        serve(f"region.file={moved}")
        watch("taken", f"region.file={moved}")
    finally:
        moved.rename(place / "region.json")
    assert (tmp_path / "taken" / "results.csv").exists()
    whole = tmp_path / "whole.json"
    whole.write_text('{"format": "stainless-region", "version": 1, "regions": [{"pattern": "*", "whole": true}]}')
    (tmp_path / "taken").rename(tmp_path / "again")
    cfg = [f"model={place / 'run'}", f"input={tmp_path / 'camera'}", f"output={tmp_path / 'again'}", "device=cpu"]
    with pytest.raises(UserError, match="results with another region of interest; choose another output"):
        watch_run(read_watch_settings(compose_config("watch", [*cfg, f"region.file={whole}"])), stop)
