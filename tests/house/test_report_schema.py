"""The published JSON Schema of validation reports is the one that the code has, and real reports keep it."""

import json

import pytest

from sluiceway.validate.measured import SCHEMA_VERSION, report_schema

SCHEMA = "docs/schema/validation-report.schema.json"


def test_the_published_schema_is_current(root):
    assert (root / SCHEMA).read_text(encoding="utf-8") == report_schema(), f"sluiceway validate schema > {SCHEMA}"


def test_it_is_a_schema_and_says_its_version():
    from jsonschema import Draft202012Validator

    schema = json.loads(report_schema())
    Draft202012Validator.check_schema(schema)
    assert schema["$id"].endswith(f":{SCHEMA_VERSION}")


@pytest.mark.parametrize("fault", [{"report": {}}, {"histograms": None}, {"schema": "one"}])
def test_it_refuses_what_is_no_report(fault):
    from jsonschema import Draft202012Validator

    whole = {"report": {}, "histograms": [], **fault}
    assert list(Draft202012Validator(json.loads(report_schema())).iter_errors(whole))
