"""Logistic regression without a penalty: scikit-learn's coefficients, and their covariance."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn import config_context
from sklearn.linear_model import LogisticRegression

Floats = npt.NDArray[np.float64]
_TOLERANCE = 1e-11  # of the gradient; the coefficients agree with an independent fit to eight digits


@dataclass(frozen=True)
class LogisticFit:
    """The log odds of a hit are coefficients[0] + coefficients[1:] @ x."""

    coefficients: Floats
    covariance: Floats
    """Inverse of the Fisher information (1 + columns, 1 + columns): large-sample covariance of the coefficients."""


def fit_logistic(x: Floats, hits: npt.NDArray[np.bool_], weights: Floats | None = None) -> LogisticFit:
    """Fit by maximum likelihood; x has shape (N, columns), hits and weights (N,).

    The caller makes sure that a maximum exists: hits and misses overlap in x. Raises ValueError without hits or misses.
    """
    centre, scale = x.mean(axis=0), x.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    z = (x - centre) / scale
    model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=_TOLERANCE, max_iter=200)
    with config_context(assume_finite=True, skip_parameter_validation=True):  # a bootstrap fits thousands of times
        model.fit(z, hits, sample_weight=weights)
    own = np.concatenate([model.intercept_, model.coef_[0]])
    design = np.column_stack([np.ones(len(z)), z])
    probability = 1 / (1 + np.exp(-np.clip(design @ own, -700, 700)))
    information = probability * (1 - probability) * (1.0 if weights is None else weights)
    covariance = np.linalg.inv(design.T @ (information[:, None] * design))
    # From the standardised columns back to those of the caller.
    back = np.diag(np.concatenate([[1.0], 1 / scale]))
    back[0, 1:] = -centre / scale
    return LogisticFit(back @ own, back @ covariance @ back.T)
