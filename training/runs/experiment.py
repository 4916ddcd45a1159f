"""Experiments: the rows of the paper's tables, each made once, after those that it builds on."""

import hashlib
import json
import logging
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from filelock import FileLock
from omegaconf import DictConfig, OmegaConf

from training.data.dataset import Sample, open_dataset
from training.data.settings import read_dataset_settings, read_region
from training.features.extractor import build_extractor
from training.features.extractor_settings import read_extractor_settings
from training.features.feature_store import stored_features
from training.model.file import FILE_NAME, differing_field, load_model
from training.runs.meld_run import meld_run
from training.runs.settings import read_continuation_settings, read_meld_settings, read_training_settings
from training.runs.training_run import finetune_run, train_run
from training.support.document import document_of
from training.support.run_folder import CONFIG_FOLDER, logged_to
from training.support.settings_schema import check_settings
from training.support.user_error import UserError
from training.support.whole_file import write_json, write_whole
from training.tracking.tracker import tracked

log = logging.getLogger(__name__)

RECORD = "experiment.json"
_LOG = "train.log"
_MADE_OF = {"train": "no experiment", "finetune": "one experiment", "meld": "two experiments or more"}
# For each group, the settings that do not change the result.
_WITHOUT_EFFECT = {"coreset": ("backend", "cache_features"), "tree": ("cluster", "workers")}


def make_experiment(
    cfg: DictConfig, composed: Callable[[str], DictConfig], builders: tuple[str, ...] = ()
) -> tuple[Path, bool]:
    """Make the run folder ``<paths.runs>/<name>`` of an experiment; return it, and whether it had to be made.

    Nothing is made if the folder is finished and has the same settings, images and parents. ``composed(name)`` returns
    the config of an experiment in ``cfg.builds_on``, which is made first. Several processes may ask for one experiment:
    one makes it, the others wait. An unfinished run continues from its checkpoint. A finished run of other settings is
    refused, never overwritten. ``builders`` are the experiments that build on this one. Raises UserError.
    """
    check_settings(cfg)
    _check_kind(cfg)
    with stored_experiment_features(cfg):
        return _made(cfg, composed, builders)


def stored_experiment_features(cfg: DictConfig) -> AbstractContextManager[None]:
    """Return the context in which extractors keep features in the folder that ``cfg.paths`` names, if any."""
    folder = cfg.paths.features
    return stored_features(None if folder is None else Path(folder), cfg.paths.features_gigabytes)


def _made(cfg: DictConfig, composed: Callable[[str], DictConfig], builders: tuple[str, ...]) -> tuple[Path, bool]:
    parents = {name: _parent(name, cfg, composed, builders) for name in cfg.builds_on}
    folder = folder_of(cfg)
    origin = _origin(cfg, parents)  # refuses wrong settings before a folder is made
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / ".lock"), logged_to(folder / _LOG):
            if _is_finished(folder, origin):
                log.info("%s: complete, in %s", cfg.name, folder)
                return folder, False
            row = _with_sources(cfg, [str(parent) for parent in parents.values()])
            write_whole(folder / CONFIG_FOLDER / "config.yaml", OmegaConf.to_yaml(row).encode())
            write_json(folder / RECORD, {"finished": False, "origin": origin})
            with tracked(row, folder):
                _run(row, folder)
            write_json(folder / RECORD, {"finished": True, "origin": origin})
    except UserError:
        if {path.name for path in folder.iterdir()} <= {".lock", _LOG, CONFIG_FOLDER, RECORD}:
            shutil.rmtree(folder)  # nothing was collected
        raise
    return folder, True


def _run(cfg: DictConfig, folder: Path) -> None:
    if cfg.kind == "train":
        train_run(read_training_settings(cfg), folder)
    elif cfg.kind == "finetune":
        finetune_run(read_continuation_settings(cfg), folder)
    else:
        meld_run(read_meld_settings(cfg), folder)


def folder_of(cfg: DictConfig) -> Path:
    """Return the run folder of an experiment."""
    return Path(cfg.paths.runs) / str(cfg.name)


