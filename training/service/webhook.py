"""A webhook: results posted as JSON by a thread of its own, so that a slow receiver never holds up the judging."""

import json
import logging
import queue
import threading
import time
import urllib.error
import urllib.request
from typing import Any

from training.service.watch_settings import WebhookSettings

log = logging.getLogger(__name__)

_BUSY = (408, 425, 429)  # of the answers 4xx those that may be better next time
_LONGEST_PAUSE = 60.0
_DROPS_PER_LINE = 100


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Refuse redirects: urllib would follow a POST with a GET, without the result."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow nothing: the redirect is then an HTTPError."""


class Webhook:
    """A bounded queue of results and the thread that posts them in order."""

    def __init__(self, settings: WebhookSettings) -> None:
        self._settings = settings
        self._waiting: queue.Queue[dict[str, Any]] = queue.Queue(settings.queue)
        self._opener = urllib.request.build_opener(_NoRedirects)
        self._in_hand: dict[str, Any] | None = None
        self._closing = threading.Event()
        self._counts = threading.Lock()
        self._closed = False
        self.delivered = self.dropped = 0
        self._thread = threading.Thread(target=self._work, name="webhook", daemon=True)
        self._thread.start()

    def offer(self, result: dict[str, Any]) -> None:
        """Queue a result without waiting; a full queue drops it."""
        if self._settings.only_anomalous and result.get("decision") == "nominal":
            return
        try:
            self._waiting.put_nowait(result)
        except queue.Full:
            self._drop(result, "the queue is full")

    def close(self) -> None:
        """Give the thread the time to post what waits; count the rest as dropped."""
        self._closing.set()
        self._thread.join(self._settings.stop_seconds)
        with self._counts:
            self._closed = True  # what the thread has in hand is counted here, not there
            left = self._waiting.qsize() + (self._in_hand is not None)
            self.dropped += left
        if left:
            log.warning("Warning: webhook: %d results dropped at the stop, not delivered in time", left)

    def _work(self) -> None:
        while not (self._closing.is_set() and self._waiting.empty()):
            try:
                result = self._waiting.get(timeout=0.1)
            except queue.Empty:
                continue
            self._in_hand = result
            reason = self._post(result)
            with self._counts:
                if self._closed:
                    return
                self._in_hand = None
                self.delivered += reason is None
            if reason is not None:
                self._drop(result, reason)

    def _post(self, result: dict[str, Any]) -> str | None:
        """Post a result until it is taken; return None, or the reason why it was given up."""
        settings, reason = self._settings, ""
        for attempt in range(settings.attempts):
            if attempt:
                pause = min(settings.pause_seconds * 2 ** (attempt - 1), _LONGEST_PAUSE)
                if self._closing.wait(pause):
                    time.sleep(min(pause, 0.2))  # at the stop: a last try, soon
            request = urllib.request.Request(  # http and https alone: watch_settings
                settings.url, json.dumps(result).encode(), {"Content-Type": "application/json"}, method="POST"
            )
            try:
                with self._opener.open(request, timeout=settings.timeout_seconds):
                    return None
            except urllib.error.HTTPError as error:
                error.close()
                reason = f"the answer was {error.code}"
                if 300 <= error.code < 500 and error.code not in _BUSY:
                    return reason
            except (OSError, ValueError) as error:  # ValueError: no HTTP
                reason = str(getattr(error, "reason", error))
            except Exception as error:  # http.client's; a receiver must not end the thread
                reason = f"{type(error).__name__}: {error}"
        return f"{reason}, {settings.attempts} times"

    def _drop(self, result: dict[str, Any], reason: str) -> None:
        with self._counts:
            self.dropped += 1
        if self.dropped == 1 or self.dropped % _DROPS_PER_LINE == 0:
            name = result.get("image")
            log.warning("Warning: webhook: %s was dropped: %s; %d dropped so far", name, reason, self.dropped)
