"""Lay out a dataset's pictures beside their masks and instances. --help lists the options."""

import sys

from scripts.figures.contact_sheet import main

if __name__ == "__main__":
    sys.exit(main())
