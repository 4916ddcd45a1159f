"""Tracked parts of a run folder: settings, figures, pictures, files, dataset hashes."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from training.support.run_folder import CONFIG_FOLDER
from training.tracking.dataset_hash import dataset_sha256
from training.tracking.figures import (
    EVALUATION,
    RESULTS,
    TRAINING,
    Course,
    Figures,
    evaluation_figures,
    training_figures,
)

PICTURES = "pictures"


@dataclass(frozen=True)
class TrackedRun:
    """A run folder after a command: its name, settings, figures, figures by epoch, pictures, files and facts."""

    folder: Path
    name: str
    evaluates: bool
    """True for an evaluation of a run that was trained before."""
    settings: dict[str, str]
    figures: Figures
    course: Course
    pictures: tuple[Path, ...]
    """The panels of the evaluation: picture, truth, map and decision side by side."""
    files: tuple[Path, ...]
    """The model file, and the tables and records beside it."""
    facts: dict[str, str]
    """Hashes of the datasets and of the model file, and the folder."""


def read_tracked_run(cfg: DictConfig, folder: Path) -> TrackedRun:
    """Return what a command with the settings ``cfg`` left in a run folder. Raises OSError."""
    figures, course = training_figures(folder)
    settings: Any = OmegaConf.to_container(cfg, resolve=True)
    settings.pop("tracking", None)
    models = tuple(sorted(folder.glob("*.safetensors")))
    records = tuple(folder / name for name in (TRAINING, "suspects.csv", "forgotten.json") if (folder / name).is_file())
    facts = {"run_folder": str(folder.resolve())}
    facts |= {f"model_sha256.{path.stem}": hashlib.sha256(path.read_bytes()).hexdigest() for path in models}
    facts |= {f"dataset_sha256.{root}": dataset_sha256(Path(root)) for root in _roots(folder)}
    return TrackedRun(
        folder=folder,
        name=_name(cfg, folder),
        evaluates="model" in cfg,
        settings=dict(_flat(settings)),
        figures=figures | evaluation_figures(folder),
        course=course,
        pictures=_panels(folder),
        files=(*models, *records),
        facts=facts,
    )


def _roots(folder: Path) -> list[str]:
    """Return the dataset folders that the run's records name and that exist here."""
    roots: list[str] = []
    if (folder / TRAINING).is_file():
        provenance = json.loads((folder / TRAINING).read_text(encoding="utf-8"))["provenance"]
        for dataset in provenance["datasets"]:
            named = dataset["root"] if isinstance(dataset["root"], list) else [dataset["root"]]
            roots += [*named, dataset["evaluation_root"]]
    if (folder / EVALUATION / RESULTS).is_file():
        roots.append(json.loads((folder / EVALUATION / RESULTS).read_text(encoding="utf-8"))["dataset"]["root"])
    return [root for root in dict.fromkeys(roots) if Path(root).is_dir()]


def _panels(folder: Path) -> tuple[Path, ...]:
    if not (folder / EVALUATION / RESULTS).is_file():
        return ()
    pictures = json.loads((folder / EVALUATION / RESULTS).read_text(encoding="utf-8"))["pictures"]
    return tuple(folder / EVALUATION / picture["panel"] for picture in pictures)


def _name(cfg: DictConfig, folder: Path) -> str:
    """Return the run's folder below paths.runs, such as sweep/3, or its own name.

    An evaluation has no paths.runs; the configuration of its run says it.
    """
    recorded = folder / CONFIG_FOLDER / "config.yaml"
    known = cfg if "paths" in cfg or not recorded.is_file() else OmegaConf.load(recorded)
    runs = Path(OmegaConf.select(known, "paths.runs", default=None) or folder.parent).resolve()
    absolute = folder.resolve()
    return absolute.relative_to(runs).as_posix() if absolute.is_relative_to(runs) and absolute != runs else folder.name


def _flat(settings: Any, prefix: str = "") -> list[tuple[str, str]]:
    if isinstance(settings, dict) and settings:
        return [pair for key, value in settings.items() for pair in _flat(value, f"{prefix}.{key}" if prefix else key)]
    return [(prefix, str(settings))]
