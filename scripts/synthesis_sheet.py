"""Draw a sheet of the pretraining's formula pictures. --help lists the options."""

import sys

from scripts.figures.synthesis_sheet import main

if __name__ == "__main__":
    sys.exit(main())
