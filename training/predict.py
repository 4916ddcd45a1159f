"""Anomaly maps of any images. Entry point: python -m training.predict --help."""

from omegaconf import DictConfig

from training.entry_point import run


def predict(cfg: DictConfig) -> None:
    """Predict what ``conf/predict.yaml`` describes."""
    from training.prediction import predict_run  # torch loads for seconds: --help need not wait for it

    predict_run(cfg)


if __name__ == "__main__":
    run("predict", predict)
