"""Measure the render cost of water stains. --help lists the options."""

from scripts.benchmarks.stain import main

if __name__ == "__main__":
    main()
