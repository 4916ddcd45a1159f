"""Events in a folder and those below it, as watchdog tells it, by the system's events or by polling."""

import queue
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.polling import PollingObserver

from training.support.user_error import UserError

_ARRIVALS = ("created", "modified", "closed", "moved")


class Happening(NamedTuple):
    """A file that appeared or changed; None for a folder, which must be searched."""

    path: Path | None
    renamed: bool


class FolderEvents(FileSystemEventHandler):
    """An observer of a folder; its happenings wait in order until they are read."""

    def __init__(self, folder: Path, polling_seconds: float | None) -> None:
        """Start to watch; ``polling_seconds`` is the time between two looks, None for the system's events.

        Raises UserError if the system cannot watch the folder.
        """
        self._folder = folder
        self._happenings: queue.SimpleQueue[Happening] = queue.SimpleQueue()
        self._observer = Observer() if polling_seconds is None else PollingObserver(timeout=polling_seconds)
        try:
            self._observer.schedule(self, str(folder), recursive=True)
            self._observer.start()
        except OSError as error:
            raise UserError(
                f"the system cannot watch input={folder}: {error.strerror or error}; use watching=polling"
            ) from error

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Note an event (in watchdog's thread)."""
        if event.event_type not in _ARRIVALS:
            return
        if event.is_directory:
            if event.event_type != "modified":
                self._happenings.put(Happening(None, False))
            return
        renamed = event.event_type == "moved"
        self._happenings.put(Happening(Path(str(event.dest_path if renamed else event.src_path)), renamed))

    def read(self, seconds: float) -> Iterator[Happening]:
        """Yield what has happened since; wait at most ``seconds`` for something."""
        try:
            yield self._happenings.get(timeout=seconds) if seconds > 0 else self._happenings.get_nowait()
            while True:
                yield self._happenings.get_nowait()
        except queue.Empty:
            return

    def revive(self) -> bool:
        """Watch again after the folder was away, as a network drive may be; return True if that was necessary."""
        if any(emitter.is_alive() for emitter in self._observer.emitters):
            return False
        try:
            self._observer.unschedule_all()
            self._observer.schedule(self, str(self._folder), recursive=True)
        except OSError:
            return False  # still away
        return True

    def close(self) -> None:
        """Stop to watch."""
        self._observer.stop()
        self._observer.join(timeout=10)
