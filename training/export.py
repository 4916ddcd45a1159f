"""Export of a detector for the production line. Entry point: python -m training.export --help."""

import sys

from omegaconf import DictConfig

from training.support.entry_point import run

DIFFERS = 1


def export(cfg: DictConfig) -> None:
    """Export, or check, as ``conf/export.yaml`` describes; exit with 1 if the checked file differs from its model."""
    # imported here: torch loads slowly, and --help does not need it
    from training.exporting.run import check_run, export_run
    from training.exporting.settings import read_check_settings, read_export_settings

    if cfg.check is None:
        export_run(read_export_settings(cfg))
    elif not check_run(read_check_settings(cfg)).agrees:
        print(f"error: {cfg.check} differs from {cfg.model}; export it again", file=sys.stderr)
        sys.exit(DIFFERS)


if __name__ == "__main__":
    run("export", export)
