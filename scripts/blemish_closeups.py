"""Render close-ups of every class of blemish at full size. --help lists the options."""

import sys

from scripts.figures.blemish_closeups import main

if __name__ == "__main__":
    sys.exit(main())