def _parent(name: str, cfg: DictConfig, composed: Callable[[str], DictConfig], builders: tuple[str, ...]) -> Path:
    line = (*builders, str(cfg.name))
    if name in line:
        raise UserError(f"experiment {name} builds on itself: {' on '.join([*line, name])}")
    other = composed(name)
    if other.name != name:
        raise UserError(f"experiment {name} has the name {other.name}; its file and its name must be the same")
    if builders == () and not (folder_of(other) / FILE_NAME).exists():
        log.info("%s builds on %s", cfg.name, name)
    try:
        return make_experiment(other, composed, line)[0]
    except UserError as error:
        raise UserError(f"{name}, which it builds on: {error}") from error


def _check_kind(cfg: DictConfig) -> None:
    number = len(cfg.builds_on)
    fits = {"train": number == 0, "finetune": number == 1, "meld": number >= 2}[cfg.kind]
    if not fits:
        raise UserError(f"{cfg.name}: kind {cfg.kind} builds on {_MADE_OF[cfg.kind]}, not on {number}")


def _with_sources(cfg: DictConfig, sources: list[str]) -> DictConfig:
    """Return the config in the form that the run functions read: with source, or sources."""
    row = cfg.copy()
    OmegaConf.set_struct(row, False)
    if cfg.kind == "finetune":
        row.source = sources[0]
    elif cfg.kind == "meld":
        row.sources = sources
    return row


def _is_finished(folder: Path, origin: dict[str, Any]) -> bool:
    """Return whether the folder holds the wanted result. Raises UserError if it holds another one."""
    again = f"choose another paths.runs, or delete {folder}"
    if not (folder / FILE_NAME).exists():
        return False
    if not (folder / RECORD).exists():
        raise UserError(f"{folder} holds a run that no experiment made; {again}")
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        stored, finished = dict(record["origin"]), bool(record["finished"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{folder / RECORD} cannot be read ({error}); {again}") from error
    difference = differing_field(stored, json.loads(json.dumps(origin)))
    if difference is not None:
        field, then, now = difference
        raise UserError(f"{folder} was made with {field} {then}; it is now {now}; {again}")
    return finished


def _origin(cfg: DictConfig, parents: dict[str, Path]) -> dict[str, Any]:
    """Return everything that the collected bits and the threshold depend on, in flat fields."""
    extractor = build_extractor(read_extractor_settings(cfg.extractor), cfg.device)
    region = read_region(cfg)
    dataset = open_dataset(read_dataset_settings(cfg.dataset, region))
    tiling = extractor.settings.tiling
    train = dataset.split("train") if cfg.kind != "meld" else ()
    return {
        "kind": cfg.kind,
        **{f"extractor.{name}": value for name, value in extractor.fingerprint.items()},
        "extractor.tiling": None if tiling is None else document_of(tiling),
        **_fields(cfg, "augment"),
        **_fields(cfg, "coreset"),
        **_fields(cfg, "anomaly_map"),
        **_fields(cfg, "threshold"),
        **_fields(cfg, "tree"),
        **({} if region is None else {"region of interest": region.sha256}),
        "train images": identity_of(train),
        "validation images": identity_of(dataset.split("validation")),
        **{f"coreset of {name}": load_model(folder)[1].features_sha256 for name, folder in parents.items()},
    }


def _fields(cfg: DictConfig, group: str) -> dict[str, Any]:
    settings: Any = OmegaConf.to_container(cfg[group], resolve=True) if group in cfg else {}
    ignored = [*_WITHOUT_EFFECT.get(group, ())]
    if settings.get("minimum_support") == 1:  # keeps all members, as runs did before there was this setting
        ignored.append("minimum_support")
    return {f"{group}.{name}": value for name, value in settings.items() if name not in ignored}


def identity_of(samples: tuple[Sample, ...]) -> str:
    """Return the number of images, and a hash of their names and of the sizes of their files and masks.

    The images' folders do not count.
    """
    lines = [
        f"{sample.sample_id}\t{sample.image.name}\t{sample.image.stat().st_size}"
        f"\t{sample.mask.stat().st_size if sample.mask else 0}"
        for sample in samples
    ]
    return f"{len(lines)} ({hashlib.sha256(chr(10).join(lines).encode()).hexdigest()[:16]})"
