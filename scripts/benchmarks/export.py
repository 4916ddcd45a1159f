"""Exported models beside the models that they were made from: difference, decisions, time, size, and int8's AUPRO."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from omegaconf import OmegaConf

from scripts.benchmarks.accuracy_data import LabelledTestImage
from scripts.benchmarks.accuracy_metrics import accuracy
from scripts.training_steps import composed_config
from training.exporting.check import Comparison, compared
from training.exporting.exported_model import ExportedModel
from training.exporting.region import export_region
from training.exporting.run import export_run
from training.exporting.settings import read_export_settings
from training.model.load_detector import load_detector
from training.model.settings import ModelOverrides
from training.runs.settings import read_training_settings
from training.runs.training_run import train_run
from training.support.typed_overrides import quoted


def trained(folder: Path, root: Path, settings: Sequence[str]) -> Path:
    """Train a coreset on a folder in the layout of MVTec AD, on the CPU, and return its run folder."""
    cfg = composed_config("train", "dataset=mvtec", f"dataset.root={quoted(root)}", "device=cpu", *settings)
    (folder / ".hydra").mkdir(parents=True)
    OmegaConf.save(cfg, folder / ".hydra" / "config.yaml")
    train_run(read_training_settings(cfg), folder)
    return folder


def exported(run: Path, *settings: str) -> Path:
    """Export a run's model and return the path of the file."""
    return export_run(read_export_settings(composed_config("export", f"model={quoted(run)}", *settings)))


def comparison(run: Path, file: Path, images: Sequence[Path], threads: int, tolerance: float) -> Comparison:
    """Compare an exported file with its model on image files, both with as many threads."""
    torch.set_num_threads(threads)
    detector = load_detector(run, ModelOverrides("cpu"))
    folder = Path(os.path.commonpath([path.parent for path in images]))
    region = export_region(detector.provenance, None)
    return compared(detector, ExportedModel(file, threads), images, folder, tolerance, region)


def accuracy_of(file: Path, threads: int, images: Sequence[LabelledTestImage]) -> dict[str, Any]:
    """Return image AUROC, AUPRO and largest F1 of an exported file on test images."""
    model = ExportedModel(file, threads)
    found = [model.find(image.image) for image in images]
    return accuracy([entry.anomaly_map for entry in found], [entry.score for entry in found], images)
