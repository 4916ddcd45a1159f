"""Reading and validation of job files. Needs no Blender: the schema is an argument."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..inspection.ring_radii import ring_mistake
from .job_error import JobError
from .json_schema import Schema, schema_errors


def read_document(path: Path, schema: Schema, source: str | None = None) -> dict[str, Any]:
    """Read a job file and validate it against the schema of jobs.

    `source` names the file in messages (default: its path). Raises JobError, in one line, if the file is missing, is
    not JSON or is not a valid job.
    """
    source = source or str(path)
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise JobError(f"{source}: cannot read the job: {error.strerror}") from error
    except ValueError as error:
        raise JobError(f"{source}: not a JSON file: {error}") from error
    validate_document(document, source, schema)
    return document


def validate_document(document: Any, source: str, schema: Schema) -> None:
    """Check a job against the schema of jobs and the rules that a schema cannot express.

    `source` names the job in messages. Raises JobError with the first mistake and the number of the others.
    """
    mistakes = [*schema_errors(document, schema)] or [
        *_range_errors(document, ""),
        *_log_errors(document),
        *_ring_errors(document, schema),
    ]
    if mistakes:
        more = f" (and {len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
        raise JobError(f"{source}: {mistakes[0]}{more}")


def _range_errors(value: Any, where: str) -> list[str]:
    """Return a line for each range in a job that starts above its end; every pair of numbers is a range."""
    if isinstance(value, dict):
        return [e for key, child in value.items() for e in _range_errors(child, f"{where}.{key}" if where else key)]
    is_range = isinstance(value, list) and len(value) == 2 and all(isinstance(v, (int, float)) for v in value)
    if is_range and value[0] > value[1]:
        return [f"{where} = {value}: the range's start lies above its end"]
    if isinstance(value, list) and not is_range:
        return [e for index, child in enumerate(value) for e in _range_errors(child, f"{where}[{index}]")]
    return []


def _log_errors(document: Mapping[str, Any]) -> list[str]:
    """Return a line for each log-uniform parameter without a range, or with one that starts at 0 or below."""
    errors = []
    for kind, names in document.get("log_uniform", {}).items():
        for name in names:
            value = document.get(kind, {}).get(name)
            if not isinstance(value, list):
                errors.append(f"log_uniform.{kind} names {name}, but {kind}.{name} is no range")
            elif value[0] <= 0:
                errors.append(f"log_uniform.{kind} names {name}: {kind}.{name} = {value} must start above 0")
    return errors


def _ring_errors(document: Mapping[str, Any], schema: Schema) -> list[str]:
    """Return a line if any draw could make the ring's hole as large as the ring; defaults count, too."""
    known, light = schema["properties"]["light"]["properties"], document["light"]
    inner, outer = (light.get(name, known[name]["default"]) for name in ("inner_radius", "outer_radius"))
    largest_hole = max(inner) if isinstance(inner, list) else inner
    smallest_ring = min(outer) if isinstance(outer, list) else outer
    mistake = ring_mistake(largest_hole, smallest_ring)
    return [f"light.{mistake}"] if mistake else []
