r"""Make the paper's tables I and II: render the plates, train, finetune, meld, evaluate and compare 19 scenarios.

At the paper's full size, from nothing:
  uv run scripts/reproduce_tables.py --render --out runs/tables
At a third of the paper's size, the first whole pass with one seed, then with three (finished parts are kept):
  uv run scripts/reproduce_tables.py --render --size 816 683 --seeds 0 --out runs/tables
  uv run scripts/reproduce_tables.py --render --size 816 683 --seeds 0 1 2 --out runs/tables
From dataset folders that exist:
  uv run scripts/reproduce_tables.py --real datasets/real --synth datasets
Rendered and trained as SLURM jobs:
  uv run scripts/reproduce_tables.py --render --render-set launcher=slurm --launcher submitit
A first look, with small pictures and 20 images per coreset:
  uv run scripts/reproduce_tables.py --render --quick
The same command continues after a kill. Runs of a sweep are used as well:
  uv run python -m training.train -m 'experiment=glob(*)' hydra/launcher=joblib paths.runs=runs/tables \
    paths.real=datasets/real paths.synth=datasets
"""

import argparse
import sys
from pathlib import Path

from scripts.exit_status import exit_status
from scripts.tables.logged_console import logged_console
from scripts.tables.make_tables import TablesWork, reproduce_tables
from scripts.tables.renderings import RenderSizes
from scripts.tables.row_options import add_seed_options, add_training_options, positive, training_settings
from training.support.entry_point import settle_threads


def main() -> int:
    """Make all unfinished parts, and the tables of the finished ones."""
    work = _parse()
    settle_threads()
    console = logged_console()
    return exit_status(lambda: reproduce_tables(work, console), work.out)


def _parse() -> TablesWork:
    description, _, rest = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(
        description=description, epilog=rest, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--out", type=Path, help="folder of runs and tables (runs/tables, or runs/tables_quick)")
    add("--real", type=Path, metavar="DIR", help="dataset folder of the real plates (OUT/datasets/real)")
    add(
        "--synth",
        type=Path,
        metavar="DIR",
        help="folder with the dataset folders synth, synth_rot90, synth_scale2 and synth_ws, ... (OUT/datasets)",
    )
    add("--quick", action="store_true", help="few small pictures and a small coreset: a check, not a result")
    add("--note", nargs="+", default=[], metavar="TEXT", help="notes for readers of the tables")
    rendering = parser.add_argument_group("rendering")
    add = rendering.add_argument
    add("--render", action="store_true", help="render the datasets first; the stand-in plays the real plates")
    add("--size", type=positive, nargs=2, metavar=("WIDTH", "HEIGHT"), help="pixels of a picture (2448 2050)")
    add("--plates", type=positive, metavar="N", help="synthetic plates a version and light (80)")
    add("--samples", type=positive, metavar="N", help="samples a pixel")
    add("--standin-samples", type=positive, metavar="N", help="samples a pixel of the stand-in")
    add("--render-set", nargs="+", default=[], metavar="KEY=VALUE", help="changes to conf/render.yaml, all datasets")
    add("--standin-set", nargs="+", default=[], metavar="KEY=VALUE", help="the same for the stand-in only")
    training = parser.add_argument_group("training")
    add_training_options(training)
    add_seed_options(training)
    training.add_argument(
        "--launcher", metavar="NAME", help="Hydra launcher that trains the rows: joblib, submitit, ..."
    )
    options = parser.parse_args()
    if not options.render and (options.real is None or options.synth is None):
        parser.error("give --real and --synth, or --render")
    out = options.out or Path("runs/tables_quick" if options.quick else "runs/tables")
    width, height = options.size or (None, None)
    return TablesWork(
        real=options.real or out / "datasets" / "real",
        synth=options.synth or out / "datasets",
        out=out,
        training=(*(["budget=quick_look"] if options.quick else []), *training_settings(options)),
        notes=tuple(options.note),
        seeds=tuple(options.seeds or ((0,) if options.quick else (0, 1, 2))),
        seeds_rest=tuple(options.seeds_rest),
        rows=tuple(options.rows),
        rendering=RenderSizes(
            width=width,
            height=height,
            samples=options.samples,
            plates=options.plates,
            standin_samples=options.standin_samples,
            quick=options.quick,
            common=tuple(options.render_set),
            standin=tuple(options.standin_set),
        )
        if options.render
        else None,
        features_gigabytes=options.features_gb,
        launcher=options.launcher,
    )


if __name__ == "__main__":
    sys.exit(main())
