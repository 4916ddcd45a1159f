"""Run a render job in a process of its own, with a progress bar, and turn Blender's trouble into one line."""

import json
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from training.user_error import UserError

ENTRY = Path(__file__).resolve().parent.parent / "render_jobs" / "render_dataset.py"
LAST_LINES = 40  # of Blender's output kept to find the cause of a failure in


class RenderError(RuntimeError):
    """Blender failed through no mistake of the user's; the message is one line."""


def run_render_job(job: Mapping[str, Any], out: Path, samples: str = ":", blender: str | None = None) -> None:
    """Render `job` into the dataset folder `out`, in `blender` (a program) or in this Python's bpy.

    Raises UserError for bad input, RenderError where Blender fails; both carry its own one-line reason.
    """
    with tempfile.TemporaryDirectory() as folder:
        job_file = Path(folder) / "job.json"
        job_file.write_text(json.dumps(job), encoding="utf-8")
        options = ["--job", str(job_file), "--out", str(out), "--samples", samples, "--events"]
        command = _command(blender, options)
        try:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        except OSError as error:
            raise UserError(f"blender={blender}: cannot start it: {error.strerror}") from error
        with process:
            try:
                tail = _follow(process, f"Rendering {job['name']}")
            except BaseException:
                process.terminate()
                raise
        if process.returncode:
            reason = _reason(tail).replace(str(job_file), "the job")
            raise (UserError if process.returncode == 2 else RenderError)(reason)


def _command(blender: str | None, options: Sequence[str]) -> list[str]:
    if blender is None:
        return [sys.executable, str(ENTRY), "--", *options]
    return [
        blender,
        "--background",
        "--factory-startup",
        "--python-exit-code",
        "1",
        "--python",
        str(ENTRY),
        "--",
        *options,
    ]


def _follow(process: subprocess.Popen[str], title: str) -> deque[str]:
    """Show progress until the process ends; return the last lines that were no progress."""
    tail: deque[str] = deque(maxlen=LAST_LINES)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns) as progress:
        task = progress.add_task(title, total=None)
        for event in _events(process, tail):
            if event["event"] == "begin":
                # A bar begins at zero here: time left is judged by what this process renders.
                progress.reset(task, total=event["total"], completed=event["done"])
            progress.update(task, total=event["total"], completed=event["done"])
    return tail


def _events(process: subprocess.Popen[str], tail: deque[str]) -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    for line in process.stdout:
        try:
            event = json.loads(line)
        except ValueError:
            tail.append(line.rstrip())
            continue
        if isinstance(event, dict) and "event" in event:
            yield event


def _reason(tail: Sequence[str]) -> str:
    """Our own error line if there is one, else the last line that speaks of an error, else the last line."""
    for line in reversed(tail):
        if line.startswith("error: "):
            return line.removeprefix("error: ")
    spoken = [line.strip() for line in tail if "error" in line.lower() or "exception" in line.lower()]
    rest = [line.strip() for line in tail if line.strip()]
    return "Blender failed: " + (spoken or rest or ["it said nothing"])[-1]
