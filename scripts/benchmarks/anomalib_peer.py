"""A separate environment for anomalib, and jobs that run in it under a memory limit."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from safetensors.torch import save_file

from training.features.backbone import network_and_layers
from training.features.backbone_weights import find_weights
from training.features.extractor import LEAST_CONTRAST, FeatureExtractor
from training.support.user_error import UserError

REQUIREMENT = "anomalib==2.7.*"
FIT = Path(__file__).with_name("anomalib_fit.py")


def cache_folder() -> Path:
    """Return the user's cache folder of this platform."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "stainless"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "stainless" / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "stainless"


def peer_python(console: Console) -> Path:
    """Return the Python of anomalib's environment; uv creates it at the first call. Raises UserError."""
    folder = cache_folder() / "anomalib-2.7"
    python = folder / "bin" / "python"
    ready = folder / "ready"
    if ready.is_file():
        return python
    uv = shutil.which("uv")
    if uv is None:
        raise UserError("creating anomalib's environment needs uv, which is not installed: pip install uv")
    console.print(f"Creating anomalib's environment in {folder} ...")
    for command in (
        [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)],
        [uv, "pip", "install", "--quiet", "--python", str(python), REQUIREMENT],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            reasons = "; ".join(line.strip() for line in done.stderr.splitlines() if line.strip())
            raise UserError(f"anomalib's environment could not be created: {reasons or 'uv gave no reason'}")
    ready.touch()
    return python


def described_backbone(extractor: FeatureExtractor, file: Path) -> dict[str, Any]:
    """Return the part of a job that describes the backbone; write its weights as safetensors.

    Raises UserError for an extractor that anomalib does not support.
    """
    fingerprint, settings = extractor.fingerprint, extractor.settings
    if settings.further_scales:
        raise UserError("anomalib's PatchCore supports one scale only; compare with extractor.further_scales=[]")
    network, layers = network_and_layers(settings)
    save_file({name: t.contiguous().clone() for name, t in find_weights(settings, network).state.items()}, file)
    described = {name: fingerprint[name] for name in ("provider", "architecture", "activation", "padding")}
    described |= {"layers": layers, "resize": fingerprint["input"]["resize"]}
    described |= {name: fingerprint["input"][name] for name in ("mean", "std")}
    # smallest deviation that divides an image; None: no standardising
    described["least_contrast"] = LEAST_CONTRAST if extractor.standardise else None
    return {**described, "weights": str(file)}


def run_peer(
    python: Path, job: dict[str, Any], folder: Path, memory_gb: float, seconds: float, fit: Path = FIT
) -> dict[str, Any]:
    """Run a job by the program ``fit`` in anomalib's environment; return its measurements, or {"failed": reason}."""
    job_file, result = folder / "job.json", folder / "result.json"
    import resource  # missing on Windows, where the peer's memory cannot be limited

    result.unlink(missing_ok=True)
    job_file.write_text(json.dumps({**job, "result": str(result)}))
    limit = int(memory_gb * 2**30)

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))

    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "1000000", "NO_ALBUMENTATIONS_UPDATE": "1"}
    try:
        done = subprocess.run(
            [str(python), str(fit), str(job_file)],
            preexec_fn=limited,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        return {"failed": f"not finished after {seconds:.0f} s"}
    if result.is_file():
        measurements: dict[str, Any] = json.loads(result.read_text())
        return measurements
    return {"failed": f"status {done.returncode}: {(done.stderr.strip().splitlines() or ['no message'])[-1]}"}
