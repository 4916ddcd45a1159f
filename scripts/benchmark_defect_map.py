"""Measure defect maps beside the coreset and fused with it. --help lists the options."""

import sys

from scripts.benchmarks.defect_map import main

if __name__ == "__main__":
    sys.exit(main())
