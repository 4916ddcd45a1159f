"""The stages of the coreset benchmark: against the matrix product, against anomalib over images, and by AUPRO."""

import json
import platform
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from hydra import compose, initialize_config_dir
from numpy.typing import NDArray
from omegaconf import DictConfig
from rich.console import Console

from eval.metrics.curve_tally import CurveTally
from scripts.benchmarks.accuracy_data import fitted_to
from scripts.benchmarks.anomalib_peer import described_backbone, run_peer
from scripts.benchmarks.coreset_timing import (
    collected,
    coreset_over_product,
    covering_radius,
    inference_over_floor,
    meld_seconds,
)
from scripts.benchmarks.images import write_nominal_folder
from scripts.benchmarks.memory import idle_memory
from scripts.benchmarks.peer_coresets import FarthestFirstCoreset
from scripts.benchmarks.scale import EPOCHS, SEED, Scale
from training.data.dataset import open_dataset, read_image, read_mask
from training.data.settings import read_dataset_settings
from training.features.extractor import FeatureExtractor, build_extractor
from training.features.extractor_settings import read_extractor_settings
from training.model.anomaly_model import AnomalyModel, load_anomaly_model
from training.model.curves import aupro
from training.model.settings import read_anomaly_map_settings, read_model_overrides
from training.support.entry_point import CONF_FOLDER
from training.support.user_error import UserError


@dataclass(frozen=True)
class Bench:
    """The settings of all stages; ``python`` is anomalib's, or None to leave it out."""

    folder: Path
    scale: Scale
    settings: tuple[str, ...]
    python: Path | None
    memory_gb: float
    seconds: float
    console: Console

    def config(self, *more: str) -> DictConfig:
        """Return the composed conf/train.yaml."""
        with initialize_config_dir(str(CONF_FOLDER), version_base="1.3"):
            return compose("train", ["dataset=mvtec", "dataset.root=unused", "device=cpu", *self.settings, *more])

    @cached_property
    def extractor(self) -> FeatureExtractor:
        """The backbone of all stages and of the peer."""
        return build_extractor(read_extractor_settings(self.config().extractor), "cpu")

    def report(self, line: str) -> None:
        """Print a line of progress."""
        self.console.print(line, highlight=False)

    def trained(self, run: Path, *settings: str) -> dict[str, Any]:
        """Train in a separate process; return the content of training.json. Raises UserError."""
        fixed = ["device=cpu", f"coreset.size={self.scale.points}", f"coreset.epochs={EPOCHS}", f"hydra.run.dir={run}"]
        command = [sys.executable, "-m", "training.train", "dataset=mvtec", *self.settings, *fixed, *settings]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=CONF_FOLDER.parent)
        if done.returncode:
            raise UserError((done.stderr.strip().splitlines() or ["training failed"])[-1].removeprefix("error: "))
        record: dict[str, Any] = json.loads((run / "training.json").read_text())
        return record

    def peer(self, name: str, **job: Any) -> dict[str, Any]:
        """Run one of anomalib's models; return its measurements, or {"failed": reason}."""
        assert self.python is not None
        described = described_backbone(self.extractor, self.folder / "backbone.safetensors")
        fixed = {"peer": name, "points": self.scale.points, "threads": torch.get_num_threads(), "test": []}
        return run_peer(self.python, {**described, **fixed, **job}, self.folder, self.memory_gb, self.seconds)


def compare_with_product(bench: Bench) -> dict[str, Any]:
    """Compare coreset and inference with the matrix product of the same size, on one thread."""
    scale, extractor = bench.scale, bench.extractor
    images = [
        read_image(p) for p in write_nominal_folder(bench.folder / "large", scale.large_images, scale.large, SEED)
    ]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    features = [extractor.patches(image) for image in images]
    width, channels = features[0].shape[1:]
    rows = [image.reshape(-1, channels) for image in features]
    collected([rows[0][: scale.points + 64]], width, scale.points, 1)  # compiles first
    ratios = coreset_over_product(rows, width, scale.points, 3)
    bench.report(f"{len(rows[0])} patches x {channels} an image; product {ratios['product_seconds']:.3f} s")
    bench.report(f"coreset / product by epoch: {[[round(r, 3) for r in epoch] for epoch in ratios['by_epoch']]}")
    members = collected(rows, width, scale.points, 1)[0].coreset.features
    settings = read_anomaly_map_settings(bench.config().anomaly_map)
    inference = inference_over_floor(AnomalyModel(extractor, members, settings), images[0], scale.points, 3)
    melding = meld_seconds(np.concatenate(rows), scale.points, 10, EPOCHS)
    torch.set_num_threads(threads)
    return {
        **ratios,
        "inference_over_floor": inference["inference_over_floor"],
        "inference_seconds": inference["seconds"],
        "meld_seconds": melding,
        "image_size": scale.large,
        "points": scale.points,
        "channels": channels,
        "machine": f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads",
        "backbone_warnings": extractor.warnings,
    }


