"""Options that the programs on the tables' rows share: the rows, their seeds, the settings of their training."""

import argparse
from pathlib import Path


def add_folder_options(parser: argparse.ArgumentParser) -> None:
    """Add --out, --real and --synth, for programs on rows that exist."""
    add = parser.add_argument
    add("--out", type=Path, default=Path("runs/tables"), help="folder of the tables and their runs (%(default)s)")
    add("--real", type=Path, metavar="DIR", help="dataset folder of the real plates (OUT/datasets/real)")
    add("--synth", type=Path, metavar="DIR", help="folder of the synthetic dataset folders (OUT/datasets)")


def folders_of(options: argparse.Namespace) -> tuple[Path, Path]:
    """Return the folder of the real plates and that of the synthetic datasets."""
    data = options.out / "datasets"
    return options.real or data / "real", options.synth or data


def add_training_options(parser: argparse._ActionsContainer) -> None:
    """Add --rows, --members, --epochs, --features-gb and --training."""
    add = parser.add_argument
    add("--rows", nargs="+", default=[], metavar="NAME", help="only these experiments (conf/experiment)")
    add("--members", type=positive, metavar="N", help="members of a coreset (2048)")
    add("--epochs", type=positive, metavar="N", help="epochs at most (5)")
    add(
        "--features-gb",
        type=float,
        default=20,
        metavar="N",
        help="largest folder of kept features (%(default)s; 0: none)",
    )
    add("--training", nargs="+", default=[], metavar="KEY=VALUE", help="changes to conf/train.yaml")


def training_settings(options: argparse.Namespace) -> tuple[str, ...]:
    """Return the overrides of conf/train.yaml that --members, --epochs and --training stand for."""
    coreset = {"size": options.members, "epochs": options.epochs}
    sizes = [f"coreset.{name}={value}" for name, value in coreset.items() if value is not None]
    return (*sizes, *options.training)


def add_seed_options(parser: argparse._ActionsContainer) -> None:
    """Add --seeds and --seeds-rest."""
    add = parser.add_argument
    add("--seeds", type=int, nargs="+", metavar="N", help="seeds of table I, finetuning and melding (0 1 2; quick: 0)")
    add("--seeds-rest", type=int, nargs="+", default=[0], metavar="N", help="seeds of the other rows (0)")


def positive(text: str) -> int:
    """Return a whole number above 0; raise ArgumentTypeError otherwise."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not above 0")
    return number
