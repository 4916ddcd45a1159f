"""The wish to stop: SIGTERM and SIGINT end a service after what it has in hand."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class StopRequest:
    """True once SIGTERM or SIGINT has come."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def __bool__(self) -> bool:
        return self._event.is_set()

    def set(self, *_: int | FrameType | None) -> None:
        """Ask for the stop; also a signal's handler."""
        self._event.set()


@contextmanager
def stop_on_signals() -> Iterator[StopRequest]:
    """Yield a request that SIGTERM and SIGINT set; the earlier handlers return at the end."""
    request = StopRequest()
    earlier = {number: signal.signal(number, request.set) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield request
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
