"""Plot a benchmark's time and memory. Runs in anomalib's environment, which has matplotlib.

``python performance_plots.py FIGURES.json FOLDER`` writes performance_time.png and performance_memory.png.
"""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

MODELS = {
    "sequential": ("Sequential PatchCore, 5 epochs (this project)", "#0b6e4f", "o"),
    "patchcore": ("PatchCore (anomalib 2.7)", "#c1440e", "s"),
    "mh_patchcore": ("MH-PatchCore (anomalib 2.7)", "#34577d", "^"),
}


def drawn(fits: list[dict[str, Any]], quantity: str, label: str, path: Path) -> None:
    """Draw one quantity over the number of images."""
    figure, axes = plt.subplots(figsize=(6.4, 3.8), dpi=130, layout="constrained")
    for name, (title, colour, marker) in MODELS.items():
        points = [(row["images"], row[name][quantity]) for row in fits if quantity in row.get(name, {})]
        if points:
            axes.plot(*zip(*points, strict=True), color=colour, marker=marker, label=title)
    axes.set(xlabel="images", ylabel=label, ylim=(0, None), xlim=(0, None))
    axes.grid(color="#dddddd")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.savefig(path, metadata={"Software": None})


def main() -> None:
    """Read the measurements and write both plots."""
    fits, folder = json.loads(Path(sys.argv[1]).read_text())["fits"], Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    drawn(fits, "fit", "seconds of a whole fit", folder / "performance_time.png")
    drawn(fits, "memory_mb", "peak memory above the libraries, MiB", folder / "performance_memory.png")


if __name__ == "__main__":
    main()
