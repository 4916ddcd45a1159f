"""The check pass: every image and mask of a dataset is decoded once before it is used, in parallel, with progress.

Training, evaluation and scripts/check_dataset.py all use it.
"""

import logging
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from training.data.check_summary import summary_lines
from training.data.contradictions import contradictions
from training.data.sample import SPLITS, Dataset
from training.data.sample_facts import SampleFacts, facts_of
from training.support.progress import with_progress
from training.support.user_error import UserError

log = logging.getLogger(__name__)

_MOST_THREADS = 8


@dataclass(frozen=True)
class CheckReport:
    """The result of a check: a summary, line by line, and what is wrong or may be."""

    summary: tuple[str, ...]
    errors: tuple[str, ...]
    warnings: tuple[str, ...]


def check_dataset(dataset: Dataset, splits: Sequence[str] = SPLITS) -> CheckReport:
    """Decode every image, mask and instance map of the splits and report on them; nothing is written or changed."""
    samples = [sample for sample in dataset.samples if sample.split in splits]
    facts = list(with_progress(_facts(dataset, splits), len(samples), "checking"))
    found = contradictions(dataset, facts)
    return CheckReport(tuple(summary_lines(dataset, facts)), found.errors, found.warnings)


def require_sound(dataset: Dataset, splits: Sequence[str] = SPLITS) -> list[str]:
    """Check a dataset and log the summary; return the warnings.

    Raises UserError with the first error, and the number of the others.
    """
    report = check_dataset(dataset, splits)
    for line in report.summary:
        log.info("%s", line)
    if report.errors:
        more = len(report.errors) - 1
        others = f" (and {more} more; python -m scripts.check_dataset {dataset.root} lists them)" if more else ""
        raise UserError(f"{report.errors[0]}{others}")
    return list(report.warnings)


def _facts(dataset: Dataset, splits: Sequence[str]) -> Iterator[SampleFacts]:
    """Yield the facts of the samples in order. Decoders release Python's lock, so threads suffice."""
    samples = [sample for sample in dataset.samples if sample.split in splits]
    threads = min(_MOST_THREADS, os.cpu_count() or 1)
    with ThreadPoolExecutor(threads) as pool:
        try:
            yield from pool.map(partial(facts_of, dataset=dataset), samples)
        finally:
            pool.shutdown(cancel_futures=True)
