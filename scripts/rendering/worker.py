"""One Blender process that renders: start, events, memory, end."""

import json
import queue
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

import psutil

from scripts.rendering.blender_program import blender_command
from training.support.user_error import UserError

LAST_LINES = 40  # lines of Blender's output kept to find the cause of a failure
EXIT = "exit"  # the event at the end of a process's output


class RenderWorker:
    """A running worker; its events arrive in ``inbox`` as (worker, event), the last one is EXIT."""

    def __init__(
        self, blender: str | None, options: Sequence[str], inbox: "queue.Queue[tuple[RenderWorker, dict[str, Any]]]"
    ) -> None:
        try:
            self._process = subprocess.Popen(
                [*blender_command(blender), *options],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            )
        except OSError as error:
            raise UserError(f"blender={blender}: cannot start: {error.strerror}") from error
        self.token: str | None = None  # its name in leases
        self.sample: str | None = None  # the sample that it is rendering
        self.since = time.monotonic()  # time of its last event
        self.finished = 0
        self.end: dict[str, Any] | None = None
        self.doom: str | None = None  # why the supervisor ended it
        self._tail: deque[str] = deque(maxlen=LAST_LINES)
        self._inbox = inbox
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def resident_mb(self) -> float:
        """Return the resident memory of the process, 0 if it has ended."""
        try:
            return psutil.Process(self._process.pid).memory_info().rss / 1e6
        except psutil.Error:
            return 0.0

    def kill(self, cause: str | None = None) -> None:
        """End the process at once and store the reason; finished samples are kept."""
        self.doom = self.doom or cause
        self._process.kill()

    def wait(self) -> int:
        """Wait until the process has ended; return its exit status, negative for a signal."""
        self._listener.join()
        return self._process.wait()

    def reason(self) -> str:
        """Return why it failed: our reason, its own error line, the signal, or the last line that mentions an error."""
        status = self.wait()
        if self.doom is not None:
            return self.doom
        for line in reversed(self._tail):
            if line.startswith("error: "):
                return line.removeprefix("error: ")
        if status < 0:
            return f"Blender was ended by {_signal_name(-status)}"
        spoken = [line.strip() for line in self._tail if "error" in line.lower() or "exception" in line.lower()]
        rest = [line.strip() for line in self._tail if line.strip()]
        return "Blender failed: " + (spoken or rest or ["it said nothing"])[-1]

    def refused(self) -> bool:
        """Return whether it ended with an error line of its own, so that a new process would fail too."""
        return self.wait() in (1, 2) and any(line.startswith("error: ") for line in self._tail)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                event = _event(line)
                if event is None:
                    self._tail.append(line.rstrip())
                else:
                    self._inbox.put((self, event))
        self._inbox.put((self, {"event": EXIT}))


def _signal_name(number: int) -> str:
    """Return a signal in words; a SIGKILL that we did not send is usually the system's."""
    try:
        name = signal.Signals(number).name
    except ValueError:  # a signal without a name
        return f"signal {number}"
    return f"{name} (out of memory?)" if name == "SIGKILL" else name


def _event(line: str) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "event" in event else None
