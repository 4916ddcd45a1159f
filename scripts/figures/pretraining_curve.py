"""Plot a pretraining's curve. Runs in any Python with matplotlib, for example anomalib's environment.

python pretraining_curve.py RUN/curve.csv FILE.png
"""

import csv
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

LINES = {"accuracy_8": ("stride 8", "#34577d"), "accuracy_16": ("stride 16", "#c1440e")}
LINES["accuracy_both"] = ("both, as the extractor gives them", "#0b6e4f")


def main() -> None:
    """Read the curve and plot the share of pairs in the right order over the steps."""
    with Path(sys.argv[1]).open(newline="") as file:
        rows = list(csv.DictReader(file))
    figure, axes = plt.subplots(figsize=(6.4, 3.6), dpi=130, layout="constrained")
    for name, (title, colour) in LINES.items():
        axes.plot([int(row["step"]) for row in rows], [float(row[name]) for row in rows], color=colour, label=title)
    axes.set(xlabel="step", ylabel="flawed patches that rank above sound ones", xlim=(0, None))
    axes.grid(color="#dddddd")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.savefig(sys.argv[2], metadata={"Software": None})


if __name__ == "__main__":
    main()
