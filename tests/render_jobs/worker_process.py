"""Workers as an engineer starts them, and what they leave behind."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from training.support.entry_point import CONF_FOLDER

ENTRY = Path(__file__).resolve().parents[2] / "render_jobs" / "render_dataset.py"
THINGS = {"water_stains": True, "scratches": [0, 1], "dents": [0, 1]}


def tiny_job(plates: int) -> dict:
    """Return a job of pictures that render in a third of a second each."""
    with initialize_config_dir(str(CONF_FOLDER), version_base="1.3"):
        cfg = compose("render", ["render=synth", "job.image.width=61", "job.image.height=51", "job.image.samples=1"])
    job = OmegaConf.to_container(cfg.job, resolve=True)
    return {**job, "name": "tiny", "splits": [{"name": "train", "plates": plates, **THINGS}]}


def write_job(folder: Path, plates: int) -> Path:
    """Write a tiny job into `folder`."""
    path = folder / "job.json"
    path.write_text(json.dumps(tiny_job(plates)))
    return path


def command(job: Path, out: Path, *more: str) -> list[str]:
    """A Blender program if there is one, else this Python's bpy."""
    options = ["--job", str(job), "--out", str(out), *more]
    if blender := shutil.which("blender"):
        return [blender, "-b", "--factory-startup", "-P", str(ENTRY), "--", *options]
    return [sys.executable, str(ENTRY), *options]


def render(job: Path, out: Path, *more: str) -> subprocess.CompletedProcess:
    """Run a worker to its end."""
    return subprocess.run(
        command(job, out, *more), capture_output=True, text=True, check=False, cwd=job.parent, timeout=600
    )


def start(job: Path, out: Path, *more: str) -> subprocess.Popen:
    """Start a worker that tells its events in JSON lines."""
    return subprocess.Popen(
        command(job, out, "--events", *more), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def events(text: str) -> list[dict]:
    """The events among what a worker printed."""
    return [json.loads(line) for line in text.splitlines() if line.startswith('{"event"')]


def content(folder: Path) -> dict[str, bytes]:
    """Every file of a dataset that people see, by relative name."""
    files = (path for path in folder.rglob("*") if path.is_file() and ".records" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(files)}
