"""Measure how well water stains stand out from the noise, in dark and in bright field. --help lists the options."""

from render_jobs.process_end import leave
from scripts.benchmarks.stain_contrast import main

if __name__ == "__main__":
    leave(main())
