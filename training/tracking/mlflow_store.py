"""Tracking in MLflow: one MLflow run for each run folder; an evaluation goes on in the run of its training."""

import os
from pathlib import Path
from typing import Any

from filelock import FileLock

from training.tracking.settings import TrackingSettings
from training.tracking.tracked_run import TrackedRun

_SQLITE = "sqlite:///"
_SQLITE_BEGINNING = b"SQLite format 3\0"
_LONGEST = 6000  # characters of a setting
_FOLDER = "run_folder"


def write_to_mlflow(run: TrackedRun, settings: TrackingSettings) -> str:
    """Record a run; return MLflow's run id. Raises ValueError, or what MLflow raises, if the store cannot be used."""
    if not settings.store.startswith(_SQLITE):
        return _record(run, settings, None)
    file = Path(settings.store.removeprefix(_SQLITE)).absolute()
    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{file}.lock"):  # rows of a sweep end at the same time, and the first makes the tables
        _check_database(file)
        return _record(run, settings, file)


def _check_database(file: Path) -> None:
    """Raise ValueError if ``file`` is there and is no SQLite database: MLflow would try ten times, for 100 seconds."""
    if not file.exists():
        return
    with file.open("rb") as opened:
        beginning = opened.read(len(_SQLITE_BEGINNING))
    if beginning not in (b"", _SQLITE_BEGINNING):
        raise ValueError(f"{file} is no SQLite database")


def _record(run: TrackedRun, settings: TrackingSettings, file: Path | None) -> str:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # nothing leaves the machine unasked
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param, RunTag
    from mlflow.utils.time import get_current_time_millis

    client = MlflowClient(tracking_uri=settings.store if file is None else f"{_SQLITE}{file}")
    experiment = client.get_experiment_by_name(settings.experiment)
    if experiment is None:
        place = None if file is None else file.with_name("mlflow_files").as_uri()
        number = client.create_experiment(settings.experiment, artifact_location=place)
    else:
        number = experiment.experiment_id
    earlier = _trained(client, number, run) if run.evaluates else None
    run_id = earlier or client.create_run(number, run_name=run.name).info.run_id
    now = get_current_time_millis()
    metrics = [Metric(name, value, now, 0) for name, value in run.figures.items()]
    metrics += [
        Metric(name, value, now, step) for name, values in run.course.items() for step, value in enumerate(values)
    ]
    parameters = [] if run.evaluates else [Param(key, value[:_LONGEST]) for key, value in run.settings.items()]
    tags = [RunTag(_tag(name), value) for name, value in run.facts.items()]
    if run.evaluates:  # an evaluation may be repeated with other settings; MLflow's parameters may not change
        tags += [RunTag(f"evaluate.{key}", value[:_LONGEST]) for key, value in run.settings.items()]
    for start in range(0, len(metrics), 1000):  # MLflow's limits of a batch: 1000 metrics, 100 parameters, 100 tags
        client.log_batch(run_id, metrics=metrics[start : start + 1000])
    for start in range(0, max(len(parameters), len(tags)), 100):
        client.log_batch(run_id, params=parameters[start : start + 100], tags=tags[start : start + 100])
    for path in run.files if earlier is None else ():
        client.log_artifact(run_id, str(path))
    for path in run.pictures:
        client.log_artifact(run_id, str(path), "pictures")
    client.set_terminated(run_id)
    return str(run_id)


def _trained(client: Any, experiment: str, run: TrackedRun) -> str | None:
    """Return the newest MLflow run of the same folder, if there is one."""
    folder = run.facts[_FOLDER].replace("'", "\\'")
    found = client.search_runs(
        [experiment], f"tags.{_FOLDER} = '{folder}'", order_by=["start_time DESC"], max_results=1
    )
    return found[0].info.run_id if found else None


def _tag(name: str) -> str:
    """Return a fact's name in the characters that MLflow allows in a tag."""
    return "".join(letter if letter.isalnum() or letter in "_-./ " else "_" for letter in name)[:250]
