"""Measure the cost of a picture beyond Cycles. --help lists the options."""

import sys

from scripts.benchmarks.render import main

if __name__ == "__main__":
    sys.exit(main())
