import pytest

from blender_addon.job.job_error import JobError
from blender_addon.pictures.whole_file import PART_PREFIX
from render_jobs.sample_files import FOLDERS, RECORDS, open_dataset_folder

JOB = {"name": "smoke"}


def test_a_folder_whose_job_was_killed_at_its_very_start_is_taken_up(tmp_path):
    for folder in (RECORDS, *FOLDERS.values()):
        (tmp_path / folder).mkdir()
    (tmp_path / RECORDS / f"{PART_PREFIX}begun.json").write_text('{"jo')
    open_dataset_folder(tmp_path, JOB, "4.5.0", 4)
    open_dataset_folder(tmp_path, JOB, "4.5.0", 4)
    with pytest.raises(JobError, match="another job"):
        open_dataset_folder(tmp_path, {"name": "other"}, "4.5.0", 4)
    with pytest.raises(JobError, match=r"begun with Blender 4\.5\.0, this is 5\.2\.0"):
        open_dataset_folder(tmp_path, JOB, "5.2.0", 4)


@pytest.mark.parametrize("name", ["holiday.jpg", "images/000000.png"])
def test_a_folder_of_somebody_elses_files_is_refused_and_left_alone(tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(b"precious")
    with pytest.raises(JobError, match="neither empty nor a dataset"):
        open_dataset_folder(tmp_path, JOB, "4.5.0", 4)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / name]
