import json

import jsonschema
import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from scripts.write_job_schema import TARGET, job_schema


def test_the_committed_schema_is_what_the_parameters_say():
    assert json.loads(TARGET.read_text(encoding="utf-8")) == job_schema(), "run scripts/write_job_schema.py"


def test_it_is_a_valid_schema():
    jsonschema.Draft202012Validator.check_schema(job_schema())
