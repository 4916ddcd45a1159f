import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from tests.render_jobs.worker_process import content, render, write_job
from training.support.entry_point import CONF_FOLDER


@pytest.fixture
def compose_job():
    """Compose conf/render.yaml with overrides; return the job as plain data."""

    def composed(*overrides: str) -> dict:
        with initialize_config_dir(str(CONF_FOLDER), version_base="1.3"):
            return OmegaConf.to_container(compose("render", [*overrides]).job, resolve=True)

    return composed


@pytest.fixture
def smoke_job(compose_job) -> dict:
    """Four tiny pictures: a clean plate, a stained one, one with defects to threshold on and one to test on."""
    job = compose_job("render=synth", "job.image.width=122", "job.image.height=102", "job.image.samples=2")
    quiet = {"water_stains": True, "scratches": [1, 1], "dents": [1, 2]}
    job["name"] = "smoke"
    job["scratch"]["width"] = [4e-4, 9e-4]  # so that a mask of so few pixels has some of every scratch
    job["splits"] = [
        {"name": "train", "plates": 2, "water_stains": True, "scratches": [0, 0], "dents": [0, 0]},
        {"name": "validation", "plates": 1, **quiet},
        {"name": "test", "plates": 1, **quiet},
    ]
    return job


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    """A job file of eight pictures and the dataset that one worker makes of it in peace."""
    folder = tmp_path_factory.mktemp("undisturbed")
    job = write_job(folder, plates=8)
    done = render(job, folder / "out")
    assert done.returncode == 0, done.stderr
    return job, content(folder / "out")
