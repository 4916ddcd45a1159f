"""Plot the accuracy of coresets over a month of daily updates; runs in any Python with matplotlib."""

import runpy
from pathlib import Path

if __name__ == "__main__":
    runpy.run_path(str(Path(__file__).parent / "figures" / "continual_plot.py"), run_name="__main__")
