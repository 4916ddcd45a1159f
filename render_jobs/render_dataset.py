"""Render a job into a dataset folder.

    blender -b -P render_jobs/render_dataset.py -- --job job.json --out DIR [--shard I/N]
    python render_jobs/render_dataset.py --job job.json --out DIR [--shard I/N]
    python render_jobs/render_dataset.py --status --out DIR

After a crash or a kill, run the same command again: finished samples are kept, and the rest is rendered. Any number of
workers on any number of machines may run it on one shared folder; each sample is rendered by one of them.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

if __package__ in (None, ""):  # run as a file by Blender or by Python; the packages are in the parent folder
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bpy

from blender_addon.job.definition import Job, job_of
from blender_addon.job.job_error import JobError
from render_jobs.dataset_tables import write_tables
from render_jobs.device import AUTO, find_device
from render_jobs.failures import clear_failures
from render_jobs.job import read_job
from render_jobs.job_status import read_status
from render_jobs.lease import this_process
from render_jobs.process_end import leave
from render_jobs.render_loop import Execution, FolderError, render_samples
from render_jobs.renderer_choice import choose_renderer, require_renderer
from render_jobs.sample_choice import in_range, in_shard
from render_jobs.sample_files import open_dataset_folder, read_record
from render_jobs.sample_plan import drawn_by, plan_samples


def main(arguments: list[str]) -> int:
    """Run the command; return 0 if all selected samples are finished, 1 if some failed, 2 for bad input."""
    options = _parse(arguments)
    try:
        if options.status:
            print(read_status(options.out, options.lease_seconds))
            return 0
        return render_dataset(options)
    except JobError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the parent process has ended; samples are finished or free for others
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except FolderError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {error.filename or options.out}: {error.strerror or error}", file=sys.stderr)
        return 1


def render_dataset(options: argparse.Namespace) -> int:
    """Render the selected samples that are not finished, then write the tables if nothing is missing.

    Raises JobError for bad input, FolderError or OSError if the folder cannot be written. Finished samples stay.
    """
    document = read_job(options.job)
    job = job_of(document)
    _check_denoiser(job)
    plan = plan_samples(document)
    chosen = in_shard(options.shard, in_range(options.samples, plan))
    device = find_device(options.device)
    choice = choose_renderer(job, device)
    execution = Execution(device, options.threads, options.attempts, options.lease_seconds, options.at_most)
    renderer = open_dataset_folder(options.out, document, bpy.app.version_string, len(plan), choice)
    require_renderer(renderer, device, f"{options.out}: was begun with OSL")
    if not options.keep_failures:
        clear_failures(options.out, [sample.sample_id for sample in chosen])
    owner = this_process()
    todo = [sample for sample in chosen if read_record(options.out, sample.sample_id) is None]
    report = _json_lines if options.events else _sentences(len(chosen), len(todo))
    report("begin", dataset=str(options.out), total=len(chosen), done=len(chosen) - len(todo), token=owner.token)
    outcome = render_samples(drawn_by(renderer, todo), options.out, execution, owner, report)
    complete = write_tables(options.out, document, [sample.sample_id for sample in plan], bpy.app.version_string)
    report("end", dataset=str(options.out), complete=complete, failed=outcome.failed, unfinished=outcome.unfinished)
    return 1 if outcome.failed else 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    description, _, rest = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(
        prog="render_dataset.py",
        description=description,
        epilog=rest,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--job", type=Path, help="job description (JSON, conf/schemas/job.schema.json)")
    add("--out", type=Path, required=True, help="dataset folder; created if absent, continued if begun")
    add("--samples", default=":", metavar="A:B", help="only samples A to B-1 (default: all)")
    add("--shard", default="1/1", metavar="I/N", help="only every Nth of them, starting with the Ith (default: all)")
    add("--device", default=AUTO, help=f"{AUTO}, back ends in order of preference (optix,cuda,cpu), or a device's name")
    add("--threads", type=_positive, help="processor threads (default: one per core)")
    add("--attempts", type=_positive, default=3, help="attempts before a sample is given up (default: %(default)s)")
    add("--at-most", type=_positive, metavar="N", help="stop after N samples; another process must continue")
    add(
        "--lease-seconds",
        type=_positive,
        default=120,
        help="time without a sign of life after which a worker counts as dead (default: %(default)s)",
    )
    add("--keep-failures", action="store_true", help="continue the count of attempts of earlier processes")
    add("--events", action="store_true", help="print progress as JSON lines for programs")
    add("--status", action="store_true", help="print the progress of the dataset folder and exit")
    options = parser.parse_args(arguments)
    if options.job is None and not options.status:
        parser.error("--job is missing")
    return options


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not above 0")
    return number


def _check_denoiser(job: Job) -> None:
    import _cycles  # Cycles' own module, available after bpy

    if job.image.denoise and not _cycles.with_openimagedenoise:
        raise JobError("image.denoise: this Blender is built without OpenImageDenoise; set it to false")


def _json_lines(event: str, **more: object) -> None:
    print(json.dumps({"event": event, **more}), flush=True)


def _sentences(total: int, left: int) -> Callable[..., None]:
    """Return a function that prints this worker's progress as sentences."""
    return partial(_say, {"rendered": 0, "before": total - left, "total": total, "started": time.monotonic()})


def _say(count: dict, event: str, **more: object) -> None:
    if event == "begin":
        print(f"{more['dataset']}: {more['total']} samples, {more['done']} of them finished before", flush=True)
    elif event == "sample":
        count["rendered"] += 1
        done = count["before"] + count["rendered"]
        hours = (time.monotonic() - count["started"]) / 3600
        rate = count["rendered"] / hours
        minutes, seconds = divmod(round(3600 * (count["total"] - done) / rate), 60)
        print(
            f"{done}/{count['total']}  {more['image']}  {rate:.0f} images per hour, {minutes} min {seconds:02d} s left",
            flush=True,
        )
    elif event == "failure":
        print(f"sample {more['sample']} failed (attempt {more['attempt']}): {more['cause']}", flush=True)
    elif event == "end":
        failed = more["failed"]
        assert isinstance(failed, dict)
        for sample, cause in failed.items():
            print(f"error: sample {sample} given up: {cause}", file=sys.stderr, flush=True)
        state = "complete" if more["complete"] else "not complete, samples are missing (--status lists them)"
        print(f"{more['dataset']}: {state}", flush=True)


if __name__ == "__main__":
    leave(main(sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]))
