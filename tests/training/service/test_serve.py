"""The judging service, really started: answers, bounds, refusals, tokens, the stop with requests in hand."""

import base64
import http.client
import io
import json
import os
import re
import signal
import struct
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import psutil
import pytest

from scripts.benchmarks.serve import put_load
from tests.training.configured import predict_run
from tests.training.service.conftest import picture
from tests.training.service.processes import ROOT, forked, predict_config, typed, wait_for
from tests.training.small_plates import write_png
from training.data.image_file import read_image
from training.model.load_detector import load_detector
from training.model.settings import ModelOverrides

BOUNDS = ("maximum_bytes=60000", "maximum_pixels=8000", "maximum_requests=2", "upload_seconds=3", "drift.window=10")
TOKEN = "a-token-for-tests-0123456789"


class Server:
    """A started service and its address."""

    def __init__(self, process, run: Path, pid: int) -> None:
        self.process, self.run, self.pid = process, run, pid
        log = run / "serve.log"
        wait_for(lambda: log.exists() and " on http://" in log.read_text(), process)
        self.port = int(re.search(r" on http://[\d.]+:(\d+) ", log.read_text())[1])

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def ask(self, path: str, body=None, headers=None, method: str | None = None) -> tuple[int, bytes, dict]:
        connection = self.connection()
        connection.request(method or ("GET" if body is None else "POST"), path, body, headers or {})
        answer = connection.getresponse()
        found = answer.status, answer.read(), dict(answer.getheaders())
        connection.close()
        return found

    def refused(self, body, path="/judge", headers=None) -> tuple[int, str]:
        status, content, _ = self.ask(path, body, headers)
        return status, json.loads(content)["error"]


@pytest.fixture(scope="module")
def server(line_run, tmp_path_factory):
    """The typed command, on loopback, with narrow bounds."""
    run = tmp_path_factory.mktemp("serve") / "run"
    process = typed("serve", f"model={line_run}", "port=0", f"hydra.run.dir={run}", *BOUNDS)
    yield Server(process, run, process.pid)
    process.send_signal(signal.SIGTERM)
    text, _ = process.communicate(timeout=60)
    assert process.returncode == 0, text
    assert "Traceback" not in text
    assert sorted(path.name for path in run.iterdir()) == [".hydra", "serve.log"]  # no upload reached the disk


def png(image: np.ndarray) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def bomb(side: int) -> bytes:
    """Return a whole grey PNG of side x side pixels, all black: a few hundred kilobytes for gigabytes."""
    rows = zlib.compressobj(9)
    row = bytes(side + 1)
    content = b"".join(rows.compress(row) for _ in range(side)) + rows.flush()
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", content) + chunk(b"IEND", b"")


def test_answers_are_those_of_predict_to_the_last_digit(server, line_run, tmp_path):
    for number in range(6):
        write_png(tmp_path / "photos" / f"{number}.png", picture(number))
    predict_run(predict_config(line_run, tmp_path / "photos", tmp_path / "out"))
    table = pd.read_csv(tmp_path / "out" / "predictions.csv", keep_default_na=False, float_precision="round_trip")
    assert set(table["decision"]) == {"anomalous", "nominal"}
    coco = json.loads((tmp_path / "out" / "findings.json").read_text())
    fields = ("score", "decision", "findings", "finding_pixels", "largest_finding", "threshold", "width", "height")
    for image_id, row in enumerate(table.itertuples(), start=1):
        content = Path(row.image).read_bytes()
        status, body, headers = server.ask("/judge?map=png&name=a", content)
        found = json.loads(body)
        assert (status, headers["content-type"], found["name"]) == (200, "application/json", "a")
        assert {name: found[name] for name in fields} == {name: getattr(row, name) for name in fields}
        wanted = [
            (own["bbox"], own["area"], own["score"]) for own in coco["annotations"] if own["image_id"] == image_id
        ]
        assert [(own["box"], own["area"], own["score"]) for own in found["regions"]] == wanted
        assert found["map"]["scale"] == row.scale
        stored = (tmp_path / "out" / row.map).read_bytes()
        assert base64.b64decode(found["map"]["content"]) == stored
        exact = json.loads(server.ask("/judge?map=npy", content)[1])["map"]
        values = np.load(io.BytesIO(base64.b64decode(exact["content"])), allow_pickle=False)
        assert (values.dtype, values.shape) == (np.float32, (row.height, row.width))
        assert values.max() == np.float32(row.score)
        pixels = cv2.imdecode(np.frombuffer(stored, np.uint8), cv2.IMREAD_UNCHANGED)
        np.testing.assert_allclose(values, pixels * row.scale, atol=row.scale * 0.51)
        assert json.loads(server.ask("/judge", content)[1])["map"] is None


