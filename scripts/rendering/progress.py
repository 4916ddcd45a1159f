"""Progress of a render job: a bar with images per hour, time left and last picture; lines without a terminal."""

import time
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class RenderProgress:
    """A context manager that shows the events of workers."""

    def __init__(self, title: str) -> None:
        self._console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[pace]}"),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task = self._progress.add_task(title, total=None, pace="")
        self._title = title
        self._total = self._before = self._done = 0
        self._started = 0.0

    def __enter__(self) -> "RenderProgress":
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._progress.stop()

    def show(self, event: dict[str, Any]) -> None:
        """Process a worker's event."""
        if event["event"] == "begin" and not self._started:
            self.count(event["done"], event["total"])
            self._say(f"{self._title}: {self._total} samples, {self._done} of them finished before")
        elif event["event"] == "sample":
            self.count(self._done + 1, self._total, event["image"])
        elif event["event"] == "failure":
            self._console.print(
                f"sample {event['sample']} failed (attempt {event['attempt']}): {event['cause']}",
                soft_wrap=True,
                highlight=False,
                markup=False,
            )

    def count(self, done: int, total: int, picture: str | None = None) -> None:
        """Show that ``done`` of ``total`` samples are finished, ``picture`` last."""
        if not self._started:
            self._started, self._before = time.monotonic(), done
        new, self._done, self._total = done > self._done, done, total
        pace = _pace(done - self._before, total - done, time.monotonic() - self._started)
        words = "  ".join(filter(None, (pace, picture)))
        self._progress.update(self._task, completed=done, total=total, pace=words)
        if new and picture is not None:
            self._say(f"{done}/{total}  {words}")

    def _say(self, line: str) -> None:
        """Print a line, for logs; a terminal has the bar."""
        if not self._console.is_terminal:
            self._console.print(line, soft_wrap=True, highlight=False, markup=False)


def _pace(rendered: int, left: int, seconds: float) -> str:
    if rendered <= 0 or seconds <= 0:
        return ""
    rate = 3600 * rendered / seconds
    minutes = round(60 * left / rate)
    return f"{rate:.0f} images per hour, {minutes // 60} h {minutes % 60:02d} min left"
