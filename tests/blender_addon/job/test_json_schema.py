"""Our validator for Blender's Python against the jsonschema package."""

import copy
import json
import random
from pathlib import Path

import jsonschema
import pytest

from blender_addon.job.json_schema import schema_errors

SCHEMAS = Path(__file__).resolve().parents[3] / "conf" / "schemas"
CASES = [
    ({"type": "integer"}, [1, 1.0, 1.5, True, "1", None]),
    ({"type": ["number", "null"]}, [1, 1.5, None, False, [], {}]),
    ({"type": "boolean"}, [True, 0, 1, "true"]),
    ({"const": 1}, [1, 1.0, True, "1"]),
    ({"const": False}, [False, 0, None]),
    ({"enum": ["a", 2]}, ["a", 2, "b", 3]),
    ({"minimum": 2, "maximum": 3}, [1.9, 2, 3, 3.1, "x", True]),
    ({"exclusiveMinimum": 0}, [0, 1e-9, -1, "x"]),
    ({"minLength": 1}, ["", "a", 0]),
    (
        {"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "string"}},
        [[], ["a"], [1], ["a", "b", "c"], "ab"],
    ),
    ({"required": ["a"], "properties": {"a": {"minimum": 1}}}, [{}, {"a": 0}, {"a": 1, "b": 2}, 5]),
    ({"properties": {"a": {}}, "additionalProperties": False}, [{"a": 1}, {"b": 1}, {}]),
    ({"additionalProperties": {"type": "integer"}}, [{"a": 1}, {"a": "b"}]),
]


@pytest.mark.parametrize(("schema", "value"), [(schema, value) for schema, values in CASES for value in values])
def test_verdicts_are_those_of_jsonschema(schema, value):
    expected = jsonschema.Draft202012Validator(schema).is_valid(value)
    assert (not [*schema_errors(value, schema)]) == expected


def paths(value, where=()):
    yield where
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from paths(child, (*where, key))


def test_damaged_jobs_are_judged_as_jsonschema_judges_them(smoke_job):
    schema = json.loads((SCHEMAS / "job.schema.json").read_text())
    oracle = jsonschema.Draft202012Validator(schema)
    assert oracle.is_valid(smoke_job)
    chance = random.Random(5)
    verdicts = []
    for _ in range(400):
        job = copy.deepcopy(smoke_job)
        *way, last = chance.choice([path for path in paths(job) if path])
        inner = job
        for key in way:
            inner = inner[key]
        inner[last] = chance.choice([-1, 0.5, "x", None, [], {}, True, [1, 2], [0.5, 1.0, 2.0]])
        verdicts.append(oracle.is_valid(job))
        assert (not [*schema_errors(job, schema)]) == verdicts[-1], (way, last, inner[last])
    assert 20 < sum(verdicts) < 380


def test_messages_say_where_and_what():
    schema = {"properties": {"length": {"minimum": 0}}, "additionalProperties": False}
    assert [*schema_errors({"lenght": 1}, schema, "scratch")] == [
        "unknown key 'scratch.lenght'; did you mean 'scratch.length'?"
    ]
    assert [*schema_errors({"length": -1}, schema, "scratch")] == ["scratch.length must be at least 0, not -1"]


def test_a_keyword_we_do_not_know_is_refused():
    with pytest.raises(ValueError, match="oneOf"):
        [*schema_errors(1, {"oneOf": []})]
