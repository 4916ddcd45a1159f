"""From nothing to a report: render plates in Blender, train four coresets on them, judge scratched and dented plates.

uv run scripts/quickstart.py            # about ten minutes on two cores; a second run reuses what is complete
uv run scripts/quickstart.py --fresh    # starts over
"""

import argparse
import logging
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from rich.console import Console
from rich.logging import RichHandler

from scripts.render import composed_job
from scripts.render_process import RenderError, run_render_job
from training.entry_point import CONF_FOLDER, one_line, settle_threads
from training.user_error import UserError

DATASETS = ("clean", "stained", "inspected")
DONE = "quickstart.yaml"  # written last into a run folder: what the run was made from


@dataclass(frozen=True)
class Scenario:
    """A way to a model: its folder and name in the report, the config and its overrides."""

    folder: str
    name: str
    config: str
    overrides: tuple[str, ...]


def scenarios(root: Path) -> tuple[Scenario, ...]:
    """The quickstart's training scenarios, each after those that it builds on (paper, table II)."""
    clean, stained, judged = (str(root / "datasets" / name) for name in DATASETS)
    runs = root / "runs"
    threshold = f"dataset.evaluation_root={judged}"
    return (
        Scenario("clean", "Clean (Synth)", "train", (f"dataset.root={clean}", threshold)),
        Scenario("stained", "Stained (Synth WS)", "train", (f"dataset.root={stained}", threshold)),
        Scenario(
            "clean_finetuned",
            "Clean, finetuned on stained",
            "finetune",
            (f"source={runs / 'clean'}", f"dataset.root={stained}", threshold),
        ),
        Scenario(
            "melded",
            "Clean and stained, melded",
            "meld",
            (f"sources=[{runs / 'clean'},{runs / 'stained'}]", f"dataset.root={judged}"),
        ),
    )


def main() -> int:
    """Run every step that is not complete; print the table and the report's path last."""
    options = _parse()
    settle_threads()
    if options.fresh and options.out.exists():
        shutil.rmtree(options.out)
    try:
        quickstart(options.out, options.render, options.training)
    except UserError as error:
        print(f"error: {error} (--fresh starts over)", file=sys.stderr)
        return 2
    except RenderError as error:
        print(f"error: {error} (run the same command again: what is finished stays)", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {error.filename or options.out}: {error.strerror or error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted (run the same command again: what is finished stays)", file=sys.stderr)
        return 130
    return 0


def quickstart(root: Path, render_overrides: Sequence[str], training_overrides: Sequence[str]) -> Path:
    """Render, train, evaluate and report below `root`; return the report's path.

    The overrides go to conf/render.yaml and to the training configs. Raises UserError and RenderError, in one line.
    """
    started = time.monotonic()
    console = Console()
    console.rule("1 of 3  Render plates in Blender")
    for name in DATASETS:
        run_render_job(
            composed_job(_config("render", f"render=quickstart_{name}", *render_overrides)), root / "datasets" / name
        )

    console.rule("2 of 3  Train and evaluate")
    logging.basicConfig(
        level=logging.INFO, format="%(message)s", handlers=[RichHandler(console=console, show_path=False)]
    )
    steps = scenarios(root)
    for scenario in steps:
        _train_and_evaluate(scenario, root, training_overrides, console)

    console.rule("3 of 3  Report")
    from eval.report_page import build_report
    from eval.run_summary import read_run
    from eval.terminal_tables import print_tables

    summaries = [read_run(root / "runs" / scenario.folder, scenario.name) for scenario in steps]
    title = "Stainless quickstart"
    report = build_report(summaries, [root / "datasets" / name for name in DATASETS], root / "report", title)
    print_tables(summaries, console)
    console.print(f"{time.monotonic() - started:.0f} seconds in all")
    console.print(f"report: {report}", soft_wrap=True, highlight=False)
    return report


def _train_and_evaluate(scenario: Scenario, root: Path, overrides: Sequence[str], console: Console) -> None:
    """Make a scenario's run folder, unless it is there and was made from the same settings."""
    folder = root / "runs" / scenario.folder
    if scenario.config != "train":  # what builds on a coreset uses the extractor that is recorded with it
        overrides = [override for override in overrides if not override.startswith("extractor")]
    cfg = _config(scenario.config, f"name={scenario.folder}", *scenario.overrides, *overrides)
    settings = OmegaConf.to_yaml(cfg, resolve=True)
    done = folder / DONE
    if done.exists() and done.read_text(encoding="utf-8") == settings:
        console.print(f"{scenario.name}: complete")
        return
    console.print(f"[bold]{scenario.name}[/bold]")
    from eval.run_evaluation import evaluate_run

    if folder.exists():
        shutil.rmtree(folder)
    (folder / ".hydra").mkdir(parents=True)
    OmegaConf.save(cfg, folder / ".hydra" / "config.yaml")  # where evaluation looks for a run's settings
    _trainer(scenario.config)(cfg, folder)
    evaluate_run(folder, _config("evaluate", f"model={folder}"))
    done.write_text(settings, encoding="utf-8")


def _trainer(config: str) -> Callable[[DictConfig, Path], object]:
    from training import training_run  # loads torch, which a second run need not wait for

    return {
        "train": training_run.train_run,
        "finetune": training_run.finetune_run,
        "meld": training_run.meld_run,
    }[config]


def _config(name: str, *overrides: str) -> DictConfig:
    try:
        with initialize_config_dir(str(CONF_FOLDER), version_base="1.3"):
            return compose(name, [*overrides])
    except HydraException as error:
        raise UserError(one_line(error)) from error


def _parse() -> argparse.Namespace:
    description, _, rest = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(
        description=description, epilog=rest, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("runs/quickstart"), help="folder of all results (%(default)s)")
    parser.add_argument("--fresh", action="store_true", help="delete that folder first and start over")
    parser.add_argument("--render", nargs="+", default=[], metavar="KEY=VALUE", help="changes to conf/render.yaml")
    parser.add_argument(
        "--training", nargs="+", default=[], metavar="KEY=VALUE", help="changes to the training configs"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
