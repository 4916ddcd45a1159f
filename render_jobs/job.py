"""A job description: JSON, complete, seeds inside; read, validated and given its defaults by any Blender anywhere."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from blender_addon.job.job_error import JobError
from blender_addon.job.json_schema import schema_errors

SCHEMAS = Path(__file__).resolve().parent.parent / "conf" / "schemas"


def read_schema(name: str) -> dict:
    """Return the committed schema `name` ('job' or 'dataset')."""
    return json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))


def read_job(path: Path) -> dict[str, Any]:
    """Read and validate a job file.

    Raises JobError, in one line, for a file that is missing, is no JSON or breaks the schema.
    """
    try:
        job = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise JobError(f"{path}: cannot read the job: {error.strerror}") from error
    except ValueError as error:
        raise JobError(f"{path}: not a JSON file: {error}") from error
    validate_job(job, str(path))
    return job


def validate_job(job: Any, source: str) -> None:
    """Check a job against the schema and what the schema cannot say; `source` names it in messages.

    Raises JobError with the first mistake and the number of the others.
    """
    schema = read_schema("job")
    mistakes = [*schema_errors(job, schema)] or [*_range_errors(job, ""), *_ring_errors(job["light"], schema)]
    if mistakes:
        more = f" (and {len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
        raise JobError(f"{source}: {mistakes[0]}{more}")


def _range_errors(value: Any, where: str) -> list[str]:
    """Pairs of numbers are ranges everywhere in a job: the first must not exceed the second."""
    if isinstance(value, dict):
        return [e for key, child in value.items() for e in _range_errors(child, f"{where}.{key}" if where else key)]
    is_range = isinstance(value, list) and len(value) == 2 and all(isinstance(v, (int, float)) for v in value)
    if is_range and value[0] > value[1]:
        return [f"{where} = {value}: the range's start lies above its end"]
    if isinstance(value, list) and not is_range:
        return [e for index, child in enumerate(value) for e in _range_errors(child, f"{where}[{index}]")]
    return []


def _ring_errors(light: dict[str, Any], schema: dict) -> list[str]:
    """The hole must be smaller than the ring, whatever is drawn and whatever is left to its default."""
    known = schema["properties"]["light"]["properties"]
    inner, outer = (light.get(name, known[name]["default"]) for name in ("inner_radius", "outer_radius"))
    if np.max(inner) >= np.min(outer):
        return [f"light.inner_radius = {inner} must be below light.outer_radius = {outer}"]
    return []
