"""Options of the programs that measure the tables' rows once more: their folders, the settings of their training."""

import argparse
from pathlib import Path


def add_row_options(parser: argparse.ArgumentParser) -> None:
    """Add --out, --real, --synth, --rows, --features-gb and --training."""
    add = parser.add_argument
    add("--out", type=Path, default=Path("runs/tables"), help="folder of the tables and their runs (%(default)s)")
    add("--real", type=Path, metavar="DIR", help="dataset folder of the real plates (OUT/datasets/real)")
    add("--synth", type=Path, metavar="DIR", help="folder of the synthetic dataset folders (OUT/datasets)")
    add("--rows", nargs="+", default=[], metavar="NAME", help="only these experiments (conf/experiment)")
    add(
        "--features-gb",
        type=float,
        default=20,
        metavar="N",
        help="largest folder of kept features (%(default)s; 0: none)",
    )
    add("--training", nargs="+", default=[], metavar="KEY=VALUE", help="changes to conf/train.yaml, as for the tables")


def datasets_of(options: argparse.Namespace) -> tuple[Path, Path]:
    """Return the folder of the real plates and that of the synthetic datasets."""
    data = options.out / "datasets"
    return options.real or data / "real", options.synth or data