def compare_with_peer(bench: Bench, growth: tuple[int, ...]) -> dict[str, Any]:
    """Fit a growing number of images with this project and with anomalib; compare coresets on the same features."""
    idle = idle_memory()
    fits: list[dict[str, Any]] = []
    for count in growth:
        root = bench.folder / f"grown_{count}"
        paths = write_nominal_folder(root, count, (bench.scale.peer_side, bench.scale.peer_side), SEED)
        record = bench.trained(root / "run", f"dataset.root={root}", "coreset.measure_radius=false")
        own = {"fit": record["seconds"]["collect"], "memory_mb": record["peak_memory_mb"] - idle}
        row: dict[str, Any] = {"images": count, "sequential": own}
        for name in bench.scale.peers if bench.python is not None else ():
            last = fits[-1][name] if fits else {"fit": 0.0}
            row[name] = last if "failed" in last else _grown(bench, name, paths, last["fit"])
        fits.append(row)
        bench.report(json.dumps(row))
    compared = [row for row in fits if "fit" in row.get("patchcore", {})]
    speedup = compared[-1]["patchcore"]["fit"] / compared[-1]["sequential"]["fit"] if compared else None
    memory = max(row["sequential"]["memory_mb"] for row in fits)
    return {"fits": fits, "fit_speedup_vs_anomalib": speedup, "peak_memory_mb": memory, **_same_features(bench, growth)}


def _grown(bench: Bench, name: str, paths: list[Path], last_seconds: float) -> dict[str, Any]:
    """Fit a peer, unless the previous fit suggests that it would exceed the time limit."""
    if 2 * last_seconds > bench.seconds:
        return {"failed": f"left out: the previous fit took {last_seconds:.0f} s, the limit is {bench.seconds:.0f} s"}
    return bench.peer(name, images=[str(path) for path in paths])


def _same_features(bench: Bench, growth: tuple[int, ...]) -> dict[str, Any]:
    root, points = bench.folder / f"grown_{max(growth)}", bench.scale.points
    maps = [bench.extractor.patches(read_image(path)) for path in sorted((root / "train" / "good").iterdir())]
    width, channels = maps[0].shape[1:]
    rows = [features.reshape(-1, channels) for features in maps]
    _, seconds = collected(rows, width, points, EPOCHS)
    converged, _ = collected(rows, width, points, bench.scale.greedy_epochs)
    greedy = FarthestFirstCoreset(points, SEED)
    for patches in rows:
        greedy.update(patches)
    own, best = (covering_radius(rows, width, coreset.features) for coreset in (converged.coreset, greedy))
    measurements: dict[str, Any] = {
        "radius_over_greedy": own / best,
        "radius": {"sequential": own, "greedy": best},
        "radius_epochs": len(converged.epochs),
        "coreset_seconds": {"sequential": seconds},
    }
    if bench.python is not None:
        files = {"features": bench.folder / "features.npy", "members": bench.folder / "members.npy"}
        np.save(files["features"], np.concatenate(rows))
        peer = bench.peer("k_center", **{name: str(path) for name, path in files.items()})
        bench.report(f"same features: {seconds:.2f} s, anomalib {json.dumps(peer)}")
        if "failed" not in peer:
            measurements["coreset_seconds"]["anomalib"] = peer["seconds"]["coreset"]
            measurements["coreset_speedup_vs_anomalib"] = peer["seconds"]["coreset"] / seconds
            measurements["radius"]["anomalib"] = covering_radius(rows, width, np.load(files["members"]))
    return measurements


def compare_on_tiles(bench: Bench, tiles: Path) -> dict[str, Any]:
    """Return the AUPRO on real images of this project and of anomalib, with equal backbone, layers and images."""
    train, test = bench.scale.tiles
    run = bench.folder / "tiles"
    settings = (f"dataset.root={tiles}", f"dataset.max_images={train}")
    bench.trained(run, *settings)
    cfg = bench.config(*settings)
    dataset = open_dataset(read_dataset_settings(cfg.dataset))
    every = dataset.split("test")
    chosen = tuple(every[i] for i in np.unique(np.linspace(0, len(every) - 1, test).round().astype(int)))
    defects = [np.isin(read_mask(s, read_image(s.image).shape), dataset.defect_ids) for s in chosen]
    model = load_anomaly_model(run, read_model_overrides(cfg))
    own = _aupro([model.anomaly_map(read_image(s.image)) for s in chosen], defects)
    measurements: dict[str, Any] = {"aupro_ours": own, "aupro_images": {"train": train, "test": len(chosen)}}
    for name in bench.scale.peers if bench.python is not None else ():
        maps = bench.folder / f"maps_{name}"
        maps.mkdir()
        files = {
            part: [str(s.image) for s in samples]
            for part, samples in (("images", dataset.split("train")), ("test", chosen))
        }
        done = bench.peer(name, maps=str(maps), **files)
        key = "aupro_anomalib" if name == "patchcore" else f"aupro_{name}"
        bench.report(f"{name} on real images: {json.dumps({**done, 'scores': len(done.get('scores', ()))})}")
        if "failed" not in done:
            measurements[key] = _aupro([np.load(maps / f"{number}.npy") for number in range(len(chosen))], defects)
    return measurements


def _aupro(maps: list[NDArray[np.float32]], defects: list[NDArray[np.bool_]]) -> float | None:
    """Return the area under the per-region overlap to a false-positive rate of 0.3; maps are resized to the masks."""
    tally, total = CurveTally(), 0
    nothing = np.empty(0, np.float32)
    for scores, defect in zip(maps, defects, strict=True):
        fitted = fitted_to(scores, (defect.shape[0], defect.shape[1]))
        count, regions, stats, _ = cv2.connectedComponentsWithStats(defect.astype(np.uint8))
        areas = stats[regions[defect], cv2.CC_STAT_AREA].astype(np.float64)
        tally.add({"defect": fitted[defect], "impurity": nothing, "background": fitted[~defect]}, areas)
        total += count - 1
    _, negatives, overlaps = tally.weights()
    return aupro(overlaps, total, negatives, 0.3)
