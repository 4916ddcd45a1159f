"""Anomaly maps of any images. Entry point: python -m training.predict --help."""

import sys

from omegaconf import DictConfig

from training.support.entry_point import run

FAILED_IMAGES = 1


def predict(cfg: DictConfig) -> None:
    """Predict what ``conf/predict.yaml`` describes; ends with 1 where single images failed."""
    from training.prediction.run import FailedImagesError, predict_run  # torch loads for seconds: --help need not wait

    try:
        predict_run(cfg)
    except FailedImagesError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(FAILED_IMAGES)


if __name__ == "__main__":
    run("predict", predict)
