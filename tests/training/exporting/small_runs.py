"""Small trained detectors on noise plates in the layout of MVTec AD, and what an exported file says of an image."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime

from tests.training.configured import train_run
from tests.training.runs.small_defect_maps import train_defect_map
from tests.training.small_plates import compose_config, plate, write_png
from training.exporting.run import export_run
from training.exporting.settings import read_export_settings
from training.model.settings import ModelOverrides
from training.runs.fuse_run import fuse_run, read_fuse_settings, with_recorded_dataset

CPU = ModelOverrides("cpu")


def write_plates(root: Path) -> Path:
    """Write six good train images, and four good test images and four with a bright hole."""
    rng = np.random.default_rng(5)
    for number in range(6):
        write_png(root / "train" / "good" / f"{number}.png", plate(rng, 72, 88))
    for number in range(4):
        write_png(root / "test" / "good" / f"{number}.png", plate(rng, 72, 88))
        image, mask = plate(rng, 80, 72), np.zeros((80, 72), np.uint8)
        image[20:40, 30:50], mask[20:40, 30:50] = 255, 255
        write_png(root / "test" / "hole" / f"{number}.png", image)
        write_png(root / "ground_truth" / "hole" / f"{number}_mask.png", mask)
    return root


def trained_coreset(plates: Path, run: Path) -> Path:
    """Train a coreset with the project's own extractor: standardised images, squeeze and excitation, even kernel."""
    settings = ["dataset=mvtec", f"dataset.root={plates}", "device=cpu", "dataset.validation_fraction=0.5"]
    size = ["extractor=stainless_texture", "coreset.size=64", "coreset.epochs=1"]
    train_run(compose_config("train", [*settings, *size]), run)
    return run


def trained_defect_map(plates: Path, run: Path) -> Path:
    train_defect_map(plates, run, "dataset=mvtec", "dataset.validation_fraction=0.5")
    return run


def fused_run(plates: Path, sources: list[Path], run: Path) -> Path:
    names = ",".join(str(source) for source in sources)
    cfg = ["dataset=mvtec", f"dataset.root={plates}", "dataset.validation_fraction=0.5", "device=cpu", "rule=mean"]
    run.mkdir()
    fuse_run(read_fuse_settings(with_recorded_dataset(compose_config("fuse", [f"sources=[{names}]", *cfg]))), run)
    return run


def exported(run: Path, *overrides: str) -> Path:
    return export_run(read_export_settings(compose_config("export", [f"model={run}", *overrides])))


def outputs_of(file: Path, images: np.ndarray) -> list[np.ndarray]:
    """Return the outputs of a file in ONNX Runtime itself, without our own wrapper."""
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    return session.run(None, {"image": images})


def command(*arguments: str, without: str | None = None, folder: Path | None = None) -> subprocess.CompletedProcess:
    """Run the entry point in a process of its own, in ``folder``; ``without`` a package, as if not installed."""
    start = f"import sys; sys.modules[{without!r}] = None; " if without else "import sys; "
    start += "import runpy; sys.argv[0] = 'export'; runpy.run_module('training.export', run_name='__main__')"
    return subprocess.run(
        [sys.executable, "-c", start, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
