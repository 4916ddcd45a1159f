import errno

import pytest

from training.support.library_errors import advice_on


def test_a_missing_package_is_named_with_its_remedy():
    with pytest.raises(ModuleNotFoundError) as caught:
        import there_is_no_such_package  # noqa: F401
    assert "there_is_no_such_package is not installed; install it with: uv sync" in advice_on(caught.value)
    assert "--extra slurm" in advice_on(ModuleNotFoundError(name="dask_jobqueue.slurm"))


def test_a_cause_further_down_is_found():
    error = RuntimeError("Cluster object failed")
    error.__cause__ = OSError(errno.EADDRINUSE, "Address already in use")
    assert "port is in use" in advice_on(error)
    assert "Dask could not start" in advice_on(RuntimeError("Cluster failed to start: x"))


def test_a_defect_of_the_program_keeps_its_traceback():
    assert advice_on(ModuleNotFoundError(name="training.nothing")) is None
    assert advice_on(RuntimeError("index out of range")) is None


def test_submitit_without_a_cluster():
    import submitit

    with pytest.raises(RuntimeError) as caught:
        submitit.AutoExecutor(folder="unused", cluster="slurm")
    assert "srun is not on this machine" in advice_on(caught.value)
