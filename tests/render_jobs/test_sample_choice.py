import pytest

from blender_addon.job.job_error import JobError
from render_jobs.sample_choice import in_range, in_shard


def test_shards_share_all_samples_out():
    samples = list(range(11))
    shards = [in_shard(f"{number}/4", samples) for number in (1, 2, 3, 4)]
    assert shards == [[0, 4, 8], [1, 5, 9], [2, 6, 10], [3, 7]]
    assert in_shard("1/1", samples) == samples
    assert in_shard("3/3", [7]) == []


@pytest.mark.parametrize("text", ["0/4", "5/4", "1", "1/", "a/b", "1/0", "-1/4"])
def test_what_is_no_shard_is_refused(text):
    with pytest.raises(JobError, match="not a shard I/N"):
        in_shard(text, [1, 2])


def test_ranges_are_pythons():
    assert in_range(":", [0, 1, 2]) == [0, 1, 2]
    assert in_range("1:", [0, 1, 2]) == [1, 2]
    assert in_range("1:2", [0, 1, 2]) == [1]
    with pytest.raises(JobError, match="0 <= A <= B <= 3"):
        in_range("2:4", [0, 1, 2])
