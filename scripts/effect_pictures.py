"""Show the paper's figure 4 with the decisions of an evaluated run. --help lists the options."""

import sys

from scripts.figures.effect_pictures import main

if __name__ == "__main__":
    sys.exit(main())
