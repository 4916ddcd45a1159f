"""Update a coreset every day for a month, while light and plates change. --help lists the options."""

import sys

from scripts.benchmarks.continual import main

if __name__ == "__main__":
    sys.exit(main())
