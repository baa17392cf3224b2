from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError
from pydantic import BaseModel

from vigil.cases.archive import ArchiveError
from vigil.digests import canonical_json
from vigil.failures import describe_failure

CELL = "JANE DOE, 44"


class Age(BaseModel):
    age: float


def raised(kind, *arguments):
    try:
        raise kind(*arguments)
    except Exception as error:
        return error


def failing(function, *arguments):
    try:
        function(*arguments)
    except Exception as error:
        return error
    raise AssertionError("it did not fail")


def test_vigils_own_error_is_told_in_its_words():
    said = describe_failure(raised(ArchiveError, "faers.zip: no DEMO table"))
    assert said == "ArchiveError: faers.zip: no DEMO table"


@pytest.mark.parametrize("kind", [ValueError, KeyError, RuntimeError])
def test_of_a_librarys_error_only_type_and_place_are_told(kind):
    said = describe_failure(raised(kind, f"could not convert {CELL}"))
    assert said.startswith(f"{kind.__name__} at ")
    assert "JANE" not in said


def test_the_place_is_vigils_line_and_the_librarys():
    said = describe_failure(failing(canonical_json, {"cell": {CELL}}))
    assert said.startswith("TypeError at vigil.digests:")
    assert ", raised in json.encoder:" in said
    assert "JANE" not in said


def test_a_wrong_document_is_told_by_field_and_kind_of_problem():
    said = describe_failure(failing(Age.model_validate_json, json.dumps({"age": CELL})))
    assert said.startswith("ValidationError of Age: age (float_parsing); at ")
    assert "JANE" not in said


def test_a_missing_file_is_told_by_the_systems_word():
    said = describe_failure(failing(open, f"/nowhere/{CELL}"))
    assert said.startswith("FileNotFoundError (No such file or directory) at ")
    assert "JANE" not in said


def test_what_aws_refused_is_told_by_operation_and_code():
    answer = {"Error": {"Code": "AccessDenied", "Message": CELL}}
    said = describe_failure(raised(ClientError, answer, "PutObject"))
    assert said.startswith("ClientError (AccessDenied in PutObject) at ")
    assert "JANE" not in said
