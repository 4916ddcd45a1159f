"""Render plates in Blender, train four coresets on them, evaluate them on defective plates, and write a report.

A second run with the same settings reuses all complete parts:
  uv run scripts/quickstart.py
Start over:
  uv run scripts/quickstart.py --fresh
With the weights of a trained backbone from a file:
  uv run scripts/quickstart.py --out runs/trained --training extractor=resnet18 extractor.weights=resnet18.pth
"""

import argparse
import hashlib
import logging
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig, OmegaConf
from rich.console import Console
from rich.logging import RichHandler

from scripts.exit_status import exit_status
from scripts.render import composed_job
from scripts.rendering.blender_program import blender_command
from scripts.rendering.process import default_execution, run_render_job
from scripts.training_steps import composed_config, train_and_evaluate
from training.support.entry_point import settle_threads
from training.support.typed_overrides import quoted
from training.support.user_error import UserError

DATASETS = ("clean", "stained", "inspected")
CONTENTS = ("datasets", "runs", "report")
EXTRACTOR = "extractor=efficientnet_lite0"  # its weights come with a package: results do not depend on the network
DONE = "quickstart.yaml"  # written last into a run folder: the inputs of the run


@dataclass(frozen=True)
class Scenario:
    """A way to train a model: its folder and name in the report, the config and its overrides."""

    folder: str
    name: str
    config: str
    overrides: tuple[str, ...]


def scenarios(root: Path) -> tuple[Scenario, ...]:
    """Return the quickstart's training scenarios, each after those that it builds on (paper, table II)."""
    clean, stained, inspected = (quoted(root / "datasets" / name) for name in DATASETS)
    run_of_clean, run_of_stained = (quoted(root / "runs" / name) for name in ("clean", "stained"))
    threshold = f"dataset.evaluation_root={inspected}"
    return (
        Scenario("clean", "Clean (Synth)", "train", (f"dataset.root={clean}", threshold)),
        Scenario("stained", "Stained (Synth WS)", "train", (f"dataset.root={stained}", threshold)),
        Scenario(
            "clean_finetuned",
            "Clean, finetuned on stained",
            "finetune",
            (f"source={run_of_clean}", f"dataset.root={stained}", threshold),
        ),
        Scenario(
            "melded",
            "Clean and stained, melded",
            "meld",
            (f"sources=[{run_of_clean},{run_of_stained}]", f"dataset.root={inspected}"),
        ),
    )


def main() -> int:
    """Run every step that is not complete; print the table and the report's path last."""
    options = _parse()
    settle_threads()

    def start() -> None:
        if options.fresh:
            start_over(options.out)
        quickstart(options.out, options.render, options.training)

    return exit_status(start, options.out)


def start_over(root: Path) -> None:
    """Delete the results of an earlier quickstart in ``root``. Raises UserError if it contains anything else."""
    others = sorted(path.name for path in root.iterdir() if path.name not in CONTENTS) if root.exists() else []
    if others:
        raise UserError(
            f"--fresh would delete {root}, which also contains {others[0]}; choose a separate folder with --out"
        )
    if root.exists():
        shutil.rmtree(root)


def quickstart(root: Path, render_overrides: Sequence[str], training_overrides: Sequence[str]) -> Path:
    """Render, train, evaluate and report below ``root``; return the report's path.

    The overrides apply to conf/render.yaml and to the training configs. Raises UserError and RenderError, in one line.
    """
    started = time.monotonic()
    console = Console()
    steps = scenarios(root)
    # Every config is composed before the first picture is rendered, so that a mistyped setting fails at once; so does
    # an installation without Blender or the weights.
    jobs = {
        name: composed_job(composed_config("render", f"render=quickstart_{name}", *render_overrides))
        for name in DATASETS
    }
    configs = [_scenario_config(scenario, training_overrides) for scenario in steps]
    _require_weights(configs[0])
    blender_command(default_execution().blender)
    console.rule("1 of 3  Render plates in Blender")
    for name, job in jobs.items():
        run_render_job(job, root / "datasets" / name)

    console.rule("2 of 3  Train and evaluate")
    logging.basicConfig(
        level=logging.INFO, format="%(message)s", handlers=[RichHandler(console=console, show_path=False)]
    )
    for scenario, cfg in zip(steps, configs, strict=True):
        _make_run(scenario, cfg, root / "runs" / scenario.folder, console)

    console.rule("3 of 3  Report")
    from eval.page.page import build_report
    from eval.page.terminal_tables import print_tables
    from eval.runs.run_summary import read_run

    summaries = [read_run(root / "runs" / scenario.folder, scenario.name) for scenario in steps]
    title = "Stainless quickstart"
    report = build_report(summaries, [root / "datasets" / name for name in DATASETS], root / "report", title)
    print_tables(summaries, console)
    console.print(f"{time.monotonic() - started:.0f} seconds in all")
    console.print(f"report: {report}", soft_wrap=True, highlight=False)
    return report


def _scenario_config(scenario: Scenario, overrides: Sequence[str]) -> DictConfig:
    if scenario.config != "train":  # scenarios that build on a coreset use its recorded extractor
        overrides = [override for override in overrides if not override.startswith("extractor")]
    elif not any(override.startswith("extractor=") for override in overrides):
        overrides = [EXTRACTOR, *overrides]
    return composed_config(scenario.config, f"name={scenario.folder}", *scenario.overrides, *overrides)


def _require_weights(cfg: DictConfig) -> None:
    """Raise UserError if the extractor's weights come with a package that is not installed."""
    from training.features.packaged_weights import PACKAGE, packaged_file

    source = str(cfg.extractor.weights)
    if source.startswith(PACKAGE):
        packaged_file(source)


def _make_run(scenario: Scenario, cfg: DictConfig, folder: Path, console: Console) -> None:
    """Make a scenario's run folder, unless it exists and was made from the same settings and contents."""
    origin = _origin(cfg)
    done = folder / DONE
    if done.exists() and done.read_text(encoding="utf-8") == origin:
        console.print(f"{scenario.name}: complete")
        return
    console.print(f"[bold]{scenario.name}[/bold]")
    train_and_evaluate(scenario.config, cfg, folder)
    done.write_text(origin, encoding="utf-8")


def _origin(cfg: DictConfig) -> str:
    """Return the inputs of a run: its settings, and a hash of each dataset and of each run that it builds on."""
    sources = [cfg.source] if "source" in cfg else cfg.get("sources", [])
    files = [Path(root) / "dataset.json" for root in (cfg.dataset.root, cfg.dataset.evaluation_root)]
    files += [Path(source) / DONE for source in sources]
    hashes = [f"# {file}: sha256 {hashlib.sha256(file.read_bytes()).hexdigest()}\n" for file in files]
    return OmegaConf.to_yaml(cfg, resolve=True) + "".join(hashes)


def _parse() -> argparse.Namespace:
    description, _, rest = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(
        description=description, epilog=rest, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("runs/quickstart"), help="folder of all results (%(default)s)")
    parser.add_argument("--fresh", action="store_true", help="delete that folder first, if it contains nothing else")
    parser.add_argument("--render", nargs="+", default=[], metavar="KEY=VALUE", help="changes to conf/render.yaml")
    parser.add_argument(
        "--training", nargs="+", default=[], metavar="KEY=VALUE", help="changes to the training configs"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
