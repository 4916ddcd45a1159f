"""Render every stain preset in the bright field, at its border and in the dark field. --help lists the options."""

from render_jobs.process_end import leave
from scripts.figures.preset_sheet import main

if __name__ == "__main__":
    leave(main())
