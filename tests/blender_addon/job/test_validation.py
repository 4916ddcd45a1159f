import json

import pytest

from blender_addon.job.job_error import JobError
from render_jobs.job import read_job, validate_job


def mistake(job) -> str:
    with pytest.raises(JobError) as error:
        validate_job(job, "job.json")
    message = str(error.value)
    assert "\n" not in message
    return message


def test_an_unknown_key_names_the_nearest_known_one(smoke_job):
    smoke_job["scratch"]["lenght"] = 0.1
    assert mistake(smoke_job) == "job.json: unknown key 'scratch.lenght'; did you mean 'scratch.length'?"


def test_a_negative_length_is_refused(smoke_job):
    smoke_job["plate"]["width"] = -0.12
    assert mistake(smoke_job) == "job.json: plate.width must be at least 0.001, not -0.12"


def test_a_range_that_runs_backwards_is_refused(smoke_job):
    smoke_job["dent"]["radius"] = [0.004, 0.001]
    assert "dent.radius = [0.004, 0.001]" in mistake(smoke_job)
    smoke_job["dent"]["radius"] = 0.001
    smoke_job["splits"][0]["scratches"] = [3, 1]
    assert "splits[0].scratches = [3, 1]" in mistake(smoke_job)


def test_a_light_without_a_ring_is_refused(smoke_job):
    light = dict(smoke_job["light"])
    for radii in (
        {"inner_radius": 0.2, "outer_radius": 0.1},
        {"inner_radius": 0.2},  # above the default
        {"inner_radius": [0.05, 0.1], "outer_radius": [0.09, 0.2]},  # above in some draws
    ):
        smoke_job["light"] = light | radii
        assert "light.inner_radius" in mistake(smoke_job)


def test_several_mistakes_are_counted(smoke_job):
    smoke_job["image"] = {"width": "wide", "height": 0, "samples": 4, "denoise": False}
    assert mistake(smoke_job) == 'job.json: image.width must be integer, not "wide" (and 1 more)'


@pytest.mark.parametrize(
    ("content", "words"), [(None, "cannot read"), ("{", "not a JSON file"), ("[]", "must be object")]
)
def test_a_file_that_is_no_job_is_refused(tmp_path, content, words):
    path = tmp_path / "job.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(JobError, match=words):
        read_job(path)


def test_a_good_job_reads_back(tmp_path, smoke_job):
    (tmp_path / "job.json").write_text(json.dumps(smoke_job))
    assert read_job(tmp_path / "job.json") == smoke_job
