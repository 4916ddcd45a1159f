"""A load on a started judging service: clients, answers, latencies and memory, beside the bare model."""

import http.client
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray

from scripts.benchmarks.images import write_nominal_folder
from training.data.image_file import read_image
from training.model.load_detector import load_detector
from training.model.settings import ModelOverrides
from training.support.entry_point import CONF_FOLDER
from training.support.user_error import UserError

CLIENTS = 8
WARM_UP = 100
"""Requests after which the first memory is taken: allocators and caches have grown by then."""
_START_SECONDS = 300.0


@dataclass(frozen=True)
class Load:
    """Number of requests, number and side (H, W) [pixels] of the pictures, and members of the coreset."""

    requests: int
    pictures: int
    side: tuple[int, int]
    members: int


FULL, QUICK = Load(2000, 40, (256, 256), 512), Load(2000, 20, (96, 96), 64)


@dataclass
class Measured:
    """Answers as the clients saw them; latencies in seconds, memory in MiB."""

    latencies: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    memory: list[tuple[int, float]] = field(default_factory=list)
    """(requests answered, resident memory of the server)."""
    server_cpu: float = 0.0
    wall: float = 0.0


def train_model(load: Load, folder: Path, seed: int) -> tuple[Path, list[Path]]:
    """Train a small coreset on brushed textures; return its run folder and the pictures. Raises UserError."""
    pictures = write_nominal_folder(folder / "data", load.pictures, load.side, seed)
    run = folder / "run"
    settings = ["dataset=mvtec", f"dataset.root={folder / 'data'}", f"coreset.size={load.members}", "coreset.epochs=1"]
    command = [sys.executable, "-m", "training.train", "extractor=stainless_texture", "device=cpu", *settings]
    done = subprocess.run(
        [*command, f"hydra.run.dir={run}"], capture_output=True, text=True, check=False, cwd=CONF_FOLDER.parent
    )
    if done.returncode:
        raise UserError((done.stderr.strip().splitlines() or ["the training failed"])[-1].removeprefix("error: "))
    return run, pictures


def bare_model(run: Path, pictures: list[Path], rounds: int) -> tuple[dict[Path, float], NDArray[np.float64], float]:
    """Return each picture's score, the seconds of reading and judging each time, and the mean CPU seconds of one."""
    model = load_detector(run, ModelOverrides("cpu"))
    scores, seconds = {}, []
    for path in pictures[:3]:
        model.anomaly_map(read_image(path))  # the first ones are slow
    cpu = time.process_time()
    for _ in range(rounds):
        for path in pictures:
            started = time.perf_counter()
            scores[path] = model.image_score(model.anomaly_map(read_image(path)))
            seconds.append(time.perf_counter() - started)
    return scores, np.array(seconds), (time.process_time() - cpu) / len(seconds)


@contextmanager
def started_service(run: Path, folder: Path) -> Iterator[tuple[psutil.Process, int]]:
    """Start ``training.serve`` on a free port; yield its process and port; stop it. Raises UserError."""
    log = folder / "serve" / "serve.log"
    command = [sys.executable, "-m", "training.serve", f"model={run}", "port=0", "device=cpu"]
    process = subprocess.Popen(
        [*command, f"hydra.run.dir={log.parent}"],
        cwd=CONF_FOLDER.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + _START_SECONDS
        while not (log.exists() and (found := re.search(r" on http://[\d.]+:(\d+) ", log.read_text()))):
            if process.poll() is not None or time.monotonic() > end:
                raise UserError(f"training.serve did not start: {' '.join(command)}")
            time.sleep(0.1)
        yield psutil.Process(process.pid), int(found[1])
    finally:
        process.terminate()
        process.wait(60)


def put_load(
    server: psutil.Process, port: int, pictures: list[Path], scores: dict[Path, float], requests: int
) -> Measured:
    """Send the requests from CLIENTS clients at once, each on one kept connection; compare every answer's score."""
    measured, numbers, lock = Measured(), count(), threading.Lock()
    contents = {path: path.read_bytes() for path in pictures}

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        while (number := next(numbers)) < requests:
            path = pictures[number % len(pictures)]
            started = time.perf_counter()
            try:
                connection.request("POST", "/judge", contents[path])
                answer = connection.getresponse()
                status, body = answer.status, answer.read()
            except (OSError, http.client.HTTPException) as error:
                status, body = 0, repr(error).encode()
                connection.close()
            seconds = time.perf_counter() - started
            right = status == 200 and json.loads(body)["score"] == scores[path]
            with lock:
                measured.latencies.append(seconds)
                if not right:
                    measured.wrong.append(f"{status}: {body[:200]!r}")
                done = len(measured.latencies)
                if done in (min(WARM_UP, requests // 2), requests) or done % max(requests // 10, 1) == 0:
                    measured.memory.append((done, server.memory_info().rss / 2**20))
        connection.close()

    cpu, started = sum(server.cpu_times()[:2]), time.perf_counter()
    clients = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    measured.wall = time.perf_counter() - started
    measured.server_cpu = sum(server.cpu_times()[:2]) - cpu
    return measured
