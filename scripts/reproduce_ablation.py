"""Train and evaluate the rows of the second paper's ablation. --help lists the options."""

import sys

from scripts.benchmarks.ablation import main

if __name__ == "__main__":
    sys.exit(main())
