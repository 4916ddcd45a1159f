"""Render the paper's figure 3. --help lists the options."""

import sys

from scripts.figures.light_rows import main

if __name__ == "__main__":
    sys.exit(main())
