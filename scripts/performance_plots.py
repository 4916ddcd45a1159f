"""Plot a benchmark's figures; runs in any Python with matplotlib, without this project installed."""

import runpy
from pathlib import Path

if __name__ == "__main__":
    runpy.run_path(str(Path(__file__).parent / "benchmarks" / "performance_plots.py"), run_name="__main__")
