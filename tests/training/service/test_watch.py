"""The watch over a folder in real processes: kills, half files, restarts, a hanging receiver, SIGTERM."""

import json
import os
import signal
import socket
import time
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from tests.training.configured import predict_run
from tests.training.service.conftest import picture
from tests.training.service.processes import forked, predict_config, typed, wait_for
from tests.training.small_plates import compose_config, plate, write_png
from training.service.watch_settings import read_watch_settings
from training.support.user_error import UserError

QUICK = ("settle_seconds=0.05", "patience_seconds=0.6", "rescan_seconds=0.5", "drift.window=10")
VARYING = {"number", "time", "seconds", "drift", "file"}
KILLS, PICTURES = 10, 60


def lines_of(output: Path) -> list[dict]:
    path = output / "results.jsonl"
    whole = path.read_bytes().rpartition(b"\n")[0] if path.exists() else b""
    return [json.loads(line) for line in whole.splitlines()]


def by_name(lines):
    return {line["image"]: {k: v for k, v in line.items() if k not in VARYING} for line in lines}


def settings_of(run, folder, output, *more):
    return [f"model={run}", f"input={folder}", f"output={output}", *QUICK, *more]


def test_ten_kills_give_what_one_clean_run_gives_and_predict_too(line_run, tmp_path):
    camera, rng = tmp_path / "camera", np.random.default_rng(2)
    for number in range(PICTURES // 2):
        write_png(camera / f"{number:03d}.png", picture(number))
    killed = settings_of(line_run, camera, tmp_path / "killed", "maps=true")
    arrived = PICTURES // 2
    for _ in range(KILLS):
        process, before = forked("watch", *killed), len(lines_of(tmp_path / "killed"))
        for _ in range(PICTURES // 2 // KILLS):
            write_png(camera / ("deep" if arrived % 2 else "") / f"{arrived:03d}.png", picture(arrived))
            arrived += 1
        wait_for(lambda before=before: len(lines_of(tmp_path / "killed")) >= before + 3, process)
        time.sleep(rng.uniform(0, 0.03))  # somewhere in the next picture
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        assert process.exitcode == -signal.SIGKILL
    assert KILLS * 3 <= len(lines_of(tmp_path / "killed")) < PICTURES
    for output in ("killed", "clean"):
        process = forked("watch", *settings_of(line_run, camera, tmp_path / output, "maps=true"))
        wait_for(lambda output=output: len(lines_of(tmp_path / output)) >= PICTURES, process)
        os.kill(process.pid, signal.SIGTERM)
        process.join(60)
        assert process.exitcode == 0
    results = {output: lines_of(tmp_path / output) for output in ("killed", "clean")}
    assert [len(lines) for lines in results.values()] == [PICTURES, PICTURES]  # none twice, none lost
    assert by_name(results["killed"]) == by_name(results["clean"])
    assert [line["number"] for line in results["killed"]] == list(range(1, PICTURES + 1))

    predict_run(predict_config(line_run, camera, tmp_path / "predicted"))
    predicted = pd.read_csv(
        tmp_path / "predicted" / "predictions.csv", keep_default_na=False, float_precision="round_trip"
    )
    predicted["image"] = [Path(name).relative_to(camera).as_posix() for name in predicted["image"]]
    for output in results:
        table = pd.read_csv(tmp_path / output / "results.csv", keep_default_na=False, float_precision="round_trip")
        assert table["number"].tolist() == list(range(1, PICTURES + 1))
        common = [name for name in predicted.columns if name != "seconds"]
        ordered = table.sort_values("image", ignore_index=True)[common]
        pd.testing.assert_frame_equal(
            ordered, predicted.sort_values("image", ignore_index=True)[common], check_exact=True
        )
        for folder in ("maps", "masks", "overlays"):
            wanted = {
                p.relative_to(tmp_path / "predicted"): p.read_bytes()
                for p in (tmp_path / "predicted" / folder).rglob("*.png")
            }
            assert len(wanted) == PICTURES
            assert all((tmp_path / output / name).read_bytes() == content for name, content in wanted.items())


@pytest.fixture
def hanging_receiver():
    """Return the address of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/results"


def test_the_typed_command_takes_files_when_they_are_whole_and_stops_cleanly(line_run, hanging_receiver, tmp_path):
    camera, output = tmp_path / "camera", tmp_path / "out"
    write_png(camera / "there.png", picture(0))
    (camera / "broken.png").write_bytes(b"nothing")
    (camera / ".hidden.png").write_bytes(b"nothing")
    hook = [f"webhook.url={hanging_receiver}", "webhook.timeout_seconds=0.2", "webhook.attempts=2"]
    hook += ["webhook.pause_seconds=0.1", "webhook.queue=2", "webhook.stop_seconds=0.5", "patience_seconds=3"]
    process = typed("watch", *settings_of(line_run, camera, output, *hook))
    try:
        wait_for(lambda: len(lines_of(output)) == 2, process)
        content = cv2.imencode(".png", picture(1))[1].tobytes()
        half = camera / "half.png"
        with half.open("wb") as file:
            file.write(content[: len(content) // 2])
            file.flush()
            time.sleep(0.4)  # longer than the settling time, shorter than the patience
            assert len(lines_of(output)) == 2
            file.write(content[len(content) // 2 :])
        wait_for(lambda: len(lines_of(output)) == 3, process)
        (camera / "hidden.part").write_bytes(content)
        (camera / "hidden.part").rename(camera / "renamed.png")
        wait_for(lambda: len(lines_of(output)) == 4, process)
        write_png(camera / "there.png", picture(2))  # a camera that repeats its names
        wait_for(lambda: len(lines_of(output)) == 5, process)
        for number in range(10, 20):
            write_png(camera / "new" / f"{number}.png", picture(number))
        wait_for(lambda: len(lines_of(output)) == 15, process)  # while the receiver hangs
        time.sleep(0.7)  # a further search finds nothing new
        process.send_signal(signal.SIGTERM)
        text, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, text
    lines = lines_of(output)
    assert len(lines) == 15
    names = [line["image"] for line in lines]
    assert sorted(names[:2]) == ["broken.png", "there.png"]
    assert names[2:5] == ["half.png", "renamed.png", "there.png"]
    (broken,) = [line for line in lines if line["error"]]
    assert (broken["image"], broken["decision"]) == ("broken.png", "")
    assert "does not decode" in broken["error"]
    assert broken["error"] in text
    assert "Traceback" not in text
    assert "Webhook: 0 results delivered, 15 dropped" in text
    assert "webhook:" in text
    assert "was dropped" in text
    table = pd.read_csv(output / "results.csv", keep_default_na=False, float_precision="round_trip")
    assert table["image"].tolist() == names
    assert sorted(path.name for path in output.iterdir()) == [
        ".hydra", "results.csv", "results.jsonl", "watch.json", "watch.log"
    ]  # fmt: skip


def test_by_polling_too_files_are_found_and_a_folder_that_was_away_is_watched_again(line_run, tmp_path):
    camera, output = tmp_path / "camera", tmp_path / "out"
    camera.mkdir()
    more = ["watching=polling", "polling_seconds=0.1", "rescan_seconds=30"]
    process = forked("watch", *settings_of(line_run, camera, output, *more))
    wait_for((output / "results.csv").exists, process)
    write_png(camera / "a.png", picture(1))
    wait_for(lambda: len(lines_of(output)) == 1, process, 20)
    os.kill(process.pid, signal.SIGTERM)
    process.join(60)
    process = forked("watch", *settings_of(line_run, camera, output, "rescan_seconds=0.3"))
    log = output / "watch.log"
    wait_for(lambda: log.read_text().count("Watching") == 2, process)
    camera.rename(tmp_path / "away")
    time.sleep(1)
    write_png(tmp_path / "away" / "b.png", picture(2))
    (tmp_path / "away").rename(camera)
    wait_for(lambda: len(lines_of(output)) == 2, process, 20)
    os.kill(process.pid, signal.SIGINT)
    process.join(60)
    assert process.exitcode == 0


def test_the_drift_goes_on_after_a_restart_and_darker_pictures_raise_it(line_run, tmp_path):
    camera, output = tmp_path / "camera", tmp_path / "out"

    def pictures(first, darker):
        for number in range(first, first + 10):
            image = plate(np.random.default_rng([9, number]))  # drawn, and as large, as the validation images
            write_png(camera / f"{number:03d}.png", (image * darker).astype(np.uint8))

    for count, first, darker, end in ((10, 0, 1.0, signal.SIGKILL), (20, 10, 0.6, signal.SIGTERM)):
        pictures(first, darker)
        process = forked("watch", *settings_of(line_run, camera, output))
        wait_for(lambda count=count: len(lines_of(output)) == count, process)
        os.kill(process.pid, end)
        process.join(60)
    states = [(line["drift"]["state"], line["drift"]["parted"]) for line in lines_of(output)]
    assert [state for state, _ in states[:10]] == ["filling"] * 9 + ["steady"]
    assert states[10][0] != "filling"  # the window of before the kill
    assert states[19][0] == "parted"
    assert "brightness" in states[19][1]
    assert "Drift over the last 10 pictures" in (output / "watch.log").read_text()
    assert json.loads((output / "watch.json").read_text())["drift"]["reference"]["nominal_images"] == 12


def test_wrong_settings_are_told_before_anything_is_written(tmp_path):
    (tmp_path / "camera").mkdir()

    def read(*overrides):
        asked = {"model": "x", "input": tmp_path / "camera", "output": tmp_path / "out"}
        given = [f"{name}={value}" for name, value in asked.items()]
        return read_watch_settings(compose_config("watch", [*given, *overrides]))

    assert read().webhook is None
    assert read("webhook.url=http://a:8080/b").webhook.url == "http://a:8080/b"
    for wrong in ("file:///etc/passwd", "plc:8080", "http://", "http://a:99999999"):
        with pytest.raises(UserError, match="is no address; give one like"):
            read(f"webhook.url={wrong}")
    with pytest.raises(UserError, match="is no folder; make it"):
        read(f"input={tmp_path / 'none'}")
    with pytest.raises(UserError, match="contains the input"):
        read(f"output={tmp_path}")
    with pytest.raises(UserError, match="watching: 'sometimes' is not one of"):
        read("watching=sometimes")
    assert not (tmp_path / "out").exists()
