"""Entry point for the review page, where a person judges the findings of a prediction: python -m eval.review --help."""

import argparse
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from training.support.user_error import UserError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m eval.review",
        description="Judge the findings of a prediction in the browser, worst first: defect, impurity or nothing. "
        "Answers are written at once into PREDICTIONS/review/answers.jsonl; the same command continues.",
        epilog="example: python -m training.predict model=runs/plates input=photos output=found && "
        "python -m eval.review runs/plates found",
    )
    parser.add_argument("run", type=Path, metavar="RUN", help="run folder of the model that predicted")
    parser.add_argument("predictions", type=Path, metavar="PREDICTIONS", help="output folder of training.predict")
    parser.add_argument(
        "--classes",
        type=Path,
        metavar="DATASET",
        help="dataset folder with the classes to choose from (default: the run's own dataset)",
    )
    parser.add_argument("--port", type=int, default=0, help="port on the loopback address (default: a free one)")
    parser.add_argument("--no-browser", action="store_true", help="print the address only")
    parser.add_argument(
        "--export",
        choices=("dataset", "labelme"),
        help="write the answers so far to PREDICTIONS/review/dataset or /labelme, and end",
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit code: 0, or 2 for a user error, which is printed to stderr in one line."""
    options = _parser().parse_args(arguments)
    # imported here: the server loads slowly, and --help does not need it
    from eval.review_page.exports import export
    from eval.review_page.review import open_review
    from eval.review_page.serving import serve

    try:
        review = open_review(options.run, options.predictions, options.classes)
        if options.export:
            folder, written, left_out = export(review, options.export)
            print(f"{written} pictures written to {folder}; {left_out} without an answer are left out")
            return 0
        serve(review, options.port, lambda address: _announce(address, len(review.answers), not options.no_browser))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _announce(address: str, answers: int, opens: bool) -> None:
    print(f"Review page: {address} ({answers} answers so far; Ctrl+C ends)", flush=True)
    if opens:
        webbrowser.open(address)


if __name__ == "__main__":
    sys.exit(main())
