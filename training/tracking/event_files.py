"""Tracking in TensorBoard's event files: one folder for each run."""

from pathlib import Path

import cv2

from training.tracking.settings import TrackingSettings
from training.tracking.tracked_run import TrackedRun


def write_event_files(run: TrackedRun, settings: TrackingSettings) -> Path:
    """Record a run; return the folder of its event files. Raises OSError.

    TensorBoard stores no files: the model file appears by its path and its hash.
    """
    from torch.utils.tensorboard import SummaryWriter

    folder = Path(settings.store) / run.name
    with SummaryWriter(str(folder)) as writer:
        for name, value in run.figures.items():
            writer.add_scalar(name.replace(".", "/", 1), value, 0)
        for name, values in run.course.items():
            for step, value in enumerate(values):
                writer.add_scalar(name.replace(".", "/", 1), value, step)
        for path in run.pictures:
            pixels = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
            if pixels is None:
                raise OSError(0, "cannot be read", str(path))
            writer.add_image(f"pictures/{path.stem}", pixels, 0, dataformats="HWC")
        writer.add_text("evaluate" if run.evaluates else "settings", _table(run.settings), 0)
        files = {path.name: str(path.resolve()) for path in run.files}
        writer.add_text("files", _table(files | run.facts), 0)
    return folder


def _table(rows: dict[str, str]) -> str:
    """Return a table in Markdown, as TensorBoard shows texts."""
    cells = [f"| {key} | {value.replace('|', '&#124;')} |" for key, value in rows.items()]
    return "\n".join(["| | |", "|---|---|", *cells])