@pytest.mark.parametrize(
    ("body", "headers", "status", "message"),
    [
        (b"x" * 60_001, {}, 413, "more bytes than the 60000 allowed"),
        (iter([b"x" * 30_000] * 3), {}, 413, "more bytes than the 60000 allowed"),
        (b"", {}, 400, "the body is empty"),
        (b"GIF89a is read by nobody here", {}, 400, "does not decode as an image"),
        (png(picture(0))[:2000], {}, 400, "truncated or damaged"),
        (png(np.zeros((90, 90, 3), np.uint8)), {}, 413, "90 x 90 pixels, more than the 8000 allowed"),
        (png(picture(0)), {"Content-Type": "multipart/form-data; boundary=a"}, 415, "not as a form"),
    ],
    ids=["large", "large_unannounced", "empty", "no_picture", "truncated", "many_pixels", "form"],
)
def test_what_cannot_be_judged_is_refused_in_one_line(body, headers, status, message, server):
    found, text = server.refused(body, headers=headers)
    assert (found, "\n" in text) == (status, False)
    assert message in text


def test_a_decompression_bomb_is_refused_by_its_header(server):
    content = bomb(6000)  # 36 MB of grey in 35 kB; as RGB, and its features, far more
    assert len(content) < 60_000
    before = psutil.Process(server.pid).memory_info().rss
    for _ in range(3):
        status, text = server.refused(content)
        assert (status, "6000 x 6000 pixels" in text) == (413, True)
    assert psutil.Process(server.pid).memory_info().rss - before < 20e6
    huge = bytearray(content)
    huge[16:24] = struct.pack(">II", 100_000, 100_000)
    huge[29:33] = struct.pack(">I", zlib.crc32(bytes(huge[12:29])))
    status, text = server.refused(bytes(huge))
    assert (status, "more pixels than" in text or "100000 x 100000" in text) == (413, True)


def test_wrong_parameters_pages_and_foreign_names_are_refused(server):
    status, text = server.refused(png(picture(0)), "/judge?map=jpeg")
    assert (status, text.startswith("map: ")) == (422, True)
    assert server.ask("/judge")[0] == 405
    assert server.ask("/etc/passwd")[0] == 404
    assert server.ask("/state", headers={"Host": "evil.example"})[0] == 400


def test_the_interface_is_described_and_its_page_loads_nothing(server):
    status, body, _ = server.ask("/openapi.json")
    described = json.loads(body)
    assert status == 200
    assert set(described["paths"]) == {"/judge", "/health", "/state"}
    assert set(described["paths"]["/judge"]["post"]["responses"]) >= {"200", "400", "401", "413", "503"}
    answer = json.loads(server.ask("/judge", png(picture(1)))[1])
    assert set(answer) == set(described["components"]["schemas"]["JudgedPicture"]["properties"])
    status, page, _ = server.ask("/docs")
    assert status == 200
    assert "POST /judge" in page.decode()
    assert not re.search(r"(src|href)=\"(https?:)?//", page.decode())
    assert json.loads(server.ask("/health")[1]) == {"status": "ready"}


def test_requests_beyond_the_bound_are_sent_away_and_the_others_are_judged(server):
    content, held = png(picture(1)), []
    for _ in range(2):
        connection = server.connection()
        connection.putrequest("POST", "/judge")
        connection.putheader("Content-Length", str(len(content)))
        connection.endheaders()
        connection.send(content[:100])
        held.append(connection)
    end = time.monotonic() + 20
    while json.loads(server.ask("/state")[1])["in_hand"] < 2:
        assert time.monotonic() < end
    status, body, headers = server.ask("/judge", content)
    assert (status, headers["retry-after"]) == (503, "1")
    assert "2 requests are in hand already" in json.loads(body)["error"]
    for connection in held:
        connection.send(content[100:])
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["decision"]) == (200, "nominal")
    assert server.ask("/judge", content)[0] == 200


