"""Judgement of pictures over HTTP. Entry point: python -m training.serve --help."""

from omegaconf import DictConfig

from training.support.entry_point import run
from training.support.run_folder import own_run_folder


def serve(cfg: DictConfig) -> None:
    """Serve as ``conf/serve.yaml`` describes, until SIGTERM or SIGINT."""
    # imported here: torch loads slowly, and --help does not need it
    from training.service.serve_settings import read_serve_settings
    from training.service.stop_request import stop_on_signals

    settings = read_serve_settings(cfg)
    with stop_on_signals() as stop:
        from training.service.serve_run import serve_run

        with own_run_folder(cfg, ()):
            serve_run(settings, stop)


if __name__ == "__main__":
    run("serve", serve)
