"""Measure the sequential coreset against the raw matrix product and against anomalib. --help lists the options."""

from scripts.benchmarks.coreset import main

if __name__ == "__main__":
    main()
