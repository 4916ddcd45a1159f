"""Render close-ups of water stains over each parameter. --help lists the options."""

from scripts.figures.stain_closeups import main

if __name__ == "__main__":
    main()
