"""The door by which Hydra finds the sweeper: it takes plugins from the package hydra_plugins only."""

from training.search.study_sweeper import StudySweeper


class OptunaSweeper(StudySweeper):
    """``hydra/sweeper=optuna`` (conf/hydra/sweeper/optuna.yaml)."""
