"""A dataset that another Blender renders beside this one: its progress, its last picture and its end."""

import json
import queue
import subprocess
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from .runner import runner_command

LAST_LINES = 20  # lines of the process kept to find the cause of a failure
LEAVE = 10.0  # seconds within which a killed process ends


@dataclass
class Progress:
    """The state of a dataset that is being rendered."""

    dataset: Path
    total: int = 0
    done: int = 0
    failed: dict[str, str] = field(default_factory=dict)  # cause by sample
    last_picture: Path | None = None
    seconds_left: float | None = None
    message: str = "Blender starts"
    ended: bool = False
    complete: bool = False

    @property
    def part(self) -> float:
        """The part that is done, 0 to 1."""
        return self.done / self.total if self.total else 0.0


class DatasetProcess:
    """A running job. `poll` takes what it has told since the last call; `stop` ends it and keeps finished pictures."""

    def __init__(self, job: Path, dataset: Path) -> None:
        self.progress = Progress(dataset)
        self._job = job
        self._stopped = False
        self._started: tuple[float, int] | None = None  # time and pictures done when rendering began
        self._start()

    def poll(self) -> bool:
        """Take all waiting events; return whether anything changed."""
        changed = False
        while True:
            try:
                line = self._lines.get_nowait()
            except queue.Empty:
                return changed
            changed = True
            if line is None:
                self._ended()
            else:
                self._take(line)

    def wait(self) -> Progress:
        """Wait until everything is rendered or has failed; return the last state."""
        while not self.progress.ended:
            self.poll()
            time.sleep(0.05)
        return self.progress

    def stop(self) -> None:
        """End the process; finished pictures stay, and the next start with this job goes on after them."""
        self._stopped = True
        self._process.kill()  # at once: the window must not wait, and the job's files are whole at any moment
        self._process.wait(LEAVE)
        self.progress.ended, self.progress.message = True, "Stopped; Render Dataset goes on from here"

    def _start(self) -> None:
        self._unfinished = False
        self._said: deque[str] = deque(maxlen=LAST_LINES)
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._process = subprocess.Popen(
            runner_command(self._job, self.progress.dataset),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        threading.Thread(target=_listen, args=(self._process, self._lines), daemon=True).start()

    def _take(self, line: str) -> None:
        event = _event(line)
        progress = self.progress
        if event is None:
            self._said.append(line.strip())
        elif event["event"] == "begin":
            progress.total, progress.done = event["total"], event["done"]
            self._started = (time.monotonic(), progress.done)
            progress.message = "Rendering"
        elif event["event"] == "sample":
            progress.done += 1
            progress.last_picture = Path(event["image"])
            progress.seconds_left = self._seconds_left()
        elif event["event"] == "end":
            progress.failed |= event["failed"]
            progress.complete = event["complete"]
            self._unfinished = bool(event["unfinished"])

    def _seconds_left(self) -> float | None:
        if self._started is None:
            return None
        since, before = self._started
        pace = (time.monotonic() - since) / (self.progress.done - before)
        return pace * (self.progress.total - self.progress.done)

    def _ended(self) -> None:
        """Go on with a new process if this one has left samples for it; else tell how it ended."""
        self._process.wait()
        progress = self.progress
        if self._stopped:
            return
        if self._unfinished:
            self._start()
            return
        progress.ended, progress.seconds_left = True, None
        if progress.complete:
            progress.message = f"All {progress.total} pictures are rendered"
        elif progress.failed:
            sample, cause = next(iter(progress.failed.items()))
            progress.message = f"{len(progress.failed)} pictures failed; {sample}: {cause}"
        else:
            progress.message = self._reason()

    def _reason(self) -> str:
        for line in reversed(self._said):
            if line.startswith("error: "):
                return line.removeprefix("error: ")
        spoken = [line for line in self._said if "error" in line.lower() or "exception" in line.lower()]
        return "Blender ended early: " + (spoken or [line for line in self._said if line] or ["it said nothing"])[-1]


def _listen(process: subprocess.Popen[str], lines: "queue.Queue[str | None]") -> None:
    assert process.stdout is not None
    with process.stdout as output:
        for line in output:
            lines.put(line)
    lines.put(None)


def _event(line: str) -> dict | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "event" in event else None
