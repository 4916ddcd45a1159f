"""The watch over a folder: every picture that arrives is judged once, whatever happens to the process."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from training.data.decoding import read_content
from training.data.region_of_interest import RegionOfInterest
from training.drift.window import DriftWindow
from training.model.detector import Detector
from training.model.load_detector import load_detector
from training.model.model_region import region_for
from training.prediction.image import write_pictures
from training.service.arrivals import Arrivals, Stamp, stamp_of
from training.service.folder_events import FolderEvents
from training.service.folder_search import FolderSearch
from training.service.line_judge import LineJudge
from training.service.stop_request import StopRequest
from training.service.watch_journal import JOURNAL, TABLE, WatchJournal
from training.service.watch_settings import WatchSettings
from training.service.webhook import Webhook
from training.support.user_error import UserError

log = logging.getLogger(__name__)

RESULTS = (JOURNAL,)
"""Files of an output folder that holds results."""
_LONGEST_WAIT = 0.2  # a request to stop is seen within this time [s]
_PICTURES_PER_LINE = 1000


def watch_run(settings: WatchSettings, stop: StopRequest) -> None:
    """Judge the pictures in the folder and those that arrive, until the stop is asked for.

    Raises UserError if the region of interest cannot be used, if the folder cannot be watched, and if the output cannot
    be written: no picture is lost then.
    """
    model = load_detector(settings.model, settings.overrides)
    region, warnings = region_for(model.provenance, settings.region)
    for warning in warnings:
        log.warning("Warning: %s", warning)
    drift = DriftWindow(model.reference, settings.drift)
    reference = None if model.reference is None else model.reference.document()
    described = {"reference": reference, "settings": vars(settings.drift), "limits": drift.limits}
    journal = WatchJournal(settings.output, _job(model, settings, region), described, settings.drift.window)
    for statistics in journal.last_statistics:
        drift.restore(statistics)
    drift.announce()
    judge = LineJudge(model, settings.minimum_prediction_size, settings.maximum_pixels, drift, region)
    with _events(settings) as events, _webhook(settings) as webhook:
        _Watch(settings, judge, journal, webhook).run(events, stop)
    log.info(
        "Stopped: %d pictures judged in all, %d anomalous, %d broken; %s",
        *(journal.count, journal.anomalous, journal.broken, settings.output / TABLE),
    )
    if webhook is not None:
        log.info("Webhook: %d results delivered, %d dropped", webhook.delivered, webhook.dropped)


class _Watch:
    """The loop: happenings and searches give arrivals, complete arrivals are judged."""

    def __init__(
        self, settings: WatchSettings, judge: LineJudge, journal: WatchJournal, webhook: Webhook | None
    ) -> None:
        self.settings, self.judge, self.journal, self.webhook = settings, judge, journal, webhook
        self.arrivals = Arrivals(settings.settle_seconds)
        self.search = FolderSearch(settings.input, settings.output)
        self._failing: dict[Path, tuple[Stamp, float]] = {}
        """Files that do not decode yet, their stamps, and the time from which they have not changed."""

    def run(self, events: FolderEvents, stop: StopRequest) -> None:
        search_at = time.monotonic()
        log.info("Watching %s; %d pictures were judged before", self.settings.input, self.journal.count)
        while not stop:
            now = time.monotonic()
            if now >= search_at:
                events.revive()
                for seen in self.search.files():
                    self._see(seen, now, renamed=False)
                search_at = now + self.settings.rescan_seconds
            path = self.arrivals.take(now)
            if path is not None:
                self._handle(path)
            wait = 0.0 if path else min(_LONGEST_WAIT, self.arrivals.wait(now), max(search_at - now, 0.0))
            for happening in events.read(wait):
                if happening.path is None:
                    search_at = now
                elif self.search.counts(happening.path):
                    self._see(happening.path, time.monotonic(), renamed=happening.renamed)

    def _see(self, path: Path, now: float, *, renamed: bool) -> None:
        stamp = stamp_of(path)
        if stamp is not None and not self.journal.holds(self._name(path).as_posix(), stamp):
            self.arrivals.see(path, now, renamed=renamed)

    def _handle(self, path: Path) -> None:
        """Judge a complete file, or give it more time. Raises UserError if the output cannot be written."""
        name, stamp = self._name(path), stamp_of(path)
        if stamp is None or self.journal.holds(name.as_posix(), stamp):
            return
        try:
            content = read_content(path)
            if stamp_of(path) != stamp:
                self.arrivals.see(path, time.monotonic())
                return
            result = self.judge.judge(content, path)
        except UserError as error:
            self._wait_or_give_up(path, name, stamp, str(error))
            return
        self._failing.pop(path, None)
        files: dict[str, Any] = {}
        if self.settings.maps:
            files = write_pictures(result.judged, name, self.settings.output, self.settings.overlays)
        self._record(name, stamp, {**result.fields(), **files, "error": ""})

    def _wait_or_give_up(self, path: Path, name: Path, stamp: Stamp, message: str) -> None:
        """Look at a file that cannot be judged again later; record it as broken once it has not changed for long."""
        now = time.monotonic()
        known, since = self._failing.get(path, (None, now))
        if known != stamp:
            since = now
        if stamp_of(path) is None:
            self._failing.pop(path, None)
            log.warning("Warning: %s was removed before it was judged", path)
        elif now - since < self.settings.patience_seconds:
            self._failing[path] = (stamp, since)
            self.arrivals.see(path, now)
        else:
            self._failing.pop(path, None)
            text = message if str(path) in message else f"{path}: {message}"
            log.error(text)
            broken = {"decision": "", "threshold": self.judge.model.threshold, "regions": []}
            self._record(name, stamp, {**broken, "statistics": {}, "drift": {}, "error": text})

    def _record(self, name: Path, stamp: Stamp, fields: dict[str, Any]) -> None:
        judged_at = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = self.journal.add({"image": name.as_posix(), "time": judged_at, **fields, "file": list(stamp)})
        if line["decision"] == "anomalous":
            log.info("%s is anomalous: score %.6g, %d findings", name, line["score"], line["findings"])
        if line["number"] % _PICTURES_PER_LINE == 0:
            log.info("%d pictures judged, %d anomalous", line["number"], self.journal.anomalous)
        if self.webhook is not None:
            self.webhook.offer(line)

    def _name(self, path: Path) -> Path:
        return path.relative_to(self.settings.input)


@contextmanager
def _events(settings: WatchSettings) -> Iterator[FolderEvents]:
    events = FolderEvents(settings.input, settings.polling_seconds)
    try:
        yield events
    finally:
        events.close()


@contextmanager
def _webhook(settings: WatchSettings) -> Iterator[Webhook | None]:
    webhook = None if settings.webhook is None else Webhook(settings.webhook)
    try:
        yield webhook
    finally:
        if webhook is not None:
            webhook.close()


def _job(model: Detector, settings: WatchSettings, region: RegionOfInterest | None) -> dict[str, Any]:
    """Return everything that a result depends on besides the picture."""
    return {
        "model": model.fingerprint,
        "threshold": model.threshold,
        "minimum_prediction_size": settings.minimum_prediction_size,
        "maps": settings.maps,
        "overlays": settings.overlays,
        "region of interest": None if region is None else region.sha256,
    }
