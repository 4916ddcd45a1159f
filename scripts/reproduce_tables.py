r"""Make the paper's tables I and II from dataset folders: train, finetune, meld, evaluate and compare 19 scenarios.

  uv run scripts/reproduce_tables.py --real datasets/real --synth datasets
The same command continues after a kill; finished parts are kept. Runs of a sweep are used as well:
  uv run python -m training.train -m 'experiment=glob(*)' hydra/launcher=joblib paths.runs=runs/tables \\
    paths.real=datasets/real paths.synth=datasets
A first look with 20 images per coreset:
  uv run scripts/reproduce_tables.py --real datasets/real --synth datasets --quick
"""

import argparse
import json
import logging
import math
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig, OmegaConf
from rich import box
from rich.console import Console
from rich.logging import RichHandler
from rich.table import Table

from scripts.training_steps import composed_config
from training.support.entry_point import settle_threads
from training.support.typed_overrides import quoted
from training.support.user_error import UserError
from training.support.whole_file import write_json

if TYPE_CHECKING:
    from eval.runs.results import Results

log = logging.getLogger(__name__)

RECORD = "origin.json"  # written last into an evaluation: its inputs and settings


def main() -> int:
    """Make all unfinished parts, and the tables of the finished ones."""
    options = _parse()
    settle_threads()
    quick = ["budget=quick_look"] if options.quick else []
    out = options.out or Path("runs/tables_quick" if options.quick else "runs/tables")
    console = Console()
    logging.basicConfig(
        level=logging.INFO, format="%(message)s", handlers=[RichHandler(console=console, show_path=False)]
    )
    try:
        reproduce_tables(options.real, options.synth, out, [*quick, *options.training], options.note, console)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"error: {error.filename or out}: {error.strerror or error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted (run the same command again: finished parts are kept)", file=sys.stderr)
        return 130
    return 0


def reproduce_tables(
    real: Path, synth: Path, out: Path, overrides: Sequence[str], notes: Sequence[str], console: Console
) -> list[Path]:
    """Make and evaluate every scenario below ``out``, write the tables there; return their paths.

    The overrides apply to conf/train.yaml. Raises UserError for a wrong setting or dataset before anything is trained,
    and for failed scenarios after the others are finished and in the tables.
    """
    from eval.paper.page import write_paper_tables
    from eval.paper.tables import published_values

    settings = [f"paths.runs={quoted(out)}", f"paths.real={quoted(real)}", f"paths.synth={quoted(synth)}", *overrides]

    def composed(experiment: str) -> DictConfig:
        return composed_config("train", *settings, f"experiment={experiment}")

    scenarios = published_values(2)["scenario"]
    configs = {experiment: composed(experiment) for experiment in scenarios.index}
    _check(configs)
    results: dict[str, Results] = {}
    failures: dict[str, str] = {}
    started, made = time.monotonic(), 0
    for number, (experiment, cfg) in enumerate(configs.items(), start=1):
        rest = (time.monotonic() - started) / made * (len(configs) - number + 1) if made else None
        left = "" if rest is None else f", about {rest / 60:.0f} min left"
        console.rule(f"{number} of {len(configs)}  {scenarios[experiment]}{left}")
        try:
            results[experiment], was_new = _evaluated(cfg, composed)
            made += was_new
        except UserError as error:
            log.error("%s failed: %s", experiment, error)
            failures[experiment] = str(error)
    missing = [f"Not measured, because the run failed: {', '.join(failures)}."] if failures else []
    paths = write_paper_tables(results, [*notes, *missing], out)
    _print_tables(results, console)
    minutes = (time.monotonic() - started) / 60
    console.print(f"{minutes:.1f} minutes; tables: {', '.join(map(str, paths))}", soft_wrap=True, highlight=False)
    if failures:
        causes = "; ".join(f"{experiment}: {message}" for experiment, message in failures.items())
        raise UserError(f"{len(failures)} of {len(configs)} scenarios failed, the others are in the tables ({causes})")
    return paths


def _check(configs: dict[str, DictConfig]) -> None:
    """Raise UserError for the first wrong setting or dataset."""
    from training.data.dataset import open_dataset
    from training.data.settings import read_dataset_settings
    from training.support.settings_schema import check_settings

    for cfg in configs.values():
        check_settings(cfg)
        dataset = open_dataset(read_dataset_settings(cfg.dataset))
        for split in ("train", "validation", "test"):
            if not dataset.split(split):
                raise UserError(f"the dataset {dataset.root} has no {split} images")


def _evaluated(cfg: DictConfig, composed: Callable[[str], DictConfig]) -> "tuple[Results, bool]":
    """Make a run and evaluate it, unless that is done; return its results, and True if it was evaluated now."""
    from eval.runs.results_file import EVALUATION_FOLDER, read_results
    from eval.runs.run_evaluation import evaluate_run
    from eval.runs.settings import read_settings
    from training.data.dataset import open_dataset
    from training.data.settings import read_dataset_settings
    from training.model.file import load_model
    from training.runs.experiment import identity_of, make_experiment

    folder, _ = make_experiment(cfg, composed)
    evaluation = composed_config("evaluate", f"model={quoted(folder)}", f"device={cfg.device}")
    origin = {
        "coreset": load_model(folder)[1].features_sha256,
        "test images": identity_of(open_dataset(read_dataset_settings(cfg.dataset)).split("test")),
        "settings": OmegaConf.to_container(evaluation, resolve=True),
    }
    record = folder / EVALUATION_FOLDER / RECORD
    if record.exists() and json.loads(record.read_text(encoding="utf-8")) == origin:
        return read_results(folder), False
    evaluate_run(folder, read_settings(evaluation))
    write_json(record, origin)
    return read_results(folder), True


def _print_tables(results: "dict[str, Results]", console: Console) -> None:
    from eval.paper.claims import check_claims
    from eval.paper.tables import TITLES, paper_table

    for number, title in TITLES.items():
        table = paper_table(number, results)
        shown = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
        for heading in ("", "", *table.columns):
            words = heading.split() if isinstance(heading, str) else [*heading[0].split(), heading[1]]
            shown.add_column(" ".join(words), justify="right" if words else "left")
        for (scenario, whose), row in zip(table.index.to_list(), table.to_numpy().tolist(), strict=True):
            form = "{:+.1f}" if whose == "difference" else "{:.1f}"
            figures = ["–" if math.isnan(value) else form.format(value) for value in row]
            shown.add_row(scenario if whose == "ours" else "", whose, *figures)
        console.print(shown)
    for claim in check_claims(results):
        verdict = {True: "holds", False: "does not hold", None: "not measured"}[claim.holds]
        console.print(f"{claim.statement}: {verdict}. Ours: {claim.ours}. Paper: {claim.paper}.", soft_wrap=True)


def _parse() -> argparse.Namespace:
    description, _, rest = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(
        description=description, epilog=rest, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--real", type=Path, required=True, metavar="DIR", help="dataset folder of the real plates")
    parser.add_argument(
        "--synth",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder with the dataset folders synth, synth_rot90, synth_scale2 and synth_ws, synth_ws_rot90, ...",
    )
    parser.add_argument("--out", type=Path, help="folder of runs and tables (runs/tables, or runs/tables_quick)")
    parser.add_argument("--quick", action="store_true", help="few images and a small coreset: a check, not a result")
    parser.add_argument("--note", nargs="+", default=[], metavar="TEXT", help="notes for readers of the tables")
    parser.add_argument("--training", nargs="+", default=[], metavar="KEY=VALUE", help="changes to conf/train.yaml")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
