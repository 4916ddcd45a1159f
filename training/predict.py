"""Anomaly maps of any images. Entry point: python -m training.predict --help."""

import sys

from omegaconf import DictConfig

from training.support.entry_point import run
from training.support.run_folder import own_run_folder

FAILED_IMAGES = 1


def predict(cfg: DictConfig) -> None:
    """Predict the images that ``conf/predict.yaml`` describes; exit with 1 if single images failed."""
    # imported here: torch loads slowly, and --help does not need it
    from training.prediction.result_files import TABLE
    from training.prediction.run import FailedImagesError, predict_run
    from training.prediction.settings import read_prediction_settings

    settings = read_prediction_settings(cfg)
    try:
        with own_run_folder(cfg, (TABLE,)):
            predict_run(settings)
    except FailedImagesError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(FAILED_IMAGES)


if __name__ == "__main__":
    run("predict", predict)
