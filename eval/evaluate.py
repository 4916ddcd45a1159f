"""Entry point for evaluating a trained model on its test split: python -m eval.evaluate --help."""

from pathlib import Path

from omegaconf import DictConfig

from training.support.entry_point import run
from training.tracking.tracker import tracked


def evaluate(cfg: DictConfig) -> None:
    """Evaluate a run with the settings of ``conf/evaluate.yaml``, and print the tables."""
    # torch takes seconds to load; --help and errors in the settings must not wait for it
    from rich.console import Console

    from eval.page.terminal_tables import print_tables
    from eval.runs.results_file import EVALUATION_FOLDER
    from eval.runs.run_evaluation import evaluate_run
    from eval.runs.run_summary import read_run
    from eval.runs.settings import read_settings

    folder = Path(cfg.model)
    with tracked(cfg, folder):
        evaluate_run(folder, read_settings(cfg))
    console = Console()
    print_tables([read_run(folder)], console)
    console.print(f"written to {folder / EVALUATION_FOLDER}", soft_wrap=True, highlight=False, markup=False)


if __name__ == "__main__":
    run("evaluate", evaluate)
