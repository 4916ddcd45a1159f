"""Judgement of the pictures that arrive in a folder. Entry point: python -m training.watch --help."""

from omegaconf import DictConfig

from training.support.entry_point import run
from training.support.run_folder import own_run_folder


def watch(cfg: DictConfig) -> None:
    """Watch the folder that ``conf/watch.yaml`` describes until SIGTERM or SIGINT."""
    # imported here: torch loads slowly, and --help does not need it
    from training.service.stop_request import stop_on_signals
    from training.service.watch_settings import read_watch_settings

    settings = read_watch_settings(cfg)
    with stop_on_signals() as stop:
        from training.service.watch_run import RESULTS, watch_run

        with own_run_folder(cfg, RESULTS):
            watch_run(settings, stop)


if __name__ == "__main__":
    run("watch", watch)
