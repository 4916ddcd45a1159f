"""Plot the accuracy of coresets over a month. Runs in any Python with matplotlib, for example anomalib's environment.

python continual_plot.py continual.json FILE.png
"""

import json
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

LINES = {
    "never": ("never updated", "#34577d"),
    "update": ("updated daily", "#c1440e"),
    "forgiving": ("updated daily, minimum support 2", "#0b6e4f"),
}
TITLES = {"first": "on the first day's test plates", "latest": "on the same day's test plates"}


def main() -> None:
    """Read the measurements and plot AUPRO over the days."""
    found = json.loads(Path(sys.argv[1]).read_text())
    figure, both = plt.subplots(1, 2, figsize=(9.6, 3.6), dpi=120, layout="constrained", sharey=True)
    for axes, (of, title) in zip(both, TITLES.items(), strict=True):
        for name, (label, colour) in LINES.items():
            days, values = zip(*((row["day"], row[of]["aupro"]) for row in found[name]), strict=True)
            axes.plot(days, values, color=colour, marker="o", markersize=3.5, label=label)
        axes.axvline(found["batch_day"] - 0.5, color="#777777", linestyle="--", linewidth=1)
        for day in found["dirty_days"]:
            axes.axvline(day, color="#d9b44a", linestyle=":", linewidth=1)
        axes.set(xlabel="day (dashed: new texture, dotted: defective train plate)", title=title)
        axes.grid(color="#dddddd")
        axes.spines[["top", "right"]].set_visible(False)
    both[0].set_ylabel("AUPRO [%]")
    both[0].legend(frameon=False)
    figure.savefig(sys.argv[2], metadata={"Software": None})


if __name__ == "__main__":
    main()
