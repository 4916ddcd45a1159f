"""Find the render settings at which a trained model's results no longer change. --help lists the options."""

import sys

from scripts.figures.sampling_study import main

if __name__ == "__main__":
    sys.exit(main())
