"""Render a dataset: a job description in, a dataset folder out.

    blender -b -P render_jobs/render_dataset.py -- --job job.json --out DIR [--samples A:B]
    python render_jobs/render_dataset.py --job job.json --out DIR [--samples A:B]

Run it again after a crash or a kill: finished samples are kept, the rest is rendered. Several machines can share one
folder if each takes its own --samples range; the last to finish writes the tables.
"""

import argparse
import json
import sys
import time
from pathlib import Path

if __package__ in (None, ""):  # run as a file, by Blender or by Python: the rooms lie one folder up
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bpy

from render_jobs.blender_output import output_to
from render_jobs.dataset_tables import write_tables
from render_jobs.job import read_job
from render_jobs.job_error import JobError
from render_jobs.render_sample import render_sample
from render_jobs.sample_files import RECORDS, open_dataset_folder, read_record
from render_jobs.sample_plan import PlannedSample, plan_samples


def main(arguments: list[str]) -> int:
    """Parse, render, print; return 0 when the range is finished, 1 when a render failed, 2 on bad input."""
    options = _parse(arguments)
    try:
        return render_dataset(options.job, options.out, options.samples, options.events)
    except JobError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (RuntimeError, OSError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 1


def render_dataset(job_file: Path, dataset: Path, sample_range: str, events: bool) -> int:
    """Render the samples of `sample_range` that are not finished yet, then the tables if nothing is missing.

    Raises JobError for bad input, RuntimeError or OSError where a sample fails; what is finished stays.
    """
    job = read_job(job_file)
    _check_denoiser(job)
    plan = plan_samples(job)
    chosen = _range(sample_range, plan)
    open_dataset_folder(dataset, job, bpy.app.version_string)
    todo = [sample for sample in chosen if read_record(dataset, sample.sample_id) is None]
    _tell(events, "begin", len(chosen) - len(todo), len(chosen), dataset=str(dataset))
    started = time.monotonic()
    for number, sample in enumerate(todo, start=1):
        with output_to(dataset / RECORDS / "blender.log"):
            render_sample(sample, dataset)
        seconds_left = (time.monotonic() - started) / number * (len(todo) - number)
        done = len(chosen) - len(todo) + number
        _tell(events, "sample", done, len(chosen), sample=sample.sample_id, seconds_left=round(seconds_left))
    complete = write_tables(dataset, job, [sample.sample_id for sample in plan], bpy.app.version_string)
    _tell(events, "end", len(chosen), len(chosen), dataset=str(dataset), complete=complete)
    return 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    description, _, rest = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(
        prog="render_dataset.py",
        description=description,
        epilog=rest,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--job", type=Path, required=True, help="job description (JSON, conf/schemas/job.schema.json)")
    parser.add_argument("--out", type=Path, required=True, help="dataset folder; made if absent, continued if begun")
    parser.add_argument("--samples", default=":", metavar="A:B", help="only samples A to B-1 (default: all)")
    parser.add_argument("--events", action="store_true", help="print progress as JSON lines, for programs")
    return parser.parse_args(arguments)


def _range(text: str, plan: list[PlannedSample]) -> list[PlannedSample]:
    start, colon, end = text.partition(":")
    try:
        first, last = int(start or 0), int(end or len(plan))
    except ValueError:
        first, last, colon = 0, 0, ""
    if not colon or not 0 <= first <= last <= len(plan):
        raise JobError(f"--samples {text}: not a range A:B with 0 <= A <= B <= {len(plan)}, the job's samples")
    return plan[first:last]


def _check_denoiser(job: dict) -> None:
    import _cycles  # Cycles' own module, there as soon as bpy is

    if job["image"]["denoise"] and not _cycles.with_openimagedenoise:
        raise JobError("image.denoise: this Blender is built without OpenImageDenoise; set it to false")


def _tell(events: bool, event: str, done: int, total: int, **more: object) -> None:
    """Say how far we are: a JSON line for a program, a sentence for a person."""
    if events:
        line = json.dumps({"event": event, "done": done, "total": total, **more})
    elif event == "begin":
        line = f"{more['dataset']}: {total} samples, {done} of them finished before"
    elif event == "sample":
        minutes, seconds = divmod(int(str(more["seconds_left"])), 60)
        line = f"{done}/{total}  sample {more['sample']} rendered, {minutes} min {seconds:02d} s left"
    else:
        state = "complete" if more["complete"] else "this range is finished, other samples are missing"
        line = f"{more['dataset']}: {state}"
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]))
