"""Measure what a threshold from synthetic validation plates costs, for every row of the paper's tables.

After reproduce_tables.py, with the same settings; synthetic validation plates are rendered into OUT/datasets:
  uv run scripts/threshold_transfer.py --render --size 816 683 --out runs/tables
"""

import argparse
import sys
from pathlib import Path

from scripts.exit_status import exit_status
from scripts.tables.logged_console import logged_console
from scripts.tables.renderings import RenderSizes
from scripts.tables.row_options import add_folder_options, add_training_options, folders_of, training_settings
from scripts.tables.transfer import KIND, TransferWork, transfer_thresholds
from training.support.entry_point import settle_threads


def main() -> int:
    """Measure all rows and finetunings; print the files' paths."""
    work = _parse()
    settle_threads()
    console = logged_console()

    def measure() -> None:
        paths = transfer_thresholds(work, console)
        console.print(f"threshold transfer: {', '.join(map(str, paths))}", soft_wrap=True, highlight=False)

    return exit_status(measure, work.out)


def _parse() -> TransferWork:
    description, _, rest = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(
        description=description, epilog=rest, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_folder_options(parser)
    add_training_options(parser)
    add = parser.add_argument
    add("--validation", type=Path, metavar="DIR", help=f"synthetic validation plates (OUT/datasets/{KIND})")
    add("--finetune", type=int, nargs="*", default=[1, 2, 5, 10], metavar="N", help="plates to finetune on (1 2 5 10)")
    add("--render", action="store_true", help="render the synthetic validation plates first")
    add("--size", type=int, nargs=2, metavar=("WIDTH", "HEIGHT"), help="pixels of a picture (2448 2050)")
    add("--samples", type=int, metavar="N", help="samples a pixel")
    add("--plates", type=int, metavar="N", help="synthetic validation plates (12)")
    add("--render-set", nargs="+", default=[], metavar="KEY=VALUE", help="changes to conf/render.yaml")
    options = parser.parse_args()
    width, height = options.size or (None, None)
    real, synth = folders_of(options)
    sizes = RenderSizes(
        width=width, height=height, samples=options.samples, plates=options.plates, common=tuple(options.render_set)
    )
    return TransferWork(
        real=real,
        synth=synth,
        validation=options.validation or options.out / "datasets" / KIND,
        out=options.out,
        training=training_settings(options),
        rows=tuple(options.rows),
        plates=tuple(options.finetune),
        features_gigabytes=options.features_gb,
        rendering=sizes if options.render else None,
    )


if __name__ == "__main__":
    sys.exit(main())
