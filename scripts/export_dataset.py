"""Write a dataset folder in the layout of MVTec AD, COCO or LabelMe, without loss."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from eval.runs.whole_folder import whole_folder
from scripts.layouts.coco_export import export_coco
from scripts.layouts.dataset_tables import DatasetTables, read_tables
from scripts.layouts.labelme_export import export_labelme
from scripts.layouts.mvtec_export import export_mvtec
from training.data.sample import Dataset
from training.data.stainless_layout import open_stainless
from training.support.user_error import UserError

LAYOUTS: dict[str, Callable[[Dataset, DatasetTables, Path], None]] = {
    "mvtec": export_mvtec,
    "coco": export_coco,
    "labelme": export_labelme,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or 2 after a user's mistake, reported in one line."""
    parser = argparse.ArgumentParser(prog="export_dataset.py", description=__doc__)
    parser.add_argument("dataset", type=Path, help="a dataset folder")
    parser.add_argument("--to", required=True, choices=list(LAYOUTS), help="the layout to write")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    options = parser.parse_args(arguments)
    try:
        if options.out.exists():
            raise UserError(f"{options.out} exists already; choose another --out or remove it")
        dataset, tables = open_stainless(options.dataset), read_tables(options.dataset)
        options.out.parent.mkdir(parents=True, exist_ok=True)
        with whole_folder(options.out) as folder:
            LAYOUTS[options.to](dataset, tables, folder)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"written: {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
