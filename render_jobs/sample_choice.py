"""Selection of a job's samples by --samples A:B and --shard I/N."""

from collections.abc import Sequence
from typing import TypeVar

from blender_addon.job.job_error import JobError

T = TypeVar("T")


def in_range(text: str, plan: Sequence[T]) -> list[T]:
    """Return the samples A to B-1 for 'A:B'; both numbers are optional. Raises JobError for other text."""
    start, colon, end = text.partition(":")
    try:
        first, last = int(start or 0), int(end or len(plan))
    except ValueError:
        first, last, colon = 0, 0, ""
    if not colon or not 0 <= first <= last <= len(plan):
        raise JobError(f"--samples {text}: not a range A:B with 0 <= A <= B <= {len(plan)}, the job's samples")
    return list(plan[first:last])


def in_shard(text: str, samples: Sequence[T]) -> list[T]:
    """Return shard I of N for 'I/N', I from 1: every Nth sample, so that all shards take about the same time.

    Raises JobError for other text.
    """
    part, slash, whole = text.partition("/")
    try:
        number, count = int(part), int(whole)
    except ValueError:
        number, count, slash = 0, 0, ""
    if not slash or not 1 <= number <= count:
        raise JobError(f"--shard {text}: not a shard I/N with 1 <= I <= N")
    return list(samples[number - 1 :: count])