def test_an_upload_that_stalls_gives_its_place_back(server):
    connection = server.connection()
    connection.putrequest("POST", "/judge")
    connection.putheader("Content-Length", "1000")
    connection.endheaders()
    connection.send(b"x")
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["error"]) == (408, "the picture did not arrive within 3 seconds")
    assert json.loads(server.ask("/state")[1])["in_hand"] == 0


def test_the_state_tells_the_drift_and_darker_pictures_raise_it(server):
    for number in range(12):
        answer = json.loads(server.ask("/judge", png((picture(3 * number + 1) * 0.6).astype(np.uint8)))[1])
    assert answer["drift"]["state"] == "parted"
    assert "brightness" in answer["drift"]["parted"]
    state = json.loads(server.ask("/state")[1])
    assert state["drift"]["compared"]["brightness"]["parted"]
    assert state["judged"] > 12
    assert "Drift over the last 10 pictures" in (server.run / "serve.log").read_text()


def test_beyond_loopback_a_token_is_demanded(line_run, tmp_path):
    command = [
        sys.executable,
        "-m",
        "training.serve",
        f"model={line_run}",
        "host=0.0.0.0",
        f"hydra.run.dir={tmp_path / 'no'}",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "host=0.0.0.0 can be reached from other machines: give a token" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "no").exists()
    (tmp_path / "token").write_text(TOKEN + "\n")
    more = ["host=0.0.0.0", f"token_file={tmp_path / 'token'}", "port=0", f"hydra.run.dir={tmp_path / 'run'}"]
    process = forked("serve", f"model={line_run}", *more)
    server, content = Server(process, tmp_path / "run", process.pid), png(picture(1))
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}):
        status, body, found = server.ask("/judge", content, headers)
        assert (status, found["www-authenticate"]) == (401, "Bearer")
        assert "token is missing or wrong" in json.loads(body)["error"]
        assert server.ask("/state", headers=headers)[0] == 401
    right = {"Authorization": f"Bearer {TOKEN}"}
    assert server.ask("/judge", content, right)[0] == 200
    assert server.ask("/state", headers=right)[0] == 200
    assert server.ask("/health")[0] == 200
    written = "".join(p.read_text() for p in (tmp_path / "run").rglob("*") if p.is_file())
    assert TOKEN not in written
    (tmp_path / "token").write_text("short")
    os.kill(process.pid, signal.SIGTERM)
    process.join(60)
    assert process.exitcode == 0


def test_a_load_is_answered_whole_and_requests_in_hand_are_finished_after_sigterm(line_run, tmp_path):
    process = forked("serve", f"model={line_run}", "port=0", f"hydra.run.dir={tmp_path / 'run'}")
    server = Server(process, tmp_path / "run", process.pid)
    for number in range(4):
        write_png(tmp_path / f"{number}.png", picture(number))
    paths, model = sorted(tmp_path.glob("*.png")), load_detector(line_run, ModelOverrides("cpu"))
    scores = {path: model.image_score(model.anomaly_map(read_image(path))) for path in paths}
    loaded = put_load(psutil.Process(process.pid), server.port, paths, scores, 80)
    assert (len(loaded.latencies), loaded.wrong) == (80, [])
    wrong = put_load(psutil.Process(process.pid), server.port, paths, dict.fromkeys(paths, 0.0), 16).wrong
    assert len(wrong) == 16  # the comparison can fail
    large = png(np.tile(picture(1), (12, 12, 1)))  # judged for a second or so
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(server.ask("/judge", large)[0])) for _ in range(4)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + 60
    while json.loads(server.ask("/state")[1])["in_hand"] < 4:
        assert time.monotonic() < end
        assert len(answers) == 0
    os.kill(process.pid, signal.SIGTERM)
    for thread in threads:
        thread.join(60)
    process.join(60)
    assert (answers, process.exitcode) == ([200] * 4, 0)
    with pytest.raises(ConnectionRefusedError):
        server.ask("/health")


def test_a_port_that_is_taken_is_told(server, line_run, tmp_path):
    process = forked("serve", f"model={line_run}", f"port={server.port}", f"hydra.run.dir={tmp_path / 'run'}")
    process.join(60)
    assert process.exitcode == 2
    assert not (tmp_path / "run").exists()
