"""Judge a trained model on its test split. Entry point: python -m eval.evaluate --help."""

from pathlib import Path

from omegaconf import DictConfig

from training.support.entry_point import run


def evaluate(cfg: DictConfig) -> None:
    """Run what ``conf/evaluate.yaml`` describes, and print the tables."""
    # torch loads for seconds: --help and mistyped settings need not wait for it
    from rich.console import Console

    from eval.page.terminal_tables import print_tables
    from eval.runs.results_file import FOLDER
    from eval.runs.run_evaluation import evaluate_run
    from eval.runs.run_summary import read_run

    folder = Path(cfg.model)
    evaluate_run(folder, cfg)
    console = Console()
    print_tables([read_run(folder)], console)
    console.print(f"written to {folder / FOLDER}", soft_wrap=True, highlight=False, markup=False)


if __name__ == "__main__":
    run("evaluate", evaluate)
