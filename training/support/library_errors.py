"""Errors of libraries that a user can mend, in one line each."""

import errno
from collections.abc import Iterator

_OWN = ("training", "eval", "scripts", "render_jobs", "blender_addon")
_EXTRAS = {
    "dask_jobqueue": "uv sync --extra slurm",
    "onnx": "uv sync --extra export",
    "onnx_ir": "uv sync --extra export",
    "onnxruntime": "uv sync --extra export",
    "onnxscript": "uv sync --extra export",
    "openvino": "uv sync --extra openvino",
}
_PHRASES = {
    'Could not detect "srun"': (
        "hydra/launcher=submitit needs a Slurm cluster, and srun is not on this machine; start the sweep on the login "
        "node, or choose hydra/launcher=joblib (processes on this machine) or hydra/launcher=sequential"
    ),
    "Cluster failed to start": (
        "Dask could not start its processes on this machine; another program may use their ports: try again, or run "
        "without Dask (launcher=here, tree.cluster=null)"
    ),
    "Nanny failed to start": (
        "Dask could not start its workers on this machine; use fewer (dask.workers, tree.workers), or run without Dask "
        "(launcher=here, tree.cluster=null)"
    ),
    "A task has crashed during the execution": (
        "submitit: a row's process ended without a result; see its log in .submitit, below the sweep's folder"
    ),
}


def advice_on(error: BaseException) -> str | None:
    """Return one line on a library's error and what to do instead, or None for an error that nobody foresaw."""
    for cause in _chain(error):
        if isinstance(cause, ModuleNotFoundError) and cause.name:
            package = cause.name.partition(".")[0]
            if package in _OWN:
                return None
            return f"the package {package} is not installed; install it with: {_EXTRAS.get(package, 'uv sync')}"
        if isinstance(cause, OSError) and cause.errno == errno.EADDRINUSE:
            return f"a network port is in use by another program ({cause}); stop that program, or choose another port"
        for phrase, advice in _PHRASES.items():
            if phrase in str(cause):
                return advice
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__
