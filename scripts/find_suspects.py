"""Find train images that may not be nominal, without a training: rank them by how little they are like all others.

On a dataset folder of this project, or one in MVTec's layout:
  uv run scripts/find_suspects.py datasets/plates
  uv run scripts/find_suspects.py metal_nut --layout mvtec --settings extractor=resnet18 extractor.weights=resnet18.pth
Writes suspects.csv (the most suspect first) and prints the first. Look at them before you train: a defect in a train
image hides such defects. No annotation is used. See docs/dirty_data.md.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from scripts.training_steps import composed_config, quoted
from training.data.dataset import Dataset, open_dataset
from training.data.layouts import LAYOUTS
from training.data.settings import read_dataset_settings
from training.support.entry_point import settle_threads
from training.support.user_error import UserError


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path, help="folder of the dataset")
    parser.add_argument("--layout", choices=list(LAYOUTS), default="stainless", help="(%(default)s)")
    parser.add_argument("--out", type=Path, default=Path(), metavar="FOLDER", help="folder of suspects.csv (here)")
    parser.add_argument("--shown", type=int, default=10, help="suspects to print (%(default)s)")
    parser.add_argument("--settings", nargs="+", default=[], metavar="NAME=VALUE", help="settings of conf/train.yaml")
    return parser.parse_args()


def find(dataset: Dataset, settings: Sequence[str], out: Path, shown: int, console: Console) -> Path:
    """Rank the train images of a dataset, print the first, write suspects.csv into ``out``, and return its path.

    ``settings`` are overrides of conf/train.yaml. Raises UserError.
    """
    # imported here: torch loads slowly, and --help does not need it
    from training.features.extractor import build_extractor
    from training.features.extractor_settings import read_extractor_settings
    from training.runs.dataset_suspects import counted
    from training.runs.suspects import outstanding, write_suspects

    cfg = composed_config("train", "dataset.root=unused", *settings)
    if not dataset.split("train"):
        raise UserError(f"{dataset.root} has no train images")
    extractor = build_extractor(read_extractor_settings(cfg.extractor), cfg.device)
    suspects = counted(dataset.split("train"), extractor, dataset.defect_ids, cfg.coreset.size).suspects()
    path = write_suspects(out, suspects)
    table = Table("rank", "train image", "leave-one-out score", "lone members", "members", "stands out")
    far = {suspect.sample_id for suspect in outstanding(suspects)}
    for rank, suspect in enumerate(suspects[:shown], start=1):
        figures = (f"{suspect.leave_one_out:.4g}", str(suspect.lone_members), str(suspect.members))
        table.add_row(str(rank), str(suspect.image), *figures, "yes" if suspect.sample_id in far else "")
    console.print(table)
    console.print(f"{len(suspects)} train images; written to {path}", soft_wrap=True, highlight=False, markup=False)
    return path


def main() -> int:
    """Rank, print and write."""
    settle_threads()
    options, console = arguments(), Console()
    try:
        chosen = [f"dataset={options.layout}", f"dataset.root={quoted(options.dataset)}", *options.settings]
        dataset = open_dataset(read_dataset_settings(composed_config("train", *chosen).dataset))
        find(dataset, options.settings, options.out, options.shown, console)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
