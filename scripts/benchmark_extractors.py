"""Compare backbones as patch extractors. --help lists the options."""

from scripts.benchmarks.extractors import main

if __name__ == "__main__":
    main()
